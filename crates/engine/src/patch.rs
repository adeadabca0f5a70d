//! What changed from one view to the next, as an RFC 6902 patch. Stands where views become frames: "dialect.encode <- Notice".
//!
//! It works on the text of both views, never on a tree of values: equal parts are found by comparing bytes, and what a patch
//! adds is copied from the new text. Nothing is allocated once its buffers have grown, and what it costs is bounded: past
//! [`PATCH_WORK`], or where a patch would be no shorter than the view, there is none and the view goes whole.
//!
//! Used are `add`, `remove` and `replace`. A `move` would save the value of what goes from one list to another, but what is
//! face down in a hand and what lies on the table seldom look the same.

use crate::limits::{PATCH_DEPTH, PATCH_PAIRS, PATCH_WORK};
use std::cmp::Ordering;
use std::io::Write;
use std::ops::Range;

/// Makes patches. Kept, so that its buffers need not be made anew.
#[derive(Debug, Default)]
pub struct Differ {
    ops: Vec<u8>,
    /// The pointer to where it is.
    path: Vec<u8>,
    /// The members and elements of everything around where it is.
    parts: Vec<Part>,
    /// How long the longest common sequence of the rests of two lists is.
    common: Vec<u16>,
    work: usize,
}

/// A member of an object, or an element of a list (whose key is empty).
#[derive(Clone, Copy, Debug)]
struct Part {
    key: Span,
    value: Span,
}

/// Where in its text something stands.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: usize,
    to: usize,
}

impl Span {
    fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.from..self.to).unwrap_or_default()
    }

    fn first(self, text: &[u8]) -> u8 {
        text.get(self.from).copied().unwrap_or_default()
    }
}

/// More work than one patch is worth.
struct Spent;

/// Both views.
#[derive(Clone, Copy)]
struct Texts<'a> {
    old: &'a [u8],
    new: &'a [u8],
}

impl Differ {
    /// The operations, without the brackets around them, that make `new` of `old`: JSON texts both. `None` where the view is
    /// better sent whole.
    pub fn patch(&mut self, old: &str, new: &str) -> Option<&[u8]> {
        self.ops.clear();
        self.path.clear();
        self.parts.clear();
        self.common.clear();
        self.work = PATCH_WORK;
        let texts = Texts { old: old.as_bytes(), new: new.as_bytes() };
        let whole = |text: &str| Span { from: 0, to: text.len() };
        self.value(texts, whole(old), whole(new), 0).ok()?;
        (self.ops.len() < new.len()).then_some(&*self.ops)
    }

    /// What makes `new` of `old`, both at the present path.
    fn value(&mut self, texts: Texts<'_>, old: Span, new: Span, depth: usize) -> Result<(), Spent> {
        if old.of(texts.old) == new.of(texts.new) {
            return Ok(());
        }
        let before = self.ops.len();
        let is_told = match (old.first(texts.old), new.first(texts.new)) {
            (b'{', b'{') if depth < PATCH_DEPTH => self.inside(texts, old, new, depth, Self::object)?,
            (b'[', b'[') if depth < PATCH_DEPTH => self.inside(texts, old, new, depth, Self::list)?,
            _ => false,
        };
        let replacing = OP_BYTES + self.path.len() + (new.to - new.from);
        if !is_told || self.ops.len() - before > replacing {
            self.ops.truncate(before);
            self.op("replace", Some(new.of(texts.new)));
        }
        Ok(())
    }

    /// Takes two objects or two lists apart and tells how they differ.
    fn inside(&mut self, texts: Texts<'_>, old: Span, new: Span, depth: usize, tell: Tell) -> Result<bool, Spent> {
        let from = self.parts.len();
        self.take_apart(texts.old, old)?;
        let middle = self.parts.len();
        self.take_apart(texts.new, new)?;
        let to = self.parts.len();
        let is_told = tell(self, texts, from..middle, middle..to, depth);
        self.parts.truncate(from);
        is_told
    }

