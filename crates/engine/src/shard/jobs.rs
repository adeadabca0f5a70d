//! Jobs: what rooms ask of the world outside. A job is run only when the record that asks for it is durable, so it can be found
//! again; its result is played as a signal. Which jobs there are, the rooms say: this only knows which of them are under way.

mod turns;

use self::turns::Turns;
use super::Shard;
use super::play::stamp;
use crate::hall::Phase;
use crate::io::{JobId, Now, Output, StartJob};
use crate::limits::Limits;
use parlour_room::JobFault;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The open jobs of the rooms that are loaded.
#[derive(Default)]
pub(super) struct Jobs {
    last: u64,
    open: BTreeMap<JobId, Job>,
    by_key: BTreeMap<(Arc<str>, String), JobId>,
    /// Those that wait for their turn, and those that run.
    turns: Turns,
    /// To be run again after a while.
    resting: BTreeSet<(u64, JobId)>,
}

struct Job {
    kind: &'static str,
    room: Arc<str>,
    key: String,
    since: u64,
    /// How often it has failed since it was found.
    failed: u32,
    /// What came of it, while its room is being read again.
    came: Option<Result<String, JobFault>>,
}

impl Jobs {
    /// Numbered from here on, so that no two shards use a number.
    pub(super) fn after(last: u64) -> Self {
        Self { last, ..Self::default() }
    }

    fn of_room(&self, room: &Arc<str>) -> Vec<(String, JobId)> {
        let from = self.by_key.range((room.clone(), String::new())..);
        from.take_while(|((of, _), _)| of == room).map(|((_, key), id)| (key.clone(), *id)).collect()
    }

    fn add(&mut self, kind: &'static str, room: &Arc<str>, key: &str, since: u64, limits: &Limits) {
        self.last += 1;
        let id = JobId(self.last);
        self.by_key.insert((room.clone(), key.to_owned()), id);
        let job = Job { kind, room: room.clone(), key: key.to_owned(), since, failed: 0, came: None };
        self.open.insert(id, job);
        self.turns.wait(id, kind, room, limits);
    }

    /// Whether it was running.
    fn remove(&mut self, id: JobId) -> bool {
        self.resting.retain(|(_, resting)| *resting != id);
        let Some(Job { kind, room, key, .. }) = self.open.remove(&id) else { return false };
        let is_running = self.turns.forget(id, kind, &room);
        self.by_key.remove(&(room, key));
        is_running
    }

    /// Its room, its name in it, and the record that started it.
    pub(super) fn name_of(&self, id: JobId) -> Option<(Arc<str>, String, u64)> {
        self.open.get(&id).map(|job| (job.room.clone(), job.key.clone(), job.since))
    }

    /// When a job is to be run again.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.resting.first().map(|(due_ms, _)| *due_ms)
    }
}

impl Shard {
    /// Compares what a room asks for, as far as that is durable, with what is under way.
    pub(super) fn match_jobs(&mut self, at: usize) {
        let Some(hall) = self.halls[at].as_ref() else { return };
        let Phase::Open { kind, table } = &hall.phase else { return };
        if !kind.has_jobs() {
            return;
        }
        let about = table.about();
        let durable = about.seq.saturating_sub(u64::try_from(hall.undurable.len()).unwrap_or(u64::MAX));
        let under_way = self.jobs.of_room(&hall.name);
        for (key, id) in under_way {
            let is_wanted = about.jobs.get(&key).is_some_and(|job| job.since == self.jobs.open[&id].since);
            if !is_wanted && self.jobs.remove(id) {
                self.outputs.push_back(Output::StopJob(id));
            }
        }
        if hall.frozen.is_some() || self.draining.is_some() {
            return;
        }
        for (key, job) in about.jobs.iter().filter(|(_, job)| job.since <= durable) {
            if !self.jobs.by_key.contains_key(&(hall.name.clone(), key.clone())) {
                self.jobs.add(kind.name(), &hall.name, key, job.since, &self.settings.limits);
            }
        }
    }

    /// A room is dropped from memory: whoever has it next finds its jobs in it.
    pub(super) fn forget_jobs(&mut self, room: &Arc<str>) {
        for (_, id) in self.jobs.of_room(room) {
            if self.jobs.remove(id) {
                self.outputs.push_back(Output::StopJob(id));
            }
        }
    }

