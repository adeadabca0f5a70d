//! Proves room time: it never goes back, stands still where a kind freezes, and clocks go off in order, once, and never after
//! the end.

use crate::common::high::{Do, High};
use crate::common::live::{Live, T0, everything, joining};
use parlour_room::{Seat, Stamp};

fn arm<const FREEZES: bool>(live: &mut Live<High<FREEZES>>, key: &str, after_ms: u64) {
    live.act("u0", &Do::Arm { key: key.to_owned(), after_ms });
}

/// With one player, and without the clock that joining sets.
fn room<const FREEZES: bool>() -> Live<High<FREEZES>> {
    let mut live = Live::with("{}", 1);
    live.act("u0", &Do::Disarm { key: "turn".to_owned() });
    live
}

/// Which clocks go off until none is due.
fn rung<const FREEZES: bool>(live: &mut Live<High<FREEZES>>) -> Vec<String> {
    let mut rung: Vec<String> = Vec::new();
    while let Some(played) = live.fire() {
        assert!(rung.len() < 10, "{rung:?} and so on");
        rung.push(played.record.input.split('"').nth(3).unwrap().to_owned());
    }
    rung
}

#[test]
fn clocks_go_off_in_the_order_in_which_they_are_due_the_oldest_first_on_ties() {
    let mut live: Live<High<false>> = room();
    for (key, after_ms) in [("late", 30), ("b", 20), ("soon", 10), ("z", 20), ("a", 20)] {
        arm(&mut live, key, after_ms);
    }
    arm(&mut live, "b", 20); // set anew, so it is the youngest now
    assert_eq!(live.table.due_ms(), Some(10));
    live.pass(9);
    assert!(rung(&mut live).is_empty());
    live.pass(21);
    assert_eq!(rung(&mut live), ["soon", "z", "a", "b", "late"]);
    assert!(rung(&mut live).is_empty(), "a clock goes off once");
    assert_eq!(live.table.due_ms(), None);
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}

#[test]
fn a_clock_that_was_stopped_is_silent_and_one_that_was_set_anew_waits_anew() {
    let mut live: Live<High<false>> = room();
    arm(&mut live, "a", 10);
    arm(&mut live, "b", 10);
    live.act("u0", &Do::Disarm { key: "a".to_owned() });
    live.pass(5);
    arm(&mut live, "b", 10);
    live.pass(9);
    assert!(rung(&mut live).is_empty());
    live.pass(1);
    assert_eq!(rung(&mut live), ["b"]);
}

#[test]
fn a_clock_of_no_time_waits_a_millisecond_so_that_no_room_can_spin() {
    let mut live: Live<High<false>> = room();
    arm(&mut live, "every", 0);
    assert!(rung(&mut live).is_empty());
    arm(&mut live, "forever", u64::MAX);
    live.pass(1);
    assert_eq!(rung(&mut live), ["every"]);
    assert_eq!(live.table.due_ms(), Some(u64::MAX));
}

#[test]
fn a_clock_that_sets_itself_anew_goes_off_once_however_late() {
    let mut live: Live<High<false>> = room();
    arm(&mut live, "every", 10);
    live.pass(1005);
    assert_eq!(rung(&mut live), ["every"]);
    assert_eq!(live.table.due_ms(), Some(1015), "it counts from when it was played");
    let rang = live.played.last().unwrap().told[0].body.get().to_owned();
    assert!(rang.contains("\"at_ms\":1005"), "{rang}");
}

#[test]
fn room_time_never_goes_back() {
    let mut live: Live<High<false>> = room();
    live.pass(100);
    arm(&mut live, "a", 10);
    live.now.at_ms = 50;
    assert_eq!(live.act("u0", &Do::Peek).record.at_ms, 100);
    arm(&mut live, "b", 5);
    assert_eq!(live.table.due_ms(), Some(105));
    live.now.at_ms = 105;
    assert_eq!(rung(&mut live), ["b"]);
    // A stamp from before is taken as now, for clocks too.
    arm(&mut live, "c", 1);
    live.now.at_ms = 120;
    live.act("u0", &Do::Peek);
    live.now.at_ms = 3;
    assert_eq!(rung(&mut live), ["c", "a"]);
    assert_eq!(live.table.about().at_ms, 120);
}

