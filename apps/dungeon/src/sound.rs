//! What must be true of every state.

use crate::body::{Body, COUNT_MAX, HP, LIGHT_MAX};
use crate::grid::Fields;
use crate::item::PACK;
use crate::level::Level;
use crate::state::Dungeon;
use crate::stock::{ITEMS_MAX, MONSTERS_MAX};
use std::collections::BTreeSet;

impl Dungeon {
    pub(crate) fn is_sound(&self) -> Result<(), String> {
        let levels = self.levels.reveal();
        let deepest = u32::try_from(levels.len()).unwrap_or(u32::MAX);
        ensure(deepest <= self.rules.levels, "there are more levels than there may be")?;
        ensure(self.count_items() <= ITEMS_MAX, "there are too many things")?;
        let mut ids = BTreeSet::new();
        for (number, level) in (1..).zip(levels) {
            self.is_level_sound(number, level, &mut ids).map_err(|what| format!("level {number}: {what}"))?;
        }
        for (seat, body) in self.bodies.reveal() {
            let fresh = ids.insert(body.entity) && body.pack.iter().all(|item| ids.insert(item.id));
            ensure(fresh, "an id is there twice")
                .and_then(|()| body.is_sound(deepest))
                .map_err(|what| format!("{seat}: {what}"))?;
        }
        let runs = self.living().any(|(_, body)| body.is_here());
        ensure(runs == self.due_ms.is_some(), "the clock runs for nobody, or does not run")?;
        let leaves_ms = self.bodies.reveal().values().filter_map(|body| body.leaves_ms).min();
        ensure(leaves_ms == self.leaves_ms, "nobody looks after those who are away")
    }

    fn is_level_sound(&self, number: u32, level: &Level, ids: &mut BTreeSet<u32>) -> Result<(), String> {
        let count = u32::try_from(level.monsters.len()).unwrap_or(u32::MAX);
        ensure(count <= MONSTERS_MAX, "there are too many monsters")?;
        let bodies = self.living().filter(|(_, body)| body.level == number).map(|(_, body)| body.spot);
        let mut taken = Fields::none();
        for spot in level.monsters.values().map(|monster| monster.spot).chain(bodies) {
            ensure(level.floor.has(spot), "somebody stands in a wall")?;
            ensure(!taken.has(spot), "two stand on one field")?;
            taken.add(spot);
        }
        ensure(level.items.values().all(|lying| level.floor.has(lying.spot)), "something lies in a wall")?;
        ensure(level.items.iter().all(|(id, lying)| lying.item.id == *id), "something lies under another id")?;
        let hurt = |hp: u32, most: u32| (1..=most).contains(&hp);
        ensure(level.monsters.values().all(|monster| hurt(monster.hp, monster.beast().hp)), "a monster is dead, or too well")?;
        ensure(level.monsters.keys().chain(level.items.keys()).all(|id| ids.insert(*id)), "an id is there twice")
    }
}

impl Body {
    fn is_sound(&self, levels: u32) -> Result<(), String> {
        ensure((1..=levels).contains(&self.level), "it is nowhere")?;
        ensure((1..=HP).contains(&self.hp) == self.is_alive() && self.hp <= HP, "it is neither dead nor alive")?;
        ensure(self.pack.len() <= PACK && self.light <= LIGHT_MAX && self.gold <= COUNT_MAX, "it has too much")?;
        let used = self.weapon.iter().chain(&self.armour);
        ensure(used.into_iter().all(|id| self.carries(*id).is_some()), "it uses what it does not carry")
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
