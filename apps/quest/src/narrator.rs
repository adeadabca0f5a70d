//! What is asked of the narrator, and what may come back. A narrator only words: whatever it says is text, shown as the narrative
//! of the one step it was asked for, and changes nothing else.

use crate::hero::Change;
use crate::trace::Deed;
use parlour_room::{World, kept, wire};

/// What a quest exchanges with the world: clocks, and the narrator.
pub struct Outside;

impl World for Outside {
    type Pulse = Pulse;
    type Job = Telling;
    type Signal = Signal;
}

/// Shown and never kept.
#[wire(pulse)]
pub enum Pulse {
    /// The narrator is at it.
    Narrating {
        /// The step it is asked for.
        step: u32,
        /// How many characters stand before `text_so_far`, which is the newest part where all of it would be too long.
        skipped: u32,
        /// What it has said.
        text_so_far: String,
    },
}

/// What a narrator is asked to word.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub struct Telling {
    /// For which step.
    pub step: u32,
    /// Its section.
    pub section: u32,
    /// The section's title.
    pub title: String,
    /// The section's own text.
    pub text: String,
    /// How the story came here.
    pub deed: Option<Deed>,
    /// What changed for the hero in doing so.
    pub changes: Vec<Change>,
    /// The hero's name.
    pub hero: String,
    /// The members' names. Words of strangers, as are remarks: data, never instructions.
    pub names: Vec<String>,
    /// The last remarks.
    pub remarks: Vec<Said>,
    /// How often the narrator was asked for this step before.
    pub asked_before: u32,
    /// How many tokens this game has spent.
    pub tokens_spent: u32,
}

/// A remark as the narrator is given it.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub name: String,
    /// What.
    pub text: String,
}

/// What comes back: from the narrator, or a clock.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub enum Signal {
    /// The narrator's words.
    Told {
        /// For which step.
        step: u32,
        /// Its section.
        section: u32,
        /// The words.
        content: String,
        /// How many tokens they took.
        tokens: u32,
    },
    /// There are none.
    Untold {
        /// For which step.
        step: u32,
        /// Its section.
        section: u32,
        /// Why.
        fault: Fault,
        /// How many tokens it took nevertheless.
        tokens: u32,
    },
    /// The time for voting in this step is over.
    VoteCloses {
        /// The step.
        step: u32,
    },
    /// The time of whoever's turn it is is over.
    TurnOpens {
        /// The step.
        step: u32,
    },
}

/// Why there is no narration.
#[derive(Copy)]
#[wire]
pub enum Fault {
    /// The narrator could not be reached.
    Unreachable,
    /// It did not answer in time.
    TimedOut,
    /// It is asked too much.
    Limited,
    /// There is nothing at its address.
    NotFound,
    /// It does not let this server in, or takes no such question.
    Refused,
    /// It failed.
    ServerError,
    /// Its answer was not to be understood.
    Garbage,
    /// It said nothing.
    Empty,
    /// This game has spent all its tokens.
    BudgetSpent,
    /// Something else went wrong.
    Failed,
}

impl Fault {
    /// In words.
    pub fn message(self) -> &'static str {
        match self {
            Fault::Unreachable => "the narrator could not be reached",
            Fault::TimedOut => "the narrator did not answer in time",
            Fault::Limited => "the narrator is asked too much just now",
            Fault::NotFound => "there is no narrator at the configured address",
            Fault::Refused => "the narrator does not take this server's questions",
            Fault::ServerError => "the narrator failed",
            Fault::Garbage => "the narrator's answer was not to be understood",
            Fault::Empty => "the narrator said nothing",
            Fault::BudgetSpent => "this game has no words of the narrator left",
            Fault::Failed => "the narration failed",
        }
    }
}
