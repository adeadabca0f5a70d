//! Monsters of storm: quick, moody, and never where they were.

use super::{monster, species};
use crate::effect::{Aim, Effect::*, Extra, Whom::*};
use crate::print::{Ability, Ailment::*, Attack, Class::*, Element, PLAIN, Print, Stage::*, Trick};

const S: Option<Element> = Some(Element::Storm);

pub(super) const PRINTS: &[Print] = &[
    monster("fizzbit", "Fizzbit", species(S, Basic, Wild, 50, 0).attacks(&[Attack { name: "Prickle", damage: 10, ..PLAIN }])),
    monster(
        "crackhare",
        "Crackhare",
        species(S, One("fizzbit"), Wild, 80, 0).attacks(&[Attack {
            name: "Hit and Hop",
            cost: (1, 0),
            damage: 30,
            aim: Aim::MyBench,
            effects: &[Swap],
            ..PLAIN
        }]),
    ),
    monster(
        "thunderjack",
        "Thunderjack",
        species(S, Two("crackhare"), Wild, 130, 1).attacks(&[
            Attack { name: "Pack Lightning", cost: (1, 0), damage: 20, extra: Extra::PerBench(20), ..PLAIN },
            Attack { name: "Ball Lightning", cost: (1, 2), damage: 60, extra: Extra::Flips(3, 30), ..PLAIN },
        ]),
    ),
    monster(
        "gustling",
        "Gustling",
        species(S, Basic, Wild, 60, 1).attacks(&[Attack {
            name: "Downdraft",
            cost: (0, 1),
            damage: 10,
            aim: Aim::FoeBench,
            effects: &[Pull],
            ..PLAIN
        }]),
    ),
    monster(
        "zephyrant",
        "Zephyrant",
        species(S, One("gustling"), Wild, 90, 0).attacks(&[Attack {
            name: "Cutting Wind",
            cost: (1, 1),
            damage: 20,
            effects: &[Hurt(FoeBench, 20)],
            ..PLAIN
        }]),
    ),
    monster(
        "coilsnake",
        "Coilsnake",
        species(S, Basic, Wild, 70, 1).attacks(&[
            Attack { name: "Shock Coil", cost: (1, 0), effects: &[Flip(&[Afflict(FoeActive, Paralysed)], &[Draw(1)])], ..PLAIN },
            Attack { name: "Snap", cost: (1, 1), damage: 40, ..PLAIN },
        ]),
    ),
    monster(
        "tempestra",
        "Tempestra",
        species(S, Basic, Elder, 120, 1).attacks(&[
            Attack { name: "Arc", cost: (1, 1), damage: 50, ..PLAIN },
            Attack { name: "Overload", cost: (3, 0), damage: 120, effects: &[Drain(This, 2)], ..PLAIN },
        ]),
    ),
    monster(
        "skybreaker",
        "Skybreaker",
        species(S, One("tempestra"), Titan, 180, 2)
            .ability(Ability::Active("Call Lightning", Trick { aim: Aim::Nothing, effects: &[Hurt(FoeActive, 10)] }))
            .attacks(&[Attack {
                name: "Skyfall",
                cost: (2, 2),
                damage: 90,
                aim: Aim::Foes,
                effects: &[Hurt(Target, 30)],
                ..PLAIN
            }]),
    ),
];
