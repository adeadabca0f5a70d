//! What may be printed on a card: monsters with their attacks and abilities, items, allies and fields. Data only.

use crate::effect::{Aim, Effect, Extra, FieldRule, Passive};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A card as printed; every copy of it in play points here.
#[derive(Debug)]
pub struct Print {
    /// Its key, in snake_case: what states, views and deck lists call it.
    pub key: &'static str,
    /// Its name, for people.
    pub name: &'static str,
    /// What sort of card it is, and what that sort prints.
    pub sort: Sort,
}

/// The sorts of card.
#[derive(Debug)]
pub enum Sort {
    /// Fights.
    Monster(Species),
    /// Played for its effects, as many a turn as one likes.
    Item(Trick),
    /// Played for its effects, one a turn.
    Ally(Trick),
    /// Stays, and holds for both players until the next field.
    Field(FieldRule),
}

/// What is printed on a monster.
#[derive(Debug)]
pub struct Species {
    /// Its element; without one it has no weakness and all its costs are of any energy.
    pub element: Option<Element>,
    /// Where it stands in its line.
    pub stage: Stage,
    /// How many points it gives away.
    pub class: Class,
    /// How much damage knocks it out.
    pub hp: u32,
    /// How many energies it pays to retreat.
    pub retreat: u32,
    /// What it can do once a turn, or what always holds.
    pub ability: Option<Ability>,
    /// How it attacks.
    pub attacks: &'static [Attack],
}

/// Where a monster stands in its line of evolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Comes into play by itself.
    Basic,
    /// Evolves from this basic.
    One(&'static str),
    /// Evolves from this stage-one monster.
    Two(&'static str),
}

impl Stage {
    /// The card this one is put on, if it is no basic.
    pub fn from(self) -> Option<&'static str> {
        match self {
            Stage::Basic => None,
            Stage::One(from) | Stage::Two(from) => Some(from),
        }
    }

    /// 0 for basics, 1, 2.
    pub fn number(self) -> u32 {
        match self {
            Stage::Basic => 0,
            Stage::One(_) => 1,
            Stage::Two(_) => 2,
        }
    }
}

/// One attack.
#[derive(Debug)]
pub struct Attack {
    /// Its name.
    pub name: &'static str,
    /// What must be attached: so many energies of the monster's own element, and so many more of any.
    pub cost: (u32, u32),
    /// Damage to the defending monster.
    pub damage: u32,
    /// What may add to the damage.
    pub extra: Extra,
    /// What the attacker chooses.
    pub aim: Aim,
    /// What happens after the damage.
    pub effects: &'static [Effect],
}

/// An attack that costs nothing and does nothing: what the tables fill in from.
pub(crate) const PLAIN: Attack =
    Attack { name: "", cost: (0, 0), damage: 0, extra: Extra::Nothing, aim: Aim::Nothing, effects: &[] };

/// A monster's ability.
#[derive(Debug)]
pub enum Ability {
    /// Used in one's main phase, once a turn for each monster.
    Active(&'static str, Trick),
    /// Holds as long as the monster is in play.
    Passive(&'static str, Passive),
}

/// What is chosen, and what happens then.
#[derive(Debug)]
pub struct Trick {
    /// What the player chooses.
    pub aim: Aim,
    /// What happens, in this order.
    pub effects: &'static [Effect],
}

/// The four elements of energy and monsters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// Fire and soot.
    Ember,
    /// Rivers and the deep.
    Tide,
    /// Leaf, root and spore.
    Grove,
    /// Wind and lightning.
    Storm,
}

impl Element {
    /// Attacks of this element hurt a monster of `self` by 20 more.
    pub fn weakness(self) -> Element {
        match self {
            Element::Ember => Element::Tide,
            Element::Tide => Element::Storm,
            Element::Storm => Element::Grove,
            Element::Grove => Element::Ember,
        }
    }
}

/// How mighty a monster is: the mightier, the more points whoever knocks it out takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// One point.
    Wild,
    /// Two points.
    Elder,
    /// Three points.
    Titan,
}

impl Class {
    /// The points for knocking one out.
    pub fn points(self) -> u32 {
        match self {
            Class::Wild => 1,
            Class::Elder => 2,
            Class::Titan => 3,
        }
    }
}

/// What can be wrong with an active monster. It passes when the monster evolves or leaves the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ailment {
    /// 10 damage between turns.
    Poisoned,
    /// 20 damage between turns, then heads ends it.
    Burned,
    /// Cannot attack or retreat; between turns heads ends it.
    Asleep,
    /// Cannot attack or retreat; ends with its owner's turn.
    Paralysed,
    /// On tails an attack fails and does 30 damage to the attacker.
    Confused,
}

impl Ailment {
    /// Of these three a monster has at most one: the newest.
    pub fn is_of_the_mind(self) -> bool {
        matches!(self, Ailment::Asleep | Ailment::Paralysed | Ailment::Confused)
    }
}
