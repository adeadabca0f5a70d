//! Batches: one effect and one answer under one id, and each result what the record says.

use super::answers::{position, repeats};
use super::verdict::{refused, restore};
use super::{Acked, Judge, Pending, Seen, What};
use crate::model::{Act, Past, State};
use parlour_room::inbox::INBOX_WINDOW_MS;
use parlour_room::{Batched, Done, Stamp};
use serde_json::Value;

impl Judge {
    pub(super) fn batched(&mut self, seen: &Seen, pending: &Pending, payload: &Value) -> Result<(), String> {
        let What::Batch { room, id, atomic, actions } = &pending.asked.what else { return Err("no batch".to_owned()) };
        let results = payload["results"].as_array().filter(|results| results.len() == actions.len());
        let results = results.ok_or("a batch has as many results as actions")?;
        let ok = |result: &Value| result["status"] == "ok";
        if *atomic && !results.iter().all(ok) {
            return Err("an atomic batch was kept in part".to_owned());
        }
        let (name, n, m) = position(payload["at"].as_str().unwrap_or_default())?;
        let mut last = (0, 0);
        for result in results.iter().filter(|result| ok(result)) {
            let (_, n, m) = position(result["at"].as_str().unwrap_or_default())?;
            if n < last.0 || m < last.1 {
                return Err(format!("an action of a batch was at {n}.{m} after {last:?}"));
            }
            last = (n, m);
        }
        let is_dup = payload["dup"] == true;
        if !results.iter().any(ok) {
            self.tally.add("batches of which nothing was played");
            return self.nothing_was_played(seen, pending, results);
        }
        if last != (n, m) {
            return Err("the last action of a batch is not where the batch is".to_owned());
        }
        let past = self.model.past(room).ok_or("P2: acted in a room that is not on the disk")?;
        let life = past.lives.iter().find(|life| life.name == name).ok_or("P2: acted in a life that is not on the disk")?;
        let texts: Vec<&str> = actions.iter().map(String::as_str).collect();
        let body = life.table.batch_hash(*atomic, &texts).to_string();
        let fits = |act: &&Act| act.user == seen.user && act.id == *id && act.body == body && act.answer == (n, m);
        let act = life.acts.iter().rev().find(fits).ok_or("P2: the batch is not on the disk with this answer")?;
        let codes: Vec<Option<&str>> = results.iter().map(|result| result["code"].as_str()).collect();
        if act.steps.iter().map(Option::as_deref).ne(codes) {
            return Err(format!("the record says {:?} of the actions", act.steps));
        }
        if !is_dup && act.seq <= pending.lower {
            return Err(format!("P3: played before it was asked, as record {}", act.seq));
        }
        self.tally.add(match (is_dup, atomic, results.iter().all(ok)) {
            (true, ..) => "batches answered again",
            (_, true, _) => "atomic batches",
            (_, false, true) => "batches",
            (_, false, false) => "batches played in part",
        });
        let Some(id) = id else { return if is_dup { Err("P3: a dup without id".to_owned()) } else { Ok(()) } };
        let key = (room.to_owned(), name, seen.user.clone(), id.to_owned());
        // Long after its window an id may be used again, and its answers are others.
        let again = life.acts.iter().filter(|act| act.user == seen.user && act.id.as_deref() == Some(id)).count() > 1;
        let process = self.process;
        if !again {
            repeats(self.acked.get(&key), (n, m), is_dup, process)?;
        }
        let known = self.acked.entry(key).or_insert(Acked { answer: (n, m), process, first_seen: false });
        known.first_seen |= !is_dup;
        Ok(())
    }

    /// No action of a batch was taken, and some durable state says so of each.
    fn nothing_was_played(&self, seen: &Seen, pending: &Pending, results: &[Value]) -> Result<(), String> {
        let What::Batch { room, id, .. } = &pending.asked.what else { return Err("no batch".to_owned()) };
        let fits = |past: &Past, state: &State| match again(past, state, seen, pending, false) {
            Some(Ok(Batched::Nothing { results: judged, .. })) => judged.iter().zip(results).all(|(done, result)| match done {
                Done::Refused(why) => refused(why.clone().into()).is(result),
                Done::Played(_) => false,
            }),
            _ => false,
        };
        let lower = self.lower(seen, room, id.as_deref(), pending.lower);
        self.some_state(room, lower, |past, _, state| fits(past, state))
            .map_err(|why| format!("P2: nothing of a batch, but {why}"))
    }

    pub(super) fn batch_refused(&mut self, seen: &Seen, pending: &Pending, payload: &Value) -> Result<(), String> {
        let What::Batch { room, id, .. } = &pending.asked.what else { return Err("no batch".to_owned()) };
        self.tally.add("batches refused");
        let heard = id.as_ref().and_then(|id| self.first_heard.get(&(seen.user.clone(), room.clone(), id.clone())));
        if payload["code"] == "id_reused" && heard.is_some_and(|(_, bodies)| bodies.iter().any(|body| *body != bodies[0])) {
            return Ok(());
        }
        let fits = |past: &Past, state: &State| {
            let try_at = |late| match again(past, state, seen, pending, late) {
                Some(Err(rejected)) => {
                    let action = rejected.action.and_then(|action| u64::try_from(action).ok());
                    refused(rejected.why).is(payload) && payload["failed_action"].as_u64() == action
                }
                _ => false,
            };
            try_at(false) || try_at(true)
        };
        let lower = self.lower(seen, room, id.as_deref(), pending.lower);
        self.some_state(room, lower, |past, _, state| fits(past, state)).map_err(|why| format!("P2: refused, but {why}"))
    }

    /// A refusal may be remembered from when the id was first heard.
    fn lower(&self, seen: &Seen, room: &str, id: Option<&str>, lower: u64) -> u64 {
        let heard = id.and_then(|id| self.first_heard.get(&(seen.user.clone(), room.to_owned(), id.to_owned())));
        heard.map_or(lower, |(first, _)| lower.min(*first))
    }
}

/// The same batch on a durable state, now or when its id is long forgotten.
fn again(
    past: &Past,
    state: &State,
    seen: &Seen,
    pending: &Pending,
    late: bool,
) -> Option<Result<Batched, parlour_room::BatchRejected>> {
    let What::Batch { id, atomic, actions, .. } = &pending.asked.what else { return None };
    let texts: Vec<&str> = actions.iter().map(String::as_str).collect();
    let at_ms = state.at_ms + if late { INBOX_WINDOW_MS + 1 } else { 0 };
    let mut table = restore(past, state)?;
    Some(table.batch(Stamp { at_ms, ts_ms: 0 }, &seen.user, id.as_deref(), *atomic, &texts))
}
