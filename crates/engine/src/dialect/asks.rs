//! What a dialect has asked natively for one connection and not heard of yet: each request under a `ref` of its own, and what
//! hangs on its answer.

use super::Out;
use super::frame::Answer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Native requests, and what hangs on each.
pub(super) struct Asks<T> {
    /// The `ref` of the last.
    number: u64,
    pending: BTreeMap<u64, T>,
}

impl<T> Asks<T> {
    pub(super) fn new() -> Self {
        Self { number: 0, pending: BTreeMap::new() }
    }

    /// Asks natively: `request` without `v` and `ref`.
    pub(super) fn ask(&mut self, pending: T, request: Value, out: &mut Vec<Out>) {
        let request = self.numbered(pending, request);
        out.push(Out::Ask(request.to_string()));
    }

    /// The `ref` of what was asked last.
    pub(super) fn last(&self) -> u64 {
        self.number
    }

    /// Asks for an action just as its client wrote it: what it says twice, or how it spells a number, is the room's to judge.
    /// `request` without `payload` too.
    pub(super) fn act(&mut self, pending: T, mut request: Value, action: &str, out: &mut Vec<Out>) {
        request["type"] = json!("action");
        let head = self.numbered(pending, request).to_string();
        out.push(Out::Ask(format!("{},\"payload\":{action}}}", head.strip_suffix('}').expect("an object ends"))));
    }

    fn numbered(&mut self, pending: T, request: Value) -> Value {
        self.number += 1;
        self.pending.insert(self.number, pending);
        numbered(request, self.number)
    }

    /// What hung on the request that this answers.
    pub(super) fn answered(&mut self, answer: &Answer<'_>) -> Option<T> {
        self.pending.remove(&answer.reference.parse().ok()?)
    }

    /// What hangs on those that are not answered yet.
    pub(super) fn pending(&self) -> impl ExactSizeIterator<Item = &T> {
        self.pending.values()
    }
}

/// A native request with this number as its `ref`: `request` without that and `v`.
pub(super) fn numbered(mut request: Value, number: u64) -> Value {
    request["v"] = json!(1);
    request["ref"] = json!(number.to_string());
    request
}
