//! The rules, each by a claim.

use crate::common::{World, carry, hall, monster, put, thing, walk};
use parlour_dungeon::{Event, Heading, How};
use parlour_room::{BatchRejected, Batched, Rejected, Seat, Viewer};
use serde_json::{Value, json};

/// A hall of 20 by 10 in which so many stand in the first row, three fields apart.
fn in_hall(players: u32, config: &Value) -> World {
    World::with(config, 1, players).edit(|state| {
        hall(state, 20, 10);
        (0..players).for_each(|seat| put(state, seat, u8::try_from(2 + 3 * seat).unwrap(), 5));
    })
}

fn at(world: &World, seat: u32) -> (u8, u8) {
    world.view(seat).you.map(|you| (you.x, you.y)).expect("a body")
}

#[test]
fn a_tick_is_a_step_until_one_stops_and_a_wall_keeps_the_heading() {
    let mut world = in_hall(1, &json!({}));
    world.must(0, walk("east"));
    assert_eq!(at(&world, 0), (2, 5), "a heading is no step");
    world.ticks(3);
    assert_eq!(at(&world, 0), (5, 5));
    world.must(0, walk("stop"));
    world.ticks(2);
    assert_eq!(at(&world, 0), (5, 5));
    world.must(0, walk("north"));
    world.ticks(9);
    assert_eq!((at(&world, 0), world.view(0).you.unwrap().heading), ((5, 1), Heading::North));
    assert!(world.heard(0).iter().all(|event| !matches!(event, Event::Stepped { .. })));
    assert!(matches!(world.act(0, &walk("up")), Err(Rejected::Invalid)));
}

#[test]
fn ticks_are_a_tenth_of_a_second_apart_also_when_one_came_late() {
    let mut world = in_hall(1, &json!({}));
    world.ticks(1);
    let due_ms = world.table.due_ms().unwrap();
    world.now_ms = due_ms + 30;
    world.ticks(1);
    assert_eq!(world.table.due_ms(), Some(due_ms + 100));
    world.now_ms = due_ms + 5000;
    world.ticks(1);
    assert_eq!(world.table.due_ms(), Some(due_ms + 5100), "what was missed is not made up for");
}

#[test]
fn who_comes_stands_on_a_free_field_near_the_stairs_and_who_leaves_frees_it() {
    let mut world = World::with(&json!({"monsters": 0}), 5, 40);
    let fields: std::collections::BTreeSet<_> = (0..40).map(|seat| at(&world, seat)).collect();
    assert_eq!(fields.len(), 40);
    let first = at(&world, 0);
    let neighbour = (1..40).find(|seat| world.view(*seat).entities.iter().any(|entity| entity.id == 1)).unwrap();
    world.leave(0);
    let gone = |event: &Event| matches!(event, Event::Gone { entity: 1, .. });
    assert!(world.heard(neighbour).iter().any(gone));
    assert!(!world.view(neighbour).entities.iter().any(|entity| entity.id == 1));
    world.join(0);
    assert_eq!(at(&world, 0), first, "the nearest field is free again");
}

#[test]
fn who_is_away_stands_still_and_where_nobody_is_nothing_moves() {
    let mut world = in_hall(2, &json!({}));
    world.must(0, walk("south"));
    world.must(1, walk("south"));
    world.present(0, false);
    world.ticks(2);
    assert_eq!((at(&world, 0), at(&world, 1)), ((2, 5), (5, 7)));
    assert_eq!(world.view(0).you.unwrap().heading, Heading::Stop);
    world.present(1, false);
    assert!(!world.tick(), "the clock stands");
    world.present(0, true);
    assert!(world.tick());
}

