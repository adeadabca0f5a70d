//! The thread that reads the journal for the loop: rooms it loads, and which rooms are due. It answers in the order in which it
//! is asked, so that rooms that are due wake in their order.

use crate::bell::{Bell, Knock};
use crate::journal::Reader;
use parlour_engine::store::Due;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

/// What the loop wants to know.
pub(crate) enum Question {
    /// What the journal holds of a room.
    Room(Arc<str>),
    /// Which rooms are to be woken next.
    Due { after: Due, limit: usize },
}

/// Starts it. It ends when nobody can ask it any more, or when there is nobody to tell.
pub(crate) fn start(journal: Box<dyn Reader>, questions: Receiver<Question>, bell: Bell) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("reader".to_owned()).spawn(move || {
        for question in questions {
            let answer = match question {
                Question::Room(room) => {
                    let result = journal.load(&room);
                    Knock::Loaded { room, result }
                }
                Question::Due { after, limit } => Knock::Due(journal.due(&after, limit)),
            };
            if !bell.ring(answer) {
                return;
            }
        }
    })
}
