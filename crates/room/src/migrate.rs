//! Taking a room over from other rules than these: older ones, or the same with another content.
//!
//! A room is played by the rules it was recorded under, or not at all. Newer rules may take its table over:
//! [`Room::migrate`] makes its state, clocks and jobs into what these rules keep, and the whole table as it is then stands in a
//! record `migrated`. So the record says what became of it, replay needs no code of the old rules from there on, and where the
//! old rules are still there it migrates once more and compares.

use crate::divergence::{Divergence, Why};
use crate::hash::Hash64;
use crate::play::{Fault, SignalOf, guard};
use crate::record::{Cause, Chain, MigratedInput, Record, Stamp, Version};
use crate::room::{Room, World};
use crate::table::{Clock, OpenJob, Played, SNAPSHOT_FORMAT, Table};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

type JobOf<R> = <<R as Room>::World as World>::Job;

/// A room as other rules left it.
#[derive(Debug)]
pub struct Old {
    /// Their [`Room::RULES`].
    pub rules: u32,
    /// Their [`Room::content`].
    pub content: Hash64,
    config: Box<RawValue>,
    state: Box<RawValue>,
    clocks: BTreeMap<String, Clock<Box<RawValue>>>,
    jobs: BTreeMap<String, OpenJob>,
}

impl Old {
    /// Its configuration, read as what it was or as anything it still fits.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, Unmigrated> {
        read("the configuration", &self.config)
    }

    /// Its state, read as what it was or as anything it still fits.
    pub fn state<T: DeserializeOwned>(&self) -> Result<T, Unmigrated> {
        read("the state", &self.state)
    }

    /// What its clocks will ring, and when in room time.
    pub fn clocks<S: DeserializeOwned>(&self) -> Result<BTreeMap<String, (u64, S)>, Unmigrated> {
        let read = |(key, clock): (&String, &Clock<Box<RawValue>>)| {
            Ok((key.clone(), (clock.due_ms, read(&format!("the clock {key:?}"), &clock.signal)?)))
        };
        self.clocks.iter().map(read).collect()
    }

    /// The jobs whose results it awaits.
    pub fn jobs<J: DeserializeOwned>(&self) -> Result<BTreeMap<String, J>, Unmigrated> {
        self.jobs.iter().map(|(key, job)| Ok((key.clone(), read(&format!("the job {key:?}"), &job.job)?))).collect()
    }
}

/// The same room as these rules keep it. A clock or job that is left out stops; one that was not there begins.
pub struct Migrated<R: Room> {
    /// What it was opened with.
    pub config: R::Config,
    /// Its state.
    pub state: R,
    /// What its clocks will ring, and when in room time.
    pub clocks: BTreeMap<String, (u64, SignalOf<R>)>,
    /// The jobs whose results it awaits.
    pub jobs: BTreeMap<String, JobOf<R>>,
}

impl<R: Room> Migrated<R> {
    /// With this state; configuration, clocks and jobs as they were.
    pub fn with(old: &Old, state: R) -> Result<Self, Unmigrated> {
        Ok(Self { config: old.config()?, state, clocks: old.clocks()?, jobs: old.jobs()? })
    }
}

/// Why a room was not taken over; for its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmigrated(String);

