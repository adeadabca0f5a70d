//! The narrator of quests: a job's runner, and so the one part of a quest that may read clocks and sockets. By itself it asks
//! nobody (`offline.rs`); given an endpoint it asks a language model there (`ask.rs`), by the words of `prompt.rs`.

mod ask;
mod offline;
mod prompt;
mod stream;

pub use ask::{BadAddress, Endpoint};

use parlour_quest::{Fault, Quest, Signal, Telling};
use parlour_room::{Errand, Runner};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Of so many games this process remembers what they have spent; the room's own count stands for the others.
const GAMES: usize = 10_000;

/// Words the sections of quests.
#[derive(Debug, Default)]
pub struct Narrator {
    endpoint: Option<Endpoint>,
    /// Tokens by game, also of answers that nobody wanted any more.
    spent: Mutex<BTreeMap<String, u32>>,
}

impl Narrator {
    /// One that asks the language model at this endpoint.
    pub fn asking(endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), spent: Mutex::default() }
    }

    /// How many tokens this game has left.
    fn left(&self, endpoint: &Endpoint, room: &str, told: u32) -> u32 {
        let known = self.spent.lock().unwrap_or_else(PoisonError::into_inner).get(room).copied().unwrap_or(0);
        endpoint.tokens_per_game.saturating_sub(known.max(told))
    }

    fn spend(&self, room: &str, told: u32, tokens: u32) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() >= GAMES && !spent.contains_key(room) {
            spent.pop_first();
        }
        let known = spent.entry(room.to_owned()).or_default();
        *known = (*known).max(told).saturating_add(tokens);
    }
}

impl Runner<Quest> for Narrator {
    fn run(&self, job: Telling, errand: &Errand<'_>) -> Result<Signal, String> {
        let (step, section) = (job.step, job.section);
        let Some(endpoint) = &self.endpoint else {
            return Ok(Signal::Told { step, section, content: offline::words(&job), tokens: 0 });
        };
        let left = self.left(endpoint, errand.room, job.tokens_spent);
        if left == 0 {
            return Ok(Signal::Untold { step, section, fault: Fault::BudgetSpent, tokens: 0 });
        }
        let answer = endpoint.ask(&job, left, errand);
        self.spend(errand.room, job.tokens_spent, answer.tokens);
        let tokens = answer.tokens;
        Ok(match answer.words {
            Ok(content) => Signal::Told { step, section, content, tokens },
            Err(fault) => Signal::Untold { step, section, fault, tokens },
        })
    }
}
