//! The HTTP API: the same rooms, asked by requests that have one answer each.

use super::Shard;
use super::play::{By, Opened};
use crate::code::Code;
use crate::counts::Counts;
use crate::hall::{Hall, Phase, Waiting};
use crate::io::{Call, CallId, Identity, Now, Output, Reply};
use parlour_room::table::Member;
use parlour_room::{As, Seed, Viewer, Who};
use serde_json::{Value, json};
use std::ops::Bound;
use std::sync::Arc;

impl Shard {
    pub(super) fn call(&mut self, from: CallId, by: Arc<Identity>, entropy: [u8; 32], call: Call, now: Now) {
        let room = match &call {
            Call::List(names) => return self.list_loaded(from, names),
            Call::Counts => {
                let reply = Reply::Counts(Box::new(self.counts()));
                return self.lobby.draft.replies.push((from, reply));
            }
            Call::Open(open) => match self.name_for(open, &by.user, Seed::derived(&entropy, 1)) {
                Ok(name) => name,
                Err(code) => return self.outputs.push_back(Output::Reply { to: from, reply: Reply::Failed(code.into()) }),
            },
            Call::Close(room) | Call::Show(room) | Call::Members { room, .. } => room.clone(),
        };
        let at = match self.find(&room) {
            Ok(at) => at,
            Err(code) => return self.outputs.push_back(Output::Reply { to: from, reply: Reply::Failed(code.into()) }),
        };
        let limit = self.settings.limits.waiting_per_room;
        if let Phase::Loading(waiting) = &mut self.hall(at).phase {
            if waiting.len() >= limit {
                let reply = Reply::Failed(Code::TooManyWaiting.into());
                return self.outputs.push_back(Output::Reply { to: from, reply });
            }
            return waiting.push_back(Waiting::Call(from, by, entropy, call));
        }
        let reply = match &call {
            Call::Open(open) => {
                match self.open(at, &By { opener: &by.user, who: &by, conn: None }, open, Seed::derived(&entropy, 2), now) {
                    Ok(opened) => {
                        let (seed_hash, dup) = match opened {
                            Opened::New { seed_hash } => (seed_hash, false),
                            Opened::Before { seed_hash } => (seed_hash, true),
                        };
                        let body = json!({"room_id": room, "seed_hash": seed_hash, "dup": dup});
                        Reply::Done { created: !dup, body: body.to_string() }
                    }
                    Err(failure) => Reply::Failed(failure),
                }
            }
            Call::Close(_) => match self.close(at, &by, now) {
                Ok(()) => Reply::Done { created: false, body: json!({"room_id": room}).to_string() },
                Err(failure) => Reply::Failed(failure),
            },
            Call::Members { after, limit, .. } => self.show_members(at, &by, after, *limit),
            Call::Show(_) | Call::List(_) | Call::Counts => self.show_room(at, &by),
        };
        self.hall(at).draft.replies.push((from, reply));
        self.touch(at);
    }

    /// A room as a spectator sees it, to whom the rules let in as one; to others there is no such room.
    fn show_room(&mut self, at: usize, by: &Identity) -> Reply {
        let (view_bytes, named) = (self.settings.limits.view_bytes, self.settings.limits.named_members);
        let hall = self.hall(at);
        if !may_see(hall, by) {
            return Reply::Failed(Code::RoomNotFound.into());
        }
        let mut about = about(hall, named);
        let view = hall.table().and_then(|table| table.view(Viewer::Spectator).ok());
        if let Some(view) = view.filter(|view| view.len() <= view_bytes) {
            about["view"] = serde_json::from_str(&view).unwrap_or_default();
        }
        Reply::Done { created: false, body: about.to_string() }
    }

    /// One page of a room's members, in the order of their ids.
    fn show_members(&mut self, at: usize, by: &Identity, after: &str, limit: usize) -> Reply {
        let hall = self.hall(at);
        if !may_see(hall, by) {
            return Reply::Failed(Code::RoomNotFound.into());
        }
        let Some(table) = hall.table() else { return Reply::Failed(Code::RoomUnreadable.into()) };
        let members = table.about().members;
        let mut rest = members.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let next = page.last().filter(|_| rest.next().is_some()).map(|(user, _)| user.as_str());
        let shown: Vec<Value> = page.iter().map(|(user, member)| about_member(hall, user, member)).collect();
        let body = json!({"room_id": &*hall.name, "members": shown, "count": members.len(), "next": next});
        Reply::Done { created: false, body: body.to_string() }
    }

    /// What it counted so far.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts.clone();
        for kind in self.settings.kinds.iter() {
            counts.rooms.insert(kind.name(), 0);
            counts.seats.insert(kind.name(), [0; 3]);
            counts.actions.entry(kind.name()).or_default();
        }
        for hall in self.halls.iter().flatten() {
            counts.rooms_frozen += u64::from(hall.frozen.is_some());
            let Some(table) = hall.table() else { continue };
            *counts.rooms.entry(hall.app()).or_default() += 1;
            let seats = counts.seats.entry(hall.app()).or_default();
            for (user, member) in table.about().members {
                seats[if member.bot.is_some() { 2 } else { usize::from(!hall.follows.has(user)) }] += 1;
            }
        }
        counts
    }
}

/// Whether there is such a room for this one: a room with other members only is none for who could not even watch.
fn may_see(hall: &Hall, by: &Identity) -> bool {
    let who = Who { user: &by.user, name: &by.name, bot: false };
    match &hall.phase {
        Phase::Open { table, .. } => {
            table.about().members.contains_key(who.user) || table.admit(who, As::Spectator) == Ok(As::Spectator)
        }
        Phase::Absent | Phase::Loading(_) => false,
        Phase::Broken(_) => true,
    }
}

/// What everybody may know of a member.
fn about_member(hall: &Hall, user: &str, member: &Member) -> Value {
    json!({
        "user_id": user,
        "name": member.name,
        "seat": member.seat.0,
        "bot": member.bot,
        "online": member.bot.is_some() || hall.follows.has(user),
    })
}

/// What everybody may know of a room, with so many of its members. Why it is frozen is for whoever runs the server; that it is,
/// for all.
pub(super) fn about(hall: &Hall, named: usize) -> Value {
    let Some(table) = hall.table() else {
        let reason = if let Phase::Broken(code) = hall.phase { code } else { Code::RoomUnreadable };
        return json!({"room_id": &*hall.name, "status": "frozen", "reason": reason.as_str()});
    };
    let about = table.about();
    let spectators = hall.follows.spectators();
    let status = match (&hall.frozen, about.ended) {
        (_, Some(_)) => "ended",
        (Some(_), None) => "frozen",
        (None, None) => "open",
    };
    let mut value = json!({
        "room_id": about.name,
        "kind": about.kind,
        "rules": about.rules,
        "status": status,
        "at": table.position(Viewer::Spectator).to_string(),
        "opened_by": about.opener.user,
        "opened_ms": about.opener.ts_ms,
        "seats": about.seats,
        "members": about.members.iter().take(named).map(|(user, member)| about_member(hall, user, member)).collect::<Vec<_>>(),
        "member_count": about.members.len(),
        "spectators": spectators,
        "seed_hash": table.seed_hash(),
    });
    if let Some(ended) = about.ended {
        value["outcome"] = json!(ended.outcome);
    }
    if hall.frozen.is_some() {
        value["reason"] = json!(Code::RoomFrozen.as_str());
    }
    if let Some(seed) = table.revealed_seed() {
        value["seed"] = json!(seed);
    }
    value
}
