//! Proves that the records are the room: played again, from the first or from a snapshot taken at any of them, they give the
//! same states, events, positions, legal actions, views and hashes, byte for byte.

use crate::common::high::High;
use crate::common::live::{Live, brought_about, everything};
use crate::common::script::{Op, scripts};
use parlour_room::{AnyKind, KindOf, Table};
use proptest::prelude::*;

fn replays_to_the_same_bytes<const FREEZES: bool>(script: &[Op]) {
    let mut live: Live<High<FREEZES>> = Live::open("{}");
    let mut states = vec![everything(&live.table)];
    let mut snapshots = vec![live.table.snapshot()];
    for op in script {
        let _ = live.step(op);
        if live.journal.len() > states.len() {
            states.push(everything(&live.table));
            snapshots.push(live.table.snapshot());
        }
    }

    let (mut table, opened) = Table::<High<FREEZES>>::replay_opening(&live.journal[0]).unwrap();
    assert_eq!(brought_about(&opened), brought_about(&live.played[0]));
    assert_eq!(everything(&table), states[0]);
    for (n, record) in live.journal.iter().enumerate().skip(1) {
        let played = table.replay(record).unwrap();
        assert_eq!(brought_about(&played), brought_about(&live.played[n]));
        assert_eq!(everything(&table), states[n]);
    }

    for (n, snapshot) in snapshots.iter().enumerate() {
        let mut table = Table::<High<FREEZES>>::restore(snapshot).unwrap();
        assert_eq!(everything(&table), states[n], "a snapshot at record {n} is not the whole table");
        for (later, record) in live.journal.iter().enumerate().skip(n + 1) {
            let played = table.replay(record).unwrap();
            assert_eq!(brought_about(&played), brought_about(&live.played[later]));
        }
        assert_eq!(&everything(&table), states.last().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_same_records_give_the_same_bytes_from_the_first_and_from_every_snapshot(script in scripts(80)) {
        replays_to_the_same_bytes::<false>(&script);
    }

    #[test]
    fn the_same_holds_where_time_freezes(script in scripts(40)) {
        replays_to_the_same_bytes::<true>(&script);
    }

    #[test]
    fn a_table_that_was_restored_at_any_moment_lives_on_as_if_it_had_not_been(script in scripts(60), every in 1..5_usize) {
        let mut whole: Live<High<false>> = Live::open("{}");
        let mut restarted: Live<High<false>> = Live::open("{}");
        for (n, op) in script.iter().enumerate() {
            if n % every == 0 {
                restarted.table = Table::restore(&restarted.table.snapshot()).unwrap();
            }
            prop_assert_eq!(whole.step(op), restarted.step(op));
        }
        prop_assert_eq!(&whole.journal, &restarted.journal);
        prop_assert_eq!(everything(&whole.table), everything(&restarted.table));
    }
}

/// The scripts would prove little if they did not reach these.
#[test]
fn the_scripts_reach_every_cause() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    let mut refused = 0;
    for _ in 0..60 {
        let script = scripts(80).new_tree(&mut runner).unwrap().current();
        let mut live: Live<High<false>> = Live::open("{}");
        refused += script.iter().filter(|op| live.step(op).is_err()).count();
        for record in &live.journal {
            *seen.entry(record.cause.as_str()).or_insert(0) += 1;
        }
    }
    let causes = ["action", "closed", "failed", "joined", "left", "opened", "resigned", "signal", "slept", "woke"];
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), causes, "{seen:?}");
    assert!(seen.values().all(|count| *count >= 3) && refused > 100, "{seen:?}, {refused} refused");
}

#[test]
fn the_erased_room_is_the_same_room() {
    let live: Live<High<false>> = Live::with("{}", 2);
    let kind = KindOf::<High<false>>::new();
    let (mut table, _) = AnyKind::replay(&kind, &live.journal[0]).unwrap();
    for record in &live.journal[1..] {
        table.replay(record).unwrap();
    }
    let snapshot = table.snapshot().unwrap();
    assert_eq!(snapshot, live.table.snapshot());
    assert_eq!(kind.restore(&snapshot).unwrap().snapshot(), Ok(snapshot));
    assert!(kind.has_jobs());
}
