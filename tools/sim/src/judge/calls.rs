//! The HTTP API's answers and what bots are asked: computed from rooms like everything else, so durable like everything else.

use super::Judge;
use super::answers::position;
use crate::model::State;
use parlour_engine::io::{AskBot, Call, Reply};
use parlour_room::Viewer;
use serde_json::Value;

/// A call, and how far its room was durable when it was made.
pub struct Called {
    /// What was asked.
    pub call: Call,
    /// The last durable record then.
    pub lower: u64,
}

impl Judge {
    /// The last durable record of the room of a call.
    pub fn called(&self, call: Call) -> Called {
        let lower = match &call {
            Call::Close(room) | Call::Show(room) | Call::Members { room, .. } => self.model.seq(room),
            Call::Open(open) => open.room.as_deref().map_or(0, |room| self.model.seq(room)),
            Call::List(_) | Call::Counts => 0,
        };
        Called { call, lower }
    }

    /// A reply leaves the server.
    pub fn replies(&mut self, called: &Called, reply: &Reply) -> Result<(), String> {
        self.tally.add("calls answered");
        let body = match reply {
            Reply::Done { body, .. } => serde_json::from_str::<Value>(body).map_err(|error| error.to_string())?,
            Reply::Failed(failure) => {
                let is_fine = matches!(
                    failure.code.as_str(),
                    "room_not_found"
                        | "room_exists"
                        | "room_closed"
                        | "draining"
                        | "journal_down"
                        | "too_many_waiting"
                        | "too_many_rooms"
                        | "opening_too_fast"
                );
                return if is_fine { Ok(()) } else { Err(format!("a call failed: {failure:?}")) };
            }
            Reply::Counts(_) | Reply::Polled(_) | Reply::Rest { .. } => return Ok(()),
        };
        match &called.call {
            Call::Show(room) => self.shown(room, called.lower, &body),
            Call::Members { room, .. } => {
                let count = body["count"].as_u64();
                let shown = self.some_state(room, called.lower, |_, _, state| u64::try_from(state.members.len()).ok() == count);
                shown.map_err(|why| format!("P2: members of {room} are shown, but {why}: {body}"))
            }
            Call::List(_) => self.listed(&body),
            Call::Close(room) => {
                let closed = self.some_state(room, called.lower, |_, _, state| state.ended);
                closed.map_err(|why| format!("P2: closed, but {why}"))
            }
            Call::Open(_) => {
                let room = body["room_id"].as_str().unwrap_or_default();
                self.model.past(room).map(|_| ()).ok_or_else(|| format!("P2: {room} was opened and is not on the disk"))
            }
            Call::Counts => Ok(()),
        }
    }

    pub(super) fn shown(&self, room: &str, lower: u64, shown: &Value) -> Result<(), String> {
        let (name, n, _) = position(shown["at"].as_str().unwrap_or_default())?;
        let members = shown["members"].as_array().map_or(0, Vec::len);
        let fits = |state: &State| {
            let view = state.views.get(&Viewer::Spectator).and_then(|view| serde_json::from_str::<Value>(view).ok());
            state.n == n
                && state.members.len() == members
                && state.ended == (shown["status"] == "ended")
                && shown.get("view").is_none_or(|shown| view.as_ref() == Some(shown))
        };
        let found = self.some_state(room, lower, |past, _, state| past.lives[state.life].name == name && fits(state));
        found.map_err(|why| format!("P2: {room} is shown, but {why}: {shown}"))
    }

    /// A question to a bot leaves the server.
    pub fn asks_bot(&mut self, ask: &AskBot) -> Result<(), String> {
        let fits = |state: &State| {
            state.views.get(&Viewer::Seat(ask.seat)) == Some(&ask.view) && state.legal.get(&ask.seat) == Some(&ask.legal)
        };
        let rooms = self.model.rooms();
        let mut states = rooms.filter_map(|past| past.states.last_key_value()).map(|(_, state)| state);
        if states.any(fits) { Ok(()) } else { Err(format!("P2: a bot is asked of no room's durable state: {ask:?}")) }
    }
}
