//! What the disk holds of one game, played again: from its first record, and from every snapshot.

use crate::disk::Kept;
use crate::world::ROOM;
use parlour_engine::rebuild::{open, rebuild};
use parlour_engine::schema::Kinds;

#[derive(Default)]
pub struct Replayed {
    pub records: u64,
    pub snapshots: u64,
}

/// Plays a game again in every way there is, and panics where two ways give different bytes.
pub fn replay(kinds: &Kinds, kept: &Kept) -> Replayed {
    let (first, rest) = kept.records.split_first().expect("a game has an opening");
    let ((_, mut table), _) = open(kinds, ROOM, first).expect("an opening");
    let mut snapshots = kept.snapshots.iter();
    let mut next = snapshots.next();
    for record in rest {
        table.replay(record).expect("a record that was played before");
        if let Some(snapshot) = next.filter(|snapshot| snapshot.seq == record.seq) {
            assert!(snapshot.is_whole());
            assert_eq!(Ok(&snapshot.body), table.snapshot().as_ref(), "the snapshot is what playing the records gives");
            next = snapshots.find(|later| later.seq > record.seq);
        }
    }
    assert!(next.is_none(), "every snapshot is of some record");
    let last = table.snapshot();
    let whole = rebuild(kinds, ROOM, &kept.since(None)).expect("the whole journal").1.snapshot();
    assert_eq!(whole, last, "the same journal gives the same bytes");
    for snapshot in &kept.snapshots {
        let table = rebuild(kinds, ROOM, &kept.since(Some(snapshot))).expect("a snapshot and its tail").1;
        assert_eq!(table.snapshot(), last, "snapshot {} and its tail", snapshot.seq);
    }
    Replayed { records: kept.records.len() as u64, snapshots: kept.snapshots.len() as u64 }
}
