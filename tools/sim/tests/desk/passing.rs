//! What a client that does not read may miss for good, pulses and topics: none of it waits for it, and when it reads again it is
//! shown what a newcomer is shown, and told that there was more.

use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

const OUTPUT_BYTES: usize = 16 * 1024;

fn desk() -> Desk {
    let limits = Limits { output_bytes: OUTPUT_BYTES, ..Limits::default() };
    Desk::with_limits(parlour_sim::kinds(), limits)
}

/// A seat in room `l`, which is opened if it is not there.
fn sits(desk: &mut Desk, user: &str) -> ConnId {
    let conn = desk.connects(user);
    desk.asks(conn, &json!({"type": "open_room", "payload": {"kind": "lounge", "room_id": "l"}}));
    let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "l"}}));
    assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
    conn
}

fn types(desk: &mut Desk, conn: ConnId, to: Option<u32>) {
    desk.says(conn, &json!({"type": "typing", "ref": "t", "payload": {"room_id": "l", "to": to}}).to_string());
    desk.turns();
}

/// More than may wait for anybody.
fn floods(desk: &mut Desk, conn: ConnId) {
    for _ in 0..200 {
        desk.says(conn, &json!({"type": "burst", "ref": "b", "payload": {"room_id": "l", "count": 2}}).to_string());
        desk.turns();
    }
}

fn of_type<'a>(heard: &'a [Value], name: &str) -> Vec<&'a Value> {
    heard.iter().filter(|said| said["type"] == name).collect()
}

#[test]
fn pulses_do_not_wait_for_a_reader_that_stalls_and_the_last_of_each_sender_follows_its_fresh_view() {
    let mut desk = desk();
    let [ada, bob, slow] = ["ada", "bob", "slow"].map(|user| sits(&mut desk, user));
    desk.hears(slow);
    desk.stalls(slow);
    floods(&mut desk, bob);
    let before = desk.unread(slow) + desk.owed(slow);
    for number in 0..100 {
        types(&mut desk, ada, (number % 2 == 0).then_some(2));
        types(&mut desk, bob, None);
        assert!(of_type(&desk.hears(bob), "typing").len() <= 1, "the others hear each once");
    }
    // To somebody else alone, and so the last of bob's is none for this reader.
    types(&mut desk, bob, Some(0));
    assert_eq!(desk.unread(slow) + desk.owed(slow), before, "nothing more was kept for it");

    desk.reads(slow);
    let heard = desk.hears(slow);
    let anew = heard.iter().position(|said| said["resumed"] == json!({"kind": "view"})).expect("a fresh view");
    assert!(of_type(&heard[..anew], "typing").is_empty());
    let typing = of_type(&heard[anew..], "typing");
    assert_eq!(typing.len(), 1, "{typing:?}");
    assert_eq!((&typing[0]["by"], &typing[0]["payload"]), (&json!(0), &json!({"to": null})));
    types(&mut desk, ada, Some(2));
    assert_eq!(of_type(&desk.hears(slow), "typing").len(), 1, "from then on each is shown");
}

#[test]
fn topics_do_not_wait_for_a_reader_that_stalls_and_it_is_told_that_there_was_more() {
    let mut desk = desk();
    let [ada, bob, slow] = ["ada", "bob", "slow"].map(|user| sits(&mut desk, user));
    for topic in ["rooms", "rooms:duel", "system"] {
        let heard = desk.asks(slow, &json!({"type": "subscribe", "ref": "s", "payload": {"topic": topic}}));
        assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
    }
    desk.passes(2_000);
    desk.hears(slow);
    desk.stalls(slow);
    floods(&mut desk, bob);
    let before = desk.unread(slow) + desk.owed(slow);
    for room in ["d1", "d2"] {
        desk.asks(ada, &json!({"type": "open_room", "payload": {"kind": "duel", "room_id": room}}));
        desk.passes(1_500);
    }
    assert_eq!(desk.unread(slow) + desk.owed(slow), before, "nothing more was kept for it");

    desk.reads(slow);
    let heard = desk.hears(slow);
    let told: Vec<(&Value, &Value)> =
        of_type(&heard, "topic").into_iter().map(|said| (&said["topic"], &said["payload"])).collect();
    let more = json!({"rooms": [], "more": true});
    assert_eq!(told, [(&json!("rooms"), &more), (&json!("rooms:duel"), &more)]);
    desk.asks(ada, &json!({"type": "open_room", "payload": {"kind": "duel", "room_id": "d3"}}));
    desk.passes(1_500);
    let heard = desk.hears(slow);
    let told = of_type(&heard, "topic");
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|said| said["payload"]["rooms"][0]["room_id"] == "d3" && said["payload"]["more"] == false));
}
