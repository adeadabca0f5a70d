//! Proves what a failing room can do to its table: nothing. What fails is kept nowhere, what must go on goes on, and replay
//! agrees.

use crate::common::faulty::{Config, Do, Faulty, How, Place};
use crate::common::live::{Live, everything, joining, opening, silence_planted_panics, stamp};
use parlour_room::{As, Cause, Divergence, Fault, Rejected, Seat, Table, Viewer, Why};

const FAILURES: [How; 4] = [How::Panics, How::Rots, How::Unwritable, How::LongKey];

fn room(panics: &[Place]) -> Live<Faulty> {
    Live::open(&serde_json::to_string(&Config { panics: panics.iter().copied().collect() }).unwrap())
}

fn seated(panics: &[Place]) -> Live<Faulty> {
    let mut live = room(panics);
    live.join(joining("u0")).unwrap();
    live
}

fn fault_of(how: How) -> Fault {
    if how == How::Rots { Fault::Unsound("planted: rotten".to_owned()) } else { Fault::Panicked }
}

fn text(action: &Do) -> String {
    serde_json::to_string(action).unwrap()
}

#[test]
fn an_action_that_fails_spoils_the_table_until_it_is_loaded_and_loading_gives_the_state_before() {
    for how in FAILURES {
        let mut live = seated(&[]);
        live.act("u0", &Do::Arm { key: "tick".to_owned(), how: How::Well });
        live.act("u0", &Do::Ask { key: "job".to_owned() });
        let since = live.table.about().seq;
        let before = everything(&live.table);
        let failed = live.try_act("u0", Some("a"), &text(&Do::Count { how }));
        assert_eq!(failed, Err(Rejected::Fault(fault_of(how))));

        let (now, spoiled) = (stamp(50), Rejected::Fault(Fault::Spoiled));
        let table = &mut live.table;
        assert_eq!(table.act(now, "u0", Some("b"), &text(&Do::Count { how: How::Well })).unwrap_err(), spoiled);
        assert_eq!(table.join(now, joining("u1")).unwrap_err(), spoiled);
        assert_eq!(table.admit(joining("u1").who, As::Spectator), Err(spoiled.clone()));
        assert_eq!(table.leave(now, "u0", "left").unwrap_err(), spoiled);
        assert_eq!(table.resign(now, "u0", None).unwrap_err(), spoiled);
        assert_eq!(table.close(now, "root", "closed").unwrap_err(), spoiled);
        assert_eq!(table.fire(now).unwrap_err(), Fault::Spoiled);
        assert_eq!(table.answer(now, "job", since, "\"well\"").unwrap_err(), Fault::Spoiled);
        assert_eq!(table.wake(parlour_room::Stamp { at_ms: 0, ts_ms: now.ts_ms }).unwrap_err(), Fault::Spoiled);
        assert_eq!(table.sleep(now).unwrap_err(), Fault::Spoiled);
        assert_eq!(table.view_json(Viewer::Spectator), Err(Fault::Spoiled));
        assert_eq!(table.legal_json(Seat(0)), Err(Fault::Spoiled));

        live.table = live.replayed();
        assert_eq!(everything(&live.table), before);
        // The id of what failed is not remembered: it may be tried again.
        assert!(live.try_act("u0", Some("a"), &text(&Do::Count { how: How::Well })).unwrap().1);
    }
}

