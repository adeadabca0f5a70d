//! Every rule of the conversation between clients and rooms, and the server as one deterministic state machine.

pub mod bucket;
pub mod code;
pub mod command;
pub mod counts;
pub mod dialect;
pub mod forward;
pub mod framing;
pub(crate) mod hall;
pub mod io;
pub mod limiter;
pub mod limits;
pub mod lookup;
pub mod patch;
pub(crate) mod pulses;
pub mod rebuild;
pub mod replay;
pub mod revocation;
pub mod schema;
pub(crate) mod session;
pub mod shard;
pub mod standing;
pub mod store;
pub mod tracking;
pub mod wire;
