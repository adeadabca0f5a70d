//! Nobody learns of what they do not see: 10,000 ticks of it, held against a sight that is reckoned in another way.

use crate::common::World;
use parlour_dungeon::{Event, View};
use parlour_room::{Dice, Room, Seat, Viewer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PLAYERS: u32 = 6;

/// What one viewer knows to be where.
type Places = BTreeMap<u32, (u8, u8)>;

fn places(view: &View) -> Places {
    view.entities.iter().map(|entity| (entity.id, (entity.x, entity.y))).collect()
}

/// Everybody an event names as being there.
fn named(event: &Event) -> Vec<u32> {
    match event {
        Event::Appeared { entity, .. } => vec![entity.id],
        Event::Stepped { moves, .. } => moves.iter().map(|step| step.entity).collect(),
        Event::Gone { entity, .. } | Event::Said { entity, .. } => vec![*entity],
        Event::Attacked { by, target, .. } => by.iter().copied().chain([*target]).collect(),
        Event::Died { entity, by } => by.iter().copied().chain([*entity]).collect(),
        Event::Picked { by, .. } | Event::Dropped { by, .. } | Event::Thrown { by, .. } | Event::Used { by, .. } => vec![*by],
        Event::Entered { .. } | Event::Departed { .. } | Event::Reached { .. } => Vec::new(),
        Event::Message { .. } | Event::Fell { .. } => Vec::new(),
    }
}

#[test]
fn nobody_is_told_of_what_is_out_of_their_sight_and_everybody_of_all_that_is_in_it() {
    let (mut ticks, mut events, mut kinds) = (0, 0, BTreeMap::<String, u32>::new());
    for seed in 0..5 {
        let sight = if seed == 4 { "open" } else { "fov" };
        let config = json!({"levels": 3, "monsters": 150, "items": 200, "pvp": seed % 2 == 0, "sight": sight});
        // One begins at the stairs down, so that there is play on more than one level.
        let mut world = World::with(&config, seed, PLAYERS).edit(|state| {
            let down = state["levels"][0]["down"].clone();
            state["levels"][0]["monsters"].as_object_mut().unwrap().retain(|_, monster| monster["spot"] != down);
            state["bodies"]["0"]["spot"] = down;
        });
        let mut dice = Dice::from_number(seed);
        let mut before: Vec<View> = (0..PLAYERS).map(|seat| world.view(seat)).collect();
        let until = ticks + 2000;
        while ticks < until {
            let seat = u32::try_from(dice.below(u64::from(PLAYERS))).unwrap();
            let mut actor = None;
            if dice.below(2) == 0
                && let Some(action) = some_deed(&world, seat, &mut dice)
            {
                world.must(seat, action);
                actor = Some(seat);
            } else if world.tick() {
                ticks += 1;
            } else {
                // Everybody is dead.
                world.must(seat, json!({"type": "respawn"}));
            }
            for (seat, before) in (0..PLAYERS).zip(&mut before) {
                let after = world.view(seat);
                let (was, is) = (places(before), places(&after));
                let heard = world.heard(seat);
                for event in &heard {
                    let unseen: Vec<u32> =
                        named(event).into_iter().filter(|id| !was.contains_key(id) && !is.contains_key(id)).collect();
                    assert_eq!(unseen, Vec::<u32>::new(), "seat {seat} is told {event:?}; seed {seed}, {actor:?}");
                    let name = serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned();
                    *kinds.entry(name).or_default() += 1;
                    events += 1;
                }
                if after.you.as_ref().is_some_and(|you| you.alive) {
                    assert_eq!(followed(was, &heard), is, "seat {seat} after {heard:?}; seed {seed}");
                }
                *before = after;
            }
            assert!(world.heard_by(Viewer::Spectator).iter().all(|event| named(event).is_empty()));
        }
    }
    println!("{ticks} ticks, {events} events: {kinds:?}");
    let all = ["appeared", "stepped", "gone", "attacked", "died", "picked", "used", "thrown", "reached", "message", "fell"];
    assert!(all.iter().all(|kind| kinds.contains_key(*kind)), "{kinds:?}");
}

/// Players of even seats know what they want, the others do not.
fn some_deed(world: &World, seat: u32, dice: &mut Dice) -> Option<Value> {
    if seat % 2 == 1 {
        return world.some_action(seat, dice);
    }
    let (view, legal) = (world.view(seat), world.table.state().legal(Seat(seat)));
    let best = legal.iter().max_by_key(|action| parlour_dungeon::Dungeon::promise(&view, action))?;
    Some(serde_json::to_value(best).unwrap())
}

/// Whoever follows the events knows where everything is that the view shows.
fn followed(mut known: Places, heard: &[Event]) -> Places {
    for event in heard {
        match event {
            Event::Appeared { entity, .. } => drop(known.insert(entity.id, (entity.x, entity.y))),
            Event::Stepped { moves, .. } => known.extend(moves.iter().map(|step| (step.entity, (step.x, step.y)))),
            Event::Gone { entity, .. } => drop(known.remove(entity)),
            _ => {}
        }
    }
    known
}

/// Walls as a test reads them out of the state: `x`, `y` of every field to walk on.
fn floor(level: &Value) -> BTreeSet<(i64, i64)> {
    let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    let text = level["floor"].as_str().unwrap();
    let mut floor = BTreeSet::new();
    for (at, digit) in text.chars().enumerate() {
        let value = digits.find(digit).unwrap();
        let bits = (0..6).filter(|bit| value >> bit & 1 == 1);
        floor.extend(bits.map(|bit| (i64::try_from(at % 10 * 6 + bit).unwrap(), i64::try_from(at / 10).unwrap())));
    }
    floor
}

/// Whether a straight line between two middles is free: every row (or column) it crosses on the way, it crosses through a floor.
/// `None` where it goes through an edge between two fields, one of them a wall.
fn is_clear(floor: &BTreeSet<(i64, i64)>, from: (i64, i64), to: (i64, i64)) -> Option<bool> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (length, is_wide) = (dx.abs().max(dy.abs()), dx.abs() >= dy.abs());
    let mut is_certain = true;
    for step in 1..length {
        // Twice the place on the other axis, in parts of `length`.
        let (along, across) = if is_wide { (dx.signum() * step, dy) } else { (dy.signum() * step, dx) };
        let place = 2 * across * step + length;
        let (low, is_edge) = (place.div_euclid(2 * length), place.rem_euclid(2 * length) == 0);
        let at = |across: i64| {
            let (x, y) = if is_wide { (along, across) } else { (across, along) };
            floor.contains(&(from.0 + x, from.1 + y))
        };
        match (at(low), is_edge && at(low - 1)) {
            (false, false) => return Some(false),
            (true, other) if !is_edge || other => {}
            _ => is_certain = false,
        }
    }
    is_certain.then_some(true)
}

