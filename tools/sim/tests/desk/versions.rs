//! A room is played by the rules it was recorded under, by others that take it over and say so, or not at all.

use parlour_engine::io::{Call, ConnId, Reply};
use parlour_engine::rebuild::Broken;
use parlour_engine::replay::{Eyes, replay, verify};
use parlour_engine::schema::{KindError, Kinds};
use parlour_room::{Cause, Dice, Empty, Hash64, Migrated, Old, Refused, Room, Seat, Seats, Turn, Unmigrated, Viewer};
use parlour_room::{kept, room, wire};
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

/// The rules as they were: they count by ones.
const ONES: u32 = 1;
/// They count by tens, and take over what was counted by ones.
const TENS: u32 = 2;
/// They count by tens, and take nothing over.
const CLOSED: u32 = 3;
/// The rules as they were, with another content.
const OTHER_CONTENT: u32 = 4;

#[kept]
struct Tally<const V: u32> {
    count: u64,
}

#[wire(action)]
enum Action {
    Add,
}

#[wire(event)]
enum Event {
    Counted { count: u64 },
}

#[room]
impl<const V: u32> Room for Tally<V> {
    const RULES: u32 = if V == ONES || V == OTHER_CONTENT { 1 } else { 2 };

    fn content() -> Hash64 {
        Hash64(if V == OTHER_CONTENT { 7 } else { 0 })
    }

    fn migrate(old: Old) -> Result<Migrated<Self>, Unmigrated> {
        if V != TENS {
            return Err(Unmigrated::because("nothing is taken over"));
        }
        let Self { count } = old.state()?;
        Migrated::with(&old, Self { count: count * 10 })
    }

    fn seats(_: &Empty) -> Seats {
        Seats::Open(4)
    }

    fn open(_: Empty, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { count: 0 })
    }

    fn check(&self, _: Seat, _: &Action) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, _: Seat, _: Action, turn: &mut Turn<Self>) {
        self.count += if V == ONES || V == OTHER_CONTENT { 1 } else { 10 };
        turn.tell(Event::Counted { count: self.count });
    }

    fn view(&self, _: Viewer) -> u64 {
        self.count
    }
}

fn kinds<const V: u32>() -> Kinds {
    Kinds::new().with::<Tally<V>>().expect("it can be spoken")
}

fn both() -> Kinds {
    kinds::<ONES>().with::<Tally<CLOSED>>().expect("other rules of the same kind")
}

fn join(room: &str) -> Value {
    json!({"type": "join_room", "ref": "j", "payload": {"room_id": room}})
}

fn add(id: &str) -> Value {
    json!({"type": "action", "ref": id, "id": id, "room": "a", "payload": {"type": "add"}})
}

/// The code of the answer, or `ok`.
fn code(heard: &[Value]) -> String {
    let ack = heard.iter().find(|said| said["type"] == "ack").unwrap_or_else(|| panic!("no answer in {heard:?}"));
    ack["payload"]["code"].as_str().unwrap_or("ok").to_owned()
}

fn view(heard: &[Value]) -> Option<u64> {
    heard.iter().rev().find(|said| said["type"] == "view").and_then(|said| said["payload"].as_u64())
}

fn shown(desk: &mut Desk) -> Value {
    match desk.calls(Call::Show("a".to_owned())) {
        Reply::Done { body, .. } => serde_json::from_str(&body).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

fn causes(desk: &Desk) -> Vec<Cause> {
    desk.disk.life("a").expect("it was opened").records.iter().map(|record| record.cause).collect()
}

/// A room in which three were counted by ones. `in_good_order`: its server was stopped, and left a snapshot.
fn counted(in_good_order: bool) -> (Desk, ConnId) {
    let mut desk = Desk::new(kinds::<ONES>());
    let ada = desk.connects("ada");
    desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "tally", "room_id": "a"}}));
    desk.asks(ada, &join("a"));
    for id in ["1", "2", "3"] {
        assert_eq!(code(&desk.asks(ada, &add(id))), "ok");
    }
    if in_good_order {
        desk.drains();
        desk.turns();
    }
    (desk, ada)
}

