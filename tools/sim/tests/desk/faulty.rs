//! A counter that fails where it is told to. `OTHER` makes it count otherwise, under the same rules' number: what a journal is to
//! find out.

use parlour_room::{Dice, Never, Refused, Room, Seat, Seats, Turn, Viewer, World};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Faulty<const OTHER: bool> {
    count: u32,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Do {
    Count,
    /// Counts, then panics.
    Panic,
    /// Sets a clock that panics when it runs out, so many times.
    Arm {
        times: u32,
    },
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event {
    Counted { count: u32 },
}

pub(crate) enum Bombs {}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Bomb;

impl World for Bombs {
    type Pulse = Never;
    type Job = Never;
    type Signal = Bomb;
}

impl<const OTHER: bool> Room for Faulty<OTHER> {
    const KIND: &'static str = "faulty";
    const RULES: u32 = 1;
    type Config = Config;
    type Action = Do;
    type Event = Event;
    type View = u32;
    type Refusal = Refused;
    type World = Bombs;

    fn seats(_config: &Config) -> Seats {
        Seats::Open(8)
    }

    fn open(_config: Config, _dice: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { count: 0 })
    }

    fn check(&self, _by: Seat, _action: &Do) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, _by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Count => {
                self.count += if OTHER { 2 } else { 1 };
                turn.tell(Event::Counted { count: self.count });
            }
            Do::Panic => {
                self.count += 100;
                panic!("planted: an action");
            }
            Do::Arm { times } => {
                (0..times).for_each(|n| turn.clock(&format!("bomb {n}"), Duration::from_millis(u64::from(10 * (n + 1))), Bomb));
            }
        }
    }

    fn view(&self, _viewer: Viewer) -> u32 {
        self.count
    }

    fn signal(&mut self, _bomb: Bomb, _turn: &mut Turn<Self>) {
        self.count += 1000;
        panic!("planted: a clock");
    }

    fn legal(&self, _by: Seat) -> Vec<Do> {
        vec![Do::Count]
    }
}
