//! Who is here, for kinds that ask: the first connection of a member that follows a room makes them present, and they are away
//! when the last one has been gone for `Limits::away_ms`. Both are records of the room.

use super::Shard;
use super::play::stamp;
use crate::hall::Phase;
use crate::io::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Members whose presence is another than their room was told, and when each is to be looked at again.
#[derive(Default)]
pub(super) struct Presence {
    now_ms: u64,
    /// By room and user: each stands here once.
    due_ms: BTreeMap<(Arc<str>, Arc<str>), u64>,
    order: BTreeSet<(u64, Arc<str>, Arc<str>)>,
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
        self.order.first().map(|(due_ms, ..)| *due_ms)
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
        let is_news = known.is_some_and(|member| member.here != hall.plays_here(user));
        let due_ms = is_news.then(|| self.presence.now_ms.saturating_add(away_ms));
        self.presence.set(&hall.name, &user.into(), due_ms);
    }

    /// A room was read: whoever it believes here, and is not, has `Limits::away_ms` to come back.
    pub(super) fn watch_everybody(&mut self, at: usize) {
        let users: Vec<String> = match self.hall(at).phase {
            Phase::Open { ref kind, ref table } if kind.has_presence() => table.about().members.keys().cloned().collect(),
            _ => return,
        };
        users.iter().for_each(|user| self.watch_presence(at, user));
    }

    /// Looks at everybody whose time has come.
    pub(super) fn settle_presence(&mut self, now: Now) {
        while let Some((room, user)) = self.presence.take_due() {
            let Some(&at) = self.by_name.get(&room) else { continue };
            let here = self.hall(at).plays_here(&user);
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
        match table.present(stamp, user, here) {
            Ok(None) => {}
            Ok(Some(played)) => {
                let fault = played.fault.clone();
                self.record(at, played);
                if let Some(fault) = fault {
                    self.trouble(at, &fault, now);
                }
            }
            Err(fault) => self.trouble(at, &fault, now),
        }
    }
}
