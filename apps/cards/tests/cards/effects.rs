//! Every kind of effect, each by a card that has it.

use crate::common::Game;
use crate::common::scene::{FOE, ME, Scene, fighter, scene};
use parlour_cards::{Action, Demand, Element, Event, Face};
use parlour_room::Viewer;

/// Two plain monsters, each with one on the bench, and cards in my hand.
fn given(hand: &[&'static str]) -> Scene {
    let bench = [fighter("nutshrew")];
    scene(fighter("burrowby"), fighter("snoozle")).bench(ME, &bench).bench(FOE, &bench).hand(ME, hand)
}

fn after(events: &[Event], heads: bool) -> bool {
    events.iter().any(|event| matches!(event, Event::Flipped { heads: shown, .. } if *shown == heads))
}

#[test]
fn draw() {
    let mut game = given(&["old_cartographer"]).play(1);
    game.ally("old_cartographer", None).unwrap();
    assert_eq!(game.side(ME).hand, 3);
    let mut game = given(&["old_cartographer"]).deck(ME, &["mimble"]).play(1);
    game.ally("old_cartographer", None).unwrap();
    assert_eq!(game.hand(ME), ["mimble"], "as many as there are");
}

#[test]
fn search_finds_what_it_looks_for_or_takes_the_top_card() {
    for seed in 0..10 {
        let mut game = given(&["nest_map"]).play(seed);
        game.item("nest_map", None).unwrap();
        assert!(Face::named(game.hand(ME)[0]).unwrap().is_basic());
        let mut game = given(&["hatching_stone"]).deck(ME, &["war_drum", "spyglass", "kilnhound", "mimble"]).play(seed);
        game.item("hatching_stone", None).unwrap();
        assert_eq!(game.hand(ME), ["kilnhound"]);
        let mut game = given(&["nest_map"]).deck(ME, &["war_drum", "spyglass"]).play(seed);
        game.item("nest_map", None).unwrap();
        assert_eq!(game.side(ME).hand, 1, "nobody can tell that there was no basic");
    }
    let mut game = given(&["nest_map"]).deck(ME, &[]).play(1);
    game.item("nest_map", None).unwrap();
    assert_eq!(game.side(ME).hand, 0);
}

#[test]
fn look_keeps_one_and_shuffles_the_others_back() {
    let mut game = given(&["spyglass"]).deck(ME, &["war_drum", "mimble", "kilnhound", "nest_map"]).play(1);
    game.item("spyglass", None).unwrap();
    let looked = game.view(Viewer::Seat(ME)).you.unwrap().looked;
    assert_eq!(looked.iter().map(|card| card.card.key()).collect::<Vec<_>>(), ["war_drum", "mimble", "kilnhound"]);
    assert_eq!((game.side(ME).looked, game.side(ME).deck), (3, 1));
    assert_eq!(game.view(Viewer::Seat(FOE)).choice.unwrap().action, Demand::Keep);
    assert_eq!(game.act(ME, &Action::EndTurn {}).unwrap_err(), "forced_choice_pending");
    game.must(ME, Action::Keep { card: looked[1].id.clone() });
    assert_eq!((game.hand(ME), game.side(ME).deck), (vec!["mimble"], 3));
    let hidden = game.table.state().hidden_from(Viewer::Seat(ME));
    assert!(!hidden.contains(&looked[0].id.to_string()), "what went back has a fresh id");
    game.end_turn();
}

#[test]
fn recover_takes_a_monster_from_the_discard_pile_under_a_fresh_id() {
    let mut game = given(&["mended_satchel"]).discard(ME, &["pyrarch", "war_drum"]).play(1);
    let [pyrarch, drum] = [0, 1].map(|place| game.side(ME).discard[place].id.clone());
    assert_eq!(game.item("mended_satchel", Some(drum)).unwrap_err(), "no_such_target");
    game.item("mended_satchel", Some(pyrarch.clone())).unwrap();
    assert_eq!(game.hand(ME), ["pyrarch"]);
    assert_ne!(game.held(ME, "pyrarch"), pyrarch);
}

#[test]
fn discard_is_chosen_by_whose_hand_it_is() {
    let mut game = given(&["tax_collector", "war_drum"]).hand(FOE, &["mimble", "kilnhound"]).play(1);
    game.ally("tax_collector", None).unwrap();
    assert_eq!(game.view(Viewer::Spectator).to_act, [ME]);
    game.must(ME, Action::Discard { card: game.held(ME, "war_drum") });
    assert_eq!(game.view(Viewer::Spectator).to_act, [FOE]);
    game.must(FOE, Action::Discard { card: game.held(FOE, "mimble") });
    assert_eq!((game.hand(ME), game.hand(FOE)), (vec![], vec!["kilnhound"]));
    assert_eq!(game.view(Viewer::Spectator).to_act, [ME], "my turn goes on");
}

#[test]
fn nobody_is_asked_to_discard_from_an_empty_hand() {
    let mut game = given(&["tax_collector"]).play(1);
    game.ally("tax_collector", None).unwrap();
    assert_eq!(game.view(Viewer::Spectator).choice, None);
}

#[test]
fn pilfer_discards_at_random() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut game = given(&["market_thief"]).hand(FOE, &["mimble", "kilnhound"]).play(seed);
        game.ally("market_thief", None).unwrap();
        assert_eq!(game.hand(FOE).len(), 1);
        seen.extend(game.hand(FOE));
    }
    assert_eq!(seen.len(), 2);
}

