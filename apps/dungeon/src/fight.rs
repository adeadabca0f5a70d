//! Blows, wounds and deaths.

use crate::event::{Event, How};
use crate::grid::{Heading, Spot};
use crate::luck::Luck;
use crate::monster::Monster;
use crate::name::Name;
use crate::seen::SECOND;
use crate::state::Dungeon;
use crate::view::Recap;
use crate::watch::Happening;
use parlour_room::Seat;

/// After a blow or a throw a body is busy for so many ticks.
pub(crate) const BUSY: u64 = 5;
/// So many of a hundred blows miss, and throws.
const MISS: u32 = 15;

/// What is being played: its luck, and what happened so far.
pub(crate) struct Moment {
    seed: u64,
    pub(crate) happened: Vec<Happening>,
}

impl Moment {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, happened: Vec::new() }
    }

    /// The luck of this creature, or this level, in this moment.
    pub(crate) fn luck(&self, id: u32) -> Luck {
        Luck::of(self.seed, id)
    }
}

/// Whose doing it is.
#[derive(Clone, Copy)]
pub(crate) struct Foe {
    pub(crate) entity: u32,
    pub(crate) name: Name,
}

impl Dungeon {
    /// A body strikes at whoever stands there.
    pub(crate) fn strike(&mut self, by: Seat, spot: Spot, moment: &mut Moment) {
        let tick = self.tick;
        let Some(body) = self.body_mut(by).filter(|body| body.ready <= tick) else { return };
        body.ready = tick.saturating_add(BUSY);
        let (entity, number, attack) = (body.entity, body.level, body.attack());
        self.land(by, entity, number, spot, attack, How::Struck, moment);
    }

    /// Something thrown hits whoever is there.
    pub(crate) fn hit(&mut self, by: Seat, number: u32, spot: Spot, most: u32, moment: &mut Moment) {
        let Some(entity) = self.body(by).map(|body| body.entity) else { return };
        self.land(by, entity, number, spot, most, How::Thrown, moment);
    }

    /// Fire hurts everybody around but who threw it.
    pub(crate) fn burn(&mut self, by: Seat, number: u32, spot: Spot, damage: u32, moment: &mut Moment) {
        let Some(entity) = self.body(by).map(|body| body.entity) else { return };
        let Some(level) = self.level(number) else { return };
        let close = |other: Spot| other.distance(spot) <= 1;
        let monsters = level.monsters.iter().filter(|(_, monster)| close(monster.spot)).map(|(id, _)| *id).collect::<Vec<_>>();
        let bodies = self.living().filter(|(seat, body)| *seat != by && body.level == number && close(body.spot));
        let bodies: Vec<Seat> = bodies.map(|(seat, _)| seat).filter(|_| self.rules.pvp).collect();
        for id in monsters {
            self.hurt_monster(by, entity, number, id, damage, How::Thrown, moment);
        }
        for seat in bodies {
            self.hurt_body(seat, damage, Foe { entity, name: Name::Delver }, How::Thrown, moment);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "who, where, how and how much")]
    fn land(&mut self, by: Seat, entity: u32, number: u32, spot: Spot, most: u32, how: How, moment: &mut Moment) {
        let mut luck = moment.luck(entity);
        let damage = if luck.happens(MISS) { 0 } else { 1 + luck.below(most) };
        if let Some(id) = self.level(number).and_then(|level| level.monster_at(spot)) {
            self.hurt_monster(by, entity, number, id, damage, how, moment);
        } else if let Some(seat) = self.body_at(number, spot).filter(|seat| self.rules.pvp && *seat != by) {
            self.hurt_body(seat, damage, Foe { entity, name: Name::Delver }, how, moment);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "who, whom, where, how and how much")]
    fn hurt_monster(&mut self, by: Seat, entity: u32, number: u32, id: u32, damage: u32, how: How, moment: &mut Moment) {
        let from = self.body(by).map(|body| body.spot);
        let Some(level) = self.level_mut(number) else { return };
        let Some(monster) = level.monsters.get_mut(&id) else { return };
        moment.happened.push(Happening::Attack { by: entity, target: id, how, damage });
        monster.hp = monster.hp.saturating_sub(damage);
        let Monster { quarry, patience, .. } = monster;
        (*quarry, *patience) = (from, 10);
        if monster.hp > 0 {
            return;
        }
        level.monsters.remove(&id);
        moment.happened.push(Happening::Died { entity: id, by: Some(entity) });
        if let Some(body) = self.body_mut(by) {
            body.kills = body.kills.saturating_add(1);
        }
    }

    /// A body is hurt; armour softens all but a miss.
    pub(crate) fn hurt_body(&mut self, seat: Seat, damage: u32, by: Foe, how: How, moment: &mut Moment) {
        let tick = self.tick;
        let Some(body) = self.body_mut(seat).filter(|body| body.is_alive()) else { return };
        let damage = if damage == 0 { 0 } else { damage.saturating_sub(body.softens()).max(1) };
        moment.happened.push(Happening::Attack { by: by.entity, target: body.entity, how, damage });
        body.resting = false;
        body.hp = body.hp.saturating_sub(damage);
        if body.hp > 0 {
            return;
        }
        moment.happened.push(Happening::Died { entity: body.entity, by: Some(by.entity) });
        let ticks = tick.saturating_sub(body.born);
        let recap = Recap {
            level: body.level,
            killed_by: Some(by.name),
            kills: body.kills,
            gold: body.gold,
            deepest: body.deepest,
            score: body.score(),
            seconds: u32::try_from(ticks / u64::from(SECOND)).unwrap_or(u32::MAX),
        };
        (body.heading, body.recap) = (Heading::Stop, Some(recap.clone()));
        self.spill(seat);
        moment.happened.push(Happening::To(seat, Event::Fell { recap }));
    }
}
