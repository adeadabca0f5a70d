//! What a client asks, in no dialect: "dialect.decode -> Command -> session".

use crate::session::name_of;
use parlour_room::{As, Hash64, Position, Seat, Seed};
use std::borrow::Cow;

/// What a client asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Command<'a> {
    /// Say who one is.
    Auth(Cow<'a, str>),
    /// Is anybody there?
    Ping,
    /// Open a room.
    Open(Open<'a>),
    /// Come into a room, or come back.
    Join {
        /// The room.
        room: Cow<'a, str>,
        /// As what.
        wanted: As,
        /// The player's part in the luck of the room.
        nonce: Option<Cow<'a, str>>,
        /// How far they had heard.
        after: Option<Position>,
        /// Whether a room that stands open is opened for it.
        opens: bool,
        /// Whether they are told of what changes in the view that they are shown.
        patches: bool,
    },
    /// End one's membership.
    Leave(Cow<'a, str>),
    /// Stop following a room on this connection.
    Unsubscribe(Cow<'a, str>),
    /// What may I do now?
    Legal(Cow<'a, str>),
    /// Give up one's game, by way of the table.
    Resign {
        /// The room.
        room: Cow<'a, str>,
        /// The idempotency key.
        id: Option<Cow<'a, str>>,
    },
    /// Act several times.
    Batch {
        /// The room.
        room: Cow<'a, str>,
        /// The idempotency key of all of it.
        id: Option<Cow<'a, str>>,
        /// Whether it is kept or dropped whole.
        atomic: bool,
        /// The actions, each a JSON object as far as its first byte tells.
        actions: Vec<String>,
    },
    /// Which rooms are there?
    List(List<'a>),
    /// Come into some room of a kind.
    Find(Find<'a>),
    /// What was said in a room?
    History {
        /// The room.
        room: Cow<'a, str>,
        /// Only what lies before this.
        before: Option<Position>,
        /// At most so many events; without one as many as a page holds.
        limit: Option<u32>,
    },
    /// Hear of something that is no room.
    Subscribe(Topic),
    /// Hear of it no more.
    UnsubscribeTopic(Topic),
    /// Act.
    Act {
        /// The room.
        room: Cow<'a, str>,
        /// The idempotency key.
        id: Option<Cow<'a, str>>,
        /// The action with its `type`: a JSON object, as far as its first byte tells.
        action: Cow<'a, str>,
        /// The type, where the message was sent under its own: then it may be a pulse.
        own: Option<String>,
        /// Whether the answer is to tell what the action told its actor.
        events: bool,
    },
}

impl Command<'_> {
    /// As how many requests it counts.
    pub fn weight(&self) -> u64 {
        match self {
            Command::Batch { actions, .. } => u64::try_from(actions.len()).unwrap_or(u64::MAX),
            _ => 1,
        }
    }
}

/// A request to open a room.
#[derive(Clone, Debug, PartialEq)]
pub struct Open<'a> {
    /// The kind.
    pub kind: Cow<'a, str>,
    /// The name; without one the server makes it.
    pub room: Option<Cow<'a, str>>,
    /// The idempotency key.
    pub id: Option<Cow<'a, str>>,
    /// The configuration: a JSON object, as far as its first byte tells.
    pub config: Cow<'a, str>,
    /// Bots and their seats.
    pub bots: Vec<(Seat, String)>,
}

/// A request for a page of the list of rooms.
#[derive(Clone, Debug, PartialEq)]
pub struct List<'a> {
    /// Of this kind only.
    pub kind: Option<Cow<'a, str>>,
    /// Only those in which the asker holds a seat, public or not.
    pub mine: bool,
    /// Only those after this name; "" is before all.
    pub after: Cow<'a, str>,
    /// At most so many; without one as many as a page holds.
    pub limit: Option<u32>,
}

/// A request to come into an open room with a free seat, or into a new one.
#[derive(Clone, Debug, PartialEq)]
pub struct Find<'a> {
    /// The kind.
    pub kind: Cow<'a, str>,
    /// The configuration: a JSON object, as far as its first byte tells.
    pub config: Cow<'a, str>,
    /// The idempotency key.
    pub id: Option<Cow<'a, str>>,
    /// The player's part in the luck of the room.
    pub nonce: Option<Cow<'a, str>>,
}

/// Something to be heard of that is no room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Public rooms: of one kind, or all.
    Rooms(Option<String>),
    /// The server itself.
    System,
}

impl Topic {
    /// Reads `rooms`, `rooms:{kind}` or `system`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "rooms" => Some(Topic::Rooms(None)),
            "system" => Some(Topic::System),
            _ => text.strip_prefix("rooms:").map(|kind| Topic::Rooms(Some(kind.to_owned()))),
        }
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Topic::Rooms(None) => f.write_str("rooms"),
            Topic::Rooms(Some(kind)) => write!(f, "rooms:{kind}"),
            Topic::System => f.write_str("system"),
        }
    }
}

impl Open<'_> {
    /// The name of the room: as asked, or made so that a retry finds the same room. `luck` is used for nothing else.
    pub fn name_for(&self, user: &str, luck: Seed) -> String {
        match (&self.room, &self.id) {
            (Some(name), _) => name.clone().into_owned(),
            (None, Some(id)) => format!("{}-{}", self.kind, Hash64::of(format!("{user}\0{id}").as_bytes()).short(12)),
            (None, None) => format!("{}-{}", self.kind, name_of(luck)),
        }
    }
}
