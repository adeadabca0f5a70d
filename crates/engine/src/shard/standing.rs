//! Opening the rooms that stand open: the home of a room's name does it, when a join finds no room there.

use super::Shard;
use super::play::By;
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
    /// and if whoever comes may open rooms: it is they whose openings are counted. Who only watches opens none that is not
    /// listed. Else nothing happens, and the join is told what it finds.
    pub(super) fn open_if_it_stands(
        &mut self,
        at: usize,
        asker: &Asker,
        wanted: As,
        seed: impl FnOnce(&mut Self) -> Seed,
        now: Now,
    ) -> Result<(), Failure> {
        let plays = matches!(wanted, As::Player(_));
        let name = self.hall(at).name.clone();
        let is_listed = self.settings.kinds.is_listed(&name);
        let is_to_open = match &self.hall(at).phase {
            // A listed room is there for who watches, too.
            Phase::Absent => plays || is_listed,
            Phase::Open { table, .. } => plays && is_listed && table.about().ended.is_some(),
            Phase::Loading(_) | Phase::Broken(_) => false,
        };
        if !is_to_open || asker.who.role == Role::Spectator {
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
        self.open(at, &By { opener: HOUSE, ..asker.by() }, &open, seed, now).map(drop)
    }
}
