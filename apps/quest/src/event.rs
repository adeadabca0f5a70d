//! What everybody is told. Nothing in a quest is hidden, so every event is public.

use crate::book::{DiceKind, Outcome};
use crate::hero::Change;
use crate::narrator::Fault;
use parlour_room::{Seat, wire};

/// Everything that happens.
#[wire(event)]
#[allow(missing_docs, reason = "the fields name themselves; what is not obvious is said at its event")]
pub enum Event {
    /// The story begins: the first member has come.
    Begun { section: u32, step: u32, title: String },
    /// A member, or the party, took a choice. `seat` is nobody's where a vote decided.
    Chosen { seat: Option<Seat>, section: u32, step: u32, choice: String, text: String },
    /// A member voted; `votes` were given now, `of` members are waited for in all.
    Voted { seat: Seat, section: u32, step: u32, choice: String, votes: u32, of: u32 },
    /// The vote was decided; `tie`: by dice.
    VoteDecided { section: u32, step: u32, choice: String, votes: u32, tie: bool },
    /// Two dice were rolled, and by the table of this choice the story goes on at `target`.
    Rolled { seat: Seat, section: u32, step: u32, choice: String, kind: DiceKind, dice: [u32; 2], total: u32, target: u32 },
    /// The story went on; `step` is the new one.
    SectionChanged { from: u32, to: u32, step: u32, title: String },
    /// What the hero has, is or knows has changed: by a section, by use, by dropping.
    CharacterUpdated { section: u32, step: u32, changes: Vec<Change> },
    /// A member used a thing up.
    ItemUsed { seat: Seat, item: String },
    /// A member threw things away.
    ItemDropped { seat: Seat, item: String, quantity: u32 },
    /// A member said something.
    Remarked { seat: Seat, name: String, text: String },
    /// A member is called this.
    Introduced { seat: Seat, name: String },
    /// It is this member's turn; nobody's: whoever acts first.
    TurnPassed { seat: Option<Seat>, step: u32 },
    /// The narrator has worded this step.
    Narrated { section: u32, step: u32, content: String },
    /// The narrator has not; the section's own text stands.
    NarrationFailed { section: u32, step: u32, error: Fault, message: String },
    /// A member asked the narrator again.
    NarrationAsked { seat: Seat, section: u32, step: u32 },
    /// The story has ended.
    Ended { section: u32, step: u32, title: String, outcome: Outcome },
    /// The story begins anew; `section_changed` follows.
    Restarted { seat: Seat, step: u32 },
    /// The game is over for good.
    Stopped { seat: Seat },
}
