//! What a server is started with.

use parlour_engine::framing::origin::Origins;
use parlour_engine::limits::Limits;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a server is started with. Not `Debug`, because it holds the secret.
#[derive(Clone)]
pub struct Config {
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// Where it keeps its journal.
    pub data: PathBuf,
    /// The secret of its HS256 tokens.
    pub secret: Vec<u8>,
    /// The `iss` a token must name, if any.
    pub issuer: Option<String>,
    /// The `aud` a token must name, if any.
    pub audience: Option<String>,
    /// Whether somebody without a token is a guest who may play.
    pub guests: bool,
    /// The origins whose pages may ask, besides its own.
    pub origins: Origins,
    /// Its limits.
    pub limits: Limits,
}
