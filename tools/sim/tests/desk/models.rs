//! Models on seats: they think outside the shard, for as long as they may, about the position as it is.

use parlour_engine::io::{AskBot, ConnId};
use parlour_engine::limits::Limits;
use parlour_room::{Cause, Model};
use parlour_sim::desk::Desk;
use serde_json::json;

/// Only its name counts here: the desk asks nobody.
struct Thinker;

impl Model for Thinker {
    fn choose(&self, _view: &str, _legal: &[String]) -> Result<String, String> {
        Err("nobody asks it".to_owned())
    }
}

/// A lounge where Ada sits with a model on seat 1.
fn desk() -> (Desk, ConnId) {
    let mut desk = Desk::new(parlour_sim::kinds().with_bots(|bots| bots.add_model("thinker", Thinker)));
    let ada = desk.connects("ada");
    let payload = json!({"kind": "lounge", "room_id": "a", "bots": {"1": "thinker"}});
    desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": payload}));
    desk.asks(ada, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a"}}));
    (desk, ada)
}

fn whispers(desk: &mut Desk, ada: ConnId) {
    let whisper = json!({"type": "whisper", "to": 0, "text": "hm"});
    let heard = desk.asks(ada, &json!({"type": "action", "ref": "a", "room": "a", "payload": whisper}));
    assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
}

/// What the model has done.
fn acted(desk: &Desk) -> usize {
    let records = desk.disk.life("a").expect("it was opened").records;
    records.iter().filter(|record| record.cause == Cause::Action && record.input.contains("bot:thinker:1")).count()
}

fn last(desk: &Desk) -> AskBot {
    desk.asked.last().expect("it was asked").clone()
}

#[test]
fn the_room_goes_on_while_a_model_thinks_and_only_its_answer_to_the_last_position_counts() {
    let (mut desk, ada) = desk();
    let old = last(&desk);
    whispers(&mut desk, ada);
    let new = last(&desk);
    assert_ne!(old.ask, new.ask);
    desk.bot_answers(old.ask, &old.legal[0]);
    assert_eq!(acted(&desk), 0);
    desk.bot_answers(new.ask, &new.legal[0]);
    assert_eq!(acted(&desk), 1);
    desk.bot_answers(new.ask, &new.legal[0]);
    assert_eq!(acted(&desk), 1);
}

#[test]
fn a_model_that_thinks_too_long_is_asked_again_and_then_chance_decides() {
    let limits = Limits::default();
    let (mut desk, _) = desk();
    for _ in 1..limits.bot_retries {
        let before = last(&desk).ask;
        desk.passes(limits.bot_ms);
        assert_ne!(last(&desk).ask, before);
        assert_eq!(acted(&desk), 0);
    }
    let late = last(&desk);
    desk.passes(limits.bot_ms);
    assert_eq!(acted(&desk), 1);
    desk.bot_answers(late.ask, &late.legal[0]);
    assert_eq!(acted(&desk), 1, "it is too late");
}

#[test]
fn nonsense_counts_as_a_refusal_and_then_chance_decides() {
    let (mut desk, _) = desk();
    for _ in 0..=Limits::default().bot_retries {
        assert_eq!(acted(&desk), 0);
        let ask = last(&desk).ask;
        desk.bot_answers(ask, r#"{"type":"win"}"#);
    }
    assert_eq!(acted(&desk), 1);
}
