//! What is asked of the SQLite journal beside whole rooms: public rooms, rooms with a free seat, and where requests to find one
//! ended. Tables of their own, written in the transaction of the records from which they follow.

use super::read::room_row;
use super::row::{damaged, failed, number, text};
use super::{Refused, stored};
use parlour_engine::forward::Place;
use parlour_engine::lookup::{FIND_WINDOW_MS, FindRow, Found, HistoryRow, Listing, Lookup, event_body};
use parlour_engine::store::{Batch, ReadError};
use parlour_room::Hash64;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

const TELL: &str = "INSERT INTO history (room, first, n, ts_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (room, first, n) DO UPDATE SET body = excluded.body";
const HISTORY: &str = "SELECT n, ts_ms, body FROM history WHERE room = ?1 AND first = ?2 AND n < ?3 ORDER BY n DESC LIMIT ?4";
const LIST: &str = "INSERT INTO listings (room, kind, config, free, public) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (room) DO UPDATE SET kind = excluded.kind, config = excluded.config, free = excluded.free,
    public = excluded.public";
/// What changed of who holds a seat in a room, and nothing else, is written.
const SEAT: &str = "INSERT INTO holders (user, room) SELECT value, ?1 FROM json_each(?2) WHERE true ON CONFLICT DO NOTHING";
const UNSEAT: &str = "DELETE FROM holders WHERE room = ?1 AND user NOT IN (SELECT value FROM json_each(?2))";
const FOUND: &str = "INSERT INTO finds (user, id, body, room, created, ts_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (user, id) DO UPDATE SET body = excluded.body, room = excluded.room, created = excluded.created,
    ts_ms = excluded.ts_ms";
/// A few at a time: as many as come, and some more, so that the table never grows far beyond its window.
const FORGET: &str = "DELETE FROM finds WHERE (user, id) IN (SELECT user, id FROM finds WHERE ts_ms < ?1 ORDER BY ts_ms LIMIT 4)";
const PUBLIC: &str = "SELECT rooms.room, rooms.kind, rules, life, first, opened_ms, outcome, snapshot, wake_at
    FROM listings JOIN rooms ON rooms.room = listings.room
    WHERE public AND listings.room > ?1 ORDER BY listings.room LIMIT ?2";
const PUBLIC_OF_KIND: &str = "SELECT rooms.room, rooms.kind, rules, life, first, opened_ms, outcome, snapshot, wake_at
    FROM listings INDEXED BY listings_public JOIN rooms ON rooms.room = listings.room
    WHERE public AND listings.kind = ?3 AND listings.room > ?1 ORDER BY listings.room LIMIT ?2";
pub(super) const HELD: &str = "SELECT rooms.room, rooms.kind, rules, life, first, opened_ms, outcome, snapshot, wake_at
    FROM holders JOIN rooms ON rooms.room = holders.room
    WHERE holders.user = ?4 AND holders.room > ?1 AND (?3 IS NULL OR rooms.kind = ?3) ORDER BY holders.room LIMIT ?2";
/// A shard passes over the rooms of others: so many rows are looked at, at most.
const FREE: &str = "SELECT room FROM listings INDEXED BY listings_free WHERE free > 0 AND kind = ?1 AND config = ?2
    ORDER BY public DESC, free, room LIMIT 4096";
const BEFORE: &str = "SELECT body, room, created, ts_ms FROM finds WHERE user = ?1 AND id = ?2";

/// Keeps what a batch says of rooms and of those who looked for one.
pub(super) fn keep(db: &Connection, batch: &Batch) -> Result<(), Refused> {
    for Listing { room, kind, config, free, is_public, holders } in &batch.listings {
        db.prepare_cached(LIST)?.execute(params![&**room, kind, config.to_string(), free, is_public])?;
        let holders = serde_json::to_string(holders).expect("names can be written as JSON");
        db.prepare_cached(UNSEAT)?.execute([&**room, holders.as_str()])?;
        db.prepare_cached(SEAT)?.execute([&**room, holders.as_str()])?;
    }
    for FindRow { user, id, body, room, created, ts_ms } in &batch.finds {
        let ts = stored(*ts_ms, room)?;
        db.prepare_cached(FOUND)?.execute(params![user, id, body.to_string(), &**room, created, ts])?;
        db.prepare_cached(FORGET)?.execute([stored(ts_ms.saturating_sub(FIND_WINDOW_MS), room)?])?;
    }
    for HistoryRow { room, first, n, ts_ms, body } in &batch.history {
        let (first, n, ts) = (stored(*first, room)?, stored(*n, room)?, stored(*ts_ms, room)?);
        db.prepare_cached(TELL)?.execute(params![&**room, first, n, ts, body.get()])?;
    }
    Ok(())
}

