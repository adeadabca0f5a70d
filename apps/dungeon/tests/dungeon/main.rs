//! The dungeon from outside, as a server plays it.

mod proof;
