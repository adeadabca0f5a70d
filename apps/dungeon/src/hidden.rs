//! What is hidden from whom: for the proofs that look for leaks.
//!
//! The proof also plays on for one record after a disguise, and compares all that is seen of it. So what could come into
//! sight in one tick, or decide what does, must stay: everything within `CLOSE` fields of the viewer. What is hidden nearer
//! than that is put to the test by `tests/dungeon/sight.rs`, against a sight that is reckoned anew.

use crate::action::Action;
use crate::body::{Body, HP, LIGHT, LIGHT_MAX};
use crate::config::Spectators;
use crate::grid::{Fields, HEIGHT, Heading, Spot, WIDTH};
use crate::item::Good;
use crate::state::Dungeon;
use parlour_room::proof::Disguise;
use parlour_room::{Dice, Seat, Viewer};
use std::sync::Arc;

/// Eyes reach seven fields, and one more after a step. A monster is one step from there, or a spitter five; whom it is after is
/// within six of it, and who else is near that one within as many.
const CLOSE: u8 = 20;

impl Disguise for Dungeon {
    fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        self.disguised(viewer, None, dice)
    }

    fn disguise_before(&self, viewer: Viewer, by: Seat, _action: &Action, dice: &mut Dice) -> Self {
        self.disguised(viewer, Some(by), dice)
    }

    /// Stairs, a new life and scrolls show their user what they could not see. Where a scroll carries somebody, anybody may see.
    fn reveals(&self, viewer: Viewer, by: Seat, action: &Action) -> bool {
        let good = |id: u32| self.body(by).and_then(|body| body.carries(id)).map(|item| item.good());
        match action {
            Action::Descend {} | Action::Ascend {} | Action::Respawn {} => viewer.is(by) || viewer == Viewer::Spectator,
            Action::Use { item } => match good(*item) {
                Some(Good::Passage) => true,
                Some(Good::Echo) => viewer.is(by) || viewer == Viewer::Spectator,
                _ => false,
            },
            _ => false,
        }
    }

    fn config(dice: &mut Dice) -> String {
        let sight = dice.pick(&["fov", "fov", "fov", "open"]).copied().unwrap_or("fov");
        let spectators = dice.pick(&["public", "public", "public", "all"]).copied().unwrap_or("public");
        let monsters = dice.pick(&[0, 100, 200]).copied().unwrap_or(100);
        let (levels, pvp) = (dice.roll(2), dice.coin());
        format!(
            r#"{{"sight":"{sight}","spectators":"{spectators}","monsters":{monsters},"items":150,"levels":{levels},"pvp":{pvp}}}"#
        )
    }
}

/// What a disguise leaves alone.
struct Kept {
    viewer: Viewer,
    /// Around whom everything stays.
    eyes: Vec<(u32, Spot)>,
    /// On this level everything stays.
    whole: Option<u32>,
}

impl Kept {
    fn has(&self, level: u32, spot: Spot) -> bool {
        let is_close = |(of, eye): &(u32, Spot)| *of == level && eye.distance(spot) <= CLOSE;
        self.whole == Some(level) || self.eyes.iter().any(is_close)
    }
}

impl Dungeon {
    fn disguised(&self, viewer: Viewer, by: Option<Seat>, dice: &mut Dice) -> Self {
        let mut other = self.clone();
        if viewer == Viewer::Spectator && self.rules.spectators == Spectators::All {
            return other;
        }
        let own = viewer.seat().and_then(|seat| self.body(seat));
        // What all players know of the first level, and come to know, spectators see.
        let is_eye = |seat: Seat| viewer == Viewer::Spectator || viewer.is(seat) || by == Some(seat);
        let eyes = self.living().filter(|(seat, _)| is_eye(*seat)).map(|(_, body)| (body.level, body.spot)).collect();
        let whole = own.filter(|body| self.rules.is_open() && body.is_alive()).map(|body| body.level);
        let kept = Kept { viewer, eyes, whole };
        let count = u32::try_from(self.levels.reveal().len()).unwrap_or(0);
        for number in 1..=count {
            let known = match own {
                Some(body) => self.known(body, number),
                None if number == 1 => self.bodies.reveal().values().fold(self.common(), |mut all, body| {
                    all.add_all(&self.known(body, 1));
                    all
                }),
                None => Fields::none(),
            };
            other.dig(number, &kept, &known, dice);
            other.stir(number, &kept, dice);
        }
        other.change_bodies(&kept, by, dice);
        other
    }

