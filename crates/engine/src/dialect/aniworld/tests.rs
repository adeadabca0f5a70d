//! The dialect by itself: what a client says on the one side, native frames written by hand on the other.

mod requests;

use super::names::{ACTIONS, EVENTS, FILTERS, TYPES};
use super::{Aniworld, Asked, Dialect, Heard, Out};
use crate::dialect::Rest;
use crate::io::Now;
use serde_json::{Value, json};

const NOW: Now = Now { mono_ms: 0, wall_ms: 1_795_255_200_123 };

/// What one step brought about: what was asked natively, and what the client was told.
#[derive(Debug, Default)]
struct Done {
    asks: Vec<Value>,
    says: Vec<Value>,
    replies: Vec<(u16, Value)>,
    is_heeded: bool,
}

impl Done {
    fn of(outs: Vec<Out>) -> Self {
        let mut done = Self::default();
        for out in outs {
            match out {
                Out::Ask(text) => done.asks.push(serde_json::from_str(&text).unwrap()),
                Out::Say { body, .. } => done.says.push(serde_json::from_str(&body).unwrap()),
                Out::Reply { status, body } => done.replies.push((status, serde_json::from_str(&body).unwrap())),
                Out::Heeded => done.is_heeded = true,
                other => panic!("{other:?}"),
            }
        }
        done
    }

    fn types(&self) -> Vec<&str> {
        self.says.iter().map(|said| said["type"].as_str().unwrap()).collect()
    }

    /// What was said of downloads.
    fn of_downloads(&self) -> Vec<&Value> {
        self.says.iter().filter(|said| said["type"].as_str().unwrap().starts_with("download_")).collect()
    }

    fn codes(&self) -> Vec<&str> {
        self.says.iter().map(|said| said["data"]["code"].as_str().unwrap_or("")).collect()
    }
}

fn turn(dialect: &mut dyn Dialect, frames: &[Value]) -> Done {
    let texts: Vec<String> = frames.iter().map(Value::to_string).collect();
    let mut out = Vec::new();
    dialect.turn(&mut texts.iter().map(String::as_str), NOW, &mut out);
    Done::of(out)
}

fn hear(dialect: &mut Aniworld, text: &str) -> Done {
    let mut out = Vec::new();
    dialect.hear(Heard { event: None, text, ack: None }, NOW, &mut out);
    Done::of(out)
}

/// A connection of this user, who has been greeted.
fn connected(user: &str, target: &str) -> Aniworld {
    let mut dialect = Aniworld::new(target, 1000);
    let done = turn(&mut dialect, &[greeting(user)]);
    assert_eq!(done.types(), ["connected"]);
    dialect
}

/// One that follows the queue, and has joined these rooms.
fn joined(user: &str, rooms: &[&str], items: Value) -> Aniworld {
    let mut dialect = connected(user, "/ws/aniworld?");
    for (number, room) in rooms.iter().enumerate() {
        let done = hear(&mut dialect, &json!({"action": "join", "room": room}).to_string());
        if number == 0 {
            turn(&mut dialect, &[ok(&done.asks[0]), view(1, items.clone())]);
        }
    }
    dialect
}

fn greeting(user: &str) -> Value {
    json!({"v": 1, "type": "connected", "payload": {"user_id": user, "session_id": "s-1", "server": "p", "limits": {}}})
}

fn ok(ask: &Value) -> Value {
    json!({"v": 1, "type": "ack", "payload": {"ref": ask["ref"], "status": "ok"}})
}

fn refused(ask: &Value, kind: &str, code: &str) -> Value {
    let payload = json!({"ref": ask["ref"], "status": "error", "kind": kind, "code": code, "message": "A text of the rules."});
    json!({"v": 1, "type": "ack", "payload": payload})
}

fn item(id: &str, status: &str) -> Value {
    json!({"id": id, "key": "show", "folder": "Show", "status": status, "position": 1, "percent": 10, "bytes_done": 10,
           "bytes_total": 100, "error": null, "file_path": "Show/a", "url": "http://a/b", "client_id": null})
}

