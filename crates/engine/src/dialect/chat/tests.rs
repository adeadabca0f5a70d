//! The dialect by itself: what a client says on the one side, native frames written by hand on the other.

use super::{Chat, Dialect, Heard, Mode, Out};
use crate::code::Code;
use crate::dialect::native_out;
use crate::io::Now;
use serde_json::{Value, json};

struct Desk(Chat);

#[derive(Debug, Default)]
struct Done {
    asks: Vec<Value>,
    says: Vec<Value>,
}

impl Desk {
    fn new(mode: Mode) -> Self {
        Self::at(mode, "/ws?x=1")
    }

    fn at(mode: Mode, target: &str) -> Self {
        Self(Chat::new(mode, 16, target, [7; 32]))
    }

    /// Ada is in these rooms.
    fn within(mode: Mode, rooms: &[&str]) -> Self {
        let mut desk = Self::new(mode);
        desk.turn(&[connected()]);
        for room in rooms {
            let done = desk.hear(&json!({"type": "join_room", "payload": {"room_id": room}}));
            desk.turn(&[joined(&done.asks[0], room)]);
        }
        desk
    }

    fn hear(&mut self, message: &Value) -> Done {
        self.hear_text(&message.to_string())
    }

    fn hear_text(&mut self, text: &str) -> Done {
        let mut out = Vec::new();
        self.0.hear(Heard { event: None, text, ack: None }, NOW, &mut out);
        done(out)
    }

