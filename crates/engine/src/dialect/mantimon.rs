//! The dialect `mantimon`: a card game's own messages, over Socket.IO or plain WebSocket. It stands between framing and the
//! native protocol, at the edge of one connection: what its client says becomes native requests, and the native frames that the
//! shard has for this connection become the dialect's messages.
//!
//! So every promise of the native protocol holds through it: it sees only what this viewer was told, nothing is answered before
//! it is on disk, and an action counts once. What it keeps is bounded: requests that are not answered yet, and for each followed
//! room the view, so that patches can be applied.
//!
//! In one turn answers come first, then what happened, in order, then one state of each room that changed. `docs/mantimon.md`
//! is what authors of clients read; the names of everything are in [`names`].

mod answer;
mod apply;
mod code;
mod compat;
mod entry;
mod follow;
mod frame;
mod hear;
mod message;
mod names;
mod pending;
mod room;
mod say;
mod tell;
#[cfg(test)]
mod tests;
mod time;

use crate::io::Now;
use frame::Frame;
use pending::Pending;
use room::Room;
use say::Voice;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How closely the original is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    /// Its format without its quirks, and one message type more.
    Strict,
    /// As its clients know it.
    Compat,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// A native request, as a client would have sent it.
    Ask(String),
    /// A message of the dialect, whole. Over Socket.IO it is the one argument of this event.
    Say {
        /// The name of the event.
        event: &'static str,
        /// An object with its `type`.
        body: String,
    },
    /// Answers the event that asked for this ack, with one object.
    Ack {
        /// Which.
        ack: u64,
        /// The object.
        body: String,
    },
}

/// What a client said.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The Socket.IO event by which it came.
    pub event: Option<&'a str>,
    /// The message.
    pub text: &'a str,
    /// The ack that it asks for.
    pub ack: Option<u64>,
}

/// The dialect's part of one connection.
pub struct Mantimon {
    mode: Mode,
    max_games_per_user: usize,
    voice: Voice,
    /// The `ref` of the last native request.
    asked: u64,
    pending: BTreeMap<u64, Pending>,
    rooms: BTreeMap<String, Room>,
}

impl Mantimon {
    /// For a connection of which nothing was heard yet. `luck` makes the ids of messages: nobody else's connection has the same.
    pub fn new(mode: Mode, max_games_per_user: usize, luck: [u8; 32]) -> Self {
        Self { mode, max_games_per_user, voice: Voice::new(luck), asked: 0, pending: BTreeMap::new(), rooms: BTreeMap::new() }
    }

    /// Its client said something.
    pub fn hear(&mut self, heard: Heard<'_>, now: Now, out: &mut Vec<Out>) {
        self.hear_message(&heard, now, out);
    }

    /// The native frames that one turn of the shard has for this connection, in order.
    pub fn turn<'f>(&mut self, frames: impl Iterator<Item = &'f str>, now: Now, out: &mut Vec<Out>) {
        let mut news = Vec::new();
        for text in frames {
            // Those that are no frames of ours are none that anybody is to be told of.
            if let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) {
                self.note(&frame, now, &mut news, out);
            }
        }
        self.settle_entries(now, out);
        for item in news {
            self.tell(item, now, out);
        }
        self.show(now, out);
    }

    /// Who it is, once the server has said so.
    pub fn user(&self) -> Option<&str> {
        self.voice.user.as_deref()
    }

    /// Asks natively: `request` without `v` and `ref`.
    fn ask(&mut self, pending: Pending, mut request: Value, out: &mut Vec<Out>) {
        self.asked += 1;
        request["v"] = json!(1);
        request["ref"] = json!(self.asked.to_string());
        self.pending.insert(self.asked, pending);
        out.push(Out::Ask(request.to_string()));
    }
}
