//! Attacks, damage, knock-outs and what ails monsters.

use crate::common::Game;
use crate::common::scene::{FOE, ME, Scene, fighter, scene};
use parlour_cards::{Action, Ailment, Demand, Event, Reason};
use parlour_room::{Seat, Viewer};

/// Plays the same scene with many dice, and sorts the games by what the first coin showed.
fn with_coins(given: impl Fn() -> Scene, when: impl Fn(&mut Game) -> Vec<Event>, then: impl Fn(&Game, bool)) {
    let mut seen = [false; 2];
    for seed in 0..20 {
        let mut game = given().play(seed);
        let events = when(&mut game);
        let heads = events.iter().find_map(|event| if let Event::Flipped { heads, .. } = event { Some(*heads) } else { None });
        let heads = heads.expect("a coin was flipped");
        then(&game, heads);
        seen[usize::from(heads)] = true;
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn an_attack_does_its_damage_and_ends_the_turn() {
    let mut game = scene(fighter("burrowby").energy(&["tide"]), fighter("slagmole")).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 20]);
    assert_eq!(game.view(Viewer::Spectator).current, Some(FOE));
}

#[test]
fn an_attack_without_the_energy_is_refused_also_when_only_the_kind_is_wrong() {
    let mut game = scene(fighter("wickmoth").energy(&["tide"]), fighter("slagmole")).play(1);
    assert_eq!(game.attack(0).unwrap_err(), "not_enough_energy");
    let mut game = scene(fighter("burrowby"), fighter("slagmole")).play(1);
    assert_eq!(game.attack(0).unwrap_err(), "not_enough_energy");
    assert_eq!(game.attack(1).unwrap_err(), "no_such_attack");
}

#[test]
fn weakness_adds_twenty_unless_the_ground_is_level() {
    let given = || scene(fighter("dripkit"), fighter("slagmole"));
    let mut game = given().play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 30]);
    let mut game = given().field("level_ground").play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 10]);
}

#[test]
fn rally_adds_and_armor_takes_away() {
    let mut game = scene(fighter("sootling"), fighter("icklecrab")).bench(ME, &[fighter("wickmoth/lampwing")]).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 10]);
}

#[test]
fn thorns_hurt_whoever_attacks() {
    let mut game = scene(fighter("fizzbit"), fighter("mossnub/thornbuck")).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [20, 10]);
}

#[test]
fn an_attack_that_does_no_damage_is_not_pricked() {
    let foe = || fighter("mossnub/thornbuck").energy(&["grove", "tide"]);
    let mut game = scene(fighter("slagmole").energy(&["tide"]), foe()).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 0]);
    game.must(FOE, Action::Attack { attack: 0, target: None });
    assert_eq!(game.damages(), [20, 0], "it had dug in");
}

#[test]
fn energy_adds_to_the_damage_of_some_attacks() {
    let sun = fighter("pyrarch/solfurnace").energy(&["ember", "ember", "tide", "tide", "tide"]);
    let mut game = scene(sun, fighter("sylvanor/worldroot")).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 180]);
    let deep = fighter("nereith/abyssor").energy(&["tide", "tide", "ember"]);
    let mut game = scene(deep, fighter("sylvanor/worldroot").energy(&["grove", "grove"])).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 110]);
}

#[test]
fn bench_damage_and_ailments_add_to_the_damage_of_some_attacks() {
    let jack = fighter("fizzbit/crackhare/thunderjack").energy(&["storm"]);
    let mut game = scene(jack, fighter("snoozle")).bench(ME, &[fighter("mimble"), fighter("nutshrew")]).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 60]);
    let root = fighter("sylvanor/worldroot").energy(&["grove", "grove", "ember", "ember"]).damage(40);
    let mut game = scene(root, fighter("nereith/abyssor")).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [60, 100], "thorns came after");
    let rot = fighter("sporelet/mycelord").energy(&["grove", "tide"]).damage(0);
    let mut game = scene(rot, fighter("snoozle").ailing(&["confused"])).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 70]);
}

#[test]
fn coins_add_to_the_damage_of_some_attacks() {
    for seed in 0..10 {
        let wing = fighter("wickmoth/lampwing").energy(&["ember"]);
        let mut game = scene(wing, fighter("snoozle")).play(seed);
        let events = game.attack(0).unwrap();
        let heads = events.iter().filter(|event| matches!(event, Event::Flipped { heads: true, .. })).count();
        assert_eq!(game.damages(), [0, 20 + 10 + 20 * heads as u32], "lampwing rallies itself");
    }
}