#[test]
fn what_a_view_shows_is_what_straight_lines_reach() {
    let (mut seen, mut hidden, mut open) = (0, 0, 0);
    for seed in 10..16 {
        let config = json!({"levels": 2, "monsters": 300, "items": 300});
        let mut world = World::with(&config, seed, PLAYERS);
        let mut dice = Dice::from_number(seed);
        for _ in 0..60 {
            for seat in 0..PLAYERS {
                if let Some(action) = world.some_action(seat, &mut dice) {
                    world.must(seat, action);
                }
            }
            if !world.tick() {
                break;
            }
            let state = world.state();
            let floors: Vec<_> = state["levels"].as_array().unwrap().iter().map(floor).collect();
            for seat in 0..PLAYERS {
                let view = world.view(seat);
                let you = view.you.clone().unwrap();
                if !you.alive {
                    assert!(view.entities.is_empty() && view.recap.is_some());
                    continue;
                }
                let number = usize::try_from(you.level - 1).unwrap();
                let shown: BTreeSet<u64> = view.entities.iter().map(|entity| u64::from(entity.id)).collect();
                for (id, x, y) in everything(&state, number) {
                    let eye = (i64::from(you.x), i64::from(you.y));
                    let (dx, dy) = (x - eye.0, y - eye.1);
                    let radius = i64::from(you.radius);
                    let is_near = dx * dx + dy * dy <= radius * (radius + 1);
                    match is_clear(&floors[number], eye, (x, y)).map(|clear| clear && is_near) {
                        Some(true) => seen += 1,
                        Some(false) => hidden += 1,
                        None if is_near => open += 1,
                        None => {}
                    }
                    let should = is_clear(&floors[number], eye, (x, y)).map(|clear| clear && is_near);
                    let is_shown = shown.contains(&id);
                    assert!(should.is_none_or(|should| should == is_shown), "{id} at {x},{y} for {eye:?}, seed {seed}");
                }
            }
        }
    }
    println!("{seen} in sight, {hidden} not, {open} through an edge");
    assert!(seen > 5000 && hidden > 20_000);
}

