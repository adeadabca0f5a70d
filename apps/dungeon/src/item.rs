//! Things: what they are and what they are good for.

use crate::name::Name;
use parlour_room::kept;

/// So much a body can carry.
pub(crate) const PACK: usize = 10;

/// A thing, wherever it is.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: u32,
    pub(crate) name: Name,
    /// Of gold: how much. 1 of all else.
    pub(crate) amount: u32,
}

/// What a thing is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Good {
    /// Blows do this much more; thrown it does this much.
    Weapon { blow: u32, thrown: u32 },
    /// Blows at one do this much less.
    Armour(u32),
    /// Gives back so much life.
    Heals(u32),
    /// Thrown, it burns for so much whoever is hit and whoever stands around.
    Burns(u32),
    /// Carries one elsewhere on the level.
    Passage,
    /// Shows the walls around.
    Echo,
    /// Gives so many ticks of light.
    Light(u32),
    /// Is counted, not carried.
    Gold,
}

/// A line of the table: what, how many in a hundred, what for.
pub(crate) const THINGS: [(Name, u32, Good); 12] = [
    (Name::BoneKnife, 10, Good::Weapon { blow: 2, thrown: 6 }),
    (Name::MinersPick, 6, Good::Weapon { blow: 4, thrown: 3 }),
    (Name::LongSpear, 4, Good::Weapon { blow: 5, thrown: 8 }),
    (Name::LeatherCoat, 6, Good::Armour(1)),
    (Name::ScaleMail, 3, Good::Armour(2)),
    (Name::HealingDraught, 13, Good::Heals(16)),
    (Name::FireFlask, 9, Good::Burns(7)),
    (Name::PassageScroll, 6, Good::Passage),
    (Name::EchoScroll, 6, Good::Echo),
    (Name::Bread, 12, Good::Heals(6)),
    (Name::Torch, 11, Good::Light(1800)),
    (Name::Gold, 14, Good::Gold),
];

impl Item {
    pub(crate) fn good(&self) -> Good {
        THINGS.iter().find(|(name, ..)| *name == self.name).map_or(Good::Gold, |(.., good)| *good)
    }

    pub(crate) fn is_usable(&self) -> bool {
        !matches!(self.good(), Good::Burns(_) | Good::Gold)
    }

    /// What it does to whoever it is thrown at.
    pub(crate) fn thrown(&self) -> u32 {
        match self.good() {
            Good::Weapon { thrown, .. } => thrown,
            Good::Burns(damage) => damage,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_chances_of_things_are_a_hundred_and_no_thing_is_there_twice() {
        assert_eq!(THINGS.iter().map(|(_, chance, _)| chance).sum::<u32>(), 100);
        assert_eq!(THINGS.iter().map(|(name, ..)| name).collect::<BTreeSet<_>>().len(), THINGS.len());
    }
}
