//! Coming into games, coming back, and being out.

use super::*;

fn join(desk: &mut Desk, game: &str, after: Value) -> Value {
    let message = json!({"type": "join_game", "message_id": "j", "game_id": game, "last_event_id": after});
    let done = desk.hear(message, Some(1));
    assert_eq!((done.asks.len(), done.says.len(), done.acks.len()), (1, 0, 0), "{done:?}");
    done.asks[0].clone()
}

/// Until the server is asked to let somebody in.
fn ask_to_join(desk: &mut Desk, after: Value) -> Value {
    let list = join(desk, "g", after);
    assert_eq!((&list["type"], &list["payload"]), (&json!("list_rooms"), &json!({"mine": true})));
    desk.answer(&list, json!({"rooms": [], "next": null})).asks[0].clone()
}

#[test]
fn who_joins_is_acknowledged_and_then_shown_one_state() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let ask = ask_to_join(&mut desk, Value::Null);
    assert_eq!(ask["payload"], json!({"room_id": "g", "as": "player", "open": false}));
    let state = json!({"phase": "main", "turn": 3, "current": null});
    let mut out = Vec::new();
    let frames = [ok(&ask, joined("k.5.2", "fresh")).to_string(), view("k.5.2", 1, state.clone()).to_string()];
    desk.dialect.turn(&mut frames.iter().map(String::as_str), desk.now, &mut out);
    assert!(matches!(&out[..], [Out::Ack { ack: 1, .. }, Out::Say { event: "game:state", .. }]), "{out:?}");
    let done = done(out);
    let expected = json!({"success": true, "game_id": "g", "event_id": "k.5.2", "role": "player", "seat": 0, "player_id": "ada"});
    assert_eq!(done.acks[0].1, expected);
    assert_eq!((&done.says[0]["state"], &done.says[0]["event_id"]), (&state, &json!("k.5.2")));
    assert_eq!(done.says[0]["timestamp"], "2026-11-21T10:00:00.123000Z");
}

#[test]
fn a_user_in_as_many_unfinished_games_as_they_may_be_joins_no_other_but_the_same_again() {
    let rooms = json!({"next": null, "rooms": [
        {"room_id": "chat", "kind": "chat", "status": "open"},
        {"room_id": "old", "kind": "cards", "status": "ended"},
        {"room_id": "h", "kind": "cards", "status": "open"},
    ]});
    let mut desk = Desk::of_ada(Mode::Strict);
    let list = join(&mut desk, "g", Value::Null);
    let done = desk.answer(&list, rooms.clone());
    assert_eq!(done.says[0]["code"], "already_in_game");
    assert_eq!((&done.acks[0].1["success"], &done.acks[0].1["error_code"]), (&json!(false), &json!("already_in_game")));
    assert_eq!(done.asks, Vec::<Value>::new());
    let list = join(&mut desk, "h", Value::Null);
    assert_eq!(desk.answer(&list, rooms).asks[0]["payload"]["room_id"], "h");
}

#[test]
fn of_two_games_joined_at_once_the_second_is_one_too_many() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let (first, second) = (join(&mut desk, "g", Value::Null), join(&mut desk, "h", Value::Null));
    let done = desk.turn(&[ok(&first, json!({"rooms": []})), ok(&second, json!({"rooms": []}))]);
    assert_eq!(done.asks[0]["payload"]["room_id"], "g");
    assert_eq!((done.asks.len(), &done.says[0]["code"]), (1, &json!("already_in_game")));
}

#[test]
fn the_pages_of_the_own_rooms_are_read_to_the_end() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let list = join(&mut desk, "g", Value::Null);
    let next = desk.answer(&list, json!({"rooms": [], "next": "m"})).asks[0].clone();
    assert_eq!(next["payload"], json!({"mine": true, "after": "m"}));
    let done = desk.answer(&next, json!({"rooms": [{"room_id": "z", "kind": "cards", "status": "open"}], "next": null}));
    assert_eq!(done.says[0]["code"], "already_in_game");
}

