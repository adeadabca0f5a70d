//! The only IO of Parlour: sockets, the journal on disk, the HTTP API. It turns system calls into the engine's inputs and
//! outputs into system calls.

mod addresses;
pub mod auth;
mod bell;
pub mod cluster;
pub mod config;
mod conn;
mod cors;
mod door;
mod drive;
mod failures;
mod guests;
mod head;
mod http;
mod jobs;
pub mod journal;
mod meters;
mod metrics;
mod models;
pub mod offline;
mod page;
mod reader;
pub mod server;
pub mod voice;

pub use config::{Config, Laneya};
pub use server::{NAME, Server, StartError};
