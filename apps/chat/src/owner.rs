//! Who owns a room: who came first, until they leave. Then it passes on, so that a room has an owner while anybody could be it.
//! Every owner is a member, or somebody for whom a token vouches and who was away for too long to be one.

use crate::event::Event;
use crate::state::{Chat, Role};
use parlour_room::{Turn, is_anonymous};

impl Chat {
    pub(crate) fn owners(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().filter(|(_, role)| **role == Role::Owner).map(|(user, _)| user.as_str())
    }

    /// Where nobody owns the room, the longest-standing moderator who is here owns it from now on, or else member, guests last.
    pub(crate) fn pass_on(&mut self, turn: &mut Turn<Self>) {
        if self.owners().next().is_some() || self.away.count() == self.people.size() {
            return;
        }
        let candidates = self.people.iter().filter(|(seat, person)| !person.is_bot && !self.away.has(**seat));
        let standing = |user: &str| (self.role_of(user) != Role::Moderator, is_anonymous(user));
        let heir = candidates.min_by_key(|(seat, person)| (standing(&person.user), person.since_ms, **seat));
        if let Some(heir) = heir.map(|(_, person)| person.user.clone()) {
            self.takes_role(heir, Role::Owner, None, turn);
        }
    }

    /// Somebody has another role from now on, by somebody's word or because the room passes on.
    pub(crate) fn takes_role(&mut self, user: String, role: Role, by: Option<String>, turn: &mut Turn<Self>) {
        match role {
            Role::Member => self.roles.remove(&user),
            role => self.roles.insert(user.clone(), role),
        };
        turn.tell(Event::RoleChanged { user, role, by });
    }
}
