//! Whatever a client sends is answered once, and nothing makes the dialect panic.

use super::super::code::Code;
use super::*;
use crate::code::Code as Native;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn junk_is_told_one_typed_error_and_its_ack_is_called() {
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let deeper = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (event, text, code, id) in [
        (None, "", "invalid_message", None),
        (None, "[]", "invalid_message", None),
        (None, "5", "invalid_message", None),
        (None, "nonsense", "invalid_message", None),
        (None, deeper.as_str(), "invalid_message", None),
        (None, "{}", "invalid_message", None),
        (None, deep.as_str(), "invalid_message", None),
        (None, r#"{"type":5,"message_id":"i"}"#, "invalid_message", Some("i")),
        (None, r#"{"type":"frob","message_id":"i"}"#, "unknown_message_type", Some("i")),
        (None, r#"{"type":"action_result","message_id":"i"}"#, "unknown_message_type", Some("i")),
        (None, r#"{"type":"heartbeat","message_id":""}"#, "invalid_message", None),
        (None, r#"{"type":"heartbeat","message_id":"  "}"#, "invalid_message", None),
        (None, r#"{"type":"heartbeat","message_id":5}"#, "invalid_message", None),
        (None, r#"{"type":"heartbeat","message_id":null}"#, "invalid_message", None),
        (None, r#"{"type":"heartbeat","message_id":"i","message_id":"i"}"#, "invalid_message", Some("i")),
        (None, r#"{"type":"heartbeat","message_id":"\ud800"}"#, "invalid_message", None),
        (None, r#"{"type":"join_game","message_id":"i"}"#, "invalid_message", Some("i")),
        (None, r#"{"type":"join_game","message_id":"i","game_id":5}"#, "invalid_message", Some("i")),
        (None, r#"{"type":"join_game","message_id":"i","game_id":""}"#, "game_not_found", Some("i")),
        (None, r#"{"type":"join_game","message_id":"i","game_id":"a b"}"#, "game_not_found", Some("i")),
        (None, r#"{"type":"join_game","message_id":"i","game_id":"g","last_event_id":5}"#, "invalid_message", Some("i")),
        (None, r#"{"type":"action","message_id":"i","game_id":"g"}"#, "invalid_message", Some("i")),
        (None, r#"{"type":"action","message_id":"i","game_id":"g","action":[]}"#, "invalid_message", Some("i")),
        (Some("game:frob"), r#"{"type":"heartbeat","message_id":"i"}"#, "unknown_message_type", Some("i")),
        (Some("game:frob"), "nonsense", "unknown_message_type", None),
        (Some("game:join"), r#"{"type":"heartbeat","message_id":"i"}"#, "invalid_message", Some("i")),
        (Some("game:join"), r#"{"type":"frob","message_id":"i"}"#, "unknown_message_type", Some("i")),
    ] {
        for mode in [Mode::Strict, Mode::Compat] {
            let mut desk = Desk::in_game(mode);
            let done = desk.hear_text(event, text, Some(8));
            assert_eq!((done.types(), done.asks.len()), (vec!["error"], 0), "{text}");
            let error = &done.says[0];
            assert_eq!((&error["code"], &error["request_message_id"]), (&json!(code), &json!(id)), "{text}");
            assert_eq!((done.acks.len(), done.acks[0].0), (1, 8));
            let acked = &done.acks[0].1;
            assert!(acked == error || acked["error_code"] == code, "{acked}");
            // It goes on.
            assert_eq!(desk.hear(json!({"type": "heartbeat", "message_id": "h"}), None).asks.len(), 1);
        }
    }
}

#[test]
fn an_unknown_game_name_in_an_action_is_a_result_that_does_not_say_it_back() {
    let message = json!({"type": "resign", "message_id": "r", "game_id": "<b>"});
    let done = Desk::of_ada(Mode::Strict).hear(message, Some(1));
    assert_eq!((done.types(), &done.says[0]["error_code"]), (vec!["action_result"], &json!("game_not_found")));
    assert_eq!((&done.says[0]["game_id"], done.acks.len()), (&json!(""), 1));
}

#[test]
fn without_a_type_the_event_says_it_in_compat_mode_only() {
    let text = r#"{"message_id":"i"}"#;
    assert_eq!(Desk::in_game(Mode::Compat).hear_text(Some("game:heartbeat"), text, None).asks[0]["type"], "ping");
    let done = Desk::in_game(Mode::Strict).hear_text(Some("game:heartbeat"), text, None);
    assert_eq!(done.says[0]["code"], "invalid_message");
}

#[test]
fn an_action_a_hundred_levels_deep_goes_to_the_room_which_can_say_what_is_wrong() {
    let deep = format!("{}1{}", "{\"type\":".repeat(100), "}".repeat(100));
    for mode in [Mode::Strict, Mode::Compat] {
        let text = format!(r#"{{"type":"action","message_id":"i","game_id":"g","action":{deep}}}"#);
        let mut desk = Desk::in_game(mode);
        let mut out = Vec::new();
        desk.dialect.hear(Heard { event: None, text: &text, ack: Some(1) }, desk.now, &mut out);
        assert!(matches!(&out[..], [Out::Ask(ask)] if ask.contains(&deep)), "{out:?}");
    }
    let deeper = format!(
        r#"{{"type":"action","message_id":"i","game_id":"g","action":{{"type":"pass","a":{}1{}}}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    let done = Desk::in_game(Mode::Compat).hear_text(None, &deeper, Some(1));
    assert_eq!((&done.says[0]["error_code"], done.acks.len()), (&json!("invalid_action"), 1));
}

#[test]
fn every_failure_of_the_server_has_one_of_the_fourteen_codes() {
    let ours: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(ours.len(), 14);
    assert!(Code::ALL.iter().all(|code| code.message().ends_with('.')));
    for native in Native::ALL {
        let mut desk = Desk::in_game(Mode::Strict);
        let message = json!({"type": "action", "message_id": "a", "game_id": "g", "action": {"type": "end_turn"}});
        let ask = desk.hear(message, None).asks[0].clone();
        let done = desk.refuse(&ask, native.kind().as_str(), native.as_str());
        assert!(ours.contains(done.says[0]["error_code"].as_str().unwrap()), "{native:?}");
    }
}

/// Messages that are nearly right.
fn message() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(json!("g")),
        Just(json!("h")),
        Just(json!("")),
        Just(json!("k.1.1")),
        Just(Value::Null),
        Just(json!(5)),
        Just(json!([])),
        Just(json!({"type": "play_trainer", "card_id": "c"})),
        Just(json!({"type": "resign"})),
        "[a-z_]{1,9}".prop_map(|kind| json!({ "type": kind })),
        "\\PC{0,80}".prop_map(Value::from),
    ];
    let kind = prop::sample::select(vec!["join_game", "action", "resign", "heartbeat", "spectate", "leave_spectate", "frob"]);
    let names = prop::sample::select(vec!["message_id", "game_id", "last_event_id", "action", "other"]);
    let fields = (kind, prop::collection::vec((names, value), 0..6));
    let nearly = fields.prop_map(|(kind, fields)| {
        let mut message = json!({"type": kind, "message_id": "i", "game_id": "g", "action": {"type": "pass"}});
        fields.into_iter().for_each(|(name, value)| message[name] = value);
        message.to_string()
    });
    prop_oneof![4 => nearly, 1 => "\\PC{0,60}", 1 => "[\\[\\]{}\",:a0]{0,40}"]
}

fn event() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec!["game:join", "game:action", "game:frob"]))
}

/// Answers of the server: most are good.
fn answer(ask: &Value, luck: u8) -> Vec<Value> {
    let kinds = ["illegal", "limited", "denied", "internal"];
    match (luck % 6, ask["type"].as_str().unwrap()) {
        (0, _) => vec![refused(ask, kinds[usize::from(luck / 6) % 4], "some_code")],
        (_, "list_rooms") => {
            let next = if luck % 6 == 1 { json!("m") } else { Value::Null };
            let status = if luck % 2 == 1 { "open" } else { "ended" };
            vec![ok(ask, json!({"rooms": [{"room_id": "h", "kind": "cards", "status": status}], "next": next}))]
        }
        (number, "join_room") => {
            let mut frames = vec![ok(ask, joined("k.5.2", if number < 3 { "replayed" } else { "fresh" }))];
            let shown = if number == 4 { json!({"lines": 1}) } else { json!({"phase": "main", "turn": 1, "current": 0}) };
            let mut whole = view("k.5.2", 1, shown);
            whole["room"] = ask["payload"]["room_id"].clone();
            frames.extend((number != 5).then_some(whole));
            let out = json!({"room_id": ask["payload"]["room_id"], "you": true, "reason": "left"});
            frames.extend((luck > 250).then(|| json!({"v": 1, "type": "user_left", "payload": out})));
            frames
        }
        _ => vec![ok(ask, json!({"at": "k.6.2", "events": null}))],
    }
}

proptest! {
    #[test]
    fn every_ack_that_was_asked_for_is_called_once_when_the_server_has_answered(
        compat in any::<bool>(),
        messages in prop::collection::vec((message(), event()), 1..12),
        lucks in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut desk = Desk::of_ada(if compat { Mode::Compat } else { Mode::Strict });
        let (mut asks, mut acks, mut lucks) = (Vec::new(), Vec::new(), lucks.into_iter().cycle());
        for (number, (text, event)) in messages.iter().enumerate() {
            let done = desk.hear_text(*event, text, Some(u64::try_from(number).unwrap()));
            asks.extend(done.asks);
            acks.extend(done.acks);
        }
        // As the server does, it answers in order.
        let mut steps = 0;
        while !asks.is_empty() && steps < 2000 {
            let several = asks.len().min(1 + usize::from(lucks.next().unwrap()) % 3);
            let frames: Vec<Value> = asks.drain(..several).flat_map(|ask| answer(&ask, lucks.next().unwrap())).collect();
            let done = desk.turn(&frames);
            asks.extend(done.asks);
            acks.extend(done.acks);
            steps += 1;
        }
        prop_assert!(asks.is_empty());
        let mut called: Vec<u64> = acks.iter().map(|(ack, _)| *ack).collect();
        called.sort_unstable();
        prop_assert_eq!(called, (0..u64::try_from(messages.len()).unwrap()).collect::<Vec<_>>());
        prop_assert!(desk.dialect.asks.pending().len() == 0);
    }

    #[test]
    fn no_frame_makes_it_panic(frames in prop::collection::vec(message(), 0..5)) {
        let mut desk = Desk::in_game(Mode::Strict);
        let mut out = Vec::new();
        desk.dialect.turn(&mut frames.iter().map(String::as_str), desk.now, &mut out);
    }
}