#[test]
fn who_is_away_for_too_long_has_left_and_who_comes_back_in_time_has_not() {
    let mut world = in_hall(3, &json!({"away_s": 7}));
    let is_there = |world: &World, seat: u32| world.view(2).entities.iter().any(|entity| entity.id == seat + 1);
    world.present(0, false);
    world.passes(3_050);
    world.present(1, false);
    world.passes(3_900);
    assert!(is_there(&world, 0));
    world.present(0, true);
    world.passes(3_099);
    assert!(is_there(&world, 0) && is_there(&world, 1));
    world.passes(1);
    assert!(is_there(&world, 0) && !is_there(&world, 1));
    let told: Vec<Event> = world.heard(2);
    assert!(told.iter().any(|event| matches!(event, Event::Departed { seat: Seat(1) })), "{told:?}");
    assert!(told.iter().any(|event| matches!(event, Event::Gone { entity: 2, .. })), "{told:?}");
    assert_eq!(world.last.as_ref().unwrap().removed[0].reason, "away");
    world.join(1);

    // Nobody is left to tick for: those who are away go all the same.
    (0..3).for_each(|seat| world.present(seat, false));
    world.passes(7_000);
    assert_eq!((world.state()["bodies"].clone(), world.table.due_ms()), (json!({}), None));
    for away_s in [0, 86_401] {
        assert!(
            matches!(World::open(&json!({"away_s": away_s}), 1), Err(Rejected::Illegal(refusal)) if refusal.code == "bad_away")
        );
    }
}

#[test]
fn who_comes_late_is_shown_those_who_stand_idle() {
    let mut world = in_hall(3, &json!({}));
    world.ticks(5);
    world.join(3);
    let world = world.edit(|state| put(state, 3, 4, 6));
    let shown: Vec<u32> = world.view(3).entities.iter().map(|entity| entity.id).collect();
    assert_eq!(shown, [1, 2, 3, 4]);
}

#[test]
fn players_stand_in_each_others_way_and_strike_only_where_they_may() {
    for pvp in [false, true] {
        let mut world = in_hall(2, &json!({"pvp": pvp})).edit(|state| put(state, 1, 3, 5));
        world.must(0, walk("east"));
        let mut blows = 0;
        for _ in 0..20 {
            world.ticks(1);
            blows += world.heard(1).iter().filter(|event| matches!(event, Event::Attacked { target: 2, .. })).count();
        }
        assert_eq!(at(&world, 0), (2, 5));
        assert_eq!(blows, if pvp { 4 } else { 0 }, "one blow in five ticks");
    }
}

#[test]
fn walking_into_a_monster_strikes_it_until_it_is_dead() {
    let mut world = in_hall(2, &json!({})).edit(|state| {
        monster(state, 2000, "spore_cap", 2, 3, 4);
        put(state, 1, 4, 4);
    });
    world.must(0, walk("north"));
    let mut seen = Vec::new();
    for _ in 0..60 {
        world.ticks(1);
        seen.extend(world.heard(1));
    }
    assert!(seen.iter().any(|event| matches!(event, Event::Attacked { by: Some(1), target: 2000, how: How::Struck, .. })));
    assert!(seen.contains(&Event::Died { entity: 2000, by: Some(1) }) && seen.contains(&Event::Gone { level: 1, entity: 2000 }));
    assert_eq!(world.view(0).you.unwrap().kills, 1);
    assert_eq!(at(&world, 0), (2, 1), "and one walks on");
}

#[test]
fn what_lies_here_is_taken_worn_dropped_and_every_step_of_it_seen_by_who_is_near() {
    let mut world = in_hall(2, &json!({})).edit(|state| {
        thing(state, 3000, "bone_knife", 2, 5);
        thing(state, 3001, "gold", 2, 5);
    });
    assert_eq!(world.refused(1, &json!({"type": "pickup"})), "nothing_here");
    world.must(0, json!({"type": "pickup"}));
    let heard = world.heard(1);
    assert!(matches!(heard[0], Event::Picked { by: 1, item: 3000, .. }), "{heard:?}");
    assert_eq!(heard[1], Event::Gone { level: 1, entity: 3000 });
    world.must(0, json!({"type": "pickup"}));
    let you = world.view(0).you.unwrap();
    assert_eq!((you.gold, you.score, you.pack.len(), you.attack), (1, 1, 1, 3));
    world.must(0, json!({"type": "use", "item": 3000}));
    assert_eq!(world.view(0).you.unwrap().attack, 5);
    assert_eq!(world.refused(1, &json!({"type": "drop", "item": 3000})), "no_such_item");
    world.must(0, json!({"type": "drop", "item": 3000}));
    assert!(matches!(world.heard(1)[0], Event::Appeared { .. }));
    assert_eq!(world.view(0).you.unwrap().attack, 3);
}

