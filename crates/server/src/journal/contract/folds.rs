//! The contract's claims on folding: readers cannot tell, whenever it happens and wherever it breaks off.

use super::model::{Model, Random};
use super::{Batch, House, ROOM, Snapshot, acting, numbers, opening, record, row};
use parlour_engine::limits::Limits;
use std::sync::Arc;
use std::thread;

fn limits(tail_rows: usize, chunk_bytes: usize, fold_rows: usize) -> Limits {
    Limits { journal_tail_rows: tail_rows, journal_chunk_bytes: chunk_bytes, journal_fold_rows: fold_rows, ..Limits::default() }
}

pub(crate) fn folding_at_any_moment_and_crashing_between_its_steps_changes_nothing_that_a_reader_sees(house: &impl House) {
    for seed in 100..112 {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let mut model = Model::new(seed);
        for _ in 0..5 {
            let tail_rows = random.below(12) as usize;
            let limits = limits(tail_rows, 64 + random.below(2000) as usize, 1 + random.below(6) as usize);
            let (mut journal, reader) = house.open_limited(&limits).unwrap();
            model.agrees(&*reader);
            for _ in 0..random.below(8) {
                let group = (0..=random.below(3)).map(|_| model.batch(&mut random)).collect::<Vec<_>>();
                journal.append(&group).unwrap();
                for _ in 0..random.below(4) {
                    journal.fold().unwrap();
                    model.agrees(&*reader);
                }
            }
            model.agrees(&*house.outside());
            if random.below(2) == 0 {
                house.crash((journal, reader));
            }
        }
        model.agrees(&*house.outside());
    }
}

pub(crate) fn readers_see_every_record_exactly_once_while_it_is_folded(house: &impl House) {
    let (mut journal, reader) = house.open_limited(&limits(3, 300, 2)).unwrap();
    journal.append(&[opening(1)]).unwrap();
    let outside = house.outside();
    thread::scope(|scope| {
        let writing = scope.spawn(move || {
            for commit in 2..=600 {
                let snapshots = if commit % 7 == 0 { vec![Snapshot::new(ROOM.into(), commit, "s".into())] } else { vec![] };
                journal.append(&[Batch { snapshots, ..acting(commit, commit..=commit) }]).unwrap();
                journal.fold().unwrap();
            }
        });
        let mut seen = [0, 0];
        while !writing.is_finished() {
            for (reader, seen) in [&*reader, &*outside].into_iter().zip(&mut seen) {
                let all = reader.records(ROOM).unwrap();
                assert!(all.iter().map(|record| record.seq).eq(1..=all.len() as u64), "{all:?}");
                assert!(all.len() >= *seen);
                *seen = all.len();
                let loaded = reader.load(ROOM).unwrap().unwrap();
                let from = loaded.snapshot.map_or(1, |snapshot| snapshot.seq + 1);
                assert!(loaded.records.iter().map(|record| record.seq).eq(from..from + loaded.records.len() as u64));
                assert!(loaded.records.len() < 8 || from == 1, "{from}: {}", loaded.records.len());
            }
        }
    });
    assert_eq!([numbers(&*reader).len(), numbers(&*outside).len()], [600, 600]);
}

pub(crate) fn folding_takes_bounded_steps_until_the_log_is_short_enough_and_begins_with_the_oldest(house: &impl House) {
    let (mut journal, reader) = house.open_limited(&limits(10, 16 * 1024, 4)).unwrap();
    let batch = |room: &str, commit: u64, first: u64, count: u64| Batch {
        commit,
        records: (first..first + count).map(|seq| (Arc::from(room), record(seq, 1))).collect(),
        opened: if first == 1 { vec![row(room, 1)] } else { vec![] },
        ..Batch::default()
    };
    journal.append(&[batch("old", 1, 1, 3), batch("new", 2, 1, 7), batch("old", 3, 4, 2)]).unwrap();
    // The first step may take as many as came at once: 12 rows, 2 too many, so all 5 of the room with the oldest.
    assert!(!journal.fold().unwrap());
    journal.append(&[batch("new", 4, 8, 20)]).unwrap();
    assert!(!journal.fold().unwrap());
    assert!(!journal.fold().unwrap(), "nothing is left to do");
    for (room, count) in [("old", 5), ("new", 27)] {
        let records = reader.records(room).unwrap();
        assert_eq!(records, (1..=count).map(|seq| record(seq, 1)).collect::<Vec<_>>(), "{room}");
    }
    drop((journal, reader));
    // A limit that was lowered: what is there already is folded four rows at a time.
    let (mut journal, reader) = house.open_limited(&limits(1, 16 * 1024, 4)).unwrap();
    journal.append(&[batch("late", 5, 1, 30)]).unwrap();
    drop((journal, reader));
    let (mut journal, _reader) = house.open_limited(&limits(1, 16 * 1024, 4)).unwrap();
    let mut steps = 1;
    while journal.fold().unwrap() {
        steps += 1;
    }
    assert!((8..=12).contains(&steps), "{steps} steps for at least 30 rows");
}

pub(crate) fn a_damaged_room_is_not_folded_and_keeps_no_other_from_it(house: &impl House) {
    for change in [
        "UPDATE log SET hash = 'x' WHERE seq = 2 AND room = 'cards-1'",
        "UPDATE log SET input = CAST(x'ff' AS TEXT) WHERE seq = 2 AND room = 'cards-1'",
        "DELETE FROM log WHERE seq = 2 AND room = 'cards-1'",
        "DELETE FROM log WHERE seq = 1 AND room = 'cards-1'",
        "UPDATE log SET seq = 3 WHERE seq = 2 AND room = 'cards-1'",
        "INSERT INTO chunks VALUES ('cards-1', 1, 1, 'torn')",
    ] {
        for table in ["log", "rooms", "snapshots", "chunks"] {
            drop(house.open().unwrap());
            house.damage(&format!("DELETE FROM {table}"));
        }
        let (mut journal, reader) = house.open().unwrap();
        let other = Batch {
            commit: 9,
            records: (1..=5).map(|seq| ("other".into(), record(seq, 1))).collect(),
            opened: vec![row("other", 1)],
            ..Batch::default()
        };
        journal.append(&[opening(1), acting(2, 2..=8), other]).unwrap();
        drop((journal, reader));
        house.damage(change);
        let before = house.outside().records(ROOM);
        let (mut journal, reader) = house.open_limited(&limits(0, 16 * 1024, 3)).unwrap();
        while journal.fold().unwrap() {}
        assert_eq!(reader.records(ROOM), before, "{change}: it stays as it lies");
        assert_eq!(reader.records("other").unwrap().len(), 5);
        assert!(journal.append(&[acting(10, 9..=9)]).is_ok());
    }
}
