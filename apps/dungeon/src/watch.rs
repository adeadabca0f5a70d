//! Who is told what: the one place from which anything that happens on a level is told.
//!
//! What each player saw before something was played is compared with what they see after it: so nobody is told of an entity
//! that was out of their sight both before and after, whatever the rules do in between.

use crate::event::{Event, How, Move};
use crate::grid::{Fields, Spot};
use crate::state::Dungeon;
use parlour_room::{Seat, Turn};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Something happens this far from where an action begins, at most, or who is so far away could see it: throws go five fields,
/// burning one more, and eyes reach seven.
const NEAR: u8 = 14;

/// What one player sees.
pub(crate) struct Sighting {
    level: u32,
    spot: Spot,
    radius: u32,
    lit: Fields,
    /// What is in sight, by id. Those who see all of a level share one list.
    seen: Rc<Vec<(u32, Spot)>>,
}

impl Sighting {
    fn sees(&self, id: u32) -> bool {
        self.find(id).is_some()
    }

    fn find(&self, id: u32) -> Option<Spot> {
        self.seen.binary_search_by_key(&id, |(seen, _)| *seen).ok().map(|at| self.seen[at].1)
    }
}

/// What everybody concerned saw before something.
pub(crate) struct Watch {
    /// Whoever is further than `NEAR` from here sees nothing of it.
    near: Option<(u32, Spot)>,
    before: BTreeMap<Seat, Sighting>,
    /// This player is shown a whole view instead.
    without: Option<Seat>,
}

impl Watch {
    pub(crate) fn without(self, seat: Seat) -> Self {
        Self { without: Some(seat), ..self }
    }
}

/// Something that happened, and is told to whoever sees it.
pub(crate) enum Happening {
    Attack {
        by: u32,
        target: u32,
        how: How,
        damage: u32,
    },
    Died {
        entity: u32,
        by: Option<u32>,
    },
    /// To whoever sees who did it.
    By(u32, Event),
    To(Seat, Event),
}

impl Dungeon {
    /// Before something that may concern everybody.
    pub(crate) fn watch(&self) -> Watch {
        self.watch_of(None)
    }

    /// Before something that is done here, and has no effect further away.
    pub(crate) fn watch_near(&self, level: u32, spot: Spot) -> Watch {
        self.watch_of(Some((level, spot)).filter(|_| !self.rules.is_open()))
    }

    fn watch_of(&self, near: Option<(u32, Spot)>) -> Watch {
        Watch { near, before: self.sightings(near, &BTreeMap::new()), without: None }
    }

    fn sightings(&self, near: Option<(u32, Spot)>, before: &BTreeMap<Seat, Sighting>) -> BTreeMap<Seat, Sighting> {
        let mut there = BTreeMap::<u32, Rc<Vec<(u32, Spot)>>>::new();
        let mut sightings = BTreeMap::new();
        for (seat, body) in self.living() {
            let is_near = near.is_none_or(|(level, spot)| level == body.level && body.spot.distance(spot) <= NEAR);
            let last = before.get(&seat);
            if !is_near && last.is_none() {
                continue;
            }
            let (level, spot, radius) = (body.level, body.spot, body.radius());
            let lit = match last.filter(|last| (last.level, last.spot, last.radius) == (level, spot, radius)) {
                Some(last) => last.lit.clone(),
                None => self.lit(body),
            };
            let there = there.entry(level).or_insert_with(|| Rc::new(self.everything_on(level)));
            let seen = match self.rules.is_open() {
                true => Rc::clone(there),
                false => Rc::new(there.iter().copied().filter(|(_, spot)| lit.has(*spot)).collect()),
            };
            sightings.insert(seat, Sighting { level, spot, radius, lit, seen });
        }
        sightings
    }

    /// Whatever is on a level, by id.
    fn everything_on(&self, number: u32) -> Vec<(u32, Spot)> {
        let Some(level) = self.level(number) else { return Vec::new() };
        let bodies = self.living().filter(|(_, body)| body.level == number).map(|(_, body)| (body.entity, body.spot));
        let mut all: Vec<(u32, Spot)> = bodies.collect();
        all.extend(level.monsters.iter().map(|(id, monster)| (*id, monster.spot)));
        all.extend(level.items.iter().map(|(id, lying)| (*id, lying.spot)));
        all.sort_unstable_by_key(|(id, _)| *id);
        all
    }

    pub(crate) fn spot_of(&self, number: u32, id: u32) -> Option<Spot> {
        let level = self.level(number)?;
        let body = || self.living().find(|(_, body)| body.entity == id && body.level == number).map(|(_, body)| body.spot);
        let monster = || level.monsters.get(&id).map(|monster| monster.spot);
        level.items.get(&id).map(|lying| lying.spot).or_else(monster).or_else(body)
    }

