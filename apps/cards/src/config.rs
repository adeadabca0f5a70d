//! What whoever opens a game may choose, and why a choice is refused.

use crate::card::Face;
use crate::decks::{self, COPIES, DECK_SIZE};
use crate::refusal::Refusal;
use parlour_room::Seat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The choices: all have a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The decks of seat 0 and seat 1; `ember` and `tide` if none are given.
    pub decks: Option<[DeckChoice; 2]>,
    /// How long a player has for a turn, a forced choice or the setup: 1 to 3600 seconds.
    pub seconds_per_turn: u32,
    /// After how many turns, both players' counted, the game is judged by points: 2 to 200.
    pub turn_limit: u32,
    /// How many points win: 1 to 10.
    pub points_to_win: u32,
    /// How long a player whose connection is lost has to come back before the game is forfeit: 1 to 3600 seconds.
    pub grace_seconds: u32,
    /// How many more games may be played at this table if both players want: 0 to 9.
    pub rematches: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { decks: None, seconds_per_turn: 90, turn_limit: 30, points_to_win: 4, grace_seconds: 60, rematches: 0 }
    }
}

/// A deck to play with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum DeckChoice {
    /// One of the ready-made decks, by its name.
    Named(String),
    /// Forty cards of one's own choice, by their keys.
    Listed {
        /// The keys; at most two of each.
        cards: Vec<String>,
    },
}

/// The rules one game is played by, as every viewer may know them. Which cards are in a listed deck is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rules {
    /// The names of both decks, or `listed`.
    pub decks: [String; 2],
    /// How long a player has for a turn, a forced choice or the setup.
    pub seconds_per_turn: u32,
    /// After how many turns the game is judged by points.
    pub turn_limit: u32,
    /// How many points win.
    pub points_to_win: u32,
    /// How long a player whose connection is lost has to come back.
    pub grace_seconds: u32,
    /// How many more games may follow the first.
    pub rematches: u32,
}

impl Config {
    /// The rules and both decks, or why not.
    pub(crate) fn checked(self) -> Result<(Rules, [Vec<Face>; 2]), Refusal> {
        let Config { decks, seconds_per_turn, turn_limit, points_to_win, grace_seconds, rematches } = self;
        if !(1..=3600).contains(&seconds_per_turn) {
            return Err(Refusal::BadSecondsPerTurn { seconds_per_turn });
        }
        if !(2..=200).contains(&turn_limit) {
            return Err(Refusal::BadTurnLimit { turn_limit });
        }
        if !(1..=10).contains(&points_to_win) {
            return Err(Refusal::BadPointsToWin { points_to_win });
        }
        if !(1..=3600).contains(&grace_seconds) {
            return Err(Refusal::BadGraceSeconds { grace_seconds });
        }
        if rematches > 9 {
            return Err(Refusal::BadRematches { rematches });
        }
        let [first, second] = decks.unwrap_or_else(|| ["ember", "tide"].map(|name| DeckChoice::Named(name.to_owned())));
        let (first_name, first) = first.checked(Seat(0))?;
        let (second_name, second) = second.checked(Seat(1))?;
        let decks = [first_name, second_name];
        let rules = Rules { decks, seconds_per_turn, turn_limit, points_to_win, grace_seconds, rematches };
        Ok((rules, [first, second]))
    }
}

impl DeckChoice {
    fn checked(self, seat: Seat) -> Result<(String, Vec<Face>), Refusal> {
        match self {
            DeckChoice::Named(name) => match decks::named(&name) {
                Some(cards) => Ok((name, cards)),
                None => Err(Refusal::UnknownDeck { seat, deck: name }),
            },
            DeckChoice::Listed { cards } => Ok(("listed".to_owned(), listed(seat, cards)?)),
        }
    }
}

fn listed(seat: Seat, keys: Vec<String>) -> Result<Vec<Face>, Refusal> {
    if keys.len() != DECK_SIZE {
        return Err(Refusal::BadDeckSize { seat, cards: u32::try_from(keys.len()).unwrap_or(u32::MAX) });
    }
    let mut cards = Vec::new();
    for key in keys {
        let Some(face) = Face::named(&key) else { return Err(Refusal::UnknownCard { seat, card: key }) };
        cards.push(face);
        if cards.iter().filter(|&&other| other == face).count() > COPIES {
            return Err(Refusal::TooManyCopies { seat, card: key });
        }
    }
    if !cards.iter().any(|face| face.is_basic()) {
        return Err(Refusal::NoBasicInDeck { seat });
    }
    Ok(cards)
}
