//! Every request one answer, in the order of the requests of one room, and true on a durable state no older than the request.

use super::own_events::own_events;
use super::{Acked, Judge, Pending, Seen, What};
use crate::model::{Act, Life, Past, State};
use parlour_engine::io::Role;
use parlour_room::inbox::INBOX_WINDOW_MS;
use serde_json::Value;

impl Judge {
    pub(super) fn answer(&mut self, seen: &mut Seen, payload: &Value) -> Result<(), String> {
        let reference = payload["ref"].as_str().ok_or("P1: an ack without ref")?;
        let at = seen.pending.iter().position(|pending| pending.asked.reference.as_deref() == Some(reference));
        let pending = seen.pending.remove(at.ok_or("P1: an answer to nothing, or a second one")?);
        self.tally.add("answers");
        if payload["code"] == "rate_limited" {
            // Refused at the entry, before it was known which room it was for: it owes nothing to those that went on.
            self.tally.add("refused for want of tokens");
            let says_when = payload["retry"] == true && payload["retry_after_ms"].as_u64().is_some_and(|wait_ms| wait_ms > 0);
            return if says_when { Ok(()) } else { Err("P1: limited, and not until when".to_owned()) };
        }
        let judged = match payload["status"].as_str() {
            Some("ok") => self.success(seen, &pending, payload),
            Some("error") => self.failure(seen, &pending, payload),
            _ => Err("an ack without status".to_owned()),
        };
        judged.map_err(|why| format!("{why}\n  asked after record {}: {:?}", pending.lower, pending.asked.what))?;
        // What is refused for want of room on the line, is given up, or is not sent on because the server shuts down, does not
        // wait for what was asked before it and is on its way to another shard.
        if matches!(payload["code"].as_str(), Some("room_not_reached" | "too_many_waiting" | "draining")) {
            return Ok(());
        }
        let same_room = |other: &&Pending| other.asked.what.room() == pending.asked.what.room();
        match seen.pending.iter().take(at.unwrap_or(0)).find(same_room).filter(|other| other.asked.what.room().is_some()) {
            Some(before) => Err(format!("P1: {:?} was asked before and is not answered", before.asked)),
            None => Ok(()),
        }
    }

    fn success(&mut self, seen: &mut Seen, pending: &Pending, payload: &Value) -> Result<(), String> {
        match &pending.asked.what {
            What::Auth | What::Ping => Ok(()),
            What::Junk(code) => Err(format!("junk was taken, where {code} was due")),
            What::Open { room, kind, .. } => self.opened_ok(seen, pending, room, kind, payload),
            What::Join { .. } => self.joined(seen, pending, payload),
            What::Find { .. } => self.found(seen, pending, payload),
            What::List => self.listed(payload),
            What::Leave(room) => {
                seen.follows.remove(room);
                let gone = |state: &State| !state.members.contains_key(&seen.user);
                self.some_state(room, pending.lower, |_, _, state| gone(state)).map_err(|why| format!("P2: left, but {why}"))
            }
            What::Unsubscribe(room) => {
                seen.follows.remove(room);
                Ok(())
            }
            What::Legal(room) => {
                let actions = payload["actions"].to_string();
                let fits = |state: &State| {
                    let seat = state.members.get(&seen.user).map(|member| member.seat);
                    let legal = seat.and_then(|seat| state.legal.get(&seat));
                    legal.is_some_and(|legal| same_json(&format!("[{}]", legal.join(",")), &actions))
                };
                self.some_state(room, pending.lower, |_, _, state| fits(state)).map_err(|why| format!("P2: legal: {why}"))
            }
            What::Pulse { .. } => self.pulsed(seen, pending, payload),
            What::Batch { .. } => self.batched(seen, pending, payload),
            What::Act { room, id, action } => self.acted(seen, pending, room, id.as_deref(), action, payload),
        }
    }

    fn opened_ok(&mut self, seen: &Seen, pending: &Pending, room: &str, kind: &str, payload: &Value) -> Result<(), String> {
        let past = self.model.past(room).ok_or("P2: opened, but not on the disk")?;
        let promise = payload["seed_hash"].as_str().unwrap_or_default();
        let of_mine = |life: &&Life| {
            let about = life.table.about();
            life.kind.name() == kind && about.opener.user == seen.user && life.table.seed_hash() == promise
        };
        let life = past.lives.iter().find(of_mine).ok_or("P2: opened, but no such life is on the disk")?;
        let is_dup = payload["dup"] == true;
        let is_new_life = past.lives.len() > 1;
        if !is_dup && life.first <= pending.lower {
            return Err("P3: opened as new before it was asked".to_owned());
        }
        let (process, name) = (self.process, life.name.clone());
        repeats(self.opened.get(&name), (0, 0), is_dup, process)?;
        let known = self.opened.entry(name).or_insert(Acked { answer: (0, 0), process, first_seen: false });
        known.first_seen |= !is_dup;
        if is_dup {
            self.tally.add("openings answered again");
        } else if is_new_life {
            self.tally.add("new lives of a name");
        }
        self.tally.add("openings");
        Ok(())
    }

