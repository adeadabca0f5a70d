//! What reviews found and was mended stays mended. One small room does what rules seldom do: it takes a seat away as it is given,
//! grows a state that cannot be written, hides from those who watch, and its time stands still while it is away.

use parlour_engine::command::Open;
use parlour_engine::io::{Call, ConnId, Reply};
use parlour_engine::schema::Kinds;
use parlour_room::{As, Cause, Dice, Never, Refused, Room, Seat, Seats, Turn, Viewer, Who, World};
use parlour_sim::desk::Desk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Serialize, Deserialize)]
struct Odd {
    hidden: bool,
    shut: bool,
    count: u32,
    /// JSON has no such keys: while it is empty nobody notices.
    pairs: BTreeMap<(u32, u32), u32>,
}

/// Where it is hidden nobody may watch, and bots may do nothing else.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    hidden: bool,
    count: u32,
}

/// While it is shut, a seat is taken away as it is given. A pair makes the state one that cannot be written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Do {
    Count,
    Panic,
    Shut { shut: bool },
    Whisper { to: Seat },
    Pair { pad: String },
    Arm { ms: u32 },
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    Arrived { seat: Seat },
    Counted { count: u32 },
    Whispered { count: u32 },
    Rang,
}

enum Bells {}

#[derive(Clone, Serialize, Deserialize)]
struct Bell;

impl World for Bells {
    type Pulse = Never;
    type Job = Never;
    type Signal = Bell;
}

impl Room for Odd {
    const KIND: &'static str = "odd";
    const RULES: u32 = 1;
    const FREEZES: bool = true;
    type Config = Config;
    type Action = Do;
    type Event = Event;
    type View = u32;
    type Refusal = Refused;
    type World = Bells;

    fn seats(_config: &Config) -> Seats {
        Seats::Open(4)
    }

    fn open(config: Config, _dice: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { hidden: config.hidden, shut: false, count: config.count, pairs: BTreeMap::new() })
    }

    fn admit(&self, who: Who<'_>, wanted: As) -> Result<As, Refused> {
        match wanted {
            As::Spectator if self.hidden => Err(Refused::new("hidden", "nobody may watch")),
            As::Player(_) if self.hidden && who.bot => Ok(As::Spectator),
            wanted => Ok(wanted),
        }
    }

    fn check(&self, _by: Seat, _action: &Do) -> Result<(), Refused> {
        Ok(())
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.tell(Event::Arrived { seat });
        turn.tell_only(seat, Event::Whispered { count: self.count });
        if self.shut {
            turn.remove(seat, "shut");
        }
    }

    fn apply(&mut self, _by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Count => {
                self.count += 1;
                turn.tell(Event::Counted { count: self.count });
            }
            Do::Panic => panic!("planted: an action"),
            Do::Shut { shut } => self.shut = shut,
            Do::Whisper { to } => turn.tell_only(to, Event::Whispered { count: self.count }),
            Do::Pair { .. } => _ = self.pairs.insert((1, 2), 3),
            Do::Arm { ms } => turn.clock("bell", Duration::from_millis(u64::from(ms)), Bell),
        }
    }

    fn signal(&mut self, _bell: Bell, turn: &mut Turn<Self>) {
        turn.tell(Event::Rang);
    }

    fn view(&self, _viewer: Viewer) -> u32 {
        self.count
    }
}

/// A desk with the rooms `a` and `b`, and Ada on the first seat of both.
fn desk() -> (Desk, ConnId) {
    let mut desk = Desk::new(Kinds::new().with::<Odd>().expect("it can be spoken"));
    let ada = desk.connects("ada");
    for room in ["a", "b"] {
        let open = json!({"type": "open_room", "ref": "o", "payload": {"kind": "odd", "room_id": room}});
        assert_eq!(answers(&desk.asks(ada, &open)), ["o ok"]);
        assert_eq!(answers(&desk.asks(ada, &join(room))), ["j ok"]);
    }
    (desk, ada)
}

