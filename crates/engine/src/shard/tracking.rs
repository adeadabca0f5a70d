//! Tells who is connected and in which rooms, for connections that are here; of rooms on other shards, too. Where nobody wants
//! to know, nothing is done. A connection is in a room once the answer to its join is let go, so nothing is told before it is
//! durable.

use super::Shard;
use crate::io::{ConnId, Now, Output};
use crate::session::Phase;
use crate::tracking::Tracked;
use std::sync::Arc;

impl Shard {
    /// A connection is somebody's from here on.
    pub(super) fn track_here(&mut self, conn: ConnId) {
        if !self.settings.tracks {
            return;
        }
        let now_ms = self.now.mono_ms;
        let Some(session) = self.session(conn).filter(|session| !session.is_call()) else { return };
        session.told.heard_ms = now_ms;
        let Some(user) = session.who.as_ref().map(|who| Arc::from(who.user.as_str())) else { return };
        let session = Arc::from(session.id.as_str());
        self.outputs.push_back(Output::Track(Tracked::Here { conn, session, user }));
    }

    /// The answer to a join, or what follows it, is let go to a connection that is here. It may have left meanwhile.
    pub(super) fn track_in(&mut self, place: usize, room: &Arc<str>) {
        let Some(session) = self.sessions[place].as_ref().filter(|session| !session.told.rooms.contains(room)) else { return };
        let conn = session.conn;
        if !self.settings.tracks || !self.follows_room(conn, room) {
            return;
        }
        if let Some(session) = self.session(conn) {
            session.told.rooms.insert(room.clone());
            self.outputs.push_back(Output::Track(Tracked::Enters(conn, room.clone())));
        }
    }

    /// A connection follows a room no longer.
    pub(super) fn track_out(&mut self, conn: ConnId, room: &Arc<str>) {
        if self.session(conn).is_some_and(|session| session.told.rooms.remove(room)) {
            self.outputs.push_back(Output::Track(Tracked::Leaves(conn, room.clone())));
        }
    }

    /// A connection is gone.
    pub(super) fn track_gone(&mut self, conn: ConnId) {
        let is_tracked = self.settings.tracks;
        let Some(session) = self.session(conn).filter(|session| session.stands_for.is_none()) else { return };
        session.told.rooms.clear();
        if is_tracked && session.who.is_some() {
            self.outputs.push_back(Output::Track(Tracked::Gone(conn)));
        }
    }

    /// Those heard from since that was last said, if it was not said just before.
    pub(super) fn track_heard(&mut self, now: Now) {
        if !self.settings.tracks {
            return;
        }
        let heartbeat_ms = self.settings.limits.cluster_heartbeat_ms;
        let mut heard = Vec::new();
        for session in self.sessions.iter_mut().flatten() {
            let is_somebody = session.stands_for.is_none() && session.phase == Phase::Live && session.who.is_some();
            let is_due = now.mono_ms.saturating_sub(session.told.heard_ms) >= heartbeat_ms;
            if is_somebody && is_due && session.heard_ms > session.told.heard_ms {
                session.told.heard_ms = now.mono_ms;
                heard.push((session.conn, now.mono_ms.saturating_sub(session.heard_ms)));
            }
        }
        if !heard.is_empty() {
            self.outputs.push_back(Output::Track(Tracked::Heard(heard)));
        }
    }
}
