//! Reading the SQLite journal: which rows, in which order, and what in them cannot be.

use super::file::{self, OpenError};
use super::index::{Index, Place};
use super::lookups;
use crate::journal::Reader;
use parlour_engine::lookup::{Found, Lookup};
use parlour_engine::store::{History, ReadError, RoomRow, Snapshot};
use parlour_room::{Cause, Hash64, Record};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const ROOM: &str = "SELECT room, kind, rules, life, first, opened_ms, outcome, snapshot FROM rooms WHERE room = ?1";
const ROOMS: &str =
    "SELECT room, kind, rules, life, first, opened_ms, outcome, snapshot FROM rooms WHERE room > ?1 ORDER BY room LIMIT ?2";
const SNAPSHOT: &str = "SELECT seq, digest, body FROM snapshots WHERE room = ?1";
const PLACES: &str = "SELECT rowid, seq FROM log WHERE rowid > ?1 AND room = ?2 ORDER BY rowid";
const OPENING: &str = "SELECT seq FROM log WHERE room = ?1 AND cause = 'opened' ORDER BY rowid DESC LIMIT 1";
const RECORD: &str = "SELECT seq, at_ms, ts_ms, cause, input, hash FROM log WHERE rowid = ?1 AND room = ?2";

/// A reading side on SQLite, with a connection of its own.
#[derive(Debug)]
pub struct SqliteReader {
    db: Connection,
    index: Arc<Mutex<Index>>,
}

impl SqliteReader {
    /// Opens the journal in `folder` for reading only, whether a server is writing it or not. Each question about a room scans
    /// the log. Makes no folder and no journal where there is none.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let (db, _) = file::open_to_read(folder)?;
        Ok(Self { db, index: Arc::default() })
    }

    pub(super) fn beside(file: &Path, index: Arc<Mutex<Index>>) -> Result<Self, OpenError> {
        let db = file::read_only(file, false).map_err(|error| OpenError::failed(file, &error))?;
        Ok(Self { db, index })
    }

    /// The room's rows in log order. The index may be behind the database or ahead of what this transaction sees: rows after it
    /// are searched for here, rows that cannot be seen are passed over when they are read.
    fn places(&self, room: &str) -> Result<Vec<Place>, ReadError> {
        let (mut places, known) = self.index.lock().unwrap_or_else(PoisonError::into_inner).places(room);
        let expected = places.last().map_or(1, |place| place.seq.saturating_add(1));
        let mut query = self.db.prepare_cached(PLACES).map_err(failed(expected))?;
        let mut rows = query.query((known, room)).map_err(failed(expected))?;
        while let Some(row) = rows.next().map_err(failed(expected))? {
            let seq = row.get_ref(1).map_err(failed(expected))?.as_i64().ok();
            places.push(Place::new(row.get(0).map_err(failed(expected))?, seq));
        }
        Ok(places)
    }

    /// The records at these places from the one at `start` on. A number that cannot be read is taken to be the one after the
    /// record before it.
    fn read(&self, room: &str, places: &[Place], start: usize) -> Result<Vec<Record>, ReadError> {
        let mut expected = places[..start].last().map_or(1, |before| before.seq.saturating_add(1));
        let mut records = Vec::with_capacity(places.len() - start);
        let mut query = self.db.prepare_cached(RECORD).map_err(failed(expected))?;
        for place in &places[start..] {
            let mut rows = query.query((place.row, room)).map_err(failed(expected))?;
            if let Some(row) = rows.next().map_err(failed(expected))? {
                let record = record(row, expected)?;
                expected = record.seq.saturating_add(1);
                records.push(record);
            }
        }
        Ok(records)
    }

    fn history(&self, room: &str, whole: bool) -> Result<Option<History>, ReadError> {
        let state = self.db.unchecked_transaction().map_err(failed(0))?;
        let listed =
            self.db.prepare_cached(ROOM).and_then(|mut query| query.query_row([room], |row| Ok(Listed::read(row))).optional());
        let listed = listed.map_err(failed(0))?.transpose().map_err(|error| self.at_opening(room, error))?;
        let Listed { row, snapshot: noted } = listed.unwrap_or_default();
        let first = row.as_ref().map_or(1, |row| row.first);
        let snapshot = self.snapshot(room, first)?;
        check_snapshot(row.is_some(), first, noted, snapshot.as_ref())?;
        let from = snapshot.as_ref().filter(|_| !whole).map_or(first, |snapshot| snapshot.seq.saturating_add(1));
        let places = self.places(room)?;
        let records = self.read(room, &places, cut(&places, from))?;
        drop(state);
        let is_known = row.is_some() || snapshot.is_some() || !places.is_empty();
        Ok(is_known.then_some(History { row, snapshot, records }))
    }

    /// Where the list of rooms cannot say which record opened the room, the log can.
    fn at_opening(&self, room: &str, error: ReadError) -> ReadError {
        match error {
            ReadError::Damaged { seq: 0, what } => {
                let opening = self.db.query_row(OPENING, [room], |row| row.get::<_, i64>(0)).unwrap_or_default();
                damaged(u64::try_from(opening).unwrap_or_default(), what)
            }
            other => other,
        }
    }

    fn snapshot(&self, room: &str, first: u64) -> Result<Option<Snapshot>, ReadError> {
        let mut query = self.db.prepare_cached(SNAPSHOT).map_err(failed(first))?;
        let mut rows = query.query([room]).map_err(failed(first))?;
        let Some(row) = rows.next().map_err(failed(first))? else { return Ok(None) };
        let seq = number(row, 0, first, "the snapshot's number")?;
        let digest = text(row, 1, seq, "the snapshot's digest")?;
        let digest = Hash64::parse(digest).ok_or_else(|| damaged(seq, "the snapshot's digest is not 16 hex digits"))?;
        let body = text(row, 2, seq, "the snapshot")?.to_owned();
        Ok(Some(Snapshot { room: room.into(), seq, digest, body }))
    }
}

