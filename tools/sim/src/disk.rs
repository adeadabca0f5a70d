//! A disk as the journal's contract describes it: batches become durable in order and in groups, and a crash keeps some prefix of
//! what was written last. It is handed batches, and hands back histories.

use crate::model::Model;
use parlour_engine::lookup::{FindRow, Found, HistoryRow, Listing, Lookup};
use parlour_engine::store::{Batch, Due, History, RoomRow, Snapshot};
use parlour_room::Record;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What was written, and what of it would survive a crash.
#[derive(Default)]
pub struct Disk {
    rooms: BTreeMap<Arc<str>, Stored>,
    written: VecDeque<Batch>,
    listings: BTreeMap<Arc<str>, Listing>,
    finds: BTreeMap<(String, String), FindRow>,
    history: Vec<HistoryRow>,
}

#[derive(Clone, Default)]
struct Stored {
    row: Option<RoomRow>,
    snapshot: Option<Snapshot>,
    records: Vec<Record>,
    wake_at: Option<u64>,
}

impl Disk {
    /// Takes a batch; it is not durable yet.
    pub fn append(&mut self, batch: Batch) {
        self.written.push_back(batch);
    }

    /// How many batches would be lost with the power.
    pub fn waiting(&self) -> usize {
        self.written.len()
    }

    /// Makes the oldest batches durable, and tells the model of it. Answers the last commit of them.
    pub fn sync(&mut self, batches: usize, model: &mut Model) -> Result<Option<u64>, String> {
        let mut commit = None;
        for batch in self.written.drain(..batches.min(self.written.len())).collect::<Vec<_>>() {
            commit = Some(batch.commit);
            self.keep(&batch)?;
            model.learn(&batch)?;
        }
        Ok(commit)
    }

    /// The power fails: what is not durable is lost.
    pub fn crash(&mut self) {
        self.written.clear();
    }

    fn keep(&mut self, batch: &Batch) -> Result<(), String> {
        for (room, record) in &batch.records {
            self.rooms.entry(room.clone()).or_default().records.push(record.clone());
        }
        for row in &batch.opened {
            let stored = self.rooms.entry(row.room.clone()).or_default();
            (stored.row, stored.snapshot, stored.wake_at) = (Some(row.clone()), None, None);
        }
        for snapshot in &batch.snapshots {
            let stored = self.rooms.entry(snapshot.room.clone()).or_default();
            if stored.row.as_ref().is_some_and(|row| row.first <= snapshot.seq) {
                stored.snapshot = Some(snapshot.clone());
            }
        }
        for ended in &batch.ended {
            let row = self.rooms.get_mut(&ended.room).and_then(|stored| stored.row.as_mut());
            row.ok_or_else(|| format!("{} ended and was never opened", ended.room))?.outcome = Some(ended.outcome.clone());
        }
        for wake in &batch.wakes {
            let stored = self.rooms.get_mut(&wake.room).filter(|stored| stored.row.is_some());
            stored.ok_or_else(|| format!("{} is to be woken and was never opened", wake.room))?.wake_at = wake.at_ms;
        }
        for listing in &batch.listings {
            self.listings.insert(listing.room.clone(), listing.clone());
        }
        for row in &batch.history {
            let told =
                self.history.iter_mut().rev().find(|told| told.room == row.room && told.first == row.first && told.n <= row.n);
            match told.filter(|told| told.n == row.n) {
                Some(told) => told.body = row.body.clone(),
                None => self.history.push(row.clone()),
            }
        }
        for find in &batch.finds {
            self.finds.insert((find.user.clone(), find.id.clone()), find.clone());
        }
        Ok(())
    }

    /// What a shard is given that loads a room: the newest snapshot of its present life, and the records after it.
    pub fn load(&self, room: &str) -> Option<History> {
        let stored = self.rooms.get(room)?;
        let first = stored.row.as_ref().map_or(1, |row| row.first);
        let after = stored.snapshot.as_ref().map_or(first - 1, |snapshot| snapshot.seq);
        let records = stored.records.iter().filter(|record| record.seq > after).cloned().collect();
        Some(History { row: stored.row.clone(), snapshot: stored.snapshot.clone(), records, wake_at: stored.wake_at })
    }

