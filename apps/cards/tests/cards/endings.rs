//! Every way a game ends, and the clock.

use crate::common::scene::{FOE, ME, fighter, scene};
use crate::common::{Game, begun, dealt, open};
use parlour_cards::{Action, Event, Reason, Refusal};
use parlour_room::{Acted, Seat, Table, Viewer};
use serde_json::json;

fn assert_over(game: &Game, winner: Option<Seat>, reason: Reason) {
    let view = game.view(Viewer::Spectator);
    let outcome = view.outcome.expect("the game is over");
    assert_eq!((outcome.winner, outcome.reason), (winner, reason));
    assert_eq!(game.ended().expect("the room is closed").outcome, reason.word());
    for heard in &game.heard {
        assert_eq!(heard.last(), Some(&Event::GameOver { winner, reason }));
    }
    assert!(view.to_act.is_empty() && view.clock.is_none() && view.choice.is_none());
    assert_eq!(game.check(ME, &Action::EndTurn {}), Err(Refusal::GameOver));
    assert_eq!(game.table.due_ms(), None);
}

#[test]
fn prizes_taken() {
    let given = scene(fighter("fizzbit"), fighter("snoozle").damage(80)).bench(FOE, &[fighter("mimble")]).points(ME, 3);
    let mut game = given.play(1);
    game.attack(0).unwrap();
    assert_over(&game, Some(ME), Reason::PrizesTaken);
}

#[test]
fn no_monsters() {
    let mut game = scene(fighter("fizzbit"), fighter("snoozle").damage(80)).play(1);
    game.attack(0).unwrap();
    assert_over(&game, Some(ME), Reason::NoMonsters);
}

#[test]
fn deck_empty() {
    let mut game = scene(fighter("fizzbit"), fighter("snoozle")).deck(FOE, &[]).play(1);
    game.end_turn();
    assert_over(&game, Some(ME), Reason::DeckEmpty);
}

#[test]
fn turn_limit() {
    let given = || scene(fighter("fizzbit"), fighter("snoozle")).config(json!({"turn_limit": 8}));
    let mut game = given().points(FOE, 1).play(1);
    game.end_turn();
    assert!(game.ended().is_none());
    game.end_turn();
    assert_over(&game, Some(FOE), Reason::TurnLimit);
    let mut game = given().play(1);
    game.end_turn();
    game.end_turn();
    assert_over(&game, None, Reason::Draw);
}

#[test]
fn both_winning_at_once_is_a_draw_and_who_wins_twice_over_wins() {
    let bomb = || fighter("burrowby/tunnelord").energy(&["tide", "tide", "tide"]).damage(100);
    let given = || scene(bomb(), fighter("burrowby").damage(10)).points(ME, 3).points(FOE, 3);
    let mut game = given().play(1);
    game.attack(0).unwrap();
    assert_over(&game, None, Reason::Draw);
    let mut game = given().bench(ME, &[fighter("mimble")]).play(1);
    game.attack(0).unwrap();
    assert_over(&game, Some(ME), Reason::PrizesTaken);
    let mut game = scene(bomb(), fighter("burrowby").damage(10)).points(FOE, 3).play(1);
    game.attack(0).unwrap();
    assert_over(&game, Some(FOE), Reason::PrizesTaken);
}

#[test]
fn resignation_on_and_off_turn_in_the_setup_and_under_a_forced_choice() {
    for seat in [ME, FOE] {
        let mut game = scene(fighter("fizzbit"), fighter("snoozle")).play(1);
        game.must(seat, Action::Resign {});
        assert_over(&game, Some(Seat(1 - seat.0)), Reason::Resignation);
        assert_eq!(game.act(seat, &Action::Resign {}).unwrap_err(), "ended");

        let mut game = scene(fighter("fizzbit"), fighter("mimble").damage(40)).bench(FOE, &[fighter("nutshrew")]).play(1);
        game.attack(0).unwrap();
        game.must(seat, Action::Resign {});
        assert_over(&game, Some(Seat(1 - seat.0)), Reason::Resignation);

        let mut game = dealt(json!({}), 1);
        game.must(seat, Action::Resign {});
        assert_over(&game, Some(Seat(1 - seat.0)), Reason::Resignation);
    }
}

#[test]
fn leaving_is_resigning() {
    let mut game = begun(json!({}), 1);
    game.leave(Seat(1));
    assert_over(&game, Some(Seat(0)), Reason::Resignation);
    game.leave(Seat(0));
    assert_over(&game, Some(Seat(0)), Reason::Resignation);
}

#[test]
fn leaving_the_setup_is_resigning_too() {
    let mut game = dealt(json!({}), 1);
    game.leave(Seat(0));
    assert_over(&game, Some(Seat(1)), Reason::Resignation);
}

#[test]
fn resigning_by_way_of_the_table_is_resigning() {
    for (user, winner) in [("ada", Seat(1)), ("bob", Seat(0))] {
        for mut game in [begun(json!({}), 1), dealt(json!({}), 1)] {
            let Ok(Acted::Played(_, played)) = game.table.resign(game.stamp(), user, Some("enough")) else {
                panic!("not played")
            };
            game.hear(&played);
            assert_over(&game, Some(winner), Reason::Resignation);
            let over = Event::GameOver { winner: Some(winner), reason: Reason::Resignation };
            assert!(game.heard.iter().all(|heard| heard.last() == Some(&over)), "both and who watches are told");
        }
    }
}

