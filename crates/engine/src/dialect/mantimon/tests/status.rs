//! Turns, time, opponents who come and go, and the end of games.

use super::*;

/// What one frame has the client told, but for `action_applied`.
fn told(desk: &mut Desk, frame: Value) -> Vec<Value> {
    let says = desk.turn(&[frame]).says;
    says.into_iter().filter(|said| said["type"] != "action_applied").collect()
}

fn statuses(desk: &mut Desk, frame: Value) -> Vec<Value> {
    let told = told(desk, frame);
    assert!(told.iter().all(|said| said["type"] == "opponent_status" && said["opponent_id"] == "bob"), "{told:?}");
    told.into_iter().map(|said| said["status"].clone()).collect()
}

#[test]
fn every_event_is_told_with_who_did_it_and_what_it_changed() {
    let mut desk = Desk::in_game(Mode::Strict);
    let done = desk.turn(&[public("attacked", 6, json!({"seat": 1, "monster": "m"})), public("field_shook", 7, json!({}))]);
    assert_eq!(done.types(), ["action_applied", "action_applied"]);
    let attacked = &done.says[0];
    assert_eq!((&attacked["player_id"], &attacked["action_type"]), (&json!("bob"), &json!("attacked")));
    assert_eq!((&attacked["event_id"], &attacked["changes"]), (&json!("k.6"), &json!({"seat": 1, "monster": "m"})));
    assert_eq!(done.says[1]["player_id"], Value::Null);
    assert_ne!(done.says[0]["message_id"], done.says[1]["message_id"]);
}

#[test]
fn messages_about_an_event_have_the_same_id_whenever_it_is_told() {
    let id = |mode| {
        let said = Desk::in_game(mode).turn(&[public("turn_started", 6, json!({"seat": 0, "turn": 4}))]).says.pop().unwrap();
        (said["type"].clone(), said["message_id"].clone())
    };
    assert_eq!(id(Mode::Strict), id(Mode::Compat));
}

#[test]
fn a_turn_starts_with_its_player_and_number() {
    let mut desk = Desk::in_game(Mode::Compat);
    let said = told(&mut desk, public("turn_started", 6, json!({"seat": 1, "turn": 4, "seconds": 60}))).remove(0);
    assert_eq!((&said["type"], &said["player_id"]), (&json!("turn_start"), &json!("bob")));
    assert_eq!((&said["turn_number"], &said["event_id"]), (&json!(4), &json!("k.6")));
}

#[test]
fn a_warning_has_what_is_left_and_the_deadline_and_a_timeout_nothing() {
    let mut desk = Desk::in_game(Mode::Compat);
    let said = told(&mut desk, public("turn_warning", 6, json!({"seat": 1, "remaining_seconds": 30}))).remove(0);
    assert_eq!((&said["is_warning"], &said["remaining_seconds"], &said["player_id"]), (&json!(true), &json!(30), &json!("bob")));
    assert_eq!(said["deadline"], "2026-11-21T10:00:30.123000Z");
    // Told 20 seconds later, as to who was away.
    desk.now.wall_ms += 20_000;
    let said = told(&mut desk, public("turn_warning", 7, json!({"seat": 1, "remaining_seconds": 30}))).remove(0);
    assert_eq!(said["remaining_seconds"], 10);
    let said = told(&mut desk, public("turn_timeout", 8, json!({"seat": 1}))).remove(0);
    assert_eq!((&said["is_warning"], &said["remaining_seconds"]), (&json!(false), &json!(0)));
}

#[test]
fn the_opponents_status_is_told_once_whenever_it_changes() {
    let mut desk = Desk::in_game(Mode::Strict);
    assert_eq!(statuses(&mut desk, presence("user_joined", "bob", 1)), Vec::<Value>::new());
    // That a connection went is no news while the rules count the time of who is away.
    assert_eq!(statuses(&mut desk, presence("user_left", "bob", 1)), Vec::<Value>::new());
    assert_eq!(statuses(&mut desk, public("away", 6, json!({"seat": 1, "seconds": 60}))), ["reconnecting"]);
    assert_eq!(statuses(&mut desk, presence("user_joined", "bob", 1)), ["connected"]);
    assert_eq!(statuses(&mut desk, public("back", 7, json!({"seat": 1}))), Vec::<Value>::new());
    assert_eq!(statuses(&mut desk, public("away", 8, json!({"seat": 1, "seconds": 60}))), ["reconnecting"]);
    assert_eq!(statuses(&mut desk, public("forfeited", 9, json!({"seat": 1}))), ["disconnected"]);
    assert_eq!(statuses(&mut desk, public("away", 10, json!({"seat": 0, "seconds": 60}))), Vec::<Value>::new());
}

