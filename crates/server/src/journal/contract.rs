//! What every journal must keep to, written against the traits: `contract!` makes one test of each claim for the journal that a
//! [`House`] opens.

mod damage;
mod folds;
mod lookups;
mod model;

pub(crate) use damage::*;
pub(crate) use folds::*;
pub(crate) use lookups::*;

use super::{AppendError, Committed, Journal, OpenError, Reader, Writer};
use model::{Model, Random};
use parlour_engine::limits::Limits;
use parlour_engine::store::{Batch, EndedRow, RoomRow, Snapshot};
use parlour_room::{Cause, Hash64, Record};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

/// The room that the short claims are about.
const ROOM: &str = "cards-1";

pub(crate) type Both = (Box<dyn Journal>, Box<dyn Reader>);

/// Where one journal lies, empty at first.
pub(crate) trait House {
    /// Opens it for writing, and a reader in the same process.
    fn open(&self) -> Result<Both, OpenError>;
    /// The same with other limits.
    fn open_limited(&self, limits: &Limits) -> Result<Both, OpenError>;
    /// What a crash at this moment would leave takes the place of what is there. Nobody may have it open afterwards.
    fn crash(&self, open: Both);
    /// A reader as another process has it.
    fn outside(&self) -> Box<dyn Reader>;
    /// Opens it for writing with room for less than a MiB.
    fn open_nearly_full(&self) -> Box<dyn Journal>;
    /// Changes what is stored, past the journal, in tables as `sqlite/file.rs` has them.
    fn damage(&self, sql: &str);
}

