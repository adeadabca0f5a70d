//! What whoever opens a room may choose, and why a choice is refused.

use crate::limits::MEMBERS;
use crate::refusal::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The choices: all have a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many may be members: 1 to 10000.
    pub members: u32,
    /// Whether who is no member may watch and read the history. Without, the room is in no public list.
    pub spectators: bool,
    /// Whether members are shown how far the others have read, while there are at most 64 of them.
    pub read_marks: ReadMarks,
    /// After how many milliseconds without another sign somebody has stopped typing: 100 to 60000.
    pub typing_ms: u32,
}

/// Who is shown how far somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadMarks {
    /// All members of a small room.
    Shared,
    /// Only they themselves.
    Own,
}

impl Default for Config {
    fn default() -> Self {
        Self { members: MEMBERS, spectators: true, read_marks: ReadMarks::Shared, typing_ms: 5_000 }
    }
}

impl Config {
    pub(crate) fn checked(self) -> Result<Self, Refusal> {
        match self {
            Self { members, .. } if !(1..=MEMBERS).contains(&members) => Err(Refusal::BadMembers),
            Self { typing_ms, .. } if !(100..=60_000).contains(&typing_ms) => Err(Refusal::BadTypingMs),
            fine => Ok(fine),
        }
    }
}