fn join(room: &str) -> Value {
    json!({"type": "join_room", "ref": "j", "payload": {"room_id": room}})
}

fn watch(room: &str) -> Value {
    json!({"type": "join_room", "ref": "w", "payload": {"room_id": room, "as": "spectator"}})
}

fn act(room: &str, reference: &str, action: Value) -> Value {
    json!({"type": "action", "ref": reference, "room": room, "payload": action})
}

fn count(room: &str, reference: &str) -> Value {
    act(room, reference, json!({"type": "count"}))
}

/// The answers among what was heard, each its ref and `ok` or a code; and the word that all is over.
fn answers(heard: &[Value]) -> Vec<String> {
    let answer = |said: &Value| match (said["type"].as_str()?, &said["payload"]) {
        ("ack", ack) => Some(format!("{} {}", ack["ref"].as_str()?, ack["code"].as_str().unwrap_or("ok"))),
        ("closing", _) => Some("closing".to_owned()),
        _ => None,
    };
    heard.iter().filter_map(answer).collect()
}

/// The numbers of the events among what was heard: `n` of public ones, `m` of private ones.
fn numbers(heard: &[Value], which: &str) -> Vec<u64> {
    heard.iter().filter_map(|said| said[which].as_u64()).collect()
}

/// What a call is replied to, or the code of its failure.
fn replied(desk: &mut Desk, call: Call) -> Result<Value, String> {
    match desk.calls(call) {
        Reply::Done { body, .. } => Ok(serde_json::from_str(&body).expect("JSON")),
        Reply::Failed(failure) => Err(failure.code),
        other => panic!("{other:?}"),
    }
}

fn shown(desk: &mut Desk, room: &str) -> Result<Value, String> {
    replied(desk, Call::Show(room.to_owned()))
}

fn opened(desk: &mut Desk, room: &'static str, config: &'static str, bots: Vec<(Seat, String)>) -> Result<Value, String> {
    replied(desk, Call::Open(Open { kind: "odd".into(), room: Some(room.into()), id: None, config: config.into(), bots }))
}

#[test]
fn who_loses_the_seat_as_it_is_given_is_not_in_the_room_and_hears_nothing_of_the_next_holder() {
    let (mut desk, ada) = desk();
    let (bob, cyd, dan) = (desk.connects("bob"), desk.connects("cyd"), desk.connects("dan"));
    assert_eq!(answers(&desk.asks(dan, &watch("a"))), ["w ok"]);
    desk.asks(ada, &act("a", "1", json!({"type": "shut", "shut": true})));
    assert_eq!(answers(&desk.asks(bob, &join("a"))), ["j not_in_room"]);
    // Who watched before still does, and is no more than that.
    assert_eq!(answers(&desk.asks(dan, &join("a"))), ["j not_in_room"]);
    let about = shown(&mut desk, "a").unwrap();
    assert_eq!((about["members"].as_array().unwrap().len(), &about["spectators"]), (1, &json!(1)));

    desk.asks(ada, &act("a", "2", json!({"type": "shut", "shut": false})));
    let heard = desk.asks(cyd, &join("a"));
    assert_eq!((answers(&heard), &heard[0]["payload"]["seat"]), (vec!["j ok".to_owned()], &json!(1)));
    desk.hears(dan);
    desk.asks(ada, &act("a", "3", json!({"type": "whisper", "to": 1})));
    desk.asks(ada, &count("a", "4"));
    desk.passes(2000);
    assert_eq!(desk.hears(bob), [] as [Value; 0], "he follows nothing");
    let heard = desk.hears(dan);
    assert_eq!((numbers(&heard, "n").len(), numbers(&heard, "m").len()), (1, 0), "{heard:?}");
    let heard = desk.hears(cyd);
    assert_eq!((numbers(&heard, "n").len(), numbers(&heard, "m").len()), (1, 1), "{heard:?}");
}

