//! What may be chosen on opening, and what is refused.

use crate::common::open;
use parlour_cards::{Config, DeckChoice, Face, deck_named};
use parlour_room::Rejected;
use serde_json::{Value, json};

fn code(config: Value) -> String {
    match open(config, 1).map(drop) {
        Ok(()) => "opened".to_owned(),
        Err(Rejected::Illegal(refusal)) => refusal.code,
        Err(Rejected::Invalid) => "invalid".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

fn listed(cards: &[&str]) -> Value {
    json!({"decks": ["ember", {"cards": cards}]})
}

#[test]
fn everything_has_a_default() {
    let config: Config = serde_json::from_value(json!({})).unwrap();
    assert_eq!(
        config,
        Config { decks: None, seconds_per_turn: 90, turn_limit: 30, points_to_win: 4, grace_seconds: 60, rematches: 0 }
    );
    assert_eq!(code(json!({})), "opened");
}

#[test]
fn every_choice_out_of_range_has_a_reason_of_its_own() {
    for bad in [0, 3601] {
        assert_eq!(code(json!({"seconds_per_turn": bad})), "bad_seconds_per_turn");
    }
    for bad in [0, 1, 201] {
        assert_eq!(code(json!({"turn_limit": bad})), "bad_turn_limit");
    }
    for bad in [0, 11] {
        assert_eq!(code(json!({"points_to_win": bad})), "bad_points_to_win");
    }
    for bad in [0, 3601] {
        assert_eq!(code(json!({"grace_seconds": bad})), "bad_grace_seconds");
    }
    assert_eq!(code(json!({"rematches": 10})), "bad_rematches");
    for good in [json!({"seconds_per_turn": 1}), json!({"turn_limit": 200}), json!({"points_to_win": 10, "rematches": 9})] {
        assert_eq!(code(good), "opened");
    }
}

#[test]
fn a_deck_is_forty_known_cards_two_of_a_name_and_one_basic() {
    let good: Vec<&str> = deck_named("grove").unwrap().into_iter().map(Face::key).collect();
    assert_eq!(code(listed(&good)), "opened");
    assert_eq!(code(listed(&good[1..])), "bad_deck_size");
    let with = |card| [&good[1..], &[card]].concat();
    assert_eq!(code(listed(&with("thunderjack"))), "opened");
    assert_eq!(code(listed(&with("unicorn"))), "unknown_card");
    assert_eq!(code(listed(&with(good[39]))), "too_many_copies");
    let dull: Vec<&str> = Face::all().filter(|face| !face.is_basic()).map(Face::key).take(40).collect();
    assert_eq!(code(listed(&dull)), "no_basic_in_deck");
    assert_eq!(code(json!({"decks": ["ember", "unicorn"]})), "unknown_deck");
}

#[test]
fn what_is_not_a_configuration_does_not_decode() {
    let bad = [
        json!({"speed": 1}),
        json!({"turn_limit": -1}),
        json!({"turn_limit": "30"}),
        json!({"points_to_win": 1.5}),
        json!({"decks": ["ember"]}),
        json!({"decks": ["ember", {"cards": [], "name": "mine"}]}),
        json!(7),
    ];
    for config in bad {
        assert_eq!(code(config.clone()), "invalid", "{config}");
    }
}

#[test]
fn a_refusal_says_which_seat_and_what_is_wrong() {
    let Err(Rejected::Illegal(refusal)) = open(json!({"decks": ["ember", "unicorn"]}), 1).map(drop) else { panic!("opened") };
    assert_eq!(refusal.message, "seat 1: there is no ready-made deck \"unicorn\"");
    assert_eq!(refusal.details.unwrap().as_ref(), r#"{"deck":"unicorn","seat":1}"#);
}

#[test]
fn a_view_tells_the_rules_but_not_what_is_in_a_listed_deck() {
    let cards: Vec<String> = deck_named("grove").unwrap().into_iter().map(String::from).collect();
    let decks = Some([DeckChoice::Listed { cards }, DeckChoice::Named("storm".to_owned())]);
    let game = open(serde_json::to_value(Config { decks, ..Config::default() }).unwrap(), 1).unwrap();
    let rules = game.view(crate::common::VIEWERS[2]).config;
    assert_eq!(
        serde_json::to_value(rules).unwrap(),
        json!({
            "decks": ["listed", "storm"], "seconds_per_turn": 90, "turn_limit": 30, "points_to_win": 4, "grace_seconds": 60,
            "rematches": 0,
        })
    );
}
