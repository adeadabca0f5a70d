//! A short list of what a player could usefully do, for bots, hints and tests. Nothing in it depends on what is out of sight.

use crate::act::{RANGE, can_throw};
use crate::action::Action;
use crate::grid::{Direction, Heading, Spot};
use crate::state::Dungeon;
use parlour_room::Seat;
use std::collections::BTreeSet;

impl Dungeon {
    pub(crate) fn legal_actions(&self, by: Seat) -> Vec<Action> {
        let Some(body) = self.body(by) else { return Vec::new() };
        if !body.is_alive() {
            return vec![Action::Respawn {}];
        }
        let mut all: Vec<Action> = Heading::ALL.into_iter().map(|direction| Action::Move { direction }).collect();
        all.push(Action::Rest {});
        all.extend([Action::Pickup {}, Action::Descend {}, Action::Ascend {}]);
        let mut names = BTreeSet::new();
        // Of several things of a kind one is enough.
        let kinds: Vec<u32> = body.pack.iter().filter(|item| names.insert(item.name)).map(|item| item.id).collect();
        all.extend(kinds.iter().map(|&item| Action::Use { item }));
        all.extend(kinds.iter().map(|&item| Action::Drop { item }));
        if can_throw(body, self.tick)
            && let Some(&item) = kinds.first()
        {
            all.extend(self.targets(by).into_iter().map(|direction| Action::Throw { item, direction }));
        }
        all.retain(|action| self.check_action(by, action).is_ok());
        all
    }

    /// Where a monster stands in sight and within a throw.
    fn targets(&self, by: Seat) -> Vec<Direction> {
        let Some(body) = self.body(by) else { return Vec::new() };
        let Some(level) = self.level(body.level) else { return Vec::new() };
        let lit = self.lit(body);
        let is_target = |spot: Spot| lit.has(spot) && level.monster_at(spot).is_some();
        let reaches = |way: &Direction| {
            let flight = std::iter::successors(body.spot.step(*way), |spot| spot.step(*way));
            let flight = flight.take_while(|spot| level.floor.has(*spot)).take(usize::try_from(RANGE).unwrap_or(0));
            flight.into_iter().any(is_target)
        };
        Direction::ALL.into_iter().filter(reaches).collect()
    }
}
