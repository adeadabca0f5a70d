//! One connection: "framing -> dialect.decode -> Command -> session". Who it is, which rooms it follows, and what waits to be
//! written to it.

use crate::forward::{Request, ShardId};
use crate::framing::websocket::{self, Decoder};
use crate::io::{ConnId, Identity};
use crate::limiter::Purse;
use crate::limits::Limits;
use crate::tracking::Told;
use crate::wire::Wire;
use parlour_room::{Dice, Seed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has not said who it is.
    Anonymous,
    /// Its token is being looked at; what it sends meanwhile is stashed.
    Verifying,
    /// It is somebody.
    Live,
    /// It was told that it ends.
    Closing,
}

pub(crate) struct Session {
    pub(crate) conn: ConnId,
    pub(crate) phase: Phase,
    /// Out while a message of it is being handled.
    pub(crate) decoder: Option<Decoder>,
    /// What passes on what it says and is told, unless it speaks the native protocol. Out while it does.
    pub(crate) wire: Option<Box<Wire>>,
    pub(crate) id: String,
    pub(crate) who: Option<Arc<Identity>>,
    /// It is somebody, and a newer token of theirs is being looked at.
    pub(crate) is_refreshing: bool,
    /// The `ref` of the `auth` message being looked at.
    pub(crate) auth_reference: Option<String>,
    /// What came and is not looked at yet: before the token was, or while it is paused.
    pub(crate) stash: Vec<u8>,
    /// It is owed so much that no more is taken from it until it has read.
    pub(crate) is_paused: bool,
    /// Its client does not read: nothing more of a room is queued for it.
    pub(crate) is_behind: bool,
    /// Since when, as far as it was looked at.
    pub(crate) behind_since_ms: Option<u64>,
    /// The rooms it lost track of, until a fresh view of each was sent, and since when one is under way.
    pub(crate) lost: BTreeMap<Arc<str>, Option<u64>>,
    /// Something of a topic was not queued for it.
    pub(crate) has_missed_topics: bool,
    /// Bytes that are held for it until they are durable.
    pub(crate) owed: usize,
    /// Bytes of answers to it that this turn has made.
    pub(crate) said: usize,
    pub(crate) out: Vec<u8>,
    /// The rooms it follows.
    pub(crate) follows: Vec<usize>,
    /// The rooms it follows on other shards, and the request by which it does.
    pub(crate) elsewhere: BTreeMap<Arc<str>, u64>,
    /// Rooms on other shards of which nothing is heard, because a join was given up for lost: until this request is answered.
    pub(crate) deaf: BTreeMap<Arc<str>, u64>,
    /// The shards that keep a stand-in for it.
    pub(crate) stand_ins: BTreeSet<ShardId>,
    /// The shard that holds the connection, where this is only a stand-in.
    pub(crate) stands_for: Option<ShardId>,
    /// How many requests it has sent on to other shards, and how many of them are not answered.
    pub(crate) sent_on: u64,
    pub(crate) unanswered: usize,
    pub(crate) opened_ms: u64,
    pub(crate) heard_ms: u64,
    pub(crate) pinged: bool,
    pub(crate) purse: Purse,
    /// What was told of it to those who keep count of connections.
    pub(crate) told: Told,
    entropy: [u8; 32],
    drawn: u64,
}

impl Session {
    pub(crate) fn new(conn: ConnId, entropy: [u8; 32], now_ms: u64, limits: &Limits) -> Self {
        let mut session = Self {
            conn,
            phase: Phase::Anonymous,
            decoder: Some(Decoder::new(limits.message_bytes)),
            wire: None,
            id: String::new(),
            who: None,
            is_refreshing: false,
            auth_reference: None,
            stash: Vec::new(),
            is_paused: false,
            is_behind: false,
            behind_since_ms: None,
            lost: BTreeMap::new(),
            has_missed_topics: false,
            owed: 0,
            said: 0,
            out: Vec::new(),
            follows: Vec::new(),
            elsewhere: BTreeMap::new(),
            deaf: BTreeMap::new(),
            stand_ins: BTreeSet::new(),
            stands_for: None,
            sent_on: 0,
            unanswered: 0,
            opened_ms: now_ms,
            heard_ms: now_ms,
            pinged: false,
            purse: Purse::default(),
            told: Told::default(),
            entropy,
            drawn: 0,
        };
        session.id = format!("s-{}", session.number());
        session
    }

    /// The stand-in for a connection that another shard holds.
    pub(crate) fn standing_in(holder: ShardId, request: &Request, now_ms: u64, limits: &Limits) -> Self {
        let mut session = Self::new(request.conn, request.entropy, now_ms, limits);
        session.phase = Phase::Live;
        session.decoder = None;
        session.who = Some(request.who.clone());
        session.stands_for = Some(holder);
        session
    }

    /// How much it is owed.
    pub(crate) fn debt(&self) -> usize {
        self.queued() + self.owed + self.said
    }

    /// Whether it is one HTTP request, and no connection that its user is here by.
    pub(crate) fn is_call(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.is_call())
    }

    /// Whether what comes on its socket only tries whether that could take the session over.
    pub(crate) fn is_tried_out(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.is_polling())
    }

    /// How much of that waits to be written.
    pub(crate) fn queued(&self) -> usize {
        self.out.len() + self.wire.as_ref().map_or(0, |wire| wire.unsent())
    }

    /// The next seed made of this connection's luck.
    pub(crate) fn seed(&mut self) -> Seed {
        self.drawn += 1;
        Seed::derived(&self.entropy, self.drawn)
    }

    /// Luck of its own for a stand-in.
    pub(crate) fn luck(&mut self) -> [u8; 32] {
        self.seed().into()
    }

    /// A name nobody can guess, of no use for guessing a seed.
    pub(crate) fn number(&mut self) -> String {
        name_of(self.seed())
    }

    /// Appends one text frame.
    pub(crate) fn say(&mut self, scratch: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        scratch.clear();
        write(scratch);
        websocket::write_text(&mut self.out, scratch);
    }
}

/// A name from a seed of its own, which is used for nothing else.
pub(crate) fn name_of(seed: Seed) -> String {
    let mut dice = Dice::from_seed(seed);
    parlour_room::Hash64(dice.bits()).short(12)
}
