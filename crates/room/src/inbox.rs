//! Which message ids of a member were played, and what was answered: why a retry has no second effect.

use crate::hash::Hash64;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many ids of each member are remembered.
pub const INBOX_IDS: usize = 256;
/// For how long, in milliseconds of room time.
pub const INBOX_WINDOW_MS: u64 = 10 * 60 * 1000;

/// What was answered to an action that was played: how far its actor had heard right after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The last public event.
    pub n: u64,
    /// The actor's last private event.
    pub m: u64,
}

/// What is known of a message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    New,
    /// It was played, and this was the answer.
    Played(Answer),
    /// It was used for something else.
    OtherBody,
}

/// One member's ids, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Inbox(VecDeque<Entry>);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    body: Hash64,
    at_ms: u64,
    answer: Answer,
}

impl Inbox {
    pub(crate) fn seen(&self, now_ms: u64, id: &str, body: Hash64) -> Seen {
        match self.0.iter().rev().take_while(|entry| entry.is_kept(now_ms)).find(|entry| entry.id == id) {
            None => Seen::New,
            Some(entry) if entry.body == body => Seen::Played(entry.answer),
            Some(_) => Seen::OtherBody,
        }
    }

    pub(crate) fn remember(&mut self, now_ms: u64, id: String, body: Hash64, answer: Answer) {
        while self.0.len() >= INBOX_IDS || self.0.front().is_some_and(|entry| !entry.is_kept(now_ms)) {
            self.0.pop_front();
        }
        self.0.push_back(Entry { id, body, at_ms: now_ms, answer });
    }

    pub(crate) fn is_over(&self, now_ms: u64) -> bool {
        self.0.back().is_none_or(|entry| !entry.is_kept(now_ms))
    }
}

impl Entry {
    fn is_kept(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.at_ms) <= INBOX_WINDOW_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Answer = Answer { n: 1, m: 0 };

    #[test]
    fn an_id_is_known_with_its_answer_within_the_window_and_no_longer() {
        let mut inbox = Inbox::default();
        inbox.remember(1000, "a".to_owned(), Hash64(1), FIRST);
        assert_eq!(inbox.seen(1000 + INBOX_WINDOW_MS, "a", Hash64(1)), Seen::Played(FIRST));
        assert_eq!(inbox.seen(1000, "a", Hash64(2)), Seen::OtherBody);
        assert_eq!(inbox.seen(1000, "b", Hash64(1)), Seen::New);
        assert_eq!(inbox.seen(1001 + INBOX_WINDOW_MS, "a", Hash64(1)), Seen::New);
    }

    #[test]
    fn only_the_last_ids_are_kept() {
        let mut inbox = Inbox::default();
        for n in 0..=INBOX_IDS {
            inbox.remember(5, n.to_string(), Hash64(0), FIRST);
        }
        assert_eq!(inbox.seen(5, "0", Hash64(0)), Seen::New);
        assert_eq!(inbox.seen(5, "1", Hash64(0)), Seen::Played(FIRST));
    }
}