    /// Whether the difference of two objects could be told by their members.
    fn object(&mut self, texts: Texts<'_>, old: Range<usize>, new: Range<usize>, depth: usize) -> Result<bool, Spent> {
        // One key can be written in several ways, but not without a backslash. Nobody names things so; such objects go whole.
        let is_plain = |text: &[u8], part: &Part| !part.key.of(text).contains(&b'\\');
        if !self.parts[old.clone()].iter().all(|part| is_plain(texts.old, part))
            || !self.parts[new.clone()].iter().all(|part| is_plain(texts.new, part))
            || !sort(&mut self.parts[old.clone()], texts.old)
            || !sort(&mut self.parts[new.clone()], texts.new)
        {
            return Ok(false);
        }
        let (mut at, mut to) = (old.start, new.start);
        while at < old.end || to < new.end {
            let (was, is) = (self.parts[..old.end].get(at).copied(), self.parts[..new.end].get(to).copied());
            let order = match (was, is) {
                (Some(was), Some(is)) => was.key.of(texts.old).cmp(is.key.of(texts.new)),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            let length = self.path.len();
            match (order, was, is) {
                (Ordering::Less, Some(was), _) => {
                    self.enter(was.key.of(texts.old));
                    self.op("remove", None);
                    at += 1;
                }
                (Ordering::Equal, Some(was), Some(is)) => {
                    self.enter(is.key.of(texts.new));
                    self.value(texts, was.value, is.value, depth + 1)?;
                    (at, to) = (at + 1, to + 1);
                }
                (_, _, Some(is)) => {
                    self.enter(is.key.of(texts.new));
                    self.op("add", Some(is.value.of(texts.new)));
                    to += 1;
                }
                (_, _, None) => unreachable!("one of them is not at its end"),
            }
            self.path.truncate(length);
        }
        Ok(true)
    }

    /// Tells two lists apart by their elements: those that are equal stay, in their order, and between them some are changed,
    /// put in and taken out.
    fn list(&mut self, texts: Texts<'_>, mut old: Range<usize>, mut new: Range<usize>, depth: usize) -> Result<bool, Spent> {
        let mut at = 0;
        while !old.is_empty() && !new.is_empty() && self.is_equal(texts, old.start, new.start) {
            (old.start, new.start, at) = (old.start + 1, new.start + 1, at + 1);
        }
        while !old.is_empty() && !new.is_empty() && self.is_equal(texts, old.end - 1, new.end - 1) {
            (old.end, new.end) = (old.end - 1, new.end - 1);
        }
        let pairs = old.len().saturating_mul(new.len());
        if pairs == 0 || pairs > PATCH_PAIRS {
            return self.gap(texts, old, new, at, depth).map(|_| true);
        }
        self.spend(pairs)?;
        self.measure(texts, &old, &new);
        let row = new.len() + 1;
        let base = self.common.len() - (old.len() + 1) * row;
        let (mut i, mut j, mut gap) = (0, 0, (0, 0));
        loop {
            let is_over = i == old.len() && j == new.len();
            let is_kept = i < old.len() && j < new.len() && self.is_equal(texts, old.start + i, new.start + j);
            if is_over || is_kept {
                let (was, is) = (old.start + gap.0..old.start + i, new.start + gap.1..new.start + j);
                at = self.gap(texts, was, is, at, depth)?;
                (i, j, at) = (i + 1, j + 1, at + 1);
                gap = (i, j);
            } else if j == new.len()
                || (i < old.len() && self.common[base + (i + 1) * row + j] >= self.common[base + i * row + j + 1])
            {
                i += 1;
            } else {
                j += 1;
            }
            if is_over {
                self.common.truncate(base);
                return Ok(true);
            }
        }
    }

    /// Elements with no equal on the other side: as many as there are on both sides are changed, the rest taken out or put in.
    /// Answers where the next element stands then.
    fn gap(
        &mut self,
        texts: Texts<'_>,
        old: Range<usize>,
        new: Range<usize>,
        mut at: usize,
        depth: usize,
    ) -> Result<usize, Spent> {
        let length = self.path.len();
        for (was, is) in old.clone().zip(new.clone()) {
            let (was, is) = (self.parts[was], self.parts[is]);
            self.enter_index(at);
            self.value(texts, was.value, is.value, depth + 1)?;
            self.path.truncate(length);
            at += 1;
        }
        self.enter_index(at);
        for _ in new.len()..old.len() {
            self.op("remove", None);
        }
        self.path.truncate(length);
        for is in new.skip(old.len()) {
            let is = self.parts[is];
            self.enter_index(at);
            self.op("add", Some(is.value.of(texts.new)));
            self.path.truncate(length);
            at += 1;
        }
        Ok(at)
    }

    /// Appends how long the longest common sequence is of each end of the one list and each end of the other, row by row.
    fn measure(&mut self, texts: Texts<'_>, old: &Range<usize>, new: &Range<usize>) {
        let row = new.len() + 1;
        let base = self.common.len();
        self.common.resize(base + (old.len() + 1) * row, 0);
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                let cell = base + i * row + j;
                self.common[cell] = if self.is_equal(texts, old.start + i, new.start + j) {
                    self.common[cell + row + 1] + 1
                } else {
                    self.common[cell + row].max(self.common[cell + 1])
                };
            }
        }
    }

    fn is_equal(&self, texts: Texts<'_>, old: usize, new: usize) -> bool {
        self.parts[old].value.of(texts.old) == self.parts[new].value.of(texts.new)
    }

    /// Appends the members of an object or the elements of a list.
    fn take_apart(&mut self, text: &[u8], whole: Span) -> Result<(), Spent> {
        self.spend(whole.to - whole.from)?;
        let has_keys = whole.first(text) == b'{';
        let mut at = after_space(text, whole.from + 1);
        while at + 1 < whole.to {
            let from = at;
            let mut key = Span { from, to: from };
            if has_keys {
                let to = after_string(text, at);
                key = Span { from: from + 1, to: to - 1 };
                at = after_space(text, after_space(text, to) + 1);
            }
            let value = Span { from: at, to: after_value(text, at) };
            self.parts.push(Part { key, value });
            at = after_space(text, value.to);
            if text.get(at) != Some(&b',') {
                break;
            }
            at = after_space(text, at + 1);
        }
        Ok(())
    }

    fn spend(&mut self, work: usize) -> Result<(), Spent> {
        self.work = self.work.checked_sub(work).ok_or(Spent)?;
        Ok(())
    }

    /// Goes to a member. Its key has no backslash, so what RFC 6901 escapes are single bytes of it.
    fn enter(&mut self, key: &[u8]) {
        self.path.push(b'/');
        for byte in key {
            match byte {
                b'~' => self.path.extend_from_slice(b"~0"),
                b'/' => self.path.extend_from_slice(b"~1"),
                byte => self.path.push(*byte),
            }
        }
    }

    fn enter_index(&mut self, index: usize) {
        self.path.push(b'/');
        write!(self.path, "{index}").expect("a buffer takes everything");
    }

    fn op(&mut self, op: &str, value: Option<&[u8]>) {
        if !self.ops.is_empty() {
            self.ops.push(b',');
        }
        self.ops.extend_from_slice(b"{\"op\":\"");
        self.ops.extend_from_slice(op.as_bytes());
        self.ops.extend_from_slice(b"\",\"path\":\"");
        self.ops.extend_from_slice(&self.path);
        self.ops.push(b'"');
        if let Some(value) = value {
            self.ops.extend_from_slice(b",\"value\":");
            self.ops.extend_from_slice(value);
        }
        self.ops.push(b'}');
    }
}

