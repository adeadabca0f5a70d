//! Who is connected and where, as it is told to those who keep count: once each, in time, and only what is durable.

use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_engine::tracking::Tracked;
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

const ROOM: &str = "a";

fn ask(desk: &mut Desk, conn: ConnId, kind: &str, payload: &Value) {
    let heard = desk.asks(conn, &json!({"type": kind, "ref": "r", "payload": payload}));
    assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
}

fn told(desk: &mut Desk) -> Vec<Tracked> {
    std::mem::take(&mut desk.tracked)
}

fn desk() -> (Desk, ConnId) {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    ask(&mut desk, ada, "open_room", &json!({"kind": "lounge", "room_id": ROOM}));
    (desk, ada)
}

fn enters(conn: ConnId) -> Tracked {
    Tracked::Enters(conn, ROOM.into())
}

fn leaves(conn: ConnId) -> Tracked {
    Tracked::Leaves(conn, ROOM.into())
}

#[test]
fn whoever_comes_joins_joins_again_leaves_and_goes_is_told_of_once_each() {
    let (mut desk, ada) = desk();
    let come = told(&mut desk);
    let [Tracked::Here { conn, session, user }] = come.as_slice() else { panic!("{come:?}") };
    assert_eq!((*conn, &**user, session.starts_with("s-")), (ada, "ada", true));
    ask(&mut desk, ada, "join_room", &json!({"room_id": ROOM, "as": "spectator"}));
    ask(&mut desk, ada, "join_room", &json!({"room_id": ROOM, "as": "player"}));
    assert_eq!(told(&mut desk), [enters(ada)]);
    ask(&mut desk, ada, "unsubscribe", &json!({"room_id": ROOM}));
    assert_eq!(told(&mut desk), [leaves(ada)]);
    ask(&mut desk, ada, "join_room", &json!({"room_id": ROOM, "as": "player"}));
    ask(&mut desk, ada, "leave_room", &json!({"room_id": ROOM}));
    assert_eq!(told(&mut desk), [enters(ada), leaves(ada)]);
    ask(&mut desk, ada, "join_room", &json!({"room_id": ROOM, "as": "spectator"}));
    desk.closes(ada);
    assert_eq!(told(&mut desk), [enters(ada), Tracked::Gone(ada)]);
}

#[test]
fn nobody_is_told_to_be_in_a_room_before_that_is_durable_and_who_left_meanwhile_never_is() {
    let (mut desk, ada) = desk();
    let bob = desk.connects("bob");
    told(&mut desk);
    desk.disk_waits = true;
    for conn in [ada, bob] {
        let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": ROOM, "as": "player"}}));
        assert_eq!(heard, Vec::<Value>::new(), "the disk has not said so");
    }
    desk.asks(bob, &json!({"type": "unsubscribe", "payload": {"room_id": ROOM}}));
    assert_eq!(told(&mut desk), []);
    desk.disk_waits = false;
    desk.turns();
    assert_eq!(told(&mut desk), [enters(ada)]);
}

#[test]
fn who_is_heard_from_is_told_so_once_in_a_heartbeat_and_who_is_silent_is_not() {
    let (mut desk, ada) = desk();
    let bob = desk.connects("bob");
    told(&mut desk);
    let heartbeat_ms = Limits::default().cluster_heartbeat_ms;
    let mut heard = Vec::new();
    // Ada says something every second, for two heartbeats and a little; Bob never does.
    for _ in 0..(2 * heartbeat_ms / 1000 + 5) {
        ask(&mut desk, ada, "ping", &json!({}));
        desk.passes(1000);
        heard.extend(told(&mut desk));
    }
    let [Tracked::Heard(first), Tracked::Heard(second)] = heard.as_slice() else { panic!("{heard:?}") };
    for who in [first, second] {
        let [(conn, ago_ms)] = who.as_slice() else { panic!("{who:?}") };
        assert!(*conn == ada && *ago_ms <= 1000, "she said something a second ago: {who:?}");
    }
    let gone = desk.is_closed(bob);
    assert!(gone, "that one is closed for its silence, and never told to be alive");
}

#[test]
fn whose_token_is_not_believed_is_told_of_to_nobody() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let conn = desk.opens(Some("bad"), None);
    desk.closes(conn);
    assert_eq!(told(&mut desk), []);
}
