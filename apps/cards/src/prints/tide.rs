//! Monsters of tide: they wash energy away and put others to sleep.

use super::{monster, species};
use crate::effect::{Aim, Effect::*, Extra, Passive, Whom::*};
use crate::print::{Ability, Ailment::*, Attack, Class::*, Element, PLAIN, Print, Stage::*, Trick};

const T: Option<Element> = Some(Element::Tide);

pub(super) const PRINTS: &[Print] = &[
    monster("dripkit", "Dripkit", species(T, Basic, Wild, 60, 1).attacks(&[Attack { name: "Splashlet", damage: 10, ..PLAIN }])),
    monster(
        "brookfox",
        "Brookfox",
        species(T, One("dripkit"), Wild, 90, 1).attacks(&[Attack {
            name: "Undertow",
            cost: (1, 1),
            damage: 30,
            effects: &[Push],
            ..PLAIN
        }]),
    ),
    monster(
        "maelfox",
        "Maelfox",
        species(T, Two("brookfox"), Wild, 140, 2)
            .ability(Ability::Active("Soothing Rain", Trick { aim: Aim::Mine, effects: &[Heal(Target, 20)] }))
            .attacks(&[Attack { name: "Whirlpool", cost: (2, 1), damage: 80, effects: &[Drain(FoeActive, 1)], ..PLAIN }]),
    ),
    monster(
        "shoalray",
        "Shoalray",
        species(T, Basic, Wild, 60, 1).attacks(&[Attack {
            name: "Numbing Sting",
            cost: (1, 0),
            damage: 10,
            effects: &[Flip(&[Afflict(FoeActive, Paralysed)], &[])],
            ..PLAIN
        }]),
    ),
    monster(
        "gulfray",
        "Gulfray",
        species(T, One("shoalray"), Wild, 100, 1).attacks(&[Attack {
            name: "Riptide",
            cost: (1, 2),
            damage: 40,
            aim: Aim::FoeBench,
            effects: &[Hurt(Target, 30)],
            ..PLAIN
        }]),
    ),
    monster(
        "icklecrab",
        "Icklecrab",
        species(T, Basic, Wild, 70, 2).ability(Ability::Passive("Frozen Shell", Passive::Armor(10))).attacks(&[Attack {
            name: "Pinch",
            cost: (0, 1),
            damage: 20,
            ..PLAIN
        }]),
    ),
    monster(
        "nereith",
        "Nereith",
        species(T, Basic, Elder, 130, 2).attacks(&[
            Attack { name: "Lullaby", cost: (1, 0), damage: 10, effects: &[Afflict(FoeActive, Asleep)], ..PLAIN },
            Attack { name: "Deluge", cost: (2, 1), damage: 80, ..PLAIN },
        ]),
    ),
    monster(
        "abyssor",
        "Abyssor",
        species(T, One("nereith"), Titan, 200, 3)
            .ability(Ability::Passive("Barnacled Hide", Passive::Thorns(20)))
            .attacks(&[Attack { name: "Crushing Depth", cost: (2, 1), damage: 70, extra: Extra::PerFoeEnergy(20), ..PLAIN }]),
    ),
];