#[test]
fn redraw_shuffles_both_hands_back_under_fresh_ids() {
    let mut game = given(&["town_crier", "war_drum"]).hand(FOE, &["mimble"]).play(1);
    let old = game.held(ME, "war_drum");
    game.ally("town_crier", None).unwrap();
    assert_eq!((game.side(ME).hand, game.side(FOE).hand), (4, 4));
    assert!(game.view(Viewer::Seat(ME)).you.unwrap().hand.iter().all(|card| card.id != old));
}

#[test]
fn peek_tells_keys_to_whom_peeks_and_a_number_to_everybody_else() {
    let mut game = given(&["mirror_shard"]).hand(FOE, &["mimble", "kilnhound"]).play(1);
    game.item("mirror_shard", None).unwrap();
    let peeked = |heard: &[Event]| {
        heard
            .iter()
            .find_map(|event| if let Event::Peeked { cards, count, .. } = event { Some((cards.clone(), *count)) } else { None })
    };
    let keys = ["kilnhound", "mimble"].map(|key| Face::named(key).unwrap()).to_vec();
    assert_eq!(peeked(&game.heard[0]), Some((Some(keys), 2)));
    assert_eq!(peeked(&game.heard[1]), Some((None, 2)));
    assert_eq!(peeked(&game.heard[2]), Some((None, 2)));
}

#[test]
fn heal_takes_damage_off_but_not_more_than_there_is() {
    let mut game = scene(fighter("burrowby").damage(20), fighter("snoozle")).hand(ME, &["honey_salve"]).play(1);
    let target = game.active(ME).id;
    assert_eq!(game.item("honey_salve", None).unwrap_err(), "target_needed");
    game.item("honey_salve", Some(target)).unwrap();
    assert_eq!(game.damages(), [0, 0]);
}

#[test]
fn heal_all_heals_the_bench_too() {
    let bench = [fighter("nutshrew").damage(50)];
    let mut game = scene(fighter("burrowby").damage(40), fighter("snoozle")).bench(ME, &bench).hand(ME, &["field_medic"]).play(1);
    game.ally("field_medic", None).unwrap();
    assert_eq!((game.active(ME).damage, game.benched(ME, 0).damage), (10, 20));
}

#[test]
fn cure_ends_all_ailments() {
    let ailing = fighter("burrowby").ailing(&["poisoned", "asleep"]);
    let mut game = scene(ailing, fighter("snoozle")).hand(ME, &["waking_bell"]).play(1);
    game.item("waking_bell", None).unwrap();
    assert!(game.active(ME).ailments.is_empty());
}

#[test]
fn hurt_may_knock_out_in_the_middle_of_a_turn_which_then_goes_on() {
    let bench = [fighter("nutshrew")];
    let given = scene(fighter("burrowby"), fighter("mimble").damage(40)).bench(FOE, &bench).hand(ME, &["thistle_bomb"]);
    let mut game = given.play(1);
    game.item("thistle_bomb", Some(game.active(FOE).id)).unwrap();
    let to = game.benched(FOE, 0).id;
    game.must(FOE, Action::ChooseActive { to });
    let view = game.view(Viewer::Spectator);
    assert_eq!((view.turn, view.to_act, game.side(ME).points), (7, vec![ME], 1));
}

