//! A client of the original knows of no death: in its dungeon nobody died. So after one, its first step begins a new life.

use super::{Laneya, Slot, State, names, request};
use crate::dialect::Out;
use crate::dialect::frame::Answer;
use serde_json::json;

impl Laneya {
    /// Whether this is what somebody who died hears who wants to walk, and cannot ask for more.
    pub(super) fn begins_anew(&self, slot: &Slot, answer: &Answer<'_>) -> bool {
        let walks = || request::direction(&slot.request.data).is_some_and(|direction| direction != names::STOP);
        let is_first = answer.failed_action.is_none();
        !self.is_new && answer.code == names::DEAD && is_first && slot.request.action == names::MOVE && walks()
    }

    /// The request that was asked by this `ref` becomes a new life and that step in it: both, or neither.
    pub(super) fn begin_anew(&mut self, reference: u64, out: &mut Vec<Out>) {
        let Some(at) = self.slots.iter().position(|slot| slot.waits_for(reference)) else { return };
        let request = &self.slots[at].request;
        let actions = [request::natively(names::RESPAWN, "{}"), request::natively(&request.action, &request.data)];
        let id = self.id("anew", &request.key);
        let native = json!({"type": "batch", "room": self.room, "id": id, "payload": {"atomic": true, "actions": actions}});
        self.slots[at].state = State::Asked(self.ask(native, out));
    }
}
