//! What is told.

use crate::state::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is told: everybody, but for `read`. `from` and `by` are user ids that the server vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Somebody says something.
    Chat {
        /// The number by which this message is named: that of this event.
        message: u64,
        /// Who says it.
        from: String,
        /// What they are called.
        from_name: String,
        /// What they say, byte for byte.
        content: String,
        /// The message they answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<u64>,
        /// Whether it was changed since: in the history, and where somebody catches up.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        edited: bool,
    },
    /// A message says something else from now on.
    Edited {
        /// Which.
        message: u64,
        /// Whose it is.
        by: String,
        /// What it says.
        content: String,
    },
    /// A message was taken back. In the history it stands in the place of the message, and of its changes.
    Deleted {
        /// Which.
        message: u64,
        /// Who took it back.
        by: String,
    },
    /// A member has read everything up to a message. Told to members alone, in small rooms; in others to oneself.
    Read {
        /// Who.
        user: String,
        /// The last message.
        up_to: u64,
    },
    /// Somebody has another role.
    RoleChanged {
        /// Who.
        user: String,
        /// Which.
        role: Role,
        /// Who gave it; nobody, where the room passed on to somebody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Somebody was sent away.
    Kicked {
        /// Who.
        user: String,
        /// By whom.
        by: String,
    },
    /// Somebody is kept out.
    Banned {
        /// Who.
        user: String,
        /// By whom.
        by: String,
    },
    /// Somebody may come into this private room.
    Invited {
        /// Who.
        user: String,
        /// Who says so.
        by: String,
    },
    /// Somebody is kept out no more.
    Unbanned {
        /// Who.
        user: String,
        /// By whom.
        by: String,
    },
    /// Somebody is silenced.
    Muted {
        /// Who.
        user: String,
        /// For how long.
        seconds: u32,
        /// By whom.
        by: String,
    },
    /// Somebody may speak again.
    Unmuted {
        /// Who.
        user: String,
        /// By whom; nobody, where the time was over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Members must wait so long from one message to the next.
    SlowMode {
        /// How long; 0: not at all.
        seconds: u32,
        /// Who says so.
        by: String,
    },
    /// What the room is about.
    TopicChanged {
        /// The topic; empty: nothing.
        text: String,
        /// Who says so.
        by: String,
    },
}
