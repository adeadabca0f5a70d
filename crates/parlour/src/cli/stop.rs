//! Ctrl-C and SIGTERM for commands that go on until then: the first ends them in good order, the second at once.

use super::exit::{Exit, Failed};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[derive(Clone)]
pub(crate) struct Stop(Arc<AtomicUsize>);

impl Stop {
    pub(crate) fn listen() -> Result<Self, Failed> {
        let (is_second, which) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        for (signal, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
            // In this order: the second signal finds what the first one set.
            flag::register_conditional_shutdown(signal, i32::from(exit as u8), is_second.clone())
                .and_then(|_| flag::register(signal, is_second.clone()))
                .and_then(|_| flag::register_usize(signal, which.clone(), usize::from(exit as u8)))
                .map_err(|error| Failed::new(Exit::Internal, error))?;
        }
        Ok(Self(which))
    }

    /// How the command is to end, if it is.
    pub(crate) fn asked(&self) -> Option<Failed> {
        let exit = match self.0.load(Ordering::Relaxed) {
            0 => return None,
            code if code == usize::from(Exit::Terminated as u8) => Exit::Terminated,
            _ => Exit::Interrupted,
        };
        Some(Failed::silent(exit))
    }
}
