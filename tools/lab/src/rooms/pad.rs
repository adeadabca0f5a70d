//! A pad everybody writes on, but for bots: no clock, no luck, nothing hidden. The least a room can be.

use parlour::*;

#[kept]
pub(crate) struct Pad {
    lines: u32,
    last: String,
}

#[wire(action)]
pub(crate) enum Action {
    Write { text: String },
}

#[wire(event)]
pub(crate) enum Event {
    Written { by: Seat, text: String },
}

#[wire]
pub(crate) struct View {
    lines: u32,
    last: String,
}

#[room]
impl Room for Pad {
    fn seats(_: &Empty) -> Seats {
        Seats::Open(1000)
    }

    fn open(_: Empty, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { lines: 0, last: String::new() })
    }

    fn admit(&self, who: Who<'_>, wanted: As) -> Result<As, Refused> {
        Ok(if who.bot { As::Spectator } else { wanted })
    }

    fn check(&self, _: Seat, Action::Write { text }: &Action) -> Result<(), Refused> {
        if text.is_empty() { Err(Refused::new("empty", "Write something.")) } else { Ok(()) }
    }

    fn apply(&mut self, by: Seat, Action::Write { text }: Action, turn: &mut Turn<Self>) {
        self.lines = self.lines.saturating_add(1);
        self.last.clone_from(&text);
        turn.tell(Event::Written { by, text });
    }

    fn view(&self, _: Viewer) -> View {
        View { lines: self.lines, last: self.last.clone() }
    }
}
