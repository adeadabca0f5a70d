//! What a room refused, by message id: "inbox (seen?)" for messages that left no record.

use crate::dialect::native_out::Failure;
use parlour_room::{Hash64, Position};
use std::collections::{BTreeMap, VecDeque};

/// Refusals that were given, so that the same message is answered the same. Not kept: a later owner of the room may judge again.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    by_id: BTreeMap<(String, String), (Hash64, Refused)>,
    order: VecDeque<(String, String)>,
    /// How many failures they hold.
    failures: usize,
}

/// What was refused: a message, or every action of a batch.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    One(Failure),
    All(Position, Vec<Failure>),
}

impl Refused {
    fn failures(&self) -> &[Failure] {
        match self {
            Refused::One(failure) => std::slice::from_ref(failure),
            Refused::All(_, failures) => failures,
        }
    }
}

impl Refusals {
    pub(crate) fn find(&self, user: &str, id: &str) -> Option<&(Hash64, Refused)> {
        if self.by_id.is_empty() { None } else { self.by_id.get(&(user.to_owned(), id.to_owned())) }
    }

    pub(crate) fn remember(&mut self, limit: usize, user: &str, id: &str, body: Hash64, refused: Refused) {
        if refused.failures().iter().any(|failure| failure.retry) {
            return;
        }
        let key = (user.to_owned(), id.to_owned());
        self.failures += refused.failures().len();
        match self.by_id.insert(key.clone(), (body, refused)) {
            None => self.order.push_back(key),
            Some((_, before)) => self.failures -= before.failures().len(),
        }
        while self.failures > limit {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some((_, before)) = self.by_id.remove(&oldest) {
                self.failures -= before.failures().len();
            }
        }
    }
}
