//! What monsters do when it is their turn.

use crate::event::{Event, How, Note};
use crate::fight::{Foe, Moment};
use crate::grid::{Direction, Spot};
use crate::luck::Luck;
use crate::monster::{Beast, Manner, NOTICE, SPIT};
use crate::sight::seen_from;
use crate::state::Dungeon;
use crate::watch::Happening;
use parlour_room::Seat;

/// A lurker waits until somebody is this near.
const POUNCE: u8 = 3;
/// A touch of a wisp costs so many ticks of light.
const DRAINS: u32 = 150;

/// A monster whose turn it is.
struct Mover {
    level: u32,
    id: u32,
    spot: Spot,
    beast: &'static Beast,
}

impl Dungeon {
    /// All monsters of a level whose turn has come have it.
    pub(crate) fn rouse(&mut self, number: u32, moment: &mut Moment) {
        let Some(level) = self.level(number) else { return };
        let due = level.monsters.iter().filter(|(_, monster)| monster.ready <= self.tick);
        let due: Vec<u32> = due.map(|(id, _)| *id).collect();
        for id in due {
            let tick = self.tick;
            let Some(monster) = self.level_mut(number).and_then(|level| level.monsters.get_mut(&id)) else { continue };
            let beast = monster.beast();
            monster.ready = tick.saturating_add(beast.pace);
            let mover = Mover { level: number, id, spot: monster.spot, beast };
            self.act_by_manner(&mover, moment);
        }
    }

    fn act_by_manner(&mut self, mover: &Mover, moment: &mut Moment) {
        let mut luck = moment.luck(mover.id);
        let prey = self.notices(mover);
        let is_weak = self.monster_hp(mover) * 3 < mover.beast.hp;
        match (mover.beast.manner, prey) {
            (Manner::Bursts, _) => self.burst(mover, &mut luck, moment),
            (Manner::Flits, Some((seat, spot))) if mover.spot.steps(spot) == 1 => self.drain(mover, seat, moment),
            (Manner::Flits, _) => self.flit(mover, &mut luck),
            (Manner::Skulks, Some((_, spot))) if is_weak => self.flee(mover, spot, &mut luck),
            (Manner::Spits, Some((seat, spot))) if mover.spot.distance(spot) <= SPIT => {
                let is_close = mover.spot.distance(spot) <= 2;
                if is_close && luck.happens(60) {
                    self.flee(mover, spot, &mut luck);
                } else {
                    self.harm(mover, seat, How::Spat, &mut luck, moment);
                }
            }
            (Manner::Lurks, Some((_, spot))) if mover.spot.distance(spot) > POUNCE && self.quarry(mover).is_none() => {}
            (manner, Some((seat, spot))) => {
                if manner == Manner::Tracks {
                    self.mend(mover);
                }
                self.hunt(mover, seat, spot, &mut luck, moment);
            }
            (manner, None) => {
                if manner == Manner::Tracks {
                    self.mend(mover);
                }
                self.search(mover, &mut luck);
            }
        }
    }

    /// Whom it sees, the nearest first.
    fn notices(&self, mover: &Mover) -> Option<(Seat, Spot)> {
        let reach = u8::try_from(NOTICE).unwrap_or(u8::MAX);
        let near = self.living().filter(|(_, body)| body.level == mover.level && body.spot.distance(mover.spot) <= reach);
        let near: Vec<(Seat, Spot)> = near.map(|(seat, body)| (seat, body.spot)).collect();
        if near.is_empty() {
            return None;
        }
        let seen = seen_from(&self.level(mover.level)?.floor, mover.spot, NOTICE);
        near.into_iter().filter(|(_, spot)| seen.has(*spot)).min_by_key(|(seat, spot)| (spot.steps(mover.spot), *seat))
    }

    fn hunt(&mut self, mover: &Mover, seat: Seat, spot: Spot, luck: &mut Luck, moment: &mut Moment) {
        self.set_quarry(mover, Some(spot), mover.beast.patience);
        if mover.spot.steps(spot) == 1 {
            self.harm(mover, seat, How::Struck, luck, moment);
        } else {
            self.approach(mover, spot, luck);
        }
    }

    /// It goes where it last saw somebody; else it roams, if it does.
    fn search(&mut self, mover: &Mover, luck: &mut Luck) {
        let patience = self.patience(mover);
        match self.quarry(mover).filter(|quarry| *quarry != mover.spot && patience > 0) {
            Some(quarry) => {
                self.set_quarry(mover, Some(quarry), patience - 1);
                self.approach(mover, quarry, luck);
            }
            None => {
                self.set_quarry(mover, None, 0);
                if mover.beast.manner != Manner::Lurks && luck.happens(40) {
                    self.roam(mover, luck);
                }
            }
        }
    }

