//! Coming to the table, the deal, and placing monsters face down.

use crate::common::{Game, SEATS, USERS, begun, dealt, open};
use parlour_cards::{Action, Event, Face, Phase};
use parlour_room::{Seat, Viewer};
use serde_json::json;

/// A deck with a single basic in it.
fn one_basic() -> Vec<&'static str> {
    let others = Face::all().filter(|face| !face.is_basic()).map(Face::key);
    std::iter::once("mimble").chain(others).take(40).collect()
}

#[test]
fn nothing_is_dealt_before_both_are_there() {
    let mut game = open(json!({}), 1).unwrap();
    game.join(Seat(1));
    assert_eq!(game.view(Viewer::Seat(Seat(1))).phase, Phase::Waiting);
    assert!(game.heard[2].is_empty() && game.legal(Seat(1)).is_empty());
    assert_eq!(game.act(Seat(1), &Action::Ready {}).unwrap_err(), "not_started");
    assert_eq!(game.act(Seat(1), &Action::Resign {}).unwrap_err(), "not_started");
    game.leave(Seat(1));
    game.join(Seat(0));
    assert_eq!(game.view(Viewer::Spectator).phase, Phase::Waiting, "who left is not there");
    game.join(Seat(1));
    assert_eq!(game.view(Viewer::Spectator).phase, Phase::Setup);
    assert!(game.ended().is_none());
}

#[test]
fn everybody_gets_five_cards_of_which_one_is_basic() {
    for seed in 0..200 {
        let game = dealt(json!({"decks": [{"cards": one_basic()}, "storm"]}), seed);
        for seat in SEATS {
            let hand = game.hand_faces(seat);
            assert_eq!(hand.len(), 5);
            assert!(hand.iter().any(|face| face.is_basic()), "seed {seed}, seat {seat}");
        }
    }
}

#[test]
fn the_dice_choose_who_begins() {
    let begins = |seed| dealt(json!({}), seed).view(Viewer::Spectator).current.unwrap();
    assert_eq!((0..20).map(begins).collect::<std::collections::BTreeSet<_>>().len(), 2);
}

#[test]
fn what_is_placed_is_seen_by_its_player_and_counted_by_the_others() {
    let mut game = dealt(json!({"decks": ["ember", "tide"]}), 5);
    let place = game.legal(Seat(0)).remove(0);
    game.must(Seat(0), place);
    let placed: Vec<_> = [0, 1, 2].map(|viewer| game.heard[viewer].last().cloned().unwrap()).into();
    assert!(matches!(&placed[0], Event::Placed { card: Some(_), face_down: 1, .. }));
    assert!(matches!(&placed[1], Event::Placed { card: None, face_down: 1, .. }));
    assert_eq!(placed[1], placed[2]);
    assert_eq!(game.view(Viewer::Seat(Seat(0))).you.unwrap().face_down.len(), 1);
    let side = &game.view(Viewer::Seat(Seat(1))).sides[0];
    assert_eq!((side.face_down, side.hand, side.active.is_none()), (1, 4, true));
}

#[test]
fn setting_up_has_its_own_refusals() {
    let mut game = dealt(json!({"decks": [{"cards": one_basic()}, "tide"]}), 5);
    assert_eq!(game.act(Seat(0), &Action::Ready {}).unwrap_err(), "place_one_first");
    assert_eq!(game.act(Seat(0), &Action::EndTurn {}).unwrap_err(), "setup_first");
    let hand = game.view(Viewer::Seat(Seat(0))).you.unwrap().hand;
    let other = hand.iter().find(|card| !card.card.is_basic()).unwrap().id.clone();
    assert_eq!(game.act(Seat(0), &Action::Place { card: other }).unwrap_err(), "not_a_basic");
    let theirs = game.view(Viewer::Seat(Seat(1))).you.unwrap().hand[0].id.clone();
    assert_eq!(game.act(Seat(0), &Action::Place { card: theirs }).unwrap_err(), "no_such_card");
    let place = game.legal(Seat(0)).remove(0);
    game.must(Seat(0), place.clone());
    assert_eq!(game.act(Seat(0), &place).unwrap_err(), "no_such_card");
    game.must(Seat(0), Action::Ready {});
    assert_eq!(game.act(Seat(0), &Action::Ready {}).unwrap_err(), "already_ready");
    assert!(game.legal(Seat(0)).is_empty());
}

#[test]
fn when_both_are_ready_in_any_order_everything_is_turned_up_and_the_first_turn_begins() {
    let mut game = dealt(json!({}), 5);
    let first = game.view(Viewer::Spectator).current.unwrap();
    for seat in [Seat(1), Seat(0)] {
        while let Some(place) = game.legal(seat).into_iter().find(|action| matches!(action, Action::Place { .. })) {
            game.must(seat, place);
        }
        assert_eq!(game.view(Viewer::Spectator).phase, Phase::Setup);
        game.must(seat, Action::Ready {});
    }
    let view = game.view(Viewer::Spectator);
    assert_eq!((view.phase, view.turn, view.current), (Phase::Main, 1, Some(first)));
    for side in &view.sides {
        assert!(side.active.is_some() && side.face_down == 0 && side.bench.len() <= 3);
        assert_eq!(side.hand as usize + 1 + side.bench.len(), if side.seat == first { 6 } else { 5 });
    }
    assert_eq!(game.heard[2].iter().filter(|event| matches!(event, Event::Revealed { .. })).count(), 2);
}

#[test]
fn only_four_can_be_placed() {
    let basics = Face::all().filter(|face| face.is_basic()).flat_map(|face| [face.key(); 2]);
    let deck: Vec<&str> = basics.chain(["war_drum", "spyglass"]).collect();
    let deals = (0..100).map(|seed| dealt(json!({"decks": [{"cards": deck}, "tide"]}), seed));
    let mut game =
        deals.into_iter().find(|game| game.hand_faces(Seat(0)).iter().all(|face| face.is_basic())).expect("five basics");
    for _ in 0..4 {
        let place = game.legal(Seat(0)).remove(0);
        game.must(Seat(0), place);
    }
    let fifth = game.view(Viewer::Seat(Seat(0))).you.unwrap().hand[0].id.clone();
    assert_eq!(game.act(Seat(0), &Action::Place { card: fifth }).unwrap_err(), "bench_full");
}

#[test]
fn a_nonce_changes_the_deal() {
    let [one, other] = [Some("a"), Some("b")].map(|nonce| {
        let mut game = open(json!({}), 1).unwrap();
        for (seat, user) in SEATS.into_iter().zip(USERS) {
            let who = parlour_room::Who { user, name: user, bot: false };
            game.table.join(game.stamp(), parlour_room::Joining { who, bot: None, seat: Some(seat), nonce }).unwrap();
        }
        game.hand_faces(Seat(0))
    });
    assert_ne!(one, other);
}

#[test]
fn a_begun_game_is_on_the_clock_of_its_first_player() {
    let game = begun(json!({"seconds_per_turn": 20}), 1);
    assert_eq!(game.view(Viewer::Spectator).clock.unwrap().deadline_ms, 20_000);
}

impl Game {
    fn hand_faces(&self, seat: Seat) -> Vec<Face> {
        self.view(Viewer::Seat(seat)).you.expect("a player").hand.into_iter().map(|card| card.card).collect()
    }
}
