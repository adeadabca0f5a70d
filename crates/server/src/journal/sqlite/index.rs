//! Where each room's rows lie in the log, in memory: what a database index would tell, without its pages being written at every
//! commit.

use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;

/// One row of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: i64,
    /// The record's number as far as it can be read, else the largest there is: such a row is never passed over as being before
    /// something.
    pub(super) seq: u64,
}

impl Place {
    pub(super) fn new(row: i64, seq: Option<i64>) -> Self {
        Self { row, seq: seq.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(u64::MAX) }
    }
}

/// The rows of each room up to `known`. A reader looks through the rows after that itself, so an index may lag behind the log, or
/// be empty.
#[derive(Debug, Default)]
pub(super) struct Index {
    rooms: HashMap<Arc<str>, Vec<Place>>,
    known: i64,
}

impl Index {
    /// Reads the log once. A row whose room is not text belongs to nobody; the room that lost it has a gap there.
    pub(super) fn build(db: &Connection) -> rusqlite::Result<Self> {
        let mut index = Self::default();
        let mut scan = db.prepare("SELECT rowid, room, seq FROM log ORDER BY rowid")?;
        let mut rows = scan.query([])?;
        while let Some(row) = rows.next()? {
            let place = Place::new(row.get(0)?, row.get_ref(2)?.as_i64().ok());
            index.known = place.row;
            let Ok(room) = row.get_ref(1)?.as_str() else { continue };
            match index.rooms.get_mut(room) {
                Some(places) => places.push(place),
                None => drop(index.rooms.insert(room.into(), vec![place])),
            }
        }
        Ok(index)
    }

    pub(super) fn extend(&mut self, places: Vec<(Arc<str>, Place)>) {
        for (room, place) in places {
            self.rooms.entry(room).or_default().push(place);
            self.known = place.row;
        }
    }

    /// The room's rows in log order, and the last row of the log that this takes into account.
    pub(super) fn places(&self, room: &str) -> (Vec<Place>, i64) {
        (self.rooms.get(room).cloned().unwrap_or_default(), self.known)
    }
}
