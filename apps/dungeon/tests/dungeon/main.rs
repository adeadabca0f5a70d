//! The dungeon from outside, as a server plays it.

mod common;
mod crowd;
mod proof;
mod replay;
mod rules;
mod sight;
