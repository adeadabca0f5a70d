//! Jobs: run once the record that asks for them is on the disk, answered once, tried again, found again after a crash.

use parlour_engine::io::{ConnId, JobId};
use parlour_engine::limits::Limits;
use parlour_room::{Cause, JobFault};
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

const TEA: &str = r#"{"back":"tea"}"#;

fn act(desk: &mut Desk, conn: ConnId, action: Value) -> Vec<Value> {
    desk.asks(conn, &json!({"type": "action", "ref": "a", "room": "a", "payload": action}))
}

fn fetch(what: &str) -> Value {
    json!({"type": "fetch", "what": what})
}

fn comes(desk: &mut Desk) -> ConnId {
    let ada = desk.connects("ada");
    desk.asks(ada, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a"}}));
    ada
}

/// A desk with a lounge in which Ada sits.
fn desk() -> (Desk, ConnId) {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "a"}}));
    desk.asks(ada, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a"}}));
    (desk, ada)
}

/// What every job gave, as the journal has it.
fn results(desk: &Desk) -> Vec<String> {
    let records = desk.disk.life("a").expect("it was opened").records;
    let answers = records.into_iter().filter(|record| record.input.starts_with("{\"job\""));
    answers.map(|record| format!("{} {}", record.cause.as_str(), record.input)).collect()
}

fn attempts(desk: &Desk) -> Vec<u32> {
    desk.started.iter().map(|start| start.attempt).collect()
}

#[test]
fn a_job_runs_when_the_record_that_asks_for_it_is_durable_and_not_before() {
    let (mut desk, ada) = desk();
    desk.disk_waits = true;
    act(&mut desk, ada, fetch("tea"));
    assert!(desk.started.is_empty());
    desk.disk_waits = false;
    desk.turns();
    let [start] = &desk.started[..] else { panic!("{:?}", desk.started) };
    assert_eq!((start.kind, &*start.room, start.key.as_str(), start.job.as_str()), ("lounge", "a", "tea", "\"tea\""));
    let id = start.id;
    desk.job_is_done(id, Ok(TEA));
    let heard = desk.hears(ada);
    assert_eq!(heard.last().expect("something")["payload"]["what"], "tea", "{heard:?}");
    assert_eq!(results(&desk), [format!("signal {{\"job\":\"tea\",\"result\":{TEA}}}")]);
    desk.job_is_done(id, Ok(TEA));
    assert_eq!(results(&desk).len(), 1, "one result is recorded");
}

/// While a room always has something that is not on the disk yet, what is there is not held up by it.
#[test]
fn a_busy_room_does_not_keep_its_jobs_waiting() {
    let (mut desk, ada) = desk();
    desk.disk_waits = true;
    act(&mut desk, ada, fetch("tea"));
    for _ in 0..3 {
        let before = desk.syncs();
        act(&mut desk, ada, json!({"type": "whisper", "to": 0, "text": "hm"}));
        assert!(before);
    }
    assert_eq!(attempts(&desk), [1]);
}

#[test]
fn a_recalled_or_replaced_job_is_stopped_and_its_result_dropped() {
    let (mut desk, ada) = desk();
    act(&mut desk, ada, fetch("tea"));
    act(&mut desk, ada, fetch("tea"));
    let [first, second]: [JobId; 2] = desk.started.iter().map(|start| start.id).collect::<Vec<_>>().try_into().expect("two");
    assert_eq!(desk.stopped, [first]);
    desk.job_is_done(first, Ok(TEA));
    assert!(results(&desk).is_empty());
    act(&mut desk, ada, json!({"type": "recall", "what": "tea"}));
    assert_eq!(desk.stopped, [first, second]);
    desk.job_is_done(second, Ok(TEA));
    assert!(results(&desk).is_empty());
}

