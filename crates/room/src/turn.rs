//! What a room may do while it plays one record.

use crate::dice::Dice;
use crate::room::{Room, World};
use crate::seat::Seat;
use crate::table::OPEN_JOBS;
use std::collections::BTreeSet;
use std::time::Duration;

/// One record being played: its time, its luck, and what the room asks the host to do, in order.
pub struct Turn<R: Room> {
    now_ms: u64,
    dice: Dice,
    /// The names of the jobs that are open.
    jobs: BTreeSet<String>,
    /// The number of the last public event before this turn.
    told: u64,
    pub(crate) outcomes: Vec<Outcome<R>>,
}

/// A moment of a turn.
pub(crate) struct Mark {
    dice: Dice,
    jobs: BTreeSet<String>,
    outcomes: usize,
}

/// What playing a record asks the host to do.
pub(crate) enum Outcome<R: Room> {
    Tell(R::Event),
    TellSome(Vec<Seat>, R::Event),
    TellApart { holders: Vec<Seat>, own: R::Event, others: R::Event },
    Clock { key: String, due_ms: u64, signal: <R::World as World>::Signal },
    Replace(u64, R::Event),
    StopClock(String),
    Start { key: String, job: <R::World as World>::Job },
    Stop(String),
    Remove { seat: Seat, reason: String },
    SendAway { user: String, reason: String },
    Close(String),
}

impl<R: Room> Turn<R> {
    pub(crate) fn new(now_ms: u64, dice: Dice) -> Self {
        Self { now_ms, dice, jobs: BTreeSet::new(), told: 0, outcomes: Vec::new() }
    }

    /// The same in a room where these jobs are open.
    pub(crate) fn with_jobs<'a>(mut self, jobs: impl Iterator<Item = &'a String>) -> Self {
        self.jobs.extend(jobs.cloned());
        self
    }

    /// The same in a room where the last public event has this number.
    pub(crate) fn after(mut self, told: u64) -> Self {
        self.told = told;
        self
    }

    /// How things are now, for what may have to be undone.
    pub(crate) fn mark(&self) -> Mark {
        Mark { dice: self.dice.fork(), jobs: self.jobs.clone(), outcomes: self.outcomes.len() }
    }

    /// Undoes what was done since.
    pub(crate) fn go_back(&mut self, mark: Mark) {
        (self.dice, self.jobs) = (mark.dice, mark.jobs);
        self.outcomes.truncate(mark.outcomes);
    }

    /// Room time of this record in milliseconds: since the room was opened, never the machine's clock.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The luck of this record.
    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// Tells everybody, spectators included.
    pub fn tell(&mut self, event: R::Event) {
        self.outcomes.push(Outcome::Tell(event));
    }

    /// Tells the holder of one seat. Nobody else learns that there was anything to tell.
    pub fn tell_only(&mut self, seat: Seat, event: R::Event) {
        self.tell_some(&[seat], event);
    }

    /// Tells the holders of these seats, each in a numbering of their own. Nobody else learns that there was anything to tell.
    pub fn tell_some(&mut self, seats: &[Seat], event: R::Event) {
        self.outcomes.push(Outcome::TellSome(seats.to_vec(), event));
    }

    /// Tells the holders of a secret one thing and everybody else, spectators included, another: one event with two bodies.
    pub fn tell_apart(&mut self, holders: &[Seat], own: R::Event, others: R::Event) {
        self.outcomes.push(Outcome::TellApart { holders: holders.to_vec(), own, others });
    }

    /// The number that the next event will have which is told to everybody: by it clients and the rules can name the same event.
    pub fn next_number(&self) -> u64 {
        let is_public = |outcome: &&Outcome<R>| matches!(outcome, Outcome::Tell(_) | Outcome::TellApart { .. });
        let told = self.outcomes.iter().filter(is_public).count();
        self.told.saturating_add(u64::try_from(told).unwrap_or(u64::MAX)).saturating_add(1)
    }

    /// From now on who catches up or reads the history is shown this in place of the public event of that number, as if it had
    /// been told then. Who has heard the event has heard it: tell them as well. The journal's records are not changed by it.
    pub fn replace(&mut self, number: u64, event: R::Event) {
        self.outcomes.push(Outcome::Replace(number, event));
    }

    /// Sets the clock of this name, or sets it anew: after this time (in whole milliseconds of room time, at least one) the
    /// room is handed `signal`.
    pub fn clock(&mut self, key: &str, after: Duration, signal: <R::World as World>::Signal) {
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1);
        let due_ms = self.now_ms.saturating_add(after_ms);
        self.outcomes.push(Outcome::Clock { key: key.to_owned(), due_ms, signal });
    }

    /// Stops the clock of this name, if it is set.
    pub fn stop_clock(&mut self, key: &str) {
        self.outcomes.push(Outcome::StopClock(key.to_owned()));
    }

    /// Asks something of the world outside under this name; a job of the same name that is still open is replaced.
    ///
    /// # Panics
    /// If more than [`OPEN_JOBS`] are open then: rules that may start many look at their own state first.
    pub fn start(&mut self, key: &str, job: <R::World as World>::Job) {
        self.jobs.insert(key.to_owned());
        assert!(self.jobs.len() <= OPEN_JOBS, "at most {OPEN_JOBS} jobs of a room are open");
        self.outcomes.push(Outcome::Start { key: key.to_owned(), job });
    }

    /// No longer wants the result of the job of this name.
    pub fn stop(&mut self, key: &str) {
        self.jobs.remove(key);
        self.outcomes.push(Outcome::Stop(key.to_owned()));
    }

    /// Takes a seat from its holder. The room is not told again by `left`. Where they only watch they go on watching.
    pub fn remove(&mut self, seat: Seat, reason: &str) {
        self.outcomes.push(Outcome::Remove { seat, reason: reason.to_owned() });
    }

    /// Somebody who watches the room watches it no longer, if they do. Whether they may come back is for `admit` to say, and a
    /// seat they hold is taken by [`remove`](Self::remove).
    pub fn send_away(&mut self, user: &str, reason: &str) {
        self.outcomes.push(Outcome::SendAway { user: user.to_owned(), reason: reason.to_owned() });
    }

    /// Ends the room, with a word for how it ended. Clocks and jobs stop; nothing can be played any more.
    pub fn close(&mut self, outcome: &str) {
        self.outcomes.push(Outcome::Close(outcome.to_owned()));
    }
}