    fn acted(
        &mut self,
        seen: &Seen,
        pending: &Pending,
        room: &str,
        id: Option<&str>,
        action: &str,
        payload: &Value,
    ) -> Result<(), String> {
        let (name, n, m) = position(payload["at"].as_str().unwrap_or_default())?;
        let past = self.model.past(room).ok_or("P2: acted in a room that is not on the disk")?;
        let life = past.lives.iter().find(|life| life.name == name).ok_or("P2: acted in a life that is not on the disk")?;
        let body = life.table.hash_of(action).ok_or("an action was taken that does not decode")?.to_string();
        let fits = |act: &&Act| act.user == seen.user && act.id.as_deref() == id && act.body == body && act.answer == (n, m);
        let act = life.acts.iter().rev().find(fits).ok_or("P2: the action is not on the disk with this answer")?;
        let is_dup = payload["dup"] == true;
        if !is_dup && act.seq <= pending.lower {
            return Err(format!("P3: played before it was asked, as record {}", act.seq));
        }
        if let Some(events) = payload.get("events") {
            self.tally.add(own_events(past, life, act, pending.lower, is_dup, events)?);
        }
        self.tally.add(if is_dup { "dups" } else { "acts" });
        let Some(id) = id else { return if is_dup { Err("P3: a dup without id".to_owned()) } else { Ok(()) } };
        let key = (room.to_owned(), name, seen.user.clone(), id.to_owned());
        let again = life.acts.iter().filter(|act| act.user == seen.user && act.id.as_deref() == Some(id)).count() > 1;
        let process = self.process;
        if !again {
            repeats(self.acked.get(&key), (n, m), is_dup, process)?;
        }
        let known = self.acked.entry(key).or_insert(Acked { answer: (n, m), process, first_seen: false });
        known.first_seen |= !is_dup;
        Ok(())
    }

    fn failure(&mut self, seen: &mut Seen, pending: &Pending, payload: &Value) -> Result<(), String> {
        let code = payload["code"].as_str().unwrap_or_default();
        let lower = pending.lower;
        if code == "draining" && self.is_draining {
            return Ok(());
        }
        if let What::Junk(due) = &pending.asked.what {
            self.tally.add("junk answered");
            return if code == *due { Ok(()) } else { Err(format!("junk was answered {code}, where {due} was due")) };
        }
        if matches!(pending.asked.what, What::Find { .. }) {
            return self.not_found(seen, pending, code);
        }
        if matches!(pending.asked.what, What::List) && matches!(code, "journal_down" | "too_many_waiting") {
            return Ok(());
        }
        let room = pending.asked.what.room().ok_or("a request that cannot fail failed")?;
        match code {
            "room_not_found" if lower == 0 => return Ok(()),
            "too_many_waiting" | "too_many_rooms" => {
                self.tally.add("limited");
                return Ok(());
            }
            "journal_down" if payload["retry"] == true => return Ok(()),
            "room_not_reached" if payload["retry"] == true => {
                self.tally.add("rooms not reached");
                if matches!(pending.asked.what, What::Join { .. } | What::Unsubscribe(_)) {
                    seen.follows.remove(room);
                }
                return Ok(());
            }
            _ => {}
        }
        match &pending.asked.what {
            What::Open { fault, .. } => match code {
                "opening_too_fast" if payload["retry_after_ms"].as_u64() > Some(0) => {
                    self.tally.add("openings too fast");
                    Ok(())
                }
                _ if *fault == Some(code) => Ok(()),
                "role_required" if seen.role == Role::Spectator => Ok(()),
                "room_exists" => {
                    self.some_state(room, lower, |_, _, state| !state.ended).map_err(|why| format!("P2: it exists, but {why}"))
                }
                _ => Err("an opening failed for no reason".to_owned()),
            },
            What::Join { wanted, .. } => {
                if code == "role_required" && seen.role == Role::Spectator {
                    return Ok(());
                }
                self.tally.add("joins refused");
                let judged = |past: &Past, state: &State| {
                    Self::join_verdict(past, state, &seen.user, *wanted).is_some_and(|refused| refused.is(payload))
                };
                self.some_state(room, lower, |past, _, state| judged(past, state))
                    .map_err(|why| format!("P2: refused, but {why}"))
            }
            What::Pulse { .. } => self.pulsed(seen, pending, payload),
            What::Batch { .. } => self.batch_refused(seen, pending, payload),
            What::Act { id, action, .. } => self.act_refused(seen, lower, room, id.as_deref(), action, payload),
            What::Legal(_) | What::Leave(_) if code == "not_in_room" => {
                let out = |state: &State| !state.members.contains_key(&seen.user);
                self.some_state(room, lower, |_, _, state| out(state)).map_err(|why| format!("P2: not in the room, but {why}"))
            }
            _ => Err("a request that cannot fail failed".to_owned()),
        }
    }

