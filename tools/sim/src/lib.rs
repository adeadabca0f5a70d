//! A shard under simulated clients, links, disk and time, all from one seed, and a judge that believes none of it.
//!
//! What is simulated is what runs: the server drives the same [`Shard`](parlour_engine::shard::Shard) with the same inputs. The
//! [`judge`] looks at each frame at the moment it leaves the shard and asks whether the disk, at that moment, says the same.

pub mod client;
pub mod desk;
pub mod disk;
pub mod fleet;
pub mod judge;
pub mod luck;
pub mod model;
pub mod rooms;
pub mod tally;
pub mod wire;
mod world;

use parlour_engine::schema::Kinds;
use parlour_room::Hash64;
use std::sync::Once;
use tally::Tally;

/// What is to be run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// Where all luck comes from.
    pub seed: u64,
    /// A fault put in on purpose.
    pub planted: Option<Planted>,
}

/// A fault put in on purpose, to show that it would be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Answers leave before their batch is durable.
    AnswerEarly,
    /// Refusals leave at once, whatever they were computed from.
    RefuseEarly,
    /// Rooms that are loaded have forgotten which message ids were played.
    LostInbox,
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// The first promise that was broken, and how.
    pub violation: Option<String>,
    /// What happened, how often.
    pub tally: Tally,
    /// Every output of the shard, in order.
    pub log: Vec<u8>,
    /// Its hash.
    pub digest: Hash64,
}

/// Panics that are part of a run need not fill the screen.
static QUIET: Once = Once::new();

/// Runs one seed to its end, or to the first broken promise.
pub fn run(plan: Plan) -> Report {
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some(rooms::PLANTED) {
                usual(info);
            }
        }));
    });
    world::World::new(plan).run()
}

/// The kinds of rooms that are played.
pub fn kinds() -> Kinds {
    let kinds = Kinds::new().with::<rooms::Duel>().and_then(|kinds| kinds.with::<rooms::Lounge>());
    kinds.and_then(|kinds| kinds.with::<parlour_cards::Cards>()).expect("they can be spoken")
}
