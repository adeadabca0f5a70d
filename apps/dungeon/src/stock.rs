//! What lives and lies on a level: when it comes to be, and what comes after.

use crate::fight::Moment;
use crate::grid::Spot;
use crate::item::{Item, THINGS};
use crate::level::Lying;
use crate::luck::Luck;
use crate::monster::{BEASTS, Beast, Monster};
use crate::name::Name;
use crate::state::Dungeon;

/// Monsters and things on a level, usually; deeper levels have more monsters.
const MONSTERS: u32 = 10;
const MONSTERS_DEEPER: u32 = 2;
const THINGS_LYING: u32 = 16;
/// So many monsters a level never has more of.
pub(crate) const MONSTERS_MAX: u32 = 40;
/// So many things there are at most in the whole dungeon.
pub(crate) const ITEMS_MAX: usize = 600;
/// Nothing new comes to be this near to a body: out of every sight.
const AWAY: u8 = 13;
/// At first monsters keep away from the stairs.
const QUIET: u8 = 8;
/// In a thousand ticks so many new monsters come, or things, where some are missing.
const NEW_MONSTERS: u32 = 8;
const NEW_THINGS: u32 = 3;
/// Ids of monsters and things are drawn from here on, so that none tells how many there are; bodies have lower ones.
const IDS_FROM: u32 = 1000;
const IDS: u32 = 999_000;

impl Dungeon {
    fn monsters_wanted(&self, number: u32) -> u32 {
        ((MONSTERS + number * MONSTERS_DEEPER) * self.rules.monsters / 100).min(MONSTERS_MAX)
    }

    fn things_wanted(&self) -> u32 {
        THINGS_LYING * self.rules.items / 100
    }

    /// A new level is filled.
    pub(crate) fn stock(&mut self, number: u32, seed: u64) {
        let mut luck = Luck::of(seed, 0);
        let Some(up) = self.level(number).map(|level| level.up) else { return };
        for _ in 0..self.monsters_wanted(number) {
            let Some(spot) = self.level(number).map(|level| level.any_field(&mut luck)) else { return };
            if spot.distance(up) > QUIET && self.is_free(number, spot) {
                self.add_monster(number, spot, &mut luck);
            }
        }
        for _ in 0..self.things_wanted() {
            let Some(spot) = self.level(number).map(|level| level.any_field(&mut luck)) else { return };
            self.add_thing(number, spot, &mut luck);
        }
    }

    /// Now and then something new comes to be, far from everybody.
    pub(crate) fn restock(&mut self, number: u32, moment: &Moment) {
        // Bodies and monsters draw by their ids: a level by none of theirs.
        let mut luck = moment.luck(u32::MAX - number);
        let (for_monster, for_thing) = (luck.below(1000) < NEW_MONSTERS, luck.below(1000) < NEW_THINGS);
        if !for_monster && !for_thing {
            return;
        }
        let Some(level) = self.level(number) else { return };
        let spot = level.any_field(&mut luck);
        let (monsters, things) = (level.monsters.len(), level.items.len());
        let is_below = |count: usize, wanted: u32| u32::try_from(count).is_ok_and(|count| count < wanted);
        if self.living().any(|(_, body)| body.level == number && body.spot.distance(spot) <= AWAY) {
            return;
        }
        if for_monster && is_below(monsters, self.monsters_wanted(number)) && self.is_free(number, spot) {
            self.add_monster(number, spot, &mut luck);
        } else if for_thing && is_below(things, self.things_wanted() / 2) {
            self.add_thing(number, spot, &mut luck);
        }
    }

    fn add_monster(&mut self, number: u32, spot: Spot, luck: &mut Luck) {
        let kinds: Vec<&Beast> = BEASTS.iter().filter(|beast| beast.from <= number).collect();
        let (id, tick) = (self.fresh_id(luck), self.tick);
        let Some(beast) = luck.pick(&kinds) else { return };
        let ready = tick.saturating_add(u64::from(luck.below(8)));
        if let Some(level) = self.level_mut(number) {
            level.monsters.insert(id, Monster::new(beast, spot, ready));
        }
    }

    fn add_thing(&mut self, number: u32, spot: Spot, luck: &mut Luck) {
        if self.count_items() >= ITEMS_MAX {
            return;
        }
        let id = self.fresh_id(luck);
        let mut chance = luck.below(100);
        let drawn = THINGS.iter().find(|(_, share, _)| {
            let is_it = chance < *share;
            chance = chance.saturating_sub(*share);
            is_it
        });
        let name = drawn.map_or(Name::Gold, |(name, ..)| *name);
        let amount = if name == Name::Gold { 5 + luck.below(20 + 10 * number) } else { 1 };
        self.lay(number, Lying { spot, item: Item { id, name, amount } });
    }

    pub(crate) fn count_items(&self) -> usize {
        let lying: usize = self.levels.reveal().iter().map(|level| level.items.len()).sum();
        lying + self.bodies.reveal().values().map(|body| body.pack.len()).sum::<usize>()
    }

    fn fresh_id(&self, luck: &mut Luck) -> u32 {
        loop {
            let id = IDS_FROM + luck.below(IDS);
            let taken = |level: &crate::level::Level| level.monsters.contains_key(&id) || level.items.contains_key(&id);
            let carried = || self.bodies.reveal().values().any(|body| body.carries(id).is_some());
            if !self.levels.reveal().iter().any(taken) && !carried() {
                return id;
            }
        }
    }
}
