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
    },
    /// End one's membership.
    Leave(Cow<'a, str>),
    /// Stop following a room on this connection.
    Unsubscribe(Cow<'a, str>),
    /// What may I do now?
    Legal(Cow<'a, str>),
    /// Act.
    Act {
        /// The room.
        room: Cow<'a, str>,
        /// The idempotency key.
        id: Option<Cow<'a, str>>,
        /// The action with its `type`: a JSON object, as far as its first byte tells.
        action: Cow<'a, str>,
    },
}

impl Command<'_> {
    /// As how many requests it counts.
    pub fn weight(&self) -> u64 {
        1
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
