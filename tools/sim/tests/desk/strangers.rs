//! Who does not say who they are gets nothing but the reason.

use parlour_engine::io::ConnId;
use parlour_sim::desk::Desk;
use parlour_sim::wire::Frame;
use serde_json::{Value, json};

fn desk() -> Desk {
    Desk::new(parlour_sim::kinds())
}

fn auth(token: &str) -> Value {
    json!({"type": "auth", "ref": "a", "payload": {"token": token}})
}

/// The one message before the close with 1008.
fn sent_away(desk: &mut Desk, conn: ConnId) -> Value {
    let frames = desk.frames(conn);
    let [Frame::Text(text), Frame::Close(Some(1008))] = frames.as_slice() else { panic!("{frames:?}") };
    assert!(desk.is_closed(conn));
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn without_a_token_everything_is_denied_until_one_comes() {
    let mut desk = desk();
    let conn = desk.opens(None, None);
    assert!(desk.frames(conn).is_empty(), "no greeting for a stranger");
    let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "1", "payload": {"room_id": "l"}}));
    assert_eq!(heard[0]["payload"]["code"], "authentication_required");
    assert_eq!((&heard[0]["payload"]["ref"], &heard[0]["payload"]["kind"]), (&json!("1"), &json!("denied")));
    let heard = desk.asks(conn, &json!("junk"));
    assert_eq!(heard[0]["payload"]["code"], "authentication_required");
    let heard = desk.asks(conn, &auth("ada"));
    assert_eq!((&heard[0]["type"], &heard[0]["payload"]["user_id"]), (&json!("connected"), &json!("ada")));
    assert_eq!((&heard[1]["payload"]["ref"], &heard[1]["payload"]["status"]), (&json!("a"), &json!("ok")));
    let heard = desk.asks(conn, &auth("bob"));
    assert_eq!(heard[0]["payload"]["code"], "other_user");
    assert_eq!(desk.asks(conn, &json!({"type": "ping"}))[0]["type"], "pong");
}

#[test]
fn what_follows_the_token_in_the_same_segment_waits_for_it() {
    let mut desk = desk();
    let conn = desk.opens(None, None);
    desk.says(conn, &auth("ada").to_string());
    desk.says(conn, r#"{"type":"ping","ref":"1"}"#);
    desk.turns();
    let types: Vec<Value> = desk.hears(conn).iter().map(|said| said["type"].clone()).collect();
    assert_eq!(types, ["connected", "ack", "pong", "ack"]);
}

#[test]
fn a_token_that_is_refused_says_why_and_closes_with_1008() {
    for (token, code, kind) in [("bad", "authentication_failed", "denied"), ("old", "token_expired", "expired")] {
        let mut desk = desk();
        let conn = desk.opens(Some(token), None);
        let said = sent_away(&mut desk, conn);
        assert_eq!(
            (&said["type"], &said["payload"]["code"], &said["payload"]["kind"]),
            (&json!("error"), &json!(code), &json!(kind))
        );
        let conn = desk.opens(None, None);
        desk.says(conn, &auth(token).to_string());
        desk.turns();
        let said = sent_away(&mut desk, conn);
        assert_eq!(
            (&said["type"], &said["payload"]["code"], &said["payload"]["ref"]),
            (&json!("ack"), &json!(code), &json!("a"))
        );
    }
}

#[test]
fn nobody_is_a_bot() {
    let mut desk = desk();
    let conn = desk.opens(Some("bot:random:1"), None);
    assert_eq!(sent_away(&mut desk, conn)["payload"]["code"], "authentication_failed");
}

#[test]
fn who_says_nothing_for_ten_seconds_is_closed() {
    let mut desk = desk();
    let conn = desk.opens(None, None);
    desk.passes(9_000);
    assert!(!desk.is_closed(conn));
    desk.passes(2_100);
    assert_eq!(desk.frames(conn), [Frame::Close(Some(1008))]);
    assert!(desk.is_closed(conn));
}

#[test]
fn who_is_silent_is_pinged_and_then_closed() {
    let mut desk = desk();
    let conn = desk.connects("ada");
    desk.passes(26_500);
    assert_eq!(desk.frames(conn), [Frame::Ping]);
    desk.passes(36_000);
    assert_eq!(desk.frames(conn), [Frame::Close(Some(1008))]);
    assert!(desk.is_closed(conn));
}
