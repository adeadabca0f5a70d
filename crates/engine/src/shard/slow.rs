//! Slow readers: nothing more of a room is queued for a connection that is owed too much, and when its client reads again one
//! fresh view stands for all of it. Stands behind "held until the journal says durable", before framing, at the shard that holds
//! the connection: of a room on another shard it drops what comes, and asks that shard for the view.

use super::Shard;
use crate::code::Code;
use crate::dialect::native_out as say;
use crate::forward::home;
use crate::hall::{Phase, Sort};
use crate::io::{ConnId, Now, Output};
use crate::session::{self, Session};
use std::sync::Arc;

impl Session {
    /// Whether a frame of a room is queued. A room stays lost until a fresh view of it is, so that nothing older follows.
    fn takes(&mut self, room: &Arc<str>, sort: Sort, output_bytes: usize) -> bool {
        let is_behind = self.is_behind || self.queued() > output_bytes;
        match sort {
            Sort::Answer => true,
            // What was lost after it is judged when it comes.
            Sort::Welcome => {
                self.lost.remove(room);
                true
            }
            Sort::News if !is_behind && !self.lost.contains_key(room) => true,
            Sort::Anew if !is_behind => {
                self.lost.remove(room);
                true
            }
            Sort::News => {
                self.lost.entry(room.clone()).or_default();
                false
            }
            Sort::Anew => {
                self.lost.insert(room.clone(), None);
                false
            }
            Sort::Passing => {
                self.has_missed_topics |= is_behind;
                !is_behind
            }
        }
    }
}

impl Shard {
    /// How many bytes wait here for a connection.
    pub fn debt(&mut self, conn: ConnId) -> usize {
        self.session(conn).map_or(0, |session| session.debt())
    }

    /// Queues a frame of a room for a connection that is here, or does not.
    pub(super) fn queue(&mut self, place: usize, room: &Arc<str>, sort: Sort, frame: &[u8]) {
        if sort == Sort::Welcome {
            self.track_in(place, room);
        }
        let limits = &self.settings.limits;
        let Some(session) = self.sessions[place].as_mut().filter(|session| session.phase != session::Phase::Closing) else {
            return;
        };
        let (conn, before) = (session.conn, session.lost.len());
        if !session.takes(room, sort, limits.output_bytes) {
            let (is_news, is_much) = (session.lost.len() > before, session.lost.len() > 2 * limits.rooms_per_connection);
            self.counts.lost += u64::from(is_news);
            return if is_much { self.give_up(conn) } else { self.is_behind(conn) };
        }
        if session.queued() + frame.len() > limits.output_bytes_max {
            session.out.clear();
            return self.give_up(conn);
        }
        if !frame.is_empty() {
            if session.out.is_empty() {
                self.writable.push(conn);
            }
            session.out.extend_from_slice(frame);
            self.counts.frames[1] += 1;
        }
    }

    /// A connection's client does not read.
    pub(super) fn is_behind(&mut self, conn: ConnId) {
        let Some(session) = self.session(conn).filter(|session| session.phase != session::Phase::Closing) else { return };
        session.is_behind = true;
        if !std::mem::replace(&mut session.is_paused, true) {
            self.outputs.push_back(Output::Pause(conn));
        }
    }

    /// So much is on its way from another shard that what this room tells was not added to it. No more is asked of that shard for
    /// this connection before it was shown the room anew.
    pub(super) fn lost_on_the_way(&mut self, conn: ConnId, room: &Arc<str>, now: Now) {
        let Some(session) = self.session(conn).filter(|session| session.phase != session::Phase::Closing) else { return };
        let is_behind = session.is_behind;
        let is_news = session.lost.insert(room.clone(), None).is_none();
        let pauses = !std::mem::replace(&mut session.is_paused, true);
        self.counts.lost += u64::from(is_news);
        if pauses {
            self.outputs.push_back(Output::Pause(conn));
        }
        if !is_behind {
            self.catch_up(conn, now);
        }
    }

