//! Whole games of random legal play.

use crate::common::{SEATS, VIEWERS, begun, dealt, some_config};
use parlour_cards::{Action, Cards, Id, Reason};
use parlour_room::table::Damage;
use parlour_room::{Dice, Hash64, Room, Table, Version};
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn random_games_all_end_and_in_every_way() {
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    let (mut turns, mut actions, mut games) = (0, 0, 0);
    for number in 0..400 {
        let mut dice = Dice::from_number(number);
        let mut config = some_config(&mut dice);
        // In some games somebody is called away, in some they give up.
        let (away, tired, lost) = (number % 10 == 3, number % 10 == 7, number % 10 == 9);
        config["seconds_per_turn"] = json!(10);
        config["grace_seconds"] = json!(8);
        let mut game = dealt(config, number);
        while game.ended().is_none() {
            let tired = tired && dice.below(40) == 0;
            match () {
                () if lost && dice.below(20) == 0 => {
                    SEATS.into_iter().for_each(|seat| game.present(seat, dice.coin()));
                    game.pass_ms(dice.below(5_000));
                }
                () if away && dice.below(40) == 0 => game.pass_ms(10_000),
                () if tired && game.view(VIEWERS[2]).outcome.is_none() => {
                    game.must(*dice.pick(&SEATS).expect("two"), Action::Resign {});
                }
                () => game.step(&mut dice),
            }
            actions += 1;
        }
        let view = game.view(VIEWERS[2]);
        (turns, games) = (turns + view.turn, games + view.game);
        *ends.entry(game.ended().expect("it ended").outcome.clone()).or_default() += 1;
        assert!(SEATS.iter().all(|&seat| game.legal(seat).is_empty()));
    }
    println!("{games} games at 400 tables, the last ones of {turns} turns, {actions} actions: {ends:?}");
    let all = [
        Reason::PrizesTaken,
        Reason::NoMonsters,
        Reason::DeckEmpty,
        Reason::TurnLimit,
        Reason::Timeout,
        Reason::Resignation,
        Reason::Forfeit,
        Reason::Draw,
    ];
    assert!(all.iter().all(|reason| ends.contains_key(reason.word())), "{ends:?}");
    assert_eq!(ends.len(), all.len(), "{ends:?}");
}

/// Players who want to win: whatever helps first, then the attack, and only then the end of the turn.
#[test]
fn games_of_eager_players_are_won_by_points_more_often_than_not() {
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    let mut turns = 0;
    for number in 0..100 {
        let mut dice = Dice::from_number(number);
        let decks = [dice.pick(&crate::common::DECKS), dice.pick(&crate::common::DECKS)];
        let mut game = begun(json!({ "decks": decks }), number);
        while game.ended().is_none() {
            let seat = game.view(VIEWERS[2]).to_act[0];
            let (legal, active) = (game.legal(seat), game.side(seat).active.map(|active| active.id));
            let eagerness = |action: &Action| eagerness(action, active.as_ref());
            let best = legal.iter().map(eagerness).max().expect("something is legal");
            let choices: Vec<&Action> = legal.iter().filter(|action| eagerness(action) == best).collect();
            let action = (*dice.pick(&choices).expect("at least one")).clone();
            game.must(seat, action);
        }
        turns += game.view(VIEWERS[2]).turn;
        *ends.entry(game.ended().expect("it ended").outcome.clone()).or_default() += 1;
    }
    println!("100 games of eager players, {turns} turns: {ends:?}");
    assert!(ends["prizes_taken"] > 50, "{ends:?}");
}

fn eagerness(action: &Action, active: Option<&Id>) -> u32 {
    match action {
        Action::Attach { monster } if Some(monster) == active => 21,
        Action::EndTurn {} => 0,
        Action::Attack { attack, .. } => 1 + attack,
        Action::Retreat { .. } => 0,
        Action::PlayField { .. } => 10,
        Action::PlayItem { .. } => 11,
        Action::PlayAlly { .. } => 12,
        Action::UseAbility { .. } => 13,
        Action::PlayBasic { .. } => 15,
        _ => 20,
    }
}

#[test]
fn a_state_reads_back_what_it_wrote() {
    for number in 0..20 {
        let mut dice = Dice::from_number(number);
        let mut game = dealt(some_config(&mut dice), number);
        for _ in 0..dice.below(120) {
            if game.ended().is_none() {
                game.step(&mut dice);
            }
        }
        let snapshot = game.table.snapshot();
        game.table = Table::restore(&snapshot).expect("its own snapshot");
        assert_eq!(game.table.snapshot(), snapshot);
    }
}

#[test]
fn a_game_is_recorded_with_the_hash_of_its_tables_and_played_with_no_others() {
    let snapshot = dealt(json!({}), 1).table.snapshot();
    let version = Version::of_snapshot(&snapshot).expect("it says so");
    assert_eq!(version.content, Cards::content());
    let other = snapshot.replace(&version.content.to_string(), &Hash64(1).to_string());
    let Err(Damage::OtherRules(found)) = Table::<Cards>::restore(&other) else { panic!("it was played") };
    assert_eq!(found.content, Hash64(1));
}