    /// The same, with every record of the present life and no snapshot.
    pub fn life(&self, room: &str) -> Option<History> {
        let stored = self.rooms.get(room)?;
        let first = stored.row.as_ref().map_or(1, |row| row.first);
        let records = stored.records.iter().filter(|record| record.seq >= first).cloned().collect();
        Some(History { row: stored.row.clone(), snapshot: None, records, wake_at: stored.wake_at })
    }

    /// The rooms that are to be woken after this one, in their order, at most so many.
    pub fn due(&self, after: &Due, limit: usize) -> Vec<Due> {
        let due = |(room, stored): (&Arc<str>, &Stored)| Some(Due { at_ms: stored.wake_at?, room: room.clone() });
        let mut list: Vec<Due> = self.rooms.iter().filter_map(due).filter(|due| due > after).collect();
        list.sort();
        list.truncate(limit);
        list
    }

    /// When a room is to be woken.
    pub fn wake_at(&self, room: &str) -> Option<u64> {
        self.rooms.get(room)?.wake_at
    }

    /// The answer to a question beside whole rooms.
    pub fn look(&self, lookup: &Lookup) -> Found {
        let most = |limit: &u32| usize::try_from(*limit).unwrap_or(usize::MAX);
        match lookup {
            Lookup::Rooms { holder, kind, after, limit } => {
                let is_listed = |listing: &Listing| match holder {
                    Some(holder) => listing.holders.contains(holder),
                    None => listing.is_public,
                };
                let rows = self.rooms.iter().filter(|(room, _)| room.as_ref() > after.as_str());
                let rows = rows.filter(|(room, _)| self.listings.get(*room).is_some_and(is_listed));
                let rows = rows.filter_map(|(_, stored)| stored.row.clone());
                Found::Rooms(rows.filter(|row| kind.as_ref().is_none_or(|kind| *kind == row.kind)).take(most(limit)).collect())
            }
            Lookup::History { room, first, before, limit, bytes } => {
                let fits = |row: &&HistoryRow| row.room == *room && row.first == *first && row.n < *before;
                let newest = self.history.iter().rev().filter(fits).take(most(limit));
                let mut weight = 0;
                let light = newest.take_while(|row| {
                    let is_first = weight == 0;
                    weight += row.body.get().len();
                    is_first || weight <= *bytes
                });
                Found::History(light.cloned().collect())
            }
            Lookup::Seats { by, kind, config, place, limit } => {
                let is_here = |listing: &Listing| place.is_home_of(&listing.room);
                let fits = |listing: &&Listing| {
                    listing.free > 0 && listing.kind == kind && listing.config == *config && is_here(listing)
                };
                let mut fitting: Vec<&Listing> = self.listings.values().filter(fits).collect();
                fitting.sort_by_key(|listing| (!listing.is_public, listing.free));
                let rooms = fitting.into_iter().take(most(limit)).map(|listing| listing.room.clone()).collect();
                Found::Seats { before: by.as_ref().and_then(|by| self.finds.get(by).cloned()), rooms }
            }
        }
    }

    /// Where a room stands in the list.
    pub fn listing(&self, room: &str) -> Option<&Listing> {
        self.listings.get(room)
    }

    /// The rooms on it.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.rooms.keys().cloned().collect()
    }
}

/// A planted bug: the history of a room whose inboxes are lost. The snapshot is made of the newest state, so that no record
/// brings them back.
pub fn without_inboxes(room: &str, history: History, newest: (u64, String)) -> History {
    let (seq, body) = newest;
    let key = "\"inboxes\":";
    let at = body.find(key).expect("a snapshot has inboxes") + key.len();
    let end = at + object(&body[at..]);
    let body = format!("{}{{}}{}", &body[..at], &body[end..]);
    History { snapshot: Some(Snapshot::new(room.into(), seq, body)), records: Vec::new(), ..history }
}

/// How long the JSON object at the beginning of this text is.
fn object(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 && !quoted {
            return at + 1;
        }
    }
    text.len()
}
