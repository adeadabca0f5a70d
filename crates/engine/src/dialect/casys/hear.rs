//! From a client's message to native requests.

use super::code::{self, Refusal};
use super::message::{self, Message};
use super::{Casys, Out, Pending, choice, say};
use crate::dialect::native_out;
use crate::io::Now;
use crate::limits::{CASYS_PENDING, CASYS_WAITING, CASYS_WAITING_BYTES};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

impl Casys {
    pub(super) fn hear_message(&mut self, text: &str, now: Now, out: &mut Vec<Out>) {
        match message::read(text) {
            Err((error, refusal)) => code::say(error, &refusal, out),
            Ok(Message::Ping { timestamp }) => {
                out.push(Out::Heeded);
                out.push(say(pong(timestamp, now)));
            }
            Ok(message) if self.shown.is_some() => self.serve(message, now, out),
            // The first that a client hears of a game is a state, and that is what it answers.
            Ok(message) if self.waiting.len() < CASYS_WAITING && text.len() <= CASYS_WAITING_BYTES => {
                out.push(Out::Heeded);
                self.waiting.push_back(message);
            }
            Ok(message) => {
                out.push(Out::Heeded);
                code::say(message.error(), &Refusal::too_many(), out);
            }
        }
    }

    pub(super) fn serve(&mut self, message: Message, now: Now, out: &mut Vec<Out>) {
        let error = message.error();
        let mut failed = None;
        match message {
            Message::Ping { timestamp } => out.push(say(pong(timestamp, now))),
            Message::GetState => self.tell_state(out),
            Message::Choice(choice) => failed = self.choose(&choice, out).err(),
            Message::Action { action, id } => failed = self.act(action.get(), id.as_deref(), out).err(),
            Message::Subscribe { progress } => {
                self.wants_progress = progress;
                out.push(say(json!({"type": "subscribed", "progress": progress}).to_string()));
            }
        }
        if let Some(refusal) = failed {
            code::say(error, &refusal, out);
        }
        if !out.iter().any(|out| matches!(out, Out::Ask(_))) {
            out.push(Out::Heeded);
        }
    }

    /// The state as it was said last, unless another is about to be.
    fn tell_state(&mut self, out: &mut Vec<Out>) {
        match &self.shown {
            Some(shown) if self.room.seen.view().is_some() => out.push(say(shown.text.clone())),
            _ => self.owes_state = true,
        }
    }

    fn act(&mut self, action: &str, id: Option<&str>, out: &mut Vec<Out>) -> Result<(), Refusal> {
        let Some(game) = self.game.as_deref().filter(|_| self.asks.pending().len() < CASYS_PENDING) else {
            return Err(Refusal::too_many());
        };
        let mut request = json!({"room": game});
        if let Some(id) = id {
            request["id"] = choice::hex(&Sha256::digest(id)).into();
        }
        self.asks.act(Pending::Action, request, action, out);
        Ok(())
    }
}

/// Gives back what came, as it came; without anything there is nothing to give back.
fn pong(timestamp: Option<Value>, now: Now) -> String {
    let mut time = Vec::with_capacity(24);
    native_out::timestamp(&mut time, now.wall_ms);
    let mut pong = json!({"type": "pong", "server_time": String::from_utf8_lossy(&time)});
    if let Some(timestamp) = timestamp {
        pong["timestamp"] = timestamp;
    }
    pong.to_string()
}
