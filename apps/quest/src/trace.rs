//! What has happened, as it is kept and shown.

use crate::book::DiceKind;
use crate::hero::Change;
use parlour_room::{Seat, wire};

/// One entry of the trace.
#[wire]
pub struct Entry {
    /// When, in room time.
    pub at_ms: u64,
    /// In which step; of a section change, the new one.
    pub step: u32,
    /// In which section; of a section change, the new one.
    pub section: u32,
    /// What it was.
    pub action_type: ActionType,
    /// The rest of it: what does not belong is left out.
    pub details: Details,
}

/// What an entry of the trace is about.
#[derive(Copy)]
#[wire]
pub enum ActionType {
    /// A choice, a vote, or what somebody did with a thing: `input` says it. Of a remark it says only that there was one.
    UserInput,
    /// Dice: `roll_result` is their total.
    DiceRoll,
    /// The story went on.
    SectionChange,
    /// What the hero has, is or knows has changed.
    CharacterUpdate,
    /// The narrator answered, or failed.
    Narration,
    /// A vote was decided.
    VoteDecided,
    /// The story began anew.
    Restart,
    /// The story ended.
    Ending,
}

/// What is known of an entry.
#[wire]
#[derive(Default)]
pub struct Details {
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// What was said or done, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The id of a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// The total of the dice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_result: Option<u32>,
    /// Each of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dice: Option<[u32; 2]>,
    /// What was rolled for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dice_type: Option<DiceKind>,
    /// The section before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
    /// The section after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// What changed for the hero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// How the story came to where it is.
#[wire]
pub struct Deed {
    /// Who did it; nobody where a vote decided.
    pub seat: Option<Seat>,
    /// The choice's id; none where the story was restarted.
    pub choice: Option<String>,
    /// The choice's text, as the book has it.
    pub text: String,
    /// From which section.
    pub from: u32,
    /// To which.
    pub to: u32,
    /// What the dice said.
    pub roll: Option<Roll>,
}

/// Two dice.
#[wire]
pub struct Roll {
    /// What for.
    pub kind: DiceKind,
    /// Each of them, 1 to 6.
    pub dice: [u32; 2],
    /// Both together.
    pub total: u32,
}