#[test]
fn a_state_that_cannot_be_written_freezes_its_own_room_and_no_other() {
    let (mut desk, ada) = desk();
    let pair = || json!({"type": "pair", "pad": "x".repeat(40_000)});
    assert_eq!(answers(&desk.asks(ada, &act("a", "1", pair()))), ["1 ok"]);
    desk.says(ada, &act("a", "2", pair()).to_string());
    desk.says(ada, &count("b", "3").to_string());
    desk.turns();
    assert_eq!(answers(&desk.hears(ada)), ["2 ok", "3 ok"], "what was played is on disk");
    assert!(desk.notes.len() == 1 && desk.notes[0].contains("room a is frozen"), "{:?}", desk.notes);
    assert_eq!(answers(&desk.asks(ada, &count("a", "4"))), ["4 room_frozen"]);
    assert_eq!(answers(&desk.asks(ada, &count("b", "5"))), ["5 ok"]);
    assert_eq!(shown(&mut desk, "a").unwrap()["status"], "frozen");
    replied(&mut desk, Call::Close("a".to_owned())).unwrap();
    assert_eq!(shown(&mut desk, "a").unwrap()["status"], "ended");
}

#[test]
fn what_is_refused_in_the_turn_in_which_a_drain_is_done_is_answered_before_the_goodbye() {
    let (mut desk, ada) = desk();
    let bob = desk.connects("bob");
    desk.disk_waits = true;
    desk.says(ada, &count("a", "1").to_string());
    desk.drains();
    desk.turns();
    desk.says(ada, &count("a", "2").to_string());
    desk.turns();
    assert_eq!(answers(&desk.hears(ada)), [] as [&str; 0], "nothing is durable");
    assert!(desk.syncs(), "the last batch becomes durable, and the turn goes on");
    desk.says(ada, &count("a", "3").to_string());
    desk.says(bob, &json!({"type": "legal", "ref": "4", "room": "a"}).to_string());
    desk.turns();
    assert_eq!(answers(&desk.hears(ada)), ["1 ok", "2 draining", "3 draining", "closing"]);
    assert_eq!(answers(&desk.hears(bob)), ["4 not_in_room", "closing"]);
    assert!(desk.is_closed(ada) && desk.is_closed(bob));
}

#[test]
fn time_does_not_go_back_in_a_freezing_room_that_is_read_again() {
    for late_ms in [0, 5_000] {
        let (mut desk, ada) = desk();
        desk.asks(ada, &act("a", "1", json!({"type": "arm", "ms": 60_000})));
        desk.passes(50_000);
        if late_ms > 0 {
            // It is read again when what was played before is durable, which takes a while.
            desk.disk_waits = true;
            desk.asks(ada, &count("a", "2"));
        }
        let mut heard = desk.asks(ada, &act("a", "3", json!({"type": "panic"})));
        desk.passes(late_ms);
        desk.disk_waits = false;
        desk.turns();
        desk.passes(9_999 - late_ms);
        heard.extend(desk.hears(ada));
        assert!(answers(&heard).contains(&"3 internal".to_owned()), "{heard:?}");
        assert!(heard.iter().all(|said| said["type"] != "rang"), "1 ms too early");
        desk.passes(1);
        assert!(desk.hears(ada).iter().any(|said| said["type"] == "rang"), "at 60 s");
        let records = desk.disk.life("a").unwrap().records;
        let times_of =
            |cause| records.iter().filter(|record| record.cause == cause).map(|record| record.at_ms).collect::<Vec<_>>();
        assert_eq!((times_of(Cause::Woke), times_of(Cause::Signal)), (vec![50_000 + late_ms], vec![60_000]));
    }
}

