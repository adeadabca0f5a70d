//! Monsters: what kinds there are, and how each behaves.

use crate::grid::Spot;
use crate::name::Name;
use parlour_room::kept;

/// So far a monster notices somebody it can see.
pub(crate) const NOTICE: u32 = 6;
/// So far acid is spat.
pub(crate) const SPIT: u8 = 5;

/// A monster.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Monster {
    pub(crate) name: Name,
    pub(crate) spot: Spot,
    pub(crate) hp: u32,
    /// Where it last saw somebody.
    pub(crate) quarry: Option<Spot>,
    /// So many more of its turns it looks for them.
    pub(crate) patience: u32,
    /// The tick of its next turn.
    pub(crate) ready: u64,
}

/// How a kind behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Roams and bites; runs away when badly hurt.
    Skulks,
    /// Does not move until somebody is near, then is there at once.
    Lurks,
    /// Never moves; its spores hurt all around it.
    Bursts,
    /// Keeps its distance and spits.
    Spits,
    /// Slow, heals, and does not give up for long.
    Tracks,
    /// Flutters about, and drinks the light of whoever it touches.
    Flits,
}

/// A kind of monster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beast {
    pub(crate) name: Name,
    pub(crate) manner: Manner,
    pub(crate) hp: u32,
    /// What its attack does at most.
    pub(crate) attack: u32,
    /// Ticks between its turns.
    pub(crate) pace: u64,
    /// The first level it lives on.
    pub(crate) from: u32,
    /// For so many of its turns it looks for who went out of its sight.
    pub(crate) patience: u32,
}

#[rustfmt::skip]
pub(crate) const BEASTS: [Beast; 6] = [
    Beast { name: Name::GloomRat,    manner: Manner::Skulks, hp: 6,  attack: 3, pace: 3, from: 1, patience: 6 },
    Beast { name: Name::SporeCap,    manner: Manner::Bursts, hp: 10, attack: 4, pace: 8, from: 1, patience: 0 },
    Beast { name: Name::PaleWisp,    manner: Manner::Flits,  hp: 5,  attack: 1, pace: 2, from: 1, patience: 3 },
    Beast { name: Name::CleftLurker, manner: Manner::Lurks,  hp: 12, attack: 7, pace: 5, from: 2, patience: 4 },
    Beast { name: Name::AcidSpitter, manner: Manner::Spits,  hp: 9,  attack: 4, pace: 5, from: 2, patience: 6 },
    Beast { name: Name::QuarryTroll, manner: Manner::Tracks, hp: 26, attack: 8, pace: 6, from: 3, patience: 60 },
];

impl Monster {
    pub(crate) fn new(beast: &Beast, spot: Spot, ready: u64) -> Self {
        Self { name: beast.name, spot, hp: beast.hp, quarry: None, patience: 0, ready }
    }

    pub(crate) fn beast(&self) -> &'static Beast {
        BEASTS.iter().find(|beast| beast.name == self.name).unwrap_or(&BEASTS[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_behaves_in_its_own_way_and_some_live_on_the_first_level() {
        let manners: BTreeSet<String> = BEASTS.iter().map(|beast| format!("{:?}", beast.manner)).collect();
        assert_eq!(manners.len(), BEASTS.len());
        assert!(BEASTS.iter().filter(|beast| beast.from == 1).count() >= 3);
    }
}
