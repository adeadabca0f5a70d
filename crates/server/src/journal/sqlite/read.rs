//! Reading the SQLite journal: which rows, in which order, and what in them cannot be.

use super::chunk;
use super::file::{self, OpenError};
use super::index::{Index, Place};
use super::lookups;
use super::row::{RECORD, damaged, failed, number, record, text};
use crate::journal::Reader;
use parlour_engine::lookup::{self, Lookup};
use parlour_engine::store::{Due, History, ReadError, RoomRow, Snapshot};
use parlour_room::{Hash64, Record};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use std::cell::Cell;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const ROOM: &str = "SELECT room, kind, rules, life, first, opened_ms, outcome, snapshot, wake_at FROM rooms WHERE room = ?1";
const ROOMS: &str = "SELECT room, kind, rules, life, first, opened_ms, outcome, snapshot, wake_at FROM rooms WHERE room > ?1
    ORDER BY room LIMIT ?2";
const DUE: &str = "SELECT wake_at, room FROM rooms WHERE wake_at IS NOT NULL AND (wake_at, room) > (?1, ?2)
    ORDER BY wake_at, room LIMIT ?3";
const SNAPSHOT: &str = "SELECT seq, digest, body FROM snapshots WHERE room = ?1";
const PLACES: &str = "SELECT rowid, seq FROM log WHERE rowid > ?1 AND room = ?2 ORDER BY rowid";
const OPENING: &str = "SELECT seq FROM records WHERE room = ?1 AND cause = 'opened' ORDER BY seq DESC LIMIT 1";
/// The chunks of a room, or only the one with record ?2 in it and those after.
const CHUNKS: &str = "SELECT first, last, body FROM chunks WHERE room = ?1 AND last >= ?2
    AND first >= coalesce((SELECT max(first) FROM chunks WHERE room = ?1 AND first <= ?2), -9223372036854775808) ORDER BY first";

/// How much a reader has read since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Snapshots.
    pub snapshots: usize,
    /// Chunks.
    pub chunks: usize,
    /// Records: in these chunks, and in the log.
    pub records: usize,
}

/// A reading side on SQLite, with a connection of its own.
#[derive(Debug)]
pub struct SqliteReader {
    pub(super) db: Connection,
    index: Arc<Mutex<Index>>,
    reads: Cell<Reads>,
}

/// Records of a room as they lie: those of chunks first, then where those of the log are.
struct Found {
    folded: Vec<Record>,
    places: Vec<Place>,
    /// That a chunk is not where it says: what is wrong if nothing else is.
    misplaced: Option<ReadError>,
}

