//! Rooms that nobody needs go to sleep: what is not in the journal yet is recorded, and once that is durable the room is dropped.
//! A room that sleeps is rows in the journal and costs nothing here. Whoever asks for it reads it again.
//!
//! Going to sleep can be given up at any time until then: the room is still here, and whoever touches it plays on.

use super::Shard;
use super::play::stamp;
use crate::hall::{Hall, Phase};
use crate::io::Now;
use std::collections::BTreeSet;

/// What a room that is loaded knows of going to sleep.
#[derive(Default)]
pub(crate) struct Rest {
    /// When it was used last, in monotonic time, and when it is looked at next.
    used_ms: u64,
    look_ms: u64,
    /// It goes to sleep as soon as what was recorded of it is durable.
    is_leaving: bool,
    /// What its row in the journal says of when to wake it.
    pub(super) wake_at: Option<u64>,
}

/// The beds of the rooms that are loaded.
#[derive(Default)]
pub(super) struct Beds {
    /// When each loaded room is looked at next, in monotonic time: whoever comes first has probably been idle the longest.
    looks: BTreeSet<(u64, usize)>,
    /// How many rooms are on their way out, until what was recorded of them is durable.
    leaving: usize,
}

/// Looks are at multiples of this, so that rooms that fell idle together go to sleep in one batch.
const LOOK_STEP_MS: u64 = 250;
/// So many rooms are looked at in one turn; what remains is due again at once.
const LOOKS_AT_ONCE: usize = 256;

impl Shard {
    /// Whether a room of this name is in memory.
    pub fn has_loaded(&self, room: &str) -> bool {
        self.by_name.contains_key(room)
    }

    /// A room is here: it will be looked at when it has had time to fall idle.
    pub(super) fn make_bed(&mut self, at: usize) {
        let now_ms = self.now.mono_ms;
        self.hall(at).rest.used_ms = now_ms;
        self.look_at(at, now_ms + self.settings.limits.idle_ms);
    }

    /// Looks after rooms whose time has come.
    pub(super) fn put_idle_to_sleep(&mut self, now: Now) {
        let idle_ms = self.settings.limits.idle_ms;
        for _ in 0..LOOKS_AT_ONCE {
            let Some((_, at)) = self.beds.looks.first().copied().filter(|(look_ms, _)| *look_ms <= now.mono_ms) else { return };
            let idle_until_ms = self.hall(at).rest.used_ms + idle_ms;
            if idle_until_ms <= now.mono_ms {
                self.put_to_sleep(at, now);
            }
            if self.halls[at].is_some() {
                self.look_at(at, if idle_until_ms > now.mono_ms { idle_until_ms } else { now.mono_ms + idle_ms });
            }
        }
    }

    pub(super) fn next_look_ms(&self) -> Option<u64> {
        self.beds.looks.first().map(|(look_ms, _)| *look_ms)
    }

    /// Whether one more room may be loaded; if there are too many, those that are idle go to sleep before their time.
    pub(super) fn has_room_for_one_more(&mut self) -> bool {
        let (most, most_leaving) = (self.settings.limits.rooms, self.settings.limits.loads);
        let now = self.now;
        if self.by_name.len() - self.beds.leaving < most {
            return true;
        }
        // Who cannot go comes last from now on, so that the next time others are looked at.
        let longest_idle: Vec<usize> = self.beds.looks.iter().take(LOOKS_AT_ONCE).map(|(_, at)| *at).collect();
        for at in longest_idle {
            if self.by_name.len() - self.beds.leaving < most || self.beds.leaving >= most_leaving {
                break;
            }
            self.put_to_sleep(at, now);
            if self.halls[at].is_some() {
                self.look_at(at, now.mono_ms + self.settings.limits.idle_ms);
            }
        }
        self.by_name.len() - self.beds.leaving < most
    }

    /// The room is used: it stays.
    pub(super) fn stays(&mut self, at: usize) {
        let now_ms = self.now.mono_ms;
        let Some(hall) = self.halls[at].as_mut() else { return };
        hall.rest.used_ms = now_ms;
        if std::mem::take(&mut hall.rest.is_leaving) {
            self.beds.leaving -= 1;
        }
    }

    /// Everything recorded of a room on its way out is durable. Whether it is gone.
    pub(super) fn falls_asleep(&mut self, at: usize) -> bool {
        let (durable, draining) = (self.durable, self.draining.is_some());
        let Some(hall) = self.halls[at].as_ref().filter(|hall| hall.rest.is_leaving && !draining) else { return false };
        if is_needed(hall, durable) {
            self.stays(at);
            return false;
        }
        self.counts.rooms_slept += 1;
        let wake_at = hall.rest.wake_at;
        self.forget(at);
        self.sleeps_until(wake_at);
        true
    }

    /// Records of a room what the journal lacks: how far its time has come, when to wake it, and what it is, if that would take
    /// long to play again.
    pub(super) fn put_away(&mut self, at: usize, now: Now) {
        let hall = self.halls[at].as_mut().expect("a room to be put away is there");
        let stamp = stamp(hall.clock, now);
        let Phase::Open { kind, table } = &mut hall.phase else { return };
        // Without a clock, the time of a room that does not freeze can be told from its last record.
        let is_marked = table.about().ended.is_none() && (kind.freezes() || table.due_ms().is_some());
        if is_marked && let Ok(played) = table.sleep(stamp) {
            self.record(at, played);
        }
        let wake_at = wake_at(self.hall(at), now);
        if self.hall(at).rest.wake_at != wake_at {
            self.write_wake(at, wake_at);
        }
        let hall = self.hall(at);
        if hall.tail_bytes > 0 && hall.table().is_some_and(|table| !table.is_spoiled()) {
            let weight = hall.tail_bytes;
            if self.draining.is_some() || weight > self.settings.limits.sleep_tail_bytes {
                self.snapshot(at);
                self.touch(at);
            }
        }
    }

