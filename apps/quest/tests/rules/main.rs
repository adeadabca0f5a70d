//! The rules of a quest, held against what docs/apps/quest.md says of them.

mod game;
mod hero;
mod narrator;
mod party;
mod random;
mod size;
mod story;
