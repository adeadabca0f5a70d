//! Proves that a room is played by the rules it was recorded under, or taken over by others that say so in its records; and never
//! by others silently.

use crate::common::live::{Live, everything};
use crate::common::tally::{Do, ONES, OTHER_CONTENT, PANICS, ROTS, TENS, Tally};
use parlour_room::table::Damage;
use parlour_room::{AnyKind, Cause, Hash64, KindOf, Record, Room, Stamp, Table, Version, Viewer, Why};

const LATER_MS: u64 = 1_800_000_900_000;

/// A count of three, with a bell that is set and an errand that is out.
fn counted() -> Live<Tally<ONES>> {
    let mut live: Live<Tally<ONES>> = Live::with("{}", 2);
    for action in [Do::Add, Do::Add, Do::Arm { after_ms: 500 }, Do::Ask, Do::Add] {
        live.pass(10);
        live.act("u1", &action);
    }
    live
}

fn version(rules: u32, content: Hash64) -> Version {
    Version { kind: "tally".to_owned(), rules, content }
}

fn why<const RULES: u32>() -> String {
    Table::<Tally<RULES>>::migrate(&counted().table.snapshot(), LATER_MS).err().expect("it cannot").to_string()
}

#[test]
fn other_rules_or_another_content_play_neither_snapshot_nor_records() {
    let ones = counted();
    let (snapshot, opened) = (ones.table.snapshot(), &ones.journal[0]);
    assert_eq!(Version::of_snapshot(&snapshot), Some(version(1, Hash64(0))));
    assert_eq!(Version::of(opened), Some(version(1, Hash64(0))));
    assert_eq!(Table::<Tally<TENS>>::restore(&snapshot).err(), Some(Damage::OtherRules(version(1, Hash64(0)))));
    let played = Table::<Tally<TENS>>::replay_opening(opened).map(drop).unwrap_err();
    assert_eq!(played.why, Why::OtherRules(version(1, Hash64(0))));

    let tens: Live<Tally<TENS>> = Live::with("{}", 1);
    let restored = Table::<Tally<OTHER_CONTENT>>::restore(&tens.table.snapshot());
    assert_eq!(restored.err(), Some(Damage::OtherRules(version(2, Hash64(0)))), "the same rules with another content");
    let played = Table::<Tally<OTHER_CONTENT>>::replay_opening(&tens.journal[0]).map(drop).unwrap_err();
    assert_eq!(played.why, Why::OtherRules(version(2, Hash64(0))));
    let content = Tally::<OTHER_CONTENT>::content();
    assert_eq!(
        KindOf::<Tally<OTHER_CONTENT>>::new().version().to_string(),
        format!("rules 2 of \"tally\" with content {content}")
    );
}

#[test]
fn a_room_is_taken_over_with_its_clocks_and_jobs_and_goes_on() {
    let before = counted();
    let snapshot = before.table.snapshot();
    let (mut table, played) = Table::<Tally<TENS>>::migrate(&snapshot, LATER_MS).expect("it can");
    let (old, new) = (before.table.about(), table.about());
    assert_eq!((table.state().count, new.rules, new.seq), (30, 2, old.seq + 1));
    assert_eq!((new.name, new.life, new.members, new.at_ms), (old.name, old.life, old.members, old.at_ms));
    assert_eq!(new.opener, old.opener, "it was opened under rules 1");
    assert_eq!(serde_json::to_string(new.streams).unwrap(), serde_json::to_string(old.streams).unwrap(), "byte for byte");
    assert_eq!(new.jobs["errand"].since, old.jobs["errand"].since, "the job that is out may still answer");
    assert_eq!((played.record.cause, played.record.ts_ms), (Cause::Migrated, LATER_MS));
    assert!(played.record.input.starts_with(r#"{"from":{"kind":"tally","rules":1,"content":"0000000000000000"},"table":{"#));

    let now = Stamp { at_ms: 2_000, ts_ms: LATER_MS };
    assert_eq!(table.due_ms(), before.table.due_ms(), "the bell rings when it would have rung");
    let rang = table.fire(now).unwrap().expect("the bell is due").record;
    let since = table.about().jobs["errand"].since;
    let fetched = table.answer(now, "errand", since, r#"{"fetched":{"times":1}}"#).unwrap().expect("the job is open").record;
    assert_eq!(
        (table.state().count, table.due_ms()),
        (60, Some(1 << 40)),
        "20 for the bell, 10 for the errand; a clock was added"
    );

    // From the record on it plays again without a line of the old rules.
    let kind = KindOf::<Tally<TENS>>::new();
    let (mut again, _) = kind.replay(&played.record).unwrap();
    again.replay(&rang).unwrap();
    again.replay(&fetched).unwrap();
    assert_eq!(again.snapshot().unwrap(), table.snapshot());
    let restored = Table::<Tally<TENS>>::restore(&table.snapshot()).unwrap();
    assert_eq!(everything(&restored), everything(&table));
    assert_eq!(again.view(Viewer::Spectator).unwrap(), "60");
}

#[test]
fn taking_over_twice_gives_the_same_record() {
    let snapshot = counted().table.snapshot();
    let record = || Table::<Tally<TENS>>::migrate(&snapshot, LATER_MS).unwrap().1.record;
    assert_eq!(record(), record());
}

#[test]
fn a_migration_that_cannot_or_fails_takes_nothing_over() {
    assert_eq!(why::<OTHER_CONTENT>(), "rules 1 are too old");
    assert_eq!(why::<PANICS>(), "in the migration the rules panicked");
    assert_eq!(why::<ROTS>(), "the migrated state is unsound: planted: rotten");
    let damaged = counted().table.snapshot().replace("\"count\":3", "\"counts\":3");
    let why = Table::<Tally<TENS>>::migrate(&damaged, LATER_MS).err().expect("it cannot").to_string();
    assert!(why.starts_with("the state does not fit: unknown field `counts`"), "{why}");
}

#[test]
fn a_damaged_record_of_a_migration_is_found() {
    let (_, played) = Table::<Tally<TENS>>::migrate(&counted().table.snapshot(), LATER_MS).unwrap();
    let kind = KindOf::<Tally<TENS>>::new();
    let found = |record: Record| kind.replay(&record).map(drop).unwrap_err().why;
    let input = |old: &str, new: &str| {
        assert!(played.record.input.contains(old), "{old}");
        Record { input: played.record.input.replacen(old, new, 1), ..played.record.clone() }
    };
    assert_eq!(found(input("\"count\":30", "\"count\":31")), Why::OtherHash);
    assert_eq!(found(input("\"rules\":1", "\"rules\":0")), Why::OtherHash, "of which rules it came is covered");
    assert!(matches!(found(input("\"members\"", "\"member\"")), Why::Unreadable(_)));
    let moved = Record { seq: played.record.seq + 1, ..played.record.clone() };
    assert_ne!(found(moved), Why::OtherHash);
    let table = Table::<Tally<TENS>>::migrate(&counted().table.snapshot(), LATER_MS).unwrap().0.snapshot();
    let mut other = Table::<Tally<TENS>>::restore(&table).unwrap();
    assert!(other.replay(&played.record).is_err(), "it makes a table and is not played on one");
}
