//! The view of a room as a dialect keeps it, so that patches can be applied: `dialect.encode` of a client that is shown
//! whole views.

use crate::patch::apply::{Op, apply};
use serde_json::Value;

/// What a viewer was shown last.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    view: Option<Value>,
    p: u64,
    is_stale: bool,
}

impl Seen {
    /// A whole view came.
    pub(crate) fn look(&mut self, view: Value, p: u64) {
        (self.view, self.p, self.is_stale) = (Some(view), p, false);
    }

    /// A patch came. False if it is not of the view that is kept: then that one is worth nothing, until a whole one comes.
    pub(crate) fn patch(&mut self, ops: Option<Vec<Op>>, p: u64) -> bool {
        let is_next = !self.is_stale && self.p.checked_add(1) == Some(p);
        let done = match (&mut self.view, ops) {
            (Some(view), Some(ops)) if is_next => apply(view, ops),
            _ => None,
        };
        self.p = p;
        self.is_stale = done.is_none();
        !self.is_stale
    }

    /// What is kept is worth nothing, until a whole one comes.
    pub(crate) fn spoil(&mut self) {
        self.is_stale = true;
    }

    /// The view, while it is what the room looks like.
    pub(crate) fn view(&self) -> Option<&Value> {
        self.view.as_ref().filter(|_| !self.is_stale)
    }

    /// The same, or what the room looked like when that was last known.
    pub(crate) fn last(&self) -> Option<&Value> {
        self.view.as_ref()
    }
}
