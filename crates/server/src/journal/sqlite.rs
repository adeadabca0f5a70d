//! The embedded journal: one file, `journal.sqlite3`, that a person can open with `sqlite3`, used as a log.
//!
//! Records are appended in commit order under SQLite's own row number, without a key of ours and without an index, because SQLite
//! costs pages, not rows: a group of records of a hundred rooms touches the few last pages of the log, where a table keyed by
//! room would touch a hundred. What a key would have been good for, finding one room's rows, an [`Index`] in memory does; a
//! reader without one scans. So the log must stay short: what is old in it is folded, room by room, into chunks (`fold`).

mod chunk;
mod file;
mod fold;
mod index;
mod lookups;
mod read;
mod row;
mod stat;
#[cfg(test)]
mod tests;

pub use chunk::line;
pub use file::OpenError;
pub(crate) use file::size;
pub use read::{Reads, SqliteReader};
pub use stat::{KindStat, Stat};

use super::{AppendError, Journal};
use file::Lock;
use index::{Index, Place};
use parlour_engine::limits::Limits;
use parlour_engine::store::{Batch, EndedRow, RoomRow, Snapshot, WakeRow};
use parlour_room::Record;
use rusqlite::{Connection, Statement, TransactionBehavior, params};
use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const ADD_RECORD: &str =
    "INSERT INTO log (rowid, room, seq, at_ms, ts_ms, cause, input, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const OPEN_ROOM: &str =
    "INSERT INTO rooms (room, kind, rules, life, first, opened_ms, outcome, snapshot) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)
    ON CONFLICT (room) DO UPDATE SET kind = excluded.kind, rules = excluded.rules, life = excluded.life, first = excluded.first,
    opened_ms = excluded.opened_ms, outcome = excluded.outcome, snapshot = NULL, wake_at = NULL";
const DROP_SNAPSHOT: &str = "DELETE FROM snapshots WHERE room = ?1";
const NOTE_SNAPSHOT: &str = "UPDATE rooms SET snapshot = ?2 WHERE room = ?1 AND first <= ?2";
const KEEP_SNAPSHOT: &str = "INSERT INTO snapshots (room, seq, digest, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, digest = excluded.digest, body = excluded.body";
const END_ROOM: &str = "UPDATE rooms SET outcome = ?2 WHERE room = ?1";
const WAKE_ROOM: &str = "UPDATE rooms SET wake_at = ?2 WHERE room = ?1";

/// How much is folded, and when: [`Limits`] says it.
#[derive(Clone, Copy, Debug)]
struct Folding {
    tail_rows: usize,
    chunk_bytes: usize,
    step_rows: usize,
    step_bytes: usize,
}

impl Folding {
    /// One step must take away at least as much as came since the one before, or the log would grow without a limit.
    fn after(self, rows: usize, bytes: usize) -> Self {
        Self { step_rows: self.step_rows.max(rows), step_bytes: self.step_bytes.max(bytes), ..self }
    }
}

/// The writing side on SQLite.
#[derive(Debug)]
pub struct SqliteJournal {
    db: Connection,
    index: Arc<Mutex<Index>>,
    /// The last row of the log.
    row: i64,
    folding: Folding,
    /// Rows and bytes that were appended since the last step of folding.
    unfolded: (usize, usize),
    file: PathBuf,
    /// Why it never writes again.
    dead: Option<Cow<'static, str>>,
    /// Last, so that the lock goes after the database was closed.
    _lock: Lock,
}

impl SqliteJournal {
    /// Opens the journal in `folder`, makes both where there are none, and recovers what a crash left. Reads the log once, for
    /// the index: that is what was not folded yet.
    pub fn open(folder: &Path, limits: &Limits) -> Result<Self, OpenError> {
        let (db, file, lock) = file::open_to_write(folder)?;
        for sql in [ADD_RECORD, OPEN_ROOM, DROP_SNAPSHOT, NOTE_SNAPSHOT, KEEP_SNAPSHOT, END_ROOM, WAKE_ROOM] {
            db.prepare_cached(sql).map_err(|error| OpenError::failed(&file, &error))?;
        }
        let index = Index::build(&db).map_err(|error| OpenError::failed(&file, &error))?;
        let folding = Folding {
            tail_rows: limits.journal_tail_rows,
            chunk_bytes: limits.journal_chunk_bytes,
            step_rows: limits.journal_fold_rows,
            step_bytes: limits.journal_fold_bytes,
        };
        let row = index.known();
        Ok(Self { db, index: Arc::new(Mutex::new(index)), row, folding, unfolded: (0, 0), file, dead: None, _lock: lock })
    }

