//! Rooms that sleep are woken when a clock of theirs is due. The journal alone knows which those are: it is asked for the next
//! ones in their order, when the first of them is due, never before, and never again for those it has named.

use super::Shard;
use crate::io::{Now, Output};
use crate::store::{Due, ReadError};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// What is known of rooms that are to be woken.
pub(super) struct Dues {
    /// Rows up to this one were taken up.
    after: Due,
    /// When to ask for what comes after it, wall time; `None` if nothing is to come.
    next_ms: Option<u64>,
    /// The monotonic time at which that is looked at again.
    alarm_ms: Option<u64>,
    is_asked: bool,
    /// Whence to go through the rows again, whatever the question under way is answered.
    back_to: Option<Due>,
    /// Due, and not read yet.
    queue: VecDeque<Due>,
    /// Being read because they are due.
    reading: BTreeSet<Arc<str>>,
}

/// However far away the next one is, the wall clock is looked at again after this time: it may have been set.
const WALL_CLOCK_MS: u64 = 60_000;

impl Default for Dues {
    /// Asks as soon as it can: rooms may have been due while no server ran.
    fn default() -> Self {
        let (queue, reading) = Default::default();
        Self { after: Due::before(0), next_ms: Some(0), alarm_ms: None, is_asked: false, back_to: None, queue, reading }
    }
}

impl Dues {
    fn ask_at(&mut self, next_ms: u64) {
        self.next_ms = Some(self.next_ms.map_or(next_ms, |known_ms| known_ms.min(next_ms)));
        self.alarm_ms = None;
    }

    fn go_back(&mut self, to: Due) {
        self.after = self.after.clone().min(to.clone());
        if self.is_asked {
            self.back_to = Some(self.back_to.take().map_or(to.clone(), |before| before.min(to)));
        }
    }
}

impl Shard {
    /// A room has gone to sleep, and its row says so.
    pub(super) fn sleeps_until(&mut self, wake_at: Option<u64>) {
        let Some(wake_at) = wake_at else { return };
        self.dues.ask_at(wake_at);
        // If the wall clock was set back, that is a time whose rows were taken up already.
        self.dues.go_back(Due::before(wake_at));
    }

    /// What the journal says is next, of all shards: each takes its own.
    pub(super) fn are_due(&mut self, result: Result<Vec<Due>, ReadError>, now: Now) {
        self.dues.is_asked = false;
        let back_to = self.dues.back_to.take();
        self.take_up(result, now);
        if let Some(back_to) = back_to {
            self.dues.go_back(back_to);
        }
    }

    fn take_up(&mut self, result: Result<Vec<Due>, ReadError>, now: Now) {
        let rows = match result {
            Ok(rows) => rows,
            Err(error) => {
                self.outputs.push_back(Output::Note(format!("which rooms are due is not known: {error}")));
                return self.dues.ask_at(now.wall_ms + self.settings.limits.due_retry_ms);
            }
        };
        let may_have_more = !rows.is_empty();
        for due in rows {
            if due.at_ms > now.wall_ms {
                return self.dues.ask_at(due.at_ms);
            }
            self.dues.after = due.clone();
            if self.is_home_of(&due.room) {
                self.dues.queue.push_back(due);
            }
        }
        if may_have_more {
            self.dues.ask_at(0);
        }
    }

    /// A room was read. Whether that was because it was due.
    pub(super) fn was_due(&mut self, room: &str) -> bool {
        self.dues.reading.remove(room)
    }

    /// A room could not be read, and it may have been due: all rows are gone through again.
    pub(super) fn missed_a_room(&mut self, now: Now) {
        self.dues.go_back(Due::before(0));
        self.dues.ask_at(now.wall_ms + self.settings.limits.due_retry_ms);
    }

    /// Reads rooms that are due, so many at a time, and asks for more when there are none left.
    pub(super) fn wake_due(&mut self) {
        if self.draining.is_some() {
            return;
        }
        let limit = self.settings.limits.due_rooms;
        while self.dues.reading.len() < limit {
            let Some(due) = self.dues.queue.pop_front() else { break };
            // Who is here lets its clocks ring by itself.
            if self.by_name.contains_key(&due.room) {
                continue;
            }
            if self.find(&due.room).is_err() {
                self.dues.queue.push_front(due);
                break;
            }
            self.dues.reading.insert(due.room);
        }
        let is_time = self.dues.next_ms.is_some_and(|next_ms| next_ms <= self.now.wall_ms);
        if is_time && self.dues.queue.is_empty() && !self.dues.is_asked {
            (self.dues.is_asked, self.dues.next_ms, self.dues.alarm_ms) = (true, None, None);
            self.outputs.push_back(Output::ListDue { after: self.dues.after.clone(), limit });
        }
    }

    /// When to look again, in monotonic time.
    pub(super) fn next_due_ms(&mut self) -> Option<u64> {
        let (now, retry_ms) = (self.now, self.settings.limits.due_retry_ms);
        let wait_ms = match self.dues.next_ms {
            // What is under way ends with an input.
            _ if self.draining.is_some() || self.dues.is_asked => return None,
            // There was no place for the next one.
            _ if !self.dues.queue.is_empty() => retry_ms,
            Some(next_ms) => next_ms.saturating_sub(now.wall_ms).min(WALL_CLOCK_MS),
            None => return None,
        };
        if self.dues.alarm_ms.is_none_or(|alarm_ms| alarm_ms <= now.mono_ms) {
            self.dues.alarm_ms = Some(now.mono_ms + wait_ms);
        }
        self.dues.alarm_ms
    }
}
