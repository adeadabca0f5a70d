//! What the native protocol says, as far as the dialect looks at it: its own side of [`native_out`](crate::dialect::native_out).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Any frame.
#[derive(Debug, Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) room: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) n: Option<u64>,
    #[serde(default)]
    pub(super) m: Option<u64>,
    #[serde(default)]
    pub(super) p: Option<u64>,
    #[serde(borrow, default)]
    pub(super) at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) ts: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) payload: Option<&'a RawValue>,
}

impl<'a> Frame<'a> {
    /// The payload as what it must be in a frame of this type.
    pub(super) fn payload<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.payload?.get()).ok()
    }
}

#[derive(Deserialize)]
pub(super) struct Connected {
    pub(super) user_id: String,
}

/// An `ack`, or an `error`: the fields of all of them.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow, default, rename = "ref")]
    pub(super) reference: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) code: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) message: Cow<'a, str>,
    #[serde(default)]
    pub(super) retry_after_ms: Option<u64>,
    #[serde(borrow, default)]
    pub(super) at: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) events: Value,
    #[serde(default)]
    pub(super) seat: Option<u64>,
    #[serde(default)]
    pub(super) seats: Vec<Seated>,
    #[serde(default)]
    pub(super) resumed: Option<Resumed>,
    #[serde(default)]
    pub(super) rooms: Vec<Listed>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// A seat that is held.
#[derive(Debug, Deserialize)]
pub(super) struct Seated {
    pub(super) seat: u64,
    pub(super) user_id: String,
    #[serde(default)]
    pub(super) online: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resumed {
    pub(super) kind: String,
}

/// A room in a list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) room_id: String,
    #[serde(default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) status: String,
}

/// `room_ended`.
#[derive(Debug, Deserialize)]
pub(super) struct Ended {
    pub(super) room_id: String,
    pub(super) outcome: String,
    #[serde(default)]
    pub(super) seat: Option<u64>,
}

/// `user_joined` and `user_left`, and `closing`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Presence {
    #[serde(default)]
    pub(super) room_id: String,
    #[serde(default)]
    pub(super) user_id: String,
    #[serde(default)]
    pub(super) seat: Option<u64>,
    #[serde(default)]
    pub(super) you: bool,
    #[serde(default)]
    pub(super) reason: String,
}

#[derive(Deserialize)]
pub(super) struct Patch {
    pub(super) ops: Vec<super::apply::Op>,
}
