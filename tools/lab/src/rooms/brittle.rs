//! Rules that fail over every action of a game that would go on. Whoever sits here can still resign: by these rules if
//! `resigns`, else by the table alone.

use parlour::*;

#[kept]
pub(crate) struct Brittle {
    resigns: bool,
    resigned: Option<Seat>,
}

#[wire(config)]
#[derive(Default)]
#[serde(default)]
pub(crate) struct Config {
    resigns: bool,
}

#[wire(action)]
pub(crate) enum Action {
    /// Breaks it.
    Touch,
}

#[wire(event)]
pub(crate) enum Event {
    GaveUp { seat: Seat },
}

#[wire]
pub(crate) struct View {
    phase: String,
    turn: u32,
    current: Seat,
    resigned: Option<Seat>,
}

#[room]
impl Room for Brittle {
    fn seats(_: &Config) -> Seats {
        Seats::Fixed(2)
    }

    fn open(config: Config, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { resigns: config.resigns, resigned: None })
    }

    fn check(&self, _: Seat, _: &Action) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, _: Seat, Action::Touch: Action, _: &mut Turn<Self>) {
        panic!("it breaks");
    }

    fn resigned(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        assert!(self.resigns, "it breaks");
        self.resigned = Some(seat);
        turn.tell(Event::GaveUp { seat });
        turn.close("given up");
    }

    fn view(&self, _: Viewer) -> View {
        View { phase: "main".to_owned(), turn: 1, current: Seat(0), resigned: self.resigned }
    }
}
