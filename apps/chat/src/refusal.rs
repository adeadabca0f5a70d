//! Why something is refused: a code for programs, a sentence for people. None of them says what its hearer could not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// Of a configuration.
    BadMembers,
    /// Of a configuration.
    BadTypingMs,
    /// Of a configuration.
    BadAwayMs,
    /// Of a configuration.
    BadInvited,
    /// Nothing is said.
    Empty,
    /// Too much is said at once.
    TooLong {
        /// So many bytes are the most.
        bytes: u32,
    },
    /// A character that nobody sees.
    ControlCharacter,
    /// There is no such message.
    NoSuchMessage,
    /// It was so long ago that it cannot be touched.
    TooOld,
    /// It was taken back.
    WasDeleted,
    /// Somebody else said it.
    NotYours,
    /// It was changed too often.
    TooManyEdits,
    /// One's role does not allow it.
    NotAllowed,
    /// Their role is not below one's own.
    NotBelowYou,
    /// The room would have no owner.
    LastOwner,
    /// They are not here.
    NotHere,
    /// They are not kept out.
    NotBanned,
    /// They are not silenced.
    NotMuted,
    /// There are as many of these as there may be.
    TooMany,
    /// A time that cannot be.
    BadSeconds {
        /// The shortest.
        least: u32,
        /// The longest.
        most: u32,
    },
    /// One is silenced.
    Muted {
        /// For so long.
        retry_after_ms: u64,
    },
    /// One has written just now.
    SlowMode {
        /// When one may again.
        retry_after_ms: u64,
    },
    /// One is kept out.
    Banned,
    /// Only members see this room.
    MembersOnly,
    /// Anybody may come.
    NotPrivate,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Refusal::BadMembers => "A room has room for 1 to 10000 members.",
            Refusal::BadTypingMs => "typing_ms is 100 to 60000.",
            Refusal::BadAwayMs => "away_ms is 100 to 86400000.",
            Refusal::BadInvited => "invited is a list of 1 to 256 user ids.",
            Refusal::Empty => "Say something: it must not be empty or blank.",
            Refusal::TooLong { bytes } => return write!(f, "At most {bytes} bytes at a time."),
            Refusal::ControlCharacter => "Leave out control characters; line breaks and tabs are fine in messages.",
            Refusal::NoSuchMessage => "There is no message of this number.",
            Refusal::TooOld => "Only the last 512 messages can be answered, changed or taken back.",
            Refusal::WasDeleted => "This message was taken back.",
            Refusal::NotYours => "Somebody else wrote this message.",
            Refusal::TooManyEdits => "A message can be changed 16 times.",
            Refusal::NotAllowed => "Your role in this room does not allow this.",
            Refusal::NotBelowYou => "You can do this only to somebody whose role is below yours.",
            Refusal::LastOwner => "A room keeps an owner: make somebody else one first.",
            Refusal::NotHere => "Nobody of this id is in the room.",
            Refusal::NotBanned => "They are not kept out of this room.",
            Refusal::NotMuted => "They are not silenced in this room.",
            Refusal::TooMany => "There are as many of these as a room can keep.",
            Refusal::BadSeconds { least, most } => return write!(f, "Give a time of {least} to {most} seconds."),
            Refusal::Muted { .. } => "You are silenced in this room for a while.",
            Refusal::SlowMode { .. } => "This room is in slow mode: wait a little before you write again.",
            Refusal::Banned => "You are kept out of this room.",
            Refusal::MembersOnly => "Only members see this room.",
            Refusal::NotPrivate => "Anybody may come into this room: nobody needs to be invited.",
        })
    }
}
