//! The dialect by itself: what a client says, what the server says natively, what comes of both.

use super::*;
use crate::dialect::Heard;
use serde_json::{Value, json};

const NOW: Now = Now { mono_ms: 0, wall_ms: 0 };

fn hear(laneya: &mut Laneya, text: &str) -> Vec<Out> {
    let mut out = Vec::new();
    laneya.hear(Heard { event: None, text, ack: None }, NOW, &mut out);
    out
}

fn turn(laneya: &mut Laneya, frames: &[Value]) -> Vec<Out> {
    let texts: Vec<String> = frames.iter().map(Value::to_string).collect();
    let mut out = Vec::new();
    laneya.turn(&mut texts.iter().map(String::as_str), NOW, &mut out);
    out
}

fn request(key: &str, user: &str, action: &str, data: &Value) -> String {
    format!(r#"{{"type":"request","key":{key},"user":"{user}","action":"{action}","data":{data}}}"#)
}

fn asked(out: &[Out]) -> Vec<Value> {
    let asks = out.iter().filter_map(|out| if let Out::Ask(text) = out { Some(text) } else { None });
    asks.map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn said(out: &[Out]) -> Vec<String> {
    out.iter().filter_map(|out| if let Out::Say { body, .. } = out { Some(body.clone()) } else { None }).collect()
}

fn ack(asked: &Value, more: &Value) -> Value {
    let mut payload = json!({"ref": asked["ref"], "status": "ok"});
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"type": "ack", "payload": payload})
}

fn view() -> Value {
    let rows = vec!["#".repeat(60); 40];
    let entity = |id: u64, kind: &str| json!({"id": id, "kind": kind, "name": "x", "x": 3, "y": 4});
    let entities = [entity(1, "player"), entity(2, "player"), entity(1001, "monster"), entity(1002, "item")];
    let view = json!({"map": {"rows": rows}, "entities": entities});
    json!({"type": "view", "room": "dungeon-default", "at": "a.5.2", "p": 1, "payload": view})
}

fn joined(asked: &Value, kind: &str) -> Value {
    ack(asked, &json!({"seat": 0, "at": "a.5.2", "seats": [{"seat": 1, "user_id": "named:bob"}], "resumed": {"kind": kind}}))
}

