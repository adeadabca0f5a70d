//! The contract's claims on a journal that somebody damaged: what cannot be is named at its number, what can be is returned as it
//! lies.

use super::{Batch, House, ROOM, Record, Snapshot, acting, opening};
use parlour_engine::store::ReadError;

pub(crate) fn a_value_that_cannot_be_is_damage_at_its_number(house: &impl House) {
    for (change, at) in [
        ("log SET hash = 'BA7816bf8f01cfea' WHERE seq = 5", 5),
        ("log SET hash = '' WHERE seq = 8", 8),
        ("log SET cause = 'actiom' WHERE seq = 5", 5),
        ("log SET at_ms = -1 WHERE seq = 6", 6),
        ("log SET ts_ms = -9 WHERE seq = 4", 4),
        ("log SET seq = -7 WHERE seq = 7", 7),
        ("rooms SET rules = -1", 1),
        ("rooms SET rules = 4294967296", 1),
        ("rooms SET opened_ms = -1", 1),
        ("rooms SET first = -1", 1),
    ] {
        refill(house);
        house.damage(&format!("UPDATE {change}"));
        let (_journal, reader) = house.open().unwrap();
        for reader in [&*reader, &*house.outside()] {
            for history in [reader.load(ROOM), reader.life(ROOM)] {
                let Err(ReadError::Damaged { seq, what }) = history else { panic!("{change}: {history:?}") };
                assert_eq!(seq, at, "{change}: {what}");
            }
        }
    }
}

pub(crate) fn what_was_displaced_is_returned_as_it_lies(house: &impl House) {
    for (change, load, life) in [
        ("DELETE FROM log WHERE seq = 6", vec![4, 5, 7, 8], vec![1, 2, 3, 4, 5, 7, 8]),
        ("UPDATE log SET seq = 12 - seq WHERE seq IN (5, 7)", vec![4, 7, 6, 5, 8], vec![1, 2, 3, 4, 7, 6, 5, 8]),
        ("UPDATE log SET seq = 10 - seq WHERE seq IN (2, 8)", vec![8, 3, 4, 5, 6, 7, 2], vec![1, 8, 3, 4, 5, 6, 7, 2]),
        ("UPDATE log SET seq = 2 WHERE seq = 8", vec![4, 5, 6, 7, 2], vec![1, 2, 3, 4, 5, 6, 7, 2]),
        ("UPDATE log SET seq = 9 WHERE seq = 1", vec![9, 2, 3, 4, 5, 6, 7, 8], vec![9, 2, 3, 4, 5, 6, 7, 8]),
        ("UPDATE log SET room = 'cards-9' WHERE seq = 6", vec![4, 5, 7, 8], vec![1, 2, 3, 4, 5, 7, 8]),
        ("DELETE FROM log WHERE seq > 4; UPDATE log SET seq = 2 WHERE seq = 4", vec![2], vec![1, 2, 3, 2]),
        ("DELETE FROM log", vec![], vec![]),
    ] {
        refill(house);
        house.damage(change);
        let (_journal, reader) = house.open().unwrap();
        for reader in [&*reader, &*house.outside()] {
            let numbers = |records: Vec<Record>| records.iter().map(|record| record.seq).collect::<Vec<_>>();
            assert_eq!(numbers(reader.load(ROOM).unwrap().unwrap().records), load, "{change}");
            assert_eq!(numbers(reader.life(ROOM).unwrap().unwrap().records), life, "{change}");
        }
    }
    refill(house);
    house.damage("DELETE FROM rooms");
    house.damage("DELETE FROM snapshots");
    let history = house.outside().load(ROOM).unwrap().unwrap();
    assert_eq!((history.row, history.records.len()), (None, 8), "a name that has records was used");
}

pub(crate) fn a_snapshot_that_was_touched_is_damage(house: &impl House) {
    for change in [
        "UPDATE snapshots SET body = 'tree'",
        "UPDATE snapshots SET digest = '0000000000000000'",
        "UPDATE snapshots SET digest = 'three'",
        "UPDATE snapshots SET seq = 4",
        "UPDATE snapshots SET room = 'cards-9'",
        "DELETE FROM snapshots",
        "UPDATE rooms SET snapshot = NULL",
    ] {
        refill(house);
        house.damage(change);
        for history in [house.outside().load(ROOM), house.outside().life(ROOM)] {
            let Err(ReadError::Damaged { seq, what }) = history else { panic!("{change}: {history:?}") };
            assert_eq!(seq, 3, "{change}: {what}");
        }
    }
}

/// One room of 8 records, with a snapshot after the third, in place of all there was.
fn refill(house: &impl House) {
    drop(house.open().unwrap());
    for table in ["log", "chunks", "rooms", "snapshots"] {
        house.damage(&format!("DELETE FROM {table}"));
    }
    let snapshot = Snapshot::new(ROOM.into(), 3, "three".into());
    let (mut journal, _) = house.open().unwrap();
    journal.append(&[opening(1), Batch { snapshots: vec![snapshot], ..acting(2, 2..=8) }]).unwrap();
}