    /// Tells each player what they saw of it.
    pub(crate) fn show(&self, watch: Watch, happened: Vec<Happening>, turn: &mut Turn<Self>) {
        let Watch { near, before, without } = watch;
        let mut after = self.sightings(near, &before);
        without.map(|seat| after.remove(&seat));
        let (mut appeared, mut gone) = (BTreeMap::<(u32, u32), Vec<Seat>>::new(), BTreeMap::<(u32, u32), Vec<Seat>>::new());
        let mut moved = BTreeMap::<(u32, Vec<(u32, Spot)>), Vec<Seat>>::new();
        for (seats, last, now) in self.alike(&before, &after) {
            let same_level = last.filter(|last| last.level == now.level);
            let mut moves = Vec::new();
            for (id, spot) in now.seen.iter() {
                let is_own = *spot == now.spot && last.is_some_and(|last| last.find(*id) == Some(last.spot));
                match same_level.and_then(|last| last.find(*id)) {
                    Some(place) if place == *spot => {}
                    Some(_) => moves.push((*id, *spot)),
                    None if is_own => moves.push((*id, *spot)),
                    None => appeared.entry((now.level, *id)).or_default().extend(&seats),
                }
            }
            if !moves.is_empty() {
                moved.entry((now.level, moves)).or_default().extend(&seats);
            }
            if let Some(last) = last {
                let lost = last.seen.iter().filter(|(id, _)| !now.sees(*id));
                lost.for_each(|(id, _)| gone.entry((last.level, *id)).or_default().extend(&seats));
            }
        }
        // Each is told once, in the order of seats, however they were looked at together.
        appeared.values_mut().chain(gone.values_mut()).chain(moved.values_mut()).for_each(|seats| seats.sort_unstable());
        for ((level, id), seats) in appeared {
            if let Some(entity) = self.entity(level, id) {
                turn.tell_some(&seats, Event::Appeared { level, entity });
            }
        }
        tell_what_happened(happened, &before, &after, turn);
        for ((level, moves), seats) in moved {
            let step = |(entity, spot): (u32, Spot)| Move { entity, x: spot.x, y: spot.y };
            turn.tell_some(&seats, Event::Stepped { level, moves: moves.into_iter().map(step).collect() });
        }
        for ((level, entity), seats) in gone {
            turn.tell_some(&seats, Event::Gone { level, entity });
        }
    }

    /// Who is now, with what they saw before and what they see now; those together for whom both is the same.
    fn alike<'a>(
        &self,
        before: &'a BTreeMap<Seat, Sighting>,
        after: &'a BTreeMap<Seat, Sighting>,
    ) -> Vec<(Vec<Seat>, Option<&'a Sighting>, &'a Sighting)> {
        let mut groups: Vec<(Vec<Seat>, Option<&Sighting>, &Sighting)> = Vec::new();
        for (seat, now) in after {
            let last = before.get(seat);
            // To who comes to another level their own body is told of in another way.
            let shares = |last: &Sighting| self.rules.is_open() && last.level == now.level;
            let known = last.filter(|last| shares(last)).and_then(|last| {
                let is_same = |one: &Sighting, other: &Sighting| Rc::ptr_eq(&one.seen, &other.seen);
                groups.iter().position(|(_, was, is)| was.is_some_and(|was| is_same(was, last)) && is_same(is, now))
            });
            match known {
                Some(at) => groups[at].0.push(*seat),
                None => groups.push((vec![*seat], last, now)),
            }
        }
        groups
    }
}

fn tell_what_happened(
    happened: Vec<Happening>,
    before: &BTreeMap<Seat, Sighting>,
    after: &BTreeMap<Seat, Sighting>,
    turn: &mut Turn<Dungeon>,
) {
    let everybody: BTreeSet<Seat> = before.keys().chain(after.keys()).copied().collect();
    let sees = |seat: &Seat, id: u32| [before, after].iter().any(|all| all.get(seat).is_some_and(|sighting| sighting.sees(id)));
    let who_see = |id: u32| everybody.iter().copied().filter(|seat| sees(seat, id)).collect::<Vec<_>>();
    let mut tell = |seats: &[Seat], event: Event| {
        if !seats.is_empty() {
            turn.tell_some(seats, event);
        }
    };
    for happening in happened {
        match happening {
            Happening::Attack { by, target, how, damage } => {
                let (both, one): (Vec<Seat>, Vec<Seat>) = who_see(target).into_iter().partition(|seat| sees(seat, by));
                tell(&both, Event::Attacked { by: Some(by), target, how, damage });
                tell(&one, Event::Attacked { by: None, target, how, damage });
            }
            Happening::Died { entity, by } => {
                let (both, one): (Vec<Seat>, Vec<Seat>) =
                    who_see(entity).into_iter().partition(|seat| by.is_some_and(|by| sees(seat, by)));
                tell(&both, Event::Died { entity, by });
                tell(&one, Event::Died { entity, by: None });
            }
            Happening::By(by, event) => tell(&who_see(by), event),
            Happening::To(seat, event) => tell(&[seat], event),
        }
    }
}
