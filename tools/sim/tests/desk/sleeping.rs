//! Rooms that sleep and wake, seen from outside: as if they had never slept. And from inside: what sleeps is not in memory.

use parlour_engine::limits::Limits;
use parlour_engine::rebuild::rebuild;
use parlour_engine::schema::Kinds;
use parlour_sim::desk::Desk;
use parlour_sim::kinds;
use parlour_sim::luck::Luck;
use serde_json::{Value, json};

const NEVER_MS: u64 = 24 * 3_600_000;

fn desk(limits: Limits) -> Desk {
    Desk::with_limits(kinds(), limits)
}

/// Rooms sleep when they were idle for this long.
fn sleepy(idle_ms: u64) -> Limits {
    Limits { idle_ms, wake_soon_ms: 50, ..Limits::default() }
}

fn open(kind: &str, room: &str) -> Value {
    json!({"type": "open_room", "ref": "o", "payload": {"kind": kind, "room_id": room}})
}

fn join(room: &str, after: Option<&str>) -> Value {
    json!({"type": "join_room", "ref": "j", "payload": {"room_id": room, "after": after}})
}

fn act(room: &str, id: &str, action: Value) -> Value {
    json!({"type": "action", "ref": id, "id": id, "room": room, "payload": action})
}

fn let_go(room: &str) -> Value {
    json!({"type": "unsubscribe", "ref": "u", "payload": {"room_id": room}})
}

fn acks(heard: &[Value]) -> Vec<String> {
    let word = |said: &Value| said["payload"]["code"].as_str().unwrap_or("ok").to_owned();
    heard.iter().filter(|said| said["type"] == "ack").map(word).collect()
}

#[test]
fn the_same_actions_with_and_without_sleeping_give_the_same_frames() {
    let (mut slept, mut woken) = (0, 0);
    for seed in 0..30 {
        let (awake, _, _) = play(seed, Limits { idle_ms: NEVER_MS, ..Limits::default() });
        let (asleep, fell, rose) = play(seed, sleepy(20));
        assert_eq!(awake.len(), asleep.len());
        for (at, (awake, asleep)) in awake.iter().zip(&asleep).enumerate() {
            assert_eq!(awake, asleep, "seed {seed}, step {at}");
        }
        (slept, woken) = (slept + fell, woken + rose);
    }
    println!("rooms slept {slept} times and woke by themselves {woken} times");
    assert!(slept > 100 && woken > 20, "{slept} {woken}");
}

/// Two users in a room who come, act, repeat themselves and go, at random: what they heard at each step, and how often rooms
/// slept and woke. Nobody draws dice, whose numbers depend on that of the record.
fn play(seed: u64, limits: Limits) -> (Vec<Value>, u64, u64) {
    let mut luck = Luck::new(seed);
    let mut desk = desk(limits);
    let users = ["ada", "bob"];
    let mut conns = [None; 2];
    let mut positions: [Vec<String>; 2] = Default::default();
    let mut played: [Vec<Value>; 2] = Default::default();
    let mut log = Vec::new();
    let first = desk.connects("ada");
    log.extend(desk.asks(first, &open("lounge", "l")));
    desk.hangs_up(first);
    for step in 0..120 {
        let who = luck.index(2);
        let conn = *conns[who].get_or_insert_with(|| desk.connects(users[who]));
        let asked = match luck.range(0, 9) {
            0 | 1 => join("l", luck.pick(&positions[who]).map(String::as_str)),
            2 => act("l", &format!("{step}"), json!({"type": "say", "text": format!("{step}")})),
            3 => act("l", &format!("{step}"), json!({"type": "whisper", "to": luck.range(0, 1), "text": format!("{step}")})),
            4 => act("l", &format!("{step}"), json!({"type": "arm", "after_ms": luck.range(1, 3000)})),
            5 => luck.pick(&played[who]).cloned().unwrap_or_else(|| let_go("l")),
            6 => json!({"type": "legal", "ref": "g", "room": "l"}),
            _ => {
                desk.hangs_up(conn);
                conns[who] = None;
                let waits = luck.range(1, 4000);
                desk.passes(waits);
                is_whole(&desk, "l");
                continue;
            }
        };
        let heard = desk.asks(conn, &asked);
        for said in &heard {
            positions[who].extend(said["payload"]["at"].as_str().map(str::to_owned));
        }
        if asked["type"] == "action" && acks(&heard) == ["ok"] {
            played[who].push(asked);
        }
        log.extend(heard);
        for conn in conns.into_iter().flatten() {
            log.extend(desk.hears(conn));
        }
    }
    // When presence is told depends on when else there was something to do. Numbers of views are those of one stay.
    log.retain(|said| said["type"] != "room_update");
    for said in &mut log {
        said.as_object_mut().expect("an object").remove("p");
    }
    assert!(log.len() > 60, "{}", log.len());
    let counts = desk.shard().counts();
    (log, counts.rooms_slept, counts.rooms_woken)
}

