//! Items: small helps, as many a turn as one holds.

use crate::effect::{Aim, Effect, Effect::*, Wanted, Who, Whom::*};
use crate::print::{Print, Sort, Trick};

pub(super) const PRINTS: &[Print] = &[
    item("honey_salve", "Honey Salve", Aim::Mine, &[Heal(Target, 30)]),
    item("waking_bell", "Waking Bell", Aim::Nothing, &[Cure(MyActive)]),
    item("nest_map", "Nest Map", Aim::Nothing, &[Search(Wanted::Basic)]),
    item("hatching_stone", "Hatching Stone", Aim::Nothing, &[Search(Wanted::Evolution)]),
    item("spyglass", "Spyglass", Aim::Nothing, &[Look(3)]),
    item("rag_cart", "Rag Cart", Aim::Nothing, &[Draw(2), Discard(Who::Me, 1)]),
    item("grappling_hook", "Grappling Hook", Aim::FoeBench, &[Flip(&[Pull], &[])]),
    item("glow_jar", "Glow Jar", Aim::Mine, &[Charge(Target, 1)]),
    item("rope_ladder", "Rope Ladder", Aim::MyBench, &[Swap]),
    item("war_drum", "War Drum", Aim::Nothing, &[Boost(10)]),
    item("mirror_shard", "Mirror Shard", Aim::Nothing, &[Peek]),
    item("thistle_bomb", "Thistle Bomb", Aim::Foes, &[Hurt(Target, 10)]),
    item("mended_satchel", "Mended Satchel", Aim::MyDiscard(Wanted::Monster), &[Recover]),
    item("leaky_bucket", "Leaky Bucket", Aim::Foes, &[Flip(&[Drain(Target, 1)], &[])]),
];

const fn item(key: &'static str, name: &'static str, aim: Aim, effects: &'static [Effect]) -> Print {
    Print { key, name, sort: Sort::Item(Trick { aim, effects }) }
}
