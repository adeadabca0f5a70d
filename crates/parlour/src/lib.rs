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

pub use parlour_cards as cards;
pub use parlour_room::*;

use parlour_engine::schema::{KindError, Kinds};
use std::process::ExitCode;

/// A server for some kinds of rooms.
pub struct Parlour {
    kinds: Result<Kinds, KindError>,
}

impl Parlour {
    /// A server without rooms.
    pub fn new() -> Self {
        Self { kinds: Ok(Kinds::new()) }
    }

    /// Registers a kind of room. What is wrong with it, [`run`](Self::run) says.
    pub fn room<R: Room>(mut self) -> Self {
        self.kinds = self.kinds.and_then(Kinds::with::<R>);
        self
    }

    /// Does what the command line says, and returns its exit code.
    pub fn run(self) -> ExitCode {
        match self.kinds {
            Ok(kinds) => cli::run(&kinds).into(),
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
