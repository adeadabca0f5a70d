//! Authoritative real-time rooms. The facade an author depends on: everything a room imports, and a server to run it with.
//!
//! ```no_run
//! # use parlour::cards::Cards;
//! fn main() -> std::process::ExitCode {
//!     parlour::Parlour::new().room::<Cards>().run()
//! }
//! ```
//!
//! The program this makes has all the commands of `parlour` itself, for the rooms registered here.

#[macro_use]
mod cli;
mod settings;

pub use parlour_cards as cards;
pub use parlour_chat as chat;
pub use parlour_downloads as downloads;
pub use parlour_downloads_worker as downloads_worker;
pub use parlour_dungeon as dungeon;
pub use parlour_quest as quest;
pub use parlour_quest_worker as quest_worker;
pub use parlour_room::*;
pub use settings::Settings;

use parlour_engine::schema::{KindError, Kinds};
use std::process::ExitCode;

/// A server for some kinds of rooms.
pub struct Parlour {
    kinds: Result<Kinds, KindError>,
    makers: Makers,
}

/// Makes the runners of kinds when a server starts.
pub(crate) type Makers = Vec<(&'static str, Box<dyn Fn(&Settings, Kinds) -> Result<Kinds, String>>)>;

impl Parlour {
    /// A server without rooms.
    pub fn new() -> Self {
        Self { kinds: Ok(Kinds::new()), makers: Vec::new() }
    }

    /// Registers a kind of room. What is wrong with it, [`run`](Self::run) says.
    pub fn room<R: Room>(mut self) -> Self {
        self.kinds = self.kinds.and_then(Kinds::with::<R>);
        self
    }

    /// Registers who does the jobs of `R`; see [`Runner`].
    pub fn jobs<R: Room>(mut self, runner: impl Runner<R>) -> Self {
        self.kinds = self.kinds.map(|kinds| kinds.with_runner::<R>(runner));
        self
    }

    /// Registers who does the jobs of `R`, made from settings when a server starts. An error says which of them cannot be
    /// used: the server does not start.
    pub fn jobs_from<R: Room, W: Runner<R>>(mut self, make: impl Fn(&Settings) -> Result<W, String> + 'static) -> Self {
        let add = move |settings: &Settings, kinds: Kinds| make(settings).map(|runner| kinds.with_runner::<R>(runner));
        self.makers.push((R::KIND, Box::new(add)));
        self
    }

    /// Registers a program that may sit on a seat: it answers at once.
    pub fn bot(mut self, name: &str, make: impl Fn() -> Box<dyn bot::Bot> + Send + Sync + 'static) -> Self {
        self.kinds = self.kinds.map(|kinds| kinds.with_bots(|bots| bots.add_program(name, make)));
        self
    }

    /// Registers a model that may sit on a seat: it may take its time; see [`Model`].
    pub fn model(mut self, name: &str, model: impl Model) -> Self {
        self.kinds = self.kinds.map(|kinds| kinds.with_bots(|bots| bots.add_model(name, model)));
        self
    }

    /// Does what the command line says, and returns its exit code.
    pub fn run(self) -> ExitCode {
        let later: Vec<&str> = self.makers.iter().map(|(kind, _)| *kind).collect();
        match self.kinds.and_then(|kinds| kinds.complete_with(&later)) {
            Ok(kinds) => cli::run(&kinds, &self.makers).into(),
            Err(error) => {
                say!("parlour: {error}");
                cli::exit::Exit::Internal.into()
            }
        }
    }
}

/// The README's room is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

impl Default for Parlour {
    fn default() -> Self {
        Self::new()
    }
}
