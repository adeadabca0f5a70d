//! A pad everybody writes on, but for bots: no clock, no luck, nothing hidden. The least a room can be.

use parlour::{Alone, As, Dice, Refused, Room, Seat, Seats, Turn, Viewer, Who};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pad {
    lines: u32,
    last: String,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    Write { text: String },
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event {
    Written { by: Seat, text: String },
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct View {
    lines: u32,
    last: String,
}

impl Room for Pad {
    const KIND: &'static str = "pad";
    const RULES: u32 = 1;

    type Config = Config;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refused;
    type World = Alone;

    fn seats(_: &Config) -> Seats {
        Seats::Open(1000)
    }

    fn open(_: Config, _: &mut Dice) -> Result<Self, Refused> {
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
