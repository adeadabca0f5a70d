//! Coming, going, being away, and beginning again.

use crate::body::Body;
use crate::event::Event;
use crate::generate::generate;
use crate::grid::Heading;
use crate::state::Dungeon;
use parlour_room::{Seat, Turn};

impl Dungeon {
    /// The body appears near the stairs. The first who comes finds the first level new.
    pub(crate) fn enter(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.reach(1, turn);
        let before = self.watch();
        let Some(spot) = self.level(1).and_then(|level| self.free_near(1, level.up)) else { return };
        let tick = self.tick;
        self.bodies.reveal_mut().insert(seat, Body::new(seat, spot, tick));
        turn.tell(Event::Entered { seat });
        self.remember(seat);
        self.show(before.without(seat), Vec::new(), turn);
        self.wind(turn);
    }

    /// The body is gone, what it carried lies where it stood, and its field is free.
    pub(crate) fn depart(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let before = self.watch();
        self.spill(seat);
        self.bodies.reveal_mut().remove(&seat);
        turn.tell(Event::Departed { seat });
        self.show(before, Vec::new(), turn);
        self.wind(turn);
    }

    /// Who is away stands still.
    pub(crate) fn heed(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        if let Some(body) = self.body_mut(seat) {
            body.here = here;
            if !here {
                body.heading = Heading::Stop;
            }
        }
        self.wind(turn);
    }

    pub(crate) fn respawn(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let Some(spot) = self.level(1).and_then(|level| self.free_near(1, level.up)) else { return };
        let before = self.watch();
        let tick = self.tick;
        let Some(body) = self.body_mut(seat) else { return };
        let old = std::mem::replace(body, Body::new(seat, spot, tick));
        (body.known, body.here, body.acts) = (old.known, old.here, tick.saturating_add(1));
        body.best = old.best.max(old.recap.map_or(0, |recap| recap.score));
        if old.level != 1 {
            turn.tell(Event::Reached { seat, level: 1 });
        }
        self.remember(seat);
        self.show(before, Vec::new(), turn);
        self.wind(turn);
    }

    /// The level is there, with all that lives and lies on it.
    pub(crate) fn reach(&mut self, number: u32, turn: &mut Turn<Self>) {
        let there = u32::try_from(self.levels.reveal().len()).unwrap_or(u32::MAX);
        if number <= there || number > self.rules.levels {
            return;
        }
        let level = generate(turn.dice(), number < self.rules.levels);
        self.levels.reveal_mut().push(level);
        let moment = turn.dice().bits();
        self.stock(number, moment);
    }
}