/// One of the original that has come in and moved.
fn in_the_room() -> Laneya {
    let mut laneya = Laneya::new([7; 32]);
    let out = hear(&mut laneya, &request("1", "ada", "move", &json!({"direction": "east"})));
    assert_eq!(out, [Out::Named("ada".into())]);
    let out = turn(&mut laneya, &[json!({"type": "connected", "payload": {"user_id": "named:ada", "session_id": "s"}})]);
    let join = &asked(&out)[0];
    assert_eq!((&join["type"], &join["payload"]["room_id"]), (&json!("join_room"), &json!("dungeon-default")));
    let out = turn(&mut laneya, &[joined(join, "fresh"), view()]);
    let seen: Vec<Value> = said(&out).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let at = |entity: &str| json!({"type": "update", "action": "position", "data": {"x": 3, "y": 4, "entity": entity}});
    assert_eq!(seen, [at("User:ada"), at("User:bob"), at("Ghost:1001")], "and nothing of the item");
    let action = &asked(&out)[0];
    assert_eq!(action["payload"], json!({"type": "move", "direction": "east"}));
    assert!(action["id"].as_str().is_some_and(|id| id.len() == 32));
    let out = turn(&mut laneya, &[ack(action, &json!({"at": "a.5.2"}))]);
    assert_eq!(said(&out), [r#"{"type":"response","key":1,"status":"success","data":{}}"#]);
    laneya
}

fn go(key: u64) -> String {
    request(&key.to_string(), "ada", "move", &json!({"direction": "east"}))
}

#[test]
fn the_original_is_told_positions_alone() {
    let mut laneya = in_the_room();
    let event = |kind: &str, payload: Value| json!({"type": kind, "room": "dungeon-default", "m": 9, "payload": payload});
    let steps = event("stepped", json!({"level": 1, "moves": [{"entity": 1, "x": 4, "y": 4}, {"entity": 9, "x": 1, "y": 1}]}));
    let others = [event("gone", json!({"level": 1, "entity": 2})), event("died", json!({"entity": 2})), steps];
    let told = said(&turn(&mut laneya, &others));
    assert_eq!(told.len(), 2);
    assert!(told[0].contains(r#"{"x":4,"y":4,"entity":"User:ada"}"#) && told[1].contains("User:seat-8"), "{told:?}");
}

#[test]
fn responses_come_in_the_order_of_their_requests() {
    let mut laneya = in_the_room();
    let first = asked(&hear(&mut laneya, &go(2)));
    let second = asked(&hear(&mut laneya, &go(3)));
    assert!(said(&hear(&mut laneya, "[]")).is_empty(), "it is not its turn yet");
    assert!(said(&turn(&mut laneya, &[ack(&second[0], &json!({}))])).is_empty());
    let told = said(&turn(&mut laneya, &[ack(&first[0], &json!({}))]));
    let keys: Vec<Value> = told.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()["key"].clone()).collect();
    assert_eq!(keys, [json!(2), json!(3), Value::Null]);
}

#[test]
fn the_same_again_is_done_once_and_answered_the_same() {
    let mut laneya = in_the_room();
    let first = hear(&mut laneya, &go(2));
    let again = hear(&mut laneya, &go(2));
    assert!(asked(&again).is_empty() && again == [Out::Heeded]);
    let told = said(&turn(&mut laneya, &[ack(&asked(&first)[0], &json!({}))]));
    assert!(told.len() == 2 && told[0] == told[1]);
    assert_eq!(said(&hear(&mut laneya, &go(2))), told[..1]);
    let other = said(&hear(&mut laneya, &request("2", "ada", "move", &json!({"direction": "west"}))));
    assert!(other[0].contains(r#""status":"invalid""#));
}

#[test]
fn what_the_server_could_not_do_now_may_be_asked_again() {
    let mut laneya = in_the_room();
    let first = asked(&hear(&mut laneya, &go(2)));
    let limited = json!({"status": "error", "kind": "limited", "code": "rate_limited", "message": "Later.", "retry_after_ms": 5});
    let told = said(&turn(&mut laneya, &[ack(&first[0], &limited)]));
    assert_eq!(told, [r#"{"type":"response","key":2,"status":"internal","data":{"message":"Later."}}"#]);
    assert_eq!(asked(&hear(&mut laneya, &go(2)))[0]["id"], first[0]["id"]);
}

#[test]
fn a_key_that_the_session_has_used_elsewhere_is_the_rooms_to_judge_each_time() {
    let mut laneya = in_the_room();
    let first = asked(&hear(&mut laneya, &go(2)));
    let reused = json!({"status": "error", "kind": "invalid", "code": "id_reused", "message": "Another."});
    assert!(said(&turn(&mut laneya, &[ack(&first[0], &reused)]))[0].contains(r#""status":"invalid""#));
    let right = asked(&hear(&mut laneya, &request("2", "ada", "move", &json!({"direction": "west"}))));
    assert_eq!(right[0]["id"], first[0]["id"]);
    assert!(said(&turn(&mut laneya, &[ack(&right[0], &json!({"dup": true}))]))[0].contains(r#""status":"success""#));
}

#[test]
fn a_key_comes_back_as_it_came() {
    for key in ["\"\\u00e9 \\ud800\"", "null", "9007199254740993", "1.50", "{\"a\": [1,  2]}", "-0"] {
        let told = said(&hear(&mut in_the_room(), &request(key, "ada", "position", &json!({}))));
        assert!(told[0].contains(&format!(r#""key":{key},"status":"invalid","data":{{"message":""}}"#)), "{told:?}");
    }
}

#[test]
fn what_is_no_request_is_invalid_and_has_its_key() {
    let whole = go(5);
    for text in [
        whole.replace(r#""type":"request","#, ""),
        whole.replace("request", "update"),
        whole.replace(r#""data":{"direction":"east"}"#, r#""data":[]"#),
        whole.replace(r#""user":"ada""#, r#""user":["ada"]"#),
        whole.replace(r#""user":"ada""#, r#""user":null"#),
        whole.replace(r#""user":"ada""#, r#""user":"ada","user":"ada""#),
        whole.replace(r#""user":"ada""#, r#""user":"ada","more":1"#),
        whole.replace("east", "up"),
        whole.replace(r#""east""#, r#""east","more":1"#),
    ] {
        let told = said(&hear(&mut in_the_room(), &text));
        assert!(told[0].starts_with(r#"{"type":"response","key":5,"status":"invalid""#), "{text} {told:?}");
    }
    for text in ["", "[]", "{", "{}", "7", "{\"key\":"] {
        let told = said(&hear(&mut in_the_room(), text));
        assert!(told[0].starts_with(r#"{"type":"response","key":null,"status":"invalid""#), "{text} {told:?}");
    }
}

#[test]
fn another_user_and_one_who_is_not_believed_are_refused() {
    let told = said(&hear(&mut in_the_room(), &request("2", "bob", "logout", &json!({}))));
    assert!(told[0].contains(r#""status":"illegal""#));
    let mut laneya = Laneya::new([7; 32]);
    hear(&mut laneya, &go(1));
    let refusal = json!({"status": "error", "kind": "denied", "code": "authentication_required", "message": "x"});
    let told = said(&turn(&mut laneya, &[json!({"type": "error", "payload": refusal})]));
    assert!(told[0].contains(r#""key":1,"status":"illegal""#) && told[0].contains("hello"));
}

#[test]
fn who_says_hello_is_told_more_and_goes_where_they_say() {
    let mut laneya = Laneya::new([7; 32]);
    let hello = json!({"token": "t", "v": 1, "room": "other", "last_seq": "a.1.1", "session": "mine"});
    assert_eq!(hear(&mut laneya, &request("1", "ada", "hello", &hello)), [Out::Known("t".into())]);
    let join = asked(&turn(&mut laneya, &[json!({"type": "connected", "payload": {"user_id": "ada", "session_id": "s"}})]));
    assert_eq!(join[0]["payload"], json!({"room_id": "other", "as": "player", "patches": false, "after": "a.1.1"}));
    let in_other = |mut frame: Value| {
        frame["room"] = json!("other");
        frame
    };
    let told = said(&turn(&mut laneya, &[joined(&join[0], "view"), in_other(view())]));
    let actions: Vec<Value> = told.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()["action"].clone()).collect();
    assert_eq!(
        actions,
        [json!("snapshot"), json!("spawn"), json!("spawn"), json!("spawn"), json!("spawn"), json!("seq"), Value::Null]
    );
    let answer: Value = serde_json::from_str(told.last().unwrap()).unwrap();
    assert_eq!((&answer["status"], &answer["data"]["seq"]), (&json!("success"), &json!("a.5.2")));
    assert_eq!((&answer["data"]["session"], &answer["data"]["resumed"]), (&json!("mine"), &json!("view")));
    let died = json!({"type": "died", "room": "other", "n": 6, "payload": {"entity": 2}});
    let told = said(&turn(&mut laneya, &[died]));
    assert_eq!(told[0], r#"{"action":"died","data":{"entity":2},"type":"update"}"#);
    assert!(told[1].contains("a.6.2"));
}

#[test]
fn who_is_there_is_told_to_who_said_hello_and_to_nobody_else() {
    let mut newer = Laneya::new([7; 32]);
    hear(&mut newer, &request("1", "ada", "hello", &json!({"token": "t"})));
    let join = asked(&turn(&mut newer, &[json!({"type": "connected", "payload": {"user_id": "ada", "session_id": "s"}})]));
    turn(&mut newer, &[joined(&join[0], "fresh"), view()]);
    let of = |kind: &str, more: Value| {
        let mut payload = json!({"room_id": "dungeon-default", "user_id": "named:bob"});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"type": kind, "payload": payload})
    };
    for (kind, more, status) in [
        ("user_joined", json!({"seat": 1}), "connected"),
        ("user_left", json!({"seat": 1}), "reconnecting"),
        ("user_left", json!({}), "disconnected"),
    ] {
        let data = json!({"entity": "User:bob", "status": status});
        let update = json!({"type": "update", "action": "presence", "data": data}).to_string();
        assert_eq!(said(&turn(&mut newer, &[of(kind, more.clone())])), [update]);
        assert!(said(&turn(&mut in_the_room(), &[of(kind, more)])).is_empty());
    }
    let elsewhere = json!({"type": "user_left", "payload": {"room_id": "other", "user_id": "bob"}});
    assert!(said(&turn(&mut newer, &[elsewhere])).is_empty());
}

#[test]
fn the_first_step_after_a_death_begins_a_new_life_for_who_knows_of_none() {
    let dead = json!({"status": "error", "kind": "illegal", "code": "dead", "message": "you are dead: respawn first"});
    let mut laneya = in_the_room();
    let step = asked(&hear(&mut laneya, &go(2)));
    let anew = asked(&turn(&mut laneya, &[ack(&step[0], &dead)]));
    let actions = json!([{"type": "respawn"}, {"type": "move", "direction": "east"}]);
    assert_eq!((&anew[0]["type"], &anew[0]["payload"]), (&json!("batch"), &json!({"atomic": true, "actions": actions})));
    assert_ne!(anew[0]["id"], step[0]["id"]);
    let done = json!({"results": [{"status": "ok", "at": "a.6.2"}, {"status": "ok", "at": "a.7.2"}]});
    let told = said(&turn(&mut laneya, &[ack(&anew[0], &done)]));
    assert_eq!(told, [r#"{"type":"response","key":2,"status":"success","data":{}}"#]);

    // Where that fails too there is an end of it; and standing still begins nothing.
    let step = asked(&hear(&mut laneya, &go(3)));
    let anew = asked(&turn(&mut laneya, &[ack(&step[0], &dead)]));
    let mut again = dead.clone();
    again["failed_action"] = json!(1);
    let told = said(&turn(&mut laneya, &[ack(&anew[0], &again)]));
    let failure = r#""status":"illegal","data":{"message":"you are dead: respawn first"}}"#;
    assert!(told.len() == 1 && told[0].contains(failure), "{told:?}");
    let stop = asked(&hear(&mut laneya, &go(4).replace("east", "stop")));
    let out = turn(&mut laneya, &[ack(&stop[0], &dead)]);
    assert!(asked(&out).is_empty() && said(&out)[0].contains(failure), "{out:?}");
}

#[test]
fn a_version_is_1_or_told_apart() {
    for (v, code) in [
        ("2", "unsupported_version"),
        ("-1", "unsupported_version"),
        ("\"1\"", "invalid_message"),
        ("1.5", "invalid_message"),
        ("null", "invalid_message"),
    ] {
        let data: Value = serde_json::from_str(&format!(r#"{{"v":{v}}}"#)).unwrap();
        let refused = hello::Hello::read(&data.to_string()).unwrap_err();
        assert!(refused.text("1", true).contains(code), "{v}");
    }
}

#[test]
fn the_map_is_read_from_a_view_when_its_turn_has_come() {
    let mut laneya = in_the_room();
    let before = asked(&hear(&mut laneya, &go(2)));
    assert!(asked(&hear(&mut laneya, &request("3", "ada", "get_map", &json!({"map_id": 1})))).is_empty());
    let look = asked(&turn(&mut laneya, &[ack(&before[0], &json!({}))]));
    let told = said(&turn(&mut laneya, &[joined(&look[0], "view"), view()]));
    let answer: Value = serde_json::from_str(&told[0]).unwrap();
    let columns = answer["data"]["floor_layer"].as_array().unwrap();
    assert!(told.len() == 1 && columns.len() == 60 && columns.iter().all(|column| column.as_array().unwrap().len() == 40));
}

#[test]
fn after_a_fault_the_requests_before_it_are_answered_then_it_ends() {
    let mut laneya = in_the_room();
    let before = asked(&hear(&mut laneya, &go(2)));
    let mut out = Vec::new();
    laneya.hear(Heard { event: Some(FAULT), text: "no comma", ack: None }, NOW, &mut out);
    assert_eq!(out, []);
    assert_eq!(hear(&mut laneya, &go(3)), []);
    let out = turn(&mut laneya, &[ack(&before[0], &json!({}))]);
    assert!(matches!(&out[..], [Out::Say { .. }, Out::Say { body, .. }, Out::End(1002, _)] if body.contains("null")), "{out:?}");
}

#[test]
fn requests_that_wait_are_bounded() {
    let mut laneya = in_the_room();
    hear(&mut laneya, &request("2", "ada", "logout", &json!({})));
    let ends = |out: &[Out]| out.iter().any(|out| matches!(out, Out::End(1008, _)));
    let heard = (3..10_000).take_while(|key| !ends(&hear(&mut laneya, &go(*key)))).count();
    assert!((1000..LANEYA_PENDING_MAX).contains(&heard) && laneya.slots.len() <= LANEYA_PENDING_MAX);
}
