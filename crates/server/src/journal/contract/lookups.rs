//! Claims about questions beside whole rooms: lists, free seats, and where those who looked for one ended.

use super::{House, Random};
use crate::journal::Reader;
use parlour_engine::forward::{Place, ShardId};
use parlour_engine::lookup::{FIND_WINDOW_MS, FindRow, Found, HistoryRow, Listing, Lookup, event_body};
use parlour_engine::store::{Batch, ReadError};
use parlour_room::Hash64;
use std::collections::BTreeMap;
use std::sync::Arc;

const KINDS: [&str; 2] = ["cards", "pad"];
/// In their order.
const USERS: [&str; 4] = ["ada", "bob", "o'neil \"x\\", "été"];

pub(crate) fn public_rooms_and_free_seats_are_found_as_last_written(house: &impl House) {
    let mut random = Random::new(7);
    let mut listings = BTreeMap::<Arc<str>, Listing>::new();
    for _ in 0..3 {
        let (mut journal, reader) = house.open().unwrap();
        for commit in 1..40 {
            let mut batch = Batch { commit, ..Batch::default() };
            for _ in 0..random.below(4) {
                let room = Arc::<str>::from(format!("room-{}", random.below(30)));
                if batch.listings.iter().any(|listing| listing.room == room) {
                    continue;
                }
                let kind = KINDS[random.below(2) as usize];
                let (free, is_public) = (random.below(4) as u32, random.below(2) == 0);
                let holders = USERS.into_iter().filter(|_| random.below(3) == 0).map(str::to_owned).collect();
                let config = Hash64(random.below(2));
                let listing = Listing { room: room.clone(), kind, config, free, is_public, holders };
                batch.opened.push(super::RoomRow { kind: kind.to_owned(), ..super::row(&room, 1) });
                listings.insert(room, listing.clone());
                batch.listings.push(listing);
            }
            journal.append(&[batch]).unwrap();
        }
        for reader in [&*reader, &*house.outside()] {
            agree(&listings, reader);
        }
    }
}

fn agree(listings: &BTreeMap<Arc<str>, Listing>, reader: &dyn Reader) {
    let kinds = [None, Some("cards"), Some("pad"), Some("chess")];
    let users = [None, Some("nobody")].into_iter().chain(USERS.map(Some));
    for (holder, kind) in users.flat_map(|holder| kinds.map(|kind| (holder, kind))) {
        let is_listed = |listing: &Listing| match holder {
            Some(holder) => listing.holders.iter().any(|user| user == holder),
            None => listing.is_public,
        };
        let fits = |listing: &&Listing| is_listed(listing) && kind.is_none_or(|kind| listing.kind == kind);
        let expected: Vec<&str> = listings.values().filter(fits).map(|listing| &*listing.room).collect();
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let (holder, kind) = (holder.map(str::to_owned), kind.map(str::to_owned));
            let lookup = Lookup::Rooms { holder, kind, after, limit: 4 };
            let Found::Rooms(page) = reader.look(&lookup).unwrap() else { panic!("something else was found") };
            assert!(page.len() <= 4);
            let Some(last) = page.last() else { break };
            after = last.room.to_string();
            found.extend(page.into_iter().map(|row| row.room.to_string()));
        }
        assert_eq!(found, expected);
    }
    for (kind, config) in [("cards", 0), ("cards", 1), ("pad", 0), ("pad", 2)] {
        let fits = |listing: &&Listing| listing.kind == kind && listing.config == Hash64(config) && listing.free > 0;
        let mut expected: Vec<&Listing> = listings.values().filter(fits).collect();
        expected.sort_by_key(|listing| (!listing.is_public, listing.free, listing.room.clone()));
        for (shard, shards) in [(0, 1), (0, 2), (1, 2)] {
            let place = Place { shard: ShardId(shard), shards };
            let here = expected.iter().map(|listing| &*listing.room).filter(|room| place.is_home_of(room));
            let here: Vec<&str> = here.take(5).collect();
            let lookup = Lookup::Seats { by: None, kind: kind.to_owned(), config: Hash64(config), place, limit: 5 };
            let Found::Seats { before: None, rooms } = reader.look(&lookup).unwrap() else { panic!("something else was found") };
            assert_eq!(rooms.iter().map(|room| &**room).collect::<Vec<_>>(), here);
        }
    }
}

