//! What a player may do in a turn, and how often.

use crate::common::scene::{FOE, ME, fighter, scene};
use crate::common::{Game, begun};
use parlour_cards::{Action, Event, Phase};
use parlour_room::{Seat, Viewer};
use serde_json::json;

#[test]
fn a_turn_begins_with_energy_in_the_zone_and_a_card_drawn() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).play(1);
    let (hand, deck, energies) = (game.side(FOE).hand, game.side(FOE).deck, game.side(FOE).energy_deck);
    game.end_turn();
    let side = game.side(FOE);
    assert_eq!((side.hand, side.deck, side.energy_deck), (hand + 1, deck - 1, energies - 1));
    assert!(side.energy_zone.is_some());
    assert_eq!(game.view(Viewer::Spectator).phase, Phase::Main);
}

#[test]
fn energy_is_attached_once_a_turn_to_any_monster_of_ones_own() {
    let given = scene(fighter("burrowby"), fighter("snoozle")).bench(ME, &[fighter("nutshrew")]).zone(ME, "grove");
    let mut game = given.play(1);
    assert_eq!(game.act(ME, &Action::Attach { monster: game.active(FOE).id }).unwrap_err(), "no_such_monster");
    let attach = Action::Attach { monster: game.benched(ME, 0).id };
    game.must(ME, attach.clone());
    assert_eq!(game.benched(ME, 0).energy.len(), 1);
    assert_eq!(game.act(ME, &attach).unwrap_err(), "already_attached");
    game.end_turn();
    game.end_turn();
    game.must(ME, attach);
}

#[test]
fn energy_that_is_not_attached_stays_and_no_other_comes() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).zone(ME, "grove").play(1);
    let before = game.side(ME);
    game.end_turn();
    game.end_turn();
    let after = game.side(ME);
    assert_eq!((after.energy_zone, after.energy_deck), (before.energy_zone, before.energy_deck));
}

#[test]
fn when_the_energy_deck_is_empty_the_spent_energies_make_a_new_one() {
    let all: Vec<&str> = ["ember", "tide", "grove", "storm"].into_iter().flat_map(|element| [element; 6]).collect();
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).spent(FOE, &all).play(1);
    assert_eq!(game.side(FOE).energy_deck, 0);
    game.end_turn();
    let side = game.side(FOE);
    assert_eq!((side.energy_deck, side.spent.len()), (23, 0));
    assert!(side.energy_zone.is_some());
}

#[test]
fn the_very_first_turn_may_attack_but_not_attach_and_the_second_may() {
    let sootlings = json!({"cards": deck_of("sootling")});
    let mut game = begun(json!({"decks": [sootlings, sootlings]}), 3);
    let first = game.view(Viewer::Spectator).current.unwrap();
    let second = Seat(1 - first.0);
    assert_eq!(game.side(first).energy_zone, None);
    let attach = Action::Attach { monster: game.active(first).id };
    assert_eq!(game.act(first, &attach).unwrap_err(), "nothing_to_attach");
    let attack =
        if game.active(first).card.key() == "sootling" { Action::Attack { attack: 0, target: None } } else { Action::EndTurn {} };
    game.must(first, attack);
    let monster = game.active(second).id;
    game.must(second, Action::Attach { monster });
}

/// Two of this card and 38 others.
fn deck_of(card: &'static str) -> Vec<&'static str> {
    let others = parlour_cards::Face::all().filter(|face| !face.is_basic() && face.key() != card).map(|face| face.key());
    [card, card].into_iter().chain(others).take(40).collect()
}

#[test]
fn nobody_evolves_in_their_first_turn() {
    for (turn, code) in [(1, Err("cannot_evolve_yet")), (2, Err("cannot_evolve_yet")), (3, Ok(()))] {
        let mut game = scene(fighter("dripkit"), fighter("snoozle")).hand(ME, &["brookfox"]).turn(turn).play(1);
        let evolve = Action::Evolve { card: game.held(ME, "brookfox"), monster: game.active(ME).id };
        assert_eq!(game.act(ME, &evolve).map(drop).map_err(|code| code.to_owned()), code.map_err(str::to_owned));
    }
}

#[test]
fn a_monster_evolves_stage_by_stage_not_in_the_turn_it_came_and_keeps_damage_and_energy() {
    let given = scene(fighter("dripkit").energy(&["tide"]).damage(40), fighter("snoozle"));
    let mut game = given.hand(ME, &["maelfox", "brookfox", "dripkit"]).play(1);
    let monster = game.active(ME).id;
    let [fox, mael, kit] = ["brookfox", "maelfox", "dripkit"].map(|key| game.held(ME, key));
    let onto = |card: &parlour_cards::Id| Action::Evolve { card: card.clone(), monster: monster.clone() };
    assert_eq!(game.act(ME, &onto(&mael)).unwrap_err(), "evolves_from_another");
    assert_eq!(game.act(ME, &onto(&kit)).unwrap_err(), "not_an_evolution");
    game.must(ME, onto(&fox));
    let active = game.active(ME);
    assert_eq!((active.id.clone(), active.card.key(), active.damage, active.energy.len()), (monster.clone(), "brookfox", 40, 1));
    assert_eq!(game.act(ME, &onto(&mael)).unwrap_err(), "cannot_evolve_yet");
    game.end_turn();
    game.end_turn();
    game.must(ME, onto(&mael));
    assert_eq!(game.active(ME).stack.len(), 3);
}

#[test]
fn a_basic_just_played_cannot_evolve() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).hand(ME, &["dripkit", "brookfox"]).play(1);
    game.must(ME, Action::PlayBasic { card: game.held(ME, "dripkit") });
    let evolve = Action::Evolve { card: game.held(ME, "brookfox"), monster: game.benched(ME, 0).id };
    assert_eq!(game.act(ME, &evolve).unwrap_err(), "cannot_evolve_yet");
}

