//! Which message ids of a member were played, and what was answered: why a retry has no second effect.

use crate::batch::Done;
use crate::hash::Hash64;
use crate::stream::Mark;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

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
    /// How many there were before the oldest.
    gone: u64,
    /// The last of those whose ids hash the same, counted from the first there ever was.
    last: BTreeMap<u64, u64>,
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
        let mut inbox = Self::default();
        VecDeque::<Entry>::deserialize(deserializer)?.into_iter().for_each(|entry| inbox.push(entry));
        Ok(inbox)
    }
}

impl Inbox {
    pub(crate) fn seen(&self, now_ms: u64, id: &str, body: Hash64) -> Seen {
        match self.last(id).filter(|entry| entry.is_kept(now_ms)) {
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
        self.last(id).map(|entry| (entry.from, entry.answer))
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
        let answers = entry.answers();
        while self.answers + answers > INBOX_IDS || self.entries.front().is_some_and(|entry| !entry.is_kept(now_ms)) {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.answers -= oldest.answers();
            if self.last.get(&hash(&oldest.id)) == Some(&self.gone) {
                self.last.remove(&hash(&oldest.id));
            }
            self.gone += 1;
        }
        self.push(entry);
    }

    fn push(&mut self, entry: Entry) {
        let number = self.gone + u64::try_from(self.entries.len()).expect("a length fits 64 bits");
        self.last.insert(hash(&entry.id), number);
        self.answers += entry.answers();
        self.entries.push_back(entry);
    }

    /// The last entry of this id. Every action asks, so it is not looked for among all, but where two ids hash the same.
    fn last(&self, id: &str) -> Option<&Entry> {
        let number = self.last.get(&hash(id))?;
        let entry = usize::try_from(number - self.gone).ok().and_then(|place| self.entries.get(place))?;
        if entry.id == id { Some(entry) } else { self.entries.iter().rev().find(|entry| entry.id == id) }
    }

    pub(crate) fn is_over(&self, now_ms: u64) -> bool {
        self.entries.back().is_none_or(|entry| !entry.is_kept(now_ms))
    }
}

/// Only to find an entry by: it is never kept.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
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

    proptest::proptest! {
        #[test]
        fn an_id_is_found_as_if_it_was_looked_for_among_all(
            ids in proptest::collection::vec((0..400_u32, 0..40_000_u64), 0..900)
        ) {
            let (mut inbox, mut now_ms) = (Inbox::default(), 0);
            for (id, later_ms) in ids {
                now_ms += later_ms / 10;
                let id = id.to_string();
                let known = |inbox: &Inbox| inbox.entries.iter().rev().find(|entry| entry.id == id).map(|entry| entry.answer);
                proptest::prop_assert_eq!(inbox.told(&id).map(|(_, answer)| answer), known(&inbox));
                if inbox.seen(now_ms, &id, Hash64(0)) == Seen::New {
                    inbox.remember(now_ms, id, Hash64(0), START, Answer { n: now_ms, m: 0 }, None);
                }
            }
            let again: Inbox = serde_json::from_str(&serde_json::to_string(&inbox).unwrap()).unwrap();
            let found = |inbox: &Inbox| (0..400).map(|id: u32| inbox.told(&id.to_string())).collect::<Vec<_>>();
            proptest::prop_assert_eq!(found(&again), found(&inbox));
        }
    }
}
