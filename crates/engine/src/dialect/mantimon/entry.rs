//! Coming into games: how many a user may be in, who is let in, what is answered; and coming back into them after connecting.

use super::code::{Code, Refusal};
use super::names::KINDS;
use super::pending::{Asker, Entry, Pending};
use super::tell::News;
use super::{Mantimon, Out};
use crate::dialect::frame::{Answer, Listed};
use crate::io::Now;
use crate::limits::{MANTIMON_PAGES, MANTIMON_ROOMS};
use parlour_room::Position;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Mantimon {
    /// Asks for the next page of the games in which the user is.
    pub(super) fn judge(&mut self, pending: Pending, after: Option<&str>, out: &mut Vec<Out>) {
        let mut payload = json!({"mine": true});
        if let Some(after) = after {
            payload["after"] = after.into();
        }
        self.asks.ask(pending, json!({"type": "list_rooms", "payload": payload}), out);
    }

    /// A page of the games in which somebody is who wants to come into another.
    pub(super) fn judged(&mut self, pending: Pending, answer: &Answer<'_>, now: Now, out: &mut Vec<Out>) {
        let Pending::Judge { asker, mut entry, mut others, pages } = pending else { return };
        let is_member = answer.rooms.iter().any(|room| room.room_id == entry.game);
        others.extend(unfinished(&answer.rooms).map(|room| room.room_id.clone()).filter(|room| *room != entry.game));
        if is_member {
            return self.enter(asker, entry, out);
        }
        if let Some(next) = answer.next.as_deref().filter(|_| pages + 1 < MANTIMON_PAGES) {
            return self.judge(Pending::Judge { asker, entry, others, pages: pages + 1 }, Some(next), out);
        }
        entry.is_new = answer.next.is_none();
        // Those that are just being entered are in no list yet.
        let entering = self.asks.pending().filter_map(|pending| match pending {
            Pending::Join { entry: other, .. } if !other.spectates && other.game != entry.game => Some(other.game.clone()),
            _ => None,
        });
        others.extend(entering);
        if others.len() >= self.max_games_per_user {
            self.kept_out(&asker, &entry, &Code::AlreadyInGame.into(), now, out);
        } else {
            self.enter(asker, entry, out);
        }
    }

    /// After connecting: into the unfinished games in which the user is, unless the client is faster.
    pub(super) fn come_back(&mut self, pages: usize, answer: &Answer<'_>, out: &mut Vec<Out>) {
        for Listed { room_id, .. } in unfinished(&answer.rooms) {
            let again = self.asks.pending().filter(|pending| matches!(pending, Pending::Again { .. })).count();
            let is_entered = self.rooms.contains_key(room_id) || self.is_being_entered(room_id);
            if !is_entered && again + self.rooms.len() < self.max_games_per_user && self.may_follow(room_id) {
                self.ask_again(room_id, None, true, out);
            }
        }
        if let Some(next) = answer.next.as_deref().filter(|_| pages + 1 < MANTIMON_PAGES) {
            self.judge(Pending::Mine { pages: pages + 1 }, Some(next), out);
        }
    }

    pub(super) fn enter(&mut self, asker: Asker, entry: Entry, out: &mut Vec<Out>) {
        let role = if entry.spectates { "spectator" } else { "player" };
        let mut payload = json!({"room_id": entry.game, "as": role, "open": false});
        if let Some(after) = entry.after.as_ref().filter(|_| !entry.again) {
            payload["after"] = after.to_string().into();
        }
        self.asks.ask(Pending::Join { asker, entry }, json!({"type": "join_room", "payload": payload}), out);
    }

    /// The server let somebody in, or the connection in again. A client is answered when it is seen what room this is.
    pub(super) fn joined(
        &mut self,
        game: String,
        client: Option<(Asker, Entry)>,
        at: &Position,
        answer: Answer<'_>,
        news: &mut Vec<News>,
    ) {
        let is_replayed = answer.resumed.is_some_and(|resumed| resumed.kind == "replayed");
        let room = self.rooms.entry(game.clone()).or_default();
        room.seat = answer.seat;
        match &client {
            Some((_, entry)) => room.entered(at, entry, is_replayed),
            None => room.resumed(at, is_replayed),
        }
        let came = room.seated(answer.seats);
        room.is_lost();
        room.entering.extend(client);
        news.extend(came.into_iter().map(|seat| News::Came { game: game.clone(), seat }));
    }

    /// Answers those who came in, now that all frames of this turn are seen.
    pub(super) fn settle_entries(&mut self, now: Now, out: &mut Vec<Out>) {
        let mut settled = Vec::new();
        for (game, room) in &mut self.rooms {
            if !room.entering.is_empty() || (room.view().is_some() && !room.is_game()) {
                settled.push((game.clone(), std::mem::take(&mut room.entering)));
            }
        }
        for (game, entering) in settled {
            let Some(room) = self.rooms.get(&game) else { continue };
            let has_view = room.view().is_some();
            let is_game = if has_view { room.is_game() } else { !entering.iter().any(|(_, entry)| entry.again) };
            if !is_game {
                self.forget(&game, entering.iter().any(|(_, entry)| entry.is_new), out);
            }
            for (asker, entry) in entering {
                match (is_game, has_view) {
                    (false, _) => self.refuse(&asker, &Refusal::because(Code::GameNotFound, "unsupported"), now, out),
                    (true, true) => self.let_in(&asker, &game, out),
                    // Events suffice this kind of room: only who had heard nothing is shown it.
                    (true, false) => self.enter(asker, Entry { again: true, ..entry }, out),
                }
            }
        }
    }

    fn let_in(&self, asker: &Asker, game: &str, out: &mut Vec<Out>) {
        let Some(room) = self.rooms.get(game) else { return };
        let body = json!({
            "success": true,
            "game_id": game,
            "event_id": room.event_id(),
            "role": if room.seat.is_some() { "player" } else { "spectator" },
            "seat": room.seat,
            "player_id": self.voice.user,
        });
        self.acknowledge(asker, &body, out);
    }

    pub(super) fn acknowledge(&self, asker: &Asker, body: &Value, out: &mut Vec<Out>) {
        out.extend(asker.ack.map(|ack| Out::Ack { ack, body: body.to_string() }));
    }

    /// A client was not let in. If it was in already it stays, and hears what was held back meanwhile.
    pub(super) fn kept_out(&mut self, asker: &Asker, entry: &Entry, refusal: &Refusal, now: Now, out: &mut Vec<Out>) {
        self.refuse(asker, refusal, now, out);
        if self.rooms.contains_key(&entry.game) && !self.is_being_entered(&entry.game) {
            self.refresh(&entry.game, out);
        }
    }

    /// A room is followed no longer. Whoever was a member of it before stays one.
    fn forget(&mut self, game: &str, is_new_member: bool, out: &mut Vec<Out>) {
        self.rooms.remove(game);
        let kind = if is_new_member { "leave_room" } else { "unsubscribe" };
        self.asks.ask(Pending::Idle, json!({"type": kind, "payload": {"room_id": game}}), out);
    }

    /// Whether there is place for a game that a client asks for: one that is over gives way.
    pub(super) fn finds_place(&mut self, game: &str, out: &mut Vec<Out>) -> bool {
        if !self.may_follow(game) {
            let over = self.rooms.iter().find(|(other, room)| room.is_over && !self.is_being_entered(other));
            if let Some(over) = over.map(|(over, _)| over.clone()) {
                self.forget(&over, false, out);
            }
        }
        self.may_follow(game)
    }

    /// Whether there is room for one more room.
    fn may_follow(&self, game: &str) -> bool {
        let asked = self.asks.pending().filter_map(|pending| match pending {
            Pending::Again { game } => Some(game.as_str()),
            pending => pending.entering().map(|entry| entry.game.as_str()),
        });
        let followed: BTreeSet<&str> = self.rooms.keys().map(String::as_str).chain(asked).collect();
        followed.contains(game) || followed.len() < MANTIMON_ROOMS
    }

    /// Whether the client is coming into this room: what happens there is then part of the answer.
    pub(super) fn is_being_entered(&self, game: &str) -> bool {
        self.asks.pending().filter_map(Pending::entering).any(|entry| entry.game == game)
    }
}

/// The games among these rooms that go on.
fn unfinished(rooms: &[Listed]) -> impl Iterator<Item = &Listed> {
    let is_game = |room: &&Listed| room.kind.as_deref().is_some_and(|kind| KINDS.contains(&kind));
    rooms.iter().filter(is_game).filter(|room| room.status != "ended")
}
