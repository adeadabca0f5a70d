//! One open room with all that is kept with it. Inputs are judged (`ask.rs`), become records, and are played (`play.rs`): the
//! same way live and in replay.
//!
//! **What is kept is the table**: the author's state, members and their tenure, inboxes, clocks, open jobs, streams with their
//! rings, room time and the record's number. A snapshot covers all of it.

use crate::dice::{Seed, Stirred, key};
use crate::hash::Hash64;
use crate::inbox::Inbox;
pub use crate::members::{Member, Members};
use crate::record::{Record, Version};
use crate::room::{Reveal, Room, World};
use crate::seat::{Seat, Viewer};
use crate::stream::{Body, Position, Streams, Told};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The form of snapshots this code writes and reads.
pub const SNAPSHOT_FORMAT: u32 = 1;
/// A nonce is at most this many bytes.
pub const NONCE_BYTES: usize = 64;
/// What comes from outside is nested at most this deep: JSON is read to a depth of 127, and records and snapshots wrap more
/// around it.
pub const JSON_DEPTH: usize = 64;
/// So many jobs of one room may be open; the rules panic that start more.
pub const OPEN_JOBS: usize = 64;
/// The name of a clock or a job is at most this many bytes.
pub const KEY_BYTES: usize = 64;

/// How a room ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// The rules' word for it, or the reason the table was given.
    pub outcome: String,
    /// When, in room time.
    pub at_ms: u64,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A job asked of the world outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenJob {
    /// The record that started it; a result for another is dropped.
    pub since: u64,
    /// How often the room was loaded again since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub woken: u32,
    /// What is asked.
    pub job: Box<RawValue>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clock<S> {
    pub(crate) due_ms: u64,
    /// The record that set it: of two clocks due at once, the older goes first.
    pub(crate) set: u64,
    pub(crate) signal: S,
}

/// Who opened a room, and by which request: a repeated request is answered as the first was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opener {
    /// The user.
    pub user: String,
    /// The message id of the request, if it had one.
    pub id: Option<String>,
    /// The hash of the request.
    pub body: Hash64,
    /// The number of the opening record.
    pub seq: u64,
    /// Its wall time.
    pub ts_ms: u64,
    /// The rules it was opened under.
    pub rules: u32,
}

/// By which rules rooms of this type are recorded.
pub(crate) fn version_of<R: Room>() -> Version {
    Version { kind: R::KIND.to_owned(), rules: R::RULES, content: R::content() }
}

/// One open room and all that is kept with it.
#[derive(Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct Table<R: Room> {
    pub(crate) format: u32,
    pub(crate) kind: String,
    pub(crate) rules: u32,
    pub(crate) content: Hash64,
    pub(crate) name: String,
    pub(crate) life: String,
    pub(crate) opener: Opener,
    pub(crate) seq: u64,
    pub(crate) hash: Hash64,
    pub(crate) at_ms: u64,
    pub(crate) ts_ms: u64,
    pub(crate) seed: Seed,
    pub(crate) stirred: Vec<Stirred>,
    #[serde(skip)]
    pub(crate) key: [u8; 32],
    /// Set by a panic in the middle of a play: the state is neither before nor after it.
    #[serde(skip)]
    pub(crate) spoiled: bool,
    pub(crate) config: R::Config,
    pub(crate) state: R,
    pub(crate) members: Members,
    pub(crate) inboxes: BTreeMap<String, Inbox>,
    pub(crate) clocks: BTreeMap<String, Clock<<R::World as World>::Signal>>,
    pub(crate) jobs: BTreeMap<String, OpenJob>,
    pub(crate) streams: Streams,
    pub(crate) ended: Option<Ended>,
}

/// A record that was played, and what it brought about.
#[derive(Clone, Debug)]
pub struct Played {
    /// What must be written to the journal before any of this is shown.
    pub record: Record,
    /// The events, in order.
    pub told: Vec<Told>,
    /// Public events that were told before, and what is shown in their place from now on.
    pub replaced: Vec<(u64, Body)>,
    /// The jobs that began or are no longer wanted.
    pub jobs: Vec<JobChange>,
    /// Who lost a seat by it, and why.
    pub removed: Vec<Removed>,
    /// Whether it ended the room.
    pub ended: bool,
    /// Why a signal could not be played: of a record `failed` that was written just now. For the operator.
    pub fault: Option<crate::Fault>,
}

impl Played {
    /// A record that brought nothing about.
    pub(crate) fn quietly(record: Record) -> Self {
        let (told, replaced, jobs, removed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { record, told, replaced, jobs, removed, ended: false, fault: None }
    }
}

/// A job that began or is no longer wanted.
#[derive(Clone, Debug)]
pub enum JobChange {
    /// Run this.
    Start {
        /// The job's name in the room.
        key: String,
        /// The record that asked for it: results name it.
        since: u64,
        /// What is asked, JSON.
        job: Box<RawValue>,
    },
    /// Its result is no longer wanted.
    Stop(String),
}

/// A member who no longer holds a seat, or somebody who is not to watch any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Who.
    pub user: String,
    /// The seat they held; none of who is only not to watch.
    pub seat: Option<Seat>,
    /// Why.
    pub reason: String,
}

