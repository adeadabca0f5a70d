//! How much is in a journal: for whoever runs a server.

use super::read::SqliteReader;
use super::row::{failed, number, text};
use parlour_engine::store::ReadError;
use rusqlite::Row;
use std::fs;

const KINDS: &str = "SELECT kind, count(*) FILTER (WHERE outcome IS NULL), count(*) FILTER (WHERE outcome IS NOT NULL)
    FROM rooms GROUP BY kind ORDER BY kind";
const TAIL: &str = "SELECT count(*) FROM log";
const CHUNKS: &str = "SELECT count(*), coalesce(sum(last - first + 1), 0), coalesce(sum(octet_length(body)), 0) FROM chunks";
const SNAPSHOTS: &str = "SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM snapshots";
const PAGES: &str = "SELECT page_count * page_size, freelist_count * page_size
    FROM pragma_page_count, pragma_page_size, pragma_freelist_count";
const OLDEST: &str = "SELECT min(opened_ms) FROM rooms HAVING count(*) > 0";
const NEWEST: &str = "SELECT ts_ms FROM log ORDER BY rowid DESC LIMIT 1";
/// Whatever has to do with a room names it, also where the list of rooms lost it.
const NAMES: &str =
    "SELECT room FROM rooms UNION SELECT room FROM chunks UNION SELECT room FROM snapshots UNION SELECT room FROM log
    ORDER BY room";

/// How much is in a journal, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Rooms, by kind.
    pub kinds: Vec<KindStat>,
    /// Records that are kept one by one.
    pub tail_records: u64,
    /// Records that were folded.
    pub folded_records: u64,
    /// Chunks they are in.
    pub chunks: u64,
    /// How long these are.
    pub chunk_bytes: u64,
    /// Rooms with a snapshot.
    pub snapshots: u64,
    /// How long the snapshots are.
    pub snapshot_bytes: u64,
    /// The file, without what lies beside it.
    pub file_bytes: u64,
    /// How much of it is free for what comes.
    pub free_bytes: u64,
    /// What was written and lies beside the file still.
    pub wal_bytes: u64,
    /// When the oldest room was opened: wall time, milliseconds since 1970.
    pub oldest_ms: Option<u64>,
    /// When the newest record was made.
    pub newest_ms: Option<u64>,
}

/// Rooms of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindStat {
    /// The kind.
    pub kind: String,
    /// How many are open.
    pub open: u64,
    /// How many ended.
    pub ended: u64,
}

impl SqliteReader {
    /// Counts what is there.
    pub fn stat(&self) -> Result<Stat, ReadError> {
        let state = self.db.unchecked_transaction().map_err(failed(0))?;
        let kinds = self.rows(KINDS, |row| {
            let count = |column| number(row, column, 0, "a number of rooms");
            Ok(KindStat { kind: text(row, 0, 0, "a kind")?.to_owned(), open: count(1)?, ended: count(2)? })
        })?;
        let numbers = |sql: &str, columns: usize| {
            let read =
                |row: &Row<'_>| (0..columns).map(|column| number(row, column, 0, "a count")).collect::<Result<Vec<_>, _>>();
            Ok(self.rows(sql, read)?.into_iter().next().unwrap_or_default())
        };
        let one = |row: &[u64], column: usize| row.get(column).copied().unwrap_or_default();
        let (tail, chunks, snapshots, pages) =
            (numbers(TAIL, 1)?, numbers(CHUNKS, 3)?, numbers(SNAPSHOTS, 2)?, numbers(PAGES, 2)?);
        let stat = Stat {
            kinds,
            tail_records: one(&tail, 0),
            chunks: one(&chunks, 0),
            folded_records: one(&chunks, 1),
            chunk_bytes: one(&chunks, 2),
            snapshots: one(&snapshots, 0),
            snapshot_bytes: one(&snapshots, 1),
            file_bytes: one(&pages, 0),
            free_bytes: one(&pages, 1),
            wal_bytes: self.db.path().and_then(|file| fs::metadata(format!("{file}-wal")).ok()).map_or(0, |wal| wal.len()),
            oldest_ms: numbers(OLDEST, 1)?.first().copied(),
            newest_ms: numbers(NEWEST, 1)?.first().copied(),
        };
        drop(state);
        Ok(stat)
    }

    /// Every name of a room that anything is kept under, in order.
    pub fn names(&self) -> Result<Vec<String>, ReadError> {
        self.rows(NAMES, |row| Ok(text(row, 0, 0, "a room's name")?.to_owned()))
    }

    fn rows<T>(&self, sql: &str, read: impl Fn(&Row<'_>) -> Result<T, ReadError>) -> Result<Vec<T>, ReadError> {
        let mut query = self.db.prepare(sql).map_err(failed(0))?;
        let mut rows = query.query([]).map_err(failed(0))?;
        let mut list = Vec::new();
        while let Some(row) = rows.next().map_err(failed(0))? {
            list.push(read(row)?);
        }
        Ok(list)
    }
}