#[test]
fn a_knock_out_gives_points_and_the_other_player_must_choose_before_anything_else() {
    let bench = [fighter("mimble"), fighter("nutshrew")];
    let mut game = scene(fighter("sootling"), fighter("sporelet").damage(40)).bench(FOE, &bench).play(1);
    let events = game.attack(0).unwrap();
    assert!(events.iter().any(|event| matches!(event, Event::KnockedOut { seat: FOE, points: 1, .. })));
    assert!(events.contains(&Event::MustChoose { seat: FOE, action: Demand::ChooseActive, count: 1 }));
    assert_eq!((game.side(ME).points, game.side(FOE).active), (1, None));
    assert_eq!(game.side(FOE).discard.len(), 1);

    let nutshrew = game.benched(FOE, 1).id;
    assert_eq!(game.act(ME, &Action::EndTurn {}).unwrap_err(), "forced_choice_pending");
    assert_eq!(game.act(FOE, &Action::EndTurn {}).unwrap_err(), "forced_choice_pending");
    assert_eq!(game.act(ME, &Action::ChooseActive { to: nutshrew.clone() }).unwrap_err(), "forced_choice_pending");
    assert!(game.legal(ME).is_empty());
    assert_eq!(game.legal(FOE).len(), 2);

    game.must(FOE, Action::ChooseActive { to: nutshrew.clone() });
    assert_eq!(game.active(FOE).id, nutshrew);
    assert_eq!(game.view(Viewer::Spectator).current, Some(FOE), "the attack had ended the turn");
    assert_eq!(game.act(FOE, &Action::ChooseActive { to: nutshrew }).unwrap_err(), "no_choice_pending");
}

#[test]
fn elders_and_titans_give_more_points() {
    for (stack, points) in [("pyrarch", 2), ("pyrarch/solfurnace", 3)] {
        let damage = if points == 2 { 110 } else { 180 };
        let mut game = scene(fighter("fizzbit"), fighter(stack).damage(damage)).bench(FOE, &[fighter("mimble")]).play(1);
        game.attack(0).unwrap();
        assert_eq!(game.side(ME).points, points);
    }
}

#[test]
fn a_knocked_out_monsters_energy_is_spent_and_all_its_cards_discarded() {
    let out = fighter("dripkit/brookfox").energy(&["tide", "ember"]).damage(80);
    let mut game = scene(fighter("sootling"), out).bench(FOE, &[fighter("mimble")]).play(1);
    game.attack(0).unwrap();
    let side = game.side(FOE);
    assert_eq!((side.spent.len(), side.discard.len()), (2, 2));
}

#[test]
fn poison_does_ten_between_turns_and_twenty_in_the_mire() {
    let given = || scene(fighter("snoozle"), fighter("burrowby").ailing(&["poisoned"]));
    let mut game = given().play(1);
    game.end_turn();
    game.end_turn();
    assert_eq!(game.damages(), [0, 20]);
    let mut game = given().field("toxic_mire").play(1);
    game.end_turn();
    assert_eq!(game.damages(), [0, 20]);
}

#[test]
fn a_burn_does_twenty_and_heads_ends_it() {
    let given = || scene(fighter("snoozle"), fighter("burrowby").ailing(&["burned"]));
    with_coins(given, Game::end_turn, |game, heads| {
        assert_eq!(game.damages(), [0, 20]);
        assert_eq!(game.active(FOE).ailments.is_empty(), heads);
    });
}

#[test]
fn who_sleeps_cannot_act_until_heads_wakes_them() {
    let given = || scene(fighter("fizzbit").ailing(&["asleep"]), fighter("burrowby")).bench(ME, &[fighter("mimble")]);
    let mut game = given().play(1);
    assert_eq!(game.attack(0).unwrap_err(), "cannot_act");
    let to = game.benched(ME, 0).id;
    assert_eq!(game.act(ME, &Action::Retreat { to }).unwrap_err(), "cannot_act");
    with_coins(given, Game::end_turn, |game, heads| assert_eq!(game.active(ME).ailments.is_empty(), heads));
}