#[test]
fn who_watched_and_joins_to_play_hears_every_event_once() {
    let (mut desk, ada) = desk();
    let bob = desk.connects("bob");
    let mut heard = desk.asks(bob, &watch("a"));
    desk.asks(ada, &count("a", "1"));
    desk.asks(ada, &count("a", "2"));
    heard.extend(desk.hears(bob));
    let at = heard.iter().rev().find(|said| said["type"] == "view").unwrap()["at"].clone();
    heard.extend(desk.asks(bob, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a", "after": at}})));
    desk.asks(ada, &count("a", "3"));
    heard.extend(desk.hears(bob));
    assert_eq!(answers(&heard), ["w ok", "j ok"]);
    assert_eq!(numbers(&heard, "n"), [2, 3, 4, 5], "the first was Ada's arrival, the fourth his own");
    assert_eq!(numbers(&heard, "m"), [1]);
}

#[test]
fn joins_and_leaves_are_limited_while_the_room_is_too_far_ahead_of_the_disk() {
    let (mut desk, ada) = desk();
    let conns: Vec<ConnId> = (0..8).map(|n| desk.connects(&format!("user {n}"))).collect();
    let leave = json!({"type": "leave_room", "ref": "l", "room": "a"});
    desk.asks(ada, &json!({"type": "unsubscribe", "ref": "u", "room": "a"}));
    desk.disk_waits = true;
    for conn in &conns {
        for request in [&join("a"), &leave].iter().cycle().take(128) {
            desk.asks(*conn, request);
        }
    }
    desk.asks(conns[0], &join("a"));
    desk.asks(ada, &leave);
    desk.disk_waits = false;
    desk.turns();
    let heard: Vec<Value> = conns.iter().flat_map(|conn| desk.hears(*conn)).collect();
    let limited: Vec<&Value> = heard.iter().filter(|said| said["payload"]["kind"] == "limited").collect();
    assert_eq!((answers(&heard).len(), limited.len(), &limited[0]["payload"]["ref"]), (1025, 1, &json!("j")));
    let heard = desk.hears(ada);
    assert_eq!(heard.last().unwrap()["payload"]["kind"], "limited", "{heard:?}");
    assert_eq!(answers(&desk.asks(conns[0], &join("a"))), ["j ok"]);
    assert_eq!(answers(&desk.asks(ada, &leave)), ["l ok"]);
}

#[test]
fn a_retried_opening_is_known_by_what_its_config_says_and_not_by_how_it_is_written() {
    let (mut desk, ada) = desk();
    let mut opens = |config: &str| {
        let payload = format!(r#"{{"kind":"odd","room_id":"c","config":{config}}}"#);
        desk.says(ada, &format!(r#"{{"type":"open_room","ref":"o","id":"once","payload":{payload}}}"#));
        desk.turns();
        let heard = desk.hears(ada);
        heard[0]["payload"].get("dup").or(heard[0]["payload"].get("code")).cloned().unwrap()
    };
    assert_eq!(opens(r#"{"hidden":false,"count":3}"#), false);
    assert_eq!(opens(r#"{  "count" : 3,  "hidden" : false }"#), true);
    assert_eq!(opens(r#"{"hidden":false,"count":4}"#), "id_reused");
    assert_eq!(opens(r#"{"hidden":true,"count":3}"#), "id_reused");
}

#[test]
fn to_whom_the_rules_do_not_let_watch_there_is_no_such_room() {
    let (mut desk, _) = desk();
    opened(&mut desk, "c", r#"{"hidden":true}"#, vec![]).unwrap();
    assert_eq!(shown(&mut desk, "c"), Err("room_not_found".to_owned()));
    assert_eq!(shown(&mut desk, "a").unwrap()["kind"], "odd");
}

#[test]
fn a_bot_that_may_only_watch_is_refused_and_the_room_with_it() {
    let (mut desk, ada) = desk();
    let bots = || vec![(Seat(0), "random".to_owned())];
    assert_eq!(opened(&mut desk, "c", r#"{"hidden":true}"#, bots()), Err("bot_not_seated".to_owned()));
    assert_eq!(answers(&desk.asks(ada, &join("c"))), ["j room_not_found"]);
    assert_eq!(desk.disk.life("c").map(|history| history.records.len()), None, "nothing of it is kept");
    opened(&mut desk, "c", "{}", bots()).unwrap();
}
