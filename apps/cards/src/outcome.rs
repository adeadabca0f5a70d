//! How a game ends.

use parlour_room::Seat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a game ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Who won; nobody in a draw.
    pub winner: Option<Seat>,
    /// Why.
    pub reason: Reason,
}

/// Why a game ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The winner has the points.
    PrizesTaken,
    /// The loser has no monster in play.
    NoMonsters,
    /// The loser had to draw from an empty deck.
    DeckEmpty,
    /// The last turn was over; the winner had more points.
    TurnLimit,
    /// The loser's time was up. If in the setup both players' was, nobody wins.
    Timeout,
    /// The loser gave up or left.
    Resignation,
    /// The loser lost the connection and did not come back in time. If both did, nobody wins.
    Forfeit,
    /// Neither is ahead: at the turn limit, or when both won at once.
    Draw,
}

impl Reason {
    /// The word the room is closed with: the same as on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Reason::PrizesTaken => "prizes_taken",
            Reason::NoMonsters => "no_monsters",
            Reason::DeckEmpty => "deck_empty",
            Reason::TurnLimit => "turn_limit",
            Reason::Timeout => "timeout",
            Reason::Resignation => "resignation",
            Reason::Forfeit => "forfeit",
            Reason::Draw => "draw",
        }
    }
}
