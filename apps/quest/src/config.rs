//! What whoever opens a quest may choose, and why a choice is refused.

use crate::limits::{NAME_CHARS, SEATS, SECONDS_MAX};
use crate::refusal::Refusal;
use crate::text::plain;
use parlour_room::wire;

/// The choices: all have a default.
#[wire(config)]
#[serde(default)]
pub struct Config {
    /// Who decides: one player, a vote, or each in turn.
    pub party: Mode,
    /// How many may play: 1 if solo, and otherwise 1 to 8; 4 if nothing is said.
    pub seats: Option<u32>,
    /// How long a vote is open after its first voice: 1 to 3600 seconds.
    pub vote_seconds: u32,
    /// How long only the one whose turn it is may act, where others wait: 1 to 3600 seconds.
    pub turn_seconds: u32,
    /// What the hero is called: 1 to 50 characters.
    pub hero: String,
    /// Whether a narrator words the sections; without, their own text stands.
    pub narrated: bool,
}

/// Who decides what the hero does.
#[derive(Copy)]
#[wire]
pub enum Mode {
    /// The one player.
    Solo,
    /// The majority of those present; ties are decided by dice.
    Vote,
    /// Each member in the order of the seats.
    Turns,
}

impl Default for Config {
    fn default() -> Self {
        let hero = "Wren Tallow".to_owned();
        Self { party: Mode::Solo, seats: None, vote_seconds: 30, turn_seconds: 60, hero, narrated: true }
    }
}

impl Config {
    /// How many may play, also by a configuration that is refused afterwards.
    pub(crate) fn seat_count(&self) -> u32 {
        let usual = if self.party == Mode::Solo { 1 } else { 4 };
        self.seats.unwrap_or(usual).clamp(1, SEATS)
    }

    /// The same if all of it may be chosen.
    pub(crate) fn checked(mut self) -> Result<Self, Refusal> {
        let most = if self.party == Mode::Solo { 1 } else { SEATS };
        if let Some(seats) = self.seats.filter(|seats| !(1..=most).contains(seats)) {
            return Err(Refusal::BadSeats { seats, most });
        }
        for seconds in [self.vote_seconds, self.turn_seconds] {
            if !(1..=SECONDS_MAX).contains(&seconds) {
                return Err(Refusal::BadSeconds { seconds });
            }
        }
        self.hero = plain(&self.hero, NAME_CHARS)?;
        Ok(self)
    }
}