#[test]
fn resigning_before_anybody_came_ends_the_room_and_nobody_has_won() {
    let mut game = open(json!({}), 1).unwrap();
    game.join(Seat(0));
    assert!(matches!(game.table.resign(game.stamp(), "ada", None), Ok(Acted::Played(..))));
    assert_eq!(game.ended().unwrap().outcome, "resignation");
    assert_eq!(game.view(Viewer::Spectator).outcome, None);
}

#[test]
fn the_clock_warns_at_half_and_at_a_quarter_and_then_ends_the_game() {
    let mut game = begun(json!({"seconds_per_turn": 20}), 1);
    let seat = game.view(Viewer::Spectator).current.unwrap();
    let before = game.heard[2].len();
    game.pass_ms(9_999);
    assert_eq!(game.heard[2].len(), before);
    game.pass_ms(1);
    assert_eq!(game.heard[2].last(), Some(&Event::TurnWarning { seat, remaining_seconds: 10 }));
    game.pass_ms(4_999);
    assert_eq!(game.heard[2].len(), before + 1);
    game.pass_ms(1);
    assert_eq!(game.heard[2].last(), Some(&Event::TurnWarning { seat, remaining_seconds: 5 }));
    game.pass_ms(4_999);
    assert!(game.ended().is_none());
    game.pass_ms(1);
    assert_eq!(game.heard[2][before + 2], Event::TurnTimeout { seat });
    assert_over(&game, Some(Seat(1 - seat.0)), Reason::Timeout);
    game.pass_ms(100_000);
}

#[test]
fn acting_does_not_buy_time_but_the_next_turn_does() {
    let mut game = begun(json!({"seconds_per_turn": 20}), 1);
    let first = game.view(Viewer::Spectator).current.unwrap();
    let deadline = |game: &Game| game.view(Viewer::Spectator).clock.unwrap().deadline_ms;
    game.pass_ms(3_000);
    if let Some(play) = game.legal(first).into_iter().find(|action| matches!(action, Action::PlayBasic { .. })) {
        game.must(first, play);
    }
    assert_eq!(deadline(&game), 20_000);
    game.end_turn();
    assert_eq!(deadline(&game), 23_000);
}

#[test]
fn a_forced_choice_has_time_of_its_own_and_the_turn_goes_on_with_what_was_left() {
    let bench = [fighter("nutshrew")];
    let given = scene(fighter("burrowby"), fighter("mimble").damage(40)).bench(FOE, &bench).hand(ME, &["thistle_bomb"]);
    let mut game = given.config(json!({"seconds_per_turn": 20})).turn(6).play(1);
    // The scene begins with the clock of the setup: a turn that really begins sets it.
    game.end_turn();
    game.end_turn();
    let began = game.now_ms;
    let deadline = |game: &Game| game.view(Viewer::Spectator).clock.unwrap().deadline_ms - began;
    game.pass_ms(12_000);
    assert!(matches!(game.heard[0].last(), Some(Event::TurnWarning { seat: ME, remaining_seconds: 10 })));
    game.item("thistle_bomb", Some(game.active(FOE).id)).unwrap();
    assert_eq!(deadline(&game), 32_000);
    game.pass_ms(11_000);
    assert!(matches!(game.heard[0].last(), Some(Event::TurnWarning { seat: FOE, remaining_seconds: 10 })));
    let to = game.benched(FOE, 0).id;
    game.must(FOE, Action::ChooseActive { to });
    assert_eq!(deadline(&game), 31_000, "eight seconds were left");
    game.pass_ms(3_000);
    assert!(
        matches!(game.heard[0].last(), Some(Event::TurnWarning { seat: ME, remaining_seconds: 5 })),
        "no second warning at half"
    );
    game.pass_ms(5_000);
    assert_over(&game, Some(FOE), Reason::Timeout);
}

#[test]
fn who_does_not_choose_in_time_loses() {
    let given = scene(fighter("fizzbit"), fighter("mimble").damage(40)).bench(FOE, &[fighter("nutshrew")]);
    let mut game = given.config(json!({"seconds_per_turn": 20})).play(1);
    game.attack(0).unwrap();
    game.pass_ms(20_000);
    assert_over(&game, Some(ME), Reason::Timeout);
}

#[test]
fn who_is_not_ready_in_time_loses_and_if_nobody_is_nobody_wins() {
    let mut game = dealt(json!({"seconds_per_turn": 20}), 1);
    let place = game.legal(Seat(1)).remove(0);
    game.must(Seat(1), place);
    game.must(Seat(1), Action::Ready {});
    game.pass_ms(20_000);
    assert_over(&game, Some(Seat(1)), Reason::Timeout);
    let mut game = dealt(json!({"seconds_per_turn": 20}), 1);
    game.pass_ms(10_000);
    assert_eq!(game.heard[2].iter().filter(|event| matches!(event, Event::TurnWarning { .. })).count(), 2);
    game.pass_ms(10_000);
    assert_over(&game, None, Reason::Timeout);
}

#[test]
fn a_room_put_away_and_loaded_again_has_lost_no_time() {
    let mut game = begun(json!({"seconds_per_turn": 20}), 1);
    game.pass_ms(12_000);
    let mut table = Table::restore(&game.table.snapshot()).expect("its own snapshot");
    table.wake(parlour_room::Stamp { at_ms: 0, ts_ms: 1_000_000_000 }).expect("it wakes");
    game.table = table;
    assert_eq!(game.table.due_ms(), Some(15_000));
    game.pass_ms(8_000);
    assert_eq!(game.ended().unwrap().outcome, "timeout");
}
