//! The dialect `chat`: the native protocol, as clients of typed chat rooms know it. It stands between framing and the native
//! protocol, at the edge of one connection, and changes little: which codes and texts failures have, how rooms are named in what
//! they tell, what may be left out. `docs/chat.md` is what authors of clients read; the names of everything are in [`names`].
//!
//! So every promise of the native protocol holds through it. What it keeps is bounded: which requests are not answered yet, and
//! in which rooms the connection is.

mod hear;
mod names;
mod tell;
#[cfg(test)]
mod tests;

use super::frame::Frame;
use super::{Dialect, Heard, Mode, Out, decoded};
use crate::io::Now;
use std::collections::{BTreeMap, BTreeSet};

/// The dialect's part of one connection.
pub struct Chat {
    mode: Mode,
    /// The longest `ref`.
    ref_bytes: usize,
    /// Nobody else's connection has the same: ids made of a `ref` count on this one only.
    luck: [u8; 32],
    /// The room that its path names, until that is joined.
    room: Option<String>,
    user: String,
    /// The `ref` of the last native request.
    asked: u64,
    pending: BTreeMap<u64, Pending>,
    /// The rooms in which it is.
    rooms: BTreeSet<String>,
    /// Into which room, or out of which, requests lead that are not answered yet.
    moves: BTreeMap<u64, Move>,
}

/// A native request that is not answered yet.
#[derive(Debug)]
struct Pending {
    /// The client's `ref`.
    reference: Option<String>,
    /// Its `type`, where that can be told back.
    kind: Option<String>,
}

#[derive(Debug)]
enum Move {
    Into(String),
    OutOf(String),
}

impl Chat {
    /// For a connection that was opened at this target.
    pub fn new(mode: Mode, ref_bytes: usize, target: &str, luck: [u8; 32]) -> Self {
        let path = target.split('?').next().unwrap_or_default();
        let room = path.strip_prefix(names::ROOM_PATH).map(|room| decoded(room).unwrap_or_default());
        let (pending, rooms, moves) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { mode, ref_bytes, luck, room, user: String::new(), asked: 0, pending, rooms, moves }
    }

    /// Where somebody is who does not say in which room: as it will be when what was asked before has been answered.
    fn is_in(&self) -> BTreeSet<&str> {
        let mut rooms: BTreeSet<&str> = self.rooms.iter().map(String::as_str).collect();
        for going in self.moves.values() {
            match going {
                Move::Into(room) => rooms.insert(room),
                Move::OutOf(room) => rooms.remove(room.as_str()),
            };
        }
        rooms
    }
}

impl Dialect for Chat {
    fn hear(&mut self, heard: Heard<'_>, _now: Now, out: &mut Vec<Out>) {
        self.hear_message(heard.text, out);
    }

    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, _now: Now, out: &mut Vec<Out>) {
        let frames: Vec<(&str, Frame<'_>)> =
            frames.filter_map(|text| serde_json::from_str(text).ok().map(|frame| (text, frame))).collect();
        for (place, (text, frame)) in frames.iter().enumerate() {
            self.tell(text, frame, &frames[place..], out);
        }
    }

    fn close_code(&self, code: u16) -> u16 {
        match (self.mode, code) {
            // As its clients know it: the server goes away.
            (Mode::Compat, 1012) => 1001,
            _ => code,
        }
    }
}
