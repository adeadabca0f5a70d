//! Another game at the same table.

use crate::common::{Game, SEATS, VIEWERS, begun};
use parlour_cards::{Action, Event, Phase, Reason};
use parlour_room::{Dice, Seat};
use serde_json::json;

const ADA: Seat = SEATS[0];
const BOB: Seat = SEATS[1];

/// A table where Bob has just given up the first of three games.
fn table() -> Game {
    let mut game = begun(json!({"rematches": 2}), 1);
    game.must(BOB, Action::Resign {});
    game
}

fn first(game: &Game) -> Vec<Seat> {
    let first = |event: &Event| if let Event::GameBegun { first, .. } = event { Some(*first) } else { None };
    game.heard[2].iter().filter_map(first).collect()
}

#[test]
fn if_both_agree_the_cards_are_dealt_anew_and_the_other_begins() {
    let mut game = table();
    let view = game.view(VIEWERS[0]);
    assert_eq!((view.phase, view.to_act, view.wins, view.game), (Phase::Rematch, SEATS.to_vec(), [1, 0], 1));
    assert_eq!(game.heard[1].last(), Some(&Event::RematchOffered { seconds: 60, left: 2 }));
    assert_eq!(game.legal(ADA), [Action::Rematch {}, Action::DeclineRematch {}]);
    assert_eq!(game.act(BOB, &Action::Resign {}), Err("game_over".to_owned()));
    game.must(ADA, Action::Rematch {});
    assert_eq!((game.view(VIEWERS[1]).agreed, game.legal(ADA).len()), (vec![ADA], 0));
    assert_eq!(game.act(ADA, &Action::DeclineRematch {}), Err("already_agreed".to_owned()));
    game.must(BOB, Action::Rematch {});
    let view = game.view(VIEWERS[0]);
    assert_eq!((view.phase, view.game, view.wins, view.outcome), (Phase::Setup, 2, [1, 0], None));
    assert_eq!((view.sides[0].hand, view.sides[0].deck, view.sides[1].points), (5, 35, 0));
    let [before, now] = first(&game)[..] else { panic!("two games") };
    assert_ne!(before, now);
    assert_eq!(game.act(ADA, &Action::Rematch {}), Err("no_rematch".to_owned()));
    game.pass_ms(60_000);
    assert_eq!(game.view(VIEWERS[0]).phase, Phase::Setup, "the offer's time runs no more");
}

#[test]
fn after_the_last_game_the_table_closes() {
    let mut game = table();
    for number in 2..=3 {
        SEATS.into_iter().for_each(|seat| drop(game.must(seat, Action::Rematch {})));
        game.must(ADA, Action::Resign {});
        assert_eq!(game.ended().is_some(), number == 3);
    }
    let view = game.view(VIEWERS[2]);
    assert_eq!((view.phase, view.wins, view.game), (Phase::Over, [1, 2], 3));
    assert_eq!(game.ended().unwrap().outcome, "resignation");
}

#[test]
fn the_table_closes_if_one_declines_or_leaves_or_does_not_answer_in_time() {
    let ways: [fn(&mut Game); 4] = [
        |game| drop(game.must(BOB, Action::DeclineRematch {})),
        |game| drop(game.table.resign(game.stamp(), "bob", None).unwrap()),
        |game| game.leave(BOB),
        |game| {
            game.must(ADA, Action::Rematch {});
            game.pass_ms(59_999);
            assert!(game.ended().is_none());
            game.pass_ms(1);
        },
    ];
    for way in ways {
        let mut game = table();
        way(&mut game);
        assert_eq!(game.ended().expect("closed").outcome, Reason::Resignation.word());
        assert_eq!((game.view(VIEWERS[2]).phase, game.table.due_ms()), (Phase::Over, None));
    }
}

#[test]
fn who_leaves_a_game_is_not_asked_for_another() {
    let mut game = begun(json!({"rematches": 2}), 1);
    game.leave(BOB);
    assert_eq!(game.ended().expect("closed").outcome, "resignation");
}

#[test]
fn whole_series_of_random_play_end_and_count_right() {
    let mut played = 0;
    for number in 0..60 {
        let mut dice = Dice::from_number(number);
        let mut game = begun(json!({"rematches": 9}), number);
        while game.ended().is_none() {
            game.step(&mut dice);
        }
        let view = game.view(VIEWERS[2]);
        let over = game.heard[2].iter().filter(|event| matches!(event, Event::GameOver { .. })).count();
        assert_eq!(over, usize::try_from(view.game).unwrap());
        assert!(view.wins.iter().sum::<u32>() <= view.game);
        assert!(first(&game).windows(2).all(|pair| pair[0] != pair[1]));
        played += view.game;
    }
    println!("{played} games at 60 tables");
    assert!(played > 70);
}
