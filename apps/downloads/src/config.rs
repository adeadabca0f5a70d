//! What whoever opens a queue may choose.

use crate::action::Action;
use crate::limits::{BYTES, SEATS, SUGGESTIONS};
use crate::refusal::Refusal;
use crate::rules;
use parlour_room::wire;

/// All of it has a default.
#[wire(config)]
#[serde(default)]
pub struct Config {
    /// So many members at one time.
    pub seats: u32,
    /// So many downloads at one time.
    pub parallel: u32,
    /// So many bytes a second for all of them; 0: as fast as they can.
    pub speed_limit_bytes_s: u64,
    /// The largest file.
    pub max_bytes: u64,
    /// Whether the queue runs from the beginning.
    pub autostart: bool,
    /// What is offered to members as a legal action until it is in the list. Members see these, spectators do not.
    pub suggestions: Vec<Suggestion>,
}

/// A download that is offered.
#[wire]
#[serde(deny_unknown_fields)]
pub struct Suggestion {
    /// As in the action `add`.
    pub url: String,
    /// As in the action `add`.
    pub key: String,
    /// As in the action `add`.
    pub folder: Option<String>,
    /// As in the action `add`.
    pub name: Option<String>,
    /// As in the action `add`.
    pub sha256: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { seats: 64, parallel: 3, speed_limit_bytes_s: 0, max_bytes: 1 << 36, autostart: true, suggestions: Vec::new() }
    }
}

impl Suggestion {
    /// The action by which a member takes it.
    pub(crate) fn action(&self) -> Action {
        let Self { url, key, folder, name, sha256 } = self.clone();
        Action::Add { url, key, folder, name, sha256, client_id: None }
    }
}

impl Config {
    pub(crate) fn checked(self) -> Result<Self, Refusal> {
        if !(1..=SEATS).contains(&self.seats) {
            return Err(Refusal::BadSeats {});
        }
        rules::parallel(self.parallel)?;
        rules::speed(self.speed_limit_bytes_s)?;
        if !(1..=BYTES).contains(&self.max_bytes) {
            return Err(Refusal::BadMaxBytes {});
        }
        if self.suggestions.len() > SUGGESTIONS {
            return Err(Refusal::TooManySuggestions {});
        }
        self.suggestions.iter().try_for_each(|suggestion| rules::target(&suggestion.action()).map(drop))?;
        Ok(self)
    }
}
