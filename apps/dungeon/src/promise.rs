//! How promising an action looks to whoever sees a view. For bots.
//!
//! Hurt, one drinks; else one takes what lies in sight, strikes what stands near, and goes where nothing is known yet, or down.

use crate::action::Action;
use crate::grid::{Direction, Heading, Spot};
use crate::name::Name;
use crate::view::{Kind, View, You};
use std::collections::{BTreeSet, VecDeque};

pub(crate) fn promise(view: &View, action: &Action) -> i64 {
    let Some(you) = &view.you else { return 0 };
    let is_hurt = you.hp * 2 < you.hp_max;
    let name = |id: &u32| you.pack.iter().find(|carried| carried.item == *id).map(|carried| (carried.name, carried.in_use));
    match action {
        Action::Respawn {} => 1000,
        Action::Pickup {} => 900,
        Action::Descend {} => 450,
        Action::Use { item } => match name(item) {
            Some((Name::HealingDraught | Name::Bread, _)) if is_hurt => 1200,
            Some((Name::Torch, _)) if you.light <= 60 => 1100,
            Some((Name::EchoScroll, _)) => 250,
            Some((Name::BoneKnife | Name::MinersPick | Name::LongSpear, false)) if !wields(you) => 800,
            Some((Name::LeatherCoat | Name::ScaleMail, false)) if !wears(you) => 800,
            _ => -100,
        },
        Action::Throw { item, .. } if name(item).is_some_and(|(name, _)| name == Name::FireFlask) => 700,
        Action::Move { direction } if Some(*direction) == way(view, you) => {
            if *direction == you.heading {
                -1
            } else {
                400
            }
        }
        Action::Rest {} => 0,
        _ => -100,
    }
}

fn wields(you: &You) -> bool {
    let is_weapon = |name: Name| matches!(name, Name::BoneKnife | Name::MinersPick | Name::LongSpear);
    you.pack.iter().any(|carried| carried.in_use && is_weapon(carried.name))
}

fn wears(you: &You) -> bool {
    you.pack.iter().any(|carried| carried.in_use && matches!(carried.name, Name::LeatherCoat | Name::ScaleMail))
}

/// The first step of the shortest way to something worth going to.
fn way(view: &View, you: &You) -> Option<Heading> {
    let rows = &view.map.as_ref()?.rows;
    let sign = |spot: Spot| rows.get(usize::from(spot.y)).and_then(|row| row.as_bytes().get(usize::from(spot.x)).copied());
    let wanted = view.entities.iter().filter(|entity| entity.kind != Kind::Player);
    let wanted: BTreeSet<Spot> = wanted.map(|entity| Spot::new(entity.x, entity.y)).collect();
    let here = Spot::new(you.x, you.y);
    let mut known = BTreeSet::from([here]);
    let mut next = VecDeque::from([(here, None)]);
    let mut stairs = None;
    while let Some((spot, first)) = next.pop_front() {
        if sign(spot) == Some(b' ') || (wanted.contains(&spot) && spot != here) {
            return first;
        }
        if sign(spot) == Some(b'>') {
            stairs = stairs.or(first);
        }
        for way in Direction::ALL {
            let heading = Heading::ALL.into_iter().find(|heading| heading.direction() == Some(way));
            if let Some(step) = spot.step(way).filter(|step| sign(*step).is_some_and(|sign| sign != b'#'))
                && known.insert(step)
            {
                next.push_back((step, first.or(heading)));
            }
        }
    }
    stairs
}