#[test]
fn a_pack_holds_ten_things_and_gold_beside_them() {
    let mut world = in_hall(1, &json!({})).edit(|state| {
        (0..10).for_each(|number| carry(state, 0, 3000 + number, "bread"));
        thing(state, 3100, "torch", 2, 5);
    });
    assert_eq!(world.refused(0, &json!({"type": "pickup"})), "pack_full");
    let mut world = world.edit(|state| thing(state, 3050, "gold", 2, 5));
    world.must(0, json!({"type": "pickup"}));
    world.must(0, json!({"type": "use", "item": 3000}));
    world.must(0, json!({"type": "pickup"}));
}

#[test]
fn what_is_thrown_flies_five_fields_or_to_whoever_stands_in_the_way() {
    let mut world = in_hall(1, &json!({})).edit(|state| {
        carry(state, 0, 3000, "bone_knife");
        carry(state, 0, 3001, "fire_flask");
        monster(state, 2000, "quarry_troll", 5, 5, 26);
        monster(state, 2001, "quarry_troll", 5, 6, 5);
    });
    world.must(0, json!({"type": "throw", "item": 3000, "direction": "west"}));
    assert_eq!(world.refused(0, &json!({"type": "throw", "item": 3001, "direction": "east"})), "too_soon");
    assert!(world.state()["levels"][0]["items"]["3000"]["spot"] == json!({"x": 1, "y": 5}), "it lies before the wall");
    let mut world = world.edit(|state| (state["bodies"]["0"]["ready"], state["bodies"]["0"]["acts"]) = (json!(0), json!(0)));
    world.must(0, json!({"type": "throw", "item": 3001, "direction": "east"}));
    let left = world.state();
    assert_eq!(left["levels"][0]["monsters"]["2000"]["hp"], json!(19));
    assert!(left["levels"][0]["monsters"]["2001"].is_null(), "the fire reached the one beside it");
}

#[test]
fn stairs_lead_down_and_up_again_and_everybody_hears_who_is_where() {
    let mut world = in_hall(2, &json!({"monsters": 0})).edit(|state| put(state, 0, 20, 10));
    assert_eq!(world.refused(1, &json!({"type": "descend"})), "no_stairs_down");
    world.must(0, json!({"type": "descend"}));
    let reached = Event::Reached { seat: Seat(0), level: 2 };
    assert!(world.heard_by(Viewer::Spectator).contains(&reached) && world.heard(1).contains(&reached));
    let you = world.view(0).you.unwrap();
    assert_eq!((you.level, you.score), (2, 100));
    assert_eq!(world.refused(0, &json!({"type": "ascend"})), "too_soon");
    world.ticks(1);
    world.must(0, json!({"type": "ascend"}));
    assert_eq!((world.view(0).you.unwrap().level, at(&world, 0)), (1, (20, 10)));
}

#[test]
fn who_dies_leaves_everything_is_told_how_it_went_and_begins_again() {
    let mut world = in_hall(2, &json!({})).edit(|state| {
        carry(state, 0, 3000, "long_spear");
        state["bodies"]["0"]["hp"] = json!(1);
        monster(state, 2000, "quarry_troll", 2, 4, 26);
    });
    for _ in 0..100 {
        world.ticks(1);
        if world.view(0).recap.is_some() {
            break;
        }
    }
    let view = world.view(0);
    let recap = view.recap.clone().unwrap();
    assert_eq!(recap.killed_by, Some(parlour_dungeon::Name::QuarryTroll));
    assert!(view.entities.is_empty() && !view.you.as_ref().unwrap().alive);
    assert!(world.heard(0).contains(&Event::Fell { recap }));
    assert!(world.heard(1).contains(&Event::Died { entity: 1, by: Some(2000) }));
    assert_eq!(world.state()["levels"][0]["items"]["3000"]["spot"], json!({"x": 2, "y": 5}));
    assert_eq!(world.refused(0, &walk("east")), "dead");
    assert_eq!(world.refused(1, &json!({"type": "respawn"})), "not_dead");
    world.must(0, json!({"type": "respawn"}));
    let you = world.view(0).you.unwrap();
    assert_eq!((you.alive, you.hp, you.level, you.pack.len()), (true, 30, 1, 0));
}

