//! Proves that a message id has one effect and one answer: across restarts, replay, leaving and the end, per user, within the
//! window.

use crate::common::high::{Do, High};
use crate::common::live::{Live, joining, user};
use crate::common::script::scripts;
use parlour_room::inbox::{Answer, INBOX_IDS, INBOX_WINDOW_MS};
use parlour_room::{Rejected, Seat, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Room = High<false>;

const SHOUT: &str = r#"{"type":"shout","times":2}"#;
const PEEK: &str = r#"{"type":"peek"}"#;

#[test]
fn a_repeated_id_gets_the_first_answer_and_has_no_second_effect() {
    let mut live: Live<Room> = Live::with("{}", 2);
    let (answer, new) = live.try_act("u0", Some("a"), SHOUT).unwrap();
    assert!(new);
    live.act("u1", &Do::Whisper { to: Seat(0), times: 3 });
    live.act("u1", &Do::Shout { times: 3 });
    let before = live.table.snapshot();
    assert_eq!(live.try_act("u0", Some("a"), SHOUT), Ok((answer, false)));
    // The same action written otherwise has the same body.
    assert_eq!(live.try_act("u0", Some("a"), " {\"times\": 2, \"type\":\"shout\"}"), Ok((answer, false)));
    assert_eq!(live.table.hash_of(SHOUT), live.table.hash_of(" {\"times\": 2, \"type\":\"shout\"}"));
    assert_eq!(live.try_act("u0", Some("a"), PEEK), Err(Rejected::IdReused));
    assert_eq!(live.table.snapshot(), before);

    for mut table in [Table::<Room>::restore(&before).unwrap(), live.replayed()] {
        let parlour_room::Acted::Before(again) = table.act(live.now, "u0", Some("a"), SHOUT).unwrap() else {
            panic!("played twice")
        };
        assert_eq!(again, answer);
        assert_eq!(table.act(live.now, "u0", Some("a"), PEEK).unwrap_err(), Rejected::IdReused);
    }
}

#[test]
fn the_answer_says_how_far_the_actor_had_heard_right_after_the_action() {
    let mut live: Live<Room> = Live::with("{}", 2);
    let position = live.table.position(parlour_room::Viewer::Seat(Seat(0)));
    let (answer, _) = live.try_act("u0", Some("a"), PEEK).unwrap();
    assert_eq!(answer, Answer { n: position.n, m: position.m.unwrap() + 1 });
}

#[test]
fn ids_are_per_user() {
    let mut live: Live<Room> = Live::with("{}", 2);
    assert!(live.try_act("u0", Some("a"), SHOUT).unwrap().1);
    assert!(live.try_act("u1", Some("a"), PEEK).unwrap().1);
    assert!(!live.try_act("u0", Some("a"), SHOUT).unwrap().1);
    assert!(!live.try_act("u1", Some("a"), PEEK).unwrap().1);
}

#[test]
fn an_action_without_an_id_is_played_every_time() {
    let mut live: Live<Room> = Live::with("{}", 1);
    assert!(live.try_act("u0", None, SHOUT).unwrap().1);
    assert!(live.try_act("u0", None, SHOUT).unwrap().1);
}

#[test]
fn a_refused_action_leaves_its_id_free() {
    let mut live: Live<Room> = Live::with("{}", 1);
    for bad in [r#"{"type":"play","card":99}"#, "junk"] {
        assert!(live.try_act("u0", Some("a"), bad).is_err());
    }
    assert!(live.try_act("u0", Some("a"), SHOUT).unwrap().1);
}

#[test]
fn whoever_left_and_whoever_plays_on_in_a_room_that_ended_may_still_repeat() {
    let mut live: Live<Room> = Live::with("{}", 2);
    let (first, _) = live.try_act("u0", Some("a"), SHOUT).unwrap();
    let (second, _) = live.try_act("u1", Some("a"), PEEK).unwrap();
    live.leave("u0");
    assert_eq!(live.try_act("u0", Some("a"), SHOUT), Ok((first, false)));
    assert_eq!(live.try_act("u0", Some("a"), PEEK), Err(Rejected::IdReused));
    assert_eq!(live.try_act("u0", Some("b"), SHOUT), Err(Rejected::NotMember));
    live.act("u1", &Do::Finish);
    assert_eq!(live.try_act("u0", Some("a"), SHOUT), Ok((first, false)));
    assert_eq!(live.try_act("u1", Some("a"), PEEK), Ok((second, false)));
    assert_eq!(live.try_act("u1", Some("b"), PEEK), Err(Rejected::Ended));
}

#[test]
fn ids_are_kept_for_the_window_of_room_time_and_no_longer() {
    let mut live: Live<Room> = Live::with("{}", 1);
    let (answer, _) = live.try_act("u0", Some("a"), SHOUT).unwrap();
    live.pass(INBOX_WINDOW_MS);
    assert_eq!(live.try_act("u0", Some("a"), SHOUT), Ok((answer, false)));
    live.pass(1);
    assert!(live.try_act("u0", Some("a"), PEEK).unwrap().1, "another body, too: nothing is known of it");
    assert!(!live.try_act("u0", Some("a"), PEEK).unwrap().1);
}

#[test]
fn the_last_ids_are_kept_and_no_more() {
    let mut live: Live<Room> = Live::with("{}", 2);
    let id = |n: usize| format!("id-{n}");
    for n in 0..=INBOX_IDS {
        assert!(live.try_act("u0", Some(&id(n)), PEEK).unwrap().1);
        // What another member does pushes nothing out.
        assert!(live.try_act("u1", Some(&id(n)), PEEK).unwrap().1);
    }
    for n in 1..=INBOX_IDS {
        assert!(!live.try_act("u0", Some(&id(n)), PEEK).unwrap().1, "{n}");
    }
    assert!(live.try_act("u0", Some(&id(0)), PEEK).unwrap().1);
}

/// Two ways out of a room: leaving it, and being thrown out.
#[test]
fn the_inboxes_of_the_many_who_left_are_forgotten_after_the_window_only() {
    let mut live: Live<Room> = Live::with("{}", 1);
    let visit = |live: &mut Live<Room>, name: &str| {
        live.join(joining(name)).unwrap();
        live.try_act(name, Some("a"), SHOUT).unwrap();
        live.leave(name);
    };
    (0..100).for_each(|n| visit(&mut live, &format!("guest-{n}")));
    assert!((0..100).all(|n| !live.try_act(&format!("guest-{n}"), Some("a"), SHOUT).unwrap().1));
    let before = live.table.snapshot();
    live.pass(INBOX_WINDOW_MS + 1);
    visit(&mut live, "late");
    assert!(!live.table.snapshot().contains("guest-"));
    assert!(!live.try_act("late", Some("a"), SHOUT).unwrap().1);

    let mut kicked = Live { table: Table::<Room>::restore(&before).unwrap(), ..live };
    kicked.pass(INBOX_WINDOW_MS + 1);
    kicked.join(joining("late")).unwrap();
    assert!(kicked.table.snapshot().contains("guest-"));
    kicked.act("u0", &Do::Kick { seat: Seat(1) });
    assert!(!kicked.table.snapshot().contains("guest-"), "who is thrown out has left, too");
}

#[test]
fn a_resignation_counts_once_under_its_id_which_is_no_actions() {
    let mut live: Live<Room> = Live::with("{}", 2);
    let (shouted, _) = live.try_act("u0", Some("a"), SHOUT).unwrap();
    assert_eq!(live.resign("u0", Some("a")), Err(Rejected::IdReused));
    let (resigned, new) = live.resign("u0", Some("b")).unwrap();
    assert!(new && resigned.n > shouted.n);
    // These rules take the seat of who resigns; a repeat is answered all the same, also by the table of a restart.
    assert_eq!(live.resign("u0", Some("c")), Err(Rejected::NotMember));
    assert_eq!(live.try_act("u0", Some("b"), SHOUT), Err(Rejected::IdReused));
    assert_eq!(live.resign("u0", Some("b")), Ok((resigned, false)));
    for mut table in [Table::<Room>::restore(&live.table.snapshot()).unwrap(), live.replayed()] {
        let again = table.resign(live.now, "u0", Some("b")).unwrap();
        assert!(matches!(again, parlour_room::Acted::Before(answer) if answer == resigned));
        assert!(table.told_by("u0", "b").is_none(), "what it told was told on a seat that is given up");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever happens in between, restarts included: asked again within the window, every id gives the answer it gave first.
    #[test]
    fn every_id_that_was_played_repeats_its_first_answer(script in scripts(60)) {
        let mut live: Live<Room> = Live::open("{}");
        let mut answers: BTreeMap<(String, String), (String, Answer, u64)> = BTreeMap::new();
        for op in &script {
            if let crate::common::script::Op::Act { user: n, id: Some(id), action } = op {
                let (user, id, text) = (user(*n), format!("id-{id}"), serde_json::to_string(action).unwrap());
                let known = answers.get(&(user.clone(), id.clone())).filter(|(_, _, at_ms)| {
                    live.now.at_ms.max(live.table.about().at_ms) - at_ms <= INBOX_WINDOW_MS
                });
                match (live.try_act(&user, Some(&id), &text), known) {
                    (Ok((answer, false)), Some((body, first, _))) => prop_assert_eq!((&text, answer), (body, *first)),
                    (Err(Rejected::IdReused), Some((body, ..))) => prop_assert_ne!(&text, body),
                    (Ok((answer, true)), None) => {
                        answers.insert((user, id), (text, answer, live.table.about().at_ms));
                    }
                    (Err(_), None) => {}
                    (done, known) => prop_assert!(false, "{:?} {:?}", done, known),
                }
            } else if !matches!(op, crate::common::script::Op::ActLegal { .. }) {
                let _ = live.step(op);
            }
        }
        let restored = Table::<Room>::restore(&live.table.snapshot()).unwrap();
        for mut table in [restored, live.replayed()] {
            for ((user, id), (body, first, at_ms)) in &answers {
                if live.now.at_ms.max(table.about().at_ms) - at_ms <= INBOX_WINDOW_MS {
                    let again = table.act(live.now, user, Some(id), body);
                    prop_assert!(matches!(again, Ok(parlour_room::Acted::Before(answer)) if answer == *first));
                }
            }
        }
    }
}