    /// Runs what waits for it, as many at once as may be.
    pub(super) fn start_jobs(&mut self) {
        while let Some(id) = self.jobs.turns.next(&self.settings.limits) {
            let Some(start) = self.job_of(id) else {
                self.jobs.turns.ended(id, &self.settings.limits);
                if self.is_read_again(id) {
                    let due_ms = self.now.mono_ms.saturating_add(self.settings.limits.job_retry_ms);
                    self.jobs.resting.insert((due_ms, id));
                }
                continue;
            };
            self.outputs.push_back(Output::StartJob(start));
        }
    }

    fn job_of(&self, id: JobId) -> Option<StartJob> {
        let job = self.jobs.open.get(&id)?;
        let hall = self.halls[*self.by_name.get(&job.room)?].as_ref()?;
        let Phase::Open { kind, table } = &hall.phase else { return None };
        let open = table.about().jobs.get(&job.key).filter(|open| open.since == job.since)?;
        let attempt = open.woken.saturating_add(job.failed).saturating_add(1);
        let (room, key, body) = (job.room.clone(), job.key.clone(), open.job.get().to_owned());
        Some(StartJob { id, kind: kind.name(), room, key, since: job.since, attempt, job: body })
    }

    /// Whether the job waits for its room, which says what is to be done when it was read again.
    fn is_read_again(&self, id: JobId) -> bool {
        let at = self.jobs.open.get(&id).and_then(|job| self.by_name.get(&job.room));
        let hall = at.and_then(|at| self.halls[*at].as_ref());
        hall.is_some_and(|hall| matches!(hall.phase, Phase::Loading(_)))
    }

    /// What came of a run. A result is played if its job is still open; a failure is tried again for a while.
    pub(super) fn job_done(&mut self, id: JobId, result: Result<String, (JobFault, String)>, now: Now) {
        self.show_last_pulse(id, now);
        let limits = &self.settings.limits;
        self.jobs.turns.ended(id, limits);
        let Some(job) = self.jobs.open.get_mut(&id).filter(|_| self.draining.is_none()) else { return };
        let came = match result {
            Ok(result) => Ok(result),
            Err((fault, why)) => {
                job.failed = job.failed.saturating_add(1);
                let (failed, room, key) = (job.failed, &job.room, &job.key);
                let note = format!("room {room}: job {key:?} failed {failed} of {} times: {why}", limits.job_attempts);
                self.outputs.push_back(Output::Note(note));
                if failed < limits.job_attempts {
                    let doubled = limits.job_retry_ms.saturating_mul(1 << (failed - 1).min(20));
                    let rest_ms = doubled.min(limits.job_retry_ms_max);
                    self.jobs.resting.insert((now.mono_ms.saturating_add(rest_ms), id));
                    return;
                }
                Err(fault)
            }
        };
        job.came = Some(came);
        let Some(&at) = self.by_name.get(&job.room) else { return };
        self.play_job(at, id, now);
    }

    /// A room was read again: what came meanwhile is played now.
    pub(super) fn play_jobs(&mut self, at: usize, now: Now) {
        let room = self.hall(at).name.clone();
        let under_way = self.jobs.of_room(&room);
        for (_, id) in under_way {
            self.play_job(at, id, now);
        }
    }

    fn play_job(&mut self, at: usize, id: JobId, now: Now) {
        let Some(hall) = self.halls[at].as_mut().filter(|hall| hall.frozen.is_none()) else { return };
        let stamp = stamp(hall.clock, now);
        let Some(table) = hall.table_mut().filter(|table| !table.is_spoiled()) else { return };
        let Some(job) = self.jobs.open.get_mut(&id) else { return };
        let Some(came) = job.came.take() else { return };
        let (key, since) = (job.key.clone(), job.since);
        let outcome = match came {
            Ok(result) => table.answer(stamp, &key, since, &result),
            Err(why) => table.job_failed(stamp, &key, since, why),
        };
        self.jobs.remove(id);
        self.happened(at, outcome, now);
    }

    /// Whoever has rested long enough waits to be run again.
    pub(super) fn wake_jobs(&mut self, now: Now) {
        while let Some((due_ms, id)) = self.jobs.resting.first().copied().filter(|(due_ms, _)| *due_ms <= now.mono_ms) {
            self.jobs.resting.remove(&(due_ms, id));
            let Jobs { open, turns, .. } = &mut self.jobs;
            let Some(Job { kind, room, .. }) = open.get(&id) else { continue };
            turns.wait(id, kind, room, &self.settings.limits);
        }
    }
}
