//! Slow readers: nothing more of a room is queued for a connection that is owed too much, and when its client reads again one
//! fresh view stands for all of it. Stands behind "held until the journal says durable", before framing.

use super::Shard;
use crate::dialect::native_out as say;
use crate::hall::{Hall, Phase, Sort};
use crate::io::{ConnId, Now, Output};
use crate::session::{self, Session};

/// What becomes of a frame.
pub(super) enum Fate {
    Sent,
    /// Not sent; whether the room has yet to hear that this connection lost track of it.
    Lost {
        is_news: bool,
    },
}

impl Session {
    /// Whether a frame of a room is queued. A room stays lost until a fresh view of it is sent, so that nothing older follows.
    pub(super) fn fate(&mut self, room: usize, sort: Sort, output_bytes: usize) -> Fate {
        let is_behind = self.is_behind || self.out.len() > output_bytes;
        let was_lost = self.lost.contains(&room);
        match sort {
            Sort::Answer | Sort::Welcome => Fate::Sent,
            Sort::News if !is_behind && !was_lost => Fate::Sent,
            Sort::Anew if !is_behind => {
                self.lost.retain(|lost| *lost != room);
                Fate::Sent
            }
            Sort::News | Sort::Anew => {
                if !was_lost {
                    self.lost.push(room);
                }
                Fate::Lost { is_news: !was_lost || sort == Sort::Anew }
            }
        }
    }
}

impl Shard {
    /// How many bytes wait here for a connection.
    pub fn debt(&mut self, conn: ConnId) -> usize {
        self.session(conn).map_or(0, |session| session.debt())
    }

    /// A connection's client does not read.
    pub(super) fn is_behind(&mut self, conn: ConnId) {
        let Some(session) = self.session(conn).filter(|session| session.phase != session::Phase::Closing) else { return };
        session.is_behind = true;
        if !std::mem::replace(&mut session.is_paused, true) {
            self.outputs.push_back(Output::Pause(conn));
        }
    }

    /// A frame was not queued: until a fresh view the room says nothing more to this connection.
    pub(super) fn lose(&mut self, at: usize, conn: ConnId) {
        self.counts.lost += 1;
        self.is_behind(conn);
        if let Some(follow) = self.halls[at].as_mut().and_then(|hall| hall.following(conn)) {
            (follow.is_lost, follow.shown) = (true, None);
        }
    }

    /// The answer to a join was sent: what was lost before it is of no account, unless something behind it was lost, too.
    pub(super) fn is_welcomed(&mut self, at: usize, conn: ConnId) {
        let is_lost = self.halls[at].as_mut().and_then(|hall| hall.following(conn)).is_some_and(|follow| follow.is_lost);
        if let Some(session) = self.session(conn).filter(|_| !is_lost) {
            session.lost.retain(|room| *room != at);
        }
    }

    /// Its client has read everything: it gets a fresh view of each room it lost track of, as many at a time as it may be owed.
    /// Answers whether there is nothing left to catch up with.
    pub(super) fn catch_up(&mut self, conn: ConnId, now: Now) -> bool {
        let debt_limit = self.settings.limits.output_bytes;
        let Some(session) = self.session(conn) else { return false };
        (session.is_behind, session.behind_since_ms, session.heard_ms) = (false, None, now.mono_ms);
        if session.owed == 0 {
            let follows = &session.follows;
            session.lost.retain(|room| follows.contains(room));
        }
        let lost: Vec<usize> = session.lost.iter().copied().filter(|room| session.follows.contains(room)).collect();
        for at in &lost {
            if self.session(conn).is_none_or(|session| session.debt() > debt_limit) {
                break;
            }
            self.show_anew(*at, conn);
        }
        lost.is_empty()
    }

    /// One fresh view of a room, unless one is under way.
    fn show_anew(&mut self, at: usize, conn: ConnId) {
        let view_bytes = self.settings.limits.view_bytes;
        let Some(hall) = self.halls[at].as_mut().filter(|hall| matches!(hall.phase, Phase::Open { .. })) else { return };
        let before = hall.draft.bytes.len();
        let Some(viewer) = hall.following(conn).filter(|follow| follow.is_lost).map(|follow| follow.viewer) else { return };
        match hall.look(viewer, view_bytes, &mut self.differ) {
            Ok(class) => {
                hall.show(conn, class, Sort::Anew);
                // Who came and went meanwhile is told once more, to all.
                hall.presence_is_old = true;
            }
            Err(fault) => {
                // There is nothing to stand for what was lost: better out, and told so, than with a gap.
                hall.tell_one(conn, |out, name| say::left(out, name, crate::code::Code::Internal.as_str()));
                self.unfollow(at, conn);
                self.note_view_fault(at, fault);
            }
        }
        let after = self.hall(at).draft.bytes.len();
        self.said(conn, after.saturating_sub(before));
        self.touch(at);
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
        for session in self.sessions.iter_mut().flatten().filter(|session| session.is_paused) {
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

impl Hall {
    fn following(&mut self, conn: ConnId) -> Option<&mut crate::hall::Follow> {
        self.follows.iter_mut().find(|follow| follow.conn == conn)
    }
}