#[test]
fn a_clock_that_fails_changes_nothing_is_used_up_and_replays_the_same() {
    for how in FAILURES {
        let mut live = seated(&[]);
        live.act("u0", &Do::Arm { key: "tick".to_owned(), how });
        let view = live.table.view_json(Viewer::Spectator);
        live.pass(10);
        let played = live.fire().unwrap();
        assert_eq!((played.record.cause, played.record.input.as_str()), (Cause::Failed, r#"{"clock":"tick"}"#));
        assert!(played.told.is_empty());
        assert_eq!((live.table.view_json(Viewer::Spectator), live.table.due_ms()), (view, None));
        assert!(live.fire().is_none());
        live.act("u0", &Do::Count { how: How::Well });
        assert_eq!(everything(&live.replayed()), everything(&live.table));
    }
}

#[test]
fn a_job_whose_result_fails_or_cannot_be_read_changes_nothing_and_is_used_up() {
    for result in ["\"panics\"", "\"rots\"", "\"unwritable\"", "\"no_such\"", "", "{", "\u{0}"] {
        let mut live = seated(&[]);
        let since = live.act("u0", &Do::Ask { key: "job".to_owned() }).record.seq;
        let view = live.table.view_json(Viewer::Spectator);
        let played = live.table.answer(live.now, "job", since, result).unwrap().unwrap();
        assert_eq!((played.record.cause, played.record.input.as_str()), (Cause::Failed, r#"{"job":"job"}"#));
        live.keep(played);
        assert_eq!(live.table.view_json(Viewer::Spectator), view);
        assert!(live.table.about().jobs.is_empty());
        assert!(live.table.answer(live.now, "job", since, "\"well\"").unwrap().is_none(), "one result is recorded");
        assert_eq!(everything(&live.replayed()), everything(&live.table));
    }
}

#[test]
fn a_panicking_join_or_leave_changes_nothing_and_spoils_nothing() {
    let mut live = room(&[Place::Joined]);
    let before = everything(&live.table);
    assert_eq!(live.join(joining("u0")), Err(Rejected::Fault(Fault::Panicked)));
    assert_eq!(everything(&live.table), before);
    live.table.wake(parlour_room::Stamp { at_ms: 0, ts_ms: live.now.ts_ms }).unwrap();

    let mut live = seated(&[Place::Left]);
    let before = everything(&live.table);
    assert_eq!(live.table.leave(live.now, "u0", "left").unwrap_err(), Rejected::Fault(Fault::Panicked));
    assert_eq!(everything(&live.table), before);
    live.act("u0", &Do::Count { how: How::Well });
}

#[test]
fn a_nonce_of_a_join_that_failed_is_not_stirred_in() {
    let mut live = room(&[Place::Joined]);
    let joining = parlour_room::Joining { nonce: Some("salt"), ..joining("u0") };
    assert!(live.join(joining).is_err());
    assert!(live.table.snapshot().contains("\"stirred\":[]"));
}

#[test]
fn rules_that_panic_on_everything_can_still_be_resigned_from_and_closed() {
    let mut live = seated(&[]);
    live.join(joining("u1")).unwrap();
    live.act("u0", &Do::Ask { key: "job".to_owned() });
    live.act("u0", &Do::Count { how: How::PoisonsAll });
    assert_eq!(live.table.leave(live.now, "u0", "left").unwrap_err(), Rejected::Fault(Fault::Panicked));
    assert_eq!(live.table.view_json(Viewer::Spectator), Err(Fault::Panicked));
    assert_eq!(live.table.legal_json(Seat(0)), Err(Fault::Panicked));
    let snapshot = live.table.snapshot();

    let (answer, _) = live.resign("u0", Some("enough")).unwrap();
    let played = live.played.last().unwrap();
    assert!(played.ended && played.told.is_empty() && played.jobs.len() == 1);
    assert_eq!(live.resign("u0", Some("enough")), Ok((answer, false)));
    assert_eq!(live.resign("u0", Some("again")), Err(Rejected::Ended));
    assert_eq!(live.table.about().ended.unwrap().outcome, "resignation");
    assert_eq!(everything(&live.replayed()), everything(&live.table));

    let mut closed = Table::<Faulty>::restore(&snapshot).unwrap();
    assert!(closed.close(live.now, "root", "enough").unwrap().ended);
    assert_eq!(closed.about().ended.unwrap().outcome, "enough");
}

#[test]
fn a_panic_where_the_rules_only_look_spoils_nothing() {
    for place in [Place::Check, Place::View, Place::Legal, Place::Admit, Place::Refusal] {
        let mut live = seated(&[place]);
        let before = live.table.snapshot();
        let admitted = live.table.admit(joining("u1").who, As::Spectator);
        let refused = live.try_act("u0", Some("a"), &text(&Do::Refused));
        let (view, legal) = (live.table.view_json(Viewer::Spectator), live.table.legal_json(Seat(0)));
        let panicked = [
            admitted == Err(Rejected::Fault(Fault::Panicked)),
            refused == Err(Rejected::Fault(Fault::Panicked)),
            view == Err(Fault::Panicked),
            legal == Err(Fault::Panicked),
        ];
        let looked = [Place::Admit, Place::Check, Place::View, Place::Legal];
        let expected = looked.map(|look| look == place || (look, place) == (Place::Check, Place::Refusal));
        assert_eq!(panicked, expected);
        assert_eq!(live.table.snapshot(), before);
        assert!(live.table.sleep(live.now).is_ok());
    }
}

#[test]
fn a_room_that_cannot_open_is_no_room() {
    silence_planted_panics();
    for place in ["open", "sound", "seats"] {
        let config = format!("{{\"panics\":[\"{place}\"]}}");
        let opened = Table::<Faulty>::open(stamp(0), opening(&config)).map(|_| ());
        assert_eq!(opened, Err(Rejected::Fault(Fault::Panicked)), "{place}");
    }
    let invalid = Table::<Faulty>::open(stamp(0), opening("{\"panic\":[]}")).map(|_| ());
    assert_eq!(invalid, Err(Rejected::Invalid));
}

/// The rules got worse since the record was written: the replay stops there and says so.
#[test]
fn a_record_that_panics_in_replay_is_named() {
    let mut live = seated(&[]);
    let snapshot = live.table.snapshot();
    let record = live.act("u0", &Do::Count { how: How::Well }).record.clone();
    let worse = snapshot.replacen("\"panics\":[]},\"members\"", "\"panics\":[\"sound\"]},\"members\"", 1);
    assert_ne!(worse, snapshot);
    let mut table = Table::<Faulty>::restore(&worse).unwrap();
    let found = table.replay(&record).unwrap_err();
    assert_eq!(found, Divergence { seq: record.seq, why: Why::Fault(Fault::Panicked) });
    assert_eq!(table.replay(&record).unwrap_err().why, Why::Fault(Fault::Spoiled));
}
