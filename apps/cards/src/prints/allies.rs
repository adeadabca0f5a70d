//! Allies: great helps, one a turn. And the fields both players stand on.

use crate::effect::{Aim, Effect, Effect::*, FieldRule, Who, Whom::*};
use crate::print::{Print, Sort, Trick};

pub(super) const PRINTS: &[Print] = &[
    ally("old_cartographer", "Old Cartographer", Aim::Nothing, &[Draw(3)]),
    ally("market_thief", "Market Thief", Aim::Nothing, &[Pilfer]),
    ally("tax_collector", "Tax Collector", Aim::Nothing, &[Discard(Who::Both, 1)]),
    ally("stablehand", "Stablehand", Aim::MyBench, &[Return]),
    ally("town_crier", "Town Crier", Aim::Nothing, &[Redraw(Who::Both, 4)]),
    ally("siege_captain", "Siege Captain", Aim::FoeBench, &[Pull]),
    ally("shield_bearer", "Shield Bearer", Aim::Mine, &[Shield(Target, 30)]),
    ally("field_medic", "Field Medic", Aim::Nothing, &[Heal(MyAll, 30)]),
    ally("lightning_rodder", "Lightning Rodder", Aim::Mine, &[Surge(Target)]),
    field("trampled_road", "Trampled Road", FieldRule::EasyRetreat(1)),
    field("warm_spring", "Warm Spring", FieldRule::Healing(10)),
    field("toxic_mire", "Toxic Mire", FieldRule::Venom(20)),
    field("level_ground", "Level Ground", FieldRule::NoWeakness),
];

const fn ally(key: &'static str, name: &'static str, aim: Aim, effects: &'static [Effect]) -> Print {
    Print { key, name, sort: Sort::Ally(Trick { aim, effects }) }
}

const fn field(key: &'static str, name: &'static str, rule: FieldRule) -> Print {
    Print { key, name, sort: Sort::Field(rule) }
}