    fn act_refused(
        &mut self,
        seen: &Seen,
        lower: u64,
        room: &str,
        id: Option<&str>,
        action: &str,
        payload: &Value,
    ) -> Result<(), String> {
        let heard = id.and_then(|id| self.first_heard.get(&(seen.user.clone(), room.to_owned(), id.to_owned())));
        let lower = heard.map_or(lower, |(first, _)| lower.min(*first));
        let judged = |past: &Past, state: &State| {
            Self::act_verdicts(past, state, &seen.user, id, action).iter().any(|refused| refused.is(payload))
        };
        if payload["code"] == "id_reused" {
            self.tally.add("ids reused");
            // The id may have been refused before with another body; that is remembered by the shard only.
            let hash = |text: &str| serde_json::from_str::<Value>(text).ok();
            if heard.is_some_and(|(_, bodies)| bodies.iter().any(|body| hash(body) != hash(action))) {
                return self.was_never_played(seen, room, id, action);
            }
        } else {
            self.tally.add("refusals");
            if payload["kind"] == "illegal" && payload["code"] != "room_closed" {
                self.tally.add("refusals by the rules");
            }
        }
        self.some_state(room, lower, |past, _, state| judged(past, state)).map_err(|why| format!("P2: refused, but {why}"))
    }

    /// An id that was played with this body must not be refused as reused, within its window.
    fn was_never_played(&self, seen: &Seen, room: &str, id: Option<&str>, action: &str) -> Result<(), String> {
        let Some(life) = self.model.past(room).and_then(|past| past.lives.last()) else { return Ok(()) };
        let body = life.table.hash_of(action).map(|hash| hash.to_string());
        let now_ms = life.table.about().at_ms;
        let mine = |act: &&Act| act.user == seen.user && act.id.as_deref() == id && Some(&act.body) == body.as_ref();
        match life.acts.iter().find(mine) {
            Some(act) if now_ms < act.at_ms + INBOX_WINDOW_MS / 2 => {
                Err(format!("P3: record {} played this very action under this id", act.seq))
            }
            _ => Ok(()),
        }
    }

    /// Whether some durable state, no older than the request, is as it must be.
    pub(super) fn some_state(&self, room: &str, lower: u64, fits: impl Fn(&Past, u64, &State) -> bool) -> Result<(), String> {
        let Some(past) = self.model.past(room) else { return Err(format!("{room} is not on the disk")) };
        if past.states.range(lower..).rev().any(|(seq, state)| fits(past, *seq, state)) {
            return Ok(());
        }
        Err(format!("no durable state of {room} from record {lower} to {} says so", self.model.seq(room)))
    }
}

/// Whether an answer goes with the one before it to the same request: the same, and one of them at most as the first.
pub(super) fn repeats(known: Option<&Acked>, answer: (u64, u64), is_dup: bool, process: u64) -> Result<(), String> {
    match known {
        Some(known) if known.answer != answer => Err(format!("P3: it was answered {:?} before", known.answer)),
        Some(known) if !is_dup && (known.first_seen || known.process < process) => {
            Err("P3: a repeated answer that does not say so".to_owned())
        }
        _ => Ok(()),
    }
}

/// Reads `life.n.m`.
pub(super) fn position(text: &str) -> Result<(String, u64, u64), String> {
    let mut parts = text.split('.');
    let mut next = || parts.next().ok_or_else(|| format!("no position: {text}"));
    let (life, n, m) = (next()?.to_owned(), next()?, next()?);
    let number = |part: &str| part.parse().map_err(|_| format!("no position: {text}"));
    Ok((life, number(n)?, number(m)?))
}

fn same_json(a: &str, b: &str) -> bool {
    serde_json::from_str::<Value>(a).ok() == serde_json::from_str::<Value>(b).ok()
}
