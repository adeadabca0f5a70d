//! What the shard asks of the journal beside whole rooms, and what it is handed back, as plain values: lists of rooms, rooms with
//! a free seat. What is found is durable; what the shard itself knows of a loaded room is newer and goes before it.

use crate::forward::Place;
use crate::store::RoomRow;
use parlour_room::Hash64;
use parlour_room::stream::Body;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::sync::Arc;

/// A question to the journal. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LookId(pub u64);

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Public rooms, or those of one user, by name (by its bytes), of one kind or of all.
    Rooms {
        /// Only those in which this user holds a seat, public or not.
        holder: Option<String>,
        /// Of this kind only.
        kind: Option<String>,
        /// Only those after this name; "" is before all.
        after: String,
        /// At most so many.
        limit: u32,
    },
    /// Open rooms with a free seat: public ones first, then the fullest, then by name; and the room that an earlier request of
    /// the same id found.
    Seats {
        /// Who asks, under which message id.
        by: Option<(String, String)>,
        /// The kind.
        kind: String,
        /// The hash of the configuration.
        config: Hash64,
        /// Only rooms whose home is this shard.
        place: Place,
        /// At most so many.
        limit: u32,
    },
    /// The public events of one life of a room, the newest first.
    History {
        /// The room.
        room: Arc<str>,
        /// The record that opened that life.
        first: u64,
        /// Only those before this one.
        before: u64,
        /// At most so many, and at least one if there is one.
        limit: u32,
        /// Not more than this weighs, in bytes of bodies.
        bytes: usize,
    },
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// To [`Lookup::Rooms`].
    Rooms(Vec<RoomRow>),
    /// To [`Lookup::Seats`].
    Seats {
        /// What the earlier request found.
        before: Option<FindRow>,
        /// The rooms.
        rooms: Vec<Arc<str>>,
    },
    /// To [`Lookup::History`].
    History(Vec<HistoryRow>),
}

/// A public event of a kind whose events are kept for good.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    /// The room.
    pub room: Arc<str>,
    /// The record that opened its life.
    pub first: u64,
    /// The event's number.
    pub n: u64,
    /// Wall time, milliseconds since 1970.
    pub ts_ms: u64,
    /// What everybody may know of it: a JSON object that begins with its `type`.
    pub body: Body,
}

impl PartialEq for HistoryRow {
    fn eq(&self, other: &Self) -> bool {
        let key = |row: &Self| (row.room.clone(), row.first, row.n, row.ts_ms);
        key(self) == key(other) && self.body.get() == other.body.get()
    }
}

impl Eq for HistoryRow {}

/// The body of an event, if this text can be one.
pub fn event_body(text: &str) -> Option<Body> {
    let raw: Box<RawValue> = serde_json::from_str(text).ok()?;
    text.starts_with("{\"type\":\"").then(|| raw.into())
}

/// Where a room stands in the journal's list for those who look for one. All of it follows from the room's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its name.
    pub room: Arc<str>,
    /// Its kind.
    pub kind: &'static str,
    /// The hash of its configuration.
    pub config: Hash64,
    /// How many seats are free: none in a room that has ended.
    pub free: u32,
    /// Whether anybody may watch: others are in no list but their members' own.
    pub is_public: bool,
    /// Who holds a seat, by name, without bots; nobody in a room with more than [`LISTED_HOLDERS`] members.
    pub holders: Vec<String>,
}

/// Of a room with more members than this the journal does not list who they are. No setting: what is listed of rooms that sleep
/// was written under it.
pub const LISTED_HOLDERS: usize = 64;

/// Which room a `find_room` with a message id ended in, so that the same request ends there again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindRow {
    /// Who asked.
    pub user: String,
    /// Under which message id.
    pub id: String,
    /// The hash of the request.
    pub body: Hash64,
    /// The room.
    pub room: Arc<str>,
    /// Whether it was opened for it.
    pub created: bool,
    /// When: wall time, milliseconds since 1970.
    pub ts_ms: u64,
}

/// For how long, in wall time, the journal remembers where a `find_room` ended.
pub const FIND_WINDOW_MS: u64 = 10 * 60 * 1000;

/// A room that is not loaded, as lists of rooms show it.
pub fn listed(row: &RoomRow) -> Value {
    let status = if row.outcome.is_some() { "ended" } else { "open" };
    let mut room = json!({"room_id": &*row.room, "kind": row.kind, "rules": row.rules, "status": status});
    room["opened_ms"] = row.opened_ms.into();
    if let Some(outcome) = &row.outcome {
        room["outcome"] = outcome.as_str().into();
    }
    room
}
