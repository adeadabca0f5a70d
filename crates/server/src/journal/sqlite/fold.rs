//! Folding: what was appended in commit order is put together per room, so that the log stays short and a room's records lie side
//! by side. One step is one transaction: the same records are in a chunk afterwards and no longer in the log.

use super::index::{Due, Index};
use super::{Folding, Refused, chunk, row};
use parlour_engine::store::ReadError;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::sync::{Arc, Mutex, PoisonError};

const LAST: &str = "SELECT first, last, length(CAST(body AS BLOB)) FROM chunks WHERE room = ?1 ORDER BY first DESC LIMIT 1";
const BODY: &str = "SELECT body FROM chunks WHERE room = ?1 AND first = ?2";
const ADD: &str = "INSERT INTO chunks (room, first, last, body) VALUES (?1, ?2, ?3, ?4)";
const EXTEND: &str = "UPDATE chunks SET last = ?3, body = ?4 WHERE room = ?1 AND first = ?2";
const TAKE: &str = "DELETE FROM log WHERE rowid = ?1";

/// A chunk that is shorter than this part of the longest is written again with what comes after it.
const SHORT: usize = 4;

/// Why a room was not folded.
enum Fault {
    /// What lies there is not what it must be. It stays as it lies, for whoever plays the room.
    Damaged,
    /// The disk, or SQLite.
    Failed(Refused),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::ConstraintViolation) => Fault::Damaged,
            _ => Fault::Failed(error.into()),
        }
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged { .. } => Fault::Damaged,
            ReadError::Failed(why) => Fault::Failed(Refused(why)),
        }
    }
}

/// Folds so much as one step may, if the log is too long. Whether there is more to fold.
pub(super) fn step(db: &mut Connection, index: &Mutex<Index>, limits: &Folding) -> Result<bool, Refused> {
    let locked = || index.lock().unwrap_or_else(PoisonError::into_inner);
    let due = locked().due(limits.tail_rows, limits.step_rows);
    if due.is_empty() {
        return Ok(false);
    }
    // Nothing is new in a fold, so nothing waits for the disk: what a loss of power undoes is what was there before. The next
    // commit syncs it with its own.
    db.pragma_update(None, "synchronous", "NORMAL")?;
    let folded = fold(db, due, limits);
    db.pragma_update(None, "synchronous", "FULL")?;
    match folded {
        Ok(rooms) => locked().folded(rooms),
        Err((room, Fault::Damaged)) => locked().put_aside(room),
        Err((_, Fault::Failed(why))) => return Err(why),
    }
    Ok(!locked().due(limits.tail_rows, 1).is_empty())
}

type Folded = Vec<(Arc<str>, usize)>;

fn fold(db: &mut Connection, due: Vec<Due>, limits: &Folding) -> Result<Folded, (Arc<str>, Fault)> {
    let first = due[0].room.clone();
    let failed = |error: rusqlite::Error| (first.clone(), Fault::Failed(error.into()));
    // Dropping it rolls back.
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let (mut folded, mut bytes) = (Vec::with_capacity(due.len()), 0);
    for due in due {
        if bytes >= limits.step_bytes {
            break;
        }
        let count = fold_room(&transaction, &due, limits, &mut bytes).map_err(|fault| (due.room.clone(), fault))?;
        folded.push((due.room, count));
    }
    transaction.commit().map_err(failed)?;
    Ok(folded)
}

/// Folds the first of these rows, all of them if they are not too heavy; how many.
fn fold_room(db: &Transaction<'_>, due: &Due, limits: &Folding, bytes: &mut usize) -> Result<usize, Fault> {
    let mut chunk = Chunk::last(db, &due.room, limits)?;
    let mut read = db.prepare_cached(row::RECORD)?;
    let mut take = db.prepare_cached(TAKE)?;
    let mut count = 0;
    for place in &due.places {
        if *bytes >= limits.step_bytes {
            break;
        }
        let mut rows = read.query((place.row, &*due.room))?;
        let record = row::record(rows.next()?.ok_or(Fault::Damaged)?, chunk.next)?;
        if record.seq != chunk.next {
            return Err(Fault::Damaged);
        }
        let line = chunk::line(&record);
        *bytes += line.len();
        if !chunk.body.is_empty() && chunk::length_with(&chunk.body, &line) > limits.chunk_bytes {
            chunk.store(db, &due.room)?;
        }
        chunk.add(&line);
        if take.execute([place.row])? != 1 {
            return Err(Fault::Damaged);
        }
        count += 1;
    }
    if !chunk.body.is_empty() {
        chunk.store(db, &due.room)?;
    }
    Ok(count)
}

/// The chunk that is being written.
struct Chunk {
    first: u64,
    next: u64,
    body: String,
    is_stored: bool,
}

impl Chunk {
    /// The room's last chunk if there is room in it, else a new one after it.
    fn last(db: &Connection, room: &str, limits: &Folding) -> Result<Self, Fault> {
        let span = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let Some((first, last, length)) = db.prepare_cached(LAST)?.query_row([room], span).optional()? else {
            return Ok(Self { first: 1, next: 1, body: String::new(), is_stored: false });
        };
        let next = u64::try_from(last).ok().and_then(|last| last.checked_add(1)).ok_or(Fault::Damaged)?;
        if usize::try_from(length).is_ok_and(|length| length >= limits.chunk_bytes / SHORT) {
            return Ok(Self { first: next, next, body: String::new(), is_stored: false });
        }
        let mut query = db.prepare_cached(BODY)?;
        let mut rows = query.query((room, first))?;
        let body = row::text(rows.next()?.ok_or(Fault::Damaged)?, 0, next, "its chunk")?.to_owned();
        let body = chunk::reopen(body).ok_or(Fault::Damaged)?;
        Ok(Self { first: u64::try_from(first).map_err(|_| Fault::Damaged)?, next, body, is_stored: true })
    }

    fn add(&mut self, line: &str) {
        chunk::add(&mut self.body, line);
        self.next += 1;
    }

    /// Writes it, and goes on with a new one.
    fn store(&mut self, db: &Connection, room: &str) -> Result<(), Fault> {
        chunk::close(&mut self.body);
        let number = |number: u64| i64::try_from(number).map_err(|_| Fault::Damaged);
        let sql = if self.is_stored { EXTEND } else { ADD };
        let stored = db.prepare_cached(sql)?.execute(params![room, number(self.first)?, number(self.next - 1)?, self.body])?;
        if stored != 1 {
            return Err(Fault::Damaged);
        }
        *self = Self { first: self.next, next: self.next, body: String::new(), is_stored: false };
        Ok(())
    }
}