pub(crate) fn where_a_search_ended_is_known_for_its_window_and_forgotten_some_time_after(house: &impl House) {
    let row = |n: u64, ts_ms: u64| FindRow {
        user: format!("user-{}", n % 3),
        id: format!("id-{n}"),
        body: Hash64(n),
        room: format!("room-{n}").into(),
        created: n.is_multiple_of(2),
        ts_ms,
    };
    let known = |reader: &dyn Reader, row: &FindRow| {
        let by = Some((row.user.clone(), row.id.clone()));
        let lookup = Lookup::Seats { by, kind: "cards".into(), config: Hash64(0), place: Place::ALONE, limit: 1 };
        let Found::Seats { before, .. } = reader.look(&lookup).unwrap() else { panic!("something else was found") };
        before
    };
    let (mut journal, reader) = house.open().unwrap();
    let early: Vec<FindRow> = (0..9).map(|n| row(n, 1_000 + n)).collect();
    journal.append(&[Batch { commit: 1, finds: early.clone(), ..Batch::default() }]).unwrap();
    let late: Vec<FindRow> = (10..20).map(|n| row(n, 1_008 + FIND_WINDOW_MS)).collect();
    assert!(early.iter().chain(&late).all(|row| known(&*reader, row).is_none_or(|known| known == *row)));
    assert!(early.iter().all(|row| known(&*reader, row).as_ref() == Some(row)));
    journal.append(&[Batch { commit: 2, finds: late.clone(), ..Batch::default() }]).unwrap();
    drop((journal, reader));
    let (_journal, reader) = house.open().unwrap();
    assert!(late.iter().chain(&early[8..]).all(|row| known(&*reader, row).as_ref() == Some(row)), "within the window");
    assert!(early[..8].iter().all(|row| known(&*reader, row).is_none()), "they are long over");
}

pub(crate) fn history_is_read_backwards_within_one_life_and_both_limits(house: &impl House) {
    let row = |room: &str, first: u64, n: u64| HistoryRow {
        room: room.into(),
        first,
        n,
        ts_ms: 1_000 + n,
        body: event_body(&format!(r#"{{"type":"said","text":"{room} {first} {n} é\\n"}}"#)).unwrap(),
    };
    let (mut journal, reader) = house.open().unwrap();
    let rows = |room: &'static str, first: u64, count: u64| (1..=count).map(move |n| row(room, first, n));
    let history: Vec<HistoryRow> = rows("a", 1, 20).chain(rows("b", 1, 3)).chain(rows("a", 30, 5)).collect();
    for (commit, rows) in (1..).zip(history.chunks(7)) {
        journal.append(&[Batch { commit, history: rows.to_vec(), ..Batch::default() }]).unwrap();
    }
    let weight = row("a", 1, 10).body.get().len();
    for reader in [&*reader, &*house.outside()] {
        let read = |room: &str, first: u64, before: u64, limit: u32, bytes: usize| {
            let lookup = Lookup::History { room: room.into(), first, before, limit, bytes };
            let Found::History(rows) = reader.look(&lookup).unwrap() else { panic!("something else was found") };
            assert!(rows.iter().all(|found| *found == row(room, first, found.n)));
            rows.iter().map(|row| row.n).collect::<Vec<_>>()
        };
        assert_eq!(read("a", 1, u64::MAX, 4, 1 << 20), [20, 19, 18, 17]);
        assert_eq!(read("a", 1, 17, 200, 1 << 20), (1..17).rev().collect::<Vec<_>>());
        assert_eq!(read("a", 1, 20, 200, 3 * weight), [19, 18, 17]);
        assert_eq!(read("a", 1, 20, 200, 0), [19], "one at least");
        assert!(read("a", 1, 1, 200, 1 << 20).is_empty());
        assert_eq!(read("a", 30, u64::MAX, 200, 1 << 20), [5, 4, 3, 2, 1]);
        assert_eq!(read("b", 1, u64::MAX, 200, 1 << 20), [3, 2, 1]);
        assert!(read("c", 1, u64::MAX, 200, 1 << 20).is_empty());
    }
    drop((journal, reader));
    house.damage("UPDATE history SET body = 'nonsense' WHERE room = 'b' AND n = 2");
    let (_journal, reader) = house.open().unwrap();
    let lookup = Lookup::History { room: "b".into(), first: 1, before: u64::MAX, limit: 9, bytes: 1 << 20 };
    assert!(matches!(reader.look(&lookup), Err(ReadError::Damaged { .. })));
}

pub(crate) fn what_is_told_again_under_a_number_of_the_history_replaces_what_was_told_and_keeps_its_time(house: &impl House) {
    let row = |n: u64, ts_ms: u64, text: &str| HistoryRow {
        room: "a".into(),
        first: 1,
        n,
        ts_ms,
        body: event_body(&format!(r#"{{"type":"said","text":"{text}"}}"#)).unwrap(),
    };
    let (mut journal, _reader) = house.open().unwrap();
    let history = vec![row(1, 1_001, "one"), row(2, 1_002, "two"), row(2, 1_002, "two again")];
    journal.append(&[Batch { commit: 1, history, ..Batch::default() }]).unwrap();
    journal.append(&[Batch { commit: 2, history: vec![row(1, 9_999, "gone")], ..Batch::default() }]).unwrap();
    drop(journal);
    let lookup = Lookup::History { room: "a".into(), first: 1, before: u64::MAX, limit: 9, bytes: 1 << 20 };
    let Found::History(rows) = house.outside().look(&lookup).unwrap() else { panic!("something else was found") };
    assert_eq!(rows, [row(2, 1_002, "two again"), row(1, 1_001, "gone")]);
}
