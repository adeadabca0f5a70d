//! Who is connected, and in which rooms, on all servers that are told to share it: in memory for one server, in Redis for
//! several. Loops tell it and never wait for it; the cold path asks it. Rooms do not depend on it: everything in it may be lost.

mod alone;
mod present;
mod redis;

#[cfg(test)]
mod contract;

use parlour_engine::limits::Limits;
use parlour_engine::tracking::Tracked;
use serde::Serialize;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Where it is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// In memory: of this server alone.
    Alone,
    /// In Redis, at this address.
    Redis(String),
}

impl Place {
    /// `alone`, or an address of a Redis that can be one.
    pub fn of(text: &str) -> Option<Self> {
        let is_redis = || text.starts_with("redis://") && ::redis::Client::open(text).is_ok();
        match text {
            "alone" => Some(Self::Alone),
            address => is_redis().then(|| Self::Redis(address.to_owned())),
        }
    }
}

/// As it may be shown: without the password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Redis(address) = self else { return f.write_str("alone") };
        let (scheme, rest) = address.split_once("://").unwrap_or(("redis", address));
        match rest.rsplit_once('@') {
            Some((who, host)) => {
                let user = who.split_once(':').map_or("", |(user, _)| user);
                write!(f, "{scheme}://{user}:********@{host}")
            }
            None => f.write_str(address),
        }
    }
}

/// What keeps count of connections.
pub(crate) trait Cluster: Send + Sync {
    /// Takes in what a loop tells. Never waits for anybody.
    fn track(&self, tracked: Tracked);
    /// Asks something. The answer knows of all that was told before.
    fn look(&self, question: Question) -> oneshot::Receiver<Answer>;
    /// How it is, in a word.
    fn state(&self) -> &'static str;
    /// The server ends: its connections are no more. Waits for a moment until that is told.
    fn end(&self);
}

/// What may be asked.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// The connections of a user.
    OfUser(String),
    /// The connections in a room; those of others alone, if a user is named: their opponents, and who watches.
    InRoom { room: String, others_of: Option<String> },
}

/// What was found, or why nothing is known.
pub(crate) type Answer = Result<Found, Unreachable>;

/// Redis is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreachable;

/// Connections by name: not all of them, if they are many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    pub(crate) connections: Vec<Connection>,
    /// How many there are.
    pub(crate) total: u64,
    /// Whether one of those that are shown is alive.
    pub(crate) alive: bool,
}

impl Found {
    fn of(connections: Vec<Connection>, total: u64) -> Self {
        Self { alive: connections.iter().any(|connection| connection.alive), connections, total }
    }
}

/// A connection of some server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Connection {
    pub(crate) session: String,
    pub(crate) user: String,
    /// By name.
    pub(crate) rooms: Vec<String>,
    /// Since 1970, as all times.
    pub(crate) connected_ms: u64,
    /// When it was heard from, as far as was told.
    pub(crate) seen_ms: u64,
    /// Whether that was within the time after which a connection is stale. That it is known does not say so.
    pub(crate) alive: bool,
}

/// Starts what keeps count at this place.
pub(crate) fn start(place: &Place, limits: &Limits) -> io::Result<Arc<dyn Cluster>> {
    Ok(match place {
        Place::Alone => Arc::new(alone::Alone::new(limits, Clock::default())),
        Place::Redis(address) => Arc::new(redis::Redis::start(address, &place.to_string(), limits, Clock::default())?),
    })
}

/// After which time without a word a connection is stale.
fn stale_ms(limits: &Limits) -> u64 {
    limits.cluster_heartbeat_ms.saturating_mul(limits.cluster_missed)
}

/// Milliseconds since 1970 that never go back while the server runs.
#[derive(Clone)]
pub(crate) struct Clock {
    started: Instant,
    started_ms: u64,
    /// By so much tests have set it forward, and that of Redis too.
    ahead_ms: Arc<AtomicU64>,
}

impl Default for Clock {
    fn default() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), started_ms: millis(wall), ahead_ms: Arc::default() }
    }
}

impl Clock {
    fn ahead_ms(&self) -> u64 {
        self.ahead_ms.load(Ordering::Relaxed)
    }

    fn now_ms(&self) -> u64 {
        self.started_ms.saturating_add(millis(self.started.elapsed())).saturating_add(self.ahead_ms())
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_documented_and_shown_without_its_password() {
        let shown = |text| Place::of(text).map(|place| place.to_string());
        assert_eq!(shown("alone").as_deref(), Some("alone"));
        assert_eq!(shown("redis://127.0.0.1").as_deref(), Some("redis://127.0.0.1"));
        assert_eq!(shown("redis://[::1]:7000/3").as_deref(), Some("redis://[::1]:7000/3"));
        assert_eq!(shown("redis://:se@cret@host:1/2").as_deref(), Some("redis://:********@host:1/2"));
        assert_eq!(shown("redis://ada:secret@host").as_deref(), Some("redis://ada:********@host"));
        for wrong in
            ["", "Alone", "localhost", "redis://", "redis://host:port", "redis://host/db", "rediss://host", "http://host"]
        {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
