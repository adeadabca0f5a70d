//! What players do, and when they may.
//!
//! **No batch is an oracle.** Actions in a batch are judged one after the other before a tick can come between them, and a batch
//! that is dropped whole says which one was refused. So whatever turns something up (stairs, scrolls, throws, a new life) sets
//! `acts` to the next tick, before which nothing is legal but what always is: walking, resting, talking. That is asked first.

use crate::action::{Action, TEXT_CHARS};
use crate::body::{Body, COUNT_MAX, HP, LIGHT_MAX};
use crate::event::Event;
use crate::fight::{BUSY, Moment};
use crate::grid::{Direction, Heading};
use crate::item::{Good, Item, PACK};
use crate::level::Lying;
use crate::luck::Luck;
use crate::refusal::Refusal;
use crate::state::Dungeon;
use crate::watch::Happening;
use parlour_room::{Seat, Turn};

/// How far things fly.
pub(crate) const RANGE: u32 = 5;
/// An echo shows the walls this far.
const ECHO: u8 = 18;

impl Dungeon {
    pub(crate) fn check_action(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        let Some(body) = self.body(by) else { return Err(Refusal::Dead) };
        match action {
            Action::Respawn {} => return if body.is_alive() { Err(Refusal::NotDead) } else { Ok(()) },
            _ if !body.is_alive() => return Err(Refusal::Dead),
            Action::Move { .. } | Action::Rest {} => return Ok(()),
            Action::Say { text } => return if is_speech(text) { Ok(()) } else { Err(Refusal::BadText) },
            _ if self.tick < body.acts => return Err(Refusal::TooSoon),
            _ => {}
        }
        let carried = |id: u32| body.carries(id).ok_or(Refusal::NoSuchItem);
        let level = self.level(body.level);
        match action {
            Action::Pickup {} => {
                let lying = level.and_then(|level| level.items.get(&level.item_at(body.spot)?)).ok_or(Refusal::NothingHere)?;
                let fits = lying.item.good() == Good::Gold || body.pack.len() < PACK;
                if fits { Ok(()) } else { Err(Refusal::PackFull) }
            }
            Action::Drop { item } => carried(*item).map(drop),
            Action::Use { item } => {
                let item = carried(*item)?;
                if item.is_usable() { Ok(()) } else { Err(Refusal::NotUsable) }
            }
            Action::Throw { item, .. } => {
                carried(*item)?;
                if self.tick < body.ready { Err(Refusal::TooSoon) } else { Ok(()) }
            }
            Action::Descend {} => {
                let is_there = level.is_some_and(|level| level.down == Some(body.spot));
                if is_there { Ok(()) } else { Err(Refusal::NoStairsDown) }
            }
            Action::Ascend {} => {
                let is_there = body.level > 1 && level.is_some_and(|level| level.up == body.spot);
                if is_there { Ok(()) } else { Err(Refusal::NoStairsUp) }
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn play(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        let Some((entity, number, spot)) = self.body(by).map(|body| (body.entity, body.level, body.spot)) else { return };
        match action {
            Action::Move { direction } => self.head(by, direction, false),
            Action::Rest {} => self.head(by, Heading::Stop, true),
            Action::Respawn {} => self.respawn(by, turn),
            Action::Descend {} => self.take_stairs(by, number.saturating_add(1), turn),
            Action::Ascend {} => self.take_stairs(by, number.saturating_sub(1), turn),
            Action::Say { text } => {
                let watch = self.watch_near(number, spot);
                self.show(watch, vec![Happening::By(entity, Event::Said { entity, text })], turn);
            }
            Action::Pickup {} => {
                let watch = self.watch_near(number, spot);
                let picked = self.pick_up(by).map(|item| Event::Picked { by: entity, item: item.id, name: item.name });
                self.show(watch, picked.into_iter().map(|event| Happening::By(entity, event)).collect(), turn);
            }
            Action::Drop { item } => {
                let watch = self.watch_near(number, spot);
                let Some(item) = self.body_mut(by).and_then(|body| body.take_out(item)) else { return };
                let event = Event::Dropped { by: entity, item: item.id, name: item.name };
                self.lay(number, Lying { spot, item });
                self.show(watch, vec![Happening::By(entity, event)], turn);
            }
            Action::Use { item } => self.use_item(by, item, turn),
            Action::Throw { item, direction } => self.throw(by, item, direction, turn),
        }
    }

    fn head(&mut self, by: Seat, heading: Heading, resting: bool) {
        if let Some(body) = self.body_mut(by) {
            (body.heading, body.resting) = (heading, resting);
        }
    }

    fn pick_up(&mut self, by: Seat) -> Option<Item> {
        let (number, spot) = self.body(by).map(|body| (body.level, body.spot))?;
        let level = self.level_mut(number)?;
        let item = level.items.remove(&level.item_at(spot)?)?.item;
        let body = self.body_mut(by)?;
        match item.good() {
            Good::Gold => body.gold = body.gold.saturating_add(item.amount).min(COUNT_MAX),
            _ => body.pack.push(item.clone()),
        }
        Some(item)
    }

    pub(crate) fn lay(&mut self, number: u32, lying: Lying) {
        if let Some(level) = self.level_mut(number) {
            level.items.insert(lying.item.id, lying);
        }
    }

    fn take_stairs(&mut self, by: Seat, to: u32, turn: &mut Turn<Self>) {
        let watch = self.watch();
        self.reach(to, turn);
        let came_down = self.body(by).is_some_and(|body| body.level < to);
        let foot = self.level(to).map(|level| if came_down { level.up } else { level.down.unwrap_or(level.up) });
        let Some(spot) = foot.and_then(|foot| self.free_near(to, foot)) else { return };
        let tick = self.tick;
        if let Some(body) = self.body_mut(by) {
            (body.level, body.spot, body.heading) = (to, spot, Heading::Stop);
            body.deepest = body.deepest.max(to);
            body.acts = tick.saturating_add(1);
        }
        self.remember(by);
        turn.tell(Event::Reached { seat: by, level: to });
        self.show(watch, Vec::new(), turn);
    }

    fn use_item(&mut self, by: Seat, id: u32, turn: &mut Turn<Self>) {
        let Some(body) = self.body(by) else { return };
        let Some((good, name)) = body.carries(id).map(|item| (item.good(), item.name)) else { return };
        let (entity, number, spot) = (body.entity, body.level, body.spot);
        let watch = if good == Good::Passage { self.watch() } else { self.watch_near(number, spot) };
        let moment = turn.dice().bits();
        let used = Happening::By(entity, Event::Used { by: entity, item: id, name });
        let elsewhere = self.elsewhere(number, &mut Luck::of(moment, entity));
        let acts = self.tick.saturating_add(1);
        let Some(body) = self.body_mut(by) else { return };
        match good {
            Good::Weapon { .. } => toggle(&mut body.weapon, id),
            Good::Armour(_) => toggle(&mut body.armour, id),
            Good::Heals(life) => body.hp = body.hp.saturating_add(life).min(HP),
            Good::Light(ticks) => body.light = body.light.saturating_add(ticks).min(LIGHT_MAX),
            Good::Passage => (body.spot, body.heading, body.acts) = (elsewhere.unwrap_or(spot), Heading::Stop, acts),
            Good::Echo => body.acts = acts,
            Good::Burns(_) | Good::Gold => {}
        }
        if !matches!(good, Good::Weapon { .. } | Good::Armour(_)) {
            body.take_out(id);
        }
        if good == Good::Echo {
            self.echo(by);
        }
        self.remember(by);
        self.show(watch, vec![used], turn);
    }

    /// The floors around, as far as the echo reaches, are known from now on.
    fn echo(&mut self, by: Seat) {
        let Some((number, spot)) = self.body(by).map(|body| (body.level, body.spot)) else { return };
        let Some(floor) = self.level(number).map(|level| level.floor.clone()) else { return };
        if let Some(body) = self.body_mut(by) {
            let known = body.known.entry(number).or_insert_with(crate::grid::Fields::none);
            floor.iter().filter(|field| field.distance(spot) <= ECHO).for_each(|field| known.add(field));
        }
    }

    fn throw(&mut self, by: Seat, id: u32, direction: Direction, turn: &mut Turn<Self>) {
        let Some((entity, number, from)) = self.body(by).map(|body| (body.entity, body.level, body.spot)) else { return };
        let watch = self.watch_near(number, from);
        let mut moment = Moment::new(turn.dice().bits());
        let tick = self.tick;
        let Some(body) = self.body_mut(by) else { return };
        let Some(item) = body.take_out(id) else { return };
        (body.ready, body.acts) = (tick.saturating_add(BUSY), tick.saturating_add(1));
        moment.happened.push(Happening::By(entity, Event::Thrown { by: entity, item: id, name: item.name }));
        let mut spot = from;
        for _ in 0..RANGE {
            let Some(next) = spot.step(direction).filter(|next| self.level(number).is_some_and(|level| level.floor.has(*next)))
            else {
                break;
            };
            spot = next;
            if !self.is_free(number, spot) {
                break;
            }
        }
        match item.good() {
            Good::Burns(damage) => self.burn(by, number, spot, damage, &mut moment),
            _ => {
                self.hit(by, number, spot, item.thrown(), &mut moment);
                self.lay(number, Lying { spot, item });
            }
        }
        self.remember(by);
        self.show(watch, moment.happened, turn);
    }

    /// A free field of this level, anywhere.
    fn elsewhere(&self, number: u32, luck: &mut Luck) -> Option<crate::grid::Spot> {
        let spot = self.level(number)?.any_field(luck);
        self.free_near(number, spot)
    }

    /// What a body carried lies where it stood.
    pub(crate) fn spill(&mut self, seat: Seat) {
        let Some(body) = self.body_mut(seat) else { return };
        let (number, spot) = (body.level, body.spot);
        (body.weapon, body.armour) = (None, None);
        for item in std::mem::take(&mut body.pack) {
            self.lay(number, Lying { spot, item });
        }
    }
}

fn toggle(used: &mut Option<u32>, id: u32) {
    *used = if *used == Some(id) { None } else { Some(id) };
}

fn is_speech(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS && !text.chars().any(char::is_control)
}

/// Whether this body could throw now.
pub(crate) fn can_throw(body: &Body, tick: u64) -> bool {
    tick >= body.ready && tick >= body.acts
}
