//! An original gamebook for one, or for a party that votes or takes turns.
//!
//! **The rules in short.** A story is told in numbered sections. Each offers choices, or has two dice decide, which the server
//! rolls; some choices are open only to a hero who has, can or knows something. Coming to a section may give and take things,
//! gold, stats and memories. The story ends in one of several endings. The narrator, a job, words each section anew when it can;
//! whatever it says, it moves nothing.
//!
//! **Where to read.** `book.rs` says what can be in a book, `story/` is the book, `book/read.rs` reads it and
//! `book/proofread.rs` holds it against the rules of books. `state.rs` and `hero.rs` are all that is kept, `action.rs`,
//! `event.rs`, `view.rs`, `trace.rs` and `refusal.rs` all that is sent. `check.rs` says what is legal, `play.rs` does it,
//! `party.rs` is how several decide, `narrator.rs` and `tell.rs` what is asked of the narrator. `sound.rs` and `hidden.rs` are
//! there to be held against all of it.

mod action;
pub mod book;
mod check;
mod config;
mod event;
mod hero;
mod hidden;
mod legal;
pub mod limits;
mod narrator;
mod party;
mod play;
mod refusal;
mod sound;
mod state;
mod tell;
mod text;
mod trace;
mod view;

pub use action::Action;
pub use config::{Config, Mode};
pub use event::Event;
pub use hero::{Change, Changed, Character, Inventory, Item, Stat, Stats};
pub use narrator::{Fault, Outside, Pulse, Said, Signal, Telling};
pub use refusal::Refusal;
pub use state::{Member, Quest, Remark, Vote};
pub use trace::{ActionType, Deed, Details, Entry, Roll};
pub use view::{
    Awaiting, ChoiceView, Decision, DiceView, Ending, NarrativeError, NarrativeView, NextAction, Party, RulesView, SectionView,
    Source, Trace, View,
};

use parlour_room::{Audience, Dice, Hash64, JobFault, Reveal, Room, Seat, Seats, Turn, Viewer};

impl Room for Quest {
    const KIND: &'static str = "quest";
    const RULES: u32 = 1;
    /// The dice hide nothing: afterwards anybody may check them.
    const SEED: Reveal = Reveal::AtClose;
    /// Who is away is not waited for.
    const PRESENCE: bool = true;

    type Config = Config;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refusal;
    type World = Outside;

    fn content() -> Hash64 {
        book::Book::hash()
    }

    fn seats(config: &Config) -> Seats {
        Seats::Open(config.seat_count())
    }

    fn open(config: Config, _: &mut Dice) -> Result<Self, Refusal> {
        config.checked().map(Self::new)
    }

    fn check(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        self.check_action(by, action)
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        self.play(by, action, turn);
    }

    fn view(&self, _: Viewer) -> View {
        self.shown()
    }

    /// Everybody sees the same.
    fn class(&self, _: Viewer) -> Viewer {
        Viewer::Spectator
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.came(seat, turn);
    }

    fn left(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.gone(seat, turn);
    }

    fn present(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        self.is_here(seat, here, turn);
    }

    /// Giving up is stopping for who plays alone; a party goes on without them.
    fn resigned(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        if self.members.len() <= 1 {
            self.stop(seat, turn);
        } else {
            self.gone(seat, turn);
            turn.remove(seat, "resigned");
        }
    }

    fn signal(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        self.hear(signal, turn);
    }

    fn job_failed(&self, _: &str, _: JobFault) -> Option<Signal> {
        Some(Signal::Untold { step: self.step, section: self.section, fault: Fault::Failed, tokens: 0 })
    }

    fn pulse(&self, from: parlour_room::Source<'_>, pulse: &Pulse) -> Option<Audience> {
        let Pulse::Narrating { step, .. } = pulse;
        let is_wanted = matches!(from, parlour_room::Source::Job(_)) && self.narrative.open && *step == self.step;
        is_wanted.then_some(Audience::Everybody)
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        self.legal_actions(by)
    }

    fn sound(&self) -> Result<(), String> {
        self.is_sound()
    }
}
