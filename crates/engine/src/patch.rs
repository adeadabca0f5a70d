//! What changed from one view to the next, as an RFC 6902 patch. Stands where views become frames: "dialect.encode <- Notice".
//!
//! It works on the text of both views, never on a tree of values: equal parts are found by comparing bytes, and what a patch
//! adds is copied from the new text. Nothing is allocated once its buffers have grown, and what it costs is bounded: past
//! [`PATCH_WORK`], or where a patch would be no shorter than the view, there is none and the view goes whole.
//!
//! Used are `add`, `remove` and `replace`. A `move` would save the value of what goes from one list to another, but what is
//! face down in a hand and what lies on the table seldom look the same.

pub mod apply;
mod parts;

use crate::limits::{PATCH_DEPTH, PATCH_PAIRS, PATCH_WORK};
use parts::{Part, find};
use std::cmp::Ordering;
use std::io::Write;
use std::ops::Range;

/// Makes patches. Kept, so that its buffers need not be made anew.
#[derive(Debug, Default)]
pub struct Differ {
    ops: Vec<u8>,
    /// The pointer to where it is.
    path: Vec<u8>,
    /// Everything in both views.
    found: Vec<Part>,
    /// The members and elements of everything around where it is.
    parts: Vec<Part>,
    /// How long the longest common sequence of the rests of two lists is.
    common: Vec<u16>,
    work: usize,
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
        self.found.clear();
        self.work = PATCH_WORK;
        self.spend(old.len() + new.len()).ok()?;
        let texts = Texts { old: old.as_bytes(), new: new.as_bytes() };
        let [old_view, new_view] = [texts.old, texts.new].map(|text| find(&mut self.found, text, PATCH_DEPTH));
        self.value(texts, old_view, new_view, 0).ok()?;
        (self.ops.len() < new.len()).then_some(&*self.ops)
    }

    /// What makes `new` of `old`, both at the present path.
    fn value(&mut self, texts: Texts<'_>, old: Part, new: Part, depth: usize) -> Result<(), Spent> {
        let (was, is) = (old.value.of(texts.old), new.value.of(texts.new));
        if was == is {
            return Ok(());
        }
        let before = self.ops.len();
        let is_told = match (was.first(), is.first()) {
            (Some(b'{'), Some(b'{')) if depth < PATCH_DEPTH => self.inside(texts, old, new, depth, Self::object)?,
            (Some(b'['), Some(b'[')) if depth < PATCH_DEPTH => self.inside(texts, old, new, depth, Self::list)?,
            _ => false,
        };
        if !is_told || self.ops.len() - before > OP_BYTES + self.path.len() + is.len() {
            self.ops.truncate(before);
            self.op("replace", Some(is));
        }
        Ok(())
    }

    /// Takes two objects or two lists apart and tells how they differ.
    fn inside(&mut self, texts: Texts<'_>, old: Part, new: Part, depth: usize, tell: Tell) -> Result<bool, Spent> {
        let from = self.parts.len();
        self.take_apart(old)?;
        let middle = self.parts.len();
        self.take_apart(new)?;
        let to = self.parts.len();
        let is_told = tell(self, texts, from..middle, middle..to, depth);
        self.parts.truncate(from);
        is_told
    }

    /// Whether the difference of two objects could be told by their members.
    fn object(&mut self, texts: Texts<'_>, old: Range<usize>, new: Range<usize>, depth: usize) -> Result<bool, Spent> {
        // One key can be written in several ways, but not without a backslash. Nobody names things so; such objects go whole.
        let is_plain = |text: &[u8], part: &Part| !part.key.of(text).contains(&b'\\');
        if !self.parts[old.clone()].iter().all(|part| is_plain(texts.old, part)) {
            return Ok(false);
        }
        if self.have_equal_keys(texts, &old, &new) {
            return self.members(texts, old, new, depth);
        }
        if !self.parts[new.clone()].iter().all(|part| is_plain(texts.new, part))
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
                    self.value(texts, was, is, depth + 1)?;
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

    /// Whether two objects have the same keys in the same order, as those that are written of one type have.
    fn have_equal_keys(&self, texts: Texts<'_>, old: &Range<usize>, new: &Range<usize>) -> bool {
        let is_equal = |(was, is): (&Part, &Part)| was.key.of(texts.old) == is.key.of(texts.new);
        old.len() == new.len() && self.parts[old.clone()].iter().zip(&self.parts[new.clone()]).all(is_equal)
    }

    /// Tells two such objects apart, one member after the other.
    fn members(&mut self, texts: Texts<'_>, old: Range<usize>, new: Range<usize>, depth: usize) -> Result<bool, Spent> {
        let length = self.path.len();
        for (at, to) in old.clone().zip(new) {
            let (was, is) = (self.parts[at], self.parts[to]);
            if was.value.of(texts.old) == is.value.of(texts.new) {
                continue;
            }
            let key = was.key.of(texts.old);
            // A pointer cannot tell apart what has the same name.
            if self.parts[old.clone()].iter().filter(|part| part.key.of(texts.old) == key).count() > 1 {
                return Ok(false);
            }
            self.enter(key);
            self.value(texts, was, is, depth + 1)?;
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
            self.value(texts, was, is, depth + 1)?;
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
    fn take_apart(&mut self, whole: Part) -> Result<(), Spent> {
        self.spend(whole.value.to - whole.value.from)?;
        let mut at = whole.number + 1;
        while at < whole.after {
            let part = self.found[at];
            self.parts.push(part);
            at = part.after;
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
