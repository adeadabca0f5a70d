//! All that is kept of a room.

use crate::away::Away;
use crate::config::{Config, ReadMarks};
use crate::limits::READ_MEMBERS;
use parlour_room::{Seat, Secret};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A room to talk in. Whoever comes, goes or is away is played on a copy of all this: what grows with the crowd is shared with
/// it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    pub(crate) config: Config,
    pub(crate) topic: String,
    /// How long members wait from one message to the next, in seconds.
    pub(crate) slow: u32,
    /// The members.
    pub(crate) people: Map<Seat, Arc<Person>>,
    /// Owners and moderators by user id, here or not.
    pub(crate) roles: BTreeMap<String, Role>,
    /// Who is silenced, and until when, in room time.
    pub(crate) muted: BTreeMap<String, u64>,
    pub(crate) banned: Set<String>,
    /// Who may come, in a private room.
    pub(crate) invited: Option<BTreeSet<String>>,
    /// When who wrote last, while the room is slow.
    pub(crate) wrote: Map<String, u64>,
    /// Members without a connection.
    pub(crate) away: Away,
    /// How far users have read who said so, members or not. Not everybody may know.
    pub(crate) marks: Secret<Map<String, u64>>,
    /// The last messages, oldest first: those that can still be touched.
    pub(crate) messages: VecDeque<Message>,
    /// How many messages there ever were.
    pub(crate) count: u64,
}

/// Somebody who is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) name: String,
    /// When they came, in room time.
    pub(crate) since_ms: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_bot: bool,
}

/// A message that can still be touched. What it says is not kept here, but in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) number: u64,
    pub(crate) by: Arc<Person>,
    pub(crate) reply_to: Option<u64>,
    /// The events that told of its changes.
    pub(crate) edits: Vec<u64>,
    pub(crate) is_deleted: bool,
}

/// What somebody may do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes and reads.
    Member,
    /// Keeps order as well.
    Moderator,
    /// Gives roles as well.
    Owner,
}

impl Chat {
    pub(crate) fn of(mut config: Config) -> Self {
        Self {
            invited: config.invited.take(),
            config,
            topic: String::new(),
            slow: 0,
            people: Map::default(),
            roles: BTreeMap::new(),
            muted: BTreeMap::new(),
            banned: Set::default(),
            wrote: Map::default(),
            away: Away::default(),
            marks: Secret::default(),
            messages: VecDeque::new(),
            count: 0,
        }
    }

    pub(crate) fn role_of(&self, user: &str) -> Role {
        self.roles.get(user).copied().unwrap_or(Role::Member)
    }

    /// The seat of somebody who is here. Looks through all of them: only moderators ask.
    pub(crate) fn seat_of(&self, user: &str) -> Option<Seat> {
        self.people.iter().find(|(_, person)| person.user == user).map(|(seat, _)| *seat)
    }

    pub(crate) fn message(&self, number: u64) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&number, |message| message.number).ok()?;
        self.messages.get(at)
    }

    pub(crate) fn message_mut(&mut self, number: u64) -> Option<&mut Message> {
        let at = self.messages.binary_search_by_key(&number, |message| message.number).ok()?;
        self.messages.get_mut(at)
    }

    /// The number of the last message, and of the oldest that can be touched; 0 where there is none.
    pub(crate) fn last(&self) -> u64 {
        self.messages.back().map_or(0, |message| message.number)
    }

    pub(crate) fn oldest(&self) -> u64 {
        self.messages.front().map_or(0, |message| message.number)
    }

    /// Whether members are shown how far the others have read.
    pub(crate) fn shares_marks(&self) -> bool {
        self.config.read_marks == ReadMarks::Shared && self.people.size() <= READ_MEMBERS
    }
}
