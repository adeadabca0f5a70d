//! The narrator of quests: a job's runner, and so the one part of a quest that may read clocks and sockets.

mod offline;

use parlour_quest::{Quest, Signal, Telling};
use parlour_room::{Errand, Runner};

/// Words the sections of quests.
#[derive(Clone, Debug, Default)]
pub struct Narrator {}

impl Runner<Quest> for Narrator {
    fn run(&self, job: Telling, _: &Errand<'_>) -> Result<Signal, String> {
        Ok(Signal::Told { step: job.step, section: job.section, content: offline::words(&job), tokens: 0 })
    }
}
