//! From a client's request to native ones.

use super::answer::{Answer, Status};
use super::hello::Hello;
use super::keys::Known;
use super::{Laneya, Place, State, Who, names, request};
use crate::dialect::Out;
use crate::limits::LANEYA_ASKED;
use parlour_room::Hash64;
use serde_json::json;

/// What becomes of a request now.
enum Step {
    /// Something else comes first.
    Wait,
    Becomes(State),
}

impl Step {
    fn failed(status: Status, code: &str, message: &str) -> Self {
        Answer::failed(status, code, message).into()
    }

    fn invalid(message: &str) -> Self {
        Self::failed(Status::Invalid, "invalid_message", message)
    }
}

impl From<Answer> for Step {
    fn from(answer: Answer) -> Self {
        Step::Becomes(State::Done(answer))
    }
}

impl Laneya {
    /// Does what may be done for the first request about which nothing was asked. Whether anything was.
    pub(super) fn take_step(&mut self, out: &mut Vec<Out>) -> bool {
        // A room holds only so many requests that are not on disk yet: nobody should fill it alone.
        if self.next >= LANEYA_ASKED {
            return false;
        }
        let Some(slot) = self.slots.get(self.next) else { return false };
        if !matches!(slot.state, State::New) {
            self.next += 1;
            return true;
        }
        match self.step(out) {
            Step::Wait => false,
            Step::Becomes(state) => {
                self.slots[self.next].state = state;
                self.next += 1;
                true
            }
        }
    }

    fn step(&mut self, out: &mut Vec<Out>) -> Step {
        let request = &self.slots[self.next].request;
        match self.who {
            Who::Claiming => return Step::Wait,
            Who::Nobody => return self.claim(out),
            Who::Known if request.user != self.world.own_name() => {
                return Step::failed(Status::Illegal, "other_user", "This connection is another user's.");
            }
            Who::Known => {}
        }
        if !std::mem::replace(&mut self.slots[self.next].is_noted, true) {
            let request = &self.slots[self.next].request;
            match self.keys.look(request) {
                Known::New => {}
                Known::Same => match self.keys.answer(request) {
                    Some(answer) => return answer.into(),
                    None => return Step::Becomes(State::Repeat),
                },
                Known::Other => {
                    self.slots[self.next].is_noted = false;
                    return Step::failed(Status::Invalid, "id_reused", "This key stands for another request.");
                }
            }
        }
        self.act(out)
    }

    /// Nobody has said who this is.
    fn claim(&mut self, out: &mut Vec<Out>) -> Step {
        let request = &self.slots[self.next].request;
        let hello = (request.action == names::HELLO).then(|| Hello::read(&request.data)).transpose();
        match hello {
            Err(refused) => return refused.into(),
            Ok(Some(Hello { token: Some(token), .. })) => {
                self.proven = Some(Hash64::of(token.as_bytes()));
                out.push(Out::Known(token));
            }
            Ok(_) => out.push(Out::Named(request.user.clone())),
        }
        self.who = Who::Claiming;
        Step::Wait
    }

    fn act(&mut self, out: &mut Vec<Out>) -> Step {
        let slot = &self.slots[self.next];
        let (action, data) = (slot.request.action.as_str(), slot.request.data.as_str());
        match action {
            names::HELLO => return self.hello(out),
            names::POSITION => return Step::failed(Status::Invalid, "invalid_action", ""),
            names::LOGOUT if !request::is_empty(data) => return Step::invalid("logout has no data."),
            names::LOGOUT => return self.log_out(out),
            names::GET_MAP if !request::is_get_map(data) => return Step::invalid("get_map has no data but map_id."),
            names::GET_VIEW if !request::is_empty(data) => return Step::invalid("get_view has no data."),
            names::MOVE if !request::is_move(data) => {
                return Step::invalid("move has a direction: north, east, south, west or stop.");
            }
            names::BATCH if request::batch(data).is_none() => {
                return Step::invalid("batch has actions, each of them {action, data}, and atomic, which is true or false.");
            }
            _ => {}
        }
        if self.place != Place::In {
            return self.come_in(out);
        }
        let slot = &self.slots[self.next];
        let (action, data, key) = (&slot.request.action, &slot.request.data, &slot.request.key);
        let id = || self.id("", key);
        let native = match action.as_str() {
            // What was asked before it comes first.
            names::GET_MAP | names::GET_VIEW if self.next > 0 => return Step::Wait,
            names::GET_MAP | names::GET_VIEW => self.join_room(None),
            names::BATCH => {
                let Some((atomic, actions)) = request::batch(data) else { return Step::Wait };
                json!({"type": "batch", "room": self.room, "id": id(), "payload": {"atomic": atomic, "actions": actions}})
            }
            _ => json!({"type": "action", "room": self.room, "id": id(), "payload": request::natively(action, data)}),
        };
        self.has_begun = true;
        Step::Becomes(State::Asked(self.ask(native, out)))
    }

    fn hello(&mut self, out: &mut Vec<Out>) -> Step {
        let hello = match Hello::read(&self.slots[self.next].request.data) {
            Ok(hello) => hello,
            Err(refused) => return refused.into(),
        };
        let token = hello.token.map(|token| Hash64::of(token.as_bytes()));
        if token.is_some() && token != self.proven {
            return Step::failed(Status::Illegal, "other_user", "It is known who this is: use another connection.");
        }
        if self.has_begun {
            return Step::failed(Status::Illegal, "too_late", "hello comes first, and once: use another connection.");
        }
        match self.place {
            Place::Out => {
                self.is_new = true;
                self.room = hello.room.unwrap_or_else(|| names::DEFAULT_ROOM.to_owned());
                self.session = hello.session.unwrap_or_else(|| self.session.clone());
                self.entry.after = hello.last_seq;
                self.come_in(out)
            }
            Place::In => {
                self.has_begun = true;
                Answer::success(&json!({
                    "user": self.world.own_name(),
                    "room": self.room,
                    "session": self.session,
                    "seat": self.entry.seat,
                    "seq": self.world.seq(),
                    "resumed": self.entry.resumed,
                    "v": 1,
                }))
                .into()
            }
            Place::Asking(_) | Place::Entering | Place::Leaving(_) => Step::Wait,
        }
    }

    fn come_in(&mut self, out: &mut Vec<Out>) -> Step {
        if self.place == Place::Out {
            let after = self.entry.after.take();
            let native = self.join_room(after);
            self.place = Place::Asking(self.ask(native, out));
        }
        Step::Wait
    }

    fn join_room(&self, after: Option<String>) -> serde_json::Value {
        let mut payload = json!({"room_id": self.room, "as": "player", "patches": false});
        if let Some(after) = after {
            payload["after"] = after.into();
        }
        json!({"type": "join_room", "payload": payload})
    }

    /// The body is to go, if it is there.
    fn log_out(&mut self, out: &mut Vec<Out>) -> Step {
        match self.place {
            Place::Out => Answer::done().into(),
            Place::In => {
                let native = json!({"type": "leave_room", "payload": {"room_id": self.room}});
                let reference = self.ask(native, out);
                self.place = Place::Leaving(reference);
                Step::Becomes(State::Asked(reference))
            }
            Place::Asking(_) | Place::Entering | Place::Leaving(_) => Step::Wait,
        }
    }
}