#[test]
fn light_burns_down_and_in_the_dark_one_sees_little() {
    let mut world = in_hall(2, &json!({})).edit(|state| {
        state["bodies"]["0"]["light"] = json!(301);
        put(state, 1, 8, 5);
        carry(state, 0, 3000, "torch");
    });
    let sees = |world: &World| world.view(0).entities.iter().any(|entity| entity.id == 2);
    assert!(sees(&world));
    world.ticks(2);
    assert!(world.heard(0).contains(&Event::Message { note: parlour_dungeon::Note::LightLow }));
    assert!(!sees(&world) && world.view(0).you.unwrap().radius == 5);
    world.ticks(299);
    assert_eq!(world.view(0).you.unwrap().radius, 2);
    world.must(0, json!({"type": "use", "item": 3000}));
    assert!(sees(&world) && world.heard(0).iter().any(|event| matches!(event, Event::Appeared { .. })));
}

#[test]
fn rest_closes_wounds_faster() {
    let wounded = |action: Value| {
        let mut world = in_hall(1, &json!({"monsters": 0})).edit(|state| state["bodies"]["0"]["hp"] = json!(10));
        world.must(0, action);
        world.ticks(100);
        world.view(0).you.unwrap().hp
    };
    assert_eq!((wounded(walk("stop")), wounded(json!({"type": "rest"}))), (12, 18));
}

#[test]
fn each_kind_of_monster_behaves_in_its_own_way() {
    // Steps taken and blows dealt by one monster in 120 ticks, or until the player it found standing in the hall is dead.
    let deeds = |name: &str, hp: u32, x: u8| {
        let mut world = in_hall(1, &json!({"monsters": 0})).edit(|state| monster(state, 2000, name, x, 5, hp));
        let (mut steps, mut blows, mut spat, mut drained) = (0, 0, 0, 0);
        for _ in 0..120 {
            if !world.tick() {
                break;
            }
            for event in world.heard(0) {
                match event {
                    Event::Stepped { moves, .. } => steps += moves.iter().filter(|step| step.entity == 2000).count(),
                    Event::Attacked { how: How::Spat, .. } => spat += 1,
                    Event::Attacked { .. } => blows += 1,
                    Event::Message { .. } => drained += 1,
                    _ => {}
                }
            }
        }
        (steps, blows, spat, drained)
    };
    let (rat, cap, lurker) = (deeds("gloom_rat", 6, 8), deeds("spore_cap", 10, 8), deeds("cleft_lurker", 12, 8));
    assert!(rat.0 > 2 && rat.1 > 5, "a rat comes and bites: {rat:?}");
    assert_eq!(cap, (0, 0, 0, 0), "a cap stays where it is");
    assert!(deeds("spore_cap", 10, 3).1 > 5, "and hurts who is beside it");
    assert_eq!(lurker, (0, 0, 0, 0), "a lurker waits");
    assert!(deeds("cleft_lurker", 12, 5).1 > 3, "until somebody is near");
    let spitter = deeds("acid_spitter", 9, 8);
    assert!(spitter.2 > 5 && spitter.1 == 0, "a spitter spits: {spitter:?}");
    assert!(deeds("gloom_rat", 1, 6).1 < rat.1, "a rat that is nearly dead runs away");
    let wisp = deeds("pale_wisp", 5, 3);
    assert!(wisp.0 > 5 || wisp.3 > 0, "a wisp flutters: {wisp:?}");
}

#[test]
fn a_speech_is_short_and_heard_by_who_sees_the_speaker() {
    let mut world = in_hall(3, &json!({})).edit(|state| put(state, 2, 19, 5));
    world.must(0, json!({"type": "say", "text": "who is there?"}));
    let said = Event::Said { entity: 1, text: "who is there?".to_owned() };
    assert!(world.heard(1).contains(&said) && world.heard(0).contains(&said));
    assert!(world.heard(2).is_empty() && world.heard_by(Viewer::Spectator).is_empty());
    for text in ["", "  ", "a\nb", &"x".repeat(201)] {
        assert_eq!(world.refused(0, &json!({"type": "say", "text": text})), "bad_text");
    }
}

