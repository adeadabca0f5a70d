//! What is told of connections to those who keep count of them: nothing of a room that is not on the disk, and in the end exactly
//! who is there, and which rooms they follow as their clients were told.

use super::Judge;
use parlour_engine::io::ConnId;
use parlour_engine::tracking::Tracked;
use std::collections::{BTreeMap, BTreeSet};

/// Whoever is told to be connected, and the rooms they are told to be in.
pub(super) type Ledger = BTreeMap<ConnId, (String, BTreeSet<String>)>;

impl Judge {
    /// The server tells who is connected, or where.
    pub fn tracks(&mut self, tracked: Tracked) -> Result<(), String> {
        match tracked {
            Tracked::Here { conn, user, .. } => {
                if self.tracked.insert(conn, (user.to_string(), BTreeSet::new())).is_some() {
                    return Err(format!("tracking: {conn:?} comes twice"));
                }
            }
            Tracked::Enters(conn, room) => {
                self.model.past(&room).ok_or("P2: somebody is told to be in a room that is not on the disk")?;
                let (_, rooms) = self.tracked.get_mut(&conn).ok_or("tracking: nobody comes into a room")?;
                if !rooms.insert(room.to_string()) {
                    return Err(format!("tracking: {conn:?} comes into {room} twice"));
                }
                self.tally.add("rooms that connections were tracked into");
            }
            Tracked::Leaves(conn, room) => {
                let (_, rooms) = self.tracked.get_mut(&conn).ok_or("tracking: nobody leaves a room")?;
                if !rooms.remove(&*room) {
                    return Err(format!("tracking: {conn:?} leaves {room}, where it is not"));
                }
            }
            Tracked::Heard(heard) => {
                if let Some((conn, _)) = heard.iter().find(|(conn, _)| !self.tracked.contains_key(conn)) {
                    return Err(format!("tracking: {conn:?} is heard of and not there"));
                }
                self.tally.add("heartbeats");
            }
            Tracked::Gone(conn) => {
                self.tracked.remove(&conn).ok_or("tracking: nobody goes")?;
            }
        }
        Ok(())
    }

    /// When everything is quiet.
    pub(super) fn all_are_tracked(&self) -> Result<(), String> {
        for (conn, seen) in self.conns.iter().filter(|(_, seen)| !seen.closed && seen.greeted) {
            let (user, rooms) = self.tracked.get(conn).ok_or_else(|| format!("tracking: nothing is known of {conn:?}"))?;
            let follows: BTreeSet<String> = seen.follows.keys().cloned().collect();
            if (user, rooms) != (&seen.user, &follows) {
                return Err(format!("tracking: {conn:?} of {} follows {follows:?}, not {user} {rooms:?}", seen.user));
            }
        }
        match self.tracked.keys().find(|conn| !self.conns.contains_key(conn)) {
            Some(conn) => Err(format!("tracking: {conn:?} is gone, and nobody was told")),
            None => Ok(()),
        }
    }
}
