//! What a connection that follows a room hears: dense numbers, the right bodies, exactly what was missed, and views of durable
//! states.

use super::answers::position;
use super::{Following, Judge, Pending, Said, Seen, What};
use crate::model::{Life, Missed, Past, State};
use crate::patched;
use parlour_room::{As, Seat, Viewer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Judge {
    pub(super) fn joined(&mut self, seen: &mut Seen, pending: &Pending, payload: &Value) -> Result<(), String> {
        let What::Join { room, wanted, after } = &pending.asked.what else { return Err("no join".to_owned()) };
        let (name, n, m) = position(payload["at"].as_str().unwrap_or_default())?;
        let seat = payload["seat"].as_u64().and_then(|seat| u32::try_from(seat).ok()).map(Seat);
        if seat.is_some() != matches!(wanted, As::Player(_)) || seat.is_some() != (payload["as"] == "player") {
            return Err("joined as something else".to_owned());
        }
        let viewer = seat.map_or(Viewer::Spectator, Viewer::Seat);
        let past = self.model.past(room).ok_or("P2: joined a room that is not on the disk")?;
        let resumed = payload["resumed"]["kind"].as_str().unwrap_or_default();
        let mut why = "P2: joined at a position that no durable state has";
        for (seq, state) in past.states.range(pending.lower..).rev() {
            let life = &past.lives[state.life];
            let member = state.members.get(&seen.user).filter(|member| Some(member.seat) == seat);
            let is_here = (state.n, state.m_of(viewer).m) == (n, m) && life.name == name && (seat.is_none() || member.is_some());
            if !is_here || life.table.seed_hash() != payload["seed_hash"].as_str().unwrap_or_default() {
                continue;
            }
            why = "P2: seats that no durable state at this position has";
            if !sits(state, &payload["seats"]) {
                continue;
            }
            let since = member.map_or(0, |member| member.since);
            let owed = match after {
                Some((of, n, m)) if *of == life.name => life.missed(*seq, state, viewer, since, (*n, *m)),
                _ => Missed::Fresh,
            };
            why = "P5: another resume than the records give";
            let told = payload["resumed"]["events"].as_u64().unwrap_or_default();
            let owed = match (owed, resumed) {
                (Missed::Events(events), "replayed") | (Missed::View(events), "view") => events,
                (Missed::Fresh, "fresh") => Vec::new(),
                _ => continue,
            };
            if u64::try_from(owed.len()) != Ok(told) {
                continue;
            }
            let script = owed.into_iter().map(|(private, number, body)| (private, number, body.to_owned())).collect();
            let owes_view = !(life.kind.events_suffice() && resumed == "replayed");
            let (shown, view, seen_as) = (pending.lower, None, None);
            let following = Following { viewer, life: name, since, n, m, script, owes_view, shown, view, seen: seen_as };
            seen.follows.insert(room.clone(), following);
            self.tally.add(match resumed {
                "replayed" => "resumed: replayed",
                "view" => "resumed: view",
                _ => "resumed: fresh",
            });
            return Ok(());
        }
        Err(why.to_owned())
    }

    pub(super) fn event(&mut self, seen: &mut Seen, said: &Said<'_>) -> Result<(), String> {
        let room = said.room.ok_or("a message of an unknown type")?;
        let following = seen.follows.get_mut(room).ok_or("P5: an event of a room that is not followed")?;
        let (private, number) = match (said.n, said.m) {
            (Some(n), None) => (false, n),
            (None, Some(m)) => (true, m),
            _ => return Err("an event carries one number".to_owned()),
        };
        let past = self.model.past(room).ok_or("P2: an event of a room that is not on the disk")?;
        let life = past.lives.iter().find(|life| life.name == following.life).ok_or("P2: an event of an unknown life")?;
        self.tally.add("events");
        if let Some((owed_private, owed, body)) = following.script.pop_front() {
            let is_owed = (owed_private, owed) == (private, number) && says(&body, said);
            return if is_owed { Ok(()) } else { Err(format!("P5: {owed} was owed: {body}")) };
        }
        if following.owes_view {
            return Err("P5: an event before the view of the join".to_owned());
        }
        let last = if private { &mut following.m } else { &mut following.n };
        // A new tenure on the same connection begins with a join, so here the numbers go on.
        if number != *last + 1 {
            return Err(format!("P5: {number} comes after {last}"));
        }
        *last = number;
        let (viewer, since) = (following.viewer, following.since);
        let slots = life.told.iter().rev().filter(|slot| slot.number == number);
        let mut slots = slots.filter(|slot| slot.to.map(|(seat, _)| Viewer::Seat(seat)) == private.then_some(viewer));
        match slots.find(|slot| says(slot.heard_by(viewer, since), said) && shows(slot.ts_ms, said)) {
            Some(_) => Ok(()),
            None => Err("P2: no durable record tells this".to_owned()),
        }
    }

    pub(super) fn view(&mut self, seen: &mut Seen, said: &Said<'_>) -> Result<(), String> {
        let room = said.room.ok_or("a view of no room")?;
        let following = seen.follows.get_mut(room).ok_or("P5: a view of a room that is not followed")?;
        let p = said.p.ok_or("a view without a number")?;
        if let Some(resumed) = &said.resumed {
            // In place of all that a slow reader was not sent, and of nothing that a join still owes.
            let (life, n, m) = position(said.at.unwrap_or_default())?;
            if resumed["kind"] != "view" || life != following.life || n < following.n || m < following.m {
                return Err(format!("P5: caught up from {}.{} to {:?}", following.n, following.m, said.at));
            }
            (following.n, following.m, following.view) = (n, m, None);
            self.tally.add("slow readers caught up");
        }
        if !following.script.is_empty() {
            return Err("P5: a view before the events that were missed".to_owned());
        }
        let payload: Value = serde_json::from_str(said.payload.get()).map_err(|error| error.to_string())?;
        let shown = match (said.kind, following.view.take()) {
            ("patch", Some((before, mut view))) if p == before + 1 && !following.owes_view => {
                patched::apply(&mut view, &payload["ops"])?;
                self.tally.add("patches");
                view
            }
            ("patch", before) => return Err(format!("P5: a patch to {p} after {before:?}")),
            (_, before) => {
                let at = position(said.at.unwrap_or_default())?;
                if at != (following.life.clone(), following.n, following.m) {
                    return Err(format!("P5: a view at {at:?} after the events up to {}.{}", following.n, following.m));
                }
                if before.is_some_and(|(before, _)| p != before + 1) {
                    return Err(format!("P5: a view {p} that does not follow"));
                }
                self.tally.add("views");
                payload
            }
        };
        let past = self.model.past(room).ok_or("P2: a view of a room that is not on the disk")?;
        let fits = |life: &Life, state: &State| {
            let view = state.views.get(&following.viewer)?;
            let numbers = (state.n, state.m_of(following.viewer).m);
            let is_so = life.name == following.life
                && numbers == (following.n, following.m)
                && serde_json::from_str::<Value>(view).is_ok_and(|view| view == shown);
            is_so.then(|| view.clone())
        };
        let mut states = past.states.range(following.shown..);
        let found = states.find_map(|(seq, state)| Some((*seq, fits(&past.lives[state.life], state)?)));
        let (seq, as_written) = found.ok_or("P2: no durable state looks like this")?;
        (following.shown, following.owes_view, following.seen) = (seq, false, Some(as_written));
        following.view = Some((p, shown));
        Ok(())
    }

    /// When everything is quiet, whoever follows has heard all, and sees what is.
    pub(super) fn is_up_to_date(&self, user: &str, room: &str, following: &Following) -> Result<(), String> {
        let Some(Past { lives, states }) = self.model.past(room) else { return Ok(()) };
        let (Some(life), Some((seq, state))) = (lives.last(), states.last_key_value()) else { return Ok(()) };
        if life.name != following.life {
            return Err(format!("P5: {user} follows a life of {room} that is over"));
        }
        if (state.n, state.m_of(following.viewer).m) != (following.n, following.m) || !following.script.is_empty() {
            let (heard, all) = ((following.n, following.m), (state.n, state.m_of(following.viewer).m));
            let who = (following.viewer, following.since, following.script.len());
            return Err(format!("P5: {user} as {who:?} has heard of {room} up to {heard:?} only, of {all:?} with record {seq}"));
        }
        if let (Viewer::Seat(_), Some(member)) = (following.viewer, state.members.get(user))
            && life.kind.has_presence()
            && !member.here
            && !state.ended
            && !self.is_draining
        {
            return Err(format!("presence: {user} follows {room}, and by record {seq} they are away"));
        }
        if !life.kind.events_suffice() && following.seen.as_ref() != state.views.get(&following.viewer) {
            return Err(format!("P5: {user} as {:?} sees an old view of {room}, not record {seq}", following.viewer));
        }
        Ok(())
    }
}

impl Judge {
    /// At the end: whoever a room believes here follows it, if somebody else does and so the room is loaded.
    pub(crate) fn nobody_is_missed(&mut self) -> Result<(), String> {
        let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for conn in self.conns.values().filter(|conn| !conn.closed) {
            for (room, following) in &conn.follows {
                let users = seen.entry(room).or_default();
                if following.viewer != Viewer::Spectator {
                    users.insert(&conn.user);
                }
            }
        }
        let mut away = 0;
        for (room, users) in seen {
            let Some(Past { lives, states }) = self.model.past(room) else { continue };
            let (Some(life), Some((seq, state))) = (lives.last(), states.last_key_value()) else { continue };
            if let Some(key) = life.table.about().jobs.keys().next() {
                return Err(format!("jobs: {room} waits for {key:?} for ever"));
            }
            if !life.kind.has_presence() || state.ended {
                continue;
            }
            for (user, member) in state.members.iter().filter(|(_, member)| member.bot.is_none()) {
                if member.here && !users.contains(user.as_str()) {
                    return Err(format!("presence: nothing of {user} follows {room}, and by record {seq} they are here"));
                }
                away += u64::from(!member.here);
            }
        }
        self.tally.add_many("members away in the end", away);
        Ok(())
    }
}

/// Whether a frame says what this body says.
fn says(body: &str, said: &Said<'_>) -> bool {
    let Some(rest) = body.strip_prefix("{\"type\":\"").and_then(|rest| rest.strip_prefix(said.kind)) else { return false };
    let Some(fields) = rest.strip_prefix('"') else { return false };
    let fields = fields.strip_prefix(',').unwrap_or(fields);
    said.payload.get().strip_prefix('{') == Some(fields)
}

fn shows(ts_ms: u64, said: &Said<'_>) -> bool {
    let ts = said.ts.unwrap_or_default();
    ts.ends_with(&format!(".{:03}Z", ts_ms % 1000)) && ts.len() == "2026-11-21T10:00:00.123Z".len()
}

/// Whether a join tells who sits where as they do in this state. Who is online is no part of a state.
fn sits(state: &State, told: &Value) -> bool {
    let told = told.as_array().into_iter().flatten().map(|seated| (seated["seat"].as_u64(), seated["user_id"].as_str()));
    let mut held: Vec<_> = state.members.iter().map(|(user, member)| (Some(u64::from(member.seat.0)), Some(&**user))).collect();
    held.sort_unstable();
    told.eq(held)
}
