//! The dialect by itself: what a client says on the one side, native frames written by hand on the other.

use super::{Call, Casys, Mode, Out};
use crate::dialect::{Dialect, Heard, Rest};
use crate::io::Now;
use crate::wire::{Opening, Speaks};
use serde_json::{Value, json};

const NOW: Now = Now { mono_ms: 1000, wall_ms: 1_795_255_200_123 };

/// A connection with nothing but the dialect.
struct Desk(Box<dyn Dialect>);

/// What one step brought about.
#[derive(Debug, Default)]
struct Done {
    asks: Vec<Value>,
    says: Vec<Value>,
    named: Vec<String>,
    replies: Vec<(u16, Value)>,
    ends: Vec<u16>,
}

impl Desk {
    fn opened(mode: Mode, target: &str, remembered: Option<&str>, is_anonymous: bool) -> (Self, Done) {
        let opening = Opening { speaks: Speaks::Casys, target, remembered, is_anonymous, luck: [7; 32] };
        let mut desk = Self(Box::new(Casys::new(&opening, mode)));
        let done = desk.step(|dialect, out| dialect.begins(NOW, out));
        (desk, done)
    }

    /// Of somebody who plays in `g`, where the story is in section 1.
    fn playing(mode: Mode) -> Self {
        let (mut desk, _) = Self::opened(mode, "/ws/casys?game_id=g&session_id=s", None, false);
        let done = desk.turn(&[connected("ada")]);
        assert_eq!((&done.asks[0]["type"], &done.asks[0]["payload"]["as"]), (&json!("join_room"), &json!("spectator")));
        let done = desk.turn(&[joined(&done.asks[0]), view(1, 0, 1)]);
        assert_eq!((done.says.len(), &done.asks[0]["payload"]["as"]), (0, &json!("player")));
        let done = desk.turn(&[joined(&done.asks[0]), view(1, 0, 1)]);
        assert_eq!((done.says.len(), &done.says[0]["section_number"]), (1, &json!(1)));
        desk
    }

    fn step(&mut self, step: impl FnOnce(&mut dyn Dialect, &mut Vec<Out>)) -> Done {
        let mut out = Vec::new();
        step(self.0.as_mut(), &mut out);
        let (mut done, read) = (Done::default(), |text: &str| serde_json::from_str::<Value>(text).expect("JSON"));
        for out in out {
            match out {
                Out::Ask(text) => done.asks.push(read(&text)),
                Out::Say { body, .. } => done.says.push(read(&body)),
                Out::Named(name) => done.named.push(name),
                Out::Reply { status, body } => done.replies.push((status, read(&body))),
                Out::End(code, _) => done.ends.push(code),
                _ => {}
            }
        }
        done
    }

    fn hear(&mut self, message: &Value) -> Done {
        let text = message.to_string();
        self.step(|dialect, out| dialect.hear(Heard { event: None, text: &text, ack: None }, NOW, out))
    }

    fn choose(&mut self, id: &str, metadata: Value) -> Done {
        self.hear(&json!({"type": "choice", "choice": {"choice_id": id, "metadata": metadata}}))
    }

    fn turn(&mut self, frames: &[Value]) -> Done {
        let frames: Vec<String> = frames.iter().map(Value::to_string).collect();
        self.step(|dialect, out| dialect.turn(&mut frames.iter().map(String::as_str), NOW, out))
    }
}

fn connected(user: &str) -> Value {
    json!({"type": "connected", "payload": {"user_id": user}})
}

fn ack(request: &Value, more: Value) -> Value {
    let mut payload = json!({"ref": request["ref"], "status": "ok"});
    payload.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({"type": "ack", "payload": payload})
}

fn joined(request: &Value) -> Value {
    ack(request, json!({"at": "k.3.0", "opened_ms": 1_795_255_200_000_u64}))
}

fn refused(request: &Value, kind: &str, code: &str) -> Value {
    ack(request, json!({"status": "error", "kind": kind, "code": code, "message": "No."}))
}

fn direct(id: &str, target: u64) -> Value {
    json!({"id": id, "text": id.to_uppercase(), "type": "direct", "target": target, "conditions": [], "dice": null,
        "results": {}, "open": true})
}

fn view(section: u64, step: u64, p: u64) -> Value {
    let next = section + 1;
    json!({"type": "view", "room": "g", "at": "k.3.0", "p": p, "payload": {
        "book": "B", "step": step, "section": {"number": section, "title": "T"},
        "narrative": {"section": section, "content": "C", "source": "raw", "error": null, "narrating": false, "at_ms": 5},
        "rules": {"section": section, "needs_dice": false, "dice": "none", "needs_response": true, "next_action": "choice",
            "conditions": [], "summary": "S", "choices": [
                direct("on", next), direct("up", next + 50),
                {"id": "throw", "text": "Throw", "type": "dice", "target": null, "conditions": [], "dice": "chance",
                    "results": {"2-12": 9}, "open": true}]},
        "decision": {"section": section, "awaiting": "user_input", "last": null},
        "character": {"name": "N"}, "party": {"members": [], "remarks": []},
        "trace": {"section": section, "history": []}, "over": false, "stopped": false, "ending": null}})
}

