//! The dialect `aniworld`: jobs, a queue and scans, told over a plain WebSocket to who joins a room of that, and controlled by
//! HTTP requests. It stands between framing and the native protocol, at the edge of one connection, as every dialect does.
//!
//! Its rooms (`downloads`, `queue`, `scan`, `system`, `errors`, `download:ID`) are no rooms of the server's: they are filters
//! over what one room of kind `downloads` tells. What is kept is bounded: which filters are joined, the view of that room, and
//! how far each download of its list has come. `docs/aniworld.md` is what authors of clients read; the names of everything are
//! in [`names`].

mod code;
mod entrance;
mod hear;
mod names;
mod queue;
mod rest;
mod routes;
mod say;
mod tell;
#[cfg(test)]
mod tests;

use super::asks::Asks;
use super::frame::Frame;
use super::{Dialect, Heard, Out};
use crate::io::Now;
use entrance::Entrance;
use names::Filter;
use queue::Queue;
pub(crate) use rest::Asked;
pub(crate) use routes::{STATUS_PATH, is_route};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The dialect's part of one WebSocket.
pub(crate) struct Aniworld {
    ping_ms: u64,
    /// When the client is pinged next, in monotonic time.
    ping_at: u64,
    entrance: Entrance,
    session: Option<String>,
    asks: Asks<Pending>,
    /// The `ref` of the one request to be let in whose answer counts: those before it are overtaken.
    entering: Option<u64>,
    filters: BTreeSet<Filter>,
    /// What the client wants to join once it is seen what room there is.
    joining: Vec<Filter>,
    /// What is followed.
    queue: Option<Queue>,
    /// How much rooms have told.
    seq: u64,
}

/// A native request that is not answered yet.
enum Pending {
    Ping,
    Enter,
    /// Nothing hangs on the answer.
    Idle,
}

impl Aniworld {
    /// For a connection that was opened at this target, and is to be pinged so often.
    pub(crate) fn new(target: &str, ping_ms: u64) -> Self {
        Self {
            ping_ms,
            ping_at: u64::MAX,
            entrance: Entrance::of(target),
            session: None,
            asks: Asks::new(),
            entering: None,
            filters: BTreeSet::new(),
            joining: Vec::new(),
            queue: None,
            seq: 0,
        }
    }

    /// Asks natively: `request` without `v` and `ref`.
    fn ask(&mut self, pending: Pending, request: Value, out: &mut Vec<Out>) {
        let is_entry = matches!(pending, Pending::Enter);
        self.asks.ask(pending, request, out);
        if is_entry {
            self.entering = Some(self.asks.last());
        }
    }

    /// The names of the rooms that are joined.
    fn rooms(&self) -> Vec<String> {
        self.filters.iter().map(Filter::to_string).collect()
    }
}

impl Dialect for Aniworld {
    fn begins(&mut self, now: Now, _out: &mut Vec<Out>) {
        self.ping_at = now.mono_ms.saturating_add(self.ping_ms);
    }

    fn hear(&mut self, heard: Heard<'_>, now: Now, out: &mut Vec<Out>) {
        self.hear_message(heard.text, now, out);
    }

    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, now: Now, out: &mut Vec<Out>) {
        for text in frames {
            // Those that are no frames of ours are none that anybody is to be told of.
            if let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) {
                self.note(&frame, now, out);
            }
        }
        self.settle_joins(now, out);
    }

    fn fails(&mut self, now: Now, out: &mut Vec<Out>) {
        self.tell_of_failure(now, out);
    }

    fn deadline(&self) -> Option<u64> {
        Some(self.ping_at)
    }

    fn time(&mut self, now: Now, out: &mut Vec<Out>) {
        self.ping_at = now.mono_ms.saturating_add(self.ping_ms);
        say::say(names::PING, say::now(now), &Map::new(), out);
    }
}
