//! A disk in memory: of each room's present life every record and every snapshot, as batches brought them.

use parlour_engine::store::{Batch, History, RoomRow, Snapshot};
use parlour_room::Record;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Default)]
pub struct Disk(BTreeMap<Arc<str>, Kept>);

/// One room in its present life.
#[derive(Clone, Default)]
pub struct Kept {
    pub row: Option<RoomRow>,
    pub records: Vec<Record>,
    /// All there ever were, the newest last.
    pub snapshots: Vec<Snapshot>,
}

impl Disk {
    pub fn write(&mut self, batch: Batch) {
        for row in batch.opened {
            self.0.insert(row.room.clone(), Kept { row: Some(row), records: Vec::new(), snapshots: Vec::new() });
        }
        for (room, record) in batch.records {
            let kept = self.0.entry(room).or_default();
            let last = kept.records.last().map(|last| last.seq).or(kept.snapshots.last().map(|snapshot| snapshot.seq));
            let first = kept.row.as_ref().map_or(0, |row| row.first);
            assert_eq!(record.seq, last.map_or(first, |last| last + 1), "records are dense");
            kept.records.push(record);
        }
        for ended in batch.ended {
            let row = self.0.get_mut(&ended.room).and_then(|kept| kept.row.as_mut()).expect("a room that ends was opened");
            row.outcome = Some(ended.outcome);
        }
        for snapshot in batch.snapshots {
            self.0.entry(snapshot.room.clone()).or_default().snapshots.push(snapshot);
        }
    }

    pub fn room(&self, room: &str) -> Option<&Kept> {
        self.0.get(room)
    }

    /// How a room ended, if it has.
    pub fn outcome(&self, room: &str) -> Option<&str> {
        self.room(room)?.row.as_ref()?.outcome.as_deref()
    }

    /// A disk that holds of one room its row and this snapshot, and nothing before it.
    pub fn of(row: RoomRow, snapshot: Snapshot) -> Self {
        let kept = Kept { row: Some(row.clone()), records: Vec::new(), snapshots: vec![snapshot] };
        Self(BTreeMap::from([(row.room, kept)]))
    }

    /// What a server reads: the newest snapshot and what comes after it.
    pub fn read(&self, room: &str) -> Option<History> {
        self.room(room).map(|kept| kept.since(kept.snapshots.last()))
    }
}

impl Kept {
    /// This snapshot and what comes after it; without one, everything.
    pub fn since(&self, snapshot: Option<&Snapshot>) -> History {
        let after = snapshot.map_or(0, |snapshot| snapshot.seq);
        let records = self.records.iter().filter(|record| record.seq > after).cloned().collect();
        History { row: self.row.clone(), snapshot: snapshot.cloned(), records, wake_at: None }
    }
}