/// What the disk has of a room gives all of its table, and if it sleeps with a clock set its row says when that is due.
fn is_whole(desk: &Desk, room: &str) {
    let history = desk.disk.load(room).expect("it is on the disk");
    let table = rebuild(&kinds(), room, &history).expect("it can be read").1;
    let life = desk.model.past(room).and_then(|past| past.lives.last()).expect("it was opened");
    assert_eq!(table.snapshot(), life.table.snapshot(), "snapshot and tail are the whole table");
    if !desk.shard().has_loaded(room) {
        let about = table.about();
        let due_ms = table.due_ms().filter(|_| !life.kind.freezes()).map(|due_ms| about.ts_ms + due_ms - about.at_ms);
        assert_eq!(history.wake_at, due_ms, "its row says when its earliest clock is due");
    }
}

#[test]
fn a_request_that_comes_while_the_room_is_put_away_is_answered_once_and_the_room_stays() {
    for which in ["join", "act", "legal", "unsubscribe"] {
        let mut desk = desk(sleepy(1000));
        let ada = desk.connects("ada");
        desk.asks(ada, &open("lounge", "l"));
        desk.asks(ada, &join("l", None));
        desk.asks(ada, &act("l", "1", json!({"type": "arm", "after_ms": 600_000})));
        desk.asks(ada, &let_go("l"));
        desk.disk_waits = true;
        desk.passes(5000);
        assert!(desk.shard().has_loaded("l") && desk.disk.waiting() == 1, "it is on its way out");
        let asked = match which {
            "join" => join("l", None),
            "act" => act("l", "2", json!({"type": "say", "text": "hm"})),
            "legal" => json!({"type": "legal", "ref": "g", "room": "l"}),
            _ => let_go("l"),
        };
        assert_eq!(acks(&desk.asks(ada, &asked)), [""; 0], "{which}: nothing is said before the disk has it");
        desk.disk_waits = false;
        desk.syncs();
        desk.turns();
        assert_eq!(acks(&desk.hears(ada)), ["ok"], "{which}");
        assert!(desk.shard().has_loaded("l") && desk.shard().counts().rooms_slept == 0, "{which}");
        if which != "join" {
            desk.passes(5000);
            assert!(!desk.shard().has_loaded("l"), "{which}: it sleeps in the end");
        }
        assert_eq!(desk.hears(ada).iter().filter(|said| said["type"] == "ack").count(), 0);
    }
}

#[test]
fn rooms_that_are_followed_or_freeze_with_a_clock_set_or_are_due_soon_do_not_sleep() {
    let mut desk = desk(Limits { idle_ms: 1000, wake_soon_ms: 60_000, ..Limits::default() });
    let ada = desk.connects("ada");
    for (kind, room) in [("lounge", "followed"), ("duel", "freezes"), ("lounge", "soon"), ("lounge", "late"), ("duel", "bare")] {
        assert_eq!(acks(&desk.asks(ada, &open(kind, room))), ["ok"]);
    }
    let bob = desk.connects("bob");
    for room in ["followed", "freezes", "soon", "late"] {
        desk.asks(ada, &join(room, None));
        desk.asks(bob, &join(room, None));
    }
    desk.asks(ada, &act("soon", "1", json!({"type": "arm", "after_ms": 50_000})));
    desk.asks(ada, &act("late", "1", json!({"type": "arm", "after_ms": 500_000})));
    for room in ["freezes", "soon", "late"] {
        desk.asks(ada, &let_go(room));
        desk.asks(bob, &let_go(room));
    }
    desk.passes(4000);
    let loaded = |desk: &Desk| ["followed", "freezes", "soon", "late", "bare"].map(|room| desk.shard().has_loaded(room));
    assert_eq!(loaded(&desk), [true, true, true, false, false]);
    assert_eq!(desk.disk.wake_at("freezes"), None, "none of its clocks comes nearer while nobody has it");
}