#[test]
fn an_attack_can_hurt_a_chosen_monster_of_the_bench() {
    let ray = fighter("shoalray/gulfray").energy(&["tide", "ember", "ember"]);
    let mut game = scene(ray.clone(), fighter("snoozle")).bench(FOE, &[fighter("mimble"), fighter("nutshrew")]).play(1);
    assert_eq!(game.attack(0).unwrap_err(), "target_needed");
    let own = game.active(ME).id;
    assert_eq!(game.act(ME, &Action::Attack { attack: 0, target: Some(own) }).unwrap_err(), "no_such_target");
    let target = Some(game.benched(FOE, 1).id);
    game.must(ME, Action::Attack { attack: 0, target });
    assert_eq!((game.active(FOE).damage, game.benched(FOE, 0).damage, game.benched(FOE, 1).damage), (40, 0, 30));
    let mut game = scene(ray, fighter("snoozle")).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 40], "without a bench it needs no target");
}

#[test]
fn an_attack_can_hurt_the_whole_bench_and_the_attacker() {
    let lord = fighter("burrowby/tunnelord").energy(&["tide", "tide", "tide"]);
    let mut game = scene(lord, fighter("snoozle")).bench(FOE, &[fighter("mimble"), fighter("nutshrew")]).play(1);
    game.attack(0).unwrap();
    assert_eq!((game.damages(), game.benched(FOE, 0).damage, game.benched(FOE, 1).damage), ([10, 60], 10, 10));
}

#[test]
fn charge_attaches_spent_energy() {
    let mut game = given(&["glow_jar"]).spent(ME, &["ember", "tide"]).play(1);
    let target = game.benched(ME, 0).id;
    game.item("glow_jar", Some(target)).unwrap();
    assert_eq!((game.benched(ME, 0).energy, game.side(ME).spent), (vec![Element::Tide], vec![Element::Ember]));
}

#[test]
fn surge_attaches_the_next_energy_of_the_energy_deck() {
    let king = fighter("mossnub/thornbuck/brambleking");
    let mut game = scene(king, fighter("snoozle")).play(1);
    let before = game.side(ME).energy_deck;
    let ability = Action::UseAbility { monster: game.active(ME).id, target: None };
    game.must(ME, ability.clone());
    assert_eq!((game.active(ME).energy.len(), game.side(ME).energy_deck), (1, before - 1));
    assert_eq!(game.act(ME, &ability).unwrap_err(), "ability_already_used");
    game.end_turn();
    game.end_turn();
    game.must(ME, ability);
}

#[test]
fn drain_spends_energy() {
    let maw = fighter("sootling/kilnhound/forgemaw").energy(&["ember", "ember", "tide"]);
    let mut game = scene(maw, fighter("nereith/abyssor")).play(1);
    game.attack(0).unwrap();
    assert_eq!((game.active(ME).energy.len(), game.side(ME).spent), (2, vec![Element::Tide]));
}

