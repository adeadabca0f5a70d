//! What comes back from the world outside, clocks and jobs alike: judged, and played as a signal; what the rules cannot play is
//! used up all the same.

use crate::ask::{json, read};
use crate::job::JobFault;
use crate::play::{Fault, Input, SignalOf, guard};
use crate::record::{Cause, FailedInput, PresentInput, SignalInput, Stamp};
use crate::room::Room;
use crate::table::{Played, Table};

impl<R: Room> Table<R> {
    /// Plays the clock that has been due longest, if one is. A clock whose signal the rules cannot play is recorded as failed.
    pub fn fire(&mut self, stamp: Stamp) -> Result<Option<Played>, Fault> {
        let now_ms = stamp.at_ms.max(self.at_ms);
        let due = self.clocks.iter().filter(|(_, clock)| clock.due_ms <= now_ms);
        let Some(key) = due.min_by_key(|(key, clock)| (clock.due_ms, clock.set, *key)).map(|(key, _)| key.clone()) else {
            return Ok(None);
        };
        let failed = FailedInput { clock: Some(key.clone()), job: None, present: None };
        match self.signal(stamp, SignalInput { clock: Some(key), job: None, result: None }) {
            Err(fault @ (Fault::Panicked | Fault::Unsound(_))) => self.failed(stamp, failed, fault).map(Some),
            played_or_spoiled => played_or_spoiled.map(Some),
        }
    }

    /// Plays a job's result (JSON), if the job that record `since` started is still open. Of a result that the rules cannot read
    /// or play they are told by [`Room::job_failed`].
    pub fn answer(&mut self, stamp: Stamp, key: &str, since: u64, result: &str) -> Result<Option<Played>, Fault> {
        if !self.awaits(key, since) {
            return Ok(None);
        }
        let played = match read(result) {
            Ok(result) => self.signal(stamp, SignalInput { clock: None, job: Some(key.to_owned()), result: Some(result) }),
            Err(_) => Err(Fault::Panicked),
        };
        match played {
            Err(fault @ (Fault::Panicked | Fault::Unsound(_))) => {
                self.give_up(stamp, key, JobFault::BadResult, Some(fault)).map(Some)
            }
            played_or_spoiled => played_or_spoiled.map(Some),
        }
    }

    /// There will be no result of the job that record `since` started, if that is still open.
    pub fn job_failed(&mut self, stamp: Stamp, key: &str, since: u64, why: JobFault) -> Result<Option<Played>, Fault> {
        if !self.awaits(key, since) {
            return Ok(None);
        }
        self.give_up(stamp, key, why, None).map(Some)
    }

    fn awaits(&self, key: &str, since: u64) -> bool {
        self.jobs.get(key).is_some_and(|job| job.since == since)
    }

    /// The rules say by which signal they hear of it: that is the job's result, and recorded as one.
    fn give_up(&mut self, stamp: Stamp, key: &str, why: JobFault, fault: Option<Fault>) -> Result<Played, Fault> {
        let failed = FailedInput { clock: None, job: Some(key.to_owned()), present: None };
        if self.spoiled {
            return Err(Fault::Spoiled);
        }
        let told = match guard(|| self.state.job_failed(key, why)) {
            Ok(None) => return self.used_up(stamp, failed, fault),
            Ok(Some(signal)) => self.signal(stamp, SignalInput { clock: None, job: failed.job.clone(), result: Some(signal) }),
            Err(fault) => Err(fault),
        };
        match told {
            Ok(played) => Ok(Played { fault, ..played }),
            Err(fault @ (Fault::Panicked | Fault::Unsound(_))) => self.failed(stamp, failed, fault),
            Err(spoiled) => Err(spoiled),
        }
    }

    fn signal(&mut self, stamp: Stamp, input: SignalInput<SignalOf<R>>) -> Result<Played, Fault> {
        let text = guard(|| json(&input))?;
        self.play(stamp, Cause::Signal, Input::Signal(input), text)
    }

    fn failed(&mut self, stamp: Stamp, failed: FailedInput, fault: Fault) -> Result<Played, Fault> {
        self.used_up(stamp, failed, Some(fault))
    }

    fn used_up(&mut self, stamp: Stamp, failed: FailedInput, fault: Option<Fault>) -> Result<Played, Fault> {
        let text = json(&failed);
        let played = self.play(stamp, Cause::Failed, Input::Failed(failed), text)?;
        Ok(Played { fault, ..played })
    }

    /// A member is connected, or no longer. `None` where that is no news, or the kind does not ask. What the rules cannot play
    /// is recorded as failed.
    pub fn present(&mut self, stamp: Stamp, user: &str, here: bool) -> Result<Option<Played>, Fault> {
        let is_news = self.members.get(user).is_some_and(|member| member.bot.is_none() && member.here != here);
        if !R::PRESENCE || !is_news || self.ended.is_some() {
            return Ok(None);
        }
        let input = PresentInput { user: user.to_owned(), here };
        let text = json(&input);
        match self.play(stamp, Cause::Present, Input::Present(input.clone()), text) {
            Err(fault @ (Fault::Panicked | Fault::Unsound(_))) => {
                self.failed(stamp, FailedInput { clock: None, job: None, present: Some(input) }, fault).map(Some)
            }
            played_or_spoiled => played_or_spoiled.map(Some),
        }
    }
}