#[test]
fn an_atomic_batch_is_kept_or_dropped_whole() {
    let mut world = in_hall(1, &json!({}));
    let (north, pickup) = (walk("north").to_string(), json!({"type": "pickup"}).to_string());
    let before = world.state();
    let stamp = world.stamp();
    let refused = world.table.batch(stamp, "u0", None, true, &[&north, &pickup, &north]);
    assert!(matches!(refused, Err(BatchRejected { action: Some(1), why: Rejected::Illegal(_) })), "{refused:?}");
    assert_eq!(world.state(), before);
    let up = walk("up").to_string();
    let refused = world.table.batch(stamp, "u0", None, true, &[&north, &up, &north]);
    assert!(matches!(refused, Err(BatchRejected { action: Some(1), why: Rejected::Invalid })), "{refused:?}");
    assert!(matches!(world.table.batch(stamp, "u0", None, false, &[&north, &pickup, &north]), Ok(Batched::Played { .. })));
    world.ticks(1);
    assert_eq!(at(&world, 0), (2, 4));
}

/// Whatever turns something up makes all that could depend on it illegal until the next tick, so that a batch that is dropped
/// whole tells nothing.
#[test]
fn after_what_turns_something_up_only_what_always_is_legal_is() {
    let ready = || {
        in_hall(1, &json!({"levels": 3})).edit(|state| {
            put(state, 0, 20, 10);
            thing(state, 3100, "bread", 20, 10);
            for (id, name) in [(3000, "passage_scroll"), (3001, "echo_scroll"), (3002, "fire_flask"), (3003, "bread")] {
                carry(state, 0, id, name);
            }
        })
    };
    let telling = [
        json!({"type": "descend"}),
        json!({"type": "use", "item": 3000}),
        json!({"type": "use", "item": 3001}),
        json!({"type": "throw", "item": 3002, "direction": "north"}),
    ];
    let after = [
        json!({"type": "pickup"}),
        json!({"type": "descend"}),
        json!({"type": "ascend"}),
        json!({"type": "use", "item": 3003}),
        json!({"type": "drop", "item": 3003}),
        json!({"type": "throw", "item": 3003, "direction": "north"}),
    ];
    for first in telling {
        let mut world = ready();
        world.must(0, first.clone());
        for action in &after {
            assert_eq!(world.refused(0, action), "too_soon", "{action} after {first}");
        }
        world.must(0, walk("north"));
        world.ticks(1);
        world.must(0, json!({"type": "drop", "item": 3003}));
    }
}

#[test]
fn spectators_see_only_what_every_player_knows_unless_they_may_see_all() {
    let spectate = |world: &World| parlour_room::Room::view(world.table.state(), Viewer::Spectator);
    let mut world = World::open(&json!({}), 1).unwrap();
    assert!(spectate(&world).map.is_none());
    world.join(0);
    let alone = spectate(&world);
    assert_eq!(alone.map, world.view(0).map, "one player's knowledge is everybody's");
    world.join(1);
    let world = world.edit(|state| {
        hall(state, 20, 10);
        put(state, 0, 1, 1);
        put(state, 1, 20, 10);
        (0..2).for_each(|seat| state["bodies"][seat.to_string()]["known"] = json!({}));
    });
    let watched = spectate(&world);
    assert!(watched.entities.is_empty() && watched.others.is_empty() && watched.you.is_none());
    assert!(watched.map.unwrap().rows.iter().all(|row| row.trim().is_empty()), "the two know nothing in common");
    assert_eq!(watched.roster.len(), 2);
    let all = in_hall(2, &json!({"spectators": "all", "sight": "open"}));
    assert_eq!(spectate(&all).entities.len(), 2);
    assert_eq!(spectate(&all).map.unwrap().rows[1].trim_matches('#').len(), 20);
}

#[test]
fn a_bad_configuration_is_refused_by_name() {
    let code = |config: Value| match World::open(&config, 1) {
        Err(Rejected::Illegal(refusal)) => refusal.code,
        Err(other) => format!("{other:?}"),
        Ok(_) => "opened".to_owned(),
    };
    let bad = [
        (json!({"seats": 0}), "bad_seats"),
        (json!({"seats": 257}), "bad_seats"),
        (json!({"levels": 9}), "bad_levels"),
        (json!({"monsters": 301}), "bad_monsters"),
        (json!({"items": 301}), "bad_items"),
    ];
    for (config, wanted) in bad {
        assert_eq!(code(config), wanted);
    }
}
