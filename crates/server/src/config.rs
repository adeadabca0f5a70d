//! What a server is started with.

use crate::auth::Trust;
use crate::cluster;
use parlour_engine::framing::origin::Origins;
use parlour_engine::limits::Limits;
use parlour_engine::shard::Second;
use parlour_engine::wire::Mode;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the dialect `laneya` is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Laneya {
    /// The address; port 0 takes any.
    pub listen: SocketAddr,
    /// Whether the server starts only if it can listen there.
    pub is_needed: bool,
}

/// What a server is started with. Not `Debug`, because it may hold a secret.
#[derive(Clone)]
pub struct Config {
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// Where it listens for clients of the dialect `laneya`, on plain TCP.
    pub laneya: Option<Laneya>,
    /// Where it keeps its journal.
    pub data: PathBuf,
    /// Whose tokens it believes.
    pub trust: Trust,
    /// Whether somebody without a token is a guest who may play. Guests come back by tokens that the trusted secret signs.
    pub guests: bool,
    /// What a user's second connection does to the first.
    pub second: Second,
    /// With the quirks of the systems that dialects come from, or without.
    pub mode: Mode,
    /// Whether a token may stand in the query of an upgrade, where proxies and logs see it.
    pub token_in_query: bool,
    /// Where it keeps count of connections, if it does.
    pub cluster: Option<cluster::Place>,
    /// The origins whose pages may ask, besides its own.
    pub origins: Origins,
    /// Its limits.
    pub limits: Limits,
}
