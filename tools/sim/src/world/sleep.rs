//! What must hold of rooms that sleep: whoever finds the disk after a crash, and whoever runs on, wakes each in time.

use super::World;
use crate::fleet::Fleet;

/// How long after its time a room may still sleep in a quiet world: until the journal was asked, and the room read.
const LATE_MS: u64 = 2_000;

impl World {
    /// Each room whose clock runs while it sleeps, or that has a job open, has a row that says so, and not too late.
    pub(super) fn rows_look_in_time(&self) -> Result<(), String> {
        for room in self.disk.rooms() {
            let Some(life) = self.judge.model.past(&room).and_then(|past| past.lives.last()) else { continue };
            let about = life.table.about();
            if !about.jobs.is_empty() && self.disk.wake_at(&room).is_none() {
                return Err(format!("{room} has a job open, and its row says nothing"));
            }
            let Some(due_ms) = life.table.due_ms().filter(|_| !life.kind.freezes()) else { continue };
            let due_ms = about.ts_ms + due_ms.saturating_sub(about.at_ms);
            match self.disk.wake_at(&room) {
                Some(at_ms) if at_ms <= due_ms => {}
                other => return Err(format!("{room} has a clock due at {due_ms}, and its row says {other:?}")),
            }
        }
        Ok(())
    }

    /// In the end, whoever is due is awake.
    pub(super) fn nobody_oversleeps(&self) -> Result<(), String> {
        self.rows_look_in_time()?;
        let Some(fleet) = &self.fleet else { return Ok(()) };
        for room in self.disk.rooms() {
            let late_ms = self.now().wall_ms - LATE_MS;
            if let Some(at_ms) = self.disk.wake_at(&room).filter(|at_ms| *at_ms < late_ms && !fleet.has_loaded_or_is_full(&room))
            {
                return Err(format!("{room} was to be woken at {at_ms} and sleeps at {}", late_ms + LATE_MS));
            }
        }
        Ok(())
    }

    /// A process is about to be no more.
    pub(super) fn counts_sleep(&mut self) {
        let Some((slept, woken)) = self.fleet.as_ref().map(Fleet::slept_and_woken) else { return };
        self.judge.tally.add_many("rooms put to sleep", slept);
        self.judge.tally.add_many("rooms woken as they were due", woken);
    }
}