    fn harm(&mut self, mover: &Mover, seat: Seat, how: How, luck: &mut Luck, moment: &mut Moment) {
        let damage = if luck.happens(25) { 0 } else { 1 + luck.below(mover.beast.attack) };
        self.hurt_body(seat, damage, Foe { entity: mover.id, name: mover.beast.name }, how, moment);
    }

    fn burst(&mut self, mover: &Mover, luck: &mut Luck, moment: &mut Moment) {
        let around = self.living().filter(|(_, body)| body.level == mover.level && body.spot.distance(mover.spot) <= 1);
        let around: Vec<Seat> = around.map(|(seat, _)| seat).collect();
        for seat in around {
            self.harm(mover, seat, How::Spores, luck, moment);
        }
    }

    fn drain(&mut self, mover: &Mover, seat: Seat, moment: &mut Moment) {
        if let Some(body) = self.body_mut(seat) {
            body.light = body.light.saturating_sub(DRAINS);
        }
        moment.happened.push(Happening::To(seat, Event::Message { note: Note::LightDrained }));
        self.hurt_body(seat, 1, Foe { entity: mover.id, name: mover.beast.name }, How::Struck, moment);
    }

    fn flit(&mut self, mover: &Mover, luck: &mut Luck) {
        if luck.happens(70) {
            self.roam(mover, luck);
        }
    }

    fn roam(&mut self, mover: &Mover, luck: &mut Luck) {
        let ways = Direction::ALL.into_iter().filter_map(|way| mover.spot.step(way));
        let free: Vec<Spot> = ways.filter(|spot| self.is_free(mover.level, *spot)).collect();
        if let Some(spot) = luck.pick(&free) {
            self.set_spot(mover, spot);
        }
    }

    /// A step nearer, along the longer way first; where both are barred, any step.
    fn approach(&mut self, mover: &Mover, to: Spot, luck: &mut Luck) {
        let closer = |spot: &Spot| spot.steps(to) < mover.spot.steps(to);
        self.step(mover, to, closer, luck);
    }

    fn flee(&mut self, mover: &Mover, from: Spot, luck: &mut Luck) {
        let further = |spot: &Spot| spot.steps(from) > mover.spot.steps(from);
        self.step(mover, from, further, luck);
    }

    fn step(&mut self, mover: &Mover, to: Spot, is_wanted: impl Fn(&Spot) -> bool, luck: &mut Luck) {
        let is_wide = mover.spot.x.abs_diff(to.x) >= mover.spot.y.abs_diff(to.y);
        let mut ways = Direction::ALL;
        ways.sort_by_key(|way| matches!(way, Direction::East | Direction::West) != is_wide);
        let wanted = ways.into_iter().filter_map(|way| mover.spot.step(way)).filter(is_wanted);
        let free = wanted.into_iter().find(|spot| self.is_free(mover.level, *spot));
        match free {
            Some(spot) => self.set_spot(mover, spot),
            None => self.roam(mover, luck),
        }
    }

    fn mend(&mut self, mover: &Mover) {
        if let Some(monster) = self.level_mut(mover.level).and_then(|level| level.monsters.get_mut(&mover.id)) {
            monster.hp = (monster.hp + 1).min(mover.beast.hp);
        }
    }

    fn set_spot(&mut self, mover: &Mover, spot: Spot) {
        if let Some(monster) = self.level_mut(mover.level).and_then(|level| level.monsters.get_mut(&mover.id)) {
            monster.spot = spot;
        }
    }

    fn set_quarry(&mut self, mover: &Mover, quarry: Option<Spot>, patience: u32) {
        if let Some(monster) = self.level_mut(mover.level).and_then(|level| level.monsters.get_mut(&mover.id)) {
            (monster.quarry, monster.patience) = (quarry, patience);
        }
    }

    fn quarry(&self, mover: &Mover) -> Option<Spot> {
        self.level(mover.level)?.monsters.get(&mover.id)?.quarry
    }

    fn patience(&self, mover: &Mover) -> u32 {
        self.level(mover.level).and_then(|level| level.monsters.get(&mover.id)).map_or(0, |monster| monster.patience)
    }

    fn monster_hp(&self, mover: &Mover) -> u32 {
        self.level(mover.level).and_then(|level| level.monsters.get(&mover.id)).map_or(0, |monster| monster.hp)
    }
}