impl Unmigrated {
    /// A reason.
    pub fn because(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl std::fmt::Display for Unmigrated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unmigrated {}

/// What of a snapshot has to be looked at to take it over; the rest goes over as it is, byte for byte.
#[derive(Deserialize)]
struct Parts {
    format: u32,
    rules: u32,
    content: Hash64,
    config: Box<RawValue>,
    state: Box<RawValue>,
    clocks: BTreeMap<String, Clock<Box<RawValue>>>,
    jobs: BTreeMap<String, OpenJob>,
}

impl<R: Room> Table<R> {
    /// Takes over the table in this snapshot, which other rules wrote, and records it.
    pub fn migrate(snapshot: &str, ts_ms: u64) -> Result<(Self, Played), Unmigrated> {
        let unreadable = |error: serde_json::Error| Unmigrated(format!("the snapshot cannot be read: {error}"));
        let from: Version = serde_json::from_str(snapshot).map_err(unreadable)?;
        let parts: Parts = serde_json::from_str(snapshot).map_err(unreadable)?;
        if parts.format != SNAPSHOT_FORMAT {
            return Err(Unmigrated(format!("the snapshot has form {}, this version reads {SNAPSHOT_FORMAT}", parts.format)));
        }
        let mut whole: BTreeMap<String, Box<RawValue>> = serde_json::from_str(snapshot).map_err(unreadable)?;
        let Parts { rules, content, config, state, clocks, jobs, .. } = parts;
        let out: BTreeMap<String, (u64, u32)> = jobs.iter().map(|(key, job)| (key.clone(), (job.since, job.woken))).collect();
        let set: BTreeMap<String, u64> = clocks.iter().map(|(key, clock)| (key.clone(), clock.set)).collect();
        let old = Old { rules, content, config, state, clocks, jobs };
        let new = guard(|| R::migrate(old)).map_err(|fault| Unmigrated(format!("in the migration {fault}")))??;
        guard(|| new.state.sound())
            .map_err(|fault| Unmigrated(format!("of the migrated state: {fault}")))?
            .map_err(|why| Unmigrated(format!("the migrated state is unsound: {why}")))?;
        let head: Head = serde_json::from_str(snapshot).map_err(unreadable)?;
        let clock = |(key, (due_ms, signal))| {
            let set = set.get(&key).copied().unwrap_or(head.seq);
            (key, Clock { due_ms, set, signal })
        };
        let clocks: BTreeMap<String, Clock<SignalOf<R>>> = new.clocks.into_iter().map(clock).collect();
        let mut jobs = BTreeMap::new();
        for (key, job) in new.jobs {
            let (since, woken) = out.get(&key).copied().unwrap_or((head.seq, 0));
            jobs.insert(key, OpenJob { since, woken, job: raw(&job)? });
        }
        for (name, value) in [
            ("rules", raw(&R::RULES)?),
            ("content", raw(&R::content())?),
            ("config", raw(&new.config)?),
            ("state", raw(&new.state)?),
            ("clocks", raw(&clocks)?),
            ("jobs", raw(&jobs)?),
        ] {
            whole.insert(name.to_owned(), value);
        }
        let table: Self = serde_json::from_str(&raw(&whole)?.to_string()).map_err(unreadable)?;
        let input = MigratedInput { from, table: RawValue::from_string(table.snapshot()).map_err(unreadable)? };
        let text = raw(&input)?.to_string();
        let stamp = Stamp { at_ms: table.at_ms, ts_ms };
        Self::restore(input.table.get()).map(|table| table.enter(stamp, text)).map_err(|damage| Unmigrated(damage.to_string()))
    }

    /// Makes the table of a `migrated` record.
    pub(crate) fn replay_migrated(record: &Record) -> Result<(Self, Played), Divergence> {
        let diverges = |why| Divergence { seq: record.seq, why };
        let input: MigratedInput =
            serde_json::from_str(&record.input).map_err(|error| diverges(Why::Unreadable(error.to_string())))?;
        let table = guard(|| Self::restore(input.table.get())).map_err(|fault| diverges(Why::Fault(fault)))?;
        let table = table.map_err(|damage| diverges(Why::Unreadable(damage.to_string())))?;
        if table.seq + 1 != record.seq || table.at_ms != record.at_ms {
            return Err(diverges(Why::Fault(Fault::Misfit)));
        }
        let stamp = Stamp { at_ms: record.at_ms, ts_ms: record.ts_ms };
        let (table, played) = table.enter(stamp, record.input.clone());
        if played.record.hash != record.hash {
            return Err(diverges(Why::OtherHash));
        }
        Ok((table, played))
    }

    /// The table goes on after the record that says it was taken over.
    fn enter(mut self, stamp: Stamp, text: String) -> (Self, Played) {
        let seq = self.seq + 1;
        self.hash = Chain::new(self.hash, seq, stamp, Cause::Migrated, &text).finish();
        (self.seq, self.ts_ms) = (seq, stamp.ts_ms);
        let record = Record { seq, at_ms: stamp.at_ms, ts_ms: stamp.ts_ms, cause: Cause::Migrated, input: text, hash: self.hash };
        (self, Played::quietly(record))
    }
}

#[derive(Deserialize)]
struct Head {
    seq: u64,
}

fn read<T: DeserializeOwned>(what: &str, text: &RawValue) -> Result<T, Unmigrated> {
    serde_json::from_str(text.get()).map_err(|error| Unmigrated(format!("{what} does not fit: {error}")))
}

fn raw<T: Serialize>(value: &T) -> Result<Box<RawValue>, Unmigrated> {
    guard(|| to_raw_value(value))
        .map_err(|fault| Unmigrated(fault.to_string()))?
        .map_err(|error| Unmigrated(format!("what was migrated cannot be written as JSON: {error}")))
}
