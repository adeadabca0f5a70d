//! Who owns a room: who came first, until they leave, or are a guest and gone. Then it passes on, so that no room is owned by
//! somebody whom nobody can ask.

use crate::event::Event;
use crate::pulse::Ring;
use crate::state::{Chat, Role};
use parlour_room::{Seat, Turn, is_guest};
use std::time::Duration;

/// The clock that rings when the first guest who owns the room has been gone for long.
const OWNER: &str = "owner";

impl Chat {
    /// The owners who are members. There are few, but each is looked for among all.
    pub(crate) fn owners_here(&self) -> impl Iterator<Item = (Seat, &str)> {
        self.owners().filter_map(|user| self.seat_of(user).map(|seat| (seat, user)))
    }

    /// Those of them who are guests. Asked after every record: others are not looked for.
    pub(crate) fn guests_who_own(&self) -> impl Iterator<Item = Seat> {
        self.owners().filter(|user| is_guest(user)).filter_map(|user| self.seat_of(user))
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().filter(|(_, role)| **role == Role::Owner).map(|(user, _)| user.as_str())
    }

    /// Where no owner is a member any more, the longest-standing moderator who is owns the room from now on, or else member,
    /// guests last. Those who owned it do no longer: they left it to others.
    pub(crate) fn pass_on(&mut self, turn: &mut Turn<Self>) {
        if self.owners_here().next().is_some() {
            return;
        }
        let candidates = self.people.iter().filter(|(seat, _)| !self.gone.contains(seat));
        let standing = |user: &str| (self.role_of(user) != Role::Moderator, is_guest(user));
        let heir = candidates.min_by_key(|(seat, person)| (standing(&person.user), person.since_ms, **seat));
        let Some(heir) = heir.map(|(_, person)| person.user.clone()) else { return };
        let former = self.roles.iter().filter(|(_, role)| **role == Role::Owner).map(|(user, _)| user.clone());
        for user in former.collect::<Vec<_>>() {
            self.takes_role(user, Role::Member, None, turn);
        }
        self.takes_role(heir, Role::Owner, None, turn);
    }

    /// A guest who owns the room is connected no more, or is again; or one who owned it is back.
    pub(crate) fn is_here(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        if here {
            self.gone.remove(&seat);
            self.is_awaited_no_more(seat, turn);
            self.pass_on(turn);
        } else if self.people.get(&seat).is_some_and(|person| self.role_of(&person.user) == Role::Owner && is_guest(&person.user))
        {
            self.away.insert(seat, turn.now_ms());
            self.set_owner_clock(turn);
        }
    }

    /// Nobody waits any more for the one on this seat.
    pub(crate) fn is_awaited_no_more(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        if self.away.remove(&seat).is_some() {
            self.set_owner_clock(turn);
        }
    }

    /// Guests who own the room have been gone for long.
    pub(crate) fn owners_are_gone(&mut self, turn: &mut Turn<Self>) {
        let (now_ms, patience_ms) = (turn.now_ms(), u64::from(self.config.owner_away_ms));
        let is_over = |since_ms: &u64| since_ms.saturating_add(patience_ms) <= now_ms;
        let over: Vec<Seat> = self.away.iter().filter(|(_, since_ms)| is_over(since_ms)).map(|(seat, _)| *seat).collect();
        for seat in over {
            self.away.remove(&seat);
            self.gone.insert(seat);
            if let Some(user) = self.people.get(&seat).map(|person| person.user.clone()) {
                self.takes_role(user, Role::Member, None, turn);
            }
        }
        self.set_owner_clock(turn);
        self.pass_on(turn);
    }

    /// Somebody has another role from now on, by somebody's word or because the room passes on.
    pub(crate) fn takes_role(&mut self, user: String, role: Role, by: Option<String>, turn: &mut Turn<Self>) {
        match role {
            Role::Member => self.roles.remove(&user),
            role => self.roles.insert(user.clone(), role),
        };
        turn.tell(Event::RoleChanged { user, role, by });
    }

    fn set_owner_clock(&self, turn: &mut Turn<Self>) {
        let patience_ms = u64::from(self.config.owner_away_ms);
        match self.away.values().min() {
            Some(first_ms) => {
                let left_ms = first_ms.saturating_add(patience_ms).saturating_sub(turn.now_ms());
                turn.clock(OWNER, Duration::from_millis(left_ms), Ring::OwnerGone);
            }
            None => turn.stop_clock(OWNER),
        }
    }
}
