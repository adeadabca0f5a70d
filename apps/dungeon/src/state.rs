//! All that is kept of a dungeon, and small questions about it.

use crate::body::Body;
use crate::config::Config;
use crate::grid::{Fields, Spot};
use crate::level::Level;
use crate::sight::seen_from;
use parlour_room::{Seat, Secret, kept};
use std::collections::BTreeMap;

/// A dungeon.
#[kept]
pub struct Dungeon {
    pub(crate) rules: Config,
    /// The levels somebody has been on, the first one first. Deeper ones come to be when somebody goes down to them.
    pub(crate) levels: Secret<Vec<Level>>,
    pub(crate) bodies: Secret<BTreeMap<Seat, Body>>,
    /// How many ticks there have been.
    pub(crate) tick: u64,
    /// How much was played here, ticks and all.
    pub(crate) plays: u64,
    /// Which of it was the last that more than one player may have seen.
    pub(crate) shown: u64,
    /// When the next tick is due, in room time; none while nobody is there.
    pub(crate) due_ms: Option<u64>,
    /// When the next body of those who are away goes, in room time.
    pub(crate) leaves_ms: Option<u64>,
}

impl Dungeon {
    /// What is played now anybody may see.
    pub(crate) fn is_shown(&mut self) {
        self.plays = self.plays.saturating_add(1);
        self.shown = self.plays;
    }

    /// What is played now this player alone may see.
    pub(crate) fn is_shown_to(&mut self, seat: Seat) {
        self.plays = self.plays.saturating_add(1);
        let plays = self.plays;
        if let Some(body) = self.body_mut(seat) {
            body.shown = plays;
        }
    }

    pub(crate) fn level(&self, number: u32) -> Option<&Level> {
        self.levels.reveal().get(place(number)?)
    }

    pub(crate) fn level_mut(&mut self, number: u32) -> Option<&mut Level> {
        self.levels.reveal_mut().get_mut(place(number)?)
    }

    pub(crate) fn body(&self, seat: Seat) -> Option<&Body> {
        self.bodies.reveal().get(&seat)
    }

    pub(crate) fn body_mut(&mut self, seat: Seat) -> Option<&mut Body> {
        self.bodies.reveal_mut().get_mut(&seat)
    }

    /// Those who live, by seat.
    pub(crate) fn living(&self) -> impl Iterator<Item = (Seat, &Body)> {
        self.bodies.reveal().iter().map(|(seat, body)| (*seat, body)).filter(|(_, body)| body.is_alive())
    }

    pub(crate) fn body_at(&self, level: u32, spot: Spot) -> Option<Seat> {
        self.living().find(|(_, body)| body.level == level && body.spot == spot).map(|(seat, _)| seat)
    }

    /// Whether somebody can stand here.
    pub(crate) fn is_free(&self, number: u32, spot: Spot) -> bool {
        let fits = |level: &Level| level.floor.has(spot) && level.monster_at(spot).is_none();
        self.level(number).is_some_and(fits) && self.body_at(number, spot).is_none()
    }

    /// The free field nearest to this one. There always is one: a level has more fields than there can be bodies and monsters.
    pub(crate) fn free_near(&self, number: u32, from: Spot) -> Option<Spot> {
        let level = self.level(number)?;
        let mut taken = Fields::none();
        level.monsters.values().for_each(|monster| taken.add(monster.spot));
        self.living().filter(|(_, body)| body.level == number).for_each(|(_, body)| taken.add(body.spot));
        level.around(from).find(|spot| !taken.has(*spot))
    }

    /// What this body sees of its level.
    pub(crate) fn lit(&self, body: &Body) -> Fields {
        match self.level(body.level) {
            Some(_) if self.rules.is_open() => Fields::all(),
            Some(level) => seen_from(&level.floor, body.spot, body.radius()),
            None => Fields::none(),
        }
    }

    /// What its player knows of this level, what they see now included.
    pub(crate) fn known(&self, body: &Body, number: u32) -> Fields {
        if self.rules.is_open() {
            return Fields::all();
        }
        let mut known = body.known.get(&number).cloned().unwrap_or_else(Fields::none);
        if body.is_alive() && body.level == number {
            known.add_all(&self.lit(body));
        }
        known
    }

    /// What every player knows of the first level: nothing that one of them could learn by watching.
    pub(crate) fn common(&self) -> Fields {
        let mut common = Fields::all();
        if self.bodies.reveal().is_empty() && !self.rules.is_open() {
            return Fields::none();
        }
        self.bodies.reveal().values().for_each(|body| common.keep(&self.known(body, 1)));
        common
    }

    /// From now on its player knows what it sees.
    pub(crate) fn remember(&mut self, seat: Seat) {
        if self.rules.is_open() {
            return;
        }
        let Some(body) = self.body(seat).filter(|body| body.is_alive()) else { return };
        let (number, lit) = (body.level, self.lit(body));
        if let Some(body) = self.body_mut(seat) {
            body.known.entry(number).or_insert_with(Fields::none).add_all(&lit);
        }
    }
}

fn place(number: u32) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}