    /// Its client has read everything: it gets a fresh view of each room it lost track of, as many at a time as it may be owed.
    /// Answers whether there is nothing left to catch up with.
    pub(super) fn catch_up(&mut self, conn: ConnId, now: Now) -> bool {
        let settings = self.settings.clone();
        let limits = &settings.limits;
        let Some(session) = self.session(conn) else { return false };
        (session.is_behind, session.behind_since_ms, session.heard_ms) = (false, None, now.mono_ms);
        if std::mem::take(&mut session.has_missed_topics) {
            self.tell_of_missed(conn);
        }
        let Some(session) = self.session(conn) else { return false };
        let mut is_caught_up = true;
        let lost: Vec<(Arc<str>, Option<u64>)> = session.lost.iter().map(|(room, since)| (room.clone(), *since)).collect();
        for (room, since_ms) in lost {
            if !self.follows_room(conn, &room) {
                continue;
            }
            is_caught_up = false;
            let is_under_way = since_ms.is_some_and(|since_ms| now.mono_ms.saturating_sub(since_ms) < limits.forward_ms);
            if is_under_way || self.debt(conn) > limits.output_bytes {
                break;
            }
            let asks = !self.is_home_of(&room);
            if asks {
                let to = home(&room, settings.place.shards);
                self.lines.ask_anew(to, conn, room.clone(), now.mono_ms, limits.forward_again_ms);
            }
            let is_under_way = asks || self.show_anew(conn, &room, now);
            if let Some(since) = self.session(conn).and_then(|session| session.lost.get_mut(&room)) {
                *since = is_under_way.then_some(now.mono_ms);
            }
            // What comes from elsewhere is not counted here before it comes: one at a time.
            if asks {
                break;
            }
        }
        is_caught_up
    }

    pub(super) fn follows_room(&mut self, conn: ConnId, room: &Arc<str>) -> bool {
        let at = self.by_name.get(room).copied();
        let follows =
            |session: &mut Session| session.elsewhere.contains_key(room) || at.is_some_and(|at| session.follows.contains(&at));
        self.session(conn).is_some_and(follows)
    }

    /// A connection of another shard lost track of a room that is here.
    pub(super) fn is_to_show_anew(&mut self, conn: ConnId, room: &Arc<str>, now: Now) {
        self.lines.is_found_again(conn, room);
        self.show_anew(conn, room, now);
    }

    /// One fresh view of a room that is here, if it can be looked at just now, and the pulses that greet who comes.
    fn show_anew(&mut self, conn: ConnId, room: &Arc<str>, now: Now) -> bool {
        let view_bytes = self.settings.limits.view_bytes;
        let Some(&at) = self.by_name.get(room) else { return false };
        let hall = self.halls[at].as_mut().expect("named rooms are there");
        let follow = hall.follows.get(conn).filter(|_| matches!(hall.phase, Phase::Open { .. }));
        let Some(viewer) = follow.map(|follow| follow.viewer) else { return false };
        let before = hall.draft.bytes.len();
        match hall.look(viewer, view_bytes, &mut self.differ) {
            Ok(class) => {
                hall.show(conn, class, Sort::Anew);
                // Who came and went meanwhile is told once more, to all.
                self.tell_presence_soon(at);
                self.greet_with_pulses(at, conn, viewer, now);
            }
            Err(fault) => {
                // There is nothing to stand for what was lost: better out, and told so, than with a gap.
                hall.tell_one(conn, |out, name| say::left(out, name, Code::Internal.as_str()));
                self.unfollow(at, conn);
                self.note_view_fault(at, fault);
            }
        }
        let after = self.hall(at).draft.bytes.len();
        self.said(conn, after.saturating_sub(before));
        self.touch(at);
        true
    }

    /// It will not read any more, or is owed more than is kept for anybody.
    pub(super) fn give_up(&mut self, conn: ConnId) {
        self.counts.not_reading += 1;
        self.hang_up(conn, 1008, "not_reading");
    }

    /// Connections whose clients have not read for too long; and those that can go on, should nobody have said so.
    pub(super) fn look_after_slow(&mut self, now: Now) {
        let behind_ms = self.settings.limits.behind_ms;
        let (mut ends, mut goes_on) = (Vec::new(), Vec::new());
        let is_held = |session: &&mut Session| session.is_paused && session.phase != session::Phase::Closing;
        for session in self.sessions.iter_mut().flatten().filter(is_held) {
            if session.is_behind {
                let since_ms = *session.behind_since_ms.get_or_insert(now.mono_ms);
                if now.mono_ms.saturating_sub(since_ms) >= behind_ms {
                    ends.push(session.conn);
                }
            } else if !session.lost.is_empty() {
                goes_on.push(session.conn);
            }
        }
        ends.into_iter().for_each(|conn| self.give_up(conn));
        goes_on.into_iter().for_each(|conn| self.flushed(conn, now));
    }
}
