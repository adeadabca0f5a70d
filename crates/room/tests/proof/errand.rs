//! Nothing hidden, but clocks and jobs. The configuration says which fault was planted.

use parlour_room::proof::Disguise;
use parlour_room::{Dice, Refused, Room, Seat, Seats, Turn, Viewer, World, kept, room, wire};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What was planted.
#[wire]
#[derive(Copy, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    Panics,
    Forgets,
    ListsTooMuch,
    DrawsElsewhere,
    Rots,
    /// Not everybody sees the same, and nothing says what is hidden.
    HidesWithoutAWord,
    /// The version of a view is the same for ever.
    StandsStill,
}

static ELSEWHERE: AtomicU64 = AtomicU64::new(0);

#[kept]
pub(crate) struct Errand {
    fault: Fault,
    said: Vec<String>,
    fetched: u32,
    rung: u64,
    #[serde(skip)]
    unkept: u64,
}

#[wire(config)]
#[derive(Default)]
#[serde(default)]
pub(crate) struct Config {
    fault: Fault,
}

#[wire(action)]
pub(crate) enum Action {
    Say { text: String },
    Fetch { what: String },
    Forget,
}

#[wire(event)]
pub(crate) enum Event {
    Said { seat: Seat, text: String },
    Fetched { what: String },
    Rang { rung: u64 },
}

#[kept]
pub(crate) enum Signal {
    Bell,
    Fetched { what: String },
}

pub(crate) enum Outside {}

impl World for Outside {
    type Pulse = parlour_room::Never;
    type Job = String;
    type Signal = Signal;
}

#[room]
impl Room for Errand {
    type World = Outside;

    fn seats(_: &Config) -> Seats {
        Seats::Open(3)
    }

    fn open(config: Config, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { fault: config.fault, said: Vec::new(), fetched: 0, rung: 0, unkept: 0 })
    }

    fn check(&self, _: Seat, action: &Action) -> Result<(), Refused> {
        match action {
            Action::Say { text } if text.is_empty() => Err(Refused::new("empty", "Say something.")),
            Action::Forget if self.said.is_empty() => Err(Refused::new("nothing_said", "There is nothing to forget.")),
            Action::Fetch { what } if what.len() > 40 => Err(Refused::new("too_long", "At most 40 bytes.")),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Say { text } => {
                assert!(self.fault != Fault::Panics || text.is_ascii(), "planted: only ASCII was thought of");
                self.said.push(text.clone());
                turn.tell(Event::Said { seat: by, text });
            }
            Action::Fetch { what } => turn.start("fetch", what),
            Action::Forget => drop(self.said.pop()),
        }
        turn.clock("bell", Duration::from_millis(500), Signal::Bell);
    }

    fn view_version(&self, _class: Viewer) -> Option<u64> {
        match self.fault {
            Fault::StandsStill => Some(7),
            _ => Some(u64::from(self.fetched) + self.rung),
        }
    }

    fn view(&self, viewer: Viewer) -> u64 {
        let seen = if self.fault == Fault::HidesWithoutAWord && viewer == Viewer::Spectator { 0 } else { 1 };
        seen * (u64::from(self.fetched) + self.rung)
    }

    fn signal(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        match signal {
            Signal::Bell => {
                self.unkept += 1;
                self.rung += match self.fault {
                    Fault::Forgets => self.unkept,
                    Fault::DrawsElsewhere => ELSEWHERE.fetch_add(1, Ordering::Relaxed),
                    _ => 1,
                };
                turn.tell(Event::Rang { rung: self.rung });
            }
            Signal::Fetched { what } => {
                self.fetched += 1;
                turn.tell(Event::Fetched { what });
            }
        }
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        let all = [Action::Say { text: "hm".to_owned() }, Action::Fetch { what: "tea".to_owned() }, Action::Forget];
        all.into_iter().filter(|action| self.fault == Fault::ListsTooMuch || self.check(by, action).is_ok()).collect()
    }

    fn sound(&self) -> Result<(), String> {
        if self.fault == Fault::Rots && self.fetched > 3 { Err("planted: too much tea".to_owned()) } else { Ok(()) }
    }
}

impl Disguise for Errand {
    /// Nothing is hidden.
    fn disguise(&self, _: Viewer, _: &mut Dice) -> Self {
        self.clone()
    }

    fn result(job: &String, _: &mut Dice) -> Option<Signal> {
        Some(Signal::Fetched { what: job.clone() })
    }
}
