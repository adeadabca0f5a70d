//! Finding a room and listing rooms: the room is of the kind asked for, the same request ends in the same room, and what is
//! listed is on the disk.

use super::{Judge, Pending, Seen, What};
use parlour_engine::io::Role;
use parlour_room::{As, Hash64};
use serde_json::{Value, json};

impl Judge {
    pub(super) fn found(&mut self, seen: &mut Seen, pending: &Pending, payload: &Value) -> Result<(), String> {
        let What::Find { kind, max, id } = &pending.asked.what else { return Err("no find".to_owned()) };
        let room = payload["room_id"].as_str().ok_or("found no room")?.to_owned();
        let (created, dup) = (payload["created"] == true, payload["dup"] == true);
        let life = self.model.past(&room).and_then(|past| past.lives.last()).ok_or("P2: found, but not on the disk")?;
        let config = life.kind.canonical_config(&config(*max).to_string()).ok_or("a config that does not decode was taken")?;
        if life.kind.name() != kind || (life.table.config_hash() != Hash64::of(config.as_bytes()) && !dup) {
            return Err(format!("found {room}, which is of another kind or configuration"));
        }
        if created && !dup && life.table.about().opener.user != seen.user {
            return Err(format!("{room} was opened by somebody else"));
        }
        if let Some(id) = id {
            let before = self.found.insert((seen.user.clone(), id.clone()), (room.clone(), created));
            if before.is_some_and(|before| before != (room.clone(), created)) {
                return Err("P3: the same request found another room before".to_owned());
            }
        }
        self.tally.add(if dup {
            "finds answered again"
        } else if created {
            "finds that opened a room"
        } else {
            "finds"
        });
        let join = What::Join { room, wanted: As::Player(None), after: None };
        let asked = super::Asked { reference: pending.asked.reference.clone(), what: join };
        self.joined(seen, &Pending { asked, lower: 0 }, payload)
    }

    pub(super) fn not_found(&mut self, seen: &Seen, pending: &Pending, code: &str) -> Result<(), String> {
        if matches!(code, "too_many_rooms" | "room_not_reached" | "opening_too_fast") {
            self.tally.add("finds not reached or limited");
            return Ok(());
        }
        let What::Find { id, .. } = &pending.asked.what else { return Err("no find".to_owned()) };
        match code {
            "journal_down" | "too_many_waiting" => Ok(()),
            "role_required" if seen.role == Role::Spectator => Ok(()),
            // The room of the first answer has ended since, or its seat went to another.
            "room_closed" | "game_full" | "not_in_room" if id.is_some() => Ok(()),
            _ => Err("a request to find a room failed for no reason".to_owned()),
        }
    }

    pub(super) fn listed(&mut self, payload: &Value) -> Result<(), String> {
        self.tally.add("lists");
        payload["rooms"].as_array().ok_or("a list without rooms")?.iter().try_for_each(|entry| {
            let room = entry["room_id"].as_str().unwrap_or_default();
            match entry.get("at") {
                Some(_) => self.shown(room, 0, entry),
                None => self.model.past(room).map(|_| ()).ok_or_else(|| format!("P2: {room} is listed and not on the disk")),
            }
        })
    }
}

/// The configuration with so many seats.
pub fn config(max: Option<u32>) -> Value {
    max.map_or_else(|| json!({}), |max| json!({"max": max}))
}