#[test]
fn where_as_many_rooms_are_loaded_as_may_be_idle_ones_make_room_and_followed_ones_do_not() {
    let mut desk = desk(Limits { rooms: 3, idle_ms: NEVER_MS, ..Limits::default() });
    let ada = desk.connects("ada");
    for room in ["a", "b", "c", "d", "e"] {
        assert_eq!(acks(&desk.asks(ada, &open("lounge", room))), ["ok"], "{room}");
    }
    assert_eq!(desk.shard().counts().rooms_slept, 2);
    for room in ["a", "b", "c"] {
        assert_eq!(acks(&desk.asks(ada, &join(room, None))), ["ok"], "{room}");
    }
    assert_eq!(acks(&desk.asks(ada, &join("d", None))), ["too_many_rooms"]);
    desk.asks(ada, &let_go("b"));
    // It is told first that she is away.
    desk.passes(Limits::default().away_ms);
    assert_eq!(acks(&desk.asks(ada, &join("d", None))), ["ok"]);
}

#[test]
fn a_room_that_cannot_be_read_is_not_kept_and_an_ended_one_answers_from_the_disk() {
    let mut desk = desk(sleepy(1000));
    let ada = desk.connects("ada");
    desk.asks(ada, &open("lounge", "l"));
    desk.asks(ada, &join("l", None));
    for (id, action) in (0..12).map(|n| (n.to_string(), json!({"type": "whisper", "to": 0, "text": "hm"}))) {
        assert_eq!(acks(&desk.asks(ada, &act("l", &id, action))), ["ok"]);
    }
    let shut = act("l", "shut", json!({"type": "shut"}));
    let first = desk.asks(ada, &shut);
    assert_eq!(acks(&first), ["ok"]);
    desk.hangs_up(ada);
    desk.passes(5000);
    assert!(!desk.shard().has_loaded("l"));
    let ada = desk.connects("ada");
    let again = desk.asks(ada, &shut);
    let answer = |heard: &[Value]| heard.iter().find(|said| said["type"] == "ack").cloned().unwrap_or_default();
    assert_eq!(answer(&again)["payload"]["dup"], true);
    assert_eq!(answer(&again)["payload"]["at"], answer(&first)["payload"]["at"]);
    assert_eq!(acks(&desk.asks(ada, &act("l", "new", json!({"type": "say", "text": "hm"})))), ["room_closed"]);
    assert_eq!(acks(&desk.asks(ada, &join("l", None))), ["ok"]);

    desk.restarts(Kinds::new());
    let ada = desk.connects("ada");
    assert_eq!(acks(&desk.asks(ada, &join("l", None))), ["other_rules"]);
    assert!(desk.shard().has_loaded("l"));
    desk.passes(5000);
    assert!(!desk.shard().has_loaded("l"));
}

#[test]
fn after_a_kill_whoever_was_due_wakes_in_the_order_of_being_due_and_nobody_needs_to_come() {
    let mut desk = desk(Limits { due_rooms: 3, ..sleepy(100) });
    let ada = desk.connects("ada");
    let mut luck = Luck::new(5);
    for n in 0..40 {
        let room = format!("l{n}");
        desk.asks(ada, &open("lounge", &room));
        desk.asks(ada, &join(&room, None));
        desk.asks(ada, &act(&room, "1", json!({"type": "arm", "after_ms": 60_000 + luck.range(0, 50_000)})));
        desk.asks(ada, &let_go(&room));
        // Every other room has fallen asleep.
        desk.passes(if n % 2 == 0 { 2000 } else { 0 });
    }
    let rooms: Vec<_> = desk.disk.due(&parlour_engine::store::Due::before(0), 100).into_iter().map(|due| due.room).collect();
    assert_eq!(rooms.len(), 40);
    desk.machine_sleeps(200_000);
    desk.restarts(kinds());
    desk.passes(0);
    assert_eq!(desk.shard().counts().rooms_woken, 40);
    let rang: Vec<_> = desk.signals.iter().take(40).cloned().collect();
    assert_eq!(rang, rooms);
}
