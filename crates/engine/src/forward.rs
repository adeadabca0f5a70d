//! What one shard tells another: a connection lives on one, the room it asks may live on another. "Elsewhere: a room on another
//! shard is reached by `Forward`".
//!
//! A room has a home that its name decides. The shard that holds a connection sends each request about a room that is not its own
//! to the room's home, with a number, and keeps that number until it is answered or its time is up; the room's home keeps a
//! stand-in for the connection and sends back what the connection is to be told, each frame once, with the list of those who
//! get it. Between two shards runs one [`Line`].

mod line;

pub(crate) use line::Line;

pub use crate::hall::Sort;
use crate::io::{Address, ConnId, Identity};
use parlour_room::Hash64;
use std::ops::Range;
use std::sync::Arc;

/// One of the shards of a server, numbered from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

/// The shard that owns a room of this name, of so many; and the one that connections of a user of this name belong to.
pub fn home(name: &str, shards: u16) -> ShardId {
    let Hash64(hash) = Hash64::of(name.as_bytes());
    let at = hash % u64::from(shards.max(1));
    ShardId(u16::try_from(at).expect("below a number of 16 bits"))
}

/// Which shard this is, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// This one.
    pub shard: ShardId,
    /// All of them.
    pub shards: u16,
}

impl Place {
    /// The only one.
    pub const ALONE: Self = Self { shard: ShardId(0), shards: 1 };

    /// Whether a room or a user of this name belongs here.
    pub fn is_home_of(self, name: &str) -> bool {
        self.shards <= 1 || home(name, self.shards) == self.shard
    }
}

/// What travels between two shards. It may be lost, doubled or overtaken: [`Line`] makes up for it.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Its place on the line, from 1; 0 for one that only says what was heard.
    pub number: u64,
    /// Everything up to here was heard from the other side.
    pub heard: u64,
    /// What is said.
    pub body: Option<Arc<Body>>,
}

/// What one shard says to another.
#[derive(Debug)]
pub enum Body {
    /// A connection asks something of a room that lives over there.
    Request(Request),
    /// A connection is gone.
    Gone(ConnId),
    /// A connection lost track of a room over there, and has read everything: it is to be shown the room anew.
    Anew(ConnId, Arc<str>),
    /// What connections over there are to be told.
    Notices(Notices),
    /// A connection is this user's from here on, who may have one only.
    Holds(ConnId, Arc<str>),
    /// It is no longer.
    HoldsNot(ConnId, Arc<str>),
    /// A connection over there is replaced by another one of its user's.
    Replaced(ConnId),
}

/// One message of a client, on its way to a room.
#[derive(Debug)]
pub struct Request {
    /// Who sent it.
    pub conn: ConnId,
    /// Its number, from 1: rises with each request of that connection.
    pub number: u64,
    /// Who that is.
    pub who: Arc<Identity>,
    /// From where, if that is known.
    pub address: Option<Address>,
    /// 32 bytes of luck, for the seeds of rooms it opens.
    pub entropy: [u8; 32],
    /// The room it is about; also the name of one that is to be opened without a name.
    pub room: Arc<str>,
    /// The message as it came.
    pub text: String,
}

/// What one turn of a shard has to tell the connections of another.
#[derive(Debug, Default)]
pub struct Notices {
    /// Frames, one after another.
    pub bytes: Vec<u8>,
    /// Which of them each connection gets, in order.
    pub parcels: Vec<Parcel>,
}

/// Something for one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Whose.
    pub conn: ConnId,
    /// What.
    pub what: What,
}

/// What a connection is told, or what is told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A frame about this room, of this sort: this part of the bytes.
    Frame(Arc<str>, Sort, Range<usize>),
    /// It has joined this room: the answer comes next.
    Welcomed(Arc<str>),
    /// The answer to its request of this number.
    Answer(u64, Range<usize>),
    /// Its request of this number was handled and has no answer.
    Handled(u64),
    /// It follows this room from here on, by its request of this number.
    Follows(Arc<str>, u64),
    /// It no longer follows this room.
    FollowsNot(Arc<str>),
    /// It lost track of this room, as too much was on its way: nothing but answers comes before a fresh view, which it asks for.
    Lost(Arc<str>),
}

impl Body {
    /// How much memory it takes, roughly.
    pub(crate) fn weight(&self) -> usize {
        let more = match self {
            Body::Request(request) => request.text.len() + request.room.len(),
            Body::Notices(notices) => notices.bytes.len() + notices.parcels.len() * size_of::<Parcel>(),
            Body::Anew(_, room) => room.len(),
            Body::Holds(_, user) | Body::HoldsNot(_, user) => user.len(),
            Body::Gone(_) | Body::Replaced(_) => 0,
        };
        size_of::<Body>() + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_gets_its_share_of_rooms_and_a_name_always_the_same() {
        let mut counts = [0; 4];
        for number in 0..4000 {
            let name = format!("cards-{number}");
            assert_eq!(home(&name, 4), home(&name, 4));
            counts[usize::from(home(&name, 4).0)] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
        assert_eq!((home("a", 1), home("a", 0)), (ShardId(0), ShardId(0)));
    }
}