fn view(p: u64, items: Value) -> Value {
    let count = |status: &str| items.as_array().unwrap().iter().filter(|item| item["status"] == status).count();
    let names = ["pending", "active", "paused", "completed", "failed", "cancelled"];
    let counts: serde_json::Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), count(name).into())).collect();
    let payload = json!({"state": "running", "counts": counts, "items": items, "is_scanning": false, "library": null,
                         "parallel": 3, "speed_limit_bytes_s": null});
    json!({"v": 1, "type": "view", "room": "downloads-default", "at": "k.1.0", "p": p, "payload": payload})
}

fn event(kind: &str, payload: Value) -> Value {
    json!({"v": 1, "type": kind, "room": "downloads-default", "n": 1, "ts": "2026-11-21T10:00:00.000Z", "payload": payload})
}

fn progress(id: &str, percent: Value, bytes: u64) -> Value {
    let payload = json!({"id": id, "key": "show", "status": "active", "percent": percent, "current": bytes, "total": 100,
                         "bytes_done": bytes, "bytes_total": 100, "kbit_s": 12345, "eta_s": null});
    json!({"v": 1, "type": "progress", "room": "downloads-default", "job": "j", "payload": payload})
}

#[test]
fn every_name_of_the_tables_is_used_once() {
    let kinds: std::collections::BTreeSet<&str> = EVENTS.iter().map(|told| told.kind).collect();
    assert_eq!(kinds.len(), EVENTS.len());
    assert!(kinds.iter().all(|kind| TYPES.contains(kind)));
    for (at, (name, _)) in ACTIONS.iter().enumerate() {
        assert!(ACTIONS[..at].iter().all(|(other, _)| other != name));
    }
    assert!(FILTERS.iter().all(|(name, filter)| filter.to_string() == *name));
}

