//! The turn clock: whoever must act has so many seconds. It warns when half and when a quarter of them are left.
//!
//! A player's turn is one term, a forced choice of the other player within it another: while that runs, the turn's own term is
//! held, and then goes on with what was left of it. The setup is one term for both players.

use crate::event::Event;
use crate::outcome::{Outcome, Reason};
use crate::state::{Cards, Phase, foe};
use parlour_room::{Never, Seat, Turn, World};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const KEY: &str = "turn";

/// What the game exchanges with the world: only its clock.
pub struct Clocks;

impl World for Clocks {
    type Pulse = Never;
    type Job = Never;
    type Signal = Bell;
}

/// What the clock rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bell {
    /// Half of the time is left.
    Half,
    /// A quarter of the time is left.
    Quarter,
    /// No time is left.
    Out,
    /// Whoever was away has not come back in time.
    Gone {
        /// Who.
        seat: Seat,
    },
    /// The players have not agreed to another game in time.
    NoRematch,
}

/// The clock as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Watch {
    term: Option<Term>,
    /// In room time.
    pub(crate) deadline_ms: u64,
    next: Bell,
    held: Option<Held>,
}

/// What the time is for: two terms are the same if both fields are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Term {
    turn: u32,
    /// Nobody's own in the setup.
    seat: Option<Seat>,
}

/// What is left of a turn's term while the other player must choose.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Held {
    turn: u32,
    left_ms: u64,
    next: Bell,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { term: None, deadline_ms: 0, next: Bell::Half, held: None }
    }
}

impl Cards {
    /// Sets the clock for whoever must act now, unless it runs for them already.
    pub(crate) fn retime(&mut self, turn: &mut Turn<Self>) {
        let seat = if self.phase == Phase::Setup { None } else { self.to_act().first().copied() };
        let term = Term { turn: self.turn, seat };
        let before = self.watch.term.replace(term);
        if self.outcome.is_some() || before == Some(term) {
            return;
        }
        let own = Some(Term { turn: self.turn, seat: Some(self.current) });
        if before == own {
            let left_ms = self.watch.deadline_ms.saturating_sub(turn.now_ms());
            self.watch.held = Some(Held { turn: self.turn, left_ms, next: self.watch.next });
        }
        let held = self.watch.held.take_if(|held| Some(term) == own || held.turn != self.turn);
        let (left_ms, next) = match held {
            Some(held) if held.turn == self.turn => (held.left_ms, held.next),
            _ => (self.full_ms(), Bell::Half),
        };
        self.watch.deadline_ms = turn.now_ms().saturating_add(left_ms);
        self.watch.next = next;
        self.wind(turn);
    }

    pub(crate) fn ring(&mut self, bell: Bell, turn: &mut Turn<Self>) {
        let late = self.to_act();
        match bell {
            Bell::NoRematch if self.phase == Phase::Rematch => self.close(turn),
            _ if !self.is_on() => {}
            Bell::NoRematch => {}
            Bell::Gone { seat } => self.forfeit(seat, turn),
            Bell::Half => self.warn(&late, Bell::Quarter, turn),
            Bell::Quarter => self.warn(&late, Bell::Out, turn),
            Bell::Out => self.time_out(&late, turn),
        }
    }

    fn warn(&mut self, late: &[Seat], next: Bell, turn: &mut Turn<Self>) {
        let left_ms = self.watch.deadline_ms.saturating_sub(turn.now_ms());
        let remaining_seconds = u32::try_from(left_ms.div_ceil(1000)).unwrap_or(u32::MAX);
        for &seat in late {
            turn.tell(Event::TurnWarning { seat, remaining_seconds });
        }
        self.watch.next = next;
        self.wind(turn);
    }

    fn time_out(&mut self, late: &[Seat], turn: &mut Turn<Self>) {
        for &seat in late {
            turn.tell(Event::TurnTimeout { seat });
        }
        let winner = match late {
            [seat] => Some(foe(*seat)),
            _ => None,
        };
        self.end(Outcome { winner, reason: Reason::Timeout }, turn);
    }

    /// The game is over: nobody's time runs any more.
    pub(crate) fn stop_watch(&mut self, turn: &mut Turn<Self>) {
        self.watch = Watch::new();
        turn.stop_clock(KEY);
    }

    fn wind(&self, turn: &mut Turn<Self>) {
        let before_ms = match self.watch.next {
            Bell::Half => self.full_ms() / 2,
            Bell::Quarter => self.full_ms() / 4,
            Bell::Out | Bell::Gone { .. } | Bell::NoRematch => 0,
        };
        let at_ms = self.watch.deadline_ms.saturating_sub(before_ms);
        turn.clock(KEY, Duration::from_millis(at_ms.saturating_sub(turn.now_ms())), self.watch.next);
    }

    fn full_ms(&self) -> u64 {
        u64::from(self.rules.seconds_per_turn) * 1000
    }
}
