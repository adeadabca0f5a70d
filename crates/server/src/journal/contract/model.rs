//! What a journal must hold, kept in the plainest way, and batches at random to fill both.

use crate::journal::Reader;
use parlour_engine::store::{Batch, Due, EndedRow, RoomRow, Snapshot, WakeRow};
use parlour_room::{Cause, Hash64, Record};
use std::collections::BTreeMap;
use std::sync::Arc;

const NAMES: [&str; 7] = ["a", "a b", "a'b\"", "cards-1", "cards-10", "été", "房間"];
const CAUSES: [Cause; 6] = [Cause::Joined, Cause::Action, Cause::Signal, Cause::Left, Cause::Woke, Cause::Closed];

#[derive(Default)]
struct Kept {
    row: Option<RoomRow>,
    snapshot: Option<Snapshot>,
    records: Vec<Record>,
    wake_at: Option<u64>,
}

/// Rooms whose names begin with its own number, so that several models can share a journal.
pub(super) struct Model {
    prefix: String,
    rooms: BTreeMap<Arc<str>, Kept>,
    commit: u64,
}

impl Model {
    pub(super) fn new(number: u64) -> Self {
        Self { prefix: format!("{number}:"), rooms: BTreeMap::new(), commit: 0 }
    }

    /// A batch at random, taken as written.
    pub(super) fn batch(&mut self, random: &mut Random) -> Batch {
        self.commit += 1;
        let mut batch = Batch { commit: self.commit, ..Batch::default() };
        for _ in 0..random.below(12) {
            let room = Arc::<str>::from(format!("{}{}", self.prefix, random.one_of(&NAMES)));
            let kept = self.rooms.entry(Arc::clone(&room)).or_default();
            let seq = kept.records.len() as u64 + 1;
            let is_over = kept.row.as_ref().is_none_or(|row| row.outcome.is_some());
            let cause = if is_over { Cause::Opened } else { *random.one_of(&CAUSES) };
            kept.records.push(random.record(seq, cause));
            batch.records.push((Arc::clone(&room), random_last(kept)));
            if is_over {
                let row = random.row(&room, seq);
                batch.ended.retain(|ended| ended.room != room);
                batch.opened.push(row.clone());
                (kept.row, kept.snapshot, kept.wake_at) = (Some(row), None, None);
                batch.wakes.retain(|wake| wake.room != room);
            } else if random.below(12) == 0 {
                let ended = EndedRow { room: Arc::clone(&room), outcome: random.text() };
                kept.row.as_mut().unwrap().outcome = Some(ended.outcome.clone());
                batch.ended.push(ended);
            }
            if random.below(8) == 0 {
                let snapshot = Snapshot::new(Arc::clone(&room), seq, random.text());
                kept.snapshot = Some(snapshot.clone());
                batch.snapshots.push(snapshot);
            }
            if random.below(3) == 0 {
                kept.wake_at = (random.below(3) > 0).then(|| random.below(20));
                batch.wakes.push(WakeRow { room, at_ms: kept.wake_at });
            }
        }
        batch
    }

    /// That a reader finds exactly this.
    pub(super) fn agrees(&self, reader: &dyn Reader) {
        for (room, kept) in &self.rooms {
            assert_eq!(reader.records(room).unwrap(), kept.records);
            let first = kept.row.as_ref().unwrap().first;
            let tail = kept.snapshot.as_ref().map_or(first, |snapshot| snapshot.seq + 1);
            let (load, life) = (reader.load(room).unwrap().unwrap(), reader.life(room).unwrap().unwrap());
            for (history, from) in [(load, tail), (life, first)] {
                assert_eq!(history.row, kept.row);
                assert_eq!(history.snapshot, kept.snapshot);
                assert_eq!(history.wake_at, kept.wake_at);
                let records = kept.records.iter().filter(|record| record.seq >= from);
                assert!(history.records.iter().eq(records), "{room} from {from}");
            }
        }
        self.agrees_on_what_is_due(reader);
        let unused = format!("{}unused", self.prefix);
        assert!(reader.load(&unused).unwrap().is_none() && reader.records(&unused).unwrap().is_empty());
        let own =
            reader.rooms(&self.prefix, NAMES.len() as u32).unwrap().into_iter().filter(|row| row.room.starts_with(&self.prefix));
        assert!(own.eq(self.rooms.values().flat_map(|kept| kept.row.clone())));
    }
}

impl Model {
    /// That all rooms come out in the order of their time, a few at a time.
    fn agrees_on_what_is_due(&self, reader: &dyn Reader) {
        let due = |(room, kept): (&Arc<str>, &Kept)| Some(Due { at_ms: kept.wake_at?, room: Arc::clone(room) });
        let mut expected = self.rooms.iter().filter_map(due).collect::<Vec<_>>();
        expected.sort();
        let mut listed = Vec::<Due>::new();
        loop {
            let after = listed.last().cloned().unwrap_or(Due::before(0));
            let page = reader.due(&after, 3).unwrap();
            assert!(page.len() <= 3);
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        assert!(listed.is_sorted());
        listed.retain(|due| due.room.starts_with(&self.prefix));
        assert_eq!(listed, expected);
        let later = reader.due(&Due::before(10), 1000).unwrap();
        assert!(later.iter().all(|due| due.at_ms >= 10));
        let count = |listed: &[Due]| listed.iter().filter(|due| due.room.starts_with(&self.prefix) && due.at_ms >= 10).count();
        assert_eq!(count(&later), count(&listed));
    }
}

fn random_last(kept: &Kept) -> Record {
    kept.records.last().unwrap().clone()
}

/// SplitMix64: repeatable from its seed.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// Up to 63 bits, small ones as likely as large ones.
    fn number(&mut self) -> u64 {
        let shift = 1 + self.below(63);
        self.next() >> shift
    }

    fn text(&mut self) -> String {
        let letters = ["a", "\"", "'", "\\", "\0", "\n", "é", "房", "{}"];
        let length = if self.below(20) == 0 { 6000 } else { self.below(30) };
        (0..length).map(|_| *self.one_of(&letters)).collect()
    }

    fn record(&mut self, seq: u64, cause: Cause) -> Record {
        Record { seq, at_ms: self.number(), ts_ms: self.number(), cause, input: self.text(), hash: Hash64(self.next()) }
    }

    fn row(&mut self, room: &Arc<str>, first: u64) -> RoomRow {
        let (kind, rules, life, opened_ms) = (self.text(), self.next() as u32, self.text(), self.number());
        RoomRow { room: Arc::clone(room), kind, rules, life, first, opened_ms, outcome: None }
    }
}