impl Reader for SqliteReader {
    fn rooms(&self, after: &str, limit: u32) -> Result<Vec<RoomRow>, ReadError> {
        let mut query = self.db.prepare_cached(ROOMS).map_err(failed(0))?;
        let mut rows = query.query((after, limit)).map_err(failed(0))?;
        let mut list = Vec::new();
        while let Some(row) = rows.next().map_err(failed(0))? {
            list.extend(Listed::read(row)?.row);
        }
        Ok(list)
    }

    fn look(&self, lookup: &Lookup) -> Result<Found, ReadError> {
        lookups::look(&self.db, lookup)
    }

    fn load(&self, room: &str) -> Result<Option<History>, ReadError> {
        self.history(room, false)
    }

    fn life(&self, room: &str) -> Result<Option<History>, ReadError> {
        self.history(room, true)
    }

    fn records(&self, room: &str) -> Result<Vec<Record>, ReadError> {
        let state = self.db.unchecked_transaction().map_err(failed(0))?;
        let records = self.read(room, &self.places(room)?, 0)?;
        drop(state);
        Ok(records)
    }
}

/// A row of the list of rooms, as the first columns of every question about rooms give it.
pub(super) fn room_row(row: &Row<'_>) -> Result<Option<RoomRow>, ReadError> {
    Ok(Listed::read(row)?.row)
}

/// A row of the list of rooms, with what only the journal itself wants to know.
#[derive(Default)]
struct Listed {
    row: Option<RoomRow>,
    snapshot: Option<u64>,
}

impl Listed {
    fn read(row: &Row<'_>) -> Result<Self, ReadError> {
        let room = text(row, 0, 0, "a room's name")?;
        let in_list = |what: &str| format!("{what} of room {room} in the list of rooms");
        let first = number(row, 4, 0, &in_list("the first record"))?;
        let rules = number(row, 2, first, &in_list("the rules"))?;
        let rules = u32::try_from(rules).map_err(|_| damaged(first, format!("{} cannot be {rules}", in_list("the rules"))))?;
        let outcome = match row.get_ref(6).map_err(failed(first))? {
            ValueRef::Null => None,
            _ => Some(text(row, 6, first, &in_list("the outcome"))?.to_owned()),
        };
        let snapshot = match row.get_ref(7).map_err(failed(first))? {
            ValueRef::Null => None,
            _ => Some(number(row, 7, first, &in_list("the snapshot"))?),
        };
        let kind = text(row, 1, first, &in_list("the kind"))?.to_owned();
        let life = text(row, 3, first, &in_list("the life"))?.to_owned();
        let opened_ms = number(row, 5, first, &in_list("the time of opening"))?;
        Ok(Self { row: Some(RoomRow { room: room.into(), kind, rules, life, first, opened_ms, outcome }), snapshot })
    }
}

