//! Which message ids of a member were played, and what was answered: why a retry has no second effect.

use crate::batch::Done;
use crate::hash::Hash64;
use crate::stream::Mark;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;

/// How many answers of each member are remembered: an action has one, a batch as many as it has actions.
pub const INBOX_IDS: usize = 256;
/// For how long, in milliseconds of room time.
pub const INBOX_WINDOW_MS: u64 = 10 * 60 * 1000;

/// What was answered to an action that was played: how far its actor had heard right after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The last public event.
    pub n: u64,
    /// The actor's last private event.
    pub m: u64,
}

/// The hash by which a resignation is remembered: no action and no batch has it, whose hashes are of other texts.
pub fn resignation() -> Hash64 {
    Hash64::of(b"resign\0")
}

/// What is known of a message id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    New,
    /// It was played, and this was the answer.
    Played(Answer),
    /// It was a batch, and these were the answers.
    Batch(Answer, Vec<Done>),
    /// It was used for something else.
    OtherBody,
}

/// One member's ids, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    entries: VecDeque<Entry>,
    /// How many answers they hold together.
    answers: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    body: Hash64,
    at_ms: u64,
    answer: Answer,
    /// Where the events of an action began; `None` where its actor was told nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Mark>,
    /// Of a batch: what became of each action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    results: Option<Vec<Done>>,
}

impl Serialize for Inbox {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Inbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = VecDeque::<Entry>::deserialize(deserializer)?;
        let answers = entries.iter().map(Entry::answers).sum();
        Ok(Self { entries, answers })
    }
}

impl Inbox {
    pub(crate) fn seen(&self, now_ms: u64, id: &str, body: Hash64) -> Seen {
        match self.entries.iter().rev().take_while(|entry| entry.is_kept(now_ms)).find(|entry| entry.id == id) {
            None => Seen::New,
            Some(Entry { body: of, answer, results, .. }) if *of == body => match results {
                Some(results) => Seen::Batch(*answer, results.clone()),
                None => Seen::Played(*answer),
            },
            Some(_) => Seen::OtherBody,
        }
    }

    /// Where the events of this message began, if its actor was told any, and where they ended; `None` if nothing is known of it.
    pub(crate) fn told(&self, id: &str) -> Option<(Option<Mark>, Answer)> {
        self.entries.iter().rev().find(|entry| entry.id == id).map(|entry| (entry.from, entry.answer))
    }

    /// `from`: how far its actor had heard before it.
    pub(crate) fn remember(
        &mut self,
        now_ms: u64,
        id: String,
        body: Hash64,
        from: Mark,
        answer: Answer,
        results: Option<Vec<Done>>,
    ) {
        let from = Some(from).filter(|from| results.is_none() && (from.n, from.m) != (answer.n, answer.m));
        let entry = Entry { id, body, at_ms: now_ms, answer, from, results };
        self.answers += entry.answers();
        while self.answers > INBOX_IDS || self.entries.front().is_some_and(|entry| !entry.is_kept(now_ms)) {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.answers -= oldest.answers();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn is_over(&self, now_ms: u64) -> bool {
        self.entries.back().is_none_or(|entry| !entry.is_kept(now_ms))
    }
}

impl Entry {
    fn answers(&self) -> usize {
        self.results.as_ref().map_or(1, Vec::len)
    }

    fn is_kept(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.at_ms) <= INBOX_WINDOW_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Mark = Mark { order: 0, n: 0, m: 0 };
    const FIRST: Answer = Answer { n: 1, m: 0 };

    #[test]
    fn an_id_is_known_with_its_answer_within_the_window_and_no_longer() {
        let mut inbox = Inbox::default();
        inbox.remember(1000, "a".to_owned(), Hash64(1), START, FIRST, None);
        assert_eq!(inbox.seen(1000 + INBOX_WINDOW_MS, "a", Hash64(1)), Seen::Played(FIRST));
        assert_eq!(inbox.seen(1000, "a", Hash64(2)), Seen::OtherBody);
        assert_eq!(inbox.seen(1000, "b", Hash64(1)), Seen::New);
        assert_eq!(inbox.seen(1001 + INBOX_WINDOW_MS, "a", Hash64(1)), Seen::New);
    }

    #[test]
    fn only_the_last_ids_are_kept() {
        let mut inbox = Inbox::default();
        for n in 0..=INBOX_IDS {
            inbox.remember(5, n.to_string(), Hash64(0), START, FIRST, None);
        }
        assert_eq!(inbox.seen(5, "0", Hash64(0)), Seen::New);
        assert_eq!(inbox.seen(5, "1", Hash64(0)), Seen::Played(FIRST));
    }

    #[test]
    fn a_batch_counts_as_many_as_it_has_answers_also_after_it_was_read_back() {
        let mut inbox = Inbox::default();
        let results = vec![Done::Played(FIRST); 32];
        inbox.remember(5, "batch".to_owned(), Hash64(9), START, FIRST, Some(results.clone()));
        inbox = serde_json::from_str(&serde_json::to_string(&inbox).unwrap()).unwrap();
        for n in 32..INBOX_IDS {
            inbox.remember(5, n.to_string(), Hash64(0), START, FIRST, None);
        }
        assert_eq!(inbox.seen(5, "batch", Hash64(9)), Seen::Batch(FIRST, results));
        inbox.remember(5, "one more".to_owned(), Hash64(0), START, FIRST, None);
        assert_eq!(inbox.seen(5, "batch", Hash64(9)), Seen::New);
        assert_eq!(inbox.seen(5, "32", Hash64(0)), Seen::Played(FIRST));
    }
}
