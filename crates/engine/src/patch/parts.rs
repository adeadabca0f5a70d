//! Where everything in a view's text begins and ends, found in one pass. Texts are JSON; in one that is not, something is found
//! all the same.

/// The view, a member of an object, or an element of a list: only a member's key is not empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) key: Span,
    pub(super) value: Span,
    /// Its place among all that were found, which is in the order in which they begin: what is inside it comes right after it.
    pub(super) number: usize,
    /// The place of the first that is not inside it.
    pub(super) after: usize,
}

/// Where in its text something stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Span {
    pub(super) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.from..self.to).unwrap_or_default()
    }
}

/// Appends a view and everything in it, but nothing that is inside of more than `depth` others, and answers the view.
pub(super) fn find(found: &mut Vec<Part>, text: &[u8], depth: usize) -> Part {
    let number = found.len();
    Finder { found, text }.value(Span { from: 0, to: 0 }, 0, depth);
    found[number]
}

struct Finder<'a> {
    found: &'a mut Vec<Part>,
    text: &'a [u8],
}

impl Finder<'_> {
    /// Finds what begins there, and answers where it ends.
    fn value(&mut self, key: Span, from: usize, depth: usize) -> usize {
        let number = self.found.len();
        self.found.push(Part { key, value: Span { from, to: from }, number, after: 0 });
        let to = match self.text.get(from) {
            Some(b'{') if depth > 0 => self.inside(from, true, depth - 1),
            Some(b'[') if depth > 0 => self.inside(from, false, depth - 1),
            _ => after_value(self.text, from),
        };
        let after = self.found.len();
        let part = &mut self.found[number];
        (part.value.to, part.after) = (to, after);
        to
    }

    fn inside(&mut self, from: usize, has_keys: bool, depth: usize) -> usize {
        let text = self.text;
        let mut at = after_space(text, from + 1);
        while !matches!(text.get(at), None | Some(b'}' | b']')) {
            let mut key = Span { from: at, to: at };
            if has_keys {
                let to = after_string(text, at);
                key = Span { from: at + 1, to: to - 1 };
                at = after_space(text, after_space(text, to) + 1);
            }
            at = after_space(text, self.value(key, at, depth));
            if text.get(at) == Some(&b',') {
                at = after_space(text, at + 1);
            }
        }
        text.len().min(at + 1)
    }
}

/// Behind the white space that begins there.
fn after_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Behind the string that begins there.
fn after_string(text: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = text.get(at..).and_then(quote_or_backslash) {
        if text[at + found] == b'"' {
            return at + found + 1;
        }
        at += found + 2;
    }
    text.len()
}

/// Behind the value that begins there.
fn after_value(text: &[u8], from: usize) -> usize {
    match text.get(from) {
        Some(b'"') => after_string(text, from),
        Some(b'{' | b'[') => after_nested(text, from),
        // A number or a word ends with what comes after it.
        _ => {
            let rest = text.get(from..).unwrap_or_default();
            let is_after = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
            from + rest.iter().position(is_after).unwrap_or(rest.len())
        }
    }
}

/// Behind the object or list that begins there.
fn after_nested(text: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = after_string(text, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return at + 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Where the first `"` or `\` is, eight bytes at a time: most of a view is inside strings.
fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // Of a byte that is 0 the highest bit becomes 1; above the first such byte others may seem to be 0 as well.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64));
        if found != 0 {
            return Some(at * 8 + (found.trailing_zeros() / 8) as usize);
        }
    }
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|at| words.len() * 8 + at)
}