#[test]
fn the_first_arrival_is_told_and_so_is_a_going_before_the_game_begins() {
    let mut desk = Desk::of_ada(Mode::Compat);
    let list = desk.hear(json!({"type": "join_game", "message_id": "j", "game_id": "g"}), None).asks[0].clone();
    let ask = desk.answer(&list, json!({"rooms": []})).asks[0].clone();
    let mut alone = joined("k.0.0", "fresh");
    alone["seats"] = json!([{"seat": 0, "user_id": "ada", "online": true}]);
    desk.turn(&[ok(&ask, alone), view("k.0.0", 1, json!({"phase": "waiting", "turn": 0, "current": null}))]);
    assert_eq!(statuses(&mut desk, presence("user_joined", "bob", 1)), ["connected"]);
    assert_eq!(statuses(&mut desk, presence("user_left", "bob", 1)), ["disconnected"]);
    assert_eq!(statuses(&mut desk, presence("user_joined", "bob", 1)), ["connected"]);
    let watching = json!({"v": 1, "type": "user_joined", "payload": {"room_id": "g", "user_id": "eve"}});
    assert_eq!(statuses(&mut desk, watching), Vec::<Value>::new());
    // The seat is named in the same turn as the event of which it is the player's.
    let frames = [public("turn_started", 1, json!({"seat": 2, "turn": 1})), presence("user_joined", "cy", 2)];
    assert_eq!(desk.turn(&frames).says[0]["player_id"], "cy");
}

#[test]
fn a_game_that_is_over_is_told_after_its_last_state_with_it() {
    for (winner, reason, winner_id, ours) in [
        (json!(1), "prizes_taken", json!("bob"), "prizes_taken"),
        (json!(0), "no_monsters", json!("ada"), "no_pokemon"),
        (Value::Null, "draw", Value::Null, "draw"),
        (json!(1), "forfeit", json!("bob"), "timeout"),
    ] {
        let mut desk = Desk::in_game(Mode::Compat);
        let done = desk.turn(&[
            public("game_over", 6, json!({"winner": winner, "reason": reason})),
            patch(2, json!([{"op": "replace", "path": "/phase", "value": "over"}])),
        ]);
        assert_eq!(done.types(), ["game_state", "game_over"]);
        let over = &done.says[1];
        assert_eq!((&over["winner_id"], &over["end_reason"], &over["event_id"]), (&winner_id, &json!(ours), &json!("k.6")));
        assert_eq!(over["final_state"], done.says[0]["state"]);
        assert_eq!(over["final_state"]["phase"], "over");
        assert_eq!(desk.turn(&[]).types(), Vec::<&str>::new());
    }
}

#[test]
fn a_game_after_which_another_has_begun_is_not_told_to_be_over_with_that_ones_state() {
    let mut desk = Desk::in_game(Mode::Compat);
    let begun = public("game_begun", 7, json!({"first": 0, "game": 2}));
    let done = desk.turn(&[public("game_over", 6, json!({"winner": 1, "reason": "timeout"})), begun]);
    assert_eq!(done.types(), Vec::<&str>::new());
}

#[test]
fn a_room_that_its_rules_did_not_end_is_told_to_be_over_if_its_game_was_on() {
    let ended = |payload: Value| json!({"v": 1, "type": "room_ended", "payload": payload});
    for (payload, winner, ours) in [
        (json!({"room_id": "g", "outcome": "resignation", "seat": 0}), json!("bob"), "resignation"),
        (json!({"room_id": "g", "outcome": "resignation", "seat": 1}), json!("ada"), "resignation"),
        (json!({"room_id": "g", "outcome": "closed"}), Value::Null, "draw"),
    ] {
        let mut desk = Desk::in_game(Mode::Strict);
        let done = desk.turn(&[ended(payload.clone())]);
        assert_eq!(done.types(), ["game_over"]);
        let over = &done.says[0];
        assert_eq!((&over["winner_id"], &over["end_reason"]), (&winner, &json!(ours)));
        assert_eq!(over["final_state"]["phase"], "main");
        desk.turn(&[patch(2, json!([{"op": "replace", "path": "/phase", "value": "over"}]))]);
        assert_eq!(desk.turn(&[ended(payload)]).types(), Vec::<&str>::new());
    }
    assert_eq!(Desk::in_game(Mode::Strict).turn(&[ended(json!({"room_id": "other", "outcome": "closed"}))]).says.len(), 0);
}