#[test]
fn a_choice_names_the_section_of_the_state_that_was_said_last() {
    let mut desk = Desk::playing(Mode::Strict);
    let first = desk.choose("2", json!({}));
    assert_eq!(first.asks[0]["payload"], json!({"type": "choose", "section": 1, "step": 0, "choice": "on"}));
    let other = desk.choose("up", json!(null));
    assert_eq!(other.asks[0]["payload"]["section"], 1, "no other state was said yet");
    assert_ne!(first.asks[0]["id"], other.asks[0]["id"]);
    let done = desk.turn(&[view(2, 1, 2), ack(&first.asks[0], json!({})), refused(&other.asks[0], "illegal", "stale_section")]);
    let types: Vec<_> = done.says.iter().map(|said| said["type"].as_str().expect("a type")).collect();
    assert_eq!(types, ["choice_error", "state"]);
    assert_eq!(desk.choose("3", json!({})).asks[0]["payload"]["section"], 2);
}

#[test]
fn the_same_choice_has_the_same_key_and_another_after_it_has_not() {
    let mut desk = Desk::playing(Mode::Strict);
    let keys: Vec<Value> = ["2", "2", "on", "up", "2"].map(|id| desk.choose(id, json!({})).asks[0]["id"].clone()).to_vec();
    assert_eq!((&keys[0], &keys[0]), (&keys[1], &keys[2]));
    assert!(keys[3] != keys[0] && keys[4] != keys[0] && keys[4] != keys[3]);
    let named = desk.choose("2", json!({"id": "mine"})).asks[0]["id"].clone();
    let mut other = Desk::playing(Mode::Strict);
    assert_eq!(other.choose("2", json!({"id": "mine"})).asks[0]["id"], named);
}

#[test]
fn a_choice_said_again_after_the_story_went_on_is_asked_again_as_it_was() {
    let mut desk = Desk::playing(Mode::Strict);
    let first = desk.choose("2", json!({}));
    desk.turn(&[view(2, 1, 2), ack(&first.asks[0], json!({}))]);
    let again = desk.choose("2", json!({}));
    assert_eq!((&again.asks[0]["id"], &again.asks[0]["payload"]), (&first.asks[0]["id"], &first.asks[0]["payload"]));
    // The state that is the answer was said already, and is said once more.
    let done = desk.turn(&[ack(&again.asks[0], json!({"dup": true}))]);
    assert_eq!((done.says.len(), &done.says[0]["section_number"]), (1, &json!(2)));
    let stale = desk.choose("51", json!({}));
    assert_eq!((stale.asks.len(), &stale.says[0]["code"]), (0, &json!("no_such_choice")));
    assert_eq!(desk.choose("up", json!({"section_number": 1, "step": 0})).asks[0]["payload"]["section"], 1);
}

#[test]
fn dice_are_rolled_by_the_server_alone() {
    let lie = json!({"type": "choice", "choice": {"choice_id": "0", "choice_text": "Jet de chance : 12 (6+6)",
        "metadata": {"dice_results": {"total": 12}}}});
    let done = Desk::playing(Mode::Strict).hear(&lie);
    assert_eq!((done.asks.len(), &done.says[0]["code"]), (0, &json!("fabricated_roll")));
    let done = Desk::playing(Mode::Compat).hear(&lie);
    assert_eq!(done.asks[0]["payload"], json!({"type": "roll", "section": 1, "step": 0}));
    let done = Desk::playing(Mode::Strict).choose("throw", json!({"dice_results": {"2-12": 9}}));
    assert_eq!(done.asks[0]["payload"], json!({"type": "roll", "section": 1, "step": 0, "choice": "throw"}));
}

#[test]
fn a_room_that_is_no_quest_is_never_sat_down_in() {
    let (mut desk, _) = Desk::opened(Mode::Strict, "/ws/casys?game_id=cards-1", None, false);
    let done = desk.turn(&[connected("ada")]);
    let mut other = view(1, 0, 1);
    other["payload"] = json!({"hand": []});
    let done = desk.turn(&[joined(&done.asks[0]), other]);
    assert_eq!((&done.asks[0]["type"], done.ends), (&json!("unsubscribe"), vec![1008]));
    assert_eq!(done.says[0]["code"], "game_not_found");
}

