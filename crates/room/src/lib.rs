//! What the author of a room imports.
//!
//! **A room is a pure function of its records.** [`Room::check`] says whether an action is legal, [`Room::apply`] plays it,
//! [`Room::view`] says what one viewer may know; the [`Table`] around it turns inputs into records and plays them, the same way
//! live and in replay. Nothing in this crate reads a clock, a file or a socket, and nothing draws luck but from [`Dice`].

mod answer;
pub mod ask;
pub mod batch;
pub mod bot;
pub mod dice;
mod divergence;
pub mod erased;
pub mod hash;
pub mod inbox;
pub mod job;
pub mod kept;
mod members;
pub mod migrate;
pub mod model;
mod play;
pub mod proof;
pub mod record;
pub mod room;
pub mod seat;
pub mod secret;
pub mod stream;
pub mod table;
pub mod turn;
pub mod wire;

pub use ask::{Acted, Joined, Joining, Opening, Refusal, Rejected};
pub use batch::{BatchRejected, Batched, Done, Unplayed};
pub use dice::{Dice, Seed};
pub use divergence::{Divergence, Why};
pub use erased::{AnyKind, AnyTable, KindOf};
pub use hash::Hash64;
pub use job::{AnyRunner, Errand, JobFault, JobOf, Runner, RunnerOf};
pub use migrate::{Migrated, Old, Unmigrated};
pub use model::{Bots, Model};
pub use parlour_room_derive::{kept, room, wire};
pub use play::Fault;
pub use record::{Cause, Record, Stamp, Version};
pub use room::{Alone, Empty, Kept, Never, Refused, Reveal, Room, Timed, Wire, World};
pub use seat::{As, Audience, GUEST, NAMED, Seat, Seats, Shown, Source, Viewer, Who, is_anonymous, is_guest};
pub use secret::Secret;
pub use stream::Position;
pub use table::{Played, Table};
pub use turn::Turn;
