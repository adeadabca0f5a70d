//! Who is here: told to those who are, and to kinds that ask.
//!
//! Kinds that ask are told by records: the first connection of a member that follows a room makes them present, and they are away
//! when the last one has been gone for `Limits::away_ms`. Connections are told by notices that nobody keeps: at once of each who
//! comes or goes while they are few, and merged, once in `Limits::presence_ms`, however many they are.

use super::Shard;
use super::play::stamp;
use crate::dialect::native_out as say;
use crate::hall::{Hall, Phase};
use crate::io::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many members are looked at in one turn: each may be a record.
const LOOKS_AT_ONCE: usize = 256;

/// Members whose presence is another than their room was told, and when each is to be looked at again.
#[derive(Default)]
pub(super) struct Presence {
    now_ms: u64,
    /// By room and user: each stands here once.
    due_ms: BTreeMap<(Arc<str>, Arc<str>), u64>,
    order: BTreeSet<(u64, Arc<str>, Arc<str>)>,
    /// The places of rooms where somebody came or went since their notice, and when all of them are told.
    changed: BTreeSet<usize>,
    tell_ms: u64,
}

impl Presence {
    pub(super) fn look_at_clock(&mut self, now: Now) {
        self.now_ms = now.mono_ms;
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// When somebody is to be looked at next.
    pub(super) fn next_ms(&self) -> Option<u64> {
        let tell_ms = (!self.changed.is_empty()).then_some(self.tell_ms);
        // Of a crowd only some are looked at in one turn; what else happens has its turn before the rest.
        let look_ms = self.order.first().map(|(due_ms, ..)| (*due_ms).max(self.now_ms.saturating_add(1)));
        look_ms.into_iter().chain(tell_ms).min()
    }

    /// Whether somebody of this room is to be looked at: it stays until it knows.
    pub(super) fn watches(&self, room: &Arc<str>) -> bool {
        let first = (room.clone(), Arc::from(""));
        self.due_ms.range(first..).next().is_some_and(|((of, _), _)| of == room)
    }

    fn set(&mut self, room: &Arc<str>, user: &Arc<str>, due_ms: Option<u64>) {
        let key = (room.clone(), user.clone());
        let before = match due_ms {
            Some(due_ms) => self.due_ms.insert(key, due_ms),
            None => self.due_ms.remove(&key),
        };
        if let Some(before) = before {
            self.order.remove(&(before, room.clone(), user.clone()));
        }
        if let Some(due_ms) = due_ms {
            self.order.insert((due_ms, room.clone(), user.clone()));
        }
    }

    fn take_due(&mut self) -> Option<(Arc<str>, Arc<str>)> {
        let (_, room, user) = self.order.first().filter(|(due_ms, ..)| *due_ms <= self.now_ms).cloned()?;
        self.set(&room, &user, None);
        Some((room, user))
    }
}

impl Shard {
    /// Whoever follows a room is to be told who does.
    pub(super) fn tell_presence_soon(&mut self, at: usize) {
        if self.presence.changed.is_empty() {
            self.presence.tell_ms = self.presence.now_ms.saturating_add(self.settings.limits.presence_ms);
        }
        self.presence.changed.insert(at);
    }

    /// Somebody came, as all who follow the room are to know.
    pub(super) fn tell_who_came(&mut self, at: usize, user: &str) {
        self.tell_of_one(at, "user_joined", user);
    }

    /// Somebody went.
    pub(super) fn tell_who_went(&mut self, at: usize, user: &str) {
        self.tell_of_one(at, "user_left", user);
    }

    /// In a crowd, a notice to each about each would be the square of it: the merged notice says how many there are.
    fn tell_of_one(&mut self, at: usize, kind: &str, user: &str) {
        let named = self.settings.limits.named_members;
        let hall = self.hall(at);
        if hall.follows.len() <= named {
            let seat = hall.seat_of(user);
            hall.tell_others(Some(user), |out, name| say::presence(out, kind, name, user, seat));
        }
    }

    /// Tells rooms that changed who is there, when it is time.
    pub(super) fn tell_presence(&mut self, now: Now) {
        if now.mono_ms < self.presence.tell_ms {
            return;
        }
        for at in std::mem::take(&mut self.presence.changed) {
            let named = self.settings.limits.named_members;
            let Some(hall) = self.halls[at].as_mut() else { continue };
            tell_who_is_here(hall, named);
            self.touch(at);
        }
    }

    /// Somebody's connections to a room changed: if they are present now and the room does not know it, or the other way round,
    /// that is looked at again after a while.
    pub(super) fn watch_presence(&mut self, at: usize, user: &str) {
        let away_ms = self.settings.limits.away_ms;
        let Some(hall) = self.halls[at].as_ref() else { return };
        let Phase::Open { kind, table } = &hall.phase else { return };
        if !kind.has_presence() {
            return;
        }
        let about = table.about();
        let known = about.members.get(user).filter(|member| member.bot.is_none() && about.ended.is_none());
        let is_news = known.is_some_and(|member| member.here != hall.follows.has_player(user));
        let due_ms = is_news.then(|| self.presence.now_ms.saturating_add(away_ms));
        self.presence.set(&hall.name, &user.into(), due_ms);
    }

    /// A room was read: whoever it believes here, and is not, has `Limits::away_ms` to come back.
    pub(super) fn watch_everybody(&mut self, at: usize) {
        let users: Vec<String> = match &self.hall(at).phase {
            Phase::Open { kind, table } if kind.has_presence() => table.about().members.keys().cloned().collect(),
            _ => Vec::new(),
        };
        users.iter().for_each(|user| self.watch_presence(at, user));
    }

    /// Looks at those whose time has come.
    pub(super) fn settle_presence(&mut self, now: Now) {
        for _ in 0..LOOKS_AT_ONCE {
            let Some((room, user)) = self.presence.take_due() else { return };
            let Some(&at) = self.by_name.get(&room) else { continue };
            let here = self.hall(at).follows.has_player(&user);
            self.note_presence(at, &user, here, now);
        }
    }

    /// Tells a room that somebody is here or away, if that is news to it. A room never runs far ahead of the disk by this: away
    /// is recorded at most once in `Limits::away_ms` for each member.
    pub(super) fn note_presence(&mut self, at: usize, user: &str, here: bool, now: Now) {
        let Some(hall) = self.halls[at].as_mut().filter(|hall| hall.frozen.is_none()) else { return };
        if self.draining.is_some() {
            return;
        }
        let stamp = stamp(hall.clock, now);
        let Some(table) = hall.table_mut() else { return };
        let outcome = table.present(stamp, user, here);
        self.happened(at, outcome, now);
    }
}

/// Who is here: by name in small rooms, by number in large ones.
fn tell_who_is_here(hall: &mut Hall, named: usize) {
    let players = hall.follows.iter().filter(|follow| follow.plays());
    let users: BTreeSet<Arc<str>> = players.map(|follow| follow.user.clone()).collect();
    let spectators = hall.follows.spectators();
    let names: Vec<&str> = users.iter().map(|user| &**user).collect();
    let shown = (names.len() <= named).then_some(names.as_slice());
    hall.tell_others(None, |out, name| say::room_update(out, name, shown, names.len(), spectators));
}
