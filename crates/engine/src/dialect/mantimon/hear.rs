//! From a client's message to native requests.

use super::code::{Code, Refusal};
use super::message::{self, Junk, Message};
use super::names::{ACTION_RESULT, Asked, ERROR, MISTAKEN, RESIGN};
use super::pending::{Asker, Attempt, Entry, Pending, Shape};
use super::say::{self, sha256};
use super::{Heard, Mantimon, Mode, Out, compat};
use crate::io::Now;
use crate::limits::MANTIMON_PENDING;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The longest id that the native protocol takes, as it is unless configured.
const NATIVE_ID_BYTES: usize = 64;

impl Mantimon {
    pub(super) fn hear_message(&mut self, heard: &Heard<'_>, now: Now, out: &mut Vec<Out>) {
        match message::read(heard, self.mode) {
            Ok(message) => self.serve(message, heard.ack, now, out),
            Err(Junk { code, id, asked }) => {
                let shape = match asked {
                    Some(Asked::Join | Asked::Spectate | Asked::LeaveSpectate) => Shape::Entry,
                    _ => Shape::Error,
                };
                self.refuse(&Asker { id, ack: heard.ack, shape }, &code.into(), now, out);
            }
        }
    }

    fn serve(&mut self, message: Message<'_>, ack: Option<u64>, now: Now, out: &mut Vec<Out>) {
        let Message { id, asked, game, after, action } = message;
        let shape = match asked {
            Asked::Heartbeat => Shape::Error,
            Asked::Join | Asked::Spectate | Asked::LeaveSpectate => Shape::Entry,
            Asked::Resign => Shape::Result { game: game.clone(), action: RESIGN.to_owned() },
            Asked::Action => {
                let action = action.as_ref().map_or_else(String::new, |(_, kind)| kind.clone());
                Shape::Result { game: game.clone(), action }
            }
        };
        let asker = Asker { id, ack, shape };
        if asked != Asked::Heartbeat && game.is_empty() {
            return self.refuse(&asker, &Code::GameNotFound.into(), now, out);
        }
        if self.asks.pending().filter(|pending| pending.is_asked()).count() >= MANTIMON_PENDING {
            return self.refuse(&asker, &Refusal::because(Code::RateLimited, "too_many_waiting"), now, out);
        }
        match (asked, action) {
            (Asked::Heartbeat, _) => self.asks.ask(Pending::Heartbeat { asker }, json!({"type": "ping"}), out),
            (Asked::Join, _) => {
                let told = self.rooms.get(&game).and_then(|room| room.told_before_entry()).filter(|_| after.is_some());
                let entry = Entry { game, spectates: false, after, told, again: false, is_new: false };
                if self.finds_place(&entry.game, out) {
                    self.judge(Pending::Judge { asker, entry, others: BTreeSet::new(), pages: 0 }, None, out);
                } else {
                    self.refuse(&asker, &Refusal::because(Code::RateLimited, "too_many_followed"), now, out);
                }
            }
            (Asked::Spectate, _) => {
                let entry = Entry { game, spectates: true, after: None, told: None, again: false, is_new: false };
                if self.finds_place(&entry.game, out) {
                    self.enter(asker, entry, out);
                } else {
                    self.refuse(&asker, &Refusal::because(Code::RateLimited, "too_many_followed"), now, out);
                }
            }
            (Asked::LeaveSpectate, _) => {
                if self.rooms.get(&game).is_some_and(|room| room.seat.is_none()) {
                    let request = json!({"type": "unsubscribe", "payload": {"room_id": game}});
                    self.asks.ask(Pending::LeaveSpectate { asker, game }, request, out);
                } else {
                    self.refuse(&asker, &Code::NotInGame.into(), now, out);
                }
            }
            (Asked::Action, Some((action, kind))) if kind != RESIGN => self.act(asker, game, action, &kind, now, out),
            (Asked::Resign | Asked::Action, _) => {
                let mut request = json!({"type": "resign", "room": game});
                set_id(&mut request, asker.id.as_deref(), 0);
                let attempt = Attempt { game, number: 0, rest: Vec::new(), why: None };
                self.asks.ask(Pending::Act { asker, attempt }, request, out);
            }
        }
    }

