//! What a room asks of the world outside, and who does it. The runner is the one part of a room that may read clocks, files and
//! sockets; this module only says how it is called.

use crate::play::{SignalOf, guard};
use crate::room::{Room, World};
use serde::Serialize;
use serde_json::value::to_raw_value;
use std::marker::PhantomData;

/// The jobs of a kind of room.
pub type JobOf<R> = <<R as Room>::World as World>::Job;

/// Does the jobs of one kind of room.
///
/// **A job may be run more than once**: again after it failed, again after a restart, and at the same time by a server that has
/// not noticed yet that it lost the room. So whatever it does outside must be the same when it is done twice: name it by
/// [`Errand::room`], [`Errand::key`] and [`Errand::since`]. Only one result is ever recorded, and a replay takes that one and
/// calls nobody.
///
/// It is called on a thread of its own and may block. What the room should hear of, a failure too, is a signal; an error or a
/// panic means that it may work next time.
pub trait Runner<R: Room>: Send + Sync + 'static {
    /// Does the job and returns what the room is to be told.
    fn run(&self, job: JobOf<R>, errand: &Errand<'_>) -> Result<SignalOf<R>, String>;
}

/// One run of a job.
#[non_exhaustive]
pub struct Errand<'a> {
    /// The room that asks.
    pub room: &'a str,
    /// The job's name in the room.
    pub key: &'a str,
    /// The record that started it: no other job of this room has it together with the same name.
    pub since: u64,
    /// Counts from 1, one more every time it failed, and every time the room was loaded again meanwhile.
    pub attempt: u32,
    outside: &'a dyn Outside,
}

/// What a runner has to do with the server that runs it.
pub trait Outside {
    /// Whether nobody wants the result any more.
    fn is_stopped(&self) -> bool;

    /// Shows a pulse, JSON; one that was not shown yet may be dropped for it.
    fn pulse(&self, pulse: String);
}

impl<'a> Errand<'a> {
    /// A run of a job.
    pub fn new(room: &'a str, key: &'a str, since: u64, attempt: u32, outside: &'a dyn Outside) -> Self {
        Self { room, key, since, attempt, outside }
    }

    /// Whether nobody wants the result any more: a runner that takes long looks now and then, and returns anything.
    pub fn is_stopped(&self) -> bool {
        self.outside.is_stopped()
    }

    /// Tells of progress: a pulse of the room's kind (`World::Pulse`), to whom [`Room::pulse`] shows it, as long as the job is
    /// open. It may be called as often as one likes: what was not shown yet is dropped for what is newer.
    pub fn pulse(&self, pulse: &impl Serialize) {
        // What cannot be written as JSON is no pulse of any room.
        if let Ok(pulse) = to_raw_value(pulse) {
            self.outside.pulse(pulse.get().to_owned());
        }
    }
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobFault {
    /// The runner returned an error, every time.
    Failed,
    /// The runner panicked, the last time.
    Panicked,
    /// There was a result, and the rules could not play it.
    BadResult,
}

/// A runner, whatever its kind.
pub trait AnyRunner: Send + Sync {
    /// Does a job, JSON; its result is JSON. An error is for the operator, with the word for it.
    fn run(&self, job: &str, errand: &Errand<'_>) -> Result<String, (JobFault, String)>;
}

/// The runner of an author's room type.
pub struct RunnerOf<R, W>(W, PhantomData<fn() -> R>);

impl<R: Room, W: Runner<R>> RunnerOf<R, W> {
    /// As any runner.
    pub fn new(runner: W) -> Self {
        Self(runner, PhantomData)
    }
}

impl<R: Room, W: Runner<R>> AnyRunner for RunnerOf<R, W> {
    fn run(&self, job: &str, errand: &Errand<'_>) -> Result<String, (JobFault, String)> {
        let run = || {
            let job: JobOf<R> = serde_json::from_str(job).map_err(|error| format!("the job cannot be read: {error}"))?;
            let signal = self.0.run(job, errand)?;
            to_raw_value(&signal).map_err(|error| format!("the result cannot be written as JSON: {error}"))
        };
        match guard(run) {
            Ok(Ok(result)) => Ok(result.get().to_owned()),
            Ok(Err(why)) => Err((JobFault::Failed, why)),
            Err(_) => Err((JobFault::Panicked, "the runner panicked".to_owned())),
        }
    }
}
