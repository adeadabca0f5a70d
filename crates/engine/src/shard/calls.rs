//! The HTTP API: the same rooms, asked by requests that have one answer each.

use super::Shard;
use super::play::Opened;
use crate::code::Code;
use crate::hall::{Hall, Phase, Waiting};
use crate::io::{Call, CallId, Counts, Identity, Now, Output, Reply};
use parlour_room::{As, Seed, Viewer, Who};
use serde_json::{Value, json};
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
            Call::Close(room) | Call::Show(room) => room.clone(),
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
            Call::Open(open) => match self.open(at, &by, open, Seed::derived(&entropy, 2), now) {
                Ok(opened) => {
                    let (seed_hash, dup) = match opened {
                        Opened::New { seed_hash } => (seed_hash, false),
                        Opened::Before { seed_hash } => (seed_hash, true),
                    };
                    let body = json!({"room_id": room, "seed_hash": seed_hash, "dup": dup});
                    Reply::Done { created: !dup, body: body.to_string() }
                }
                Err(failure) => Reply::Failed(failure),
            },
            Call::Close(_) => match self.close(at, &by, now) {
                Ok(()) => Reply::Done { created: false, body: json!({"room_id": room}).to_string() },
                Err(failure) => Reply::Failed(failure),
            },
            _ => self.show_room(at, &by),
        };
        self.hall(at).draft.replies.push((from, reply));
        self.touch(at);
    }

    /// A room as a spectator sees it, to whom the rules let in as one; to others there is no such room.
    fn show_room(&mut self, at: usize, by: &Identity) -> Reply {
        let who = Who { user: &by.user, name: &by.name, bot: false };
        let view_bytes = self.settings.limits.view_bytes;
        match &self.hall(at).phase {
            Phase::Open { table, .. }
                if !table.about().members.contains_key(who.user) && table.admit(who, As::Spectator) != Ok(As::Spectator) =>
            {
                Reply::Failed(Code::RoomNotFound.into())
            }
            Phase::Absent | Phase::Loading(_) => Reply::Failed(Code::RoomNotFound.into()),
            Phase::Broken(_) | Phase::Open { .. } => {
                let mut about = about(self.hall(at));
                let table = self.hall(at).table();
                let view = table.and_then(|table| table.view(Viewer::Spectator).ok());
                if let Some(view) = view.filter(|view| view.len() <= view_bytes) {
                    about["view"] = serde_json::from_str(&view).unwrap_or_default();
                }
                Reply::Done { created: false, body: about.to_string() }
            }
        }
    }

    /// What it counted so far.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts.clone();
        let halls = || self.halls.iter().filter_map(Option::as_deref);
        for kind in self.settings.kinds.iter() {
            let of_kind = |hall: &&Hall| matches!(&hall.phase, Phase::Open { kind: of, .. } if of.name() == kind.name());
            counts.rooms.push((kind.name(), u64::try_from(halls().filter(of_kind).count()).unwrap_or(u64::MAX)));
        }
        counts.rooms_frozen = u64::try_from(halls().filter(|hall| hall.frozen.is_some()).count()).unwrap_or(u64::MAX);
        counts
    }
}

/// What everybody may know of a room. Why it is frozen is for whoever runs the server; that it is, for all.
pub(super) fn about(hall: &Hall) -> Value {
    let Some(table) = hall.table() else {
        let reason = if let Phase::Broken(code) = hall.phase { code } else { Code::RoomUnreadable };
        return json!({"room_id": &*hall.name, "status": "frozen", "reason": reason.as_str()});
    };
    let about = table.about();
    let member = |(user, member): (&String, &parlour_room::table::Member)| {
        json!({
            "user_id": user,
            "name": member.name,
            "seat": member.seat.0,
            "bot": member.bot,
            "online": member.bot.is_some() || hall.is_here(user),
        })
    };
    let spectators = hall.follows.iter().filter(|follow| follow.viewer == Viewer::Spectator).count();
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
        "members": about.members.iter().map(member).collect::<Vec<_>>(),
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
