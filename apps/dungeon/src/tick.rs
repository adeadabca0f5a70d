//! Ten times a second: everybody who walks takes a step, light burns down, wounds close, monsters have their turns.

use crate::body::{Body, HP, LIGHT_LOW};
use crate::event::{Event, Note};
use crate::fight::Moment;
use crate::state::Dungeon;
use crate::watch::Happening;
use parlour_room::{Seat, Turn, kept};
use std::collections::BTreeSet;
use std::time::Duration;

/// Between two ticks.
const TICK_MS: u64 = 100;
const TICK: &str = "tick";
const AWAY: &str = "away";
/// A point of life comes back in so many ticks, and in so many of rest.
const HEALS: u64 = 50;
const HEALS_AT_REST: u64 = 12;

/// What the clocks ring for.
#[kept]
pub enum Due {
    /// A tick.
    Tick,
    /// Somebody has been away for too long.
    Away,
}

impl Dungeon {
    /// The clock runs as long as somebody who lives is there; another until the next who is away is gone.
    pub(crate) fn wind(&mut self, turn: &mut Turn<Self>) {
        let leaves_ms = self.bodies.reveal().values().filter_map(|body| body.leaves_ms).min();
        if leaves_ms != self.leaves_ms {
            self.leaves_ms = leaves_ms;
            match leaves_ms {
                Some(leaves_ms) => {
                    turn.clock(AWAY, Duration::from_millis(leaves_ms.saturating_sub(turn.now_ms())), Due::Away);
                }
                None => turn.stop_clock(AWAY),
            }
        }
        let is_anybody_there = self.living().any(|(_, body)| body.is_here());
        match self.due_ms {
            None if is_anybody_there => {
                self.due_ms = Some(turn.now_ms().saturating_add(TICK_MS));
                turn.clock(TICK, Duration::from_millis(TICK_MS), Due::Tick);
            }
            Some(_) if !is_anybody_there => {
                self.due_ms = None;
                turn.stop_clock(TICK);
            }
            _ => {}
        }
    }

    /// A tick that came a little late does not make the next one late, too; ticks that were missed are not made up for.
    pub(crate) fn ring(&mut self, turn: &mut Turn<Self>) {
        let now_ms = turn.now_ms();
        let due_ms = self.due_ms.take().unwrap_or(now_ms).saturating_add(TICK_MS);
        self.tick(turn);
        if self.living().any(|(_, body)| body.is_here()) {
            let due_ms = if due_ms > now_ms { due_ms } else { now_ms.saturating_add(TICK_MS) };
            self.due_ms = Some(due_ms);
            turn.clock(TICK, Duration::from_millis(due_ms - now_ms), Due::Tick);
        }
    }

    fn tick(&mut self, turn: &mut Turn<Self>) {
        self.tick = self.tick.saturating_add(1);
        let mut moment = Moment::new(turn.dice().bits());
        let watch = self.watch();
        let living: Vec<Seat> = self.living().map(|(seat, _)| seat).collect();
        let mut stirred = Vec::new();
        for seat in living {
            if self.live(seat, &mut moment) {
                stirred.push(seat);
            }
        }
        let levels: BTreeSet<u32> = self.living().map(|(_, body)| body.level).collect();
        for level in levels {
            self.rouse(level, &mut moment);
            self.restock(level, &moment);
        }
        stirred.into_iter().for_each(|seat| self.remember(seat));
        self.show(watch, moment.happened, turn);
    }

    /// A tick in a body's life; whether it may see more now than before.
    fn live(&mut self, seat: Seat, moment: &mut Moment) -> bool {
        let tick = self.tick;
        let Some(body) = self.body_mut(seat).filter(|body| body.is_alive()) else { return false };
        for note in body.age(tick) {
            moment.happened.push(Happening::To(seat, Event::Message { note }));
        }
        let (number, heading) = (body.level, body.heading);
        let Some(next) = heading.direction().and_then(|way| body.spot.step(way)) else { return false };
        let Some(level) = self.level(number).filter(|level| level.floor.has(next)) else { return false };
        if level.monster_at(next).is_some() || self.body_at(number, next).is_some() {
            self.strike_if_allowed(seat, number, next, moment);
            return false;
        }
        if let Some(body) = self.body_mut(seat) {
            body.spot = next;
        }
        true
    }

    /// Players stand in each other's way without striking, unless the rules let them.
    fn strike_if_allowed(&mut self, seat: Seat, number: u32, spot: crate::grid::Spot, moment: &mut Moment) {
        if self.rules.pvp || self.body_at(number, spot).is_none() {
            self.strike(seat, spot, moment);
        }
    }
}

impl Body {
    /// What time does to a body whose player is there.
    fn age(&mut self, tick: u64) -> Vec<Note> {
        let mut notes = Vec::new();
        if !self.is_here() {
            return notes;
        }
        let was = self.light;
        self.light = was.saturating_sub(1);
        match self.light {
            0 if was > 0 => notes.push(Note::LightOut),
            light if light < LIGHT_LOW && was >= LIGHT_LOW => notes.push(Note::LightLow),
            _ => {}
        }
        let every = if self.resting { HEALS_AT_REST } else { HEALS };
        if tick.saturating_sub(self.born).is_multiple_of(every) && self.hp < HP {
            self.hp += 1;
            if self.hp == HP && self.resting {
                self.resting = false;
                notes.push(Note::Rested);
            }
        }
        notes
    }
}
