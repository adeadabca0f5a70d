//! What must be true of a room after every play. Looks at nothing that grows with the room.

use crate::limits::{BANS, INVITED, MARKS, MEMBERS, MESSAGES, MUTES, ROLES, SLOW_SECONDS, TOPIC_BYTES, WRITERS};
use crate::state::Chat;
use std::collections::BTreeSet;

impl Chat {
    pub(crate) fn is_sound(&self) -> Result<(), String> {
        let counts = [
            ("members", self.people.size(), usize::try_from(MEMBERS).unwrap_or(usize::MAX)),
            ("marks", self.marks.reveal().size(), MARKS),
            ("away", self.away.count(), self.people.size()),
            ("roles", self.roles.len(), ROLES),
            ("silenced", self.muted.len(), MUTES),
            ("kept out", self.banned.size(), BANS),
            ("invited", self.invited.as_ref().map_or(0, BTreeSet::len), INVITED),
            ("writers", self.wrote.size(), WRITERS),
            ("messages", self.messages.len(), MESSAGES),
            ("bytes of topic", self.topic.len(), TOPIC_BYTES),
        ];
        if let Some((what, count, most)) = counts.into_iter().find(|(_, count, most)| count > most) {
            return Err(format!("{count} {what}, where {most} are the most"));
        }
        if self.slow > SLOW_SECONDS {
            return Err(format!("a slow mode of {} s", self.slow));
        }
        Ok(())
    }
}
