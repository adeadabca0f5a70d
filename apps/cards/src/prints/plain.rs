//! Monsters of no element: they fight on any energy.

use super::{monster, species};
use crate::effect::{Effect::*, Passive, Whom::*};
use crate::print::{Ability, Ailment::*, Attack, Class::*, PLAIN, Print, Stage::*};

pub(super) const PRINTS: &[Print] = &[
    monster(
        "burrowby",
        "Burrowby",
        species(None, Basic, Wild, 70, 1).attacks(&[Attack { name: "Scratch", cost: (0, 1), damage: 20, ..PLAIN }]),
    ),
    monster(
        "tunnelord",
        "Tunnelord",
        species(None, One("burrowby"), Wild, 110, 2).ability(Ability::Passive("Thick Hide", Passive::Armor(10))).attacks(&[
            Attack { name: "Cave In", cost: (0, 3), damage: 60, effects: &[Hurt(FoeBench, 10), Hurt(This, 10)], ..PLAIN },
        ]),
    ),
    monster(
        "snoozle",
        "Snoozle",
        species(None, Basic, Wild, 90, 3).attacks(&[Attack {
            name: "Contagious Yawn",
            cost: (0, 2),
            damage: 20,
            effects: &[Afflict(FoeActive, Asleep), Afflict(This, Asleep)],
            ..PLAIN
        }]),
    ),
    monster(
        "mimble",
        "Mimble",
        species(None, Basic, Wild, 50, 1).ability(Ability::Passive("Lost in Thought", Passive::Guarded)).attacks(&[Attack {
            name: "Babble",
            cost: (0, 1),
            damage: 10,
            effects: &[Afflict(FoeActive, Confused)],
            ..PLAIN
        }]),
    ),
];
