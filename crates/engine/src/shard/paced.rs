//! How often pulses of a job are shown. One that comes too soon waits, in the place of the one before it, until it is time or
//! until the job has come to its end: so the last is always shown, and before what came of the job.

use super::Shard;
use crate::io::{JobId, Now};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A job: its room, its name in it, and the record that started it.
type Of = (Arc<str>, String, u64);

/// Jobs of which a pulse was shown just now. Only jobs that run have pulses, and none stays here longer than they are apart.
#[derive(Default)]
pub(super) struct Paced {
    /// When the next may be shown of each, and which one that is.
    jobs: BTreeMap<Of, (u64, Option<String>)>,
    due: BTreeSet<(u64, Of)>,
}

impl Paced {
    /// When the first of those may be shown that wait.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }

    /// The pulse, if it is to be shown at once; else it waits.
    fn admit(&mut self, of: &Of, pulse: String, now_ms: u64, apart_ms: u64) -> Option<String> {
        if let Some((_, waiting)) = self.jobs.get_mut(of) {
            *waiting = Some(pulse);
            return None;
        }
        if apart_ms > 0 {
            let due_ms = now_ms.saturating_add(apart_ms);
            self.jobs.insert(of.clone(), (due_ms, None));
            self.due.insert((due_ms, of.clone()));
        }
        Some(pulse)
    }

    /// The first job whose time it is, and what waited of it.
    fn next(&mut self, now_ms: u64) -> Option<(Of, Option<String>)> {
        self.due.first().filter(|(due_ms, _)| *due_ms <= now_ms)?;
        let (_, of) = self.due.pop_first()?;
        let (_, waiting) = self.jobs.remove(&of)?;
        Some((of, waiting))
    }

    /// What waits of a job that has come to its end.
    fn last(&mut self, of: &Of) -> Option<String> {
        let (due_ms, waiting) = self.jobs.remove(of)?;
        self.due.remove(&(due_ms, of.clone()));
        waiting
    }
}

impl Shard {
    /// A job tells of its progress.
    pub(super) fn job_pulse(&mut self, room: Arc<str>, key: String, since: u64, pulse: String, now: Now) {
        let of = (room, key, since);
        if let Some(pulse) = self.paced.admit(&of, pulse, now.mono_ms, self.settings.limits.job_pulse_ms) {
            self.show_job_pulse(&of.0, &of.1, since, &pulse, now);
        }
    }

    /// Shows what has waited long enough.
    pub(super) fn show_paced(&mut self, now: Now) {
        while let Some(((room, key, since), waiting)) = self.paced.next(now.mono_ms) {
            if let Some(pulse) = waiting {
                self.job_pulse(room, key, since, pulse, now);
            }
        }
    }

    /// A job has come to its end: what it told last is shown before that.
    pub(super) fn show_last_pulse(&mut self, id: JobId, now: Now) {
        let Some(of) = self.jobs.name_of(id) else { return };
        if let Some(pulse) = self.paced.last(&of) {
            self.show_job_pulse(&of.0, &of.1, of.2, &pulse, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_pulses_few_are_shown_in_order_and_the_last_always() {
        let mut paced = Paced::default();
        let of: Of = ("room".into(), "job".to_owned(), 1);
        let mut shown = Vec::new();
        for ms in 0..1050_u64 {
            // As the shard does it.
            while let Some((of, waiting)) = paced.next(ms) {
                shown.extend(waiting.and_then(|pulse| paced.admit(&of, pulse, ms, 100)).map(|pulse| (ms, pulse)));
            }
            shown.extend(paced.admit(&of, ms.to_string(), ms, 100).map(|pulse| (ms, pulse)));
        }
        assert_eq!(shown.len(), 11);
        assert!(shown.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 100 && pair[0].1.len() <= pair[1].1.len()));
        assert_eq!(paced.last(&of).as_deref(), Some("1049"));
        assert_eq!((paced.last(&of), paced.next_ms(), paced.jobs.len()), (None, None, 0));
    }

    #[test]
    fn who_has_fallen_silent_is_forgotten_and_who_need_not_wait_never_does() {
        let mut paced = Paced::default();
        let of: Of = ("room".into(), "job".to_owned(), 1);
        assert_eq!(paced.admit(&of, "a".to_owned(), 0, 100).as_deref(), Some("a"));
        assert_eq!((paced.next(99), paced.next_ms()), (None, Some(100)));
        assert_eq!(paced.next(100), Some((of.clone(), None)));
        assert_eq!((paced.next_ms(), paced.jobs.len()), (None, 0));
        for pulse in ["b", "c"] {
            assert_eq!(paced.admit(&of, pulse.to_owned(), 200, 0).as_deref(), Some(pulse));
        }
        assert!(paced.jobs.is_empty());
    }
}
