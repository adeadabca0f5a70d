//! What members are told. Fields that are left out for those who may not know them are `Option`s.

use crate::action::Demand;
use crate::card::{Card, Face, Id};
use crate::outcome::Reason;
use crate::print::{Ailment, Element};
use parlour_room::Seat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that happens. `seat` is always the player it happens to or who does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields name themselves; what is not obvious is said at its event")]
pub enum Event {
    /// Both seats are taken, it is settled who plays first, and both hands are dealt. `game` counts the games at this table.
    GameBegun { first: Seat, game: u32 },
    /// Setup: a monster lies face down. Only its player is told which.
    Placed {
        seat: Seat,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Card>,
        face_down: u32,
    },
    /// Setup: this player has placed what they wanted.
    Readied { seat: Seat },
    /// Setup is over: this is what lay face down.
    Revealed { seat: Seat, active: Card, bench: Vec<Card> },
    /// A turn begins.
    TurnStarted { seat: Seat, turn: u32, seconds: u32 },
    /// Energy lies in the zone of this player.
    EnergyAppeared { seat: Seat, element: Element },
    /// Cards came to a hand from the deck. Only its player is told which.
    Drew {
        seat: Seat,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cards: Option<Vec<Card>>,
        count: u32,
    },
    /// A basic monster came to the bench.
    BasicPlayed { seat: Seat, card: Card },
    /// A monster evolved; its id stays.
    Evolved { seat: Seat, monster: Id, card: Card },
    /// The energy of the zone was attached.
    Attached { seat: Seat, monster: Id, element: Element },
    /// An item, an ally or a field was played.
    CardPlayed {
        seat: Seat,
        card: Card,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Id>,
    },
    /// An ability was used.
    AbilityUsed {
        seat: Seat,
        monster: Id,
        ability: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Id>,
    },
    /// An attack was declared.
    Attacked {
        seat: Seat,
        monster: Id,
        attack: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Id>,
    },
    /// A coin was flipped for this player: `why` is an attack, a card, or an ailment.
    Flipped { seat: Seat, why: String, heads: bool },
    /// A monster of this player took damage; `damage` is what it has now.
    Damaged { seat: Seat, monster: Id, amount: u32, damage: u32 },
    /// A monster of this player was healed; `damage` is what it has left.
    Healed { seat: Seat, monster: Id, amount: u32, damage: u32 },
    /// A monster got an ailment.
    Afflicted { seat: Seat, monster: Id, ailment: Ailment },
    /// A monster lost an ailment.
    Cured { seat: Seat, monster: Id, ailment: Ailment },
    /// Energy was attached by a card's effect.
    EnergyGained { seat: Seat, monster: Id, elements: Vec<Element> },
    /// Attached energy was spent.
    EnergySpent { seat: Seat, monster: Id, elements: Vec<Element> },
    /// Another monster of this player is active now.
    Switched { seat: Seat, active: Id },
    /// Attacks on this monster do less, until the end of that turn.
    Shielded { seat: Seat, monster: Id, amount: u32, until_turn: u32 },
    /// This player's attacks do more this turn.
    Boosted { seat: Seat, amount: u32 },
    /// A monster of this player was knocked out; the other player gets the points.
    KnockedOut { seat: Seat, monster: Id, points: u32 },
    /// A card went from a hand to the discard pile.
    Discarded { seat: Seat, card: Card },
    /// A card came from the discard pile to the hand; it has a new id now, which only its player is told.
    Recovered {
        seat: Seat,
        card: Card,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Id>,
    },
    /// A monster went back to the hand; its cards have new ids now, which only its player is told.
    Returned {
        seat: Seat,
        monster: Id,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cards: Option<Vec<Card>>,
        count: u32,
    },
    /// A deck was shuffled, after so many cards went back into it.
    Shuffled { seat: Seat, put_back: u32 },
    /// A player looks at cards of their deck. Only they are told which.
    Looked {
        seat: Seat,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cards: Option<Vec<Card>>,
        count: u32,
    },
    /// The player kept one of them. Only they are told which.
    Kept {
        seat: Seat,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Card>,
    },
    /// A player sees which cards the other holds: keys in the order of the alphabet, never ids. Only they are told.
    Peeked {
        seat: Seat,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cards: Option<Vec<Face>>,
        count: u32,
    },
    /// This player must choose before anything else happens.
    MustChoose { seat: Seat, action: Demand, count: u32 },
    /// This player's time runs down.
    TurnWarning { seat: Seat, remaining_seconds: u32 },
    /// This player's time is up.
    TurnTimeout { seat: Seat },
    /// This player gave up.
    Resigned { seat: Seat },
    /// This player's connection is lost; they have so long to come back.
    Away { seat: Seat, seconds: u32 },
    /// This player is back in time.
    Back { seat: Seat },
    /// This player did not come back in time.
    Forfeited { seat: Seat },
    /// The game is over. Nobody is the winner of a draw.
    GameOver { winner: Option<Seat>, reason: Reason },
    /// Both players may agree to another game within this time; so many may follow.
    RematchOffered { seconds: u32, left: u32 },
    /// This player wants another game.
    RematchWanted { seat: Seat },
    /// This player does not, or has left: the room closes.
    RematchDeclined { seat: Seat },
}
