//! Pulses: on some durable state the rules show this to this viewer, and what was acknowledged they show to somebody.

use super::verdict::restore;
use super::{Judge, Pending, Said, Seen, What};
use crate::model::{Past, State};
use parlour_room::{Audience, Seat, Source};
use serde_json::Value;

impl Judge {
    pub(super) fn pulse(&mut self, seen: &Seen, said: &Said<'_>, text: &str) -> Result<(), String> {
        let room = said.room.ok_or("a pulse of no room")?;
        let following = seen.follows.get(room).ok_or("P4: a pulse of a room that is not followed")?;
        let by = Seat(said.by.ok_or("a pulse of nobody")?);
        if said.n.is_some() || said.m.is_some() || !following.script.is_empty() || following.owes_view {
            return Err(format!("a pulse with a number, or before the answer to a join was whole: {text}"));
        }
        let fields = said.payload.get().strip_prefix('{').ok_or("a pulse without fields")?;
        let body = format!("{{\"type\":\"{}\",{fields}", said.kind);
        let is_shown = |past: &Past, state: &State| {
            past.lives[state.life].name == following.life
                && state.members.values().any(|member| member.seat == by)
                && audience(past, state, by, &body).is_some_and(|audience| audience.includes(following.viewer))
        };
        self.some_state(room, 0, |past, _, state| is_shown(past, state)).map_err(|why| format!("P4: a pulse, but {why}"))?;
        self.tally.add("pulses shown");
        Ok(())
    }

    pub(super) fn pulsed(&mut self, seen: &Seen, pending: &Pending, payload: &Value) -> Result<(), String> {
        let What::Pulse { room, pulse } = &pending.asked.what else { return Err("no pulse".to_owned()) };
        let code = payload["code"].as_str();
        let fits = |past: &Past, state: &State| {
            let seat = state.members.get(&seen.user).map(|member| member.seat);
            match (seat, code) {
                (None, code) => code == Some("not_in_room"),
                (Some(_), Some("room_closed")) => state.ended,
                (Some(seat), None) => !state.ended && audience(past, state, seat, pulse).is_some(),
                (Some(seat), Some("pulse_refused")) => !state.ended && audience(past, state, seat, pulse).is_none(),
                (Some(_), Some(_)) => false,
            }
        };
        self.tally.add(if code.is_some() { "pulses refused" } else { "pulses" });
        self.some_state(room, pending.lower, |past, _, state| fits(past, state)).map_err(|why| format!("P2: a pulse, but {why}"))
    }
}

fn audience(past: &Past, state: &State, by: Seat, pulse: &str) -> Option<Audience> {
    restore(past, state)?.pulse(Source::Member(by), pulse).ok()?.map(|shown| shown.audience)
}
