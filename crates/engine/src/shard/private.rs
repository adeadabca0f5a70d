//! Rooms that are none to some: who may not watch one that strangers may not watch either is answered, whatever they ask about
//! it, as if there was no such room. Only that its name cannot be opened remains.

use super::Shard;
use super::listing::is_public;
use super::requests::Asker;
use crate::code::Code;
use crate::dialect::native_out::Failure;
use crate::hall::Phase;
use parlour_room::{As, Who};

impl Shard {
    /// Whether there is no such room for who asks: they are not in it, do not watch it, and could not.
    pub(super) fn is_hidden(&self, at: usize, asker: &Asker) -> bool {
        let hall = self.halls[at].as_ref().expect("a room that is asked is there");
        let Phase::Open { table, .. } = &hall.phase else { return false };
        let who = Who { user: &asker.who.user, name: &asker.who.name, bot: false };
        !table.about().members.contains_key(who.user)
            && hall.follows.get(asker.conn).is_none()
            && !is_public(table.as_ref())
            && table.admit(who, As::Spectator) != Ok(As::Spectator)
    }

    /// Why somebody was not let in, as far as they may know it.
    pub(super) fn not_admitted(&self, at: usize, asker: &Asker, why: Failure) -> Failure {
        if self.is_hidden(at, asker) { Code::RoomNotFound.into() } else { why }
    }
}
