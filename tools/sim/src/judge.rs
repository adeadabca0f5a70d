//! Looks at every frame at the moment it leaves the server, and compares it with what is on the disk at that moment. It knows
//! what each connection asked, and nothing of what the shard keeps.

mod answers;
mod batches;
mod calls;
mod finds;
mod follows;
mod own_events;
mod pulses;
mod tracked;
mod verdict;

pub use calls::Called;
pub use finds::config;

use crate::model::Model;
use crate::tally::Tally;
use crate::wire::{Frame, Frames};
use parlour_engine::io::{ConnId, Role};
use parlour_engine::schema::Kinds;
use parlour_room::{As, Viewer};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a client asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What the answer must carry; without it only a failure is told.
    pub reference: Option<String>,
    /// The request.
    pub what: What,
}

/// A request, as far as judging its answer needs it.
#[derive(Clone, Debug)]
pub enum What {
    /// A token in a message.
    Auth,
    /// Is anybody there?
    Ping,
    /// Something that is to be answered with this code.
    Junk(&'static str),
    /// Open a room.
    Open {
        /// Its name, which is ours or follows from user and id.
        room: String,
        /// Its kind.
        kind: String,
        /// The message id.
        id: Option<String>,
        /// The failure that this configuration must give.
        fault: Option<&'static str>,
    },
    /// Come in.
    Join {
        /// The room.
        room: String,
        /// As what.
        wanted: As,
        /// The life, the public and the private number heard last.
        after: Option<(String, u64, u64)>,
    },
    /// Act several times.
    Batch {
        /// The room.
        room: String,
        /// The message id.
        id: Option<String>,
        /// Whether it is kept or dropped whole.
        atomic: bool,
        /// The actions as JSON.
        actions: Vec<String>,
    },
    /// Show something that is not kept.
    Pulse {
        /// The room.
        room: String,
        /// The pulse as JSON.
        pulse: String,
    },
    /// Come into some room of a kind.
    Find {
        /// The kind.
        kind: String,
        /// How many seats its rooms are to have, where that can be chosen.
        max: Option<u32>,
        /// The message id.
        id: Option<String>,
    },
    /// Which rooms are there?
    List,
    /// Give up one's seat.
    Leave(String),
    /// Hear no more.
    Unsubscribe(String),
    /// What may I do?
    Legal(String),
    /// Act.
    Act {
        /// The room.
        room: String,
        /// The message id.
        id: Option<String>,
        /// The action as JSON.
        action: String,
    },
}

impl What {
    fn room(&self) -> Option<&str> {
        match self {
            What::Auth | What::Ping | What::Junk(_) | What::Find { .. } | What::List => None,
            What::Open { room, .. }
            | What::Join { room, .. }
            | What::Act { room, .. }
            | What::Batch { room, .. }
            | What::Pulse { room, .. } => Some(room),
            What::Leave(room) | What::Unsubscribe(room) | What::Legal(room) => Some(room),
        }
    }
}

/// A message id in the life of a room.
type Key = (String, String, String, String);

/// The judge. Every method that sees something wrong says so as an error.
pub struct Judge {
    /// What the disk says.
    pub model: Model,
    /// What was seen.
    pub tally: Tally,
    conns: BTreeMap<ConnId, Seen>,
    tracked: tracked::Ledger,
    /// The answers to actions that were let out: by room, life, user and id.
    acked: BTreeMap<Key, Acked>,
    /// When this shard first heard of (user, room, id), in records of the room, and with which bodies.
    first_heard: BTreeMap<(String, String, String), (u64, Vec<String>)>,
    /// Where requests to find a room ended, by user and id, and whether the room was opened for it.
    found: BTreeMap<(String, String), (String, bool)>,
    /// Openings that were answered, by life.
    opened: BTreeMap<String, Acked>,
    /// The server's process. In one, answers on two connections have no order: they may be on different shards.
    process: u64,
    is_draining: bool,
}

/// The answer to an action or an opening, as it was first let out.
#[derive(Clone, Copy)]
struct Acked {
    answer: (u64, u64),
    process: u64,
    /// Whether an answer that does not call itself a repetition was let out.
    first_seen: bool,
}

/// One connection, as the server has spoken on it.
struct Seen {
    user: String,
    role: Role,
    frames: Frames,
    greeted: bool,
    closed: bool,
    hung_up: bool,
    pending: Vec<Pending>,
    unreferenced: usize,
    follows: BTreeMap<String, Following>,
}

struct Pending {
    asked: Asked,
    /// The last durable record of the room when the request came: what is answered is no older.
    lower: u64,
}

struct Following {
    viewer: Viewer,
    life: String,
    since: u64,
    n: u64,
    m: u64,
    /// What a join still owes.
    script: VecDeque<(bool, u64, String)>,
    /// Whether a view must come before anything else.
    owes_view: bool,
    /// No view may be of a state before this.
    shown: u64,
    /// The view, and its number: the last whole one with every patch since.
    view: Option<(u64, Value)>,
    /// The durable view that this is, as the rules wrote it.
    seen: Option<String>,
}

#[derive(Deserialize)]
struct Said<'a> {
    v: u64,
    #[serde(rename = "type")]
    kind: &'a str,
    room: Option<&'a str>,
    n: Option<u64>,
    m: Option<u64>,
    by: Option<u32>,
    ts: Option<&'a str>,
    at: Option<&'a str>,
    p: Option<u64>,
    resumed: Option<Value>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

impl Judge {
    /// Nothing seen yet.
    pub fn new(kinds: Kinds) -> Self {
        Self {
            model: Model::new(kinds),
            tally: Tally::default(),
            conns: BTreeMap::new(),
            tracked: BTreeMap::new(),
            acked: BTreeMap::new(),
            first_heard: BTreeMap::new(),
            found: BTreeMap::new(),
            opened: BTreeMap::new(),
            process: 0,
            is_draining: false,
        }
    }