    /// Walls nobody in question knows are floors.
    fn dig(&mut self, number: u32, kept: &Kept, known: &Fields, dice: &mut Dice) {
        let Some(level) = self.level_mut(number) else { return };
        let floor = Arc::make_mut(&mut level.floor);
        let inside = |spot: &Spot| (1..WIDTH - 1).contains(&spot.x) && (1..HEIGHT - 1).contains(&spot.y);
        for spot in Spot::all().filter(inside).filter(|spot| !known.has(*spot) && !kept.has(number, *spot)) {
            if dice.below(6) == 0 {
                floor.add(spot);
            }
        }
        if level.down.is_some_and(|down| !known.has(down) && !kept.has(number, down)) {
            let others: Vec<Spot> = level.floor.iter().filter(|spot| !known.has(*spot) && !kept.has(number, *spot)).collect();
            level.down = dice.pick(&others).copied().filter(|spot| *spot != level.up).or(level.down);
        }
    }

    /// Monsters and things are elsewhere, others, or none.
    fn stir(&mut self, number: u32, kept: &Kept, dice: &mut Dice) {
        let Some(level) = self.level(number) else { return };
        let hidden: Vec<Spot> = level.floor.iter().filter(|spot| !kept.has(number, *spot)).collect();
        let monsters: Vec<u32> = level.monsters.keys().copied().collect();
        let items: Vec<u32> = level.items.keys().copied().collect();
        for id in monsters {
            let spot = dice.pick(&hidden).copied().filter(|spot| self.is_free(number, *spot));
            let (is_gone, hp) = (dice.below(3) == 0, dice.below(100));
            let Some(level) = self.level_mut(number) else { return };
            let Some(monster) = level.monsters.get_mut(&id).filter(|monster| !kept.has(number, monster.spot)) else { continue };
            monster.spot = spot.unwrap_or(monster.spot);
            monster.hp = 1 + u32::try_from(hp).unwrap_or(0) % monster.beast().hp;
            if is_gone {
                level.monsters.remove(&id);
            }
        }
        for id in items {
            let (spot, is_gone) = (dice.pick(&hidden).copied(), dice.below(3) == 0);
            let Some(level) = self.level_mut(number) else { return };
            let Some(lying) = level.items.get_mut(&id).filter(|lying| !kept.has(number, lying.spot)) else { continue };
            lying.spot = spot.unwrap_or(lying.spot);
            if is_gone {
                level.items.remove(&id);
            }
        }
    }

    /// Other players' bodies: where they are, how they are, what they carry and know.
    fn change_bodies(&mut self, kept: &Kept, by: Option<Seat>, dice: &mut Dice) {
        let seats: Vec<Seat> = self.bodies.reveal().keys().copied().filter(|seat| !kept.viewer.is(*seat)).collect();
        for seat in seats {
            let Some((number, spot, alive)) = self.body(seat).map(|body| (body.level, body.spot, body.is_alive())) else {
                continue;
            };
            let floor = self.level(number).map(|level| level.floor.clone());
            let fields = floor.iter().flat_map(|floor| floor.iter()).filter(|spot| !kept.has(number, *spot)).collect::<Vec<_>>();
            let elsewhere = dice.pick(&fields).copied().filter(|spot| self.is_free(number, *spot));
            let Some(body) = self.body_mut(seat) else { continue };
            if kept.viewer != Viewer::Spectator && by != Some(seat) {
                body.forget(dice);
            }
            body.kills = u32::try_from(dice.below(9)).unwrap_or(0);
            body.light = u32::try_from(dice.below(u64::from(LIGHT))).unwrap_or(0).min(LIGHT_MAX);
            if kept.viewer == Viewer::Spectator {
                // How far they see decides what all of them know.
                body.light = LIGHT;
            }
            if alive && !kept.has(number, spot) {
                body.spot = elsewhere.unwrap_or(body.spot);
                body.hp = dice.roll(HP);
                body.heading = dice.pick(&Heading::ALL).copied().unwrap_or(Heading::Stop);
                (body.weapon, body.armour) = (None, None);
                body.pack.retain(|_| dice.coin());
            }
        }
    }
}

impl Body {
    fn forget(&mut self, dice: &mut Dice) {
        for known in self.known.values_mut() {
            Spot::all().filter(|_| dice.below(4) == 0).for_each(|spot| known.add(spot));
        }
    }
}