impl SqliteReader {
    /// Opens the journal in `folder` for reading only, whether a server is writing it or not. Each question about a room scans
    /// the log. Makes no folder and no journal where there is none.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let (db, _) = file::open_to_read(folder)?;
        Ok(Self { db, index: Arc::default(), reads: Cell::default() })
    }

    pub(super) fn beside(file: &Path, index: Arc<Mutex<Index>>) -> Result<Self, OpenError> {
        let db = file::read_only(file, false).map_err(|error| OpenError::failed(file, &error))?;
        Ok(Self { db, index, reads: Cell::default() })
    }

    /// Reads the log once, for an index as a running server has it: for who asks about many rooms.
    pub fn indexed(self) -> Result<Self, ReadError> {
        let index = Index::build(&self.db).map_err(failed(0))?;
        Ok(Self { index: Arc::new(Mutex::new(index)), ..self })
    }

    /// How much it has read so far.
    pub fn reads(&self) -> Reads {
        self.reads.get()
    }

    fn folds(&self) -> u64 {
        self.index.lock().unwrap_or_else(PoisonError::into_inner).folds()
    }

    /// Where a room's records are, at least those from number `from` on. `folds` is what the index had said before this
    /// transaction began.
    fn find(&self, room: &str, from: Option<u64>, folds: u64) -> Result<Found, ReadError> {
        let (folded, misplaced) = self.folded(room, from)?;
        let expected = folded.last().map_or(1, |record| record.seq.saturating_add(1));
        Ok(Found { places: self.places(room, expected, folds)?, folded, misplaced })
    }

    /// The records of the room's chunks.
    fn folded(&self, room: &str, from: Option<u64>) -> Result<(Vec<Record>, Option<ReadError>), ReadError> {
        let (mut records, mut misplaced, mut reads) = (Vec::new(), None, self.reads.get());
        let begin = from;
        let from = from.map_or(i64::MIN, |from| i64::try_from(from).unwrap_or(i64::MAX));
        let mut query = self.db.prepare_cached(CHUNKS).map_err(failed(0))?;
        let mut rows = query.query((room, from)).map_err(failed(0))?;
        loop {
            let expected = records.last().map_or(1, |record: &Record| record.seq.saturating_add(1));
            let Some(row) = rows.next().map_err(failed(expected))? else { break };
            let span =
                [number(row, 0, expected, "its chunk's first number"), number(row, 1, expected, "its chunk's last number")];
            let ValueRef::Text(body) = row.get_ref(2).map_err(failed(expected))? else {
                return Err(damaged(expected, "its chunk is not text"));
            };
            let before = records.len();
            chunk::read(body, span[0].clone().unwrap_or(expected), &mut records)?;
            let inside = [records[before].seq, records[records.len() - 1].seq];
            if span != inside.map(Ok) {
                let [first, last] = span;
                // It does begin where it says if the chunks before it say so, or whoever wants to read from there.
                let begins = |first| first == expected || (before == 0 && Some(first) == begin);
                let at = match (first, last) {
                    // Its own first record is not there.
                    (Ok(first), _) if begins(first) && first < inside[0] => first,
                    (Ok(first), Ok(last)) if first == inside[0] && last > inside[1] => inside[1] + 1,
                    _ => inside[0],
                };
                misplaced.get_or_insert_with(|| damaged(at, "its chunk is not where it says"));
            }
            reads.chunks += 1;
            reads.records += records.len() - before;
            self.reads.set(reads);
        }
        Ok((records, misplaced))
    }

    /// The room's rows in log order. The index may be behind the database or ahead of what this transaction sees: rows after it
    /// are searched for here, rows that cannot be seen are passed over when they are read. If rows were folded since before the
    /// transaction began, the index may lack some that are still in the log here: then it counts for nothing.
    fn places(&self, room: &str, expected: u64, folds: u64) -> Result<Vec<Place>, ReadError> {
        let (mut places, known) = {
            let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
            if index.folds() == folds { index.places(room) } else { (Vec::new(), 0) }
        };
        let mut query = self.db.prepare_cached(PLACES).map_err(failed(expected))?;
        let mut rows = query.query((known, room)).map_err(failed(expected))?;
        while let Some(row) = rows.next().map_err(failed(expected))? {
            let seq = row.get_ref(1).map_err(failed(expected))?.as_i64().ok();
            places.push(Place::new(row.get(0).map_err(failed(expected))?, seq));
        }
        Ok(places)
    }

    /// The records that were found, without the first `start`. A number that cannot be read is taken to be the one after the
    /// record before it.
    fn read(&self, room: &str, found: Found, start: usize) -> Result<Vec<Record>, ReadError> {
        let Found { mut folded, places, misplaced } = found;
        let (passed, places) = places.split_at(start.saturating_sub(folded.len()));
        let before = passed.last().map(|place| place.seq).or(folded.last().map(|record| record.seq));
        let mut expected = before.map_or(1, |before| before.saturating_add(1));
        let mut records = folded.split_off(start.min(folded.len()));
        records.reserve_exact(places.len());
        let mut query = self.db.prepare_cached(RECORD).map_err(failed(expected))?;
        for place in places {
            let mut rows = query.query((place.row, room)).map_err(failed(expected))?;
            if let Some(row) = rows.next().map_err(failed(expected))? {
                let record = record(row, expected)?;
                expected = record.seq.saturating_add(1);
                records.push(record);
            }
        }
        let mut reads = self.reads.get();
        reads.records += places.len();
        self.reads.set(reads);
        match misplaced {
            // Numbers that are not dense say better where something is wrong, to whoever plays them.
            Some(misplaced) if records.windows(2).all(|pair| pair[0].seq.checked_add(1) == Some(pair[1].seq)) => Err(misplaced),
            _ => Ok(records),
        }
    }

    fn history(&self, room: &str, whole: bool) -> Result<Option<History>, ReadError> {
        let folds = self.folds();
        let state = self.db.unchecked_transaction().map_err(failed(0))?;
        let listed =
            self.db.prepare_cached(ROOM).and_then(|mut query| query.query_row([room], |row| Ok(Listed::read(row))).optional());
        let listed = listed.map_err(failed(0))?.transpose().map_err(|error| self.at_opening(room, error))?;
        let Listed { row, snapshot: noted, wake_at } = listed.unwrap_or_default();
        let first = row.as_ref().map_or(1, |row| row.first);
        let snapshot = self.snapshot(room, first)?;
        check_snapshot(row.is_some(), first, noted, snapshot.as_ref())?;
        let from = snapshot.as_ref().filter(|_| !whole).map_or(first, |snapshot| snapshot.seq.saturating_add(1));
        let found = self.find(room, Some(from), folds)?;
        let is_known = row.is_some() || snapshot.is_some() || !found.folded.is_empty() || !found.places.is_empty();
        let start = cut(&found, from);
        let records = self.read(room, found, start)?;
        drop(state);
        Ok(is_known.then_some(History { row, snapshot, records, wake_at }))
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
        let reads = self.reads.get();
        self.reads.set(Reads { snapshots: reads.snapshots + 1, ..reads });
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

    fn due(&self, after: &Due, limit: usize) -> Result<Vec<Due>, ReadError> {
        let mut query = self.db.prepare_cached(DUE).map_err(failed(0))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let at_ms = i64::try_from(after.at_ms).unwrap_or(i64::MAX);
        let mut rows = query.query((at_ms, &*after.room, limit)).map_err(failed(0))?;
        let mut list = Vec::new();
        while let Some(row) = rows.next().map_err(failed(0))? {
            let (at_ms, room) = (row.get_ref(0).map_err(failed(0))?, row.get_ref(1).map_err(failed(0))?);
            let at_ms = at_ms.as_i64().ok().and_then(|at_ms| u64::try_from(at_ms).ok());
            if let (Some(at_ms), Ok(room)) = (at_ms, room.as_str()) {
                list.push(Due { at_ms, room: room.into() });
            }
        }
        Ok(list)
    }

    fn look(&self, lookup: &Lookup) -> Result<lookup::Found, ReadError> {
        lookups::look(&self.db, lookup)
    }

    fn load(&self, room: &str) -> Result<Option<History>, ReadError> {
        self.history(room, false)
    }

    fn life(&self, room: &str) -> Result<Option<History>, ReadError> {
        self.history(room, true)
    }

    fn records(&self, room: &str) -> Result<Vec<Record>, ReadError> {
        let folds = self.folds();
        let state = self.db.unchecked_transaction().map_err(failed(0))?;
        let records = self.read(room, self.find(room, None, folds)?, 0)?;
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
    wake_at: Option<u64>,
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
        let optional = |column, what: &str| match row.get_ref(column).map_err(failed(first))? {
            ValueRef::Null => Ok(None),
            _ => number(row, column, first, &in_list(what)).map(Some),
        };
        let (snapshot, wake_at) = (optional(7, "the snapshot")?, optional(8, "the time to wake")?);
        let kind = text(row, 1, first, &in_list("the kind"))?.to_owned();
        let life = text(row, 3, first, &in_list("the life"))?.to_owned();
        let opened_ms = number(row, 5, first, &in_list("the time of opening"))?;
        Ok(Self { row: Some(RoomRow { room: room.into(), kind, rules, life, first, opened_ms, outcome }), snapshot, wake_at })
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
fn cut(found: &Found, from: u64) -> usize {
    let numbers = || found.folded.iter().map(|record| record.seq).chain(found.places.iter().map(|place| place.seq));
    let at = numbers().position(|seq| seq >= from).unwrap_or_else(|| numbers().count());
    numbers().take(at).position(|seq| seq.checked_add(1) == Some(from)).map_or(at, |before| before + 1)
}