#[test]
fn a_coin_decides_whether_the_bucket_drains() {
    let mut seen = [false; 2];
    for seed in 0..20 {
        let mut game = scene(fighter("burrowby"), fighter("snoozle").energy(&["tide"])).hand(ME, &["leaky_bucket"]).play(seed);
        let events = game.item("leaky_bucket", Some(game.active(FOE).id)).unwrap();
        let heads = after(&events, true);
        assert_eq!(game.active(FOE).energy.is_empty(), heads);
        seen[usize::from(heads)] = true;
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn pull_brings_a_monster_of_the_opponents_bench_to_the_front() {
    let mut game = given(&["siege_captain"]).play(1);
    let (out, target) = (game.active(FOE).id, game.benched(FOE, 0).id);
    game.ally("siege_captain", Some(target.clone())).unwrap();
    assert_eq!((game.active(FOE).id, game.benched(FOE, 0).id), (target, out));
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).hand(ME, &["siege_captain"]).play(1);
    assert_eq!(game.ally("siege_captain", None).unwrap_err(), "nothing_to_aim_at");
}

#[test]
fn push_lets_the_opponent_choose_another_active_monster() {
    let fox = || fighter("dripkit/brookfox").energy(&["tide", "tide"]);
    let mut game = scene(fox(), fighter("snoozle")).bench(FOE, &[fighter("mimble")]).play(1);
    game.attack(0).unwrap();
    let (out, to) = (game.active(FOE).id, game.benched(FOE, 0).id);
    game.must(FOE, Action::ChooseActive { to: to.clone() });
    assert_eq!((game.active(FOE).id, game.benched(FOE, 0).id), (to, out));
    let mut game = scene(fox(), fighter("snoozle")).play(1);
    game.attack(0).unwrap();
    assert_eq!(game.view(Viewer::Spectator).choice, None, "there is no other");
}

#[test]
fn push_and_a_knock_out_ask_for_one_choice() {
    let fox = fighter("dripkit/brookfox").energy(&["tide", "tide"]);
    let mut game = scene(fox, fighter("snoozle").damage(80)).bench(FOE, &[fighter("mimble"), fighter("nutshrew")]).play(1);
    game.attack(0).unwrap();
    let to = game.benched(FOE, 0).id;
    game.must(FOE, Action::ChooseActive { to });
    assert_eq!(game.view(Viewer::Spectator).choice, None);
    assert_eq!(game.side(FOE).bench.len(), 1);
}

#[test]
fn swap_brings_a_monster_of_ones_own_bench_to_the_front() {
    let mut game = given(&["rope_ladder"]).play(1);
    let target = game.benched(ME, 0).id;
    game.item("rope_ladder", Some(target.clone())).unwrap();
    assert_eq!(game.active(ME).id, target);
}

#[test]
fn a_monster_sent_home_returns_to_the_hand_with_all_its_cards() {
    let bench = [fighter("dripkit/brookfox").energy(&["tide"]).damage(30)];
    let mut game = scene(fighter("burrowby"), fighter("snoozle")).bench(ME, &bench).hand(ME, &["stablehand"]).play(1);
    let target = game.benched(ME, 0);
    game.ally("stablehand", Some(target.id.clone())).unwrap();
    assert_eq!(game.hand(ME), ["dripkit", "brookfox"]);
    assert_eq!((game.side(ME).bench.len(), game.side(ME).spent.len()), (0, 1));
    assert!(target.stack.iter().all(|card| card.id != game.held(ME, card.card.key())));
}

#[test]
fn a_shield_holds_through_the_opponents_next_turn_and_no_longer() {
    let strong = fighter("pyrarch").energy(&["ember", "ember"]);
    let mut game = scene(fighter("snoozle"), strong).hand(ME, &["shield_bearer"]).play(1);
    game.ally("shield_bearer", Some(game.active(ME).id)).unwrap();
    game.end_turn();
    let lash = Action::Attack { attack: 0, target: None };
    game.must(FOE, lash.clone());
    assert_eq!(game.damages(), [20, 0]);
    assert_eq!(game.active(ME).shield, None);
    game.end_turn();
    game.must(FOE, lash);
    assert_eq!(game.damages(), [70, 0]);
}

#[test]
fn a_boost_holds_this_turn() {
    let mut game = scene(fighter("fizzbit"), fighter("snoozle")).hand(ME, &["war_drum"]).play(1);
    game.item("war_drum", None).unwrap();
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 20]);
    game.end_turn();
    game.attack(0).unwrap();
    assert_eq!(game.damages(), [0, 30]);
}

#[test]
fn an_item_may_force_a_choice_on_its_own_player() {
    let mut game = given(&["rag_cart"]).deck(ME, &["mimble", "kilnhound"]).play(1);
    game.item("rag_cart", None).unwrap();
    assert_eq!(game.hand(ME), ["mimble", "kilnhound"]);
    game.must(ME, Action::Discard { card: game.held(ME, "kilnhound") });
    assert_eq!((game.hand(ME), game.view(Viewer::Spectator).to_act), (vec!["mimble"], vec![ME]));
}

#[test]
fn regrowing_and_warm_springs_heal_between_turns() {
    let mut game = scene(fighter("sporelet/mycelord").damage(50), fighter("snoozle").damage(50)).field("warm_spring").play(1);
    game.end_turn();
    assert_eq!(game.damages(), [30, 40]);
}

#[test]
fn an_ability_must_be_one_that_is_used() {
    let mut game: Game = scene(fighter("icklecrab"), fighter("snoozle")).play(1);
    let monster = game.active(ME).id;
    assert_eq!(game.act(ME, &Action::UseAbility { monster, target: None }).unwrap_err(), "no_ability");
    let monster = game.active(FOE).id;
    assert_eq!(game.act(ME, &Action::UseAbility { monster, target: None }).unwrap_err(), "no_such_monster");
}
