//! Monsters of ember: they burn what they have, and what you have.

use super::{monster, species};
use crate::effect::{Aim, Effect::*, Extra, Passive, Whom::*};
use crate::print::{Ability, Ailment::*, Attack, Class::*, Element, PLAIN, Print, Stage::*, Trick};

const E: Option<Element> = Some(Element::Ember);

pub(super) const PRINTS: &[Print] = &[
    monster("sootling", "Sootling", species(E, Basic, Wild, 60, 1).attacks(&[Attack { name: "Ash Puff", damage: 10, ..PLAIN }])),
    monster(
        "kilnhound",
        "Kilnhound",
        species(E, One("sootling"), Wild, 90, 2).attacks(&[Attack {
            name: "Bake",
            cost: (1, 1),
            damage: 40,
            effects: &[Flip(&[Afflict(FoeActive, Burned)], &[])],
            ..PLAIN
        }]),
    ),
    monster(
        "forgemaw",
        "Forgemaw",
        species(E, Two("kilnhound"), Wild, 150, 3)
            .ability(Ability::Active("Stoke", Trick { aim: Aim::Nothing, effects: &[Charge(This, 1)] }))
            .attacks(&[Attack { name: "Furnace Breath", cost: (2, 1), damage: 110, effects: &[Drain(This, 1)], ..PLAIN }]),
    ),
    monster(
        "wickmoth",
        "Wickmoth",
        species(E, Basic, Wild, 50, 0).attacks(&[Attack {
            name: "Singe",
            cost: (1, 0),
            damage: 10,
            effects: &[Afflict(FoeActive, Burned)],
            ..PLAIN
        }]),
    ),
    monster(
        "lampwing",
        "Lampwing",
        species(E, One("wickmoth"), Wild, 80, 0)
            .ability(Ability::Passive("Guiding Light", Passive::Rally(10)))
            .attacks(&[Attack { name: "Flare Dance", cost: (1, 0), damage: 20, extra: Extra::Flips(2, 20), ..PLAIN }]),
    ),
    monster(
        "slagmole",
        "Slagmole",
        species(E, Basic, Wild, 80, 2).attacks(&[
            Attack { name: "Dig In", cost: (0, 1), effects: &[Shield(This, 30)], ..PLAIN },
            Attack { name: "Scorching Claw", cost: (1, 1), damage: 30, ..PLAIN },
        ]),
    ),
    monster(
        "pyrarch",
        "Pyrarch",
        species(E, Basic, Elder, 120, 2).attacks(&[
            Attack { name: "Sun Lash", cost: (1, 1), damage: 50, ..PLAIN },
            Attack { name: "Blaze of Glory", cost: (2, 1), damage: 90, effects: &[Hurt(This, 20)], ..PLAIN },
        ]),
    ),
    monster(
        "solfurnace",
        "Solfurnace",
        species(E, One("pyrarch"), Titan, 190, 3).ability(Ability::Passive("White Heat", Passive::Guarded)).attacks(&[Attack {
            name: "Daybreak",
            cost: (2, 2),
            damage: 60,
            extra: Extra::PerEnergy(20),
            ..PLAIN
        }]),
    ),
];
