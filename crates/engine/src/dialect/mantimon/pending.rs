//! What the dialect has asked natively and not heard of yet: for whom, and what is to be done with the answer.

use super::code::Refusal;
use parlour_room::Position;
use std::collections::BTreeSet;

/// Whom an answer is for.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// The `message_id`.
    pub(super) id: Option<String>,
    /// The ack that was asked for.
    pub(super) ack: Option<u64>,
    /// How it is told that something failed.
    pub(super) shape: Shape,
}

impl Asker {
    /// Nobody in particular.
    pub(super) fn nobody() -> Self {
        Self { id: None, ack: None, shape: Shape::Error }
    }
}

/// The three forms of a failure.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// An `error`.
    Error,
    /// An `error`, but the ack says `success: false`.
    Entry,
    /// An `action_result` of this game and action.
    Result { game: String, action: String },
}

/// A client's wish to come in.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) game: String,
    pub(super) spectates: bool,
    pub(super) after: Option<Position>,
    /// Events that this connection was told, after the first position and up to the second, before its client asked to come in:
    /// they are not told again.
    pub(super) told: Option<((u64, u64), (u64, u64))>,
    /// Whether a view has been asked for once more.
    pub(super) again: bool,
    /// Whether this makes a member of somebody who was none.
    pub(super) is_new: bool,
}

/// An action that is being played.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) game: String,
    /// How many were refused of what it may mean.
    pub(super) number: usize,
    /// What is left of that.
    pub(super) rest: Vec<String>,
    /// Why not, where the refusal was of what was meant.
    pub(super) why: Option<Refusal>,
}

/// A native request that is not answered yet.
#[derive(Debug)]
pub(super) enum Pending {
    /// In which games the user is, page by page, before they come into another.
    Judge {
        asker: Asker,
        entry: Entry,
        others: BTreeSet<String>,
        pages: usize,
    },
    /// Coming in.
    Join {
        asker: Asker,
        entry: Entry,
    },
    Act {
        asker: Asker,
        attempt: Attempt,
    },
    Heartbeat {
        asker: Asker,
    },
    LeaveSpectate {
        asker: Asker,
        game: String,
    },
    /// In which games the user is, to come into them again after connecting.
    Mine {
        pages: usize,
    },
    /// Coming in again, of the dialect's own accord: after connecting, or because a view was lost.
    Again {
        game: String,
    },
    /// Nothing hangs on the answer.
    Idle,
}

impl Pending {
    /// The game into which a client is coming.
    pub(super) fn entering(&self) -> Option<&Entry> {
        match self {
            Pending::Judge { entry, .. } | Pending::Join { entry, .. } => Some(entry),
            _ => None,
        }
    }

    /// Whether it was asked for by the client, so that it counts against how much that may ask.
    pub(super) fn is_asked(&self) -> bool {
        !matches!(self, Pending::Mine { .. } | Pending::Again { .. } | Pending::Idle)
    }
}
