//! An egg timer: it goes on while nobody is here. Whoever comes back is told that it rang.

use parlour::*;
use std::time::Duration;

#[kept]
pub(crate) struct Egg {
    rung: u32,
    boiling: bool,
}

#[wire(action)]
pub(crate) enum Action {
    /// Sets it.
    Boil { ms: u32 },
    /// Takes the egg out before its time.
    Cool,
}

#[wire(event)]
pub(crate) enum Event {
    Boils { ms: u32 },
    Cooled,
    Rang { rung: u32 },
}

#[wire]
pub(crate) struct View {
    rung: u32,
    boiling: bool,
}

#[kept]
pub(crate) struct Done;

#[room]
impl Room for Egg {
    fn seats(_: &Empty) -> Seats {
        Seats::Open(1000)
    }

    fn open(_: Empty, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { rung: 0, boiling: false })
    }

    fn check(&self, _: Seat, action: &Action) -> Result<(), Refused> {
        match action {
            Action::Boil { .. } if self.boiling => Err(Refused::new("boiling", "One egg at a time.")),
            Action::Cool if !self.boiling => Err(Refused::new("empty", "There is no egg in it.")),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, _: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Boil { ms } => {
                self.boiling = true;
                turn.clock("egg", Duration::from_millis(u64::from(ms)), Done);
                turn.tell(Event::Boils { ms });
            }
            Action::Cool => {
                self.boiling = false;
                turn.stop_clock("egg");
                turn.tell(Event::Cooled);
            }
        }
    }

    fn signal(&mut self, _: Done, turn: &mut Turn<Self>) {
        self.boiling = false;
        self.rung = self.rung.saturating_add(1);
        turn.tell(Event::Rang { rung: self.rung });
    }

    fn view(&self, _: Viewer) -> View {
        View { rung: self.rung, boiling: self.boiling }
    }
}
