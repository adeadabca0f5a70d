//! Proves that replay finds every changed byte of a record, and every record that is missing, repeated or out of place, at its
//! number.

use crate::common::high::{Do, Draw, High};
use crate::common::live::{Live, joining};
use parlour_room::hash::Hash64;
use parlour_room::{Cause, Divergence, Joining, Record, Seat, Table, Version, Why};

type Room = High<false>;

/// A short room in which every cause occurs.
fn eventful() -> Live<Room> {
    let mut live: Live<Room> = Live::open("{\"seats\":3,\"cards\":12}");
    live.join(Joining { nonce: Some("salt"), ..joining("u0") }).unwrap();
    live.join(Joining { bot: Some("random"), ..joining("u1") }).unwrap();
    live.pass(5);
    let luck = r#"{"type":"luck","draws":["bits",{"shuffle":3}]}"#;
    assert!(live.try_act("u0", Some("id-1"), luck).unwrap().1);
    live.act("u0", &Do::Whisper { to: Seat(1), times: 2 });
    live.act("u1", &Do::Hint { holders: vec![Seat(0)], word: "ab".to_owned() });
    live.act("u1", &Do::Arm { key: "a".to_owned(), after_ms: 10 });
    live.act("u1", &Do::Ask { key: "b".to_owned() });
    live.act("u1", &Do::Ask { key: "c".to_owned() });
    live.pass(10);
    assert!(live.fire().is_some());
    for (key, result) in [("b", r#"{"fetched":{"text":"x"}}"#), ("c", "unreadable")] {
        let since = live.table.about().jobs[key].since;
        let played = live.table.answer(live.now, key, since, result).unwrap().unwrap();
        live.keep(played);
    }
    let played = live.table.sleep(live.now).unwrap();
    live.keep(played);
    let played = live.table.wake(parlour_room::Stamp { at_ms: 0, ts_ms: live.now.ts_ms + 50 }).unwrap();
    live.keep(played);
    live.now.at_ms = live.table.about().at_ms;
    live.leave("u1");
    live.resign("u0", Some("resigned")).unwrap();
    let played = live.table.close(live.now, "root", "enough").unwrap();
    live.keep(played);
    live
}

/// For every record the snapshot of the table before it; the first has none.
fn befores(live: &Live<Room>) -> Vec<Option<String>> {
    let mut table = Table::<Room>::replay_opening(&live.journal[0]).unwrap().0;
    let mut befores = vec![None, Some(table.snapshot())];
    for record in &live.journal[1..] {
        table.replay(record).unwrap();
        befores.push(Some(table.snapshot()));
    }
    befores
}

fn play_on(before: Option<&str>, record: &Record) -> Result<(), Divergence> {
    match before {
        None => Table::<Room>::replay_opening(record).map(drop),
        Some(before) => Table::<Room>::restore(before).unwrap().replay(record).map(drop),
    }
}

fn whole(journal: &[Record]) -> Result<(), Divergence> {
    let (mut table, _) = Table::<Room>::replay_opening(&journal[0])?;
    journal[1..].iter().try_for_each(|record| table.replay(record).map(drop))
}

#[test]
fn every_changed_byte_of_an_input_is_found_at_its_number() {
    let live = eventful();
    for (record, before) in live.journal.iter().zip(befores(&live)) {
        for at in 0..record.input.len() {
            let old = record.input.as_bytes()[at];
            for new in [old ^ 1, old ^ 4, b'0', b' ', b'"', 0] {
                let mut bytes = record.input.clone().into_bytes();
                bytes[at] = new;
                let Some(input) = String::from_utf8(bytes).ok().filter(|input| *input != record.input) else { continue };
                let found = play_on(before.as_deref(), &Record { input, ..record.clone() }).unwrap_err();
                assert_eq!(found.seq, record.seq, "byte {at} of {}", record.input);
            }
        }
    }
}

#[test]
fn every_changed_time_cause_and_hash_is_found_at_its_number() {
    let live = eventful();
    let causes = ["opened", "woke", "slept", "joined", "left", "action", "signal", "failed", "resigned", "closed"];
    for (record, before) in live.journal.iter().zip(befores(&live)) {
        let mut changed = Vec::new();
        for bit in 0..64 {
            let flip = |number: u64| number ^ (1 << bit);
            changed.push(Record { at_ms: flip(record.at_ms), ..record.clone() });
            changed.push(Record { ts_ms: flip(record.ts_ms), ..record.clone() });
            changed.push(Record { hash: Hash64(flip(record.hash.0)), ..record.clone() });
        }
        let others = causes.iter().map(|cause| Cause::parse(cause).unwrap()).filter(|cause| *cause != record.cause);
        changed.extend(others.map(|cause| Record { cause, ..record.clone() }));
        for changed in changed {
            let found = play_on(before.as_deref(), &changed).unwrap_err();
            assert_eq!(found.seq, record.seq, "{changed:?}");
        }
    }
}

#[test]
fn a_changed_number_is_found_where_the_right_one_is_missing() {
    let live = eventful();
    for (record, before) in live.journal.iter().zip(befores(&live)) {
        for bit in 0..64 {
            let seq = record.seq ^ (1 << bit);
            let found = play_on(before.as_deref(), &Record { seq, ..record.clone() }).unwrap_err();
            // An opening record has none before it that could say which number it ought to have.
            let expected = if before.is_some() {
                Divergence { seq: record.seq, why: Why::Missing { found: seq } }
            } else {
                Divergence { seq, why: Why::OtherHash }
            };
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_missing_a_repeated_and_a_swapped_record_are_found_at_their_numbers() {
    let journal = eventful().journal;
    for at in 1..journal.len() - 1 {
        let missing = [&journal[..at], &journal[at + 1..]].concat();
        let (expected, found) = (journal[at].seq, journal[at + 1].seq);
        assert_eq!(whole(&missing), Err(Divergence { seq: expected, why: Why::Missing { found } }));

        let mut swapped = journal.clone();
        swapped.swap(at, at + 1);
        assert_eq!(whole(&swapped), Err(Divergence { seq: expected, why: Why::Missing { found } }));
    }
    for at in 0..journal.len() {
        let repeated = [&journal[..=at], &journal[at..]].concat();
        let found = journal[at].seq;
        assert_eq!(whole(&repeated), Err(Divergence { seq: found + 1, why: Why::Missing { found } }));
    }
    assert!(matches!(whole(&journal[1..]), Err(Divergence { why: Why::Missing { .. }, .. })), "the opening is missing");
    assert_eq!(whole(&journal), Ok(()));
}

/// Two records that swapped their numbers too, so that the numbers are dense again.
#[test]
fn records_in_each_others_place_are_found_at_the_first() {
    let journal = eventful().journal;
    for at in 1..journal.len() - 1 {
        let mut swapped = journal.clone();
        swapped.swap(at, at + 1);
        let (first, second) = (swapped[at].seq, swapped[at + 1].seq);
        (swapped[at].seq, swapped[at + 1].seq) = (second, first);
        assert_eq!(whole(&swapped).unwrap_err().seq, second);
    }
}

#[test]
fn a_record_of_another_room_does_not_fit_though_its_number_does() {
    let journal = eventful().journal;
    let other: Live<Room> = Live::with("{\"seats\":3,\"cards\":13}", 2);
    let mixed = [&other.journal[..2], &journal[2..]].concat();
    assert_eq!(whole(&mixed), Err(Divergence { seq: 3, why: Why::OtherHash }));
}

#[test]
fn other_rules_are_named_before_anything_is_played() {
    let opened = &eventful().journal[0];
    let version = |rules| Version { kind: "high".to_owned(), rules, content: Hash64(0) };
    let frozen = Table::<High<true>>::replay_opening(opened).map(drop).unwrap_err();
    assert_eq!(frozen, Divergence { seq: 1, why: Why::OtherRules(version(1)) });
    let older = Record { input: opened.input.replace("\"rules\":1", "\"rules\":0"), ..opened.clone() };
    let older = Table::<Room>::replay_opening(&older).map(drop).unwrap_err();
    assert_eq!(older.why, Why::OtherRules(version(0)));
}

/// What a record brought about is in its hash: rules that bring about something else are found although the record is as it was
/// written.
#[test]
fn rules_that_play_a_record_differently_today_are_found() {
    let random = || "random".to_owned();
    let everything_drawn = [
        Do::Luck { draws: vec![Draw::Bits] },
        Do::Hint { holders: vec![Seat(0)], word: random() },
        Do::Arm { key: random(), after_ms: 1 << 40 },
        Do::Ask { key: random() },
        Do::Peek,
    ];
    for action in everything_drawn {
        let mut live: Live<Room> = Live::with("{}", 1);
        let before = live.table.snapshot();
        let record = live.act("u0", &action).record.clone();
        // Rules that do something else are stood in for by other luck and another deck.
        let part = |begin: &str, end: char| before.split(begin).nth(1).unwrap().split(end).next().unwrap();
        let (seed, deck) = (part("\"seed\":\"", '"'), part("\"deck\":[", ']'));
        let other_deck = deck.rsplit(',').collect::<Vec<_>>().join(",");
        let changed = before.replace(seed, &"0".repeat(64)).replace(deck, &other_deck);
        let found = Table::<Room>::restore(&changed).unwrap().replay(&record).unwrap_err();
        assert_eq!(found, Divergence { seq: 3, why: Why::OtherHash }, "{action:?}");
    }
}
