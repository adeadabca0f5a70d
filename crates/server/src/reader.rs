//! The thread that reads the journal for the loops: rooms they load, lists, and which rooms are due. It answers in the order in
//! which it is asked, so that rooms that are due wake in their order.

use crate::bell::{Bells, Knock};
use crate::journal::Reader;
use crate::meters::Meters;
use parlour_engine::forward::ShardId;
use parlour_engine::lookup::{LookId, Lookup};
use parlour_engine::store::Due;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// What a loop wants to know.
pub(crate) enum Question {
    /// What the journal holds of a room.
    Room(Arc<str>),
    /// Which rooms are to be woken next, of all shards.
    Due { after: Due, limit: usize },
    /// A list of rooms, rooms with a free seat, a page of history.
    Look(LookId, Lookup),
}

/// Starts it. It ends when nobody can ask it any more.
pub(crate) fn start(
    journal: Box<dyn Reader>,
    questions: Receiver<(ShardId, Question)>,
    bells: Bells,
    meters: Arc<Meters>,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("reader".to_owned()).spawn(move || {
        for (shard, question) in questions {
            let answer = match question {
                Question::Room(room) => {
                    let begin = Instant::now();
                    let result = journal.load(&room);
                    meters.loads.note(begin.elapsed(), 1);
                    Knock::Loaded { room, result }
                }
                Question::Due { after, limit } => Knock::Due(journal.due(&after, limit)),
                Question::Look(look, lookup) => Knock::Looked { look, result: journal.look(&lookup) },
            };
            // A loop that has ended waits for nothing.
            bells.of(shard).ring(answer);
        }
    })
}
