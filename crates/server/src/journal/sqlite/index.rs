//! Where each room's rows lie in the log, in memory: what a database index would tell, without its pages being written at every
//! commit. And in which order they came, so that folding begins with the oldest.

use rusqlite::Connection;
use std::collections::{HashMap, HashSet, VecDeque};
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
/// be empty. It must not be ahead of what a reader sees by a fold: see [`folds`](Self::folds).
#[derive(Debug, Default)]
pub(super) struct Index {
    rooms: HashMap<Arc<str>, VecDeque<Place>>,
    known: i64,
    /// How many rows are in `rooms`.
    rows: usize,
    /// Every row with its room, in the order of the log; also some that were folded meanwhile.
    order: VecDeque<(i64, Arc<str>)>,
    /// Rooms that cannot be folded: their rows are not what they must be, and stay where they are.
    aside: HashSet<Arc<str>>,
    folds: u64,
}

/// Rows of one room that are to be folded: its oldest ones.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) room: Arc<str>,
    pub(super) places: Vec<Place>,
}

impl Index {
    /// Reads the log once. A row whose room is not text belongs to nobody; the room that lost it has a gap there.
    pub(super) fn build(db: &Connection) -> rusqlite::Result<Self> {
        let mut index = Self::default();
        let mut names = HashSet::<Arc<str>>::new();
        let mut scan = db.prepare("SELECT rowid, room, seq FROM log ORDER BY rowid")?;
        let mut rows = scan.query([])?;
        while let Some(row) = rows.next()? {
            let place = Place::new(row.get(0)?, row.get_ref(2)?.as_i64().ok());
            index.known = place.row;
            let Ok(room) = row.get_ref(1)?.as_str() else { continue };
            let name = names.get(room).cloned().unwrap_or_else(|| room.into());
            names.insert(name.clone());
            index.push(name, place);
        }
        Ok(index)
    }

    pub(super) fn extend(&mut self, places: Vec<(Arc<str>, Place)>) {
        for (room, place) in places {
            self.known = place.row;
            self.push(room, place);
        }
    }

    fn push(&mut self, room: Arc<str>, place: Place) {
        self.order.push_back((place.row, room.clone()));
        self.rooms.entry(room).or_default().push_back(place);
        self.rows += 1;
    }

    /// The room's rows in log order, and the last row of the log that this takes into account.
    pub(super) fn places(&self, room: &str) -> (Vec<Place>, i64) {
        (self.rooms.get(room).map(|places| places.iter().copied().collect()).unwrap_or_default(), self.known)
    }

    /// The last row of the log.
    pub(super) fn known(&self) -> i64 {
        self.known
    }

    /// How many rows of the log there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How many folds this has taken into account. A reader asks before its transaction begins and again when it has the places:
    /// if that differs, what it sees in the log may be missing here.
    pub(super) fn folds(&self) -> u64 {
        self.folds
    }

    /// What is to be folded next so that at most `limit` rows remain, but no more than `most` rows: the room with the oldest row
    /// first, and of each room its oldest rows. Never the last row of the log: the next one's number follows from it, after a new
    /// start too, so that no number is given twice.
    pub(super) fn due(&mut self, limit: usize, most: usize) -> Vec<Due> {
        while self.order.front().is_some_and(|(row, room)| *row != self.known && !self.is_to_fold(*row, room)) {
            self.order.pop_front();
        }
        let (mut due, mut chosen) = (Vec::new(), HashSet::new());
        let (mut excess, mut most) = (self.rows.saturating_sub(limit), most);
        for (row, room) in &self.order {
            if excess == 0 || most == 0 {
                break;
            }
            if self.is_to_fold(*row, room) && chosen.insert(room) {
                let places: Vec<Place> =
                    self.rooms[room].iter().copied().filter(|place| place.row != self.known).take(most).collect();
                excess = excess.saturating_sub(places.len());
                most -= places.len();
                due.push(Due { room: room.clone(), places });
            }
        }
        due
    }

    fn is_to_fold(&self, row: i64, room: &str) -> bool {
        let oldest = self.rooms.get(room).and_then(VecDeque::front);
        oldest.is_some_and(|oldest| oldest.row <= row) && row != self.known && !self.aside.contains(room)
    }

    /// The oldest rows of these rooms are in chunks now, so many of each.
    pub(super) fn folded(&mut self, rooms: Vec<(Arc<str>, usize)>) {
        self.folds += 1;
        for (room, count) in rooms {
            self.rows -= count;
            if let Some(places) = self.rooms.get_mut(&room) {
                places.drain(..count);
                if places.is_empty() {
                    self.rooms.remove(&room);
                }
            }
        }
    }

    /// This room is not folded before the next start.
    pub(super) fn put_aside(&mut self, room: Arc<str>) {
        self.aside.insert(room);
    }
}
