//! What the server measures itself, because it takes a clock or sockets: for `/metrics`. Written by the threads that do the work,
//! read by the cold path; plain counters, nobody waits for anybody.

use parlour_engine::store::Batch;
use parlour_room::record::Cause;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Upper ends of the ranges of every histogram of times, in microseconds; above the last there is one range more.
pub(crate) const BOUNDS_US: [u64; 14] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000];
const RANGES: usize = BOUNDS_US.len() + 1;

/// How often something took how long.
#[derive(Debug, Default)]
pub(crate) struct Times {
    ranges: [AtomicU64; RANGES],
    sum_us: AtomicU64,
}

/// What was measured up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    /// How many fell into each range, each counted once.
    pub(crate) ranges: [u64; RANGES],
    pub(crate) sum_us: u64,
}

impl Times {
    /// So many things took so long.
    pub(crate) fn note(&self, took: Duration, count: u64) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let range = BOUNDS_US.partition_point(|bound| *bound < us);
        self.ranges[range].fetch_add(count, Ordering::Relaxed);
        self.sum_us.fetch_add(us.saturating_mul(count), Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Measured {
        let ranges = std::array::from_fn(|at| self.ranges[at].load(Ordering::Relaxed));
        Measured { ranges, sum_us: self.sum_us.load(Ordering::Relaxed) }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    /// From the turn in which an action was read to the one in which its answer left.
    pub(crate) acks: Times,
    /// The first part of that: until its record was handed to the journal.
    pub(crate) turns: Times,
    /// The second part: until it was known to be on disk.
    pub(crate) commits: Times,
    /// Reading one room back from the journal.
    pub(crate) loads: Times,
    /// Connections cut because they were owed more than may wait for them; the shard counts those that took too long.
    pub(crate) slow_consumers: AtomicU64,
    /// Tokens that the HTTP API refused, by [`REASONS`].
    pub(crate) auth_failures: [AtomicU64; REASONS.len()],
    /// How long the journal took to open when the server started.
    pub(crate) recovery_us: AtomicU64,
}

/// Why somebody was not believed.
pub(crate) const REASONS: [&str; 7] = [
    "authentication_required",
    "authentication_failed",
    "token_expired",
    "token_too_long",
    "token_revoked",
    "other_user",
    "keys_unavailable",
];

impl Meters {
    /// One more.
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody was not believed, for this code.
    pub(crate) fn not_believed(&self, code: &str) {
        if let Some(at) = REASONS.iter().position(|reason| *reason == code) {
            Self::count(&self.auth_failures[at]);
        }
    }
}

/// Times what the loop hands to the journal.
pub(crate) struct Stopwatch {
    meters: Arc<Meters>,
    turn: Instant,
    /// What is not on disk yet: the batch, how many actions are in it, when they were read and when they were handed over. As
    /// long as rooms may run ahead of the disk, no longer.
    waiting: VecDeque<(u64, u64, Instant, Instant)>,
}

impl Stopwatch {
    pub(crate) fn new(meters: Arc<Meters>) -> Self {
        Self { meters, turn: Instant::now(), waiting: VecDeque::new() }
    }

    /// A turn begins.
    pub(crate) fn turn(&mut self, at: Instant) {
        self.turn = at;
    }

    /// A batch goes to the journal.
    pub(crate) fn handed_over(&mut self, batch: &Batch) {
        let actions = batch.records.iter().filter(|(_, record)| record.cause == Cause::Action).count();
        let Some(actions) = u64::try_from(actions).ok().filter(|actions| *actions > 0) else { return };
        let now = Instant::now();
        self.meters.turns.note(now - self.turn, actions);
        self.waiting.push_back((batch.commit, actions, self.turn, now));
    }

    /// Everything up to this batch is on disk, and what it held back leaves now.
    pub(crate) fn durable(&mut self, commit: u64) {
        let now = Instant::now();
        while let Some((_, actions, read, handed_over)) = self.waiting.pop_front_if(|(waiting, ..)| *waiting <= commit) {
            self.meters.commits.note(now - handed_over, actions);
            self.meters.acks.note(now - read, actions);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_first_range_that_reaches_it() {
        let times = Times::default();
        for us in [0, 100, 101, 2_500_000, 2_500_001] {
            times.note(Duration::from_micros(us), 2);
        }
        let measured = times.read();
        assert_eq!((measured.ranges[0], measured.ranges[1], measured.ranges[13], measured.ranges[14]), (4, 2, 2, 2));
        assert_eq!(measured.sum_us, 2 * (100 + 101 + 2_500_000 + 2_500_001));
    }
}
