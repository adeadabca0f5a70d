//! How often each thing happened that a run is there for: what never happened was not tested.

use std::collections::BTreeMap;

/// What each ten seeds must have seen.
pub const WANTED: &[&str] = &[
    "cuts",
    "crashes",
    "crashes that kept unreported batches",
    "crashes that lost unreported batches",
    "slow commits",
    "time jumps",
    "reads that failed",
    "panics",
    "drains",
    "retries",
    "dups",
    "ids reused",
    "resumed: replayed",
    "resumed: view",
    "resumed: fresh",
    "acts",
    "refusals by the rules",
    "junk answered",
    "limited",
    "floods",
    "refused for want of tokens",
    "closed with 1008 after the greeting",
    "clock firings",
    "rooms put to sleep",
    "rooms woken as they were due",
    "bot moves",
    "events",
    "views",
    "patches",
    "slow readers",
    "slow readers caught up",
    "members away in the end",
    "jobs run",
    "jobs run again",
    "jobs stopped",
    "new lives of a name",
    "atomic batches",
    "batches",
    "batches played in part",
    "batches answered again",
    "batches refused",
    "pulses",
    "pulses shown",
    "pulses refused",
    "finds",
    "finds answered again",
    "finds that opened a room",
    "lists",
    "turns in which something was held",
    "packets between shards",
    "packets lost",
    "packets doubled",
    "rooms not reached",
    "rooms lost between shards",
    "rooms that connections were tracked into",
    "heartbeats",
];

/// Counters by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// One more.
    pub fn add(&mut self, what: &'static str) {
        self.add_many(what, 1);
    }

    /// So many more.
    pub fn add_many(&mut self, what: &'static str, count: u64) {
        *self.0.entry(what).or_default() += count;
    }

    /// How many.
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Both together.
    pub fn merge(&mut self, other: &Tally) {
        for (what, count) in &other.0 {
            self.add_many(what, *count);
        }
    }

    /// What should have happened and did not.
    pub fn missing(&self) -> Vec<&'static str> {
        WANTED.iter().copied().filter(|what| self.of(what) == 0).collect()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|(what, count)| writeln!(f, "{count:>9}  {what}"))
    }
}