    fn act(&mut self, asker: Asker, game: String, action: &RawValue, kind: &str, now: Now, out: &mut Vec<Out>) {
        match compat::natively(action, kind, self.mode) {
            Some(tries) => self.try_action(asker, Attempt { game, number: 0, rest: tries, why: None }, out),
            None => self.refuse(&asker, &Code::InvalidAction.into(), now, out),
        }
    }

    /// The rules refused what an action may have meant: what else it may mean is next. If there is nothing, the refusal counts
    /// that was of what it did mean.
    pub(super) fn try_next(
        &mut self,
        asker: Asker,
        mut attempt: Attempt,
        refusal: Refusal,
        code: &str,
        now: Now,
        out: &mut Vec<Out>,
    ) {
        let (is_last, is_mistaken) = (attempt.rest.is_empty(), MISTAKEN.contains(&code));
        if is_last || !is_mistaken {
            attempt.why.get_or_insert(refusal);
        }
        match attempt.why {
            Some(why) if is_last => self.refuse(&asker, &why, now, out),
            _ => self.try_action(asker, Attempt { number: attempt.number + 1, ..attempt }, out),
        }
    }

    /// Plays what an action may mean, the first of what is left. Each has its own id, made of the client's: so that the same
    /// message, sent again, tries the same and finds what was played.
    fn try_action(&mut self, asker: Asker, mut attempt: Attempt, out: &mut Vec<Out>) {
        let action = attempt.rest.remove(0);
        let mut request = json!({"room": attempt.game, "events": true});
        set_id(&mut request, asker.id.as_deref(), attempt.number);
        self.asks.act(Pending::Act { asker, attempt }, request, &action, out);
    }

    /// Says that something was not done, in the form that fits what was asked; the ack carries it too.
    pub(super) fn refuse(&mut self, asker: &Asker, refusal: &Refusal, now: Now, out: &mut Vec<Out>) {
        if let Shape::Result { .. } = &asker.shape {
            return self.result(asker, Err(refusal), now, out);
        }
        let id = self.voice.fresh_id();
        let (code, message) = (refusal.code.as_str(), refusal.message.as_str());
        let fields = say::Error { code, message, details: &refusal.details, request_message_id: asker.id.as_deref() };
        let error = self.voice.say(ERROR, &id, &fields, now, out);
        let Some(ack) = asker.ack else { return };
        let body = match asker.shape {
            Shape::Entry => json!({"success": false, "error_code": code, "error_message": message}).to_string(),
            _ => error,
        };
        out.push(Out::Ack { ack, body });
    }

    /// Says what became of an action; the ack carries it too.
    pub(super) fn result(&mut self, asker: &Asker, done: Result<Value, &Refusal>, now: Now, out: &mut Vec<Out>) {
        let Shape::Result { game, action } = &asker.shape else { return };
        let (request, id) = match &asker.id {
            Some(request) => (request.clone(), self.voice.id_of(game, request, "result")),
            None => (self.voice.fresh_id(), self.voice.fresh_id()),
        };
        let refusal = done.as_ref().err();
        let fields = say::ActionResult {
            game_id: game,
            request_message_id: &request,
            success: refusal.is_none(),
            action_type: action,
            changes: done.as_ref().cloned().unwrap_or_else(|_| json!({})),
            error_code: refusal.map(|refusal| refusal.code.as_str()),
            error_message: refusal.map(|refusal| refusal.message.as_str()),
            details: refusal.map_or_else(|| json!({}), |refusal| refusal.details.clone()),
        };
        let body = self.voice.say(ACTION_RESULT, &id, &fields, now, out);
        out.extend(asker.ack.map(|ack| Out::Ack { ack, body }));
    }

    pub(super) fn is_strict(&self) -> bool {
        self.mode == Mode::Strict
    }
}

/// Gives a request the idempotency key that belongs to a message: its own id where that is short enough.
fn set_id(request: &mut Value, id: Option<&str>, number: usize) {
    let Some(id) = id else { return };
    request["id"] = match number {
        0 if id.len() <= NATIVE_ID_BYTES => id.into(),
        0 => sha256(id).into(),
        number => sha256(&format!("{id}\0{number}")).into(),
    };
}
