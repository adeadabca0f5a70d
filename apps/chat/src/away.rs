//! Members who have lost the connection, and what becomes of those who do not come back in time, or leave.
//!
//! Nobody keeps a seat for ever by closing a tab. But who has a name of their own and is away still owns what they own and has
//! read what they have read: they may come back years later. Guests are somebody else then.

use crate::pulse::Ring;
use crate::state::{Chat, Role};
use parlour_room::{Seat, Turn, is_anonymous};
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The clock that rings when the first of those who are away has been for too long.
const AWAY: &str = "away";

/// Who is away, and since when in room time.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(from = "Map<Seat, u64>", into = "Map<Seat, u64>")]
pub(crate) struct Away {
    since_ms: Map<Seat, u64>,
    /// The same in order: a whole crowd may go at once, and none is looked for among all.
    order: Set<(u64, Seat)>,
}

impl From<Map<Seat, u64>> for Away {
    fn from(since_ms: Map<Seat, u64>) -> Self {
        let order = since_ms.iter().map(|(seat, since_ms)| (*since_ms, *seat)).collect();
        Self { since_ms, order }
    }
}

impl From<Away> for Map<Seat, u64> {
    fn from(away: Away) -> Self {
        away.since_ms
    }
}

impl Away {
    pub(crate) fn count(&self) -> usize {
        self.since_ms.size()
    }

    pub(crate) fn has(&self, seat: Seat) -> bool {
        self.since_ms.contains_key(&seat)
    }

    fn insert(&mut self, seat: Seat, now_ms: u64) {
        self.remove(seat);
        self.since_ms.insert_mut(seat, now_ms);
        self.order.insert_mut((now_ms, seat));
    }

    fn remove(&mut self, seat: Seat) {
        if let Some(since_ms) = self.since_ms.get(&seat).copied() {
            self.since_ms.remove_mut(&seat);
            self.order.remove_mut(&(since_ms, seat));
        }
    }

    /// Who has been away for longest, and since when.
    fn first(&self) -> Option<(u64, Seat)> {
        self.order.first().copied()
    }
}

impl Chat {
    /// A member has no connection any more, or one again.
    pub(crate) fn is_here(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        if here {
            self.returns(seat, turn);
            self.pass_on(turn);
        } else {
            self.away.insert(seat, turn.now_ms());
            self.set_away_clock(turn);
        }
    }

    /// Those who have been away for too long are out.
    pub(crate) fn clear(&mut self, turn: &mut Turn<Self>) {
        let (now_ms, patience_ms) = (turn.now_ms(), u64::from(self.config.away_ms));
        let is_over = |since_ms: u64| since_ms.saturating_add(patience_ms) <= now_ms;
        while let Some((_, seat)) = self.away.first().filter(|(since_ms, _)| is_over(*since_ms)) {
            self.away.remove(seat);
            self.goes(seat, turn);
            turn.remove(seat, "away");
        }
        self.set_away_clock(turn);
        self.pass_on(turn);
    }

    /// A member leaves, or is sent away: by that they own the room no more, and have read nothing of it.
    pub(crate) fn leaves(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.returns(seat, turn);
        if let Some(user) = self.goes(seat, turn) {
            self.marks.reveal_mut().remove_mut(&user);
            if self.role_of(&user) == Role::Owner {
                self.takes_role(user, Role::Member, None, turn);
            }
        }
        self.pass_on(turn);
    }

    /// Somebody is a member no more. What somebody was for whom nobody vouches, and has read, is over.
    fn goes(&mut self, seat: Seat, turn: &mut Turn<Self>) -> Option<String> {
        let user = self.people.get(&seat)?.user.clone();
        self.people.remove_mut(&seat);
        if is_anonymous(&user) {
            self.marks.reveal_mut().remove_mut(&user);
            if self.role_of(&user) != Role::Member {
                self.takes_role(user.clone(), Role::Member, None, turn);
            }
        }
        Some(user)
    }

    fn returns(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        if self.away.has(seat) {
            self.away.remove(seat);
            self.set_away_clock(turn);
        }
    }

    fn set_away_clock(&self, turn: &mut Turn<Self>) {
        let over_ms = |(since_ms, _): (u64, Seat)| since_ms.saturating_add(u64::from(self.config.away_ms));
        match self.away.first().map(over_ms) {
            Some(over_ms) => turn.clock(AWAY, Duration::from_millis(over_ms.saturating_sub(turn.now_ms())), Ring::Away),
            None => turn.stop_clock(AWAY),
        }
    }
}