    fn turn(&mut self, frames: &[Value]) -> Done {
        let frames: Vec<String> = frames.iter().map(Value::to_string).collect();
        self.turn_texts(&frames.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn turn_texts(&mut self, frames: &[&str]) -> Done {
        let mut out = Vec::new();
        self.0.turn(&mut frames.iter().copied(), NOW, &mut out);
        done(out)
    }

    /// What it is told when what it asked just now failed like this.
    fn fails(&mut self, message: &Value, kind: &str, code: &str) -> Value {
        let mut done = self.hear(message);
        let payload = json!({"ref": done.asks[0]["ref"], "status": "error", "kind": kind, "code": code, "message": "Told.",
            "retry_after_ms": 1014, "retry": true});
        done = self.turn(&[json!({"v": 1, "type": "ack", "payload": payload})]);
        done.says.remove(0)
    }
}

const NOW: Now = Now { mono_ms: 0, wall_ms: 0 };

fn done(out: Vec<Out>) -> Done {
    let mut done = Done::default();
    for out in out {
        match out {
            Out::Ask(text) => done.asks.push(serde_json::from_str(&text).unwrap()),
            Out::Say { event: "", body } => done.says.push(serde_json::from_str(&body).unwrap()),
            other => panic!("{other:?}"),
        }
    }
    done
}

fn connected() -> Value {
    json!({"v": 1, "type": "connected", "payload": {"user_id": "ada", "session_id": "s-1"}})
}

fn ok(ask: &Value, more: Value) -> Value {
    let mut payload = more;
    payload["ref"] = ask["ref"].clone();
    payload["status"] = json!("ok");
    json!({"v": 1, "type": "ack", "payload": payload})
}

fn joined(ask: &Value, room: &str) -> Value {
    ok(ask, json!({"room_id": room, "as": "player", "at": "k.1.0", "seats": [{"seat": 0, "user_id": "ada", "online": true}]}))
}

#[test]
fn the_greeting_comes_as_it_is_and_then_the_room_of_the_path_is_joined() {
    let mut desk = Desk::at(Mode::Strict, "/ws/room/g%65neral?token=x");
    let done = desk.turn(&[connected()]);
    assert_eq!(done.says, [connected()]);
    assert_eq!((&done.asks[0]["type"], &done.asks[0]["payload"]), (&json!("join_room"), &json!({"room_id": "general"})));
    let done = desk.turn(&[joined(&done.asks[0], "general")]);
    let expected = json!({"room_id": "general", "user_id": "ada", "member_count": 1, "as": "player", "at": "k.1.0"});
    assert_eq!(done.says, [json!({"v": 1, "type": "joined", "payload": expected})], "nobody asked for an ack");
    assert!(desk.turn(&[connected()]).asks.is_empty(), "once");
}

#[test]
fn an_answer_has_the_ref_of_its_request_and_no_trace_of_ours() {
    for (mode, status) in [(Mode::Strict, "ok"), (Mode::Compat, "delivered")] {
        let mut desk = Desk::within(mode, &["a"]);
        let ask = desk.hear(&json!({"type": "chat", "ref": "r\"1", "payload": {"content": "x"}})).asks.remove(0);
        let done = desk.turn(&[ok(&ask, json!({"at": "k.2.0", "dup": false}))]);
        assert_eq!(done.says[0]["payload"], json!({"ref": "r\"1", "status": status, "at": "k.2.0"}));
        assert!(desk.turn(&[ok(&ask, json!({}))]).says.is_empty(), "once");
    }
}

#[test]
fn a_missing_id_is_made_of_the_ref_and_of_nothing_that_another_connection_has() {
    let message = json!({"type": "chat", "ref": "1", "payload": {"room_id": "a", "content": "x"}});
    let mut desk = Desk::new(Mode::Strict);
    let (one, again) = (desk.hear(&message), desk.hear(&message));
    assert_eq!(one.asks[0]["id"], again.asks[0]["id"]);
    assert_ne!(one.asks[0]["ref"], again.asks[0]["ref"]);
    let mut other = Desk(Chat::new(Mode::Strict, 16, "/ws", [8; 32]));
    assert_ne!(one.asks[0]["id"], other.hear(&message).asks[0]["id"]);
    let named = desk.hear(&json!({"type": "chat", "ref": "1", "id": "own", "payload": {"room_id": "a"}}));
    assert_eq!(named.asks[0]["id"], "own");
    assert_eq!(desk.hear(&json!({"type": "chat", "payload": {"room_id": "a"}})).asks[0].get("id"), None);
}

#[test]
fn a_chat_says_in_which_room_or_there_is_but_one() {
    let chat = json!({"type": "chat_message", "ref": "1", "payload": {"content": "x", "from": "bob", "room_id": null}});
    let refused = |desk: &mut Desk| desk.hear(&chat).says[0]["payload"]["code"].clone();
    assert_eq!(refused(&mut Desk::within(Mode::Strict, &[])), "NOT_IN_ROOM");
    assert_eq!(refused(&mut Desk::within(Mode::Strict, &["a", "b"])), "AMBIGUOUS");
    let mut desk = Desk::within(Mode::Strict, &["a"]);
    let ask = desk.hear(&chat).asks.remove(0);
    assert_eq!((&ask["type"], &ask["room"], &ask["payload"]), (&json!("chat"), &json!("a"), &json!({"content": "x"})));

    let beside = json!({"type": "chat", "room": "b", "payload": {"content": "x", "room_id": "a"}});
    assert_eq!(desk.hear(&beside).asks[0]["room"], "a", "what stands beside the payload counts for less");

    // What was asked before counts, answered or not.
    desk.hear(&json!({"type": "leave_room", "payload": {"room_id": "a"}}));
    assert_eq!(refused(&mut desk), "NOT_IN_ROOM");
    desk.hear(&json!({"type": "join_room", "payload": {"room_id": "b"}}));
    assert_eq!(desk.hear(&chat).asks[0]["room"], "b");
    let out = r#"{"v":1,"type":"user_left","payload":{"room_id":"a","you":true,"reason":"left"}}"#;
    assert_eq!(desk.turn_texts(&[out]).says[0]["payload"]["user_id"], "ada");
}

#[test]
fn a_version_in_quotes_is_read_in_compat_only() {
    for (v, strict, compat) in
        [("\"1\"", "\"1\"", "1"), ("\"-1\"", "\"-1\"", "-1"), ("1.5", "1.5", "1.5"), ("null", "null", "null")]
    {
        for (mode, expected) in [(Mode::Strict, strict), (Mode::Compat, compat)] {
            let ask = Desk::new(mode).hear_text(&format!(r#"{{"type":"ping","v":{v}}}"#)).asks.remove(0);
            assert_eq!(ask["v"].to_string(), expected, "{v} {mode:?}");
        }
    }
}

#[test]
fn what_is_no_message_is_one_error_or_one_ack() {
    for text in
        ["", "hello", "[]", r#"["ping"]"#, "{", r#"{"type":"ping","ref":7}"#, r#"{"type":"ping","ref":"12345678901234567"}"#]
    {
        let Done { asks, says } = Desk::new(Mode::Compat).hear_text(text);
        assert_eq!((asks.len(), says.len()), (0, 1), "{text}");
        assert_eq!((&says[0]["type"], &says[0]["payload"]["code"]), (&json!("error"), &json!("INVALID_MESSAGE")));
        assert!(says[0]["payload"]["message"].as_str().unwrap().starts_with("Invalid message format: "));
    }
    let twice = Desk::new(Mode::Strict).hear_text(r#"{"type":"ping","type":"chat","ref":"r"}"#);
    assert_eq!((&twice.says[0]["type"], &twice.says[0]["payload"]["ref"]), (&json!("ack"), &json!("r")));
    assert_eq!(Desk::new(Mode::Strict).hear_text(r#"{"type":"ping","ref":null}"#).asks.len(), 1, "as if it was not there");
}

#[test]
fn failures_are_told_in_capitals_with_the_texts_that_clients_know() {
    let mut desk = Desk::new(Mode::Strict);
    let message = json!({"type": "frob", "payload": {"room_id": "a"}});
    for (kind, code, told, text) in [
        ("invalid", "unknown_type", "UNKNOWN_TYPE", "Unknown message type: frob"),
        ("invalid", "unsupported_version", "UNSUPPORTED_VERSION", "Unsupported protocol version: Told."),
        ("invalid", "invalid_action", "INVALID_MESSAGE", "Invalid message format: Told."),
        ("internal", "internal", "HANDLER_ERROR", "Handler error: Told."),
        ("not_found", "room_not_found", "ROOM_NOT_FOUND", "Told."),
        ("denied", "not_in_room", "NOT_IN_ROOM", "Told."),
        ("denied", "banned", "FORBIDDEN", "Told."),
        ("limited", "slow_mode", "RATE_LIMITED", "Told."),
        ("illegal", "too_long", "TOO_LARGE", "Told."),
        ("illegal", "own_word", "OWN_WORD", "Told."),
    ] {
        let said = desk.fails(&message, kind, code);
        assert_eq!((&said["type"], &said["payload"]["code"]), (&json!("error"), &json!(told)));
        assert_eq!(said["payload"]["message"], text);
        assert_eq!(said["payload"].get("reason").is_some(), told.to_lowercase() != code, "{said}");
        assert_eq!(said["payload"]["retry_after"].to_string(), "1.014");
    }
    let strange = json!({"type": "<b>&", "ref": "1", "payload": {"room_id": "a"}});
    let said = desk.fails(&strange, "invalid", "unknown_type");
    assert_eq!((&said["type"], &said["payload"]["ref"]), (&json!("ack"), &json!("1")));
    assert_eq!(said["payload"]["message"], "Unknown message type: Told.");
}

#[test]
fn each_result_of_a_batch_is_told_as_if_it_had_been_asked_alone() {
    for (mode, status) in [(Mode::Strict, "ok"), (Mode::Compat, "delivered")] {
        let mut desk = Desk::within(mode, &["a"]);
        let ask = desk.hear(&json!({"type": "batch", "ref": "b", "room": "a", "payload": {"actions": []}})).asks.remove(0);
        let slow = json!({"status": "error", "kind": "limited", "code": "slow_mode", "message": "Wait.", "retry_after_ms": 1014});
        let bad = json!({"status": "error", "kind": "invalid", "code": "invalid_action", "message": "No.", "retry": false});
        let done = desk.turn(&[ok(&ask, json!({"results": [{"status": "ok", "at": "k.3.0"}, slow, bad]}))]);
        let [first, slow, bad] = [0, 1, 2].map(|at| done.says[0]["payload"]["results"][at].clone());
        assert_eq!(first, json!({"status": status, "at": "k.3.0"}));
        assert_eq!((&slow["code"], &slow["reason"]), (&json!("RATE_LIMITED"), &json!("slow_mode")));
        assert_eq!((&slow["status"], slow["retry_after"].to_string()), (&json!("error"), "1.014".to_owned()));
        assert_eq!((&bad["code"], &bad["message"]), (&json!("INVALID_MESSAGE"), &json!("Invalid message format: No.")));
    }
}

#[test]
fn every_code_of_the_server_is_told_as_one_word_in_capitals() {
    let mut desk = Desk::new(Mode::Strict);
    for code in Code::ALL {
        let mut frame = Vec::new();
        native_out::failed(&mut frame, None, &(*code).into());
        let done = desk.turn_texts(&[std::str::from_utf8(&frame).unwrap()]);
        let told = done.says[0]["payload"]["code"].as_str().unwrap();
        assert!(told.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{told}");
    }
}

#[test]
fn what_a_room_tells_names_the_room_and_is_else_the_same_to_the_byte() {
    let mut desk = Desk::within(Mode::Strict, &["a"]);
    let mut out = Vec::new();
    let chat =
        r#"{"v":1,"type":"chat","room":"a","n":2,"ts":"t","payload":{"from":"bob","content":"\u202e \ud83d\ude00 room_id"}}"#;
    let bare = r#"{"v":1,"type":"bell","room":"a","n":3,"ts":"t","payload":{}}"#;
    let own = r#"{"v":1,"type":"moved","room":"a","n":4,"ts":"t","payload":{"room_id":"b"}}"#;
    desk.0.turn(&mut [chat, bare, own].into_iter(), NOW, &mut out);
    let expected =
        [chat.replace(r#"{"from""#, r#"{"room_id":"a","from""#), bare.replace(r#"{}"#, r#"{"room_id":"a"}"#), own.to_owned()];
    let said: Vec<String> = out.into_iter().map(|out| if let Out::Say { body, .. } = out { body } else { panic!() }).collect();
    assert_eq!(said, expected);
}

#[test]
fn presence_says_whether_somebody_may_come_back() {
    let mut desk = Desk::new(Mode::Strict);
    for (kind, payload, status) in [
        ("user_joined", json!({"room_id": "a", "user_id": "bob", "seat": 1}), "connected"),
        ("user_left", json!({"room_id": "a", "user_id": "bob", "seat": 1}), "reconnecting"),
        ("user_left", json!({"room_id": "a", "user_id": "bob"}), "disconnected"),
    ] {
        // The payload comes last, as the server writes it.
        let done = desk.turn_texts(&[&format!(r#"{{"v":1,"type":"{kind}","payload":{payload}}}"#)]);
        assert_eq!((&done.says[0]["payload"]["status"], &done.says[0]["payload"]["user_id"]), (&json!(status), &json!("bob")));
    }
}

#[test]
fn old_clients_know_a_restart_as_going_away() {
    assert_eq!((Desk::new(Mode::Strict).0.close_code(1012), Desk::new(Mode::Compat).0.close_code(1012)), (1012, 1001));
    assert_eq!(Desk::new(Mode::Compat).0.close_code(1008), 1008);
}
