//! What the journal holds: everything that ever changed a table, one record each, as JSON a person can read.

use crate::batch::Unplayed;
use crate::dice::Seed;
use crate::hash::Hash64;
use crate::seat::Seat;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// One change of a table. Playing a room's records in order gives the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The record's number in its room, from 1, without gaps; a room opened again under its old name goes on counting.
    pub seq: u64,
    /// Room time in milliseconds at which it is played.
    pub at_ms: u64,
    /// Wall time in milliseconds since 1970, for show: nothing depends on it but what clients are shown as `ts`.
    pub ts_ms: u64,
    /// What kind of change.
    pub cause: Cause,
    /// The change itself, JSON.
    pub input: String,
    /// Over the record before it, this record and what it brought about: see [`Chain`].
    pub hash: Hash64,
}

/// When something happens: room time and wall time, both in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Room time; the table takes its own time where this lies before it.
    pub at_ms: u64,
    /// Wall time since 1970.
    pub ts_ms: u64,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What kind of change a record is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Cause { $($(#[$doc])* $name,)* }

        impl Cause {
            /// Its name in the journal.
            pub fn as_str(self) -> &'static str {
                match self { $(Cause::$name => $text,)* }
            }

            /// Reads what [`as_str`](Self::as_str) wrote.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Cause::$name),)* _ => None }
            }
        }
    };
}

causes! {
    /// The room was opened: a life begins.
    Opened = "opened",
    /// It was loaded again after some time.
    Woke = "woke",
    /// It was put away in good order; marks how far room time had come.
    Slept = "slept",
    /// Somebody took a seat.
    Joined = "joined",
    /// Somebody gave a seat up.
    Left = "left",
    /// A member is here, or no longer: of kinds that ask.
    Present = "present",
    /// A member acted.
    Action = "action",
    /// A member acted several times under one message id.
    Batch = "batch",
    /// A clock ran out, or a job answered.
    Signal = "signal",
    /// A signal, or that somebody came or went, which the rules could not play: it changed nothing of theirs and is used up.
    Failed = "failed",
    /// A member resigned by way of the table.
    Resigned = "resigned",
    /// The table closed the room.
    Closed = "closed",
    /// Other rules took the room over.
    Migrated = "migrated",
}

/// By which rules something was recorded: only the very same may play it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The kind.
    pub kind: String,
    /// Its `RULES`.
    pub rules: u32,
    /// Its content.
    pub content: Hash64,
}

impl Version {
    /// Reads it off a snapshot.
    pub fn of_snapshot(snapshot: &str) -> Option<Self> {
        serde_json::from_str(snapshot).ok()
    }

    /// Reads it off a record that makes a table, `opened` or `migrated`; `None` for another record, or a damaged one.
    pub fn of(record: &Record) -> Option<Self> {
        match record.cause {
            Cause::Opened => serde_json::from_str(&record.input).ok(),
            Cause::Migrated => {
                let input: MigratedInput = serde_json::from_str(&record.input).ok()?;
                Self::of_snapshot(input.table.get())
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rules {} of {:?}", self.rules, self.kind)?;
        if self.content == Hash64(0) { Ok(()) } else { write!(f, " with content {}", self.content) }
    }
}

/// What an opening record says of its room, whatever the kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OpeningHead {
    /// The room's name.
    pub room: String,
    /// Its kind.
    pub kind: String,
    /// The rules it is played by.
    pub rules: u32,
    /// Who opened it.
    pub by: String,
}

impl OpeningHead {
    /// Reads it off an `opened` record; `None` for another record, or a damaged one.
    pub fn of(record: &Record) -> Option<Self> {
        if record.cause == Cause::Opened { serde_json::from_str(&record.input).ok() } else { None }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenedInput<C> {
    pub(crate) room: String,
    pub(crate) kind: String,
    pub(crate) rules: u32,
    pub(crate) content: Hash64,
    pub(crate) by: String,
    pub(crate) id: Option<String>,
    pub(crate) body: Hash64,
    pub(crate) seed: Seed,
    pub(crate) config: C,
}

/// The table as it was taken over, before this record; and from whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MigratedInput {
    pub(crate) from: Version,
    pub(crate) table: Box<RawValue>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WokeInput {
    pub(crate) down_ms: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SleptInput {}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinedInput {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) seat: Seat,
    pub(crate) nonce: Option<String>,
    pub(crate) bot: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftInput {
    pub(crate) user: String,
    pub(crate) reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresentInput {
    pub(crate) user: String,
    pub(crate) here: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionInput<A> {
    pub(crate) user: String,
    pub(crate) seat: Seat,
    pub(crate) id: Option<String>,
    pub(crate) body: Hash64,
    pub(crate) action: A,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "A: Deserialize<'de>"))]
pub(crate) struct BatchInput<A> {
    pub(crate) user: String,
    pub(crate) seat: Seat,
    pub(crate) id: Option<String>,
    pub(crate) body: Hash64,
    pub(crate) atomic: bool,
    pub(crate) steps: Vec<Step<A>>,
}

/// One action of a batch: played, or why it was not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step<A> {
    Played(A),
    Refused(Unplayed),
}

impl<A> Step<A> {
    pub(crate) fn refused(&self) -> Option<Unplayed> {
        match self {
            Step::Played(_) => None,
            Step::Refused(why) => Some(why.clone()),
        }
    }
}

/// Which clock or job; a job's result comes with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de>"))]
pub(crate) struct SignalInput<S> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<S>,
}

/// Which clock or job was used up, or who came or went, without the rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailedInput {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) present: Option<PresentInput>,
}

/// A result that is there, also where it is `null`: a unit struct is written so.
fn present<'de, S: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<S>, D::Error> {
    S::deserialize(deserializer).map(Some)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResignedInput {
    pub(crate) user: String,
    pub(crate) seat: Seat,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosedInput {
    pub(crate) by: String,
    pub(crate) reason: String,
}

/// Builds a record's hash: the first 64 bits of SHA-256 over the hash of the record before it (0 for `opened`), number, room
/// time and wall time (each `u64` BE), the cause's name and a 0 byte, SHA-256 of the input (so that a body could be taken out
/// and the hash still be checked), and the outcomes in order. It finds accidents: damage, divergence, a record lost or moved.
/// It does not find forgers.
pub(crate) struct Chain(Sha256);

impl Chain {
    pub(crate) fn new(before: Hash64, seq: u64, stamp: Stamp, cause: Cause, input: &str) -> Self {
        let mut hasher = Sha256::new();
        for number in [before.0, seq, stamp.at_ms, stamp.ts_ms] {
            hasher.update(number.to_be_bytes());
        }
        hasher.update(cause.as_str());
        hasher.update([0]);
        hasher.update(Sha256::digest(input));
        Self(hasher)
    }

    /// One outcome: a tag, then each part behind its length.
    pub(crate) fn outcome(&mut self, tag: u8, parts: &[&[u8]]) {
        self.0.update([tag]);
        for part in parts {
            self.0.update(u64::try_from(part.len()).expect("a length fits 64 bits").to_be_bytes());
            self.0.update(part);
        }
    }

    pub(crate) fn finish(self) -> Hash64 {
        Hash64::finish(self.0)
    }
}
