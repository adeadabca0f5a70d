//! A room of open seats: everything said is kept, so that an action played twice or lost shows in the state. Clients with every
//! event need no view.

use parlour_room::{Audience, Dice, JobFault, Refused, Room, Seat, Seats, Source, Turn, Viewer, World, kept, room, wire};
use std::time::Duration;

/// What the rules say when they panic on purpose.
pub const PLANTED: &str = "planted: a guest trips";

/// What was said, and a bell.
#[kept]
pub struct Lounge {
    said: Vec<(Seat, String)>,
    rung: u32,
    armed: bool,
}

/// Nothing to choose.
#[wire(config)]
#[derive(Default)]
#[serde(default)]
pub struct Config {
    /// How many may be in.
    max: Option<u32>,
}

/// What a guest may do.
#[wire(action)]
pub enum Do {
    /// Says something.
    Say {
        /// What.
        text: String,
    },
    /// Says something to one guest.
    Whisper {
        /// To whom.
        to: Seat,
        /// What.
        text: String,
    },
    /// Tells so many events at once.
    Burst {
        /// How many.
        count: u32,
    },
    /// Sets the bell, which rings thrice.
    Arm {
        /// Milliseconds between.
        after_ms: u32,
    },
    /// Sends somebody to fetch something.
    Fetch {
        /// What.
        what: String,
    },
    /// Calls them back.
    Recall {
        /// What they were sent for.
        what: String,
    },
    /// Throws a guest out.
    Kick {
        /// Whom.
        seat: Seat,
    },
    /// Ends it.
    Shut,
    /// Panics half-way.
    Trip,
}

/// What guests hear.
#[wire(event)]
pub enum Event {
    /// Somebody came.
    Came {
        /// Who.
        seat: Seat,
    },
    /// Somebody went.
    Went {
        /// Who.
        seat: Seat,
    },
    /// Somebody said something.
    Said {
        /// Who.
        seat: Seat,
        /// What.
        text: String,
    },
    /// Somebody whispers.
    Whispered {
        /// Who.
        seat: Seat,
        /// What.
        text: String,
    },
    /// One of many.
    Pop {
        /// Which.
        number: u32,
        /// Drawn.
        luck: u32,
    },
    /// A guest is connected again, or no longer.
    Seen {
        /// Who.
        seat: Seat,
        /// Whether they are.
        here: bool,
    },
    /// Somebody came back with this, or with nothing.
    Fetched {
        /// What.
        what: Option<String>,
    },
    /// The bell.
    Rang {
        /// How often so far.
        rung: u32,
    },
}

/// What guests see and nobody keeps.
#[wire(pulse)]
pub enum Pulse {
    /// Somebody is writing: to one, or to all.
    Typing {
        /// To whom.
        to: Option<Seat>,
    },
}

/// The bell.
pub enum Bell {}

/// What comes from outside the rules.
#[kept]
pub enum Word {
    /// The bell.
    Ring(Ring),
    /// Somebody was sent and came back.
    Back(String),
    /// Somebody was sent and did not.
    Lost,
}

/// It rings, and so often more.
#[kept]
pub struct Ring {
    left: u32,
    after_ms: u32,
}

impl World for Bell {
    type Pulse = Pulse;
    type Job = String;
    type Signal = Word;
}

#[room]
impl Room for Lounge {
    const ATOMIC: bool = true;
    const RULES: u32 = 5;
    const PRESENCE: bool = true;
    const EVENTS_SUFFICE: bool = true;
    type World = Bell;

    fn seats(config: &Config) -> Seats {
        Seats::Open(config.max.unwrap_or(4))
    }

    fn open(_config: Config, _dice: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { said: Vec::new(), rung: 0, armed: false })
    }

    fn check(&self, by: Seat, action: &Do) -> Result<(), Refused> {
        let refused = |code, message| Err(Refused::new(code, message));
        match action {
            Do::Say { .. } if self.said.iter().rev().take(3).filter(|(seat, _)| *seat == by).count() == 3 => {
                refused("hush", "Let others speak.")
            }
            Do::Burst { count } if *count > 140 => refused("too_loud", "At most 140."),
            Do::Arm { .. } if self.armed => refused("armed", "The bell is set."),
            Do::Kick { seat } if *seat == by => refused("yourself", "Leave instead."),
            Do::Shut if self.said.len() < 12 => refused("early", "Say a dozen things first."),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Say { text } => {
                self.said.push((by, text.clone()));
                turn.tell(Event::Said { seat: by, text });
            }
            Do::Whisper { to, text } => {
                turn.tell_some(&[to, by], Event::Whispered { seat: by, text: text.clone() });
                self.said.push((by, text));
            }
            Do::Burst { count } => {
                for number in 0..count {
                    let luck = turn.dice().roll(6);
                    turn.tell(Event::Pop { number, luck });
                }
            }
            Do::Arm { after_ms } => {
                self.armed = true;
                turn.clock("bell", Duration::from_millis(u64::from(after_ms)), Word::Ring(Ring { left: 2, after_ms }));
            }
            Do::Fetch { what } => turn.start(&what, what.clone()),
            Do::Recall { what } => turn.stop(&what),
            Do::Kick { seat } => turn.remove(seat, "kicked"),
            Do::Shut => turn.close("shut"),
            Do::Trip => {
                self.said.push((by, "never kept".to_owned()));
                panic!("{PLANTED}");
            }
        }
    }

    fn view(&self, viewer: Viewer) -> Vec<(Seat, String)> {
        match viewer {
            Viewer::Seat(_) => self.said.clone(),
            Viewer::Spectator => self.said.iter().rev().take(5).cloned().collect(),
        }
    }

    /// Who must let others speak is not seen writing either: so who sees it depends on what was said last.
    fn pulse(&self, from: Source<'_>, Pulse::Typing { to }: &Pulse) -> Option<Audience> {
        let Source::Member(seat) = from else { return None };
        self.check(seat, &Do::Say { text: String::new() }).ok()?;
        Some(to.map_or(Audience::Everybody, |to| Audience::Seats(vec![to])))
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.tell(Event::Came { seat });
    }

    fn left(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.tell(Event::Went { seat });
    }

    fn present(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        turn.tell(Event::Seen { seat, here });
    }

    fn job_failed(&self, _key: &str, _why: JobFault) -> Option<Word> {
        Some(Word::Lost)
    }

    fn signal(&mut self, word: Word, turn: &mut Turn<Self>) {
        let ring = match word {
            Word::Ring(ring) => ring,
            Word::Back(what) => return turn.tell(Event::Fetched { what: Some(what) }),
            Word::Lost => return turn.tell(Event::Fetched { what: None }),
        };
        self.rung += 1;
        turn.tell(Event::Rang { rung: self.rung });
        if let Some(left) = ring.left.checked_sub(1) {
            turn.clock("bell", Duration::from_millis(u64::from(ring.after_ms)), Word::Ring(Ring { left, ..ring }));
        } else {
            self.armed = false;
        }
    }

    fn legal(&self, by: Seat) -> Vec<Do> {
        let text = || "hm".to_owned();
        let mut all = vec![Do::Say { text: text() }, Do::Arm { after_ms: 700 }, Do::Burst { count: 130 }, Do::Shut];
        all.extend(["tea", "news"].map(|what| Do::Fetch { what: what.to_owned() }));
        all.push(Do::Recall { what: "tea".to_owned() });
        all.extend((0..3).map(Seat).flat_map(|seat| [Do::Whisper { to: seat, text: text() }, Do::Kick { seat }]));
        all.retain(|action| self.check(by, action).is_ok());
        all
    }
}
