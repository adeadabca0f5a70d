//! A download queue that the members of a room share: they add files, order, pause and stop them; a worker fetches them into the
//! server's library, and looks through it.
//!
//! **Where to read.** `state.rs` and `item.rs` are all that is kept; `action.rs`, `event.rs`, `view.rs`, `refusal.rs`,
//! `config.rs` and the pulses in `world.rs` all that is sent. `rules.rs` says what addresses and names may be, `check.rs` what is
//! legal, `play.rs` does it, and `flow.rs` is how the queue goes on by itself. What a job is asked and may answer stands in
//! `world.rs`; who does it is `apps/downloads-worker`. `hidden.rs` and `sound.rs` are there to be held against all of it.

mod action;
mod check;
mod config;
mod event;
mod fault;
mod flow;
mod hidden;
mod item;
mod legal;
pub mod limits;
mod play;
mod refusal;
pub mod rules;
mod sound;
mod state;
mod view;
mod world;

pub use action::{Action, Id};
pub use config::{Config, Suggestion};
pub use event::{Event, Severity};
pub use fault::Fault;
pub use item::{Status, percent};
pub use refusal::Refusal;
pub use state::{Downloads, QueueState};
pub use view::{Counts, ErrorView, ItemView, LibraryView, SeriesView, View};
pub use world::{Disk, Fetched, Found, Job, Outside, Pulse, Scanned, Signal};

use parlour_room::{Audience, Dice, JobFault, Room, Seat, Seats, Source, Turn, Viewer};

impl Room for Downloads {
    const KIND: &'static str = "downloads";
    const RULES: u32 = 1;

    type Config = Config;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refusal;
    type World = Outside;

    fn seats(config: &Config) -> Seats {
        Seats::Open(config.seats)
    }

    fn open(config: Config, _dice: &mut Dice) -> Result<Self, Refusal> {
        config.checked().map(Self::new)
    }

    fn check(&self, _by: Seat, action: &Action) -> Result<(), Refusal> {
        self.check_action(action)
    }

    fn apply(&mut self, _by: Seat, action: Action, turn: &mut Turn<Self>) {
        self.play(action, turn);
        self.settle(turn);
    }

    fn view(&self, viewer: Viewer) -> View {
        self.seen_by(viewer)
    }

    /// All members see the same.
    fn class(&self, viewer: Viewer) -> Viewer {
        let is_member = viewer.seat().is_some_and(|seat| self.members.contains(&seat));
        self.members.first().filter(|_| is_member).map_or(Viewer::Spectator, |first| Viewer::Seat(*first))
    }

    fn joined(&mut self, seat: Seat, _turn: &mut Turn<Self>) {
        self.members.insert(seat);
    }

    fn left(&mut self, seat: Seat, _turn: &mut Turn<Self>) {
        self.members.remove(&seat);
    }

    /// Whoever goes, the queue stays.
    fn resigned(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.members.remove(&seat);
        turn.remove(seat, "resigned");
    }

    fn signal(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        self.hear(signal, turn);
        self.settle(turn);
    }

    fn job_failed(&self, key: &str, _why: JobFault) -> Option<Signal> {
        Some(Signal::Lost { job: key.to_owned() })
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        self.legal_actions(by)
    }

    fn pulse(&self, from: Source<'_>, pulse: &Pulse) -> Option<Audience> {
        self.hears(from, pulse)
    }

    fn sound(&self) -> Result<(), String> {
        self.is_sound()
    }
}
