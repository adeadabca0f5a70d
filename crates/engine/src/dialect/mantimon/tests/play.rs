//! Playing: results, what they change, repetition, and the names of compat mode.

use super::*;

fn action(id: &str, action: Value) -> Value {
    json!({"type": "action", "message_id": id, "game_id": "g", "action": action})
}

#[test]
fn the_actor_has_the_result_then_what_happened_then_the_state() {
    let mut desk = Desk::in_game(Mode::Strict);
    let ask = desk.hear(action("a1", json!({"type": "attack", "attack": 1})), Some(9)).asks[0].clone();
    assert_eq!((&ask["type"], &ask["id"], &ask["room"]), (&json!("action"), &json!("a1"), &json!("g")));
    assert_eq!((&ask["payload"], &ask["events"]), (&json!({"type": "attack", "attack": 1}), &json!(true)));
    let events = json!([{"type": "attacked", "n": 6, "payload": {"seat": 0}}]);
    let done = desk.turn(&[
        public("attacked", 6, json!({"seat": 0})),
        patch(2, json!([{"op": "replace", "path": "/turn", "value": 4}])),
        ok(&ask, json!({"at": "k.6.2", "dup": false, "events": events})),
    ]);
    assert_eq!(done.types(), ["action_result", "action_applied", "game_state"]);
    let result = &done.says[0];
    assert_eq!((&result["success"], &result["action_type"]), (&json!(true), &json!("attack")));
    assert_eq!(result["changes"], json!({"event_id": "k.6.2", "events": events}));
    assert_eq!(
        (&result["error_code"], &result["error_message"], &result["request_message_id"]),
        (&Value::Null, &Value::Null, &json!("a1"))
    );
    assert_eq!(done.acks, [(9, result.clone())]);
    assert_eq!((&done.says[2]["state"]["turn"], &done.says[2]["event_id"]), (&json!(4), &json!("k.6.2")));
}

#[test]
fn the_answer_to_a_repeated_action_is_the_same_byte_for_byte_but_for_the_timestamp() {
    let answer = |luck: u8, wall_ms: u64, dup: bool| {
        let mut desk = Desk::in_game(Mode::Strict);
        let mut dialect = Mantimon::new(Mode::Strict, 1, [luck; 32]);
        dialect.voice.user = Some("ada".to_owned());
        (desk.dialect, desk.now.wall_ms) = (dialect, wall_ms);
        let ask = desk.hear(action("a1", json!({"type": "end_turn"})), None).asks[0].clone();
        let frame = ok(&ask, json!({"at": "k.6.2", "dup": dup, "events": [{"type": "turn_ended", "n": 6}]})).to_string();
        let mut out = Vec::new();
        desk.dialect.turn(&mut [frame.as_str()].into_iter(), desk.now, &mut out);
        let [Out::Say { body, .. }] = &out[..] else { panic!("{out:?}") };
        body.clone()
    };
    let first = answer(1, 1_795_255_200_000, false);
    let second = answer(2, 1_795_255_261_001, true);
    assert!(first.contains("10:00:00Z") && second.contains("10:01:01.001000Z"));
    assert_eq!(first.replace("10:00:00Z", ""), second.replace("10:01:01.001000Z", ""));
}

#[test]
fn what_was_refused_is_a_result_that_says_why() {
    for (kind, code, ours, details) in [
        ("illegal", "not_your_turn", "not_your_turn", json!({})),
        ("illegal", "bench_full", "action_not_allowed", json!({"code": "bench_full"})),
        ("invalid", "invalid_action", "invalid_action", json!({})),
        ("denied", "not_in_room", "not_in_game", json!({})),
        ("not_found", "room_not_found", "game_not_found", json!({})),
        ("illegal", "game_over", "game_ended", json!({})),
        ("invalid", "id_reused", "invalid_message", json!({})),
        ("internal", "internal", "internal_error", json!({})),
        ("limited", "too_many_waiting", "rate_limited", json!({"code": "too_many_waiting"})),
    ] {
        let mut desk = Desk::in_game(Mode::Strict);
        let ask = desk.hear(action("a1", json!({"type": "end_turn"})), Some(1)).asks[0].clone();
        let done = desk.refuse(&ask, kind, code);
        assert_eq!((done.types(), done.acks.len()), (vec!["action_result"], 1));
        let result = &done.says[0];
        assert_eq!((&result["success"], &result["error_code"], &result["details"]), (&json!(false), &json!(ours), &details));
        assert_eq!((&result["changes"], &result["action_type"]), (&json!({}), &json!("end_turn")));
        assert_eq!(result["error_message"] == "A text of the rules.", code == "bench_full");
    }
}