#[test]
fn refusals_to_let_somebody_in_have_the_dialects_words() {
    for (kind, code, ours) in [
        ("denied", "game_full", "game_full"),
        ("not_found", "room_not_found", "game_not_found"),
        ("illegal", "room_closed", "game_ended"),
        ("limited", "rate_limited", "rate_limited"),
        ("unavailable", "room_frozen", "internal_error"),
        ("denied", "role_required", "action_not_allowed"),
    ] {
        let mut desk = Desk::of_ada(Mode::Compat);
        let ask = ask_to_join(&mut desk, Value::Null);
        let done = desk.refuse(&ask, kind, code);
        assert_eq!(done.types(), ["error"]);
        assert_eq!((&done.says[0]["code"], &done.says[0]["request_message_id"]), (&json!(ours), &json!("j")));
        assert_eq!(done.acks.len(), 1);
        assert_eq!(done.acks[0].1["error_code"], ours);
    }
}

#[test]
fn who_comes_back_is_told_exactly_what_they_missed_in_order_and_then_one_state() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let ask = ask_to_join(&mut desk, json!("k.3.1"));
    assert_eq!(ask["payload"]["after"], "k.3.1");
    let frames = [
        ok(&ask, joined("k.5.2", "replayed")),
        public("attacked", 4, json!({"seat": 1})),
        private("drew", 2, json!({"seat": 0})),
        public("turn_started", 5, json!({"seat": 0, "turn": 4})),
        view("k.5.2", 1, json!({"phase": "main", "turn": 4, "current": 0})),
    ];
    let done = desk.turn(&frames);
    assert_eq!(done.order, ["ack", "action_applied", "action_applied", "action_applied", "turn_start", "game_state"]);
    let ids: Vec<&Value> = done.says.iter().map(|said| &said["event_id"]).collect();
    assert_eq!(ids, ["k.4", "k.4.2", "k.5", "k.5", "k.5.2"]);
    assert_eq!((&done.says[0]["player_id"], &done.says[3]["player_id"]), (&json!("bob"), &json!("ada")));
}

#[test]
fn a_last_event_id_that_cannot_be_read_brings_one_whole_state() {
    for after in ["", "nonsense", "k", "k.x", "k.1.2.3", "6f1c9d9e-2f6a-4d6c-8a51-000000000000"] {
        let mut desk = Desk::of_ada(Mode::Strict);
        assert_eq!(ask_to_join(&mut desk, json!(after))["payload"].get("after"), None, "{after}");
    }
}

#[test]
fn after_connecting_the_unfinished_games_are_joined_again_unless_the_client_is_faster() {
    let rooms = json!({"rooms": [{"room_id": "g", "kind": "cards", "status": "open"}], "next": null});
    let mut desk = Desk::new(Mode::Compat);
    let list = desk.turn(&[connected()]).asks[0].clone();
    let again = desk.answer(&list, rooms.clone()).asks[0].clone();
    assert_eq!((&again["type"], &again["payload"]["room_id"]), (&json!("join_room"), &json!("g")));
    let frames = [ok(&again, joined("k.5.2", "fresh")), view("k.5.2", 1, json!({"phase": "x", "turn": 1, "current": 0}))];
    assert_eq!(desk.turn(&frames).types(), ["game_state"]);

    let mut desk = Desk::new(Mode::Compat);
    let list = desk.turn(&[connected()]).asks[0].clone();
    join(&mut desk, "g", Value::Null);
    assert_eq!(desk.answer(&list, rooms).asks, Vec::<Value>::new());
}

#[test]
fn whoever_joins_while_they_are_being_joined_again_is_shown_one_state_and_told_no_event_twice() {
    let mut desk = Desk::new(Mode::Strict);
    let list = desk.turn(&[connected()]).asks[0].clone();
    let again = desk.answer(&list, json!({"rooms": [{"room_id": "g", "kind": "cards", "status": "open"}]})).asks[0].clone();
    let state = json!({"phase": "main", "turn": 4, "current": 0});
    desk.turn(&[ok(&again, joined("k.5.2", "fresh")), view("k.5.2", 1, state.clone())]);
    assert_eq!(desk.turn(&[public("attacked", 6, json!({"seat": 1}))]).types(), ["action_applied"]);
    let list = join(&mut desk, "g", json!("k.4.2"));
    // What happens now will be part of the answer.
    let changed = patch(2, json!([{"op": "replace", "path": "/turn", "value": 5}]));
    assert_eq!(desk.turn(&[public("attacked", 7, json!({"seat": 1})), changed]).types(), Vec::<&str>::new());
    let ask = desk.answer(&list, json!({"rooms": [{"room_id": "g", "kind": "cards", "status": "open"}]})).asks[0].clone();
    let events = [5, 6, 7].map(|n| public("attacked", n, json!({"seat": 1})));
    let frames = [&[ok(&ask, joined("k.7.2", "replayed"))], &events[..], &[view("k.7.2", 3, state)]].concat();
    let done = desk.turn(&frames);
    let ids: Vec<&Value> = done.says.iter().map(|said| &said["event_id"]).collect();
    assert_eq!(ids, ["k.5", "k.7", "k.7.2"]);
}

