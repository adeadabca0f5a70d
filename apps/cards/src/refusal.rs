//! Why something is refused: a code for programs, a sentence for people.
//!
//! A refusal depends only on what the player who gets it knows: a card they cannot see is the same to them as no card.

use crate::action::Demand;
use parlour_room::Seat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};

/// Every reason for which this game refuses a configuration or an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each variant's text is below, in words")]
pub enum Refusal {
    // Opening.
    BadSecondsPerTurn { seconds_per_turn: u32 },
    BadTurnLimit { turn_limit: u32 },
    BadPointsToWin { points_to_win: u32 },
    BadGraceSeconds { grace_seconds: u32 },
    BadRematches { rematches: u32 },
    UnknownDeck { seat: Seat, deck: String },
    BadDeckSize { seat: Seat, cards: u32 },
    UnknownCard { seat: Seat, card: String },
    TooManyCopies { seat: Seat, card: String },
    NoBasicInDeck { seat: Seat },
    // Whose turn it is.
    NotStarted,
    GameOver,
    NoRematch,
    AlreadyAgreed,
    NotYourTurn,
    ForcedChoicePending { seat: Seat, action: Demand },
    NoChoicePending,
    // Setting up.
    SetupFirst,
    SetupIsOver,
    AlreadyReady,
    PlaceOneFirst,
    // Cards.
    NoSuchCard,
    NotABasic,
    NotAnEvolution,
    NotAnItem,
    NotAnAlly,
    NotAField,
    BenchFull,
    AllyAlreadyPlayed,
    SameField,
    // Monsters.
    NoSuchMonster,
    CannotEvolveYet,
    EvolvesFromAnother { from: String },
    NothingToAttach,
    AlreadyAttached,
    NoAbility,
    AbilityAlreadyUsed,
    NoSuchAttack { attacks: u32 },
    NotEnoughEnergy { needed: u32, attached: u32 },
    CannotAct,
    AlreadyRetreated,
    NotOnBench,
    // Targets.
    TargetNeeded,
    NoTargetWanted,
    NothingToAimAt,
    NoSuchTarget,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        use Refusal::*;
        let text = match self {
            BadSecondsPerTurn { seconds_per_turn } => {
                return write!(f, "seconds_per_turn is 1 to 3600, not {seconds_per_turn}");
            }
            BadTurnLimit { turn_limit } => return write!(f, "turn_limit is 2 to 200, not {turn_limit}"),
            BadPointsToWin { points_to_win } => return write!(f, "points_to_win is 1 to 10, not {points_to_win}"),
            BadGraceSeconds { grace_seconds } => return write!(f, "grace_seconds is 1 to 3600, not {grace_seconds}"),
            BadRematches { rematches } => return write!(f, "rematches is 0 to 9, not {rematches}"),
            UnknownDeck { seat, deck } => return write!(f, "seat {seat}: there is no ready-made deck {deck:?}"),
            BadDeckSize { seat, cards } => return write!(f, "seat {seat}: a deck has 40 cards, not {cards}"),
            UnknownCard { seat, card } => return write!(f, "seat {seat}: there is no card {card:?}"),
            TooManyCopies { seat, card } => return write!(f, "seat {seat}: a deck holds at most two of {card:?}"),
            NoBasicInDeck { seat } => return write!(f, "seat {seat}: a deck needs at least one basic monster"),
            ForcedChoicePending { seat, action } => {
                return write!(f, "first the player on seat {seat} must choose: {action}");
            }
            EvolvesFromAnother { from } => return write!(f, "this monster evolves from {from}, not from the chosen one"),
            NoSuchAttack { attacks } => return write!(f, "your active monster has {attacks} attack(s), counted from 0"),
            NotEnoughEnergy { needed, attached } => {
                return write!(f, "this costs {needed} energy of the right kinds; {attached} are attached");
            }
            NotStarted => "the game has not begun: it begins when both seats are taken",
            GameOver => "the game is over",
            NoRematch => "another game is offered after this one, if this table allows it",
            AlreadyAgreed => "you have agreed to another game",
            NotYourTurn => "it is not your turn",
            NoChoicePending => "no such choice is asked of you now",
            SetupFirst => "first both players set up: place a basic monster, then say that you are ready",
            SetupIsOver => "the setup is over",
            AlreadyReady => "you are ready: wait for the other player",
            PlaceOneFirst => "place at least one basic monster first",
            NoSuchCard => "you have no such card to choose",
            NotABasic => "this card is not a basic monster",
            NotAnEvolution => "this card is not a monster that evolves from another",
            NotAnItem => "this card is not an item",
            NotAnAlly => "this card is not an ally",
            NotAField => "this card is not a field",
            BenchFull => "there is no room on your bench: it seats three",
            AllyAlreadyPlayed => "you have played an ally this turn",
            SameField => "this field lies there already",
            NoSuchMonster => "you have no such monster in play",
            CannotEvolveYet => "a monster cannot evolve in the turn it came, nor in its player's first turn",
            NothingToAttach => "there is no energy in your zone",
            AlreadyAttached => "you have attached this turn's energy",
            NoAbility => "this monster has no ability to use",
            AbilityAlreadyUsed => "this monster has used its ability this turn",
            CannotAct => "a monster that is asleep or paralysed can neither attack nor retreat",
            AlreadyRetreated => "you have retreated this turn",
            NotOnBench => "there is no such monster on your bench",
            TargetNeeded => "choose a target",
            NoTargetWanted => "this does not aim at anything now: leave the target out",
            NothingToAimAt => "there is nothing it could aim at",
            NoSuchTarget => "this is not something it can aim at",
        };
        f.write_str(text)
    }
}
