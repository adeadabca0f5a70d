//! From native frames to responses and updates.

use super::answer::{Answer, Status};
use super::{Laneya, Place, State, Who, names};
use crate::dialect::Out;
use crate::dialect::frame::{self, Connected, Frame, Presence};
use crate::limits::LANEYA_OUT_BYTES;
use serde_json::value::RawValue;
use serde_json::{Value, json};

impl Laneya {
    pub(super) fn take_turn(&mut self, frames: &mut dyn Iterator<Item = &str>, out: &mut Vec<Out>) {
        let seq = self.world.seq();
        // Those that are no frames of ours are none that anybody is to be told of.
        let frames: Vec<Frame<'_>> = frames.filter_map(|text| serde_json::from_str(text).ok()).collect();
        // Who comes is named after what they do, and has to be called something before.
        for frame in frames.iter().filter(|frame| frame.kind == "user_joined") {
            self.names_who(frame);
        }
        for frame in &frames {
            self.take(frame, out);
        }
        if self.place == Place::Entering && self.entry.resumed == "replayed" {
            self.place = Place::In;
        }
        if self.is_new && self.place == Place::In && seq != self.world.seq() {
            self.update(names::SEQ, &json!({"seq": self.world.seq()}), out);
        }
    }

    fn take(&mut self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        let is_ours = frame.room.as_deref() == Some(self.room.as_str());
        match &*frame.kind {
            "connected" => {
                let Some(Connected { user_id, .. }) = frame.payload() else { return };
                self.world.is_called(&user_id);
                self.who = Who::Known;
                self.go_on(out);
            }
            "error" => self.fails(frame, out),
            "ack" => {
                if let Some(answer) = frame.payload::<frame::Answer<'_>>() {
                    self.is_answered(&answer, out);
                    self.go_on(out);
                }
            }
            "closing" => self.pass_on(names::CLOSING, frame.payload, out),
            "user_joined" | "user_left" | "room_ended" => self.hears_who(frame, out),
            "view" if is_ours => self.sees(frame, out),
            kind if is_ours && (frame.n.is_some() || frame.m.is_some()) => {
                self.world.counts(frame.n, frame.m);
                self.tell(kind, frame.payload, out);
            }
            kind if is_ours => self.pass_on(kind, frame.payload, out),
            _ => {}
        }
    }

    /// Something failed that no request named.
    fn fails(&mut self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        let Some(failure) = frame.payload::<frame::Answer<'_>>() else { return };
        if self.who != Who::Claiming {
            return self.pass_on(names::ERROR, frame.payload, out);
        }
        self.who = Who::Nobody;
        let answer = match &*failure.code {
            "authentication_required" => {
                Answer::failed(Status::Illegal, "authentication_required", "Say hello with a token first.")
            }
            _ => Answer::refused(&failure),
        };
        if let Some(slot) = self.slots.get_mut(self.next) {
            slot.state = State::Done(answer);
        }
        self.go_on(out);
    }

    /// The server answered a native request.
    fn is_answered(&mut self, answer: &frame::Answer<'_>, out: &mut Vec<Out>) {
        let Ok(reference) = answer.reference.parse::<u64>() else { return };
        let is_ok = answer.status == "ok";
        match self.place {
            Place::Asking(asked) if asked == reference => {
                self.place = if is_ok { Place::Entering } else { Place::Out };
                if is_ok {
                    self.entry.seat = answer.seat;
                    self.entry.resumed = answer.resumed.as_ref().map(|resumed| resumed.kind.clone()).unwrap_or_default();
                    self.world.enter(answer);
                } else if let Some(slot) = self.slots.get_mut(self.next) {
                    slot.state = State::Done(Answer::refused(answer));
                }
                return;
            }
            Place::Leaving(asked) if asked == reference => {
                // Who was no member any more is one no more.
                self.place = Place::Out;
                return self.finish(reference, Answer::done());
            }
            _ => {}
        }
        let is_look = |slot: &super::Slot| [names::GET_MAP, names::GET_VIEW].contains(&slot.request.action.as_str());
        let slot = self.slots.iter().find(|slot| slot.waits_for(reference));
        match slot {
            Some(slot) if is_look(slot) && is_ok => self.looks = Some(reference),
            Some(slot) if self.begins_anew(slot, answer) => self.begin_anew(reference, out),
            Some(slot) => {
                let is_plain = is_ok && slot.request.action != names::BATCH;
                match &*answer.code {
                    "not_in_room" => self.is_out(out),
                    // Another connection of the session has this key: the room knows better what it stands for.
                    "id_reused" => self.forget(reference),
                    _ => {}
                }
                self.finish(reference, if is_plain { Answer::done() } else { Answer::of(answer) });
            }
            None => {}
        }
    }

    fn finish(&mut self, reference: u64, answer: Answer) {
        if let Some(slot) = self.asked(reference) {
            slot.state = State::Done(answer);
        }
    }

    /// What the key of a request stands for is not what was asked here.
    fn forget(&mut self, reference: u64) {
        if let Some(slot) = self.asked(reference) {
            slot.is_noted = false;
            let key = slot.request.key.clone();
            self.keys.forget(&key);
        }
    }

    fn asked(&mut self, reference: u64) -> Option<&mut super::Slot> {
        self.slots.iter_mut().find(|slot| slot.waits_for(reference))
    }

    /// A whole view of the room came.
    fn sees(&mut self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        self.world.is_at(frame.at.as_deref());
        let is_entry = self.place == Place::Entering;
        let is_told = self.entry.resumed == "replayed";
        if is_entry {
            self.place = Place::In;
        }
        if let Some(view) = frame.payload.filter(|_| (is_entry && !is_told) || frame.resumed.is_some()) {
            if self.is_new {
                self.update(names::SNAPSHOT, &json!({}), out);
            }
            for entity in self.world.entities(view) {
                self.appears(&entity, out);
            }
        }
        if let Some(reference) = self.looks.take() {
            let action = self.slots.front().map(|slot| slot.request.action.as_str()).unwrap_or_default();
            let answer = match frame.payload {
                Some(view) if view.get().len() > LANEYA_OUT_BYTES / 2 => None,
                Some(view) if action == names::GET_VIEW => Some(Answer::success(&json!({"view": view}))),
                Some(view) => super::world::floor_layer(view).map(|layer| Answer::success(&json!({"floor_layer": layer}))),
                None => None,
            };
            let none = || Answer::failed(Status::Illegal, "no_map", "This room has no map, or none that you may see.");
            self.finish(reference, answer.unwrap_or_else(none));
            self.go_on(out);
        }
    }

    /// Who holds a seat.
    fn names_who(&mut self, frame: &Frame<'_>) {
        let Some(Presence { room_id, user_id, seat: Some(seat), .. }) = frame.payload() else { return };
        if room_id == self.room {
            self.world.sits(seat, &user_id);
        }
    }

    /// Who comes and goes, and what has ended.
    fn hears_who(&mut self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        let Some(presence) = frame.payload::<Presence>() else { return };
        if presence.room_id != self.room {
            return;
        }
        if frame.kind == "room_ended" {
            return self.pass_on(names::ENDED, frame.payload, out);
        }
        if presence.you {
            self.pass_on(names::LEFT, frame.payload, out);
            return self.is_out(out);
        }
        if self.is_new {
            let (entity, status) = (self.world.called(&presence.user_id), presence.status(&frame.kind));
            self.update(names::PRESENCE, &json!({"entity": entity, "status": status}), out);
        }
    }

    /// It is in the room no more, without having asked for that.
    fn is_out(&mut self, out: &mut Vec<Out>) {
        if self.place == Place::In {
            self.place = Place::Out;
        }
        if let Some(reference) = self.looks.take() {
            self.finish(reference, Answer::failed(Status::Illegal, "not_in_room", "You are no longer in this room."));
            self.go_on(out);
        }
    }

    /// Something happened in the room.
    fn tell(&mut self, kind: &str, payload: Option<&RawValue>, out: &mut Vec<Out>) {
        match (kind, payload) {
            (names::STEPPED, Some(payload)) => {
                for step in self.world.moves(payload) {
                    self.position(&step.entity, step.x, step.y, out);
                }
            }
            (names::APPEARED, Some(payload)) => {
                if let Some(entity) = self.world.appeared(payload) {
                    self.appears(&entity, out);
                }
            }
            (names::GONE, Some(payload)) => {
                if let Some((id, entity)) = self.world.gone(payload).filter(|_| self.is_new) {
                    self.update(names::DESPAWN, &json!({"entity": entity, "id": id}), out);
                }
            }
            _ => self.pass_on(kind, payload, out),
        }
    }

    fn appears(&self, entity: &super::world::Entity, out: &mut Vec<Out>) {
        if self.is_new {
            self.update(names::SPAWN, &entity.spawn(), out);
        } else if entity.kind != names::ITEM {
            self.position(&entity.entity, entity.x, entity.y, out);
        }
    }

    fn position(&self, entity: &str, x: u64, y: u64, out: &mut Vec<Out>) {
        let entity = serde_json::to_string(entity).expect("a string is JSON");
        let body = format!(r#"{{"type":"update","action":"position","data":{{"x":{x},"y":{y},"entity":{entity}}}}}"#);
        out.push(Out::Say { event: "", body });
    }

    /// What only who said `hello` knows, as the room tells it.
    fn pass_on(&self, action: &str, payload: Option<&RawValue>, out: &mut Vec<Out>) {
        if self.is_new && payload.is_none_or(|payload| payload.get().len() <= LANEYA_OUT_BYTES / 2) {
            self.update(action, &json!(payload), out);
        }
    }

    fn update(&self, action: &str, data: &Value, out: &mut Vec<Out>) {
        let data = if data.is_null() { &json!({}) } else { data };
        out.push(Out::Say { event: "", body: json!({"type": "update", "action": action, "data": data}).to_string() });
    }
}
