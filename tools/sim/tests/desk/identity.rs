//! Who a connection is may change while it goes on: newer tokens, revoked ones, and a second connection of the same user.

use parlour_engine::io::ConnId;
use parlour_engine::revocation::Revocation;
use parlour_sim::desk::Desk;
use parlour_sim::wire::Frame;
use serde_json::{Value, json};

fn auth(token: &str) -> Value {
    json!({"type": "auth", "ref": "a", "payload": {"token": token}})
}

/// The one message before the close with 1008.
fn sent_away(desk: &mut Desk, conn: ConnId) -> String {
    let frames = desk.frames(conn);
    let [Frame::Text(text), Frame::Close(Some(1008))] = frames.as_slice() else { panic!("{frames:?}") };
    assert!(desk.is_closed(conn));
    let said: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(said["type"], "error");
    said["payload"]["code"].as_str().expect("a code").to_owned()
}

fn is_here(desk: &mut Desk, conn: ConnId) -> bool {
    desk.asks(conn, &json!({"type": "ping"})).first().is_some_and(|said| said["type"] == "pong")
}

#[test]
fn a_newer_token_is_taken_from_the_same_user_only_and_a_bad_one_changes_nothing() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let conn = desk.opens(Some("ada"), None);
    desk.frames(conn);
    for (token, code) in [("ada", None), ("bob", Some("other_user")), ("bad", Some("authentication_failed")), ("ada", None)] {
        let heard = desk.asks(conn, &auth(token));
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!((&heard[0]["type"], &heard[0]["payload"]["ref"]), (&json!("ack"), &json!("a")));
        assert_eq!(heard[0]["payload"]["code"].as_str(), code);
        assert!(is_here(&mut desk, conn));
    }
    let heard = desk.asks(conn, &json!({"type": "auth", "payload": {"token": "old"}}));
    assert_eq!((&heard[0]["type"], &heard[0]["payload"]["code"]), (&json!("error"), &json!("token_expired")));
    assert_eq!(desk.shard().counts().auth_failures.values().sum::<u64>(), 3);
}

#[test]
fn two_newer_tokens_at_once_are_one_too_many() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let conn = desk.opens(Some("ada"), None);
    desk.frames(conn);
    desk.says(conn, &auth("ada").to_string());
    desk.says(conn, &auth("ada").to_string());
    desk.turns();
    let codes: Vec<Value> = desk.hears(conn).iter().map(|said| said["payload"]["code"].clone()).collect();
    assert_eq!(codes, [json!("authentication_pending"), Value::Null]);
}

#[test]
fn whose_token_is_revoked_is_told_so_and_out_at_once() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let (one, other, bob) = (desk.opens(Some("ada"), None), desk.opens(Some("ada"), None), desk.opens(Some("bob"), None));
    let stranger = desk.opens(None, None);
    for conn in [one, other, bob] {
        desk.frames(conn);
    }
    desk.revokes(Revocation::Token("nobody's".to_owned()));
    desk.revokes(Revocation::User { user: "eve".to_owned(), not_before_s: u64::MAX });
    assert!(is_here(&mut desk, one) && is_here(&mut desk, other) && is_here(&mut desk, bob));
    desk.revokes(Revocation::User { user: "ada".to_owned(), not_before_s: 1 });
    for conn in [one, other] {
        assert_eq!(sent_away(&mut desk, conn), "token_revoked");
    }
    assert!(is_here(&mut desk, bob));
    assert!(desk.frames(stranger).is_empty() && !desk.is_closed(stranger), "who is nobody yet is asked later");
}

#[test]
fn a_second_connection_joins_or_replaces_the_first() {
    let mut joining = Desk::new(parlour_sim::kinds());
    let conns = [joining.opens(Some("ada"), None), joining.opens(Some("ada"), None)];
    assert!(conns.into_iter().all(|conn| !joining.is_closed(conn)));

    let mut desk = Desk::of_single_connections(parlour_sim::kinds());
    let mut before = desk.opens(Some("ada"), None);
    let bob = desk.opens(Some("bob"), None);
    desk.frames(before);
    for _ in 0..3 {
        let next = desk.opens(None, None);
        assert!(!desk.is_closed(before), "nobody yet");
        desk.asks(next, &auth("ada"));
        assert_eq!(sent_away(&mut desk, before), "replaced");
        assert!(is_here(&mut desk, next));
        // What it says late is not heard, and its end takes nothing from the next.
        desk.says(before, r#"{"type":"ping"}"#);
        desk.turns();
        desk.closes(before);
        assert!(is_here(&mut desk, next));
        before = next;
    }
    assert!(!desk.is_closed(bob));
    desk.asks(before, &auth("ada"));
    assert!(is_here(&mut desk, before), "a newer token is no second connection");
}