#[test]
fn a_room_that_does_not_freeze_adds_what_the_wall_says_and_never_less_than_nothing() {
    let mut live: Live<High<false>> = room();
    live.pass(100);
    let played = live.table.sleep(live.now).unwrap();
    live.keep(played);
    let wake = |live: &mut Live<High<false>>, ts_ms| {
        let played = live.table.wake(Stamp { at_ms: 0, ts_ms }).unwrap();
        let record = live.keep(played).record.clone();
        (record.at_ms, record.ts_ms - T0, record.input)
    };
    assert_eq!(wake(&mut live, T0 + 5100), (5100, 5100, r#"{"down_ms":5000}"#.to_owned()));
    assert_eq!(wake(&mut live, T0 + 2000), (5100, 2000, r#"{"down_ms":0}"#.to_owned()));
    assert_eq!(wake(&mut live, T0 + 2001), (5101, 2001, r#"{"down_ms":1}"#.to_owned()));
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}

#[test]
fn a_room_that_freezes_adds_nothing_and_its_clock_keeps_what_was_left() {
    let mut live: Live<High<true>> = room();
    arm(&mut live, "a", 1000);
    live.pass(400);
    live.act("u0", &Do::Peek);
    let played = live.table.wake(Stamp { at_ms: 0, ts_ms: T0 + 3_600_000 }).unwrap();
    assert_eq!((played.record.at_ms, played.record.ts_ms), (400, T0 + 3_600_000));
    assert_eq!(played.record.input, r#"{"down_ms":3599600}"#);
    live.keep(played);
    live.now = Stamp { at_ms: 999, ts_ms: T0 + 3_600_599 };
    assert!(rung(&mut live).is_empty());
    live.pass(1);
    assert_eq!(rung(&mut live), ["a"]);
}

#[test]
fn what_was_due_while_a_room_was_away_goes_off_when_it_is_back() {
    let mut live: Live<High<false>> = room();
    arm(&mut live, "b", 2000);
    arm(&mut live, "a", 1000);
    let played = live.table.wake(Stamp { at_ms: 0, ts_ms: T0 + 60_000 }).unwrap();
    live.keep(played);
    live.now = Stamp { at_ms: 60_000, ts_ms: T0 + 60_000 };
    assert_eq!(rung(&mut live), ["a", "b"]);
}

#[test]
fn a_room_that_ended_has_no_clocks_no_jobs_and_nothing_legal() {
    let mut live: Live<High<false>> = room();
    arm(&mut live, "a", 10);
    live.act("u0", &Do::Ask { key: "b".to_owned() });
    assert!(!live.table.legal_json(Seat(0)).unwrap().is_empty());
    // This closes twice, and asks for a clock and a job after that.
    let played = live.act("u0", &Do::Finish);
    assert!(played.ended, "the record that ended it says so");
    assert_eq!(format!("{:?}", played.jobs), "[Stop(\"b\")]");
    let about = live.table.about();
    assert_eq!(about.ended.unwrap().outcome, "finished");
    assert!(about.jobs.is_empty());
    assert_eq!(live.table.due_ms(), None);
    assert_eq!(live.table.legal_json(Seat(0)), Ok(Vec::new()));
    live.pass(1_000_000);
    assert!(rung(&mut live).is_empty());
    assert_eq!(live.table.close(live.now, "root", "again").unwrap_err(), parlour_room::Rejected::Ended);
    assert_eq!(live.resign("u0", Some("late")), Err(parlour_room::Rejected::Ended));
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}

#[test]
fn a_members_wall_time_is_only_for_show() {
    let mut live: Live<High<false>> = room();
    live.now.ts_ms = 0;
    live.act("u0", &Do::Shout { times: 1 });
    assert_eq!(live.played.last().unwrap().told[0].ts_ms, 0);
    live.join(joining("u1")).unwrap();
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}