#[test]
fn a_job_that_fails_is_tried_again_after_longer_and_longer_rests_and_then_the_room_is_told() {
    let limits = Limits::default();
    let (mut desk, ada) = desk();
    act(&mut desk, ada, fetch("tea"));
    let mut rest_ms = limits.job_retry_ms;
    for attempt in 1..limits.job_attempts {
        let id = desk.started.last().expect("it runs").id;
        desk.job_is_done(id, Err(JobFault::Failed));
        desk.passes(rest_ms - 1);
        assert_eq!(attempts(&desk).len(), attempt as usize);
        desk.passes(1);
        assert_eq!(attempts(&desk).last(), Some(&(attempt + 1)));
        rest_ms = (2 * rest_ms).min(limits.job_retry_ms_max);
    }
    let id = desk.started.last().expect("it runs").id;
    desk.job_is_done(id, Err(JobFault::Panicked));
    assert_eq!(results(&desk), [r#"signal {"job":"tea","result":"lost"}"#]);
    desk.passes(limits.job_retry_ms_max);
    assert_eq!(attempts(&desk).len(), limits.job_attempts as usize);
}

#[test]
fn a_result_that_cannot_be_read_is_used_up_and_the_room_is_told_that_there_is_none() {
    let (mut desk, ada) = desk();
    for result in ["", "{\"back\":", "{\"back\":7}"] {
        act(&mut desk, ada, fetch("tea"));
        let id = desk.started.last().expect("it runs").id;
        desk.job_is_done(id, Ok(result));
        if result.is_empty() {
            assert_eq!(results(&desk), [r#"signal {"job":"tea","result":"lost"}"#]);
        }
    }
}

#[test]
fn an_open_job_runs_again_when_its_room_is_loaded_and_the_old_run_says_nothing() {
    let (mut desk, ada) = desk();
    act(&mut desk, ada, fetch("tea"));
    for attempt in 2..5 {
        let before = desk.started.len();
        // Nobody needs to come: a room with an open job wakes by itself.
        desk.restarts(parlour_sim::kinds());
        assert_eq!(desk.started[before..].iter().map(|start| start.attempt).collect::<Vec<_>>(), [attempt]);
    }
    let id = desk.started.last().expect("it runs").id;
    desk.job_is_done(id, Ok(TEA));
    assert_eq!(results(&desk).len(), 1);
    desk.restarts(parlour_sim::kinds());
    let before = desk.started.len();
    comes(&mut desk);
    assert_eq!(desk.started.len(), before, "it is answered");
}

/// A panic has the room read again; what came of its job meanwhile is played when that is done.
#[test]
fn a_result_that_comes_while_the_room_is_read_again_is_not_lost() {
    let (mut desk, ada) = desk();
    act(&mut desk, ada, fetch("tea"));
    desk.disk_waits = true;
    desk.says(ada, &json!({"type": "action", "room": "a", "payload": {"type": "arm", "after_ms": 10_000}}).to_string());
    desk.says(ada, &json!({"type": "action", "room": "a", "payload": {"type": "trip"}}).to_string());
    desk.turns();
    let id = desk.started[0].id;
    desk.job_is_done(id, Ok(TEA));
    assert!(results(&desk).is_empty());
    desk.disk_waits = false;
    desk.turns();
    assert_eq!(results(&desk), [format!("signal {{\"job\":\"tea\",\"result\":{TEA}}}")]);
    assert_eq!(desk.started.len(), 1, "it was not run again");
}

#[test]
fn a_job_that_is_to_be_tried_again_while_the_room_is_read_again_is_not_forgotten() {
    let (mut desk, ada) = desk();
    act(&mut desk, ada, fetch("tea"));
    let id = desk.started[0].id;
    desk.job_is_done(id, Err(JobFault::Failed));
    desk.disk_waits = true;
    desk.says(ada, &json!({"type": "action", "room": "a", "payload": {"type": "arm", "after_ms": 10_000}}).to_string());
    desk.says(ada, &json!({"type": "action", "room": "a", "payload": {"type": "trip"}}).to_string());
    desk.turns();
    desk.passes(3 * Limits::default().job_retry_ms);
    assert_eq!(attempts(&desk), [1], "the room is not there");
    desk.disk_waits = false;
    desk.turns();
    desk.passes(2 * Limits::default().job_retry_ms);
    assert_eq!(desk.started.len(), 2, "the room is there, and it is tried again");
}

#[test]
fn jobs_beyond_their_rooms_share_wait_their_turn_also_for_stopped_ones_that_go_on() {
    let running = Limits::default().jobs_running_per_room;
    let (mut desk, ada) = desk();
    for number in 0..running {
        act(&mut desk, ada, fetch(&number.to_string()));
    }
    assert_eq!(desk.started.len(), running);
    act(&mut desk, ada, json!({"type": "recall", "what": "0"}));
    act(&mut desk, ada, fetch("tea"));
    assert_eq!(desk.started.len(), running, "the recalled one has not ended");
    let id = desk.started[0].id;
    desk.job_is_done(id, Err(JobFault::Failed));
    assert_eq!(desk.started.last().map(|start| start.key.as_str()), Some("tea"));
    assert!(results(&desk).is_empty());
}

#[test]
fn jobs_that_are_never_answered_leave_a_place_to_other_rooms_and_kinds() {
    let limits = Limits { jobs_running: 4, jobs_running_per_kind: 3, jobs_running_per_room: 2, ..Limits::default() };
    let mut desk = Desk::with_limits(parlour_sim::kinds(), limits);
    let ada = desk.connects("ada");
    for room in ["a", "b", "c"] {
        desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": room}}));
        desk.asks(ada, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": room}}));
        for number in 0..4 {
            desk.asks(ada, &json!({"type": "action", "ref": "f", "room": room, "payload": fetch(&number.to_string())}));
        }
    }
    let started = |desk: &Desk| desk.started.iter().map(|start| format!("{}{}", start.room, start.key)).collect::<Vec<_>>();
    assert_eq!(started(&desk), ["a0", "a1", "b0"], "of the one kind three at most");
    let id = desk.started[0].id;
    desk.job_is_done(id, Ok(TEA));
    assert_eq!(started(&desk), ["a0", "a1", "b0", "b1"], "the turn of a room that has not got its share");
    let id = desk.started[1].id;
    desk.job_is_done(id, Ok(TEA));
    assert_eq!(started(&desk), ["a0", "a1", "b0", "b1", "c0"], "rooms take turns");
}

#[test]
fn more_jobs_than_a_room_may_have_open_are_a_fault_of_its_rules() {
    let (mut desk, ada) = desk();
    for number in 0..parlour_room::table::OPEN_JOBS {
        act(&mut desk, ada, fetch(&number.to_string()));
    }
    let heard = act(&mut desk, ada, fetch("tea"));
    assert!(heard.iter().any(|said| said["payload"]["code"] == "internal"), "{heard:?}");
    let records = desk.disk.life("a").expect("it was opened").records;
    let actions = records.iter().filter(|record| record.cause == Cause::Action).count();
    assert_eq!(actions, parlour_room::table::OPEN_JOBS);
}
