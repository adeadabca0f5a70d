//! All cards there are, for clients: views name cards by key, this says what is printed on them.

use crate::card::Face;
use crate::print::{Ability, Attack, Class, Element, Sort, Species};
use crate::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is printed on one card, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardText {
    /// Its key.
    pub card: Face,
    /// Its name.
    pub name: String,
    /// What sort of card it is, and what that sort prints.
    #[serde(flatten)]
    pub sort: SortText,
}

/// What the sorts of card print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "sort", rename_all = "snake_case")]
pub enum SortText {
    /// Fights.
    Monster {
        /// Its element, if it has one.
        element: Option<Element>,
        /// Attacks of this element hurt it by 20 more.
        weakness: Option<Element>,
        /// 0 for basics, 1, 2.
        stage: u32,
        /// The key of the card it is put on.
        evolves_from: Option<String>,
        /// How mighty it is.
        class: Class,
        /// The points for knocking it out.
        points: u32,
        /// How much damage knocks it out.
        hp: u32,
        /// How many energies it pays to retreat.
        retreat: u32,
        /// Its ability, if it has one.
        ability: Option<AbilityText>,
        /// Its attacks, in the order of their numbers.
        attacks: Vec<AttackText>,
    },
    /// Played for its effects, as many a turn as one likes.
    Item {
        /// What it does.
        text: String,
    },
    /// Played for its effects, one a turn.
    Ally {
        /// What it does.
        text: String,
    },
    /// Stays, and holds for both players until the next field.
    Field {
        /// What it does.
        text: String,
    },
}

/// An ability, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AbilityText {
    /// Its name.
    pub name: String,
    /// Whether it is used by an action, once a turn; otherwise it always holds.
    pub used: bool,
    /// What it does.
    pub text: String,
}

/// An attack, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttackText {
    /// Its name.
    pub name: String,
    /// How many energies of the monster's own element must be attached.
    pub own: u32,
    /// How many more of any element.
    pub any: u32,
    /// Its damage.
    pub damage: u32,
    /// What else it does.
    pub text: String,
}

/// Every card there is.
pub fn catalogue() -> Vec<CardText> {
    Face::all().map(CardText::new).collect()
}

impl CardText {
    fn new(card: Face) -> Self {
        let print = card.print();
        let sort = match &print.sort {
            Sort::Monster(species) => SortText::monster(species),
            Sort::Item(trick) => SortText::Item { text: text::trick(trick) },
            Sort::Ally(trick) => SortText::Ally { text: text::trick(trick) },
            Sort::Field(rule) => SortText::Field { text: text::field(*rule) },
        };
        Self { card, name: print.name.to_owned(), sort }
    }
}

impl SortText {
    fn monster(species: &Species) -> Self {
        SortText::Monster {
            element: species.element,
            weakness: species.element.map(Element::weakness),
            stage: species.stage.number(),
            evolves_from: species.stage.from().map(str::to_owned),
            class: species.class,
            points: species.class.points(),
            hp: species.hp,
            retreat: species.retreat,
            ability: species.ability.as_ref().map(AbilityText::new),
            attacks: species.attacks.iter().map(AttackText::new).collect(),
        }
    }
}

impl AbilityText {
    fn new(ability: &Ability) -> Self {
        match ability {
            Ability::Active(name, trick) => Self { name: (*name).to_owned(), used: true, text: text::trick(trick) },
            Ability::Passive(name, rule) => Self { name: (*name).to_owned(), used: false, text: text::passive(*rule) },
        }
    }
}

impl AttackText {
    fn new(attack: &Attack) -> Self {
        let (own, any) = attack.cost;
        let texts = [text::extra(attack.extra), Some(text::effects(attack.aim, attack.effects))];
        let text = texts.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        Self { name: attack.name.to_owned(), own, any, damage: attack.damage, text }
    }
}
