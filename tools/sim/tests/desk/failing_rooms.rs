//! A room whose rules panic harms nobody: nothing of it is kept, others play on, and what was asked meanwhile is served
//! afterwards.

use crate::faulty::Faulty;
use parlour_engine::io::{Call, ConnId, Reply};
use parlour_engine::schema::Kinds;
use parlour_room::Cause;
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

fn kinds<const OTHER: bool>() -> Kinds {
    // What is planted to panic need not fill the screen.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.payload_as_str().is_some_and(|text| text.starts_with("planted")) {
            usual(info);
        }
    }));
    Kinds::new().with::<Faulty<OTHER>>().expect("it can be spoken")
}

/// A desk with two rooms, `a` and `b`, and somebody in both.
fn desk() -> (Desk, ConnId) {
    let mut desk = Desk::new(kinds::<false>());
    let ada = desk.connects("ada");
    for room in ["a", "b"] {
        ok(&desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "faulty", "room_id": room}})));
        ok(&desk.asks(ada, &join(room)));
    }
    (desk, ada)
}

fn join(room: &str) -> Value {
    json!({"type": "join_room", "ref": "j", "payload": {"room_id": room}})
}

fn act(room: &str, id: &str, action: &str) -> Value {
    json!({"type": "action", "ref": id, "id": id, "room": room, "payload": {"type": action}})
}

fn ok(heard: &[Value]) {
    let acks: Vec<&Value> = heard.iter().filter(|said| said["type"] == "ack").collect();
    assert!(!acks.is_empty() && acks.iter().all(|ack| ack["payload"]["status"] == "ok"), "{heard:?}");
}

/// The answers among what was heard: ref, and code or `ok`.
fn answers(heard: &[Value]) -> Vec<(&str, &str)> {
    let acks = heard.iter().filter(|said| said["type"] == "ack").map(|said| &said["payload"]);
    acks.map(|ack| (ack["ref"].as_str().expect("an ack has a ref"), ack["code"].as_str().unwrap_or("ok"))).collect()
}

fn view(heard: &[Value]) -> Option<u64> {
    heard.iter().rev().find(|said| said["type"] == "view").and_then(|said| said["payload"].as_u64())
}

