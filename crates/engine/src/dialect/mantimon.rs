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
mod code;
mod compat;
mod entry;
mod follow;
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

use super::asks::Asks;
use super::frame::Frame;
use super::{Dialect, Heard, Mode, Out};
use crate::io::Now;
use pending::Pending;
use room::Room;
use say::Voice;
use std::collections::BTreeMap;

/// The dialect's part of one connection.
pub struct Mantimon {
    mode: Mode,
    max_games_per_user: usize,
    voice: Voice,
    asks: Asks<Pending>,
    rooms: BTreeMap<String, Room>,
}

impl Mantimon {
    /// For a connection of which nothing was heard yet. `luck` makes the ids of messages: nobody else's connection has the same.
    pub fn new(mode: Mode, max_games_per_user: usize, luck: [u8; 32]) -> Self {
        Self { mode, max_games_per_user, voice: Voice::new(luck), asks: Asks::new(), rooms: BTreeMap::new() }
    }
}

impl Dialect for Mantimon {
    fn hear(&mut self, heard: Heard<'_>, now: Now, out: &mut Vec<Out>) {
        self.hear_message(&heard, now, out);
    }

    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, now: Now, out: &mut Vec<Out>) {
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
}
