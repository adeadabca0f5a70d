//! Monsters of grove: poison, patience and old grudges.

use super::{monster, species};
use crate::effect::{Aim, Effect::*, Extra, Passive, Whom::*};
use crate::print::{Ability, Ailment::*, Attack, Class::*, Element, PLAIN, Print, Stage::*, Trick};

const G: Option<Element> = Some(Element::Grove);

pub(super) const PRINTS: &[Print] =
    &[
        monster("mossnub", "Mossnub", species(G, Basic, Wild, 70, 1).attacks(&[Attack { name: "Nibble", damage: 10, ..PLAIN }])),
        monster(
            "thornbuck",
            "Thornbuck",
            species(G, One("mossnub"), Wild, 100, 2)
                .ability(Ability::Passive("Bramble Coat", Passive::Thorns(20)))
                .attacks(&[Attack { name: "Bramble Charge", cost: (1, 1), damage: 50, ..PLAIN }]),
        ),
        monster(
            "brambleking",
            "Brambleking",
            species(G, Two("thornbuck"), Wild, 160, 3)
                .ability(Ability::Active("Drink the Sun", Trick { aim: Aim::Nothing, effects: &[Surge(This)] }))
                .attacks(&[Attack { name: "Hundred Thorns", cost: (2, 1), damage: 80, effects: &[Heal(This, 30)], ..PLAIN }]),
        ),
        monster(
            "sporelet",
            "Sporelet",
            species(G, Basic, Wild, 50, 1).attacks(&[Attack {
                name: "Toxic Puff",
                cost: (1, 0),
                effects: &[Afflict(FoeActive, Poisoned)],
                ..PLAIN
            }]),
        ),
        monster(
            "mycelord",
            "Mycelord",
            species(G, One("sporelet"), Wild, 90, 1)
                .ability(Ability::Passive("Regrow", Passive::Regrow(10)))
                .attacks(&[Attack { name: "Rot", cost: (1, 1), damage: 30, extra: Extra::IfAiling(40), ..PLAIN }]),
        ),
        monster(
            "nutshrew",
            "Nutshrew",
            species(G, Basic, Wild, 60, 0).attacks(&[Attack {
                name: "Cheek Pouch",
                cost: (0, 1),
                damage: 10,
                effects: &[Draw(1)],
                ..PLAIN
            }]),
        ),
        monster(
            "sylvanor",
            "Sylvanor",
            species(G, Basic, Elder, 140, 3).attacks(&[
                Attack { name: "Verdict of Leaves", cost: (1, 1), damage: 30, effects: &[Afflict(FoeActive, Poisoned)], ..PLAIN },
                Attack { name: "Strangling Ivy", cost: (2, 1), damage: 80, ..PLAIN },
            ]),
        ),
        monster(
            "worldroot",
            "Worldroot",
            species(G, One("sylvanor"), Titan, 210, 4)
                .ability(Ability::Active("Cleansing Dew", Trick { aim: Aim::Mine, effects: &[Cure(Target)] }))
                .attacks(&[Attack { name: "Ancient Grudge", cost: (2, 2), damage: 60, extra: Extra::OwnDamage, ..PLAIN }]),
        ),
    ];