#[test]
fn joining_is_answered_when_the_queue_is_seen_and_shows_what_runs() {
    let mut ada = connected("ada", "/ws/aniworld?");
    let asked = hear(&mut ada, r#"{"action":"join","data":{"room":"downloads"},"room":"queue"}"#);
    assert_eq!(asked.asks[0]["payload"], json!({"room_id": "downloads-default", "as": "player"}));
    assert!(asked.says.is_empty());
    let items = json!([item("d1", "active"), item("d2", "pending")]);
    let done = turn(&mut ada, &[ok(&asked.asks[0]), view(1, items)]);
    assert_eq!(done.types(), ["system_info", "download_progress"]);
    assert_eq!(
        done.says[0]["data"],
        json!({"message": "You have joined downloads.", "room": "downloads", "rooms": ["downloads"]})
    );
    assert_eq!(done.says[0]["timestamp"], "2026-11-21T10:00:00.123000+00:00");
    let data = &done.says[1]["data"];
    assert_eq!((&data["download_id"], &data["percent"], &data["seq"]), (&json!("d1"), &json!(10), &json!(1)));
    let again = hear(&mut ada, r#"{"action":"join","room":"downloads"}"#);
    assert_eq!((again.types(), again.is_heeded), (vec!["system_info"], true));
}

#[test]
fn who_has_no_token_watches_and_who_finds_no_seat_does_too() {
    for guest in ["guest", "guest-abc"] {
        let asked = hear(&mut connected(guest, "/ws/aniworld?"), r#"{"action":"join","room":"queue"}"#);
        assert_eq!(asked.asks[0]["payload"]["as"], "spectator");
    }
    let mut ada = connected("ada", "/ws/aniworld?");
    let asked = hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
    let again = turn(&mut ada, &[refused(&asked.asks[0], "denied", "game_full")]);
    assert_eq!(again.asks[0]["payload"]["as"], "spectator");
    let done = turn(&mut ada, &[ok(&again.asks[0]), view(1, json!([]))]);
    assert_eq!(done.types(), ["system_info", "queue_status"]);
}

#[test]
fn a_room_that_is_named_is_looked_at_before_a_seat_is_taken() {
    let mut ada = connected("ada", "/ws/connect?queue=cards-1");
    let asked = hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
    assert_eq!(asked.asks[0]["payload"], json!({"room_id": "cards-1", "as": "spectator"}));
    let mut other = view(1, json!([]));
    (other["room"], other["payload"]) = ("cards-1".into(), json!({"phase": "main"}));
    let done = turn(&mut ada, &[ok(&asked.asks[0]), other]);
    assert_eq!((done.codes(), &done.asks[0]["type"]), (vec!["queue_not_found"], &json!("unsubscribe")));

    let mut ada = connected("ada", "/ws/connect?room=mine");
    let asked = hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
    let mut own = view(1, json!([]));
    own["room"] = "mine".into();
    let done = turn(&mut ada, &[ok(&asked.asks[0]), own.clone()]);
    assert!(done.says.is_empty());
    assert_eq!(done.asks[0]["payload"], json!({"room_id": "mine", "as": "player"}));
    assert_eq!(turn(&mut ada, &[ok(&done.asks[0]), own]).types(), ["system_info", "queue_status"]);
}

#[test]
fn percent_does_not_go_back_and_nothing_follows_the_end() {
    let mut ada = joined("ada", &["downloads"], json!([item("d1", "active")]));
    let done = turn(&mut ada, &[progress("d1", 50.into(), 50), progress("d1", 30.into(), 30), progress("d1", Value::Null, 60)]);
    let percents: Vec<&Value> = done.says.iter().map(|said| &said["data"]["percent"]).collect();
    assert_eq!(percents, [&json!(50), &json!(50), &Value::Null]);
    assert_eq!(done.says[0]["data"]["speed_mbps"].to_string(), "12.345");
    let end = event("download_complete", json!({"id": "d1", "key": "show", "bytes": 100}));
    let done = turn(&mut ada, &[end, progress("d1", 100.into(), 100), view(2, json!([item("d1", "completed")]))]);
    let told = done.of_downloads();
    assert_eq!((told.len(), &told[0]["type"], &told[0]["data"]["file_path"]), (1, &json!("download_complete"), &Value::Null));
    assert_eq!(told[0]["timestamp"], "2026-11-21T10:00:00+00:00");
    let done = turn(&mut ada, &[view(3, json!([item("d1", "paused")])), progress("d1", 60.into(), 60)]);
    assert!(done.of_downloads().is_empty(), "while it is paused nothing progresses");
    let done = turn(&mut ada, &[view(4, json!([item("d1", "active")])), progress("d1", 5.into(), 5)]);
    assert_eq!(done.of_downloads()[0]["data"]["percent"], 5, "another run begins anew");
}

#[test]
fn what_was_missed_is_told_from_the_view() {
    let mut ada =
        joined("ada", &["downloads", "queue"], json!([item("d1", "active"), item("d2", "active"), item("d3", "failed")]));
    let mut failed = item("d2", "failed");
    failed["error"] = json!({"code": "stalled", "message": "The host sent nothing."});
    let now = json!([item("d1", "completed"), failed, item("d4", "pending"), item("d5", "completed")]);
    let done = turn(&mut ada, &[view(9, now)]);
    let told: Vec<_> = done.says.iter().map(|said| (said["type"].as_str().unwrap(), &said["data"]["download_id"])).collect();
    let ids = ["d1", "d2", "d4", "d5", "d5", "d3"].map(Value::from).into_iter().chain([Value::Null]).collect::<Vec<_>>();
    let kinds = ["complete", "failed", "added", "added", "complete", "removed"].map(|end| format!("download_{end}"));
    let kinds = kinds.iter().map(String::as_str).chain(["queue_status"]);
    assert_eq!(told, kinds.zip(&ids).collect::<Vec<_>>(), "of what has begun and ended unseen, both");
    assert_eq!(done.says[1]["data"]["error_message"], "The host sent nothing.");
    let seqs: Vec<u64> = done.says.iter().map(|said| said["data"]["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[test]
fn each_sort_of_junk_has_its_code() {
    let mut ada = joined("ada", &["downloads"], json!([item("d1", "active")]));
    let long = json!({"action": "join", "room": "r".repeat(4096)}).to_string();
    for (text, code) in [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("not json", "invalid_json"),
        ("[]", "invalid_message"),
        ("{}", "invalid_message"),
        (r#"{"action":1}"#, "invalid_message"),
        (r#"{"action":null}"#, "invalid_message"),
        (r#"{"action":"ping","action":"ping"}"#, "invalid_message"),
        (r#"{"action":"ping","data":"x"}"#, "invalid_message"),
        (r#"{"action":"fly"}"#, "unknown_action"),
        (r#"{"action":""}"#, "unknown_action"),
        (r#"{"action":"join"}"#, "invalid_room"),
        (r#"{"action":"join","room":""}"#, "invalid_room"),
        (r#"{"action":"join","room":" "}"#, "invalid_room"),
        (r#"{"action":"join","room":1}"#, "invalid_room"),
        (&long, "invalid_room"),
        (r#"{"action":"join","room":"nowhere"}"#, "unknown_room"),
        (r#"{"action":"leave","room":"nowhere"}"#, "unknown_room"),
        (r#"{"action":"join","room":"download:"}"#, "unknown_room"),
    ] {
        let done = hear(&mut ada, text);
        assert_eq!((done.codes(), done.types(), done.is_heeded), (vec![code], vec!["error"], false), "{text:?}");
    }
    assert_eq!(hear(&mut ada, r#"{"action":"join","room":"download:d9"}"#).codes(), ["unknown_room"]);
    assert_eq!(hear(&mut ada, r#"{"action":"ping","data":null,"more":1}"#).asks[0]["type"], "ping");
}

#[test]
fn who_leaves_the_last_room_no_longer_follows_the_queue() {
    let mut ada = joined("ada", &["downloads", "scan"], json!([item("d1", "active")]));
    let done = hear(&mut ada, r#"{"action":"leave","room":"downloads"}"#);
    assert_eq!((done.types(), done.asks.len()), (vec!["system_info"], 0));
    assert!(turn(&mut ada, &[progress("d1", 20.into(), 20)]).says.is_empty());
    let done = hear(&mut ada, r#"{"action":"leave","room":"scan"}"#);
    assert_eq!((done.types(), &done.asks[0]["type"]), (vec!["system_info"], &json!("unsubscribe")));
    let done = hear(&mut ada, r#"{"action":"leave","room":"scan"}"#);
    assert_eq!((done.types(), done.asks.len()), (vec!["system_info"], 0));
    assert_eq!(hear(&mut ada, r#"{"action":"join","room":"scan"}"#).asks[0]["type"], "join_room");
}

#[test]
fn a_join_that_is_left_before_it_was_settled_is_answered_all_the_same() {
    let mut ada = connected("ada", "/ws/aniworld?");
    let asked = hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
    hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
    hear(&mut ada, r#"{"action":"join","room":"scan"}"#);
    let done = hear(&mut ada, r#"{"action":"leave","room":"queue"}"#);
    assert_eq!(done.types(), ["system_info"; 3]);
    let messages: Vec<&str> = done.says.iter().map(|said| said["data"]["message"].as_str().unwrap()).collect();
    assert_eq!(messages[..2], ["You left queue before you had joined it."; 2]);
    assert_eq!(messages[2], "You have left queue.");
    assert!(done.says.iter().all(|said| said["data"]["room"] == "queue" && said["data"]["rooms"] == json!([])));
    let done = turn(&mut ada, &[ok(&asked.asks[0]), view(1, json!([]))]);
    assert_eq!((done.types(), &done.says[0]["data"]["rooms"]), (vec!["system_info"], &json!(["scan"])));
}

#[test]
fn who_leaves_before_being_let_in_is_not_let_in() {
    for target in ["/ws/aniworld?", "/ws/aniworld?room=downloads-default&x"] {
        let mut ada = connected("ada", target);
        let asked = hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
        let done = hear(&mut ada, r#"{"action":"leave","room":"queue"}"#);
        assert_eq!((done.types(), done.asks.len()), (vec!["system_info"; 2], 1));
        assert_eq!(done.asks[0]["type"], "unsubscribe");
        // What was under way says no more, and nothing more is asked because of it.
        let late = [ok(&asked.asks[0]), view(1, json!([item("d1", "active")])), ok(&done.asks[0]), progress("d1", 50.into(), 50)];
        let late = turn(&mut ada, &late);
        assert_eq!((late.types().len(), late.asks.len()), (0, 0));
        let back = hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
        assert_eq!(back.asks[0]["type"], "join_room");
        let done = turn(&mut ada, &[ok(&back.asks[0]), view(2, json!([]))]);
        assert_eq!((done.types(), &done.says[0]["data"]["rooms"]), (vec!["system_info", "queue_status"], &json!(["queue"])));
    }
}

#[test]
fn of_several_ways_in_only_the_last_one_counts() {
    let mut ada = joined("ada", &["scan"], json!([]));
    let broken = json!({"v": 1, "type": "patch", "room": "downloads-default", "p": 9, "payload": {"ops": []}});
    let again = turn(&mut ada, &[broken.clone(), broken]);
    assert_eq!(again.asks.iter().map(|ask| &ask["type"]).collect::<Vec<_>>(), ["join_room"; 2]);
    let gone = hear(&mut ada, r#"{"action":"leave","room":"scan"}"#);
    assert_eq!(gone.asks[0]["type"], "unsubscribe");
    let back = hear(&mut ada, r#"{"action":"join","room":"queue"}"#);
    assert_eq!(back.asks[0]["type"], "join_room");

    let early = [ok(&again.asks[0]), view(2, json!([])), refused(&again.asks[1], "denied", "game_full"), ok(&gone.asks[0])];
    let done = turn(&mut ada, &early);
    assert_eq!((done.types().len(), done.asks.len()), (0, 0), "answers to what it no longer wants");
    let done = turn(&mut ada, &[ok(&back.asks[0]), view(3, json!([]))]);
    assert_eq!((done.types(), &done.says[0]["data"]["rooms"]), (vec!["system_info", "queue_status"], &json!(["queue"])));

    let broken = json!({"v": 1, "type": "patch", "room": "downloads-default", "p": 9, "payload": {"ops": []}});
    let again = turn(&mut ada, &[broken.clone(), broken]);
    let done = turn(&mut ada, &[ok(&again.asks[0]), view(10, json!([])), ok(&again.asks[1]), view(10, json!([]))]);
    assert!(done.codes().iter().all(|code| code.is_empty()), "{:?}", done.codes());
    assert_eq!(hear(&mut ada, r#"{"action":"join","room":"scan"}"#).types(), ["system_info"]);
}

#[test]
fn a_view_may_come_before_the_answer_that_lets_a_guest_in() {
    let mut guest = connected("guest", "/ws/connect?room=mine");
    let asked = hear(&mut guest, r#"{"action":"join","room":"queue"}"#);
    let of_mine = |kind: &str, p: u64| {
        let mut frame = view(p, json!([]));
        (frame["room"], frame["type"]) = ("mine".into(), kind.into());
        frame
    };
    assert_eq!(turn(&mut guest, &[ok(&asked.asks[0]), of_mine("view", 1)]).types(), ["system_info", "queue_status"]);
    let mut broken = of_mine("patch", 9);
    broken["payload"] = json!({"ops": []});
    let again = turn(&mut guest, &[broken]);
    let done = turn(&mut guest, &[of_mine("view", 9), ok(&again.asks[0])]);
    assert!(done.codes().iter().all(|code| code.is_empty()), "{:?}", done.codes());
}