/// Id and place of everything on a level.
fn everything(state: &Value, number: usize) -> Vec<(u64, i64, i64)> {
    let at = |id: &Value, spot: &Value| (id.as_u64().unwrap(), spot["x"].as_i64().unwrap(), spot["y"].as_i64().unwrap());
    let level = &state["levels"][number];
    let monsters = level["monsters"].as_object().unwrap().iter();
    let items = level["items"].as_object().unwrap().values().map(|lying| at(&lying["item"]["id"], &lying["spot"]));
    let bodies = state["bodies"].as_object().unwrap().values();
    let bodies = bodies.filter(|body| body["recap"].is_null() && body["level"] == json!(number + 1));
    let monsters = monsters.map(|(id, monster)| at(&json!(id.parse::<u64>().unwrap()), &monster["spot"]));
    monsters.chain(items).chain(bodies.map(|body| at(&body["entity"], &body["spot"]))).collect()
}

/// The state may be anything out of sight: the view, what is legal and what is refused stay the same, byte for byte.
#[test]
fn whatever_is_out_of_sight_changes_no_byte_of_a_view() {
    let mut changed = 0;
    for seed in 20..26 {
        let mut world = World::with(&json!({"levels": 2, "monsters": 300, "items": 300}), seed, 4);
        let mut dice = Dice::from_number(seed);
        for _ in 0..40 {
            for seat in 0..4 {
                if let Some(action) = world.some_action(seat, &mut dice) {
                    world.must(seat, action);
                }
            }
            world.tick();
        }
        for seat in 0..4 {
            let bytes = |world: &World| {
                let legal = world.table.state().legal(Seat(seat));
                (serde_json::to_string(&world.view(seat)).unwrap(), format!("{legal:?}"))
            };
            let (before, seen) = (bytes(&world), places(&world.view(seat)));
            let state = world.state();
            let unseen: Vec<(String, u64)> = (0..state["levels"].as_array().unwrap().len())
                .flat_map(|level| {
                    let monsters = state["levels"][level]["monsters"].as_object().unwrap().keys();
                    let ids = monsters.map(|id| id.parse::<u64>().unwrap());
                    ids.map(move |id| (level.to_string(), id)).collect::<Vec<_>>()
                })
                .filter(|(_, id)| !seen.contains_key(&u32::try_from(*id).unwrap()))
                .collect();
            for (level, id) in unseen {
                let state = world.state();
                let world = World::open(&json!({}), 0).unwrap().edit(|other| {
                    *other = state;
                    let level: usize = level.parse().unwrap();
                    other["levels"][level]["monsters"].as_object_mut().unwrap().remove(&id.to_string());
                });
                assert_eq!(bytes(&world), before, "without {id} for seat {seat}, seed {seed}");
                changed += 1;
            }
        }
    }
    println!("{changed} monsters were not missed");
    assert!(changed > 200);
}
