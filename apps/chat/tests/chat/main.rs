//! Rooms to talk in, held against their rules: one test crate, a module for each part of them.

mod away;
mod common;
mod messages;
mod moderation;
mod owner;
mod reading;

parlour_room::proof!(parlour_chat::Chat);
