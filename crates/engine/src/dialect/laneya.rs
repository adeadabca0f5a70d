//! The dialect `laneya`: requests, responses and updates of a dungeon for many, as netstrings over TCP. It stands between framing
//! and the native protocol, at the edge of one connection.
//!
//! **Every request gets one response, and responses come in the order of their requests.** So requests wait in a queue until
//! their answers are there; it is bounded, and so is what is kept of requests that were answered. Of the room nothing is kept but
//! who holds which seat: whoever wants to see it asks for a view of it.
//!
//! A client that never said `hello` is one of the original: it is told positions alone, because it takes anything else for a
//! fault. `docs/laneya.md` is what authors of clients read; the names of everything are in [`names`].

mod anew;
mod answer;
mod hello;
mod keys;
mod names;
mod request;
mod step;
#[cfg(test)]
mod tests;
mod turn;
mod world;

use super::asks::numbered;
use super::{Dialect, Heard, Out};
use crate::io::Now;
use crate::limits::{LANEYA_PENDING, LANEYA_PENDING_BYTES, LANEYA_PENDING_MAX};
use answer::{Answer, Status};
use keys::Keys;
use parlour_room::Hash64;
use request::Request;
use serde_json::Value;
use std::collections::VecDeque;
use world::World;

/// By this event a client is heard that breaks the rules of netstrings; what it said is which.
pub(crate) const FAULT: &str = "fault";

/// The dialect's part of one connection.
pub struct Laneya {
    who: Who,
    /// The token by which it is who it is.
    proven: Option<Hash64>,
    /// What the `id`s of its requests are made of, beside their keys.
    session: String,
    /// Whether it said `hello`, so that it knows more updates than the original's.
    is_new: bool,
    /// Whether it has asked anything of the room: then it is too late for `hello`.
    has_begun: bool,
    room: String,
    place: Place,
    /// How it came in.
    entry: Entry,
    world: World,
    /// The `ref` of the last native request.
    asked: u64,
    /// Which request waits for a view of the room, and has its ack.
    looks: Option<u64>,
    keys: Keys,
    /// The requests that have no response yet, in their order.
    slots: VecDeque<Slot>,
    /// The first of them about which nothing was asked.
    next: usize,
    /// How long they all are.
    bytes: usize,
}

/// Who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    /// A name or a token is being looked at.
    Claiming,
    Known,
}

/// How it stands with the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Out,
    /// It asked to come in, by this `ref`.
    Asking(u64),
    /// It is let in, and was not shown the room yet.
    Entering,
    In,
    /// It asked to leave, by this `ref`.
    Leaving(u64),
}

/// What was said when it came in.
#[derive(Debug, Default)]
struct Entry {
    /// After which position it wants to hear what it missed.
    after: Option<String>,
    resumed: String,
    seat: Option<u64>,
}

/// A request that has no response yet.
#[derive(Debug)]
struct Slot {
    request: Request,
    state: State,
    /// Whether its key was looked up.
    is_noted: bool,
    /// Whether the connection ends with its response.
    is_last: bool,
}

impl Slot {
    /// Whether it waits for the answer to the native request of this number.
    fn waits_for(&self, reference: u64) -> bool {
        matches!(self.state, State::Asked(asked) if asked == reference)
    }
}

#[derive(Debug)]
enum State {
    New,
    /// The same was asked before, and that has no response yet.
    Repeat,
    Asked(u64),
    Done(Answer),
}

impl Laneya {
    /// For a connection of which nothing was heard yet. Nobody else's has the same `luck`.
    pub(crate) fn new(luck: [u8; 32]) -> Self {
        Self {
            who: Who::Nobody,
            proven: None,
            session: Hash64::of(&luck).to_string(),
            is_new: false,
            has_begun: false,
            room: names::DEFAULT_ROOM.to_owned(),
            place: Place::Out,
            entry: Entry::default(),
            world: World::default(),
            asked: 0,
            looks: None,
            keys: Keys::default(),
            slots: VecDeque::new(),
            next: 0,
            bytes: 0,
        }
    }

    /// Asks natively: `request` without `v` and `ref`. The `ref` is given back.
    fn ask(&mut self, request: Value, out: &mut Vec<Out>) -> u64 {
        self.asked += 1;
        out.push(Out::Ask(numbered(request, self.asked).to_string()));
        self.asked
    }

    /// The `id` of what is asked for the request of this key: another for each thing that is.
    fn id(&self, what: &str, key: &str) -> String {
        let of = |salt: &str| Hash64::of(format!("{what}{salt}\0{}\0{key}", self.session).as_bytes());
        format!("{}{}", of("a"), of("b"))
    }

    fn push(&mut self, request: Request, state: State, is_last: bool) {
        self.bytes += request.len();
        self.slots.push_back(Slot { request, state, is_noted: false, is_last });
    }

    /// Says the responses that are there, as far as it is their turn, and asks what may be asked now.
    fn go_on(&mut self, out: &mut Vec<Out>) {
        loop {
            self.say_answers(out);
            if !self.take_step(out) {
                return;
            }
        }
    }

    fn say_answers(&mut self, out: &mut Vec<Out>) {
        while let Some(slot) = self.slots.front_mut() {
            if matches!(slot.state, State::Repeat) {
                // Responses come in order: what it repeats has had its own.
                slot.state = match self.keys.answer(&slot.request) {
                    Some(answer) => State::Done(answer),
                    None => {
                        self.next = 0;
                        State::New
                    }
                };
            }
            let State::Done(answer) = &slot.state else { return };
            // Who says hello is no client of the original, however it ends.
            let is_new = self.is_new || slot.request.action == names::HELLO;
            out.push(Out::Say { event: "", body: answer.text(&slot.request.key, is_new) });
            if slot.is_noted {
                self.keys.answered(&slot.request, answer);
            }
            if slot.is_last {
                out.push(Out::End(1002, "no netstring"));
            }
            self.bytes = self.bytes.saturating_sub(slot.request.len());
            self.slots.pop_front();
            self.next = self.next.saturating_sub(1);
        }
    }
}

impl Dialect for Laneya {
    fn hear(&mut self, heard: Heard<'_>, _now: Now, out: &mut Vec<Out>) {
        if self.slots.back().is_some_and(|slot| slot.is_last) {
            return;
        }
        let is_fault = heard.event == Some(FAULT);
        let refused = |why: &str| State::Done(Answer::failed(Status::Invalid, "invalid_message", why));
        let is_sense = match request::read(heard.text) {
            _ if is_fault => {
                self.push(Request::default(), refused(heard.text), true);
                false
            }
            Ok(request) if self.slots.len() >= LANEYA_PENDING => {
                let full = Answer::failed(Status::Internal, "rate_limited", "Too many requests wait for their answers.");
                self.push(request, State::Done(full), false);
                true
            }
            Ok(request) => {
                self.push(request, State::New, false);
                true
            }
            Err((key, why)) => {
                self.push(Request { key, ..Request::default() }, refused(why), false);
                false
            }
        };
        let had = out.len();
        self.go_on(out);
        if self.slots.len() >= LANEYA_PENDING_MAX || self.bytes > LANEYA_PENDING_BYTES {
            out.push(Out::End(1008, "too many requests wait for their answers"));
        }
        let asks = |out: &Out| matches!(out, Out::Ask(_) | Out::Known(_) | Out::Named(_));
        if is_sense && !out[had..].iter().any(asks) {
            out.push(Out::Heeded);
        }
    }

    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, _now: Now, out: &mut Vec<Out>) {
        self.take_turn(frames, out);
        self.go_on(out);
    }
}
