//! How other threads speak to the loop: they leave a word at its door and wake it.

use crate::addresses::Ticket;
use crate::auth;
use crate::head::Way;
use crate::http::rest::Asked;
use crate::jobs::Progress;
use crate::journal::Committed;
use mio::Waker;
use parlour_engine::code::Code;
use parlour_engine::forward::{Packet, ShardId, home};
use parlour_engine::io::{Address, AskId, Call, CallId, ConnId, Identity, JobId, Polled, Reply};
use parlour_engine::lookup::{Found, LookId};
use parlour_engine::revocation::Revocation;
use parlour_engine::store::{Due, History, ReadError};
use parlour_room::JobFault;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16};
use std::sync::mpsc::Sender;

/// Something another thread tells the loop. Whoever sends one wakes it.
pub(crate) enum Knock {
    Journal(Committed),
    Loaded {
        room: Arc<str>,
        result: Result<Option<History>, ReadError>,
    },
    Due(Result<Vec<Due>, ReadError>),
    Looked {
        look: LookId,
        result: Result<Found, ReadError>,
    },
    /// `was_asked` unless there was no thread for it, or too many waited.
    BotAnswer {
        ask: AskId,
        action: String,
        was_asked: bool,
    },
    /// A token was looked at.
    Verified {
        conn: ConnId,
        result: Result<Identity, Code>,
    },
    /// Tokens count no more.
    Revoked(Revocation),
    JobDone {
        id: JobId,
        result: Result<String, (JobFault, String)>,
    },
    /// A job tells of its progress.
    JobPulse(Arc<Progress>),
    Call {
        by: Identity,
        call: Call,
        reply: tokio::sync::oneshot::Sender<Reply>,
    },
    /// A connection that was upgraded elsewhere, on the cold path or another loop, with what came after its head.
    Upgraded {
        stream: std::net::TcpStream,
        way: Way,
        rest: Vec<u8>,
        token: Option<String>,
        ticket: Ticket,
    },
    /// A request of Engine.IO, with what its session is counted by if it begins one. It is answered where it asks for that.
    Polled {
        from: CallId,
        polled: Polled,
        ticket: Option<Ticket>,
        reply: Option<tokio::sync::oneshot::Sender<Reply>>,
    },
    /// An HTTP request of a dialect.
    Asked {
        asked: Box<Asked>,
        reply: tokio::sync::oneshot::Sender<Reply>,
    },
    /// A connection that another loop accepted.
    Accepted {
        stream: std::net::TcpStream,
        ticket: Ticket,
    },
    /// What another shard said.
    Forwarded {
        from: ShardId,
        packets: Vec<Packet>,
    },
    Drain,
    /// Every shard has put its rooms away.
    AllDrained,
    /// Another loop could not go on: this one ends as well.
    Bail(String),
}

/// What other threads may know of the loop.
#[derive(Debug, Default)]
pub(crate) struct Health {
    pub(crate) is_draining: AtomicBool,
    /// How many shards have put their rooms away and told their clients.
    pub(crate) drained: AtomicU16,
    pub(crate) has_failed: AtomicBool,
}

/// The bells of all loops, by shard.
#[derive(Clone)]
pub(crate) struct Bells(pub(crate) Arc<[Bell]>);

impl Bells {
    /// The loop of this shard.
    pub(crate) fn of(&self, shard: ShardId) -> &Bell {
        &self.0[usize::from(shard.0)]
    }

    /// The loop of the shard that owns a room of this name.
    pub(crate) fn home(&self, room: &str) -> &Bell {
        self.of(home(room, self.len()))
    }

    /// The loop where a connection with this token belongs: its user's, so that what each user may do is counted in one place.
    /// Without a user it is one loop for all that come from the same address.
    pub(crate) fn home_of(&self, token: Option<&str>, address: Option<Address>) -> ShardId {
        let by_address = || address.and_then(|address| u16::try_from(address.0 % u64::from(self.len())).ok());
        match token.and_then(auth::claimed_user) {
            Some(user) => home(&user, self.len()),
            None => ShardId(by_address().unwrap_or(0)),
        }
    }

    /// The loop where a connection belongs that came with this token, from there and for this.
    pub(crate) fn place_of(&self, way: &Way, token: Option<&str>, address: Option<Address>) -> ShardId {
        match way {
            Way::Open { .. } => self.home_of(token, address),
            Way::Probe(sid) => self.shard_in(sid),
        }
    }

    /// The shard that the id of a session of Engine.IO names. One that names none is of no session.
    pub(crate) fn shard_in(&self, sid: &str) -> ShardId {
        let shard = sid.split_once('.').and_then(|(shard, _)| u16::from_str_radix(shard, 16).ok());
        ShardId(shard.filter(|shard| *shard < self.len()).unwrap_or(0))
    }

    fn len(&self) -> u16 {
        u16::try_from(self.0.len()).expect("shards are few")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Bell> {
        self.0.iter()
    }
}

/// Wakes the loop with something to do.
#[derive(Clone)]
pub(crate) struct Bell {
    pub(crate) knocks: Sender<Knock>,
    pub(crate) waker: Arc<Waker>,
}

impl Bell {
    /// Tells the loop; whether there still is one.
    pub(crate) fn ring(&self, knock: Knock) -> bool {
        self.knocks.send(knock).is_ok() && self.waker.wake().is_ok()
    }
}