#[test]
fn resigning_is_the_servers_own_whether_as_a_message_or_as_an_action() {
    for message in [json!({"type": "resign", "message_id": "r", "game_id": "g"}), action("r", json!({"type": "resign"}))] {
        let mut desk = Desk::in_game(Mode::Strict);
        let ask = desk.hear(message, Some(1)).asks[0].clone();
        assert_eq!((&ask["type"], &ask["room"], &ask["id"]), (&json!("resign"), &json!("g"), &json!("r")));
        let done = desk.answer(&ask, json!({"at": "k.7.2", "dup": false}));
        assert_eq!((&done.says[0]["action_type"], &done.says[0]["changes"]["event_id"]), (&json!("resign"), &json!("k.7.2")));
        assert_eq!(done.acks[0].1, done.says[0]);
    }
}

#[test]
fn an_id_that_is_too_long_natively_counts_once_by_its_hash() {
    let mut desk = Desk::in_game(Mode::Strict);
    let (long, other) = ("x".repeat(65), "x".repeat(66));
    let ids: Vec<Value> =
        [&long, &long, &other].map(|id| desk.hear(action(id, json!({"type": "end_turn"})), None).asks[0]["id"].clone()).to_vec();
    assert_eq!((ids[0].as_str().unwrap().len(), &ids[0]), (64, &ids[1]));
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn an_action_goes_on_as_it_was_written() {
    let mut desk = Desk::in_game(Mode::Strict);
    let text = r#"{"type":"action","message_id":"a","game_id":"g","action":{"type":"x","a":1.0,"a":10000000000000000000001}}"#;
    let mut out = Vec::new();
    desk.dialect.hear(Heard { event: None, text, ack: None }, desk.now, &mut out);
    let [Out::Ask(ask)] = &out[..] else { panic!("{out:?}") };
    assert!(ask.ends_with(r#","payload":{"type":"x","a":1.0,"a":10000000000000000000001}}"#), "{ask}");
}

#[test]
fn without_a_message_id_an_action_is_taken_in_compat_mode_only_and_then_counts_each_time() {
    let message = json!({"type": "action", "game_id": "g", "action": {"type": "end_turn"}});
    let done = Desk::in_game(Mode::Strict).hear(message.clone(), Some(1));
    assert_eq!((done.asks.len(), &done.says[0]["code"], done.acks.len()), (0, &json!("invalid_message"), 1));
    let mut desk = Desk::in_game(Mode::Compat);
    let ask = desk.hear(message, Some(1)).asks[0].clone();
    assert_eq!(ask.get("id"), None);
    let done = desk.answer(&ask, json!({"at": "k.6.2", "events": []}));
    assert_eq!(done.says[0]["request_message_id"].as_str().unwrap().len(), 36);
}

#[test]
fn in_compat_mode_the_originals_actions_become_the_rooms() {
    for (theirs, ours) in [
        (json!({"type": "attack", "attack_index": 1, "target_id": "t"}), json!({"type": "attack", "attack": 1, "target": "t"})),
        (json!({"type": "attack", "attack": 0}), json!({"type": "attack", "attack": 0})),
        (json!({"type": "attach_energy", "target_id": "m"}), json!({"type": "attach", "monster": "m"})),
        (json!({"type": "evolve", "card_id": "c", "target_id": "m"}), json!({"type": "evolve", "card": "c", "monster": "m"})),
        (json!({"type": "retreat", "new_active_id": "b"}), json!({"type": "retreat", "to": "b"})),
        (json!({"type": "select_active", "pokemon_id": "b"}), json!({"type": "choose_active", "to": "b"})),
        (json!({"type": "use_ability", "pokemon_id": "m"}), json!({"type": "use_ability", "monster": "m"})),
        (json!({"type": "pass"}), json!({"type": "ready"})),
        (json!({"type": "discard", "card": "c"}), json!({"type": "discard", "card": "c"})),
    ] {
        let ask = |mode, theirs: &Value| Desk::in_game(mode).hear(action("a", theirs.clone()), None).asks[0]["payload"].clone();
        assert_eq!(ask(Mode::Compat, &theirs), ours);
        assert_eq!(ask(Mode::Strict, &theirs), theirs);
    }
}

#[test]
fn what_may_mean_several_actions_is_tried_as_each_with_ids_that_a_repetition_has_too() {
    let mut asked = Vec::new();
    for _ in 0..2 {
        let mut desk = Desk::in_game(Mode::Compat);
        let first = desk.hear(action("a", json!({"type": "play_trainer", "card_id": "c"})), Some(1)).asks[0].clone();
        let second = desk.refuse(&first, "illegal", "not_an_item").asks[0].clone();
        let third = desk.refuse(&second, "illegal", "not_an_ally").asks[0].clone();
        let kinds = [&first, &second, &third].map(|ask| ask["payload"]["type"].clone());
        assert_eq!(kinds, ["play_item", "play_ally", "play_field"]);
        let done = desk.answer(&third, json!({"at": "k.6.2", "events": []}));
        assert_eq!((&done.says[0]["action_type"], &done.says[0]["success"]), (&json!("play_trainer"), &json!(true)));
        assert_eq!(done.acks.len(), 1);
        asked.push([first, second, third].map(|ask| ask["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(asked[0], asked[1]);
    assert_eq!(std::collections::BTreeSet::from(asked.remove(0)).len(), 3);
}

#[test]
fn if_the_rules_take_none_of_them_the_refusal_is_told_that_was_of_what_was_meant() {
    let mut desk = Desk::in_game(Mode::Compat);
    let mut ask = desk.hear(action("a", json!({"type": "play_trainer", "card_id": "c"})), Some(1)).asks[0].clone();
    for code in ["not_an_item", "ally_already_played"] {
        ask = desk.refuse(&ask, "illegal", code).asks[0].clone();
    }
    let done = desk.refuse(&ask, "illegal", "not_a_field");
    assert_eq!(done.types(), ["action_result"]);
    assert_eq!((&done.says[0]["details"]["code"], done.acks.len()), (&json!("ally_already_played"), 1));
}

#[test]
fn compat_mode_has_the_eight_types_only() {
    let mut desk = Desk::in_game(Mode::Compat);
    let done = desk.turn(&[public("attacked", 6, json!({"seat": 1})), public("turn_started", 7, json!({"seat": 0, "turn": 4}))]);
    assert_eq!(done.types(), ["turn_start"]);
}

#[test]
fn a_heartbeat_is_a_ping_and_answered_when_that_is() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let ask = desk.hear(json!({"type": "heartbeat", "message_id": "h"}), Some(4)).asks[0].clone();
    assert_eq!(ask["type"], "ping");
    let done = desk.turn(&[json!({"v": 1, "type": "pong", "payload": {}}), ok(&ask, json!({}))]);
    assert_eq!((done.types(), done.acks.len()), (vec!["heartbeat_ack"], 1));
    let ask = desk.hear(json!({"type": "heartbeat", "message_id": "h"}), Some(5)).asks[0].clone();
    let done = desk.refuse(&ask, "limited", "rate_limited");
    assert_eq!((&done.says[0]["code"], done.acks[0].0), (&json!("rate_limited"), 5));
}

#[test]
fn only_so_many_requests_may_be_unanswered() {
    let mut desk = Desk::in_game(Mode::Strict);
    let limit = crate::limits::MANTIMON_PENDING;
    let codes: Vec<Value> = (0..limit + 3)
        .filter_map(|number| desk.hear(action(&number.to_string(), json!({"type": "end_turn"})), None).says.pop())
        .map(|said| said["error_code"].clone())
        .collect();
    assert_eq!(codes, vec!["rate_limited"; 3]);
}
