//! An original dungeon for many: dark levels below each other, crawled in real time.
//!
//! **The rules in short.** A level is 60 by 40 fields of wall and floor. Ten times a second everybody who walks takes a step;
//! walking into a monster strikes it, and it strikes back in its own way. What lies about can be carried: weapons, armour,
//! draughts, scrolls, torches. Light burns down, and by a low light one sees little. Gold and depth count. Who dies leaves
//! everything behind and begins again on the first level.
//!
//! **Where to read.** `state.rs`, `body.rs`, `level.rs`, `monster.rs` and `item.rs` are all that is kept; `action.rs`,
//! `event.rs`, `view.rs`, `refusal.rs` and `config.rs` all that is sent. `generate.rs` makes levels, `stock.rs` fills them.
//! `sight.rs` says what can be seen from where, `seen.rs` what a viewer is shown, and `watch.rs`, from which all that happens
//! on a level is told, what they are told. `act.rs` plays actions, `tick.rs` the ticks, `brood.rs` the monsters, `fight.rs`
//! blows and deaths, `come.rs` who comes and goes. `hidden.rs` and `sound.rs` are there to be held against all of it;
//! `promise.rs` is what a bot goes by.

mod act;
mod action;
mod body;
mod brood;
mod come;
mod config;
mod event;
mod fight;
mod generate;
mod grid;
mod hidden;
mod item;
mod legal;
mod level;
mod luck;
mod monster;
mod name;
mod promise;
mod refusal;
mod seen;
mod sight;
mod sound;
mod state;
mod stock;
mod tick;
mod view;
mod watch;

pub use action::{Action, TEXT_CHARS};
pub use config::{AWAY_MAX, Config, DENSITY_MAX, LEVELS_MAX, SEATS_MAX, Sight, Spectators};
pub use event::{Event, How, Move, Note};
pub use grid::{Direction, HEIGHT, Heading, WIDTH};
pub use name::Name;
pub use refusal::Refusal;
pub use state::Dungeon;
pub use tick::Due;
pub use view::{Carried, Entity, Kind, Map, Open, Recap, Standing, View, You};

use parlour_room::{Dice, Hash64, Room, Seat, Seats, Secret, Timed, Turn, Viewer};
use std::collections::BTreeMap;

impl Room for Dungeon {
    const KIND: &'static str = "dungeon";
    const RULES: u32 = 1;
    /// Who is away stands still and is gone after a while, and where nobody is nothing moves.
    const PRESENCE: bool = true;
    /// A batch can be kept or dropped whole, and yet shows nothing that is then taken back: after whatever turns something up,
    /// nothing is legal before the next tick but walking, resting and talking, which always are. See `act.rs`.
    const ATOMIC: bool = true;

    type Config = Config;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refusal;
    type World = Timed<Due>;

    fn content() -> Hash64 {
        let things = format!("{:?}{:?}{:?}", generate::MEASURES, monster::BEASTS, item::THINGS);
        Hash64::of(things.as_bytes())
    }

    fn seats(config: &Config) -> Seats {
        Seats::Open(config.seats.min(SEATS_MAX))
    }

    fn open(config: Config, _dice: &mut Dice) -> Result<Self, Refusal> {
        Ok(Self {
            rules: config.checked()?,
            levels: Secret::new(Vec::new()),
            bodies: Secret::new(BTreeMap::new()),
            tick: 0,
            plays: 0,
            shown: 0,
            due_ms: None,
            leaves_ms: None,
        })
    }

    fn check(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        self.check_action(by, action)
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            // How somebody means to walk only they see.
            Action::Move { .. } | Action::Rest {} | Action::Say { .. } => self.is_shown_to(by),
            _ => self.is_shown(),
        }
        self.play(by, action, turn);
    }

    fn view(&self, viewer: Viewer) -> View {
        self.seen_by(viewer)
    }

    fn view_version(&self, class: Viewer) -> Option<u64> {
        let own = class.seat().and_then(|seat| self.body(seat)).map_or(0, |body| body.shown);
        Some(self.shown.max(own))
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.is_shown();
        self.enter(seat, turn);
    }

    fn left(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.is_shown();
        self.depart(&[seat], turn);
    }

    /// One gives up; the dungeon goes on.
    fn resigned(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.is_shown();
        self.depart(&[seat], turn);
        turn.remove(seat, "resigned");
    }

    fn present(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        self.is_shown();
        self.heed(seat, here, turn);
    }

    fn signal(&mut self, due: Due, turn: &mut Turn<Self>) {
        self.is_shown();
        match due {
            Due::Tick => self.ring(turn),
            Due::Away => self.clear(turn),
        }
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        self.legal_actions(by)
    }

    fn promise(view: &View, action: &Action) -> i64 {
        promise::promise(view, action)
    }

    fn sound(&self) -> Result<(), String> {
        self.is_sound()
    }
}
