//! What the shard asks of the journal, and what it is handed back: the end of the line "record, hash -> append", as plain values.

use crate::forward::ShardId;
use crate::lookup::{FindRow, HistoryRow, Listing};
use parlour_room::{Hash64, Record};
use std::sync::Arc;

/// Everything one turn of the loop recorded: written whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Whose it is: commits are numbered by shard.
    pub shard: ShardId,
    /// Rises by one with every batch; told back when the batch is on disk.
    pub commit: u64,
    /// The records, in the order in which they happened; each room's are dense.
    pub records: Vec<(Arc<str>, Record)>,
    /// Rooms whose life began in this batch.
    pub opened: Vec<RoomRow>,
    /// Rooms that ended in this batch.
    pub ended: Vec<EndedRow>,
    /// Snapshots taken in this turn, at most one of a room, after any of its records; each replaces its room's former one.
    pub snapshots: Vec<Snapshot>,
    /// Rooms whose row is to say something else from now on about when they are to be woken; at most one of a room.
    pub wakes: Vec<WakeRow>,
    /// Rooms whose seats or visibility changed, at most one of a room, as they are after all its records.
    pub listings: Vec<Listing>,
    /// Public events of kinds that keep them for good; one that is there already has another body from now on.
    pub history: Vec<HistoryRow>,
    /// Where requests to find a room ended.
    pub finds: Vec<FindRow>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let writes_rows = !self.wakes.is_empty() || !self.finds.is_empty();
        self.records.is_empty() && self.snapshots.is_empty() && !writes_rows
    }
}

/// One room in the journal's list of rooms: its present life. All of it can be read off its records, which is what verifying
/// does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRow {
    /// Its name.
    pub room: Arc<str>,
    /// Its kind.
    pub kind: String,
    /// The rules it was opened under; those it is played by now its newest records say.
    pub rules: u32,
    /// Which life of that name.
    pub life: String,
    /// The number of the opening record.
    pub first: u64,
    /// When it was opened: wall time, milliseconds since 1970.
    pub opened_ms: u64,
    /// How it ended; `None` while it is open.
    pub outcome: Option<String>,
}

/// That a room ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRow {
    /// Its name.
    pub room: Arc<str>,
    /// The rules' word for how.
    pub outcome: String,
}

/// When a room is to be woken, should it not be loaded then. While a room is loaded this may lie before its earliest clock, so
/// that whoever finds it after a crash looks in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WakeRow {
    /// Its name.
    pub room: Arc<str>,
    /// Wall time, milliseconds since 1970; `None` for never.
    pub at_ms: Option<u64>,
}

/// A room that is to be woken at some time. In the order of that time, then of the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Wall time, milliseconds since 1970.
    pub at_ms: u64,
    /// Its name.
    pub room: Arc<str>,
}

impl Due {
    /// Before every room that is due at this time or later.
    pub fn before(at_ms: u64) -> Self {
        Self { at_ms, room: "".into() }
    }
}

/// A table as it was after one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The room.
    pub room: Arc<str>,
    /// The last record in it.
    pub seq: u64,
    /// [`digest`](Self::digest_of) of the three others.
    pub digest: Hash64,
    /// `Table::snapshot`.
    pub body: String,
}

impl Snapshot {
    /// A snapshot with its digest.
    pub fn new(room: Arc<str>, seq: u64, body: String) -> Self {
        let digest = Self::digest_of(&room, seq, &body);
        Self { room, seq, digest, body }
    }

    /// Over the room's name, a 0 byte, the number (`u64` BE) and the body.
    pub fn digest_of(room: &str, seq: u64, body: &str) -> Hash64 {
        let mut bytes = Vec::with_capacity(room.len() + 9 + body.len());
        bytes.extend_from_slice(room.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(body.as_bytes());
        Hash64::of(&bytes)
    }

    /// Whether the digest fits the rest.
    pub fn is_whole(&self) -> bool {
        self.digest == Self::digest_of(&self.room, self.seq, &self.body)
    }
}

/// What the journal holds of one room's present life.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Its row in the list of rooms.
    pub row: Option<RoomRow>,
    /// Its newest snapshot.
    pub snapshot: Option<Snapshot>,
    /// Its records: all after the snapshot, or all of the life if so asked, or if there is no snapshot.
    pub records: Vec<Record>,
    /// When its row says that it is to be woken.
    pub wake_at: Option<u64>,
}

/// Why a room could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// A stored value is not what it must be: the journal is damaged there.
    Damaged {
        /// The record, or the snapshot's record, as far as it can be told.
        seq: u64,
        /// What is wrong.
        what: String,
    },
    /// The store itself failed; it may work again.
    Failed(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Damaged { seq, what } => write!(f, "record {seq}: {what}"),
            ReadError::Failed(what) => write!(f, "the journal cannot be read: {what}"),
        }
    }
}

impl std::error::Error for ReadError {}
