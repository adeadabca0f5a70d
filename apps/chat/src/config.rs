//! What whoever opens a room may choose, and why a choice is refused.

use crate::limits::{INVITED, MEMBERS, USER_BYTES};
use crate::refusal::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
    /// Who may come, by user id: 1 to 256, to whom moderators may add others. Then the room is private: to who is not among them
    /// there is no such room. Without, anybody may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited: Option<BTreeSet<String>>,
    /// After how many milliseconds without another sign somebody has stopped typing: 100 to 60000.
    pub typing_ms: u32,
    /// After how many milliseconds without a connection a member is out of the room: 100 to 86400000.
    pub away_ms: u32,
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
        Self {
            members: MEMBERS,
            spectators: true,
            read_marks: ReadMarks::Shared,
            invited: None,
            typing_ms: 5_000,
            away_ms: 60_000,
        }
    }
}

impl Config {
    pub(crate) fn checked(self) -> Result<Self, Refusal> {
        match self {
            Self { members, .. } if !(1..=MEMBERS).contains(&members) => Err(Refusal::BadMembers),
            Self { typing_ms, .. } if !(100..=60_000).contains(&typing_ms) => Err(Refusal::BadTypingMs),
            Self { away_ms, .. } if !(100..=86_400_000).contains(&away_ms) => Err(Refusal::BadAwayMs),
            Self { invited: Some(invited), .. } if !is_list(&invited) => Err(Refusal::BadInvited),
            fine => Ok(fine),
        }
    }
}

fn is_list(invited: &BTreeSet<String>) -> bool {
    (1..=INVITED).contains(&invited.len()) && invited.iter().all(|user| !user.is_empty() && user.len() <= USER_BYTES)
}
