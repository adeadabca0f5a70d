//! Who loses the connection has some time to come back, which both players see run down; then the game is forfeit. Time does
//! not run before the cards are dealt nor after the game.

use crate::clock::Bell;
use crate::event::Event;
use crate::outcome::{Outcome, Reason};
use crate::state::{Cards, SEATS, foe};
use parlour_room::{Seat, Turn};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether a player is here, as it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Grace {
    pub(crate) is_away: bool,
    /// When the game is forfeit, in room time.
    pub(crate) deadline_ms: Option<u64>,
}

impl Cards {
    pub(crate) fn grace(&self, seat: Seat) -> &Grace {
        &self.graces[usize::from(seat.0 != 0)]
    }

    fn grace_mut(&mut self, seat: Seat) -> &mut Grace {
        &mut self.graces[usize::from(seat.0 != 0)]
    }

    pub(crate) fn went(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.grace_mut(seat).is_away = true;
        self.allow(seat, turn);
    }

    pub(crate) fn came(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let was_running = self.grace(seat).deadline_ms.is_some();
        *self.grace_mut(seat) = Grace::default();
        if was_running {
            turn.stop_clock(key(seat));
            turn.tell(Event::Back { seat });
        }
    }

    /// A game begins: who is away already has as long as anybody.
    pub(crate) fn allow_all(&mut self, turn: &mut Turn<Self>) {
        SEATS.into_iter().for_each(|seat| self.allow(seat, turn));
    }

    /// A game is over: nobody's time runs any more.
    pub(crate) fn allow_nobody(&mut self, turn: &mut Turn<Self>) {
        for seat in SEATS {
            if self.grace_mut(seat).deadline_ms.take().is_some() {
                turn.stop_clock(key(seat));
            }
        }
    }

    fn allow(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        if !self.grace(seat).is_away || !self.is_on() {
            return;
        }
        let seconds = self.rules.grace_seconds;
        let grace = Duration::from_secs(u64::from(seconds));
        self.grace_mut(seat).deadline_ms = Some(turn.now_ms().saturating_add(u64::from(seconds) * 1000));
        turn.clock(key(seat), grace, Bell::Gone { seat });
        turn.tell(Event::Away { seat, seconds });
    }

    /// The grace is over. Who is here has won; if the other is away too, nobody has.
    pub(crate) fn forfeit(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.tell(Event::Forfeited { seat });
        let winner = Some(foe(seat)).filter(|&foe| !self.grace(foe).is_away);
        self.end(Outcome { winner, reason: Reason::Forfeit }, turn);
    }
}

fn key(seat: Seat) -> &'static str {
    if seat == Seat(0) { "away-0" } else { "away-1" }
}
