//! Who may sit where: seats, viewers, and what a room is told of a person who asks to come in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place in a room from which somebody acts. Fixed rooms number theirs from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Seat(pub u32);

impl std::fmt::Display for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// For whose eyes a view is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Viewer {
    /// The holder of this seat.
    Seat(Seat),
    /// Anybody who only watches. Spectators all see the same.
    Spectator,
}

impl Viewer {
    /// Whether this viewer holds `seat`.
    pub fn is(self, seat: Seat) -> bool {
        self == Viewer::Seat(seat)
    }

    /// The seat this viewer holds, if any.
    pub fn seat(self) -> Option<Seat> {
        match self {
            Viewer::Seat(seat) => Some(seat),
            Viewer::Spectator => None,
        }
    }
}

/// How many may play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    /// Exactly these seats, numbered from 0.
    Fixed(u32),
    /// Seats are made as people join, up to this many at a time; the lowest free number is given.
    Open(u32),
}

impl Seats {
    /// The highest number of seats that can be taken at one time.
    pub fn max(self) -> u32 {
        match self {
            Seats::Fixed(count) | Seats::Open(count) => count,
        }
    }
}

/// The user ids of guests, who came without saying who they are: this, or this with a dash and a name of luck behind it.
pub const GUEST: &str = "guest";

/// Whether somebody of this user id is a guest: they may never come back.
pub fn is_guest(user: &str) -> bool {
    user.strip_prefix(GUEST).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The user ids of those who are believed a name that they gave themselves begin with this.
pub const NAMED: &str = "named:";

/// Whether nobody vouches for who somebody of this user id is: a guest, or a name that anybody may give.
pub fn is_anonymous(user: &str) -> bool {
    is_guest(user) || user.starts_with(NAMED)
}

/// As what somebody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// To play: on this seat, or on the first free one.
    Player(Option<Seat>),
    /// To watch.
    Spectator,
}

/// Somebody who asks to come in. The server vouches for all of it: nothing here was taken from a message body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who<'a> {
    /// The user's id, unique and stable: the token's `sub`.
    pub user: &'a str,
    /// What others may call them.
    pub name: &'a str,
    /// Whether a program sits here rather than a person.
    pub bot: bool,
}

/// From whom a pulse comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// The holder of this seat.
    Member(Seat),
    /// The job of this name, of its progress.
    Job(&'a str),
}

/// Who may see a pulse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, spectators included.
    Everybody,
    /// The holders of these seats.
    Seats(Vec<Seat>),
}

/// A pulse as it is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What is shown, JSON.
    pub body: String,
    /// To whom.
    pub audience: Audience,
    /// After how many milliseconds without another one it is over, and the pulse that says so.
    pub fades: Option<(u64, String)>,
}

impl Audience {
    /// Whether this viewer is among them.
    pub fn includes(&self, viewer: Viewer) -> bool {
        match self {
            Audience::Everybody => true,
            Audience::Seats(seats) => viewer.seat().is_some_and(|seat| seats.contains(&seat)),
        }
    }
}
