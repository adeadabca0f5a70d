//! The only IO of Parlour: sockets, the journal on disk, the HTTP API. It turns system calls into the engine's inputs and
//! outputs into system calls.

pub mod auth;
mod bell;
pub mod config;
mod conn;
mod door;
mod drive;
mod guests;
mod head;
mod http;
mod jobs;
pub mod journal;
mod metrics;
mod models;
pub mod offline;
mod page;
pub mod server;
pub mod voice;

pub use config::Config;
pub use server::{NAME, Server, StartError};