    /// How many records are in the log and not folded: so many were read in opening it, at first.
    pub fn tail_rows(&self) -> usize {
        self.index.lock().unwrap_or_else(PoisonError::into_inner).rows()
    }

    /// A reader that shares the index: one for each thread that reads. Take them before the journal goes to its writer.
    pub fn reader(&self) -> Result<SqliteReader, OpenError> {
        SqliteReader::beside(&self.file, Arc::clone(&self.index))
    }

    fn write(&mut self, batches: &[Batch]) -> Result<Vec<(Arc<str>, Place)>, Refused> {
        let mut places = Vec::with_capacity(batches.iter().map(|batch| batch.records.len()).sum());
        let mut last = self.row;
        // Dropping it rolls back.
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut add = transaction.prepare_cached(ADD_RECORD)?;
            let mut hash = String::with_capacity(16);
            for batch in batches {
                for (room, record) in &batch.records {
                    last += 1;
                    add_record(&mut add, last, room, record, &mut hash)?;
                    places.push((Arc::clone(room), Place { row: last, seq: record.seq }));
                }
                batch.opened.iter().try_for_each(|row| open_room(&transaction, row))?;
                batch.snapshots.iter().try_for_each(|snapshot| keep_snapshot(&transaction, snapshot))?;
                batch.ended.iter().try_for_each(|ended| end_room(&transaction, ended))?;
                batch.wakes.iter().try_for_each(|row| wake_room(&transaction, row))?;
                lookups::keep(&transaction, batch)?;
            }
        }
        transaction.commit()?;
        self.row = last;
        Ok(places)
    }

    /// Does something that must come back whole, or the journal is dead: also if it panics in between.
    fn while_alive<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Refused>) -> Result<T, AppendError> {
        if let Some(why) = &self.dead {
            return Err(AppendError::Dead(why.to_string()));
        }
        self.dead = Some(Cow::Borrowed("it broke off in the middle of a write"));
        match work(self) {
            Ok(done) => {
                self.dead = None;
                Ok(done)
            }
            Err(Refused(why)) => {
                self.dead = Some(Cow::Owned(why.clone()));
                Err(AppendError::Failed(why))
            }
        }
    }
}

impl Journal for SqliteJournal {
    fn append(&mut self, batches: &[Batch]) -> Result<(), AppendError> {
        let places = self.while_alive(|journal| journal.write(batches))?;
        let inputs = batches.iter().flat_map(|batch| &batch.records).map(|(_, record)| record.input.len());
        self.unfolded = (self.unfolded.0 + places.len(), inputs.fold(self.unfolded.1, |sum, length| sum + length));
        self.index.lock().unwrap_or_else(PoisonError::into_inner).extend(places);
        Ok(())
    }

    fn fold(&mut self) -> Result<bool, AppendError> {
        self.while_alive(|journal| {
            let (rows, bytes) = std::mem::take(&mut journal.unfolded);
            fold::step(&mut journal.db, &journal.index, &journal.folding.after(rows, bytes))
        })
    }
}

fn add_record(add: &mut Statement<'_>, row: i64, room: &str, record: &Record, hash: &mut String) -> Result<(), Refused> {
    hash.clear();
    write!(hash, "{}", record.hash).expect("a String takes everything");
    let Record { seq, at_ms, ts_ms, cause, input, .. } = record;
    let (seq, at_ms, ts_ms) = (stored(*seq, room)?, stored(*at_ms, room)?, stored(*ts_ms, room)?);
    add.execute(params![row, room, seq, at_ms, ts_ms, cause.as_str(), input, &*hash])?;
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

fn wake_room(db: &Connection, row: &WakeRow) -> Result<(), Refused> {
    let at_ms = row.at_ms.map(|at_ms| stored(at_ms, &row.room)).transpose()?;
    db.prepare_cached(WAKE_ROOM)?.execute(params![&*row.room, at_ms])?;
    Ok(())
}

/// SQLite's numbers have a sign.
fn stored(number: u64, room: &str) -> Result<i64, Refused> {
    i64::try_from(number).map_err(|_| Refused(format!("room {room}: {number} is too large a number to be stored")))
}

/// Why a write did not happen.
#[derive(Debug)]
struct Refused(String);

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Refused(error.to_string())
    }
}
