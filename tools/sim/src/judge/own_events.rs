//! What an action told its actor, in its answer: all of it as it was told, or where it is not kept any more, a word for that.

use crate::model::{Act, Life, Past, Slot, State};
use parlour_room::Viewer;
use parlour_room::stream::{RING_PRIVATE, RING_PUBLIC};
use serde_json::{Value, json};

/// What the answer told, for the tally.
pub(super) fn own_events(
    past: &Past,
    life: &Life,
    act: &Act,
    lower: u64,
    is_dup: bool,
    told: &Value,
) -> Result<&'static str, String> {
    let (seat, generation) = act.seat;
    let before = past.states.get(&(act.seq - 1)).and_then(|state| state.members.get(&act.user));
    let since = before.ok_or("an action of who held no seat")?.since;
    let mine = |slot: &&Slot| slot.seq == act.seq && slot.to.is_none_or(|to| to == (seat, generation));
    let slots: Vec<&Slot> = life.told.iter().filter(mine).collect();
    let events = slots.iter().map(|slot| event(slot, slot.heard_by(Viewer::Seat(seat), since)));
    let expected = events.collect::<Result<Vec<Value>, String>>()?;
    if *told == json!(expected) {
        return Ok(if is_dup { "own events told again" } else { "own events told" });
    }
    if !told.is_null() {
        return Err(format!("P2: told other events than those of record {}: {told}", act.seq));
    }
    let is_gone = |state: &State| {
        let sits = state.members.get(&act.user).is_some_and(|member| (member.seat, member.since) == (seat, since));
        let m = state.m_of(Viewer::Seat(seat)).m;
        let is_lost = |slot: &Slot| {
            let (last, ring) = if slot.to.is_some() { (m, RING_PRIVATE) } else { (state.n, RING_PUBLIC) };
            slot.number + u64::try_from(ring).unwrap_or(0) <= last
        };
        !sits || slots.iter().copied().any(is_lost)
    };
    match past.states.range(lower.max(act.seq)..).any(|(_, state)| is_gone(state)) {
        true if is_dup => Ok("own events gone"),
        _ => Err(format!("P3: the events of record {} are kept and were not told", act.seq)),
    }
}

fn event(slot: &Slot, body: &str) -> Result<Value, String> {
    let mut payload: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let kind = payload.as_object_mut().and_then(|fields| fields.remove("type"));
    let numbering = if slot.to.is_some() { "m" } else { "n" };
    Ok(json!({"type": kind, numbering: slot.number, "payload": payload}))
}
