//! What members may ask.

use crate::state::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a member may ask. A `message` is named by the number of the event that told it; a `user` by their id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Says something to everybody, perhaps in answer to a message.
    Chat {
        /// What is said: 1 to 16384 bytes that are not all blank, without control characters but line breaks and tabs.
        content: String,
        /// The message it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<u64>,
    },
    /// Changes what oneself has said.
    Edit {
        /// Which message.
        message: u64,
        /// What it says from now on.
        content: String,
    },
    /// Takes a message back: one's own; as a moderator also others'.
    Delete {
        /// Which message.
        message: u64,
    },
    /// Has read everything up to a message.
    Read {
        /// The last one.
        up_to: u64,
    },
    /// Gives somebody a role, as an owner.
    SetRole {
        /// Whom: somebody who is here, or has a role.
        user: String,
        /// Which.
        role: Role,
    },
    /// Sends somebody away, as a moderator. They may come back.
    Kick {
        /// Whom.
        user: String,
    },
    /// Keeps somebody out from now on, as a moderator; who is here is sent away.
    Ban {
        /// Whom.
        user: String,
    },
    /// Lets somebody come into a private room, as a moderator.
    Invite {
        /// Whom.
        user: String,
    },
    /// Lets them in again.
    Unban {
        /// Whom.
        user: String,
    },
    /// Silences somebody who is here for a while, as a moderator.
    Mute {
        /// Whom.
        user: String,
        /// For how long: 1 to 2592000.
        seconds: u32,
    },
    /// Lets them speak again.
    Unmute {
        /// Whom.
        user: String,
    },
    /// Sets how long members must wait from one message to their next, as a moderator.
    SlowMode {
        /// How long: 0 (not at all) to 3600.
        seconds: u32,
    },
    /// Says what the room is about, as a moderator.
    SetTopic {
        /// At most 1024 bytes in one line; empty for nothing.
        text: String,
    },
}
