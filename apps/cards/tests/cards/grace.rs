//! A connection that is lost: time runs, both see it, and it stops when the player is back.

use crate::common::{SEATS, VIEWERS, begun, dealt, open};
use parlour_cards::{Event, Outcome, Reason};
use parlour_room::Seat;
use serde_json::json;

const ADA: Seat = SEATS[0];
const BOB: Seat = SEATS[1];

fn table() -> crate::common::Game {
    begun(json!({"grace_seconds": 20, "seconds_per_turn": 600}), 1)
}

#[test]
fn who_does_not_come_back_in_time_forfeits_and_both_are_told_how_long() {
    let mut game = table();
    game.pass_ms(1_000);
    game.present(BOB, false);
    for (number, viewer) in VIEWERS.into_iter().enumerate() {
        assert_eq!(game.heard[number].last(), Some(&Event::Away { seat: BOB, seconds: 20 }));
        assert_eq!(game.view(viewer).sides[1].away.as_ref().map(|clock| clock.deadline_ms), Some(21_000));
        assert_eq!(game.view(viewer).sides[0].away, None);
    }
    game.pass_ms(19_999);
    assert!(game.ended().is_none());
    game.pass_ms(1);
    let outcome = game.view(VIEWERS[2]).outcome;
    assert_eq!(outcome, Some(Outcome { winner: Some(ADA), reason: Reason::Forfeit }));
    assert_eq!(game.ended().unwrap().outcome, "forfeit");
    assert!(game.heard[2].contains(&Event::Forfeited { seat: BOB }));
}

#[test]
fn coming_back_stops_the_time_and_going_again_begins_it_anew() {
    let mut game = table();
    for _ in 0..3 {
        game.present(BOB, false);
        game.pass_ms(15_000);
        game.present(BOB, true);
        assert_eq!(game.heard[0].last(), Some(&Event::Back { seat: BOB }));
        assert_eq!(game.view(VIEWERS[0]).sides[1].away, None);
    }
    game.pass_ms(100_000);
    assert!(game.ended().is_none());
}

#[test]
fn if_nobody_is_there_when_the_time_is_over_nobody_wins() {
    let mut game = table();
    game.present(BOB, false);
    game.pass_ms(5_000);
    game.present(ADA, false);
    game.pass_ms(15_000);
    assert_eq!(game.view(VIEWERS[2]).outcome, Some(Outcome { winner: None, reason: Reason::Forfeit }));
}

#[test]
fn before_the_cards_are_dealt_nobody_forfeits_and_then_who_is_away_has_the_whole_time() {
    let mut game = open(json!({"grace_seconds": 20}), 1).unwrap();
    game.join(ADA);
    game.present(ADA, false);
    game.pass_ms(1_000_000);
    assert!(game.ended().is_none() && game.heard[2].is_empty());
    game.join(BOB);
    assert_eq!(game.heard[2].last(), Some(&Event::Away { seat: ADA, seconds: 20 }));
    assert_eq!(game.view(VIEWERS[1]).sides[0].away.as_ref().map(|clock| clock.deadline_ms), Some(1_020_000));
    game.pass_ms(20_000);
    assert_eq!(game.view(VIEWERS[2]).outcome, Some(Outcome { winner: Some(BOB), reason: Reason::Forfeit }));
}

#[test]
fn the_turn_clock_runs_on_while_somebody_is_away() {
    let mut game = dealt(json!({"grace_seconds": 60, "seconds_per_turn": 10}), 1);
    game.present(BOB, false);
    game.pass_ms(10_000);
    assert_eq!(game.ended().unwrap().outcome, "timeout");
}
