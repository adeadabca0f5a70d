//! A card one could hold: what is printed on it, and the id that tells it from every other copy.

use crate::print::{Print, Sort, Species};
use parlour_room::Dice;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of one card of one game: twelve letters that say nothing about the card, its owner or its place.
///
/// Whoever may not see a card may not see its id either. A card that goes from where somebody saw it to where they may not gets a
/// fresh one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// A fresh id. Always one draw of the dice.
    pub fn fresh(dice: &mut Dice) -> Self {
        const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
        let bits = dice.bits();
        let letter = |i: u32| char::from(LETTERS[usize::try_from((bits >> (5 * i)) & 31).expect("five bits")]);
        Self((0..12).map(letter).collect())
    }
}

impl From<&str> for Id {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One card of the game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Which one.
    pub id: Id,
    /// What it is: a key of the [`catalogue`](crate::catalogue).
    pub card: Face,
}

/// What is printed on a card. On the wire and in the journal it is the card's key.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Face(&'static Print);

impl Face {
    /// The card with this key.
    pub fn named(key: &str) -> Option<Self> {
        Self::all().find(|face| face.0.key == key)
    }

    /// Every card there is, in the order of the tables.
    pub fn all() -> impl Iterator<Item = Self> {
        crate::prints::SETS.iter().flat_map(|set| set.iter()).map(Face)
    }

    /// Its key.
    pub fn key(self) -> &'static str {
        self.0.key
    }

    /// All that is printed on it.
    pub fn print(self) -> &'static Print {
        self.0
    }

    /// The monster on it, if it is one.
    pub fn species(self) -> Option<&'static Species> {
        match &self.0.sort {
            Sort::Monster(species) => Some(species),
            Sort::Item(_) | Sort::Ally(_) | Sort::Field(_) => None,
        }
    }

    /// Whether it is a monster that comes into play by itself.
    pub fn is_basic(self) -> bool {
        self.species().is_some_and(|species| species.stage.from().is_none())
    }
}

impl PartialEq for Face {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Face {}

impl PartialOrd for Face {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Face {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(other.key())
    }
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key())
    }
}

impl From<Face> for String {
    fn from(face: Face) -> String {
        face.key().to_owned()
    }
}

impl TryFrom<String> for Face {
    type Error = &'static str;
    fn try_from(key: String) -> Result<Self, Self::Error> {
        Face::named(&key).ok_or("no card has this key")
    }
}
