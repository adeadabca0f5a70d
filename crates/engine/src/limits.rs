//! Every limit of the server, by name. What bounds a room's own memory stands with it: `parlour_room::{stream, inbox, table}`.

/// Limits of a server. Times are in milliseconds, sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest message a client may send; a longer one closes its connection with 1009.
    pub message_bytes: usize,
    /// The longest message id.
    pub id_bytes: usize,
    /// The longest `ref`.
    pub ref_bytes: usize,
    /// The longest name of a room.
    pub room_name_bytes: usize,
    /// The longest user id and the longest name of a user.
    pub user_bytes: usize,
    /// How many rooms one connection may follow at a time.
    pub rooms_per_connection: usize,
    /// How many rooms may be loaded.
    pub rooms: usize,
    /// How many connections may be open.
    pub connections: usize,
    /// How many requests wait for one room while it is being loaded.
    pub waiting_per_room: usize,
    /// How far a room may run ahead of the disk: records that are not durable yet. Actions beyond are `limited`.
    pub undurable_per_room: usize,
    /// How many of one member's actions may be unanswered: no more than the room's inbox remembers, or a retry could count twice.
    pub unanswered_per_member: usize,
    /// How many rooms are read at one time.
    pub loads: usize,
    /// How much of a view may be sent; a larger one is the author's mistake and freezes nothing but is not sent.
    pub view_bytes: usize,
    /// Refused message ids remembered per room.
    pub refusals_per_room: usize,
    /// Members whose names are in presence notices; in a larger room only their number is.
    pub named_members: usize,
    /// How often presence of spectators and of large rooms is told.
    pub presence_ms: u64,
    /// A room is snapshotted when its records since the last snapshot weigh more than this, and more than twice that snapshot.
    pub snapshot_tail_bytes: usize,
    /// So many panics ...
    pub panics: usize,
    /// ... within this time freeze a room.
    pub panics_ms: u64,
    /// How often a bot's refused action is asked anew before a random legal one is taken.
    pub bot_retries: u32,
    /// How long a connection may take to say who it is.
    pub auth_ms: u64,
    /// A connection silent for this long is pinged.
    pub ping_ms: u64,
    /// A connection silent for this long is closed.
    pub silence_ms: u64,
    /// How long after a close frame input is still read and thrown away, so that no reset swallows the frame.
    pub linger_ms: u64,
    /// How many rooms one page of a list holds at most.
    pub page: usize,
    /// Above this much that a client has not read, its own input is not read either.
    pub output_bytes: usize,
    /// Above this much its connection is cut.
    pub output_bytes_max: usize,
    /// The longest head of an HTTP request.
    pub head_bytes: usize,
    /// How long that head may take.
    pub head_ms: u64,
    /// How many requests of one connection to rooms on other shards may be unanswered.
    pub forwarded_per_connection: usize,
    /// How much one shard may have said to another that was not heard yet. Above it requests are `limited`, and what can be
    /// replaced by a view is.
    pub forward_bytes: usize,
    /// After this time what another shard has not heard is said again.
    pub forward_again_ms: u64,
    /// How long a request to a room on another shard may take.
    pub forward_ms: u64,
    /// How long the HTTP API waits for a room.
    pub call_ms: u64,
    /// How much is read from one connection in one turn of the loop.
    pub read_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 64 * 1024,
            id_bytes: 64,
            ref_bytes: 128,
            room_name_bytes: 64,
            user_bytes: 128,
            rooms_per_connection: 64,
            rooms: 100_000,
            connections: 100_000,
            waiting_per_room: 256,
            undurable_per_room: 1024,
            unanswered_per_member: parlour_room::inbox::INBOX_IDS,
            loads: 1024,
            view_bytes: 256 * 1024,
            refusals_per_room: 1024,
            named_members: 64,
            presence_ms: 1000,
            snapshot_tail_bytes: 64 * 1024,
            panics: 3,
            panics_ms: 60_000,
            bot_retries: 3,
            auth_ms: 10_000,
            ping_ms: 25_000,
            silence_ms: 60_000,
            linger_ms: 2_000,
            page: 200,
            output_bytes: 256 * 1024,
            output_bytes_max: 4 * 1024 * 1024,
            head_bytes: 16 * 1024,
            head_ms: 10_000,
            forwarded_per_connection: 256,
            forward_bytes: 16 * 1024 * 1024,
            forward_again_ms: 500,
            forward_ms: 10_000,
            call_ms: 10_000,
            read_bytes: 256 * 1024,
        }
    }
}