macro_rules! contract {
    ($house:expr) => {
        $crate::journal::contract::claims! { $house;
            what_was_appended_is_read_back_in_order_also_after_reopening
            an_append_is_written_whole_or_not_at_all
            loading_gives_the_newest_snapshot_and_exactly_the_records_after_it
            a_room_opened_again_is_loaded_from_its_present_life
            rooms_are_listed_by_name_in_pages
            public_rooms_and_free_seats_are_found_as_last_written
            history_is_read_backwards_within_one_life_and_both_limits
            what_is_told_again_under_a_number_of_the_history_replaces_what_was_told_and_keeps_its_time
            where_a_search_ended_is_known_for_its_window_and_forgotten_some_time_after
            a_second_writer_is_refused
            a_reader_outside_sees_whole_commits_only
            a_writer_commits_what_waits_as_one_group
            a_full_disk_is_reported_once_and_for_all_and_what_was_durable_stays
            a_value_that_cannot_be_is_damage_at_its_number
            what_was_displaced_is_returned_as_it_lies
            a_snapshot_that_was_touched_is_damage
            folding_at_any_moment_and_crashing_between_its_steps_changes_nothing_that_a_reader_sees
            readers_see_every_record_exactly_once_while_it_is_folded
            folding_takes_bounded_steps_until_the_log_is_short_enough_and_begins_with_the_oldest
            a_damaged_room_is_not_folded_and_keeps_no_other_from_it
        }
    };
}
macro_rules! claims {
    ($house:expr; $($claim:ident)*) => { $(#[test] fn $claim() { $crate::journal::contract::$claim(&$house); })* };
}
pub(crate) use {claims, contract};

pub(crate) fn what_was_appended_is_read_back_in_order_also_after_reopening(house: &impl House) {
    for seed in 0..8 {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let mut model = Model::new(seed);
        for _ in 0..4 {
            let (mut journal, reader) = house.open().unwrap();
            model.agrees(&*reader);
            for _ in 0..random.below(12) {
                let group = (0..=random.below(4)).map(|_| model.batch(&mut random)).collect::<Vec<_>>();
                journal.append(&group).unwrap();
                model.agrees(&*reader);
            }
            model.agrees(&*house.outside());
            drop(journal);
        }
        model.agrees(&*house.outside());
    }
}

pub(crate) fn an_append_is_written_whole_or_not_at_all(house: &impl House) {
    let (mut journal, reader) = house.open().unwrap();
    journal.append(&[opening(1)]).unwrap();
    let mut too_large = acting(2, 3..=4);
    too_large.records[1].1.at_ms = u64::MAX;
    assert!(matches!(journal.append(&[acting(3, 2..=2), too_large]), Err(AppendError::Failed(_))));
    assert!(matches!(journal.append(&[acting(4, 2..=2)]), Err(AppendError::Dead(_))));
    assert_eq!(numbers(&*reader), [1]);
    drop((journal, reader));
    let (mut journal, reader) = house.open().unwrap();
    assert_eq!(numbers(&*reader), [1]);
    journal.append(&[acting(3, 2..=2)]).unwrap();
    assert_eq!(numbers(&*reader), [1, 2]);
}

pub(crate) fn loading_gives_the_newest_snapshot_and_exactly_the_records_after_it(house: &impl House) {
    let (mut journal, reader) = house.open().unwrap();
    assert!(reader.load(ROOM).unwrap().is_none());
    let first = Snapshot::new(ROOM.into(), 2, "two".into());
    let second = Snapshot::new(ROOM.into(), 5, "five".into());
    let third = Snapshot::new(ROOM.into(), 6, "six".into());
    journal.append(&[opening(1), Batch { snapshots: vec![first.clone()], ..acting(2, 2..=4) }]).unwrap();
    for (snapshot, batch, tail) in [
        (&first, Batch::default(), vec![3, 4]),
        (&second, Batch { snapshots: vec![second.clone()], ..acting(3, 5..=5) }, vec![]),
        (&second, acting(4, 6..=7), vec![6, 7]),
        (&third, Batch { snapshots: vec![third.clone()], ..acting(5, 8..=8) }, vec![7, 8]),
    ] {
        journal.append(&[batch]).unwrap();
        for reader in [&*reader, &*house.outside()] {
            let history = reader.load(ROOM).unwrap().unwrap();
            assert_eq!(history.snapshot.as_ref(), Some(snapshot));
            assert_eq!(history.records.iter().map(|record| record.seq).collect::<Vec<_>>(), tail);
            let life = reader.life(ROOM).unwrap().unwrap();
            assert_eq!(life.snapshot.as_ref(), Some(snapshot));
            assert_eq!(life.records, reader.records(ROOM).unwrap());
        }
    }
}

pub(crate) fn a_room_opened_again_is_loaded_from_its_present_life(house: &impl House) {
    let (mut journal, reader) = house.open().unwrap();
    let ended = EndedRow { room: ROOM.into(), outcome: "won".into() };
    let old = Snapshot::new(ROOM.into(), 3, "the former life".into());
    journal.append(&[opening(1), Batch { ended: vec![ended], snapshots: vec![old.clone()], ..acting(2, 2..=3) }]).unwrap();
    let history = reader.load(ROOM).unwrap().unwrap();
    assert_eq!(history.row.unwrap().outcome.as_deref(), Some("won"));
    assert_eq!(history.snapshot.unwrap(), old);
    // A snapshot that comes late is not taken for one of the new life.
    journal.append(&[opening(4), Batch { snapshots: vec![old], ..acting(5, 5..=6) }]).unwrap();
    for reader in [&*reader, &*house.outside()] {
        let history = reader.load(ROOM).unwrap().unwrap();
        assert_eq!(history.row, Some(row(ROOM, 4)));
        assert_eq!(history.snapshot, None);
        assert_eq!(history.records, [4, 5, 6].map(|seq| record(seq, 4)));
        assert_eq!(reader.records(ROOM).unwrap().len(), 6);
    }
}

pub(crate) fn rooms_are_listed_by_name_in_pages(house: &impl House) {
    let (mut journal, reader) = house.open().unwrap();
    let mut names = (0..25).map(|n| format!("room-{n}")).chain(["Zoo".into(), "été".into()]).collect::<Vec<String>>();
    let opened = names.iter().map(|name| row(name, 1)).collect();
    journal.append(&[Batch { commit: 1, opened, ..Batch::default() }]).unwrap();
    names.sort();
    let mut listed = Vec::<String>::new();
    loop {
        let page = reader.rooms(listed.last().map_or("", String::as_str), 10).unwrap();
        assert!(page.len() <= 10);
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|row| row.room.to_string()));
    }
    assert_eq!(listed, names);
}

pub(crate) fn a_second_writer_is_refused(house: &impl House) {
    let first = house.open().unwrap();
    let Err(error) = house.open() else { panic!("two writers") };
    assert!(matches!(error, OpenError::AlreadyOpen { .. }), "{error}");
    drop(first);
    house.open().unwrap();
}

pub(crate) fn a_reader_outside_sees_whole_commits_only(house: &impl House) {
    let (mut journal, reader) = house.open().unwrap();
    journal.append(&[opening(1)]).unwrap();
    let outside = house.outside();
    thread::scope(|scope| {
        let writing = scope.spawn(move || {
            for tens in (0..2000).step_by(10) {
                let snapshots = vec![Snapshot::new(ROOM.into(), tens + 4, "s".into())];
                let first = Batch { snapshots, ..acting(tens, tens + 2..=tens + 6) };
                journal.append(&[first, acting(tens + 1, tens + 7..=tens + 11)]).unwrap();
            }
        });
        let mut seen = [0, 0];
        while !writing.is_finished() {
            for (reader, seen) in [&*reader, &*outside].into_iter().zip(&mut seen) {
                let numbers = numbers(reader);
                let count = numbers.len() as u64;
                assert!(count >= *seen && count % 10 == 1, "{count} after {seen}");
                assert!(numbers.into_iter().eq(1..=count));
                // Snapshot and records are of one commit, too: seven records after each snapshot.
                let history = reader.load(ROOM).unwrap().unwrap();
                if let Some(snapshot) = history.snapshot {
                    let numbers = history.records.iter().map(|record| record.seq);
                    assert!(numbers.eq(snapshot.seq + 1..=snapshot.seq + 7), "{}: {:?}", snapshot.seq, history.records);
                }
                *seen = count;
            }
        }
    });
    assert_eq!([numbers(&*reader).len(), numbers(&*outside).len()], [2001, 2001]);
}

