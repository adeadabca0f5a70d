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
    pub(super) fn ask(&mut self, pending: T, mut request: Value, out: &mut Vec<Out>) {
        self.head(pending, &mut request);
        out.push(Out::Ask(request.to_string()));
    }

    /// Asks for an action just as its client wrote it: what it says twice, or how it spells a number, is the room's to judge.
    /// `request` without `payload` too.
    pub(super) fn act(&mut self, pending: T, mut request: Value, action: &str, out: &mut Vec<Out>) {
        request["type"] = json!("action");
        self.head(pending, &mut request);
        let head = request.to_string();
        out.push(Out::Ask(format!("{},\"payload\":{action}}}", head.strip_suffix('}').expect("an object ends"))));
    }

    fn head(&mut self, pending: T, request: &mut Value) {
        self.number += 1;
        request["v"] = json!(1);
        request["ref"] = json!(self.number.to_string());
        self.pending.insert(self.number, pending);
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
