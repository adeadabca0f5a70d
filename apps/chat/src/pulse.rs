//! What is shown and never kept: who is typing. And what the clocks of a room ring.

use crate::limits::TYPING_MEMBERS;
use crate::state::Chat;
use parlour_room::{Audience, Never, Source, World};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is shown and never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pulse {
    /// Somebody is typing, or has stopped. Who says nothing more has stopped after `typing_ms`.
    Typing {
        /// Whether they are.
        is_typing: bool,
        /// Who: their user id. Whatever a client sends here, the server fills it in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// What they are called; the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_name: Option<String>,
    },
}

/// The outside of a room.
pub enum Rings {}

/// What its clocks ring.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    /// Somebody who is silenced may speak again.
    Unmute,
    /// Somebody has been away for too long.
    Away,
}

impl World for Rings {
    type Pulse = Pulse;
    type Job = Never;
    type Signal = Ring;
}

impl Chat {
    /// Nobody sees who is silenced, and in a crowd nobody sees anybody: each of them would be shown to each.
    pub(crate) fn sees_typing(&self, from: Source<'_>) -> Option<Audience> {
        let Source::Member(seat) = from else { return None };
        let person = self.people.get(&seat)?;
        if self.muted.contains_key(&person.user) {
            return None;
        }
        Some(if self.people.size() > TYPING_MEMBERS { Audience::Seats(Vec::new()) } else { Audience::Everybody })
    }

    pub(crate) fn signed(&self, from: Source<'_>, pulse: Pulse) -> Pulse {
        let Pulse::Typing { is_typing, .. } = pulse;
        let person = match from {
            Source::Member(seat) => self.people.get(&seat),
            Source::Job(_) => None,
        };
        let (from, from_name) = (person.map(|person| person.user.clone()), person.map(|person| person.name.clone()));
        Pulse::Typing { is_typing, from, from_name }
    }
}
