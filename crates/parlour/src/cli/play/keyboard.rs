//! Lines as they are typed, or as a script pipes them in.

use crate::cli::link::TICK;
use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// When nothing can be typed any more the channel closes.
pub(super) fn lines() -> Receiver<String> {
    let (typed, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if typed.send(line).is_err() {
                return;
            }
            if !io::stdin().is_terminal() {
                // A script has no eyes: give the room time to answer before the next line counts.
                thread::sleep(TICK * 2);
            }
        }
    });
    lines
}