fn body(reply: Reply) -> Value {
    match reply {
        Reply::Done { body, .. } => serde_json::from_str(&body).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

fn causes(desk: &Desk, room: &str) -> Vec<Cause> {
    desk.disk.life(room).expect("it was opened").records.iter().map(|record| record.cause).collect()
}

#[test]
fn a_panicking_action_is_internal_and_nothing_of_it_is_kept() {
    let (mut desk, ada) = desk();
    ok(&desk.asks(ada, &act("a", "1", "count")));
    let heard = desk.asks(ada, &act("a", "2", "panic"));
    assert_eq!(answers(&heard), [("2", "internal")]);
    let heard = desk.asks(ada, &act("a", "3", "count"));
    assert_eq!(answers(&heard), [("3", "ok")]);
    assert_eq!(view(&heard), Some(2), "the 100 of the panic is gone");
    use Cause::{Action, Joined, Opened, Woke};
    assert_eq!(causes(&desk, "a"), [Opened, Joined, Action, Woke, Action]);
    // What was played before the panic is still known.
    let heard = desk.asks(ada, &act("a", "1", "count"));
    assert_eq!(heard.last().unwrap()["payload"]["dup"], true);
}

#[test]
fn other_rooms_play_on_in_the_same_turn_and_what_waits_is_served_after_the_reload() {
    let (mut desk, ada) = desk();
    let bob = desk.connects("bob");
    desk.disk_waits = true;
    for message in [act("a", "1", "count"), act("a", "2", "panic"), act("a", "3", "count"), act("b", "4", "count"), join("a")] {
        desk.says(ada, &message.to_string());
    }
    desk.says(bob, &join("a").to_string());
    desk.turns();
    assert!(desk.hears(ada).is_empty(), "nothing is durable");
    desk.disk_waits = false;
    desk.turns();
    let heard = desk.hears(ada);
    let of_a: Vec<_> = answers(&heard).into_iter().filter(|(reference, _)| *reference != "4").collect();
    assert_eq!(of_a, [("1", "ok"), ("2", "internal"), ("3", "ok"), ("j", "ok")], "in the order of the requests");
    assert!(answers(&heard).contains(&("4", "ok")));
    assert_eq!(view(&desk.hears(bob)), Some(2));
    assert_eq!(body(desk.calls(Call::Show("a".to_owned())))["status"], "open");
}

#[test]
fn a_panic_among_those_that_wait_makes_the_rest_wait_again() {
    let (mut desk, ada) = desk();
    let messages = [act("a", "1", "panic"), act("a", "2", "panic"), act("a", "3", "count"), json!({"type": "ping", "ref": "4"})];
    messages.iter().for_each(|message| desk.says(ada, &message.to_string()));
    desk.turns();
    let heard = desk.hears(ada);
    let mut answers = answers(&heard);
    answers.sort_unstable();
    assert_eq!(answers, [("1", "internal"), ("2", "internal"), ("3", "ok"), ("4", "ok")]);
    assert_eq!(view(&heard), Some(1));
}

#[test]
fn a_panicking_clock_is_recorded_as_failed_and_used_up() {
    let (mut desk, ada) = desk();
    let arm = json!({"type": "action", "ref": "1", "room": "a", "payload": {"type": "arm", "times": 2}});
    ok(&desk.asks(ada, &arm));
    desk.passes(1000);
    let failed = causes(&desk, "a").into_iter().filter(|cause| *cause == Cause::Failed).count();
    assert_eq!(failed, 2);
    assert_eq!(desk.notes.len(), 2, "{:?}", desk.notes);
    desk.hears(ada);
    let heard = desk.asks(ada, &act("a", "2", "count"));
    assert_eq!(answers(&heard), [("2", "ok")]);
    assert_eq!(view(&heard), Some(1), "the clocks changed nothing");
    assert_eq!(body(desk.calls(Call::Show("a".to_owned())))["status"], "open");
}

#[test]
fn three_panics_in_a_short_time_freeze_the_room_where_everybody_sees_it() {
    let (mut desk, ada) = desk();
    ok(&desk.asks(ada, &act("a", "0", "count")));
    let arm = json!({"type": "action", "ref": "1", "room": "a", "payload": {"type": "arm", "times": 4}});
    ok(&desk.asks(ada, &arm));
    desk.passes(2000);
    desk.hears(ada);
    assert_eq!(causes(&desk, "a").iter().filter(|cause| **cause == Cause::Failed).count(), 3, "the fourth clock is not played");
    assert!(desk.notes.iter().any(|note| note.contains("a is frozen")), "{:?}", desk.notes);

    let shown = body(desk.calls(Call::Show("a".to_owned())));
    assert_eq!((&shown["status"], &shown["reason"], &shown["view"]), (&json!("frozen"), &json!("room_frozen"), &json!(1)));
    let listed = body(desk.calls(Call::List(vec!["a".to_owned(), "b".to_owned()])));
    let status = |room: &str| {
        let rooms = listed["rooms"].as_array().unwrap();
        rooms.iter().find(|shown| shown["room_id"] == room).unwrap()["status"].clone()
    };
    assert_eq!((status("a"), status("b")), (json!("frozen"), json!("open")));

    let again = desk.connects("ada");
    let heard = desk.asks(again, &join("a"));
    assert_eq!((answers(&heard), view(&heard)), (vec![("j", "ok")], Some(1)), "its members still see it");
    let heard = desk.asks(again, &act("a", "2", "count"));
    assert_eq!(answers(&heard), [("2", "room_frozen")]);
    assert_eq!(heard.last().unwrap()["payload"]["kind"], "unavailable");
    let heard = desk.asks(again, &act("a", "0", "count"));
    assert_eq!(heard.last().unwrap()["payload"]["dup"], true, "what was played before is answered as it was");
    ok(&desk.asks(again, &act("b", "3", "count")));
}

#[test]
fn a_frozen_room_can_be_closed_and_opened_anew() {
    let (mut desk, ada) = desk();
    for id in ["1", "2", "3"] {
        assert_eq!(answers(&desk.asks(ada, &act("a", id, "panic"))), [(id, "internal")]);
    }
    assert_eq!(answers(&desk.asks(ada, &act("a", "4", "count"))), [("4", "room_frozen")]);
    body(desk.calls(Call::Close("a".to_owned())));
    assert_eq!(body(desk.calls(Call::Show("a".to_owned())))["status"], "ended");
    desk.hears(ada);
    ok(&desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "faulty", "room_id": "a"}})));
    ok(&desk.asks(ada, &join("a")));
    assert_eq!(answers(&desk.asks(ada, &act("a", "5", "count"))), [("5", "ok")]);
}

#[test]
fn a_room_that_replays_otherwise_is_not_shown_but_reported() {
    let (mut desk, ada) = desk();
    ok(&desk.asks(ada, &act("a", "1", "count")));
    desk.restarts(kinds::<true>());
    let ada = desk.connects("ada");
    for request in [join("a"), act("a", "2", "count"), json!({"type": "legal", "ref": "l", "room": "a"})] {
        let heard = desk.asks(ada, &request);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(
            (&heard[0]["payload"]["code"], &heard[0]["payload"]["kind"]),
            (&json!("room_unreadable"), &json!("unavailable"))
        );
    }
    let shown = body(desk.calls(Call::Show("a".to_owned())));
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("frozen"), &json!("room_unreadable")));
    assert!(
        body(desk.calls(Call::List(vec!["a".to_owned()])))["rooms"]
            .as_array()
            .unwrap()
            .iter()
            .any(|room| room["status"] == "frozen")
    );
    assert!(desk.notes.iter().any(|note| note.contains("record 3")), "{:?}", desk.notes);
    // A room without such a record is as it was.
    ok(&desk.asks(ada, &join("b")));
}