pub(crate) fn a_writer_commits_what_waits_as_one_group(house: &impl House) {
    let (journal, reader) = house.open().unwrap();
    let (open, opened) = channel();
    let (report, reports) = channel();
    let held = Held { journal, opened };
    let writer = Writer::start(Box::new(held), Box::new(move |_, committed| report.send(committed).unwrap())).unwrap();
    writer.submit(opening(1));
    open.send(()).unwrap();
    assert_eq!(reports.recv().unwrap(), Committed::Durable { commit: 1 });
    for commit in 2..=101 {
        writer.submit(acting(commit, commit..=commit));
    }
    assert_eq!(numbers(&*reader), [1], "nothing is written while a commit waits");
    drop(open);
    writer.stop();
    let reports = reports.iter().collect::<Vec<_>>();
    assert!(reports.len() <= 2, "100 batches that waited took {} commits", reports.len());
    assert_eq!(reports.last(), Some(&Committed::Durable { commit: 101 }));
    assert_eq!(numbers(&*reader), (1..=101).collect::<Vec<_>>());
}

pub(crate) fn a_full_disk_is_reported_once_and_for_all_and_what_was_durable_stays(house: &impl House) {
    let (report, reports) = channel();
    let tell = Box::new(move |_, committed| report.send(committed).unwrap());
    let writer = Writer::start(house.open_nearly_full(), tell).unwrap();
    writer.submit(opening(1));
    let mut durable = 0;
    let failed = loop {
        match reports.recv().unwrap() {
            Committed::Durable { commit } => durable = commit,
            Committed::Failed { commit, why } => {
                println!("{why}");
                break commit;
            }
        }
        let mut batch = acting(durable + 1, durable + 1..=durable + 1);
        batch.records[0].1.input = "x".repeat(20_000);
        writer.submit(batch);
        assert!(durable < 1000, "it is never full");
    };
    assert_eq!(failed, durable + 1);
    // Small enough to fit in any case: it is not tried.
    writer.submit(acting(failed + 1, failed..=failed));
    assert!(matches!(reports.recv().unwrap(), Committed::Failed { commit, .. } if commit == failed + 1));
    assert_eq!(writer.totals().records, durable);
    drop(writer);
    let (_journal, reader) = house.open().unwrap();
    assert_eq!(numbers(&*reader), (1..=durable).collect::<Vec<_>>());
}

/// A journal that waits before each append until it is told to go on, or the teller is gone.
struct Held {
    journal: Box<dyn Journal>,
    opened: std::sync::mpsc::Receiver<()>,
}

impl Journal for Held {
    fn append(&mut self, batches: &[Batch]) -> Result<(), AppendError> {
        let _ = self.opened.recv();
        self.journal.append(batches)
    }
}

fn numbers(reader: &dyn Reader) -> Vec<u64> {
    reader.life(ROOM).unwrap().unwrap().records.iter().map(|record| record.seq).collect()
}

/// Opens the room with record number `first`, as the commit of that number.
fn opening(first: u64) -> Batch {
    Batch {
        commit: first,
        records: vec![(ROOM.into(), record(first, first))],
        opened: vec![row(ROOM, first)],
        ..Batch::default()
    }
}

fn acting(commit: u64, numbers: std::ops::RangeInclusive<u64>) -> Batch {
    let room = Arc::<str>::from(ROOM);
    Batch { commit, records: numbers.map(|seq| (Arc::clone(&room), record(seq, 0))).collect(), ..Batch::default() }
}

fn record(seq: u64, first: u64) -> Record {
    let cause = if seq == first { Cause::Opened } else { Cause::Action };
    Record { seq, at_ms: seq * 10, ts_ms: 1_700_000_000_000 + seq, cause, input: format!("{{\"n\":{seq}}}"), hash: Hash64(seq) }
}

fn row(room: &str, first: u64) -> RoomRow {
    RoomRow {
        room: room.into(),
        kind: "cards".into(),
        rules: 1,
        life: format!("life{first}"),
        first,
        opened_ms: first,
        outcome: None,
    }
}