#[test]
fn who_is_not_let_in_again_hears_what_was_held_back_meanwhile() {
    let mut desk = Desk::in_game(Mode::Strict);
    let ask = ask_to_join(&mut desk, json!("k.5.2"));
    assert_eq!(desk.turn(&[public("attacked", 6, json!({"seat": 1}))]).types(), Vec::<&str>::new());
    let done = desk.refuse(&ask, "limited", "rate_limited");
    assert_eq!((done.types(), &done.asks[0]["payload"]["after"]), (vec!["error"], &json!("k.5.2")));
    let state = json!({"phase": "main", "turn": 4, "current": 0});
    let frames =
        [ok(&done.asks[0], joined("k.6.2", "replayed")), public("attacked", 6, json!({"seat": 1})), view("k.6.2", 2, state)];
    assert_eq!(desk.turn(&frames).types(), ["action_applied", "game_state"]);
}

#[test]
fn a_room_without_a_state_is_left_again() {
    for (rooms, leaves_by) in
        [(json!([]), "leave_room"), (json!([{"room_id": "g", "kind": "chat", "status": "open"}]), "unsubscribe")]
    {
        let mut desk = Desk::of_ada(Mode::Strict);
        let list = join(&mut desk, "g", Value::Null);
        let ask = desk.answer(&list, json!({"rooms": rooms, "next": null})).asks[0].clone();
        let done = desk.turn(&[ok(&ask, joined("k.5.2", "fresh")), view("k.5.2", 1, json!([]))]);
        assert_eq!((done.types(), &done.says[0]["code"]), (vec!["error"], &json!("game_not_found")));
        assert_eq!(done.says[0]["details"], json!({"code": "unsupported"}));
        assert_eq!((done.acks.len(), &done.asks[0]["type"]), (1, &json!(leaves_by)));
        assert_eq!(desk.turn(&[public("said", 6, json!({}))]).types(), Vec::<&str>::new());
    }
}

#[test]
fn who_is_out_again_before_they_were_answered_is_answered_all_the_same() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let ask = ask_to_join(&mut desk, Value::Null);
    let left = json!({"v": 1, "type": "user_left", "payload": {"room_id": "g", "you": true, "reason": "opened_again"}});
    let done = desk.turn(&[ok(&ask, joined("k.5.2", "fresh")), left]);
    assert_eq!((done.acks.len(), &done.acks[0].1["error_code"]), (1, &json!("connection_closed")));
}

#[test]
fn a_game_that_is_joined_twice_at_once_answers_both_and_is_shown_once() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let lists = [join(&mut desk, "g", Value::Null), join(&mut desk, "g", Value::Null)];
    let asks = desk.turn(&lists.map(|list| ok(&list, json!({"rooms": []})))).asks;
    let state = json!({"phase": "main", "turn": 4, "current": 0});
    let frames = asks.iter().flat_map(|ask| [ok(ask, joined("k.5.2", "fresh")), view("k.5.2", 1, state.clone())]);
    assert_eq!(desk.turn(&frames.collect::<Vec<_>>()).order, ["ack", "ack", "game_state"]);
}

#[test]
fn who_has_not_said_who_they_are_is_told_so() {
    let mut desk = Desk::new(Mode::Strict);
    let list = join(&mut desk, "g", Value::Null);
    let done = desk.refuse(&list, "denied", "authentication_required");
    assert_eq!((&done.says[0]["code"], done.acks.len()), (&json!("authentication_failed"), 1));
}