pub(super) fn look(db: &Connection, lookup: &Lookup) -> Result<Found, ReadError> {
    match lookup {
        Lookup::Rooms { holder, kind, after, limit } => {
            let sql = match (holder, kind) {
                (Some(_), _) => HELD,
                (None, Some(_)) => PUBLIC_OF_KIND,
                (None, None) => PUBLIC,
            };
            let mut query = db.prepare_cached(sql).map_err(failed(0))?;
            let mut rows = match (holder, kind) {
                (Some(holder), kind) => query.query(params![after, limit, kind, holder]),
                (None, Some(kind)) => query.query(params![after, limit, kind]),
                (None, None) => query.query(params![after, limit]),
            }
            .map_err(failed(0))?;
            let mut list = Vec::new();
            while let Some(row) = rows.next().map_err(failed(0))? {
                list.extend(room_row(row)?);
            }
            Ok(Found::Rooms(list))
        }
        Lookup::History { room, first, before, limit, bytes } => {
            history(db, room, *first, *before, *limit, *bytes).map(Found::History)
        }
        Lookup::Seats { by, kind, config, place, limit } => {
            let state = db.unchecked_transaction().map_err(failed(0))?;
            let before = match by {
                Some((user, id)) => before(db, user, id)?,
                None => None,
            };
            let rooms = free(db, kind, *config, *place, *limit)?;
            drop(state);
            Ok(Found::Seats { before, rooms })
        }
    }
}

fn history(
    db: &Connection,
    room: &Arc<str>,
    first: u64,
    before: u64,
    limit: u32,
    most_bytes: usize,
) -> Result<Vec<HistoryRow>, ReadError> {
    let stored = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut query = db.prepare_cached(HISTORY).map_err(failed(first))?;
    let mut rows = query.query(params![&**room, stored(first), stored(before), limit]).map_err(failed(first))?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next().map_err(failed(first))? {
        let n = number(row, 0, first, "an event's number")?;
        let body = text(row, 2, first, "an event")?;
        bytes += body.len();
        if bytes > most_bytes && !events.is_empty() {
            break;
        }
        let body = event_body(body).ok_or_else(|| damaged(first, format!("event {n} in the history is none")))?;
        events.push(HistoryRow { room: room.clone(), first, n, ts_ms: number(row, 1, first, "an event's time")?, body });
    }
    Ok(events)
}

fn free(db: &Connection, kind: &str, config: Hash64, place: Place, limit: u32) -> Result<Vec<Arc<str>>, ReadError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut query = db.prepare_cached(FREE).map_err(failed(0))?;
    let mut rows = query.query(params![kind, config.to_string()]).map_err(failed(0))?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next().map_err(failed(0))?
        && rooms.len() < limit
    {
        let room = text(row, 0, 0, "a room's name")?;
        if place.is_home_of(room) {
            rooms.push(room.into());
        }
    }
    Ok(rooms)
}

fn before(db: &Connection, user: &str, id: &str) -> Result<Option<FindRow>, ReadError> {
    let mut query = db.prepare_cached(BEFORE).map_err(failed(0))?;
    let found = query.query_row([user, id], |row| Ok(find_row(row, user, id))).optional().map_err(failed(0))?;
    found.transpose()
}

fn find_row(row: &Row<'_>, user: &str, id: &str) -> Result<FindRow, ReadError> {
    let body = Hash64::parse(text(row, 0, 0, "a request's hash")?).ok_or_else(|| damaged(0, "a request's hash is none"))?;
    Ok(FindRow {
        user: user.to_owned(),
        id: id.to_owned(),
        body,
        room: text(row, 1, 0, "a room's name")?.into(),
        created: number(row, 2, 0, "whether a room was created")? != 0,
        ts_ms: number(row, 3, 0, "a request's time")?,
    })
}
