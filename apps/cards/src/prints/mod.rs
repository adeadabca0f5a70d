//! The tables of all cards there are.

use crate::print::Print;
use crate::print::{Ability, Class, Element, Sort, Species, Stage};

mod allies;
mod ember;
mod grove;
mod items;
mod plain;
mod storm;
mod tide;

/// All tables, in the order of the catalogue.
pub(crate) const SETS: &[&[Print]] =
    &[ember::PRINTS, tide::PRINTS, grove::PRINTS, storm::PRINTS, plain::PRINTS, items::PRINTS, allies::PRINTS];

/// A monster of this element without ability or attacks: what the tables fill in from.
const fn species(element: Option<Element>, stage: Stage, class: Class, hp: u32, retreat: u32) -> Species {
    Species { element, stage, class, hp, retreat, ability: None, attacks: &[] }
}

const fn monster(key: &'static str, name: &'static str, species: Species) -> Print {
    Print { key, name, sort: Sort::Monster(species) }
}

impl Species {
    const fn attacks(self, attacks: &'static [crate::print::Attack]) -> Self {
        Self { attacks, ..self }
    }

    const fn ability(self, ability: Ability) -> Self {
        Self { ability: Some(ability), ..self }
    }
}
