//! A lounge: open seats, a history for good, typing that is shown and not kept, whispers, a door that can be shut to strangers.

use parlour::{As, Who};
use parlour::{Audience, Dice, Never, Refused, Room, Seat, Seats, Source, Turn, Viewer, World};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Lounge {
    lines: u32,
    /// Strangers see nothing of it.
    is_shut: bool,
    /// Who may not speak.
    hushed: Option<Seat>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    seats: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { seats: 8 }
    }
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Says something to everybody.
    Say { text: String },
    /// Says something to one; the others hear that there was a whisper.
    Whisper { to: Seat, text: String },
    /// Says something to one, and nobody else hears anything.
    Murmur { to: Seat, text: String },
    /// Says it so often.
    Repeat { text: String, times: u32 },
    /// From now on nobody hears this guest.
    Hush { seat: Seat },
    /// Shuts the door to strangers, or opens it.
    Shut { shut: bool },
    /// Gives up one's own seat.
    Go,
    /// Ends it.
    End,
    /// A mistake in these rules.
    Trip,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event {
    Said { by: Seat, text: String },
    Whispered { by: Seat, to: Seat, text: Option<String> },
    Murmured { by: Seat, text: String },
    Hushed { seat: Seat },
}

/// Shown and never kept.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Pulse {
    /// Somebody is writing: to everybody, or to one.
    Typing { to: Option<Seat> },
    /// Where somebody's pen is.
    Pen { x: i32, y: i32 },
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct View {
    lines: u32,
}

pub(crate) enum Outside {}

impl World for Outside {
    type Pulse = Pulse;
    type Job = Never;
    type Signal = Never;
}

impl Room for Lounge {
    const ATOMIC: bool = true;
    const KIND: &'static str = "lounge";
    const RULES: u32 = 1;
    const HISTORY: bool = true;

    type Config = Config;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refused;
    type World = Outside;

    fn seats(config: &Config) -> Seats {
        Seats::Open(config.seats)
    }

    fn open(_: Config, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { lines: 0, is_shut: false, hushed: None })
    }

    fn admit(&self, _: Who<'_>, wanted: As) -> Result<As, Refused> {
        match wanted {
            As::Spectator if self.is_shut => Err(Refused::new("shut", "The door is shut.")),
            wanted => Ok(wanted),
        }
    }

    fn check(&self, by: Seat, action: &Action) -> Result<(), Refused> {
        match action {
            Action::Say { .. } | Action::Whisper { .. } if self.hushed == Some(by) => Err(Refused::new("hushed", "Not you.")),
            Action::Say { text } if text.is_empty() => Err(Refused::new("empty", "Say something.")),
            Action::Say { text } if text.len() > 1000 => Err(Refused::new("too_long", &text.repeat(2))),
            Action::Repeat { times, .. } if *times > 400 => Err(Refused::new("too_often", "At most 400 times.")),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Say { text } => self.say(by, text, turn),
            Action::Repeat { text, times } => {
                for time in 0..times {
                    self.say(by, format!("{text} {time}"), turn);
                }
            }
            Action::Whisper { to, text } => {
                let own = Event::Whispered { by, to, text: Some(text) };
                turn.tell_apart(&[by, to], own, Event::Whispered { by, to, text: None });
            }
            Action::Murmur { to, text } => turn.tell_only(to, Event::Murmured { by, text }),
            Action::Hush { seat } => {
                self.hushed = Some(seat);
                turn.tell(Event::Hushed { seat });
            }
            Action::Shut { shut } => self.is_shut = shut,
            Action::Go => turn.remove(by, "gone"),
            Action::End => turn.close("over"),
            Action::Trip => panic!("a guest trips"),
        }
    }

    fn pulse(&self, from: Source<'_>, pulse: &Pulse) -> Option<Audience> {
        let Source::Member(seat) = from else { return None };
        match pulse {
            _ if self.hushed == Some(seat) => None,
            Pulse::Typing { to: Some(to) } => Some(Audience::Seats(vec![*to])),
            Pulse::Typing { to: None } | Pulse::Pen { .. } => Some(Audience::Everybody),
        }
    }

    fn view(&self, _: Viewer) -> View {
        View { lines: self.lines }
    }
}

impl Lounge {
    fn say(&mut self, by: Seat, text: String, turn: &mut Turn<Self>) {
        self.lines = self.lines.saturating_add(1);
        turn.tell(Event::Said { by, text });
    }
}
