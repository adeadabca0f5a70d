//! What must be true of every state.

use crate::item::Status;
use crate::limits::{CLIENT_IDS, ITEMS, LISTED, UNTIDY};
use crate::state::{Downloads, QueueState};
use std::collections::BTreeSet;

impl Downloads {
    pub(crate) fn is_sound(&self) -> Result<(), String> {
        let ids: BTreeSet<_> = self.items.iter().map(|item| &item.id).collect();
        ensure(ids.len() == self.items.len(), "an id is there twice")?;
        ensure(self.items.len() <= ITEMS && self.known.len() <= CLIENT_IDS, "a list is longer than it may be")?;
        ensure(self.untidy.len() <= UNTIDY + ITEMS, "too much waits to be put away")?;
        ensure(self.library.as_ref().is_none_or(|library| library.series.len() <= LISTED), "too many series are listed")?;
        ensure(usize::try_from(self.tidying).is_ok_and(|count| count <= self.untidy.len()), "more is put away than there is")?;
        let is_still = self.queue == QueueState::Running || self.counts().active == 0;
        ensure(is_still, "something is active, and the queue does not run")?;
        ensure(self.items.iter().all(|item| !item.is_held || item.status == Status::Paused), "what is held is not paused")?;
        let has_reason = |status| matches!(status, Status::Failed | Status::Cancelled);
        ensure(
            self.items.iter().all(|item| item.fault.is_some() == has_reason(item.status)),
            "a fault without failure, or none",
        )?;
        ensure(self.told == (self.queue, self.counts()), "the counts have changed, and nobody was told")
    }
}

fn ensure(holds: bool, or: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(or.to_owned()) }
}
