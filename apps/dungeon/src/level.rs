//! A level: its walls, and what is on it.

use crate::grid::{Direction, Fields, Spot};
use crate::item::Item;
use crate::luck::Luck;
use crate::monster::Monster;
use parlour_room::kept;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

#[kept]
pub(crate) struct Level {
    /// Where one can walk. It never changes, and copies of the state share it.
    pub(crate) floor: Arc<Fields>,
    /// Where one arrives from above; on the first level, where players come in.
    pub(crate) up: Spot,
    /// Where one goes down.
    pub(crate) down: Option<Spot>,
    pub(crate) monsters: BTreeMap<u32, Monster>,
    pub(crate) items: BTreeMap<u32, Lying>,
}

/// Something that lies somewhere.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lying {
    pub(crate) spot: Spot,
    pub(crate) item: Item,
}

impl Level {
    /// All fields one can walk to, the nearest first.
    pub(crate) fn around(&self, from: Spot) -> impl Iterator<Item = Spot> {
        let mut known = Fields::none();
        known.add(from);
        let mut next = VecDeque::from([from]);
        std::iter::from_fn(move || {
            let spot = next.pop_front()?;
            for step in Direction::ALL.into_iter().filter_map(|way| spot.step(way)) {
                if self.floor.has(step) && !known.has(step) {
                    known.add(step);
                    next.push_back(step);
                }
            }
            Some(spot)
        })
    }

    pub(crate) fn monster_at(&self, spot: Spot) -> Option<u32> {
        self.monsters.iter().find(|(_, monster)| monster.spot == spot).map(|(id, _)| *id)
    }

    /// The thing with the lowest id that lies here.
    pub(crate) fn item_at(&self, spot: Spot) -> Option<u32> {
        self.items.iter().find(|(_, lying)| lying.spot == spot).map(|(id, _)| *id)
    }

    /// Any field to walk on.
    pub(crate) fn any_field(&self, luck: &mut Luck) -> Spot {
        let at = luck.below(self.floor.count());
        let at = usize::try_from(at).expect("a level has few fields");
        self.floor.iter().nth(at).unwrap_or(self.up)
    }

    /// A character for each field of a row that is known.
    pub(crate) fn rows(&self, known: &Fields, number: u32) -> Vec<String> {
        let sign = |spot: Spot| match () {
            () if !known.has(spot) => ' ',
            () if Some(spot) == self.down => '>',
            () if spot == self.up && number > 1 => '<',
            () if self.floor.has(spot) => '.',
            () => '#',
        };
        (0..crate::grid::HEIGHT).map(|y| (0..crate::grid::WIDTH).map(|x| sign(Spot::new(x, y))).collect()).collect()
    }
}
