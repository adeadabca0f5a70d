//! Who is connected, and in which rooms: what a shard tells whoever keeps count of it beyond this shard, other servers too.
//! Nothing on a message's way depends on it, and what it told may be lost.

use crate::io::ConnId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What became of connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// One is somebody's.
    Here {
        /// Which.
        conn: ConnId,
        /// Its name, which no other connection of any server has.
        session: Arc<str>,
        /// Whose.
        user: Arc<str>,
    },
    /// It is in a room: its client was told so, or is just being told.
    Enters(ConnId, Arc<str>),
    /// It is in that room no longer.
    Leaves(ConnId, Arc<str>),
    /// These were heard from so many milliseconds ago. Of each it is said once in `Limits::cluster_heartbeat_ms` at most.
    Heard(Vec<(ConnId, u64)>),
    /// One is gone, and with it from all its rooms.
    Gone(ConnId),
}

/// What was told of one connection.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// When it was last said that it was heard from.
    pub(crate) heard_ms: u64,
    /// The rooms it was said to be in.
    pub(crate) rooms: BTreeSet<Arc<str>>,
}