fn check_snapshot(is_listed: bool, first: u64, noted: Option<u64>, kept: Option<&Snapshot>) -> Result<(), ReadError> {
    match (noted, kept) {
        (Some(noted), None) => Err(damaged(noted, "its snapshot is missing")),
        (Some(noted), Some(kept)) if noted != kept.seq && kept.is_whole() => {
            Err(damaged(kept.seq, format!("its snapshot is said to be one of record {noted} in the list of rooms")))
        }
        (Some(noted), Some(kept)) if noted != kept.seq => {
            Err(damaged(noted, format!("its snapshot is said to be one of record {}", kept.seq)))
        }
        (_, Some(kept)) if !kept.is_whole() => Err(damaged(kept.seq, "its snapshot does not fit its digest")),
        (None, Some(kept)) if is_listed => Err(damaged(kept.seq, "its snapshot is not in the list of rooms")),
        (_, Some(kept)) if kept.seq < first => Err(damaged(kept.seq, "its snapshot is one of a former life")),
        _ => Ok(()),
    }
}

/// Where the records from number `from` on begin: right after the one before it, or at the first that has a later number,
/// whichever comes first. In an undamaged log both are the same; in a damaged one nothing that was displaced is passed over.
fn cut(places: &[Place], from: u64) -> usize {
    let begins = |place: &Place| place.seq >= from;
    let at = places.iter().position(begins).unwrap_or(places.len());
    places[..at].iter().position(|place| place.seq.checked_add(1) == Some(from)).map_or(at, |before| before + 1)
}

fn record(row: &Row<'_>, expected: u64) -> Result<Record, ReadError> {
    let seq = number(row, 0, expected, "the number")?;
    let cause = text(row, 3, seq, "the cause")?;
    let cause = Cause::parse(cause).ok_or_else(|| damaged(seq, format!("the cause cannot be {cause:?}")))?;
    let hash = text(row, 5, seq, "the hash")?;
    let hash = Hash64::parse(hash).ok_or_else(|| damaged(seq, format!("the hash is not 16 hex digits: {hash:?}")))?;
    Ok(Record {
        seq,
        at_ms: number(row, 1, seq, "the room time")?,
        ts_ms: number(row, 2, seq, "the time")?,
        cause,
        input: text(row, 4, seq, "the input")?.to_owned(),
        hash,
    })
}

pub(super) fn number(row: &Row<'_>, column: usize, seq: u64, what: &str) -> Result<u64, ReadError> {
    match row.get_ref(column).map_err(failed(seq))? {
        ValueRef::Integer(value) => u64::try_from(value).map_err(|_| damaged(seq, format!("{what} cannot be {value}"))),
        other => Err(damaged(seq, format!("{what} is not a number but {}", other.data_type()))),
    }
}

pub(super) fn text<'a>(row: &'a Row<'_>, column: usize, seq: u64, what: &str) -> Result<&'a str, ReadError> {
    match row.get_ref(column).map_err(failed(seq))? {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(|_| damaged(seq, format!("{what} is not UTF-8"))),
        other => Err(damaged(seq, format!("{what} is not text but {}", other.data_type()))),
    }
}

pub(super) fn damaged(seq: u64, what: impl Into<String>) -> ReadError {
    ReadError::Damaged { seq, what: what.into() }
}

/// A page that SQLite cannot read is damage; anything else may pass.
pub(super) fn failed(seq: u64) -> impl Fn(rusqlite::Error) -> ReadError {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(seq, error.to_string()),
        _ => ReadError::Failed(error.to_string()),
    }
}
