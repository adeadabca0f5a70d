//! A number to be guessed, with answers that rightly tell something of it.

use parlour_room::proof::Disguise;
use parlour_room::{Dice, Empty, Room, Seat, Seats, Secret, Turn, Viewer, kept, room, wire};
use std::cmp::Ordering;

#[kept]
pub(crate) struct Guess {
    number: Secret<u32>,
    guesses: u32,
}

#[wire(action)]
pub(crate) enum Action {
    Guess { number: u32 },
}

#[wire(event)]
pub(crate) enum Event {
    Guessed { by: Seat, number: u32, verdict: Verdict },
}

#[wire]
#[derive(Copy)]
pub(crate) enum Verdict {
    Higher,
    Lower,
    Found,
}

#[wire]
pub(crate) struct View {
    guesses: u32,
}

#[wire(refusal)]
pub(crate) enum Refusal {
    /// Guess a number from 1 to 100, not {number}.
    OutOfRange { number: u32 },
}

#[room]
impl Room for Guess {
    fn seats(_: &Empty) -> Seats {
        Seats::Open(8)
    }

    fn open(_: Empty, dice: &mut Dice) -> Result<Self, Refusal> {
        Ok(Self { number: Secret::new(dice.roll(100)), guesses: 0 })
    }

    fn check(&self, _: Seat, Action::Guess { number }: &Action) -> Result<(), Refusal> {
        if (1..=100).contains(number) { Ok(()) } else { Err(Refusal::OutOfRange { number: *number }) }
    }

    fn apply(&mut self, by: Seat, Action::Guess { number }: Action, turn: &mut Turn<Self>) {
        self.guesses += 1;
        let verdict = match number.cmp(self.number.reveal()) {
            Ordering::Less => Verdict::Higher,
            Ordering::Greater => Verdict::Lower,
            Ordering::Equal => Verdict::Found,
        };
        turn.tell(Event::Guessed { by, number, verdict });
        if verdict == Verdict::Found {
            turn.close("found");
        }
    }

    fn view(&self, _: Viewer) -> View {
        View { guesses: self.guesses }
    }
}

impl Disguise for Guess {
    fn disguise(&self, _: Viewer, dice: &mut Dice) -> Self {
        Self { number: Secret::new(dice.roll(100)), ..self.clone() }
    }

    fn reveals(&self, _: Viewer, _: Seat, _: &Action) -> bool {
        true
    }
}
