//! What a player may ask.

use crate::card::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};

/// Everything a player can do. Cards and monsters are named by their ids; a monster's id is that of the basic at its bottom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Setup: puts a basic monster face down; the first becomes active, the others the bench.
    Place {
        /// From the hand.
        card: Id,
    },
    /// Setup: that is all I place.
    Ready {},
    /// Puts a basic monster on the bench.
    PlayBasic {
        /// From the hand.
        card: Id,
    },
    /// Puts a monster on the one it evolves from.
    Evolve {
        /// From the hand.
        card: Id,
        /// The monster in play.
        monster: Id,
    },
    /// Attaches the energy of one's zone.
    Attach {
        /// To this monster of one's own.
        monster: Id,
    },
    /// Plays an item.
    PlayItem {
        /// From the hand.
        card: Id,
        /// What it aims at, if it aims.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Id>,
    },
    /// Plays an ally: one a turn.
    PlayAlly {
        /// From the hand.
        card: Id,
        /// What it aims at, if it aims.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Id>,
    },
    /// Lays a field, in place of the one that lies there.
    PlayField {
        /// From the hand.
        card: Id,
    },
    /// Uses a monster's ability.
    UseAbility {
        /// One's own monster.
        monster: Id,
        /// What it aims at, if it aims.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Id>,
    },
    /// Attacks with one's active monster, which ends the turn.
    Attack {
        /// Which attack, counted from 0.
        attack: u32,
        /// What it aims at, if it aims and there is something to aim at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Id>,
    },
    /// Pays energy to put one's active monster on the bench, once a turn.
    Retreat {
        /// The monster on the bench that becomes active.
        to: Id,
    },
    /// Ends the turn without an attack.
    EndTurn {},
    /// Forced: chooses a new active monster.
    ChooseActive {
        /// From one's bench.
        to: Id,
    },
    /// Forced: discards a card.
    Discard {
        /// From the hand.
        card: Id,
    },
    /// Forced: keeps one of the cards looked at.
    Keep {
        /// One of these.
        card: Id,
    },
    /// Gives up, at any time during a game.
    Resign {},
    /// After a game: let us play another.
    Rematch {},
    /// After a game: no more.
    DeclineRematch {},
}

impl Action {
    /// The card that it names, in the hand or among those looked at.
    pub(crate) fn card(&self) -> Option<&Id> {
        match self {
            Action::Place { card }
            | Action::PlayBasic { card }
            | Action::Evolve { card, .. }
            | Action::PlayItem { card, .. }
            | Action::PlayAlly { card, .. }
            | Action::PlayField { card }
            | Action::Discard { card }
            | Action::Keep { card } => Some(card),
            _ => None,
        }
    }
}

/// What a forced choice asks for: the only action its player may take, but for resigning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// A new active monster.
    ChooseActive,
    /// A card of the hand to discard.
    Discard,
    /// One of the cards looked at.
    Keep,
}

impl Display for Demand {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Demand::ChooseActive => "choose_active",
            Demand::Discard => "discard",
            Demand::Keep => "keep",
        })
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Action::Place { card } => write!(f, "place {card} face down"),
            Action::Ready {} => f.write_str("ready"),
            Action::PlayBasic { card } => write!(f, "play {card} to the bench"),
            Action::Evolve { card, monster } => write!(f, "evolve {monster} with {card}"),
            Action::Attach { monster } => write!(f, "attach energy to {monster}"),
            Action::PlayItem { card, target } => aimed(f, format_args!("play item {card}"), target),
            Action::PlayAlly { card, target } => aimed(f, format_args!("play ally {card}"), target),
            Action::PlayField { card } => write!(f, "lay field {card}"),
            Action::UseAbility { monster, target } => aimed(f, format_args!("use the ability of {monster}"), target),
            Action::Attack { attack, target } => aimed(f, format_args!("attack with attack {attack}"), target),
            Action::Retreat { to } => write!(f, "retreat for {to}"),
            Action::EndTurn {} => f.write_str("end the turn"),
            Action::ChooseActive { to } => write!(f, "choose {to} as active"),
            Action::Discard { card } => write!(f, "discard {card}"),
            Action::Keep { card } => write!(f, "keep {card}"),
            Action::Resign {} => f.write_str("resign"),
            Action::Rematch {} => f.write_str("play another game"),
            Action::DeclineRematch {} => f.write_str("play no other game"),
        }
    }
}

fn aimed(f: &mut Formatter<'_>, what: std::fmt::Arguments<'_>, target: &Option<Id>) -> std::fmt::Result {
    match target {
        Some(target) => write!(f, "{what} at {target}"),
        None => f.write_fmt(what),
    }
}
