//! What crosses the wire: names, schemas, unknown fields, texts.

use crate::common::{Game, begun};
use parlour_cards::{Action, CardText, Cards, Config, Event, Refusal, View, catalogue};
use parlour_room::{Room, Wire};
use schemars::schema_for;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const RESERVED: &[&str] = &[
    "auth",
    "ping",
    "pong",
    "connected",
    "ack",
    "error",
    "view",
    "patch",
    "join_room",
    "leave_room",
    "open_room",
    "list_rooms",
    "find_room",
    "action",
    "batch",
    "legal",
    "history",
    "subscribe",
    "unsubscribe",
    "user_joined",
    "user_left",
    "room_update",
    "moved",
    "closing",
    "topic",
    "resumed",
];

/// The names of an enum's variants, from its schema.
fn names(schema: &Value, tag: &str) -> Vec<String> {
    let variants = schema["oneOf"].as_array().expect("an enum");
    variants.iter().map(|variant| variant["properties"][tag]["const"].as_str().expect("a tag").to_owned()).collect()
}

#[test]
fn no_name_is_one_of_the_systems() {
    for schema in [schema_for!(Action).to_value(), schema_for!(Event).to_value()] {
        let names = names(&schema, "type");
        assert!(names.iter().all(|name| !RESERVED.contains(&name.as_str()) && !name.starts_with("parlour_")), "{names:?}");
    }
}

#[test]
fn nothing_sent_depends_on_the_machine() {
    fn schema<T: Wire>() -> String {
        schema_for!(T).to_value().to_string()
    }
    for schema in [schema::<Config>(), schema::<Action>(), schema::<Event>(), schema::<View>(), schema::<Refusal>()] {
        for machine in [r#""format":"uint""#, r#""format":"int""#, r#""format":"float""#, r#""format":"double""#] {
            assert!(!schema.contains(machine), "{machine} in {schema}");
        }
    }
}

#[test]
fn an_action_with_a_field_too_many_or_too_few_does_not_decode() {
    let mut game: Game = begun(json!({}), 1);
    let seat = game.view(crate::common::VIEWERS[2]).to_act[0];
    let bad = [
        json!({"type": "end_turn", "now": true}),
        json!({"type": "ready", "card": "x"}),
        json!({"type": "attack"}),
        json!({"type": "attack", "attack": -1}),
        json!({"type": "attack", "attack": 0, "target": 7}),
        json!({"type": "evolve", "card": "x"}),
        json!({"type": "cheat"}),
        json!({"attack": 0}),
        json!("end_turn"),
        json!([]),
    ];
    for action in bad {
        assert_eq!(game.act_json(seat, &action.to_string()).unwrap_err(), "invalid", "{action}");
    }
    game.act_json(seat, r#"{"type":"end_turn"}"#).unwrap();
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_a_text() {
    let codes = names(&schema_for!(Refusal).to_value(), "code");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    println!("{codes:?}");
    assert_eq!(Refusal::NotYourTurn.to_string(), "it is not your turn");
    assert_eq!(serde_json::to_value(Refusal::NotYourTurn).unwrap(), json!({"code": "not_your_turn"}));
}

#[test]
fn actions_have_a_text_for_people() {
    let attack = Action::Attack { attack: 1, target: Some("abc".into()) };
    assert_eq!(attack.to_string(), "attack with attack 1 at abc");
    assert_eq!(Action::EndTurn {}.to_string(), "end the turn");
}

#[test]
fn the_catalogue_has_every_card_once_with_a_text_and_reads_back() {
    fn wire<T: Wire>() {}
    wire::<CardText>();
    let cards = catalogue();
    assert!(cards.len() >= 30);
    let keys: BTreeSet<_> = cards.iter().map(|card| card.card).collect();
    let names: BTreeSet<_> = cards.iter().map(|card| &card.name).collect();
    assert_eq!((keys.len(), names.len()), (cards.len(), cards.len()));
    let text = serde_json::to_string(&cards).unwrap();
    assert_eq!(serde_json::from_str::<Vec<CardText>>(&text).unwrap(), cards);
    assert!(!text.contains(r#""text":""}"#) || text.contains("attacks"), "only attacks may say nothing more");
}

#[test]
fn a_view_is_small() {
    let mut largest = 0;
    for number in 0..20 {
        let mut dice = parlour_room::Dice::from_number(number);
        let mut game = crate::common::dealt(crate::common::some_config(&mut dice), number);
        game.play_out(&mut dice);
        largest = largest.max(game.table.view_json(crate::common::VIEWERS[0]).unwrap().len());
    }
    println!("the largest view: {largest} bytes");
    assert!(largest < 12_000);
    assert_eq!(Cards::KIND, "cards");
}