    /// Something was recorded: its row must not let whoever finds it after a crash look too late. As long as it lies before the
    /// earliest clock it need not be written again, and so it is written once for most.
    pub(super) fn keep_wake_row(&mut self, at: usize, has_ended: bool) {
        let now = self.now;
        let hall = self.hall(at);
        match (hall.rest.wake_at, wake_at(hall, now)) {
            (Some(_), None) if has_ended => self.write_wake(at, None),
            (None, Some(due_ms)) => self.write_wake(at, Some(due_ms)),
            (Some(written_ms), Some(due_ms)) if due_ms < written_ms => self.write_wake(at, Some(due_ms)),
            _ => {}
        }
    }

    /// A new life begins: its row says nothing of waking.
    pub(super) fn forget_wake_row(&mut self, at: usize) {
        let hall = self.hall(at);
        hall.rest.wake_at = None;
        let name = hall.name.clone();
        self.wakes.remove(&name);
    }

    /// Drops a room from memory.
    pub(super) fn forget(&mut self, at: usize) {
        let hall = self.halls[at].take().expect("was there");
        if let Some(due_ms) = hall.timer {
            self.timers.remove(&(due_ms, at));
        }
        for asked in hall.asks.values() {
            self.asked.remove(&asked.ask);
        }
        self.beds.looks.remove(&(hall.rest.look_ms, at));
        self.beds.leaving -= usize::from(hall.rest.is_leaving);
        self.by_name.remove(&hall.name);
        // From now on the journal's list alone tells of it.
        self.vacancies.put(hall.listing.as_ref(), None);
        self.topics.fell_asleep(&hall.name, hall.listing.as_ref().is_some_and(|listing| listing.is_public));
        self.forget_jobs(&hall.name);
        self.free_halls.push(at);
    }

    fn look_at(&mut self, at: usize, look_ms: u64) {
        let look_ms = look_ms.next_multiple_of(LOOK_STEP_MS);
        let hall = self.halls[at].as_mut().expect("a room that is looked at is there");
        self.beds.looks.remove(&(hall.rest.look_ms, at));
        hall.rest.look_ms = look_ms;
        self.beds.looks.insert((look_ms, at));
    }

    fn put_to_sleep(&mut self, at: usize, now: Now) {
        let (durable, soon_ms) = (self.durable, now.mono_ms + self.settings.limits.wake_soon_ms);
        let (draining, name) = (self.draining.is_some(), self.hall(at).name.clone());
        let is_watched = self.presence.watches(&name);
        let hall = self.hall(at);
        if draining || is_watched || hall.rest.is_leaving || is_needed(hall, durable) || is_wanted_before(hall, soon_ms) {
            return;
        }
        if hall.frozen.is_none() {
            self.put_away(at, now);
        }
        self.hall(at).rest.is_leaving = true;
        self.beds.leaving += 1;
        if self.hall(at).last_commit <= durable {
            self.falls_asleep(at);
        }
    }

    fn write_wake(&mut self, at: usize, wake_at: Option<u64>) {
        let commit = self.commit;
        let hall = self.hall(at);
        (hall.rest.wake_at, hall.last_commit) = (wake_at, commit);
        let name = hall.name.clone();
        self.wakes.insert(name, wake_at);
        self.touch(at);
    }
}

/// Whether somebody follows it, or waits for something of it.
fn is_needed(hall: &Hall, durable: u64) -> bool {
    let is_here = matches!(hall.phase, Phase::Open { .. } | Phase::Broken(_));
    let is_quiet = hall.follows.is_empty() && !hall.is_dirty && hall.draft.is_empty() && hall.held.is_empty();
    let is_asked = hall.asks.values().any(|asked| asked.is_open);
    !is_here || !is_quiet || is_asked || hall.must_reload || hall.last_commit > durable
}

/// Whether it does something by itself before this monotonic time, or would not if it slept.
fn is_wanted_before(hall: &Hall, soon_ms: u64) -> bool {
    let Phase::Open { kind, table } = &hall.phase else { return false };
    if hall.frozen.is_some() {
        return false;
    }
    let is_due = table.due_ms().is_some_and(|due_ms| kind.freezes() || hall.clock.mono_ms(due_ms) <= soon_ms);
    is_due || !table.about().jobs.is_empty()
}

/// When this room must be loaded, by what is known now. Jobs are run by whoever has the room: at once. While a room that freezes
/// sleeps, none of its clocks comes nearer.
fn wake_at(hall: &Hall, now: Now) -> Option<u64> {
    let Phase::Open { kind, table } = &hall.phase else { return None };
    let about = table.about();
    if about.ended.is_some() {
        return None;
    }
    if !about.jobs.is_empty() {
        return Some(now.wall_ms);
    }
    let due_ms = table.due_ms().filter(|_| !kind.freezes())?;
    let wait_ms = due_ms.saturating_sub(hall.clock.room_ms(now.mono_ms));
    Some(now.wall_ms.saturating_add(wait_ms))
}