#[test]
fn only_compat_has_players_without_names_and_games_that_are_not_named() {
    let (_, done) = Desk::opened(Mode::Strict, "/ws/casys?game_id=g", None, true);
    assert_eq!((done.says[0]["code"].as_str(), done.ends), (Some("authentication_required"), vec![1008]));
    let (_, done) = Desk::opened(Mode::Compat, "/ws/game", Some("g-2 s"), true);
    assert_eq!(done.named, ["casys:g-2"]);
    let (mut desk, done) = Desk::opened(Mode::Compat, "/ws/game", None, true);
    assert_eq!(done.named, ["casys:casys-default"]);
    // It is there once somebody sits down in it.
    let done = desk.turn(&[connected("named:casys:casys-default")]);
    let done = desk.turn(&[refused(&done.asks[0], "not_found", "room_not_found")]);
    assert_eq!(done.asks[0]["payload"]["as"], "player");
    let (mut desk, _) = Desk::opened(Mode::Strict, "/ws/game", Some("g-2 s"), false);
    let done = desk.turn(&[connected("ada")]);
    assert_eq!((done.says[0]["code"].as_str(), done.ends), (Some("game_id_required"), vec![1008]));
}

#[test]
fn who_finds_no_seat_watches_and_a_lost_view_is_asked_for() {
    let (mut desk, _) = Desk::opened(Mode::Strict, "/ws/casys?game_id=g", None, false);
    let done = desk.turn(&[connected("bob")]);
    let done = desk.turn(&[joined(&done.asks[0]), view(1, 0, 4)]);
    let done = desk.turn(&[refused(&done.asks[0], "limited", "game_full")]);
    assert_eq!(done.says[0]["section_number"], 1);
    let patch = json!({"type": "patch", "room": "g", "p": 9, "payload": {"ops": []}});
    let done = desk.turn(&[patch]);
    assert_eq!((done.says.len(), &done.asks[0]["payload"]["as"]), (0, &json!("spectator")));
    let asked = desk.hear(&json!({"type": "get_state"}));
    assert!(asked.says.is_empty(), "it would be an old one");
    let done = desk.turn(&[joined(&done.asks[0]), view(2, 1, 9)]);
    assert_eq!((done.says.len(), &done.says[0]["seq"]), (1, &json!(9)));
}

#[test]
fn a_fault_inside_ends_the_connections_that_it_concerns() {
    let mut desk = Desk::playing(Mode::Strict);
    let done = desk.choose("2", json!({}));
    let done = desk.turn(&[refused(&done.asks[0], "internal", "internal"), view(2, 1, 2)]);
    let said = (done.says.len(), done.says[0]["type"].as_str(), done.says[0]["code"].as_str());
    assert_eq!((said, done.ends), ((1, Some("choice_error"), Some("internal")), vec![1011]));
    let out = |reason: &str| json!({"type": "user_left", "payload": {"room_id": "g", "you": true, "reason": reason}});
    for (reason, code, end) in [
        ("room_unreadable", "room_unreadable", 1011),
        ("journal_down", "journal_down", 1013),
        ("room_not_found", "game_not_found", 1008),
        ("kicked", "kicked", 1008),
    ] {
        let done = Desk::playing(Mode::Compat).turn(&[out(reason)]);
        assert_eq!((done.says[0]["code"].as_str(), done.ends), (Some(code), vec![end]));
    }
}

#[test]
fn a_call_is_answered_once_it_is_narrated_or_when_it_takes_too_long() {
    for is_told in [true, false] {
        let opening = Opening {
            speaks: Speaks::Casys,
            target: "/api/game/initialize",
            remembered: None,
            is_anonymous: false,
            luck: [7; 32],
        };
        let rest = Rest { method: "POST".into(), target: opening.target.into(), body: "{\"game_id\":\"g\"}".into() };
        let mut desk = Desk(Box::new(Call::new(&opening, &rest, Mode::Strict, 500)));
        desk.step(|dialect, out| dialect.begins(NOW, out));
        let done = desk.turn(&[connected("ada")]);
        assert_eq!(done.asks[0]["payload"], json!({"kind": "quest", "room_id": "g", "config": {}}));
        let done = desk.turn(&[ack(&done.asks[0], json!({"room_id": "g"}))]);
        let mut at_work = view(1, 0, 1);
        at_work["payload"]["narrative"]["narrating"] = true.into();
        let done = desk.turn(&[joined(&done.asks[0]), at_work]);
        assert!(done.replies.is_empty());
        let done = match is_told {
            true => desk.turn(&[view(1, 0, 2)]),
            false => desk.step(|dialect, out| dialect.time(Now { mono_ms: 1500, ..NOW }, out)),
        };
        assert_eq!((done.replies.len(), done.replies[0].0, &done.replies[0].1["success"]), (1, 200, &json!(true)));
    }
}
