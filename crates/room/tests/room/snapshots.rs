//! Proves what `restore` sees of damage by itself, and that what it cannot see is still in the bytes the table writes again,
//! where a digest finds it.
//!
//! `restore` refuses what does not decode and what is not written as this code writes it. A value changed to another value of
//! its type passes: a digit, a letter of a name, a body that is still JSON. That is why whoever stores a snapshot stores a
//! digest of it.

use crate::common::high::{Do, High};
use crate::common::live::{Live, everything};
use parlour_room::table::Damage;
use parlour_room::{Divergence, Hash64, Record, Seat, Table, Version, Why};
use std::collections::BTreeMap;

type Room = High<false>;

fn lively() -> Live<Room> {
    let mut live: Live<Room> = Live::with("{\"seats\":2,\"cards\":8}", 2);
    live.try_act("u0", Some("id-1"), r#"{"type":"peek"}"#).unwrap();
    live.act("u1", &Do::Hint { holders: vec![Seat(0)], word: "ab".to_owned() });
    live.act("u1", &Do::Ask { key: "b".to_owned() });
    live
}

/// Whatever single byte of a snapshot is changed: it is refused, or the table writes the changed bytes again.
#[test]
fn a_changed_byte_is_refused_or_shows_in_what_the_table_writes_again() {
    let snapshot = lively().table.snapshot();
    let (mut refused, mut passed) = (0, BTreeMap::<char, usize>::new());
    for at in 0..snapshot.len() {
        let old = snapshot.as_bytes()[at];
        for new in [old ^ 1, old ^ 4, b'0', b' ', b'"', 0] {
            let mut bytes = snapshot.clone().into_bytes();
            bytes[at] = new;
            let Some(changed) = String::from_utf8(bytes).ok().filter(|changed| *changed != snapshot) else { continue };
            match Table::<Room>::restore(&changed) {
                Err(_) => refused += 1,
                Ok(table) => {
                    assert_eq!(table.snapshot(), changed);
                    *passed.entry(char::from(old)).or_default() += 1;
                }
            }
        }
    }
    assert!(refused > 5 * passed.values().sum::<usize>(), "{refused} refused, {passed:?} passed");
    // No quote, bracket or colon can be changed unseen (a comma can, to a digit between digits): the shape is checked, the
    // values are not.
    assert!(passed.keys().all(|old| old.is_ascii_alphanumeric() || "-_ .,".contains(*old)), "{passed:?}");
}

#[test]
fn a_snapshot_is_refused_when_it_is_not_written_as_this_code_writes_it() {
    let snapshot = lively().table.snapshot();
    let restore = |changed: String| Table::<Room>::restore(&changed).map(drop);
    assert_eq!(restore(snapshot.clone()), Ok(()));
    assert_eq!(restore(snapshot.replacen("\"format\":1", "\"format\":2", 1)), Err(Damage::Format(2)));
    let other = |kind: &str, rules| Err(Damage::OtherRules(Version { kind: kind.to_owned(), rules, content: Hash64(0) }));
    assert_eq!(restore(snapshot.replacen("\"kind\":\"high\"", "\"kind\":\"low\"", 1)), other("low", 1));
    assert_eq!(restore(snapshot.replacen("\"rules\":1", "\"rules\":2", 1)), other("high", 2));
    assert_eq!(restore(format!("{snapshot} ")), Err(Damage::NotCanonical));
    assert_eq!(restore(snapshot.replacen("\"format\":1,", "\"format\": 1,", 1)), Err(Damage::NotCanonical));
    assert_eq!(restore(snapshot.replacen("\"bot\":null", "", 1)), Ok(()), "a member without a bot does not say so");
    for unreadable in [snapshot.replacen("\"format\":1", "\"format\":1,\"more\":1", 1), snapshot[1..].to_owned(), String::new()] {
        assert!(matches!(restore(unreadable), Err(Damage::Unreadable(_))));
    }
    assert!(matches!(Table::<High<true>>::restore(&snapshot).map(drop), Err(Damage::OtherRules(_))));
}

/// The parts of a snapshot on which the next record depends by its hash are checked by that record, too.
#[test]
fn the_next_record_diverges_from_a_snapshot_whose_place_in_the_chain_was_changed() {
    let mut live = lively();
    let snapshot = live.table.snapshot();
    let about = live.table.about();
    let (seq, hash, at_ms) = (about.seq, about.hash.to_string(), about.at_ms);
    live.pass(3);
    let next = live.act("u1", &Do::Shout { times: 1 }).record.clone();
    let diverges = |old: &str, new: &str| {
        assert!(snapshot.contains(old), "{old}");
        Table::<Room>::restore(&snapshot.replacen(old, new, 1)).unwrap().replay(&next).unwrap_err()
    };
    let mut other_hash = hash.clone();
    other_hash.replace_range(..1, if hash.starts_with('0') { "1" } else { "0" });
    assert_eq!(diverges(&hash, &other_hash), Divergence { seq: next.seq, why: Why::OtherHash });
    assert_eq!(
        diverges(&format!("\"seq\":{seq},\"hash\""), &format!("\"seq\":{},\"hash\"", seq - 1)),
        Divergence { seq, why: Why::Missing { found: next.seq } }
    );
    assert_eq!(
        diverges(&format!("\"at_ms\":{at_ms},\"ts_ms\""), &format!("\"at_ms\":{},\"ts_ms\"", at_ms + 4)),
        Divergence { seq: next.seq, why: Why::TimeWentBack }
    );
}

/// What the record's hash does not reach: state that nothing told of yet. Only a digest of the snapshot finds this.
#[test]
fn a_changed_value_that_no_record_speaks_of_is_found_by_nothing_but_the_snapshots_bytes() {
    let mut live = lively();
    let snapshot = live.table.snapshot();
    let next: Record = live.act("u1", &Do::Shout { times: 1 }).record.clone();
    let changed = snapshot.replacen("\"rang\":0", "\"rang\":9", 1);
    let mut table = Table::<Room>::restore(&changed).unwrap();
    table.replay(&next).unwrap();
    assert_ne!(everything(&table), everything(&live.table));
    assert_ne!(changed, snapshot);
}
