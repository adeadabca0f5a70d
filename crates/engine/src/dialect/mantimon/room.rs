//! A room that the connection follows: what its viewer was told last, kept so that patches can be applied and events be placed.

use super::names::{IDLE_PHASES, PHASE};
use super::pending::{Asker, Entry};
use crate::dialect::frame::Seated;
use crate::dialect::seen::Seen;
use crate::limits::MANTIMON_SEATS;
use crate::patch::apply::Op;
use parlour_room::Position;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a player is there, as the others are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Connected,
    Reconnecting,
    Disconnected,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Status::Connected => "connected",
            Status::Reconnecting => "reconnecting",
            Status::Disconnected => "disconnected",
        }
    }
}

/// A `game_over` that waits for the state with which the game ended.
#[derive(Clone, Debug)]
pub(super) struct Over {
    pub(super) event_id: String,
    pub(super) winner: Option<String>,
    pub(super) reason: String,
}

/// A followed room.
#[derive(Debug, Default)]
pub(super) struct Room {
    life: String,
    n: u64,
    m: u64,
    /// The viewer's seat; none for a spectator.
    pub(super) seat: Option<u64>,
    /// Who holds which seat.
    seats: BTreeMap<u64, String>,
    /// What was told last of who holds it.
    statuses: BTreeMap<u64, Status>,
    seen: Seen,
    /// Whether one has been asked for.
    pub(super) is_asked: bool,
    /// Whether the client has not been shown this view.
    pub(super) is_changed: bool,
    pub(super) over: Option<Over>,
    /// Whether its end was told.
    pub(super) is_over: bool,
    /// Where events began to be told before the client itself asked to come in; none once it has.
    before_entry: Option<(u64, u64)>,
    /// Events that are not told again.
    told: Option<((u64, u64), (u64, u64))>,
    /// Whom to answer once it is seen what room this is.
    pub(super) entering: Vec<(Asker, Entry)>,
}

impl Room {
    /// A room into which the client asked to come has told where it stands: `at`, or what was asked for if the events after that
    /// follow.
    pub(super) fn entered(&mut self, at: &Position, entry: &Entry, is_replayed: bool) {
        let from = entry.after.as_ref().filter(|_| is_replayed).unwrap_or(at);
        (self.life, self.n, self.m) = (at.life.clone(), from.n, from.m.unwrap_or(0));
        (self.told, self.before_entry) = (entry.told.filter(|_| is_replayed), None);
        self.is_changed = true;
    }

    /// The same where the dialect asked, on its own: what the client has heard it has heard.
    pub(super) fn resumed(&mut self, at: &Position, is_replayed: bool) {
        let is_new = self.life.is_empty();
        if is_new || !is_replayed {
            (self.life, self.n, self.m) = (at.life.clone(), at.n, at.m.unwrap_or(0));
        }
        if is_new {
            self.before_entry = Some((self.n, self.m));
        }
        self.is_asked = false;
    }

    /// What was told before the client itself asked to come in.
    pub(super) fn told_before_entry(&self) -> Option<((u64, u64), (u64, u64))> {
        self.before_entry.map(|from| (from, (self.n, self.m)))
    }

    /// An event came. Its id, unless it was told before.
    pub(super) fn place(&mut self, number: u64, is_private: bool) -> Option<String> {
        let last = if is_private { &mut self.m } else { &mut self.n };
        if number <= *last {
            return None;
        }
        *last = number;
        let range = self.told.map(|(from, to)| if is_private { from.1..to.1 } else { from.0..to.0 });
        if range.is_some_and(|range| range.start < number && number <= range.end) {
            return None;
        }
        Some(if is_private { self.event_id() } else { self.public_id() })
    }

    /// How far everybody has heard.
    pub(super) fn public_id(&self) -> String {
        format!("{}.{}", self.life, self.n)
    }

    /// How far the viewer has heard.
    pub(super) fn event_id(&self) -> String {
        format!("{}.{}.{}", self.life, self.n, self.m)
    }

    /// A whole view came.
    pub(super) fn look(&mut self, view: Value, p: u64, at: Option<&Position>) {
        if let Some(at) = at.filter(|at| at.life == self.life) {
            (self.n, self.m) = (self.n.max(at.n), self.m.max(at.m.unwrap_or(0)));
        }
        self.seen.look(view, p);
        self.is_changed = true;
    }

    /// A patch came. False if it is not of the view that is kept.
    pub(super) fn patch(&mut self, ops: Option<Vec<Op>>, p: u64) -> bool {
        self.is_changed = true;
        self.seen.patch(ops, p)
    }

    /// What was seen of it is worth nothing until a whole view comes.
    pub(super) fn is_lost(&mut self) {
        self.seen.spoil();
    }

    /// The view, while it is what the room looks like.
    pub(super) fn view(&self) -> Option<&Value> {
        self.seen.view()
    }

    /// Whether it has a state that can be shown. Whatever has one can be played: its actions are its own.
    pub(super) fn is_game(&self) -> bool {
        self.seen.last().is_some_and(Value::is_object)
    }

    /// Whether nobody's absence is counted: then the rules say nothing of it.
    pub(super) fn is_idle(&self) -> bool {
        let phase = self.seen.last().and_then(|view| view.get(PHASE)?.as_str());
        phase.is_some_and(|phase| IDLE_PHASES.contains(&phase))
    }

    /// Who sits where, and which of them are there. Answers of whom something else was told before.
    pub(super) fn seated(&mut self, seats: Vec<Seated>) -> Vec<u64> {
        let mut came = Vec::new();
        for Seated { seat, user_id, online } in seats {
            self.sits(seat, &user_id);
            let told = self.statuses.get(&seat).copied();
            match told {
                None if online => drop(self.statuses.insert(seat, Status::Connected)),
                Some(status) if online && status != Status::Connected => came.push(seat),
                _ => {}
            }
        }
        came
    }

    pub(super) fn sits(&mut self, seat: u64, user: &str) {
        if self.seats.len() >= MANTIMON_SEATS && !self.seats.contains_key(&seat) {
            return;
        }
        let before = self.seats.insert(seat, user.to_owned());
        if before.is_some_and(|before| before != user) {
            self.statuses.remove(&seat);
        }
    }

    /// Where this user sits, as far as is known.
    pub(super) fn seat_of(&self, user: &str) -> Option<u64> {
        self.seats.iter().find(|(_, holder)| *holder == user).map(|(seat, _)| *seat)
    }

    /// Who holds a seat: by its number where the server did not say.
    pub(super) fn holder(&self, seat: u64) -> String {
        self.seats.get(&seat).cloned().unwrap_or_else(|| format!("seat-{seat}"))
    }

    /// Who holds the other seat, where there are two.
    pub(super) fn foe(&self, seat: u64) -> Option<String> {
        let mut others = self.seats.iter().filter(|(other, _)| **other != seat);
        others.next().filter(|_| others.next().is_none()).map(|(_, holder)| holder.clone())
    }

    /// The status of who holds a seat; whether that is news to the viewer.
    pub(super) fn becomes(&mut self, seat: u64, status: Status) -> bool {
        let is_known = self.statuses.len() < MANTIMON_SEATS || self.statuses.contains_key(&seat);
        self.seat != Some(seat) && is_known && self.statuses.insert(seat, status) != Some(status)
    }
}