#[test]
fn a_room_of_other_rules_is_unavailable_and_says_why_and_is_still_listed() {
    for (in_good_order, others) in [(true, kinds::<CLOSED>()), (false, kinds::<TENS>()), (true, kinds::<OTHER_CONTENT>())] {
        let (mut desk, _) = counted(in_good_order);
        desk.restarts(others);
        let ada = desk.connects("ada");
        let records = causes(&desk).len();
        for request in [join("a"), add("4"), json!({"type": "legal", "ref": "l", "room": "a"})] {
            let heard = desk.asks(ada, &request);
            assert_eq!((code(&heard).as_str(), &heard[0]["payload"]["kind"]), ("other_rules", &json!("unavailable")));
            assert_eq!(heard[0]["payload"]["retry"], false);
        }
        assert_eq!((&shown(&mut desk)["status"], &shown(&mut desk)["reason"]), (&json!("frozen"), &json!("other_rules")));
        let Reply::Done { body, .. } = desk.calls(Call::List(vec!["a".to_owned()])) else { panic!() };
        assert!(body.contains(r#""reason":"other_rules""#), "{body}");
        assert!(desk.notes.iter().any(|note| note.contains("was recorded under rules 1 of \"tally\"")), "{:?}", desk.notes);
        assert_eq!(causes(&desk).len(), records, "nothing was recorded");
    }
}

#[test]
fn what_the_operator_is_told_says_what_can_be_done() {
    let note = |in_good_order, others: Kinds| {
        let (mut desk, _) = counted(in_good_order);
        desk.restarts(others);
        let ada = desk.connects("ada");
        desk.asks(ada, &join("a"));
        desk.notes.pop().expect("the operator is told")
    };
    assert!(note(true, kinds::<CLOSED>()).ends_with("this server has rules 2 of \"tally\", and nothing is taken over"));
    let killed = note(false, kinds::<TENS>());
    assert!(killed.contains("register them, or let the server that has them stop in good order"), "{killed}");
}

#[test]
fn with_the_old_rules_registered_as_well_a_room_plays_on_by_them_and_new_ones_open_under_the_newest() {
    for in_good_order in [true, false] {
        let (mut desk, _) = counted(in_good_order);
        desk.restarts(both());
        let ada = desk.connects("ada");
        assert_eq!(view(&desk.asks(ada, &join("a"))), Some(3));
        assert_eq!(view(&desk.asks(ada, &add("4"))), Some(4), "by ones");
        assert_eq!(shown(&mut desk)["rules"], 1);
        assert!(!causes(&desk).contains(&Cause::Migrated));
        desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "tally", "room_id": "b"}}));
        assert_eq!(desk.disk.life("b").expect("it was opened").row.expect("it is listed").rules, 2);
    }
}

#[test]
fn the_same_rules_are_not_registered_twice() {
    let twice = both().with::<Tally<TENS>>().err().expect("CLOSED are rules 2 as well");
    assert!(matches!(twice, KindError::Twice(_)));
    assert!(both().with::<Tally<OTHER_CONTENT>>().is_ok(), "the same rules with another content are others");
}

#[test]
fn a_room_that_is_taken_over_goes_on_says_so_and_needs_the_old_rules_no_more() {
    let (mut desk, _) = counted(true);
    desk.restarts(kinds::<TENS>());
    let ada = desk.connects("ada");
    assert_eq!(view(&desk.asks(ada, &join("a"))), Some(30));
    assert_eq!(view(&desk.asks(ada, &add("4"))), Some(40), "by tens");
    assert_eq!(code(&desk.asks(ada, &add("3"))), "ok", "what was done before is remembered");
    assert_eq!(view(&desk.asks(ada, &add("5"))), Some(50), "and was not done again");
    assert_eq!(shown(&mut desk)["rules"], 2);
    assert_eq!(causes(&desk).iter().filter(|cause| **cause == Cause::Migrated).count(), 1);
    // Killed and started again, with nothing but the new rules.
    desk.restarts(kinds::<TENS>());
    let ada = desk.connects("ada");
    assert_eq!(view(&desk.asks(ada, &join("a"))), Some(50));
    assert_eq!(causes(&desk).iter().filter(|cause| **cause == Cause::Migrated).count(), 1, "it is taken over once");
}

#[test]
fn replay_and_verifying_work_across_it_with_the_old_rules_and_without() {
    let (mut desk, _) = counted(true);
    desk.restarts(kinds::<TENS>());
    let ada = desk.connects("ada");
    desk.asks(ada, &join("a"));
    desk.asks(ada, &add("4"));
    let history = desk.disk.load("a").expect("it is there");
    let records = desk.disk.life("a").expect("it is there").records;
    let before = u64::try_from(records.iter().take_while(|record| record.cause != Cause::Migrated).count()).unwrap();
    let all = u64::try_from(records.len()).unwrap();

    let without = verify(&kinds::<TENS>(), "a", &records, &history).expect("it verifies");
    assert_eq!((without.records, without.unplayed), (all - before, before));
    let old_and_new = kinds::<ONES>().with::<Tally<TENS>>().expect("both");
    let with = verify(&old_and_new, "a", &records, &history).expect("it verifies");
    assert_eq!((with.records, with.unplayed, with.hash), (all, 0, without.hash));
    let lines = replay(&kinds::<TENS>(), "a", &records, None, Eyes::Records).expect("it replays").lines;
    let line = |number: u64| lines[usize::try_from(number).unwrap()].as_str();
    assert!(line(0).contains(r#""unplayed":"recorded under rules 1 of \"tally\"""#), "{}", line(0));
    assert!(line(before).contains(r#""cause":"migrated""#) && line(before).contains("seed_hash"), "{}", line(before));
    assert!(lines.iter().all(|line| !line.contains("\"seed\"")), "the seed is in the journal alone");
    let spectator = replay(&old_and_new, "a", &records, None, Eyes::Viewer(Viewer::Spectator)).expect("it replays").lines;
    assert!(spectator[0].contains(r#""count":1"#) && spectator[3].contains(r#""count":40"#), "{spectator:?}");

    // A migration that does something else today is found; rules that are nowhere are named.
    let mut forged = records.clone();
    let at = usize::try_from(before).unwrap();
    forged[at].input = forged[at].input.replace("\"count\":30", "\"count\":31");
    assert!(matches!(verify(&old_and_new, "a", &forged, &history), Err(Broken::Diverged(_))));
    assert!(matches!(verify(&kinds::<CLOSED>(), "a", &records[..at], &history), Err(Broken::OtherRules(1, ..))));
}
