//! A room of open seats without luck or secrets, whose signal is a unit struct: written as JSON it is `null`.

use parlour_room::{As, Dice, Refused, Room, Seat, Seats, Turn, Viewer, Who, World, kept, room, wire};

/// What was said.
#[kept]
pub(crate) struct Chat {
    said: Vec<String>,
    errands: u32,
    pinned: serde_json::Value,
}

#[wire(config)]
pub(crate) struct Config {
    pub(crate) max: u32,
}

#[wire(action)]
pub(crate) enum Do {
    Say { text: String },
    Errand,
    Pin { value: serde_json::Value },
}

#[wire(event)]
pub(crate) enum Event {
    Said { seat: Seat, text: String },
    ErrandDone,
}

#[kept]
pub(crate) struct Done;

pub(crate) enum Errands {}

impl World for Errands {
    type Pulse = parlour_room::Never;
    type Job = u8;
    type Signal = Done;
}

#[room]
impl Room for Chat {
    const SEED: parlour_room::Reveal = parlour_room::Reveal::AtClose;
    type World = Errands;

    fn seats(config: &Config) -> Seats {
        Seats::Open(config.max)
    }

    fn open(_config: Config, _dice: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { said: Vec::new(), errands: 0, pinned: serde_json::Value::Null })
    }

    fn check(&self, _by: Seat, action: &Do) -> Result<(), Refused> {
        match action {
            Do::Say { text } if text.is_empty() => Err(Refused::new("empty", "Say something.")),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Say { text } => {
                self.said.push(text.clone());
                turn.tell(Event::Said { seat: by, text });
            }
            Do::Errand => turn.start("errand", 7),
            Do::Pin { value } => self.pinned = value,
        }
    }

    fn view(&self, _viewer: Viewer) -> Vec<String> {
        self.said.clone()
    }

    fn admit(&self, who: Who<'_>, wanted: As) -> Result<As, Refused> {
        match who.user {
            "mallory" => Err(Refused::new("banned", "You may not come in.")),
            "shy" => Ok(As::Spectator),
            _ => Ok(wanted),
        }
    }

    fn signal(&mut self, _done: Done, turn: &mut Turn<Self>) {
        self.errands += 1;
        turn.tell(Event::ErrandDone);
    }
}
