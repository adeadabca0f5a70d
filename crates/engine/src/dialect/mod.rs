//! The wire formats: each turns bytes into a `Command` and notices into bytes, and knows no room.

pub mod mantimon;
pub mod native;
pub mod native_out;
