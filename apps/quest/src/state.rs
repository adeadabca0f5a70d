//! All that is kept of a quest.

use crate::book::{Book, Section};
use crate::config::{Config, Mode};
use crate::hero::Hero;
use crate::limits::HISTORY;
use crate::narrator::Fault;
use crate::trace::{ActionType, Deed, Details, Entry};
use parlour_room::{Seat, kept, wire};
use std::collections::VecDeque;

/// A quest.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub struct Quest {
    pub(crate) rules: Config,
    /// Counts the changes of section, restarts included.
    pub(crate) step: u32,
    pub(crate) section: u32,
    /// Whether anybody has come: then the story has begun.
    pub(crate) begun: bool,
    pub(crate) ended: bool,
    pub(crate) stopped: bool,
    pub(crate) hero: Hero,
    /// In the order of their seats.
    pub(crate) members: Vec<Member>,
    /// Whose turn it is; nobody's: whoever acts first.
    pub(crate) turn: Option<Seat>,
    /// When that ends, in room time.
    pub(crate) turn_opens_ms: Option<u64>,
    /// In the order in which they were given.
    pub(crate) votes: Vec<Vote>,
    /// When voting ends, in room time.
    pub(crate) vote_closes_ms: Option<u64>,
    pub(crate) narrative: Narrative,
    /// How the story came to this section.
    pub(crate) deed: Option<Deed>,
    pub(crate) remarks: VecDeque<Remark>,
    pub(crate) history: VecDeque<Entry>,
    /// How many tokens the narrator has spent.
    pub(crate) tokens: u32,
}

/// Somebody of the party.
#[wire]
pub struct Member {
    /// Their seat.
    pub seat: Seat,
    /// What they are called.
    pub name: String,
    /// Whether they are connected.
    pub here: bool,
}

/// A vote for a choice.
#[wire]
pub struct Vote {
    /// Whose.
    pub seat: Seat,
    /// For which choice.
    pub choice: String,
}

/// Something that was said.
#[wire]
pub struct Remark {
    /// By whom.
    pub seat: Seat,
    /// What they were called then.
    pub name: String,
    /// What.
    pub text: String,
    /// In which step.
    pub step: u32,
    /// When, in room time.
    pub at_ms: u64,
}

/// The narrative of the current step.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Narrative {
    /// The narrator's words; none: the section's own text stands.
    pub(crate) told: Option<String>,
    pub(crate) fault: Option<Fault>,
    /// Whether the narrator is at it.
    pub(crate) open: bool,
    /// How often it was asked again.
    pub(crate) again: u32,
    /// When it last changed, in room time.
    pub(crate) at_ms: u64,
}

impl Narrative {
    pub(crate) fn new(at_ms: u64) -> Self {
        Self { told: None, fault: None, open: false, again: 0, at_ms }
    }
}

impl Quest {
    /// A quest before anybody has come.
    pub(crate) fn new(rules: Config) -> Self {
        let mut hero = Hero::new(rules.hero.clone());
        hero.undergo(&Book::own().section(1).effects);
        Self {
            rules,
            step: 0,
            section: 1,
            begun: false,
            ended: false,
            stopped: false,
            hero,
            members: Vec::new(),
            turn: None,
            turn_opens_ms: None,
            votes: Vec::new(),
            vote_closes_ms: None,
            narrative: Narrative::new(0),
            deed: None,
            remarks: VecDeque::new(),
            history: VecDeque::new(),
            tokens: 0,
        }
    }

    /// The section the story is in.
    pub(crate) fn here(&self) -> &'static Section {
        Book::own().section(self.section)
    }

    pub(crate) fn member(&self, seat: Seat) -> Option<&Member> {
        self.members.iter().find(|member| member.seat == seat)
    }

    /// Who may restart and stop: the lowest seat of those who are here, or of all where nobody is.
    pub(crate) fn leader(&self) -> Option<Seat> {
        let here = self.members.iter().find(|member| member.here);
        here.or(self.members.first()).map(|member| member.seat)
    }

    pub(crate) fn mode(&self) -> Mode {
        self.rules.party
    }

    /// Writes something down in the trace.
    pub(crate) fn note(&mut self, at_ms: u64, action_type: ActionType, details: Details) {
        if self.history.len() >= HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Entry { at_ms, step: self.step, section: self.section, action_type, details });
    }
}
