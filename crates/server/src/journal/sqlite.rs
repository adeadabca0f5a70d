//! The embedded journal: one file, `journal.sqlite3`, that a person can open with `sqlite3`, used as a log.
//!
//! Records are appended in commit order under SQLite's own row number, without a key of ours and without an index, because SQLite
//! costs pages, not rows: a group of records of a hundred rooms touches the few last pages of the log, where a table keyed by
//! room would touch a hundred. What a key would have been good for, finding one room's rows, an [`Index`] in memory does; a
//! reader without one scans.

mod file;
mod index;
mod lookups;
mod read;
#[cfg(test)]
mod tests;

pub use file::OpenError;
pub use read::SqliteReader;

use super::{AppendError, Journal};
use file::Lock;
use index::{Index, Place};
use parlour_engine::store::{Batch, EndedRow, RoomRow, Snapshot};
use parlour_room::Record;
use rusqlite::{Connection, Statement, TransactionBehavior, params};
use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const ADD_RECORD: &str = "INSERT INTO log (room, seq, at_ms, ts_ms, cause, input, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const OPEN_ROOM: &str =
    "INSERT INTO rooms (room, kind, rules, life, first, opened_ms, outcome, snapshot) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)
    ON CONFLICT (room) DO UPDATE SET kind = excluded.kind, rules = excluded.rules, life = excluded.life, first = excluded.first,
    opened_ms = excluded.opened_ms, outcome = excluded.outcome, snapshot = NULL";
const DROP_SNAPSHOT: &str = "DELETE FROM snapshots WHERE room = ?1";
const NOTE_SNAPSHOT: &str = "UPDATE rooms SET snapshot = ?2 WHERE room = ?1 AND first <= ?2";
const KEEP_SNAPSHOT: &str = "INSERT INTO snapshots (room, seq, digest, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, digest = excluded.digest, body = excluded.body";
const END_ROOM: &str = "UPDATE rooms SET outcome = ?2 WHERE room = ?1";

/// The writing side on SQLite.
#[derive(Debug)]
pub struct SqliteJournal {
    db: Connection,
    index: Arc<Mutex<Index>>,
    file: PathBuf,
    /// Why it never writes again.
    dead: Option<Cow<'static, str>>,
    /// Last, so that the lock goes after the database was closed.
    _lock: Lock,
}

impl SqliteJournal {
    /// Opens the journal in `folder`, makes both where there are none, and recovers what a crash left. Reads the log once, for
    /// the index.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let (db, file, lock) = file::open_to_write(folder)?;
        for sql in [ADD_RECORD, OPEN_ROOM, DROP_SNAPSHOT, NOTE_SNAPSHOT, KEEP_SNAPSHOT, END_ROOM] {
            db.prepare_cached(sql).map_err(|error| OpenError::failed(&file, &error))?;
        }
        let index = Index::build(&db).map_err(|error| OpenError::failed(&file, &error))?;
        Ok(Self { db, index: Arc::new(Mutex::new(index)), file, dead: None, _lock: lock })
    }

    /// A reader that shares the index: one for each thread that reads. Take them before the journal goes to its writer.
    pub fn reader(&self) -> Result<SqliteReader, OpenError> {
        SqliteReader::beside(&self.file, Arc::clone(&self.index))
    }

    fn write(&mut self, batches: &[Batch]) -> Result<Vec<(Arc<str>, Place)>, Refused> {
        let mut places = Vec::with_capacity(batches.iter().map(|batch| batch.records.len()).sum());
        // Dropping it rolls back.
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut add = transaction.prepare_cached(ADD_RECORD)?;
            let mut hash = String::with_capacity(16);
            for batch in batches {
                for (room, record) in &batch.records {
                    add_record(&mut add, room, record, &mut hash)?;
                    places.push((Arc::clone(room), Place { row: transaction.last_insert_rowid(), seq: record.seq }));
                }
                batch.opened.iter().try_for_each(|row| open_room(&transaction, row))?;
                batch.snapshots.iter().try_for_each(|snapshot| keep_snapshot(&transaction, snapshot))?;
                batch.ended.iter().try_for_each(|ended| end_room(&transaction, ended))?;
                lookups::keep(&transaction, batch)?;
            }
        }
        transaction.commit()?;
        Ok(places)
    }
}

impl Journal for SqliteJournal {
    fn append(&mut self, batches: &[Batch]) -> Result<(), AppendError> {
        if let Some(why) = &self.dead {
            return Err(AppendError::Dead(why.to_string()));
        }
        // Dead unless it comes back whole: a panic in between must not leave a journal that writes on.
        self.dead = Some(Cow::Borrowed("it broke off in the middle of a write"));
        match self.write(batches) {
            Ok(places) => {
                self.dead = None;
                self.index.lock().unwrap_or_else(PoisonError::into_inner).extend(places);
                Ok(())
            }
            Err(Refused(why)) => {
                self.dead = Some(Cow::Owned(why.clone()));
                Err(AppendError::Failed(why))
            }
        }
    }
}

fn add_record(add: &mut Statement<'_>, room: &str, record: &Record, hash: &mut String) -> Result<(), Refused> {
    hash.clear();
    write!(hash, "{}", record.hash).expect("a String takes everything");
    let Record { seq, at_ms, ts_ms, cause, input, .. } = record;
    let (seq, at_ms, ts_ms) = (stored(*seq, room)?, stored(*at_ms, room)?, stored(*ts_ms, room)?);
    add.execute(params![room, seq, at_ms, ts_ms, cause.as_str(), input, &*hash])?;
    Ok(())
}

fn open_room(db: &Connection, row: &RoomRow) -> Result<(), Refused> {
    let RoomRow { room, kind, rules, life, first, opened_ms, outcome } = row;
    let (first, opened_ms) = (stored(*first, room)?, stored(*opened_ms, room)?);
    db.prepare_cached(OPEN_ROOM)?.execute(params![&**room, kind, rules, life, first, opened_ms, outcome])?;
    db.prepare_cached(DROP_SNAPSHOT)?.execute([&**room])?;
    Ok(())
}

fn keep_snapshot(db: &Connection, snapshot: &Snapshot) -> Result<(), Refused> {
    let Snapshot { room, seq, digest, body } = snapshot;
    let seq = stored(*seq, room)?;
    if db.prepare_cached(NOTE_SNAPSHOT)?.execute(params![&**room, seq])? == 1 {
        db.prepare_cached(KEEP_SNAPSHOT)?.execute(params![&**room, seq, digest.to_string(), body])?;
    }
    Ok(())
}

fn end_room(db: &Connection, ended: &EndedRow) -> Result<(), Refused> {
    db.prepare_cached(END_ROOM)?.execute(params![&*ended.room, ended.outcome])?;
    Ok(())
}

/// SQLite's numbers have a sign.
fn stored(number: u64, room: &str) -> Result<i64, Refused> {
    i64::try_from(number).map_err(|_| Refused(format!("room {room}: {number} is too large a number to be stored")))
}

/// Why a write did not happen.
struct Refused(String);

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Refused(error.to_string())
    }
}
