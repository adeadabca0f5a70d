//! Another game at the same table: where the configuration allows it, the room stays open for a while after a game, and if both
//! players agree the cards are dealt anew. Who did not begin the last game begins the next.

use crate::clock::{Bell, Watch};
use crate::event::Event;
use crate::state::{Cards, Phase, SEATS, Side};
use parlour_room::{Seat, Turn};
use std::time::Duration;

/// How long the players may think about another game.
const REMATCH_SECONDS: u32 = 60;
const KEY: &str = "rematch";

impl Cards {
    /// The game is over: either both are asked for another, or the room closes.
    pub(crate) fn offer_rematch(&mut self, turn: &mut Turn<Self>) {
        if self.game > self.rules.rematches || self.seated != [true; 2] {
            return self.close(turn);
        }
        self.phase = Phase::Rematch;
        self.watch.deadline_ms = turn.now_ms().saturating_add(u64::from(REMATCH_SECONDS) * 1000);
        turn.clock(KEY, Duration::from_secs(u64::from(REMATCH_SECONDS)), Bell::NoRematch);
        turn.tell(Event::RematchOffered { seconds: REMATCH_SECONDS, left: self.rules.rematches + 1 - self.game });
    }

    pub(crate) fn agree(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.agreed[usize::from(seat.0 != 0)] = true;
        turn.tell(Event::RematchWanted { seat });
        if self.agreed == [true; 2] {
            turn.stop_clock(KEY);
            self.clear();
            self.deal(turn);
        }
    }

    pub(crate) fn decline(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.tell(Event::RematchDeclined { seat });
        self.close(turn);
    }

    /// There is no other game: the room ends as its last game did.
    pub(crate) fn close(&mut self, turn: &mut Turn<Self>) {
        self.phase = Phase::Over;
        if let Some(outcome) = self.outcome {
            turn.close(outcome.reason.word());
        }
    }

    /// Who has agreed to another game.
    pub(crate) fn agreeing(&self) -> Vec<Seat> {
        SEATS.into_iter().zip(self.agreed).filter(|(_, agreed)| *agreed).map(|(seat, _)| seat).collect()
    }

    /// Nothing of the game before is left but the decks as they were brought.
    fn clear(&mut self) {
        for side in &mut self.sides {
            *side = Side::new(std::mem::take(&mut side.recipe).into_inner());
        }
        (self.field, self.outcome, self.turn) = (None, None, 0);
        self.agreed = [false; 2];
        self.watch = Watch::new();
    }
}