    /// A connection reached the server.
    pub fn opened(&mut self, conn: ConnId, user: &str, role: Role) {
        let seen = Seen {
            user: user.to_owned(),
            role,
            frames: Frames::default(),
            greeted: false,
            closed: false,
            hung_up: false,
            pending: Vec::new(),
            unreferenced: 0,
            follows: BTreeMap::new(),
        };
        self.conns.insert(conn, seen);
    }

    /// The server knows that a connection is gone.
    pub fn closed(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
    }

    /// The server is no more; what it only remembered is forgotten.
    pub fn crashed(&mut self) {
        self.conns.clear();
        self.tracked.clear();
        self.first_heard.clear();
        self.process += 1;
        self.is_draining = false;
    }

    /// The server ends a connection.
    pub fn closes(&mut self, conn: ConnId) -> Result<(), String> {
        match self.conns.get_mut(&conn) {
            Some(seen) if !seen.closed || seen.hung_up => Err(format!("{conn:?} is ended twice, or without a close frame")),
            Some(seen) => {
                seen.hung_up = true;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The server was told to end.
    pub fn drains(&mut self) {
        self.is_draining = true;
    }

    /// A request reached the server whole.
    pub fn asks(&mut self, conn: ConnId, asked: Asked) {
        let lower = asked.what.room().map_or(0, |room| self.model.seq(room));
        let Some(seen) = self.conns.get_mut(&conn) else { return };
        let heard = match &asked.what {
            What::Act { room, id: Some(id), action } => Some((room, id, action.clone())),
            What::Batch { room, id: Some(id), atomic, actions } => {
                Some((room, id, format!("{{\"batch\":{atomic},\"actions\":[{}]}}", actions.join(","))))
            }
            _ => None,
        };
        if let Some((room, id, body)) = heard {
            let heard = self.first_heard.entry((seen.user.clone(), room.clone(), id.clone()));
            heard.or_insert_with(|| (lower, Vec::new())).1.push(body);
        }
        match asked.reference {
            Some(_) => seen.pending.push(Pending { asked, lower }),
            None => seen.unreferenced += 1,
        }
    }

    /// Bytes leave the server.
    pub fn writes(&mut self, conn: ConnId, bytes: &[u8]) -> Result<(), String> {
        let Some(mut seen) = self.conns.remove(&conn) else { return Err(format!("{conn:?} is written to and was never opened")) };
        let judged = seen.frames.feed(bytes).and_then(|frames| {
            if !seen.frames.is_empty() {
                return Err("half a frame was written".to_owned());
            }
            frames.iter().try_for_each(|frame| {
                self.frame(&mut seen, frame).map_err(|why| format!("{why}\n  to {} on {conn:?}: {frame:?}", seen.user))
            })
        });
        self.conns.insert(conn, seen);
        judged
    }

    fn frame(&mut self, seen: &mut Seen, frame: &Frame) -> Result<(), String> {
        if seen.closed {
            return Err("a frame after the close".to_owned());
        }
        let text = match frame {
            Frame::Ping | Frame::Pong => return Ok(()),
            Frame::Close(code) => {
                if *code == Some(1008) && seen.greeted {
                    self.tally.add("closed with 1008 after the greeting");
                }
                seen.closed = true;
                return Ok(());
            }
            Frame::Text(text) => text,
        };
        let said: Said<'_> = serde_json::from_str(text).map_err(|error| format!("not as documented: {error}"))?;
        if said.v != 1 {
            return Err("another version".to_owned());
        }
        if !seen.greeted && !matches!(said.kind, "connected" | "error" | "ack" | "closing") {
            return Err("something before the greeting".to_owned());
        }
        match said.kind {
            "connected" => {
                seen.greeted = true;
                Ok(())
            }
            "pong" | "closing" | "room_update" | "room_ended" | "user_joined" => Ok(()),
            "user_left" => {
                let payload = value(said.payload)?;
                if payload["you"] == true {
                    seen.follows.remove(payload["room_id"].as_str().unwrap_or_default());
                }
                Ok(())
            }
            "ack" => self.answer(seen, &value(said.payload)?),
            "error" => {
                seen.unreferenced = seen.unreferenced.checked_sub(1).ok_or("P1: an error that nothing asked for")?;
                Ok(())
            }
            "view" | "patch" => self.view(seen, &said),
            "typing" => self.pulse(seen, &said, text),
            _ => self.event(seen, &said),
        }
    }

    /// When everything is quiet: nothing is owed to anybody.
    pub fn is_quiet(&self) -> Result<(), String> {
        for (conn, seen) in self.conns.iter().filter(|(_, seen)| !seen.closed) {
            if let Some(pending) = seen.pending.first() {
                return Err(format!("P1: {} was never answered on {conn:?}: {:?}", seen.user, pending.asked));
            }
        }
        self.all_are_tracked()?;
        self.all_is_heard(&BTreeSet::new())
    }

    /// When nothing is held back: whoever follows a room has heard all that the disk has, but for those whose clients do not
    /// read.
    pub fn all_is_heard(&self, behind: &BTreeSet<ConnId>) -> Result<(), String> {
        for (_, seen) in self.conns.iter().filter(|(conn, seen)| !seen.closed && !behind.contains(conn)) {
            for (room, following) in &seen.follows {
                self.is_up_to_date(&seen.user, room, following)?;
            }
        }
        Ok(())
    }

    /// At the end: every action that was acknowledged is on the disk once.
    pub fn all_acked_are_kept(&self) -> Result<u64, String> {
        for (room, life, user, id) in self.acked.keys() {
            let past = self.model.past(room).ok_or_else(|| format!("P3: {room} is gone"))?;
            let life = past.lives.iter().find(|known| known.name == *life).ok_or_else(|| format!("P3: life {life} is gone"))?;
            let count = life.acts.iter().filter(|act| act.user == *user && act.id.as_deref() == Some(id)).count();
            if count == 0 {
                return Err(format!("P3: {user}'s acknowledged {id} in {room} is not in the final state"));
            }
        }
        Ok(u64::try_from(self.acked.len()).unwrap_or(u64::MAX))
    }
}

fn value(raw: &RawValue) -> Result<Value, String> {
    serde_json::from_str(raw.get()).map_err(|error| error.to_string())
}
