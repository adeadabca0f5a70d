//! A count, a bell and an errand, under several rules: 1 count by ones; 2 count by tens and take over what 1 counted; the others
//! would like to, and cannot.

use parlour_room::{
    Dice, Empty, Hash64, Migrated, Old, Refused, Room, Seat, Seats, Turn, Unmigrated, Viewer, World, kept, room, wire,
};
use std::time::Duration;

pub(crate) const ONES: u32 = 1;
pub(crate) const TENS: u32 = 2;
/// The same rules as `TENS`, with another content, and no migration.
pub(crate) const OTHER_CONTENT: u32 = 3;
pub(crate) const PANICS: u32 = 4;
pub(crate) const ROTS: u32 = 5;

#[kept]
pub(crate) struct Tally<const RULES: u32> {
    pub(crate) count: u64,
}

#[wire(action)]
pub(crate) enum Do {
    Add,
    Arm { after_ms: u64 },
    Ask,
}

#[wire(event)]
pub(crate) enum Event {
    Counted { by: Option<Seat>, count: u64 },
}

#[kept]
pub(crate) enum Signal {
    Rang { times: u64 },
    Fetched { times: u64 },
}

pub(crate) enum Outside {}

impl World for Outside {
    type Pulse = parlour_room::Never;
    type Job = String;
    type Signal = Signal;
}

/// The state as rules 1 keep it.
#[kept]
struct Before {
    count: u64,
}

#[room]
impl<const RULES: u32> Room for Tally<RULES> {
    const RULES: u32 = if RULES == OTHER_CONTENT { TENS } else { RULES };
    type World = Outside;

    fn content() -> Hash64 {
        if RULES == OTHER_CONTENT { Hash64::of(b"other tables") } else { Hash64(0) }
    }

    fn migrate(old: Old) -> Result<Migrated<Self>, Unmigrated> {
        match RULES {
            PANICS => panic!("planted: migrate"),
            TENS | ROTS if old.rules == ONES => {
                let Before { count } = old.state()?;
                let mut new = Migrated::with(&old, Self { count: count * 10 })?;
                new.clocks.insert("added".to_owned(), (1 << 40, Signal::Rang { times: 1 }));
                Ok(new)
            }
            _ => Err(Unmigrated::because(format!("rules {} are too old", old.rules))),
        }
    }

    fn seats(_: &Empty) -> Seats {
        Seats::Open(2)
    }

    fn open(_: Empty, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { count: 0 })
    }

    fn check(&self, _: Seat, _: &Do) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Add => self.add(Some(by), 1, turn),
            Do::Arm { after_ms } => turn.clock("bell", Duration::from_millis(after_ms), Signal::Rang { times: 2 }),
            Do::Ask => turn.start("errand", "fetch".to_owned()),
        }
    }

    fn view(&self, _: Viewer) -> u64 {
        self.count
    }

    fn signal(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        let (Signal::Rang { times } | Signal::Fetched { times }) = signal;
        self.add(None, times, turn);
    }

    fn sound(&self) -> Result<(), String> {
        if RULES == ROTS { Err("planted: rotten".to_owned()) } else { Ok(()) }
    }
}

impl<const RULES: u32> Tally<RULES> {
    fn add(&mut self, by: Option<Seat>, times: u64, turn: &mut Turn<Self>) {
        self.count += times * if RULES == ONES { 1 } else { 10 };
        turn.tell(Event::Counted { by, count: self.count });
    }
}
