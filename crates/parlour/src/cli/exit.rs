//! How a command ends: its exit codes, which scripts may rely on.

use std::fmt::Display;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// As asked.
    Ok = 0,
    /// Through a fault of its own.
    Internal = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// What it asks for is not there.
    NotFound = 3,
    /// The server refused it: invalid or illegal.
    Rejected = 4,
    /// Whoever asks may not.
    Denied = 5,
    /// The server cannot be reached.
    Unreachable = 6,
    /// It took too long, or cannot be done just now.
    TimedOut = 7,
    /// Something differs that should not.
    Differs = 8,
    /// The configuration cannot be used.
    Config = 78,
    /// By Ctrl-C.
    Interrupted = 130,
    /// By SIGTERM.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command failed, for people, and how it ends.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) exit: Exit,
    pub(crate) why: String,
}

impl Failed {
    pub(crate) fn new(exit: Exit, why: impl Display) -> Self {
        Self { exit, why: why.to_string() }
    }

    /// Ends so without a word: everything was said.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self { exit, why: String::new() }
    }
}
