//! A room with next to no rules: what it costs is what the house itself costs.

use parlour_room::{Dice, Empty, Refused, Room, Seat, Seats, Turn, Viewer, kept, room, wire};

#[kept]
pub(crate) struct Bare {
    said: u64,
}

#[wire(action)]
pub(crate) enum Action {
    Say { text: String },
}

#[wire(event)]
pub(crate) enum Event {
    Said { by: Seat, text: String, said: u64 },
}

#[wire]
pub(crate) struct View {
    said: u64,
}

#[room]
impl Room for Bare {
    fn seats(_: &Empty) -> Seats {
        Seats::Fixed(2)
    }

    fn open(_: Empty, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { said: 0 })
    }

    fn check(&self, _: Seat, _: &Action) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, by: Seat, Action::Say { text }: Action, turn: &mut Turn<Self>) {
        self.said += 1;
        turn.tell(Event::Said { by, text, said: self.said });
    }

    fn view(&self, _: Viewer) -> View {
        View { said: self.said }
    }
}