/// What everybody may know of a room, whatever its kind.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// The rules it is played by.
    pub rules: u32,
    /// Their content.
    pub content: Hash64,
    /// Its name.
    pub name: &'a str,
    /// Which life of that name: a short hash of its opening record.
    pub life: &'a str,
    /// Who opened it, by which request.
    pub opener: &'a Opener,
    /// The number of its last record.
    pub seq: u64,
    /// The hash of its last record.
    pub hash: Hash64,
    /// Room time of its last record.
    pub at_ms: u64,
    /// Wall time of its last record.
    pub ts_ms: u64,
    /// Who holds a seat, by user id.
    pub members: &'a Members,
    /// How many may play.
    pub seats: u32,
    /// How it ended, if it has.
    pub ended: Option<&'a Ended>,
    /// What was told.
    pub streams: &'a Streams,
    /// The jobs whose results are awaited.
    pub jobs: &'a BTreeMap<String, OpenJob>,
}

impl<R: Room> Table<R> {
    /// The author's state.
    pub fn state(&self) -> &R {
        &self.state
    }

    /// The configuration the room was opened with.
    pub fn config(&self) -> &R::Config {
        &self.config
    }

    /// This table with another author's state in it, for tests that ask whether somebody can tell the two apart.
    pub fn with_state(mut self, state: R) -> Self {
        self.state = state;
        self
    }

    /// What everybody may know of it.
    pub fn about(&self) -> About<'_> {
        About {
            kind: &self.kind,
            rules: self.rules,
            content: self.content,
            name: &self.name,
            life: &self.life,
            opener: &self.opener,
            seq: self.seq,
            hash: self.hash,
            at_ms: self.at_ms,
            ts_ms: self.ts_ms,
            members: &self.members,
            seats: R::seats(&self.config).max(),
            ended: self.ended.as_ref(),
            streams: &self.streams,
            jobs: &self.jobs,
        }
    }

    /// What this viewer has heard if they have heard everything.
    pub fn position(&self, viewer: Viewer) -> Position {
        Position { life: self.life.clone(), n: self.streams.n(), m: Some(self.streams.m(viewer)) }
    }

    /// When the next clock is due, in room time.
    pub fn due_ms(&self) -> Option<u64> {
        self.clocks.values().map(|clock| clock.due_ms).min()
    }

    /// Whether a panic in the middle of an action left the state neither before nor after it: the table must be loaded again.
    pub fn is_spoiled(&self) -> bool {
        self.spoiled
    }

    /// The promise about the dice that every player is given.
    pub fn seed_hash(&self) -> String {
        self.seed.hash()
    }

    /// The seed, where this kind lets members see it once the room has ended.
    pub fn revealed_seed(&self) -> Option<String> {
        (R::SEED == Reveal::AtClose && self.ended.is_some()).then(|| self.seed.into())
    }

    /// All of the table as JSON.
    ///
    /// # Panics
    /// If the author's state cannot be written as JSON (a map whose keys are no strings): a mistake that the first test of a
    /// room finds.
    pub fn snapshot(&self) -> String {
        serde_json::to_string(self).expect("a room's state can be written as JSON")
    }

    /// Reads a snapshot back. It must serialise again to the same bytes, or it is damaged or was written by other rules.
    pub fn restore(text: &str) -> Result<Self, Damage> {
        let mut table: Self = serde_json::from_str(text).map_err(|error| Damage::Unreadable(error.to_string()))?;
        if table.format != SNAPSHOT_FORMAT {
            return Err(Damage::Format(table.format));
        }
        let version = Version { kind: table.kind.clone(), rules: table.rules, content: table.content };
        if version != version_of::<R>() {
            return Err(Damage::OtherRules(version));
        }
        if table.snapshot() != text {
            return Err(Damage::NotCanonical);
        }
        table.key = key(&table.seed, &table.stirred);
        Ok(table)
    }
}

/// Why a snapshot cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It does not decode; the text says where.
    Unreadable(String),
    /// It was written in another form.
    Format(u32),
    /// It was written by other rules than these.
    OtherRules(Version),
    /// It decodes, but does not serialise again to the same bytes.
    NotCanonical,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Damage::Unreadable(why) => write!(f, "the snapshot cannot be read: {why}"),
            Damage::Format(format) => write!(f, "the snapshot has form {format}, this version reads {SNAPSHOT_FORMAT}"),
            Damage::OtherRules(version) => write!(f, "the snapshot was written by {version}"),
            Damage::NotCanonical => f.write_str("the snapshot does not serialise again to its own bytes"),
        }
    }
}

impl std::error::Error for Damage {}