type Tell = fn(&mut Differ, Texts<'_>, Range<usize>, Range<usize>, usize) -> Result<bool, Spent>;

/// What a `replace` has beside its path and its value.
const OP_BYTES: usize = r#",{"op":"replace","path":"","value":}"#.len();

/// Sorts members by their keys; false if a key occurs twice, which a pointer cannot tell apart.
fn sort(members: &mut [Part], text: &[u8]) -> bool {
    let key = |part: &Part| part.key.of(text);
    if !members.is_sorted_by(|a, b| key(a) < key(b)) {
        members.sort_unstable_by(|a, b| key(a).cmp(key(b)));
    }
    members.windows(2).all(|pair| key(&pair[0]) != key(&pair[1]))
}

fn after_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Behind the string that begins there.
fn after_string(text: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        match text.get(at) {
            Some(b'"') | None => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

/// Behind the value that begins there.
fn after_value(text: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        match text.get(at) {
            None => return text.len(),
            Some(b'"') => at = after_string(text, at),
            Some(b'{' | b'[') => (at, depth) = (at + 1, depth + 1),
            Some(b'}' | b']') if depth == 0 => return at,
            Some(b'}' | b']') => (at, depth) = (at + 1, depth - 1),
            Some(b',' | b' ' | b'\t' | b'\n' | b'\r') if depth == 0 => return at,
            Some(_) => at += 1,
        }
        // A string, an object or a list ends with itself; a number or a word with what comes after it.
        let is_closed = matches!(text.get(at.wrapping_sub(1)), Some(b'"' | b'}' | b']'));
        if depth == 0 && is_closed {
            return at;
        }
    }
}