#[test]
fn paralysis_costs_exactly_ones_own_next_turn() {
    let mut game = scene(fighter("snoozle"), fighter("fizzbit").ailing(&["paralysed"])).play(1);
    game.end_turn();
    let attack = Action::Attack { attack: 0, target: None };
    assert_eq!(game.act(FOE, &attack).unwrap_err(), "cannot_act");
    game.end_turn();
    assert!(game.active(FOE).ailments.is_empty());
}

#[test]
fn who_is_confused_hits_themselves_on_tails() {
    let given = || scene(fighter("fizzbit").ailing(&["confused"]), fighter("burrowby"));
    with_coins(
        given,
        |game| game.attack(0).unwrap(),
        |game, heads| {
            assert_eq!(game.damages(), if heads { [0, 10] } else { [30, 0] });
        },
    );
}

#[test]
fn a_new_ailment_of_the_mind_replaces_the_old_and_poison_stays() {
    let foe = fighter("burrowby").ailing(&["poisoned", "confused"]);
    let mut game = scene(fighter("nereith").energy(&["tide"]), foe).play(1);
    let events = game.attack(0).unwrap();
    assert!(events.iter().any(|event| matches!(event, Event::Afflicted { ailment: Ailment::Asleep, .. })));
    assert!(!game.active(FOE).ailments.contains(&Ailment::Confused));
    assert!(game.active(FOE).ailments.contains(&Ailment::Poisoned));
}

#[test]
fn who_is_guarded_gets_no_ailment() {
    let mut game = scene(fighter("sporelet").energy(&["grove"]), fighter("pyrarch/solfurnace")).play(1);
    game.attack(0).unwrap();
    assert!(game.active(FOE).ailments.is_empty());
}

#[test]
fn evolving_and_leaving_the_front_end_what_ails() {
    let ailing = || fighter("fizzbit").ailing(&["poisoned", "confused"]);
    let mut game = scene(ailing(), fighter("burrowby")).hand(ME, &["crackhare"]).play(1);
    let (card, monster) = (game.held(ME, "crackhare"), game.active(ME).id);
    game.must(ME, Action::Evolve { card, monster });
    assert!(game.active(ME).ailments.is_empty());
    let mut game = scene(ailing(), fighter("burrowby")).bench(ME, &[fighter("mimble")]).play(1);
    let to = game.benched(ME, 0).id;
    game.must(ME, Action::Retreat { to });
    assert!(game.benched(ME, 0).ailments.is_empty());
}

#[test]
fn both_players_may_have_to_choose_and_the_opponent_chooses_first() {
    let mine = fighter("burrowby/tunnelord").energy(&["tide", "tide", "tide"]).damage(100);
    let given = scene(mine, fighter("burrowby").damage(10));
    let mut game = given.bench(ME, &[fighter("mimble")]).bench(FOE, &[fighter("nutshrew")]).play(1);
    game.attack(0).unwrap();
    let view = game.view(Viewer::Spectator);
    assert_eq!((view.to_act, view.sides.map(|side| side.points)), (vec![FOE], [1, 1]));
    let to = game.benched(FOE, 0).id;
    game.must(FOE, Action::ChooseActive { to });
    let to = game.benched(ME, 0).id;
    assert_eq!(game.view(Viewer::Spectator).to_act, [ME]);
    game.must(ME, Action::ChooseActive { to });
    assert_eq!(game.view(Viewer::Spectator).current, Some(FOE));
}

#[test]
fn a_monster_that_falls_between_turns_is_replaced_before_the_next_turn() {
    let given = scene(fighter("snoozle"), fighter("sporelet").damage(40).ailing(&["poisoned"]));
    let mut game = given.bench(FOE, &[fighter("nutshrew")]).play(1);
    game.end_turn();
    let view = game.view(Viewer::Spectator);
    assert_eq!((view.turn, view.to_act, view.outcome), (7, vec![FOE], None));
    let to = game.benched(FOE, 0).id;
    game.must(FOE, Action::ChooseActive { to });
    assert_eq!(game.view(Viewer::Spectator).turn, 8);
}

#[test]
fn who_loses_their_last_monster_has_lost() {
    let mut game = scene(fighter("sootling"), fighter("sporelet").damage(40)).play(1);
    let events = game.attack(0).unwrap();
    assert!(events.contains(&Event::GameOver { winner: Some(Seat(0)), reason: Reason::NoMonsters }));
}
