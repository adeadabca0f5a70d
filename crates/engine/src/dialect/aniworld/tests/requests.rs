//! HTTP requests: what each asks natively, and how it is answered.

use super::{Asked, Done, Rest, Value, event, greeting, item, json, ok, refused, turn, view};

fn request(method: &str, path: &str, body: &str) -> Asked {
    Asked::new(&Rest { method: method.to_owned(), target: path.to_owned(), body: body.to_owned() })
}

/// Comes in, and sees this; what is asked or answered then.
fn enter(asked: &mut Asked, items: Value) -> Done {
    let join = turn(asked, &[greeting("ada")]);
    assert_eq!(join.asks[0]["type"], "join_room");
    turn(asked, &[ok(&join.asks[0]), view(1, items)])
}

#[test]
fn what_is_no_request_is_answered_without_coming_in() {
    for (method, path, body, status) in [
        ("GET", "/api/queue/nothing", "", 405),
        ("GET", "/api/queue/a/b", "", 404),
        ("GET", "/api/queue/add", "", 405),
        ("POST", "/api/queue/status", "", 405),
        ("DELETE", "/api/queue/add", "", 405),
        ("POST", "/api/queue/pause", "[]", 422),
        ("POST", "/api/queue/pause", r#"{"id":1}"#, 422),
        ("POST", "/api/queue/reorder", "{}", 422),
        ("POST", "/api/queue/retry", r#"{"ids":[]}"#, 422),
        ("POST", "/api/queue/add", "{", 422),
    ] {
        let done = turn(&mut request(method, path, body), &[greeting("ada")]);
        assert_eq!((done.replies[0].0, done.asks.len()), (status, 0), "{method} {path} {body}");
        assert!(done.replies[0].1["detail"].is_string());
    }
    let done = turn(&mut request("GET", "/ws/status", ""), &[greeting("ada")]);
    assert_eq!((done.replies[0].0, done.replies[0].1["supported_message_types"].as_array().unwrap().len()), (200, 20));
}

#[test]
fn who_is_nobody_is_told_so() {
    let error = |code| json!({"v": 1, "type": "error", "payload": {"kind": "denied", "code": code, "message": "no"}});
    for (code, told) in [("authentication_required", "authentication_required"), ("token_expired", "authentication_failed")] {
        let done = turn(&mut request("GET", "/api/queue/status", ""), &[error(code)]);
        assert_eq!((done.replies[0].0, &done.replies[0].1["code"]), (401, &json!(told)));
    }
}

#[test]
fn an_action_is_asked_once_the_queue_is_seen_and_its_answer_is_the_response() {
    let mut asked = request("POST", "/api/queue/add?room=downloads-default", r#"{"url":"http://a/b","key":"show","id":"c1"}"#);
    let act = enter(&mut asked, json!([]));
    assert_eq!(act.asks[0]["payload"], json!({"type": "add", "url": "http://a/b", "key": "show", "client_id": "c1"}));
    let mut answer = ok(&act.asks[0]);
    let payload = json!({"id": "d1", "key": "show", "position": 1, "folder": "show"});
    answer["payload"]["events"] = json!([{"type": "download_added", "n": 1, "payload": payload}]);
    let done = turn(&mut asked, &[event("download_added", payload), view(2, json!([item("d1", "active")])), answer]);
    let (status, body) = &done.replies[0];
    assert_eq!((*status, &body["download_id"], &body["queue"]["active"]), (201, &json!("d1"), &json!(1)));

    let mut again = request("POST", "/api/queue/add", r#"{"url":"http://a/b","key":"show","client_id":"c1"}"#);
    let mut there = item("d1", "active");
    there["client_id"] = "c1".into();
    let act = enter(&mut again, json!([there]));
    let done = turn(&mut again, &[ok(&act.asks[0])]);
    assert_eq!((done.replies[0].0, &done.replies[0].1["download_id"]), (200, &json!("d1")));
}

#[test]
fn a_refusal_is_a_status_and_a_detail() {
    for (code, status) in [("no_such_download", 404), ("bad_key", 422), ("url_not_http", 422), ("wrong_status", 409)] {
        let mut asked = request("DELETE", "/api/queue/d%31", "");
        let act = enter(&mut asked, json!([]));
        assert_eq!(act.asks[0]["payload"], json!({"type": "remove", "id": "d1"}));
        let done = turn(&mut asked, &[refused(&act.asks[0], "illegal", code)]);
        assert_eq!(done.replies[0], (status, json!({"detail": "A text of the rules.", "code": code})));
    }
    let mut asked = request("POST", "/api/queue/start", "");
    let join = turn(&mut asked, &[greeting("ada")]);
    let done = turn(&mut asked, &[refused(&join.asks[0], "not_found", "room_not_found")]);
    assert_eq!(done.replies[0].0, 404);
}

#[test]
fn retrying_without_an_id_is_of_all_that_failed() {
    let mut asked = request("POST", "/api/queue/retry", "");
    let act = enter(&mut asked, json!([item("d1", "failed"), item("d2", "completed"), item("d3", "failed")]));
    let actions = json!([{"type": "retry", "id": "d1"}, {"type": "retry", "id": "d3"}]);
    assert_eq!((&act.asks[0]["type"], &act.asks[0]["payload"]["actions"]), (&json!("batch"), &actions));
    let mut answer = ok(&act.asks[0]);
    answer["payload"]["results"] = json!([{"status": "ok", "at": "k.1"}, {"status": "error", "kind": "illegal", "code": "x"}]);
    let done = turn(&mut asked, &[answer]);
    assert_eq!((done.replies[0].0, &done.replies[0].1["download_ids"]), (200, &json!(["d1"])));
    let done = enter(&mut request("POST", "/api/queue/retry", ""), json!([item("d1", "active")]));
    assert_eq!((done.replies[0].0, &done.replies[0].1["code"]), (409, &json!("nothing_to_retry")));
}

#[test]
fn a_reading_request_is_answered_from_the_view() {
    let done = enter(&mut request("GET", "/api/queue/status", ""), json!([item("d1", "active"), item("d2", "failed")]));
    let (status, body) = &done.replies[0];
    assert_eq!((*status, &body["active"], &body["failed"], &body["total"]), (200, &json!(1), &json!(1), &json!(2)));
    assert_eq!((&body["items"][0]["download_id"], &body["is_running"]), (&json!("d1"), &json!(true)));
    assert_eq!(enter(&mut request("GET", "/api/anime", ""), json!([])).replies[0], (200, json!([])));
}
