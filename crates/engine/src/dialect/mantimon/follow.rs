//! What native frames say of followed rooms, and how a room is found again of which something was lost.

use super::code::Refusal;
use super::pending::{Asker, Pending};
use super::tell::{Event, News};
use super::{Mantimon, Out, time};
use crate::dialect::frame::{Answer, Frame, Patch, Presence};
use crate::io::Now;
use parlour_room::Position;
use serde_json::{Value, json};

impl Mantimon {
    pub(super) fn note_view(&mut self, frame: &Frame<'_>, game: &str, out: &mut Vec<Out>) {
        let Some(room) = self.rooms.get_mut(game) else { return };
        let p = frame.p.unwrap_or(0);
        let is_whole = match &*frame.kind {
            "view" => {
                frame.payload().map(|view| room.look(view, p, frame.at.as_deref().and_then(Position::parse).as_ref())).is_some()
            }
            _ => room.patch(frame.payload().map(|Patch { ops }| ops), p),
        };
        if !is_whole && room.entering.is_empty() {
            self.refresh(game, out);
        }
    }

    pub(super) fn note_event(&mut self, frame: &Frame<'_>, game: &str, news: &mut Vec<News>) {
        let (number, is_private) = match (frame.n, frame.m) {
            (Some(n), None) => (n, false),
            (None, Some(m)) => (m, true),
            // A pulse, which this dialect does not have.
            _ => return,
        };
        if self.is_being_entered(game) {
            return;
        }
        let Some(event_id) = self.rooms.get_mut(game).and_then(|room| room.place(number, is_private)) else { return };
        let changes: Value = frame.payload().unwrap_or_default();
        let ts_ms = frame.ts.as_deref().and_then(time::read);
        news.push(News::Event(Event { game: game.to_owned(), event_id, kind: frame.kind.to_string(), changes, ts_ms }));
    }

    pub(super) fn note_presence(&mut self, kind: &str, presence: Presence, now: Now, news: &mut Vec<News>, out: &mut Vec<Out>) {
        let Presence { room_id: game, user_id, seat, you, reason } = presence;
        if you {
            if self.rooms.contains_key(&game) {
                let refusal = Refusal::ended(&reason, Some(&game));
                self.drop_room(&game, &refusal, now, out);
                self.refuse(&Asker::nobody(), &refusal, now, out);
            }
            return;
        }
        let Some(room) = self.rooms.get_mut(&game) else { return };
        if let Some(seat) = seat {
            room.sits(seat, &user_id);
        }
        let Some(seat) = seat.or_else(|| room.seat_of(&user_id)) else { return };
        news.push(if kind == "user_joined" { News::Came { game, seat } } else { News::Went { game, seat } });
    }

    /// Asks for what was not heard of a room, and for a whole view.
    pub(super) fn refresh(&mut self, game: &str, out: &mut Vec<Out>) {
        let Some(room) = self.rooms.get_mut(game).filter(|room| !room.is_asked) else { return };
        room.is_asked = true;
        let (after, plays) = (room.event_id(), room.seat.is_some());
        self.ask_again(game, Some(after), plays, out);
    }

    pub(super) fn ask_again(&mut self, game: &str, after: Option<String>, plays: bool, out: &mut Vec<Out>) {
        let mut payload = json!({"room_id": game, "as": if plays { "player" } else { "spectator" }, "open": false});
        if let Some(after) = after {
            payload["after"] = after.into();
        }
        let request = json!({"type": "join_room", "payload": payload});
        self.asks.ask(Pending::Again { game: game.to_owned() }, request, out);
    }

    pub(super) fn not_again(&mut self, game: String, answer: &Answer<'_>, refusal: &Refusal, now: Now, out: &mut Vec<Out>) {
        let Some(room) = self.rooms.get_mut(&game) else { return };
        room.is_asked = false;
        // What is only too much just now is asked for again when there is more to hear of the room.
        if answer.kind != "limited" && answer.kind != "unavailable" {
            let refusal = Refusal::ended(refusal.code.as_str(), Some(&game));
            self.drop_room(&game, &refusal, now, out);
            self.refuse(&Asker::nobody(), &refusal, now, out);
        }
    }

    /// A room is followed no longer. Whoever was just coming in is answered with this.
    pub(super) fn drop_room(&mut self, game: &str, refusal: &Refusal, now: Now, out: &mut Vec<Out>) {
        let entering = self.rooms.remove(game).map(|room| room.entering).unwrap_or_default();
        entering.iter().for_each(|(asker, _)| self.refuse(asker, refusal, now, out));
    }
}
