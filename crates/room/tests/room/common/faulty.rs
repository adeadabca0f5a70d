//! A room that fails wherever it is told to.

use parlour_room::{As, Dice, Refused, Room, Seat, Seats, Turn, Viewer, Who, World, kept, room, wire};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A count, and the places at which the room panics from the beginning.
#[kept]
pub(crate) struct Faulty {
    count: u64,
    rotten: bool,
    panics: BTreeSet<Place>,
}

#[wire]
#[derive(Copy, PartialOrd, Ord)]
pub(crate) enum Place {
    Seats,
    Open,
    Admit,
    Joined,
    Left,
    Present,
    Resigned,
    Check,
    Legal,
    View,
    Sound,
    Refusal,
}

#[wire(config)]
#[derive(Default)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) panics: BTreeSet<Place>,
}

/// How something fails, if it does.
#[wire]
#[derive(Copy)]
pub(crate) enum How {
    Well,
    /// Changes the state, then panics.
    Panics,
    /// Leaves an unsound state.
    Rots,
    /// Tells what cannot be written as JSON.
    Unwritable,
    /// Sets a clock whose name is too long.
    LongKey,
    /// Nothing fails, but from now on everything panics.
    PoisonsAll,
}

#[wire(action)]
pub(crate) enum Do {
    Count { how: How },
    Arm { key: String, how: How },
    Ask { key: String },
    Refused,
}

#[wire(event)]
pub(crate) enum Event {
    Counted { count: u64 },
    Odd { map: BTreeMap<Vec<u8>, u8> },
}

pub(crate) enum Hows {}

impl World for Hows {
    type Pulse = parlour_room::Never;
    type Job = String;
    type Signal = How;
}

/// A refusal whose text may be what panics.
#[wire]
pub(crate) struct Sorry {
    code: String,
    panics: bool,
}

impl std::fmt::Display for Sorry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        assert!(!self.panics, "planted: refusal");
        f.write_str(&self.code)
    }
}

impl From<Refused> for Sorry {
    fn from(refused: Refused) -> Self {
        Self { code: refused.code, panics: false }
    }
}

#[room]
impl Room for Faulty {
    const PRESENCE: bool = true;
    type World = Hows;

    fn seats(config: &Config) -> Seats {
        assert!(!config.panics.contains(&Place::Seats), "planted: seats");
        Seats::Fixed(2)
    }

    fn open(config: Config, _dice: &mut Dice) -> Result<Self, Sorry> {
        assert!(!config.panics.contains(&Place::Open), "planted: open");
        Ok(Self { count: 0, rotten: false, panics: config.panics })
    }

    fn check(&self, _by: Seat, action: &Do) -> Result<(), Sorry> {
        self.at(Place::Check);
        let panics = self.panics.contains(&Place::Refusal);
        if matches!(action, Do::Refused) { Err(Sorry { code: "no".to_owned(), panics }) } else { Ok(()) }
    }

    fn apply(&mut self, _by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Count { how } => self.count(how, turn),
            Do::Arm { key, how } => turn.clock(&key, Duration::from_millis(10), how),
            Do::Ask { key } => turn.start(&key, "work".to_owned()),
            Do::Refused => unreachable!("refused"),
        }
    }

    fn view(&self, _viewer: Viewer) -> u64 {
        self.at(Place::View);
        self.count
    }

    fn admit(&self, _who: Who<'_>, wanted: As) -> Result<As, Sorry> {
        self.at(Place::Admit);
        Ok(wanted)
    }

    fn joined(&mut self, _seat: Seat, turn: &mut Turn<Self>) {
        self.count(How::Well, turn);
        self.at(Place::Joined);
    }

    fn left(&mut self, _seat: Seat, turn: &mut Turn<Self>) {
        self.count(How::Well, turn);
        self.at(Place::Left);
    }

    fn present(&mut self, _seat: Seat, _here: bool, turn: &mut Turn<Self>) {
        self.count(How::Well, turn);
        self.at(Place::Present);
    }

    fn resigned(&mut self, _seat: Seat, turn: &mut Turn<Self>) {
        self.count(How::Well, turn);
        self.at(Place::Resigned);
    }

    fn signal(&mut self, how: How, turn: &mut Turn<Self>) {
        self.count(how, turn);
    }

    fn legal(&self, _by: Seat) -> Vec<Do> {
        self.at(Place::Legal);
        vec![Do::Count { how: How::Well }]
    }

    fn sound(&self) -> Result<(), String> {
        self.at(Place::Sound);
        if self.rotten { Err("planted: rotten".to_owned()) } else { Ok(()) }
    }
}

impl Faulty {
    fn at(&self, place: Place) {
        assert!(!self.panics.contains(&place), "planted");
    }

    fn count(&mut self, how: How, turn: &mut Turn<Self>) {
        self.count += 1;
        turn.tell(Event::Counted { count: self.count });
        match how {
            How::Well => {}
            How::Panics => panic!("planted: count"),
            How::Rots => self.rotten = true,
            How::Unwritable => turn.tell(Event::Odd { map: BTreeMap::from([(vec![1, 2], 3)]) }),
            How::LongKey => turn.clock(&"k".repeat(65), Duration::ZERO, How::Well),
            How::PoisonsAll => {
                use Place::*;
                self.panics.extend([Admit, Joined, Left, Resigned, Check, Legal, View]);
            }
        }
    }
}
