//! Opening the rooms that stand open: the home of a room's name does it, when a join finds no room there.

use super::Shard;
use super::requests::Asker;
use crate::code::Code;
use crate::command::Open;
use crate::dialect::native_out::Failure;
use crate::hall::Phase;
use crate::io::{Now, Role};
use crate::standing::HOUSE;
use parlour_room::{As, Seed};
use std::borrow::Cow;

impl Shard {
    /// Opens the room if there is none, or if it is over and listed, so that nobody ends it for good; if its name stands open,
    /// and if whoever wants to play in it may open rooms: it is they whose openings are counted. Else nothing happens, and the
    /// join is told what it finds.
    pub(super) fn open_if_it_stands(
        &mut self,
        at: usize,
        asker: &Asker,
        wanted: As,
        seed: impl FnOnce(&mut Self) -> Seed,
        now: Now,
    ) -> Result<(), Failure> {
        let may_open = matches!(wanted, As::Player(_)) && asker.who.role != Role::Spectator;
        let hall = self.hall(at);
        let name = hall.name.clone();
        let is_over = match &hall.phase {
            Phase::Absent => true,
            Phase::Open { table, .. } => table.about().ended.is_some() && self.settings.kinds.is_listed(&name),
            Phase::Loading(_) | Phase::Broken(_) => false,
        };
        if !may_open || !is_over {
            return Ok(());
        }
        let Some(standing) = self.settings.kinds.standing(&name).cloned() else { return Ok(()) };
        if self.draining.is_some() {
            return Err(Code::Draining.into());
        }
        let open = Open {
            kind: standing.kind.into(),
            room: Some(Cow::Borrowed(&name)),
            id: None,
            config: standing.config.into(),
            bots: Vec::new(),
        };
        let seed = seed(self);
        self.open_by(at, HOUSE, &asker.who, &open, seed, now).map(drop)
    }
}
