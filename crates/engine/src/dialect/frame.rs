//! What the native protocol says, as far as dialects look at it: their side of [`native_out`](crate::dialect::native_out).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Any frame.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) room: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) n: Option<u64>,
    #[serde(default)]
    pub(crate) m: Option<u64>,
    #[serde(default)]
    pub(crate) p: Option<u64>,
    #[serde(borrow, default)]
    pub(crate) at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) ts: Option<Cow<'a, str>>,
    /// Beside a view that stands for what was missed.
    #[serde(default)]
    pub(crate) resumed: Option<Resumed>,
    #[serde(borrow, default)]
    pub(crate) payload: Option<&'a RawValue>,
}

impl<'a> Frame<'a> {
    /// The payload as what it must be in a frame of this type.
    pub(crate) fn payload<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.payload?.get()).ok()
    }
}

#[derive(Deserialize)]
pub(crate) struct Connected {
    pub(crate) user_id: String,
    pub(crate) session_id: String,
}

/// An `ack`, or an `error`: the fields of all of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer<'a> {
    #[serde(borrow, default, rename = "ref")]
    pub(crate) reference: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) code: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) message: Cow<'a, str>,
    #[serde(default)]
    pub(crate) retry_after_ms: Option<u64>,
    #[serde(borrow, default)]
    pub(crate) at: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) events: Value,
    #[serde(default)]
    pub(crate) seat: Option<u64>,
    #[serde(default)]
    pub(crate) seats: Vec<Seated>,
    #[serde(default)]
    pub(crate) opened_ms: Option<u64>,
    #[serde(default)]
    pub(crate) resumed: Option<Resumed>,
    #[serde(default)]
    pub(crate) rooms: Vec<Listed>,
    #[serde(default)]
    pub(crate) next: Option<String>,
    /// Of a batch: what came of each action.
    #[serde(borrow, default)]
    pub(crate) results: Vec<Answer<'a>>,
    /// Which action of a batch was refused.
    #[serde(default)]
    pub(crate) failed_action: Option<u64>,
}

/// A seat that is held.
#[derive(Debug, Deserialize)]
pub(crate) struct Seated {
    pub(crate) seat: u64,
    pub(crate) user_id: String,
    #[serde(default)]
    pub(crate) online: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Resumed {
    pub(crate) kind: String,
}

/// A room in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) room_id: String,
    #[serde(default)]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) status: String,
}

/// `room_ended`.
#[derive(Debug, Deserialize)]
pub(crate) struct Ended {
    pub(crate) room_id: String,
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) seat: Option<u64>,
}

/// `user_joined` and `user_left`, and `closing`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Presence {
    #[serde(default)]
    pub(crate) room_id: String,
    #[serde(default)]
    pub(crate) user_id: String,
    #[serde(default)]
    pub(crate) seat: Option<u64>,
    #[serde(default)]
    pub(crate) you: bool,
    #[serde(default)]
    pub(crate) reason: String,
}

impl Presence {
    /// What the user is to the room after a frame of this type: here, away with a seat that waits for them, or out.
    pub(crate) fn status(&self, kind: &str) -> &'static str {
        match (kind, self.seat) {
            ("user_joined", _) => "connected",
            (_, Some(_)) => "reconnecting",
            (_, None) => "disconnected",
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Patch {
    pub(crate) ops: Vec<crate::patch::apply::Op>,
}
