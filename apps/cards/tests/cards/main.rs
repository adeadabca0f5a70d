//! The game, held against its rules: one test crate, a module for each part of them.

mod battle;
mod bots;
mod common;
mod config;
mod effects;
mod endings;
mod grace;
mod random;
mod rematch;
mod secrets;
mod setup;
mod turns;
mod wire;

parlour_room::proof!(parlour_cards::Cards);
