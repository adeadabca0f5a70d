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

    /// The bodies are gone, what they carried lies where they stood, and their fields are free.
    pub(crate) fn depart(&mut self, seats: &[Seat], turn: &mut Turn<Self>) {
        let before = self.watch();
        for &seat in seats {
            self.spill(seat);
            self.bodies.reveal_mut().remove(&seat);
            turn.tell(Event::Departed { seat });
        }
        self.show(before, Vec::new(), turn);
        self.wind(turn);
    }

    /// Who is away stands still.
    pub(crate) fn heed(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        let leaves_ms = turn.now_ms().saturating_add(u64::from(self.rules.away_s) * 1000);
        if let Some(body) = self.body_mut(seat) {
            body.leaves_ms = (!here).then_some(leaves_ms);
            if !here {
                body.heading = Heading::Stop;
            }
        }
        self.wind(turn);
    }

    /// Who has been away for too long has left: nobody keeps a seat for ever by losing the connection.
    pub(crate) fn clear(&mut self, turn: &mut Turn<Self>) {
        self.leaves_ms = None;
        let has_left = |body: &Body| body.leaves_ms.is_some_and(|leaves_ms| leaves_ms <= turn.now_ms());
        let seats: Vec<Seat> = self.bodies.reveal().iter().filter(|(_, body)| has_left(body)).map(|(seat, _)| *seat).collect();
        self.depart(&seats, turn);
        seats.into_iter().for_each(|seat| turn.remove(seat, "away"));
    }

    pub(crate) fn respawn(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let Some(spot) = self.level(1).and_then(|level| self.free_near(1, level.up)) else { return };
        let before = self.watch();
        let tick = self.tick;
        let Some(body) = self.body_mut(seat) else { return };
        let old = std::mem::replace(body, Body::new(seat, spot, tick));
        (body.known, body.leaves_ms, body.acts) = (old.known, old.leaves_ms, tick.saturating_add(1));
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