#[test]
fn the_bench_seats_three() {
    let bench = [fighter("dripkit"), fighter("nutshrew"), fighter("mimble")];
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).bench(ME, &bench).hand(ME, &["sootling", "kilnhound"]).play(1);
    assert_eq!(game.act(ME, &Action::PlayBasic { card: game.held(ME, "sootling") }).unwrap_err(), "bench_full");
    assert_eq!(game.act(ME, &Action::PlayBasic { card: game.held(ME, "kilnhound") }).unwrap_err(), "not_a_basic");
}

#[test]
fn retreating_costs_energy_and_is_done_once_a_turn() {
    let given = || scene(fighter("burrowby").energy(&["ember", "tide"]), fighter("snoozle")).bench(ME, &[fighter("nutshrew")]);
    let mut game = given().play(1);
    let (out, to) = (game.active(ME).id, game.benched(ME, 0).id);
    game.must(ME, Action::Retreat { to: to.clone() });
    assert_eq!((game.active(ME).id, game.benched(ME, 0).energy.len(), game.side(ME).spent.len()), (to, 1, 1));
    assert_eq!(game.act(ME, &Action::Retreat { to: out.clone() }).unwrap_err(), "already_retreated");
    game.end_turn();
    game.end_turn();
    game.must(ME, Action::Retreat { to: out });
}

#[test]
fn who_cannot_pay_cannot_retreat_but_on_a_trampled_road() {
    let given = || scene(fighter("burrowby"), fighter("snoozle")).bench(ME, &[fighter("nutshrew")]);
    let mut game = given().play(1);
    let retreat = Action::Retreat { to: game.benched(ME, 0).id };
    assert_eq!(game.act(ME, &retreat).unwrap_err(), "not_enough_energy");
    let elsewhere = Action::Retreat { to: game.active(ME).id };
    let mut game = given().field("trampled_road").play(1);
    assert_eq!(game.act(ME, &elsewhere).unwrap_err(), "not_on_bench");
    let retreat = Action::Retreat { to: game.benched(ME, 0).id };
    game.must(ME, retreat);
}

#[test]
fn one_ally_a_turn_and_items_without_end() {
    let hand = ["old_cartographer", "field_medic", "war_drum", "mirror_shard"];
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).hand(ME, &hand).play(1);
    game.ally("old_cartographer", None).unwrap();
    assert_eq!(game.ally("field_medic", None).unwrap_err(), "ally_already_played");
    game.item("war_drum", None).unwrap();
    game.item("mirror_shard", None).unwrap();
    game.end_turn();
    game.end_turn();
    game.ally("field_medic", None).unwrap();
}

#[test]
fn a_field_replaces_the_other_players_which_goes_to_its_owners_pile() {
    let hand = ["warm_spring", "toxic_mire"];
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).hand(ME, &hand[..1]).hand(FOE, &hand).play(1);
    let lay = |game: &Game, seat, key| Action::PlayField { card: game.held(seat, key) };
    game.must(ME, lay(&game, ME, "warm_spring"));
    game.end_turn();
    assert_eq!(game.act(FOE, &lay(&game, FOE, "warm_spring")).unwrap_err(), "same_field");
    game.must(FOE, lay(&game, FOE, "toxic_mire"));
    assert_eq!(game.view(Viewer::Spectator).field.unwrap().card.card.key(), "toxic_mire");
    assert_eq!((game.side(ME).discard.len(), game.side(FOE).discard.len()), (1, 0));
}

#[test]
fn a_card_of_another_sort_is_refused() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).hand(ME, &["war_drum", "field_medic"]).play(1);
    assert_eq!(game.item("field_medic", None).unwrap_err(), "not_an_item");
    assert_eq!(game.ally("war_drum", None).unwrap_err(), "not_an_ally");
    assert_eq!(game.act(ME, &Action::PlayField { card: game.held(ME, "war_drum") }).unwrap_err(), "not_a_field");
    assert_eq!(game.item("war_drum", Some(game.active(ME).id)).unwrap_err(), "no_target_wanted");
}

#[test]
fn a_card_of_the_other_hand_is_no_card() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).hand(FOE, &["war_drum"]).play(1);
    let theirs = Action::PlayItem { card: game.held(FOE, "war_drum"), target: None };
    let nobodys = Action::PlayItem { card: "nonsense".into(), target: None };
    assert_eq!(game.check(ME, &theirs), game.check(ME, &nobodys));
    assert_eq!(game.act(ME, &theirs).unwrap_err(), "no_such_card");
}

#[test]
fn off_turn_nothing_is_legal_but_resigning() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).play(1);
    assert!(game.legal(FOE).is_empty());
    assert_eq!(game.act(FOE, &Action::EndTurn {}).unwrap_err(), "not_your_turn");
    assert_eq!(game.check(FOE, &Action::Resign {}), Ok(()));
    assert!(!game.legal(ME).contains(&Action::Resign {}));
}

#[test]
fn setup_actions_are_refused_in_a_turn() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).hand(ME, &["mimble"]).play(1);
    assert_eq!(game.act(ME, &Action::Ready {}).unwrap_err(), "setup_is_over");
    assert_eq!(game.act(ME, &Action::Place { card: game.held(ME, "mimble") }).unwrap_err(), "setup_is_over");
}

#[test]
fn ending_the_turn_tells_of_the_next() {
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).play(1);
    let events = game.end_turn();
    assert!(events.contains(&Event::TurnStarted { seat: FOE, turn: 8, seconds: 90 }));
}
