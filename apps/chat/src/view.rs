//! Everything one viewer may know: small whatever the room has in it, for who comes without having heard the events.

use crate::limits::BANS_SHOWN;
use crate::state::{Chat, Role};
use parlour_room::{Seat, Viewer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one viewer may know. What was said stands in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// What the room is about; empty: nothing.
    pub topic: String,
    /// How long members must wait from one message to the next.
    pub slow_mode: u32,
    /// How many members there are.
    pub members: u32,
    /// How many messages there ever were.
    pub messages: u64,
    /// The number of the last message; 0 before there is one.
    pub last: u64,
    /// The oldest message that can still be answered, changed or taken back; 0 where there is none.
    pub oldest: u64,
    /// Owners and moderators, here or not.
    pub roles: Vec<Holder>,
    /// Who is silenced.
    pub muted: Vec<Muted>,
    /// How many are kept out.
    pub banned_count: u32,
    /// The first 64 of them.
    pub banned: Vec<String>,
    /// In a private room: who may come.
    pub invited: Option<Vec<String>>,
    /// How far the members have read who said so; only members see it, and only in small rooms that share it.
    pub read: Vec<Mark>,
    /// For a member: who that is, and what concerns them alone.
    pub you: Option<You>,
}

/// Somebody with a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// Who.
    pub user: String,
    /// Which.
    pub role: Role,
}

/// Somebody who is silenced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Muted {
    /// Who.
    pub user: String,
    /// Until when, in milliseconds since the room was opened.
    pub until_ms: u64,
}

/// How far somebody has read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// Who.
    pub user: String,
    /// The last message.
    pub up_to: u64,
}

/// The viewer, as a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct You {
    /// Their id.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// How far they have read; 0: they have not said.
    pub read_up_to: u64,
    /// Until when they are silenced, if they are.
    pub muted_until_ms: Option<u64>,
}

impl Chat {
    pub(crate) fn seen_by(&self, viewer: Viewer) -> View {
        View {
            topic: self.topic.clone(),
            slow_mode: self.slow,
            members: count(self.people.size()),
            messages: self.count,
            last: self.last(),
            oldest: self.oldest(),
            roles: self.roles.iter().map(|(user, role)| Holder { user: user.clone(), role: *role }).collect(),
            muted: self.muted.iter().map(|(user, until_ms)| Muted { user: user.clone(), until_ms: *until_ms }).collect(),
            banned_count: count(self.banned.size()),
            banned: self.banned.iter().take(BANS_SHOWN).cloned().collect(),
            invited: self.invited.as_ref().map(|invited| invited.iter().cloned().collect()),
            read: self.marks_for(viewer),
            you: viewer.seat().and_then(|seat| self.you(seat)),
        }
    }

    fn marks_for(&self, viewer: Viewer) -> Vec<Mark> {
        if viewer == Viewer::Spectator || !self.shares_marks() {
            return Vec::new();
        }
        let mark = |user: &String| self.marks.reveal().get(user).map(|up_to| Mark { user: user.clone(), up_to: *up_to });
        self.people.values().filter_map(|person| mark(&person.user)).collect()
    }

    fn you(&self, seat: Seat) -> Option<You> {
        let user = self.people.get(&seat)?.user.clone();
        let read_up_to = self.marks.reveal().get(&user).copied().unwrap_or_default();
        Some(You { role: self.role_of(&user), read_up_to, muted_until_ms: self.muted.get(&user).copied(), user })
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
