//! The dungeon from outside, as a server plays it.
#![allow(clippy::unwrap_used, reason = "this is a test crate of its own")]

mod common;
mod crowd;
mod proof;
mod replay;
mod rules;
mod sight;
