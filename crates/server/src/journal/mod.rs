//! The journal: where "record, hash -> append" ends, and where a room comes back from. Two traits, because two parties hold it:
//! one thread writes ([`Journal`], driven by [`Writer`]), any number read ([`Reader`]), also while it is written. [`sqlite`] is
//! the embedded one; `contract` holds the claims that every journal must pass.
//!
//! **What a reader repairs: nothing.** Records come in the order of the log, as they are stored; a value that cannot be one is
//! [`ReadError::Damaged`], with its number. What remains is for whoever plays the records, and one rule finds it at its number:
//! each record's `seq` must be the one before it plus 1 (the first after a snapshot: the snapshot's plus 1; the first of a
//! life: the row's `first`, and its cause `opened`), and each `hash` must be the one that playing it gives. The row in the list
//! of rooms must equal what the records say, and a snapshot must not be of a later record than the last. What this cannot show
//! is that a room's newest records are gone altogether, if no snapshot was taken after them.

#[cfg(test)]
mod contract;
pub mod sqlite;
pub mod writer;

pub(crate) use sqlite::size;
pub use sqlite::{KindStat, OpenError, Reads, SqliteJournal, SqliteReader, Stat};
pub use writer::{Committed, Totals, Writer};

use parlour_engine::lookup::{Found, Lookup};
use parlour_engine::store::{Batch, Due, History, ReadError, RoomRow};
use parlour_room::Record;

/// The writing side; the writer's thread owns it.
///
/// Within a batch the records are written in their order, then the rooms that opened (which are never to be woken), then the
/// snapshots, then the rooms that ended, then when rooms are to be woken. A snapshot of a room that is not in the list of rooms,
/// or from before its present life, is not kept.
pub trait Journal: Send {
    /// Writes all batches as one transaction and returns when it is on disk. After an error the journal never writes again: every
    /// later call errs.
    fn append(&mut self, batches: &[Batch]) -> Result<(), AppendError>;

    /// One bounded step of putting old records together, if that is due: no reader can tell. Whether there is more. After an
    /// error the journal never writes again.
    fn fold(&mut self) -> Result<bool, AppendError> {
        Ok(false)
    }
}

/// The reading side. It sees whole transactions only, each call one state of the journal.
pub trait Reader: Send {
    /// Rooms by name (by its bytes), at most `limit` of those after `after`; "" is before all.
    fn rooms(&self, after: &str, limit: u32) -> Result<Vec<RoomRow>, ReadError>;

    /// Rooms that are to be woken at some time, in its order, then by name (by its bytes): at most `limit` of those after
    /// `after`. A time that cannot be one is passed over here; it is damage to whoever loads the room.
    fn due(&self, after: &Due, limit: usize) -> Result<Vec<Due>, ReadError>;

    /// For playing on: the newest snapshot of the room's present life and the records after it, or all records of that life if
    /// there is none. `None` if the name was never used. A snapshot that does not fit its digest is damage.
    fn load(&self, room: &str) -> Result<Option<History>, ReadError>;

    /// Answers a question beside whole rooms. It sees what is durable.
    fn look(&self, lookup: &Lookup) -> Result<Found, ReadError>;

    /// For replaying and verifying: the same, but with every record of the present life.
    fn life(&self, room: &str) -> Result<Option<History>, ReadError>;

    /// Every record ever kept under that name, former lives first; a life begins with its `opened`. Empty if the name was never
    /// used.
    fn records(&self, room: &str) -> Result<Vec<Record>, ReadError>;
}

/// Why a group of batches was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// It failed, and the journal is dead. Whether the group is found after a restart cannot be known: a commit whose sync failed
    /// may be on disk.
    Failed(String),
    /// It was not tried: the journal had died before, of this.
    Dead(String),
}

impl std::fmt::Display for AppendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AppendError::Failed(why) => write!(f, "the journal cannot be written and is closed: {why}"),
            AppendError::Dead(why) => write!(f, "the journal is closed since it could not be written: {why}"),
        }
    }
}

impl std::error::Error for AppendError {}