#[test]
fn a_spectator_watches_and_leaves_and_a_player_does_not_leave_so() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let ask = desk.hear(json!({"type": "spectate", "message_id": "s", "game_id": "g"}), Some(2)).asks[0].clone();
    assert_eq!(ask["payload"], json!({"room_id": "g", "as": "spectator", "open": false}));
    let mut answer = joined("k.5.0", "fresh");
    answer["seat"] = Value::Null;
    let done = desk.turn(&[ok(&ask, answer), view("k.5.0", 1, json!({"phase": "x", "turn": 1, "current": 0}))]);
    assert_eq!((done.types(), &done.acks[0].1["role"]), (vec!["game_state"], &json!("spectator")));
    let done = desk.hear(json!({"type": "leave_spectate", "message_id": "l", "game_id": "g"}), Some(3));
    assert_eq!(done.asks[0]["type"], "unsubscribe");
    let done = desk.answer(&done.asks[0], json!({}));
    assert_eq!(done.acks, [(3, json!({"success": true, "game_id": "g"}))]);

    let mut desk = Desk::in_game(Mode::Strict);
    let done = desk.hear(json!({"type": "leave_spectate", "message_id": "l", "game_id": "g"}), Some(3));
    assert_eq!((&done.says[0]["code"], done.acks.len(), done.asks.len()), (&json!("not_in_game"), 1, 0));
}

#[test]
fn a_connection_follows_only_so_many_games() {
    let mut desk = Desk::of_ada(Mode::Strict);
    let mut codes = Vec::new();
    for number in 0..12 {
        let done = desk.hear(json!({"type": "spectate", "message_id": "s", "game_id": format!("g{number}")}), None);
        codes.extend(done.says.iter().map(|said| said["details"]["code"].clone()));
    }
    assert_eq!(codes, vec!["too_many_followed"; 12 - crate::limits::MANTIMON_ROOMS]);
}

#[test]
fn where_there_is_no_place_for_another_game_one_that_is_over_gives_way() {
    let mut desk = Desk::in_game(Mode::Strict);
    let watch = |number: usize| json!({"type": "spectate", "message_id": "s", "game_id": format!("g{number}")});
    for number in 1..crate::limits::MANTIMON_ROOMS {
        assert_eq!(desk.hear(watch(number), None).says, Vec::<Value>::new());
    }
    assert_eq!(desk.hear(watch(100), None).says[0]["details"]["code"], "too_many_followed");
    let over = public("game_over", 6, json!({"winner": 1, "reason": "timeout"}));
    assert!(desk.turn(&[over]).types().contains(&"game_over"));
    let done = desk.hear(watch(100), None);
    assert_eq!((&done.asks[0]["type"], &done.asks[0]["payload"]), (&json!("unsubscribe"), &json!({"room_id": "g"})));
    assert_eq!((&done.asks[1]["type"], &done.asks[1]["payload"]["room_id"]), (&json!("join_room"), &json!("g100")));
    assert_eq!(done.says, Vec::<Value>::new());
}

#[test]
fn the_end_of_a_connection_is_told_with_its_reason() {
    let error =
        |code: &str| json!({"v": 1, "type": "error", "payload": {"kind": "denied", "code": code, "message": "", "retry": false}});
    let done = Desk::new(Mode::Compat).turn(&[error("token_expired")]);
    assert_eq!(
        (&done.says[0]["code"], &done.says[0]["details"]["code"]),
        (&json!("authentication_failed"), &json!("token_expired"))
    );
    let mut desk = Desk::in_game(Mode::Compat);
    let left = json!({"v": 1, "type": "user_left", "payload": {"room_id": "g", "you": true, "reason": "left"}});
    let closing = json!({"v": 1, "type": "closing", "payload": {"reason": "the server is shutting down"}});
    let done = desk.turn(&[error("replaced"), left, closing]);
    let reasons: Vec<&Value> = done.says.iter().map(|said| &said["details"]["reason"]).collect();
    assert_eq!(reasons, ["replaced", "left", "closing"]);
    assert!(done.says.iter().all(|said| said["code"] == "connection_closed"));
}
