//! Every limit of the server, by name: the one table from which the configuration and its documentation are made too. What
//! bounds a room's own memory stands with it: `parlour_room::{stream, inbox, table}`.

use parlour_room::inbox::INBOX_IDS;

/// What the table says of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name: the field of [`Limits`], the key under `limits` in the configuration.
    pub name: &'static str,
    /// What it bounds, in Markdown.
    pub doc: &'static str,
    /// What it is unless configured.
    pub default: u64,
    /// The least it may be configured to.
    pub min: u64,
    /// The most it may be configured to.
    pub max: u64,
}

impl About {
    /// What it is counted in: its name says so, as the house rules ask.
    pub fn unit(&self) -> &'static str {
        let has = |word: &str| self.name.split('_').any(|part| part == word);
        match () {
            () if self.name.ends_with("_per_s") => "per second",
            () if has("bytes") => "bytes",
            () if has("ms") => "ms",
            () if has("s") => "s",
            () => "",
        }
    }
}

/// A value that a limit cannot have, and what it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The least it may be.
    pub min: u64,
    /// The most it may be.
    pub max: u64,
}

/// A type a limit may have. Whatever is in a limit's range fits its type: a test holds that.
trait Number: Copy {
    fn from_u64(value: u64) -> Self;
    fn to_u64(self) -> u64;
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Number for $type {
            fn from_u64(value: u64) -> Self {
                Self::try_from(value).unwrap_or(Self::MAX)
            }
            fn to_u64(self) -> u64 {
                u64::try_from(self).unwrap_or(u64::MAX)
            }
        }
    )*};
}
numbers! { u32 u64 usize }

/// One line a limit: doc, name, type, default, and the range within which it may be configured.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $min:expr => $max:expr;)*) => {
        /// Limits of a server. Times are in milliseconds, sizes in bytes.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Limits {
            /// All of them, in the order of their documentation.
            pub const ALL: &'static [About] = &[$(About {
                name: stringify!($name),
                doc: concat!($($doc),+),
                default: $default as u64,
                min: $min as u64,
                max: $max as u64,
            },)*];

            /// The limit of this name.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => Some(self.$name.to_u64()),)*
                    _ => None,
                }
            }

            /// Configures the limit of this name; `None` if there is none.
            pub fn set(&mut self, name: &str, value: u64) -> Option<Result<(), OutOfRange>> {
                let about = Self::ALL.iter().find(|about| about.name == name)?;
                if !(about.min..=about.max).contains(&value) {
                    return Some(Err(OutOfRange { min: about.min, max: about.max }));
                }
                match name {
                    $(stringify!($name) => self.$name = Number::from_u64(value),)*
                    _ => return None,
                }
                Some(Ok(()))
            }
        }
    };
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const BILLION: u64 = 1_000_000_000;

limits! {
    /// The longest message a client may send; a longer one closes its connection with 1009.
    message_bytes: usize = 64 * KIB, KIB => 16 * MIB;
    /// The longest message id.
    id_bytes: usize = 64, 64 => 256;
    /// The longest `ref`.
    ref_bytes: usize = 128, 16 => 1024;
    /// The longest name of a room.
    room_name_bytes: usize = 64, 16 => 256;
    /// The longest user id and the longest name of a user.
    user_bytes: usize = 128, 16 => 1024;
    /// How many rooms one connection may follow at a time.
    rooms_per_connection: usize = 64, 1 => 10_000;
    /// How many rooms may be loaded.
    rooms: usize = 100_000, 1 => 10_000_000;
    /// How many connections may be open.
    connections: usize = 100_000, 1 => 10_000_000;
    /// How many requests wait for one room while it is being loaded.
    waiting_per_room: usize = 256, 1 => 100_000;
    /// How far a room may run ahead of the disk: records that are not durable yet. Actions beyond are `limited`.
    undurable_per_room: usize = 1024, 1 => 100_000;
    /// How many of one member's actions may be unanswered: no more than the room's inbox remembers, or a retry could count twice.
    unanswered_per_member: usize = INBOX_IDS, 1 => INBOX_IDS;
    /// A room that nobody follows and nobody asked for this long is put to sleep: it goes on in the journal alone.
    idle_ms: u64 = MINUTE_MS, 1 => 24 * HOUR_MS;
    /// A room with a clock due within this time does not go to sleep for it.
    wake_soon_ms: u64 = 30_000, 0 => 24 * HOUR_MS;
    /// A room that goes to sleep is snapshotted if its records since its last snapshot weigh more than this.
    sleep_tail_bytes: usize = 2 * KIB, 0 => 64 * MIB;
    /// How many rooms that are due are read at one time: those who ask for a room need not wait behind them all.
    due_rooms: usize = 64, 1 => 10_000;
    /// How long after a failed read the journal is asked again which rooms are due.
    due_retry_ms: u64 = 1000, 1 => HOUR_MS;
    /// How many rooms are read at one time.
    loads: usize = 1024, 1 => 100_000;
    /// How much of a page of history is sent; a page ends before its events would weigh more.
    history_bytes: usize = 256 * KIB, KIB => 16 * MIB;
    /// How many topics one connection may hear of.
    topics_per_connection: usize = 16, 1 => 1000;
    /// What happens of a topic within this time is told at once.
    topic_ms: u64 = 1000, 100 => MINUTE_MS;
    /// How many rooms are in one notice of a topic; of more it says only that there are more.
    topic_rooms: usize = 64, 1 => 10_000;
    /// How many pulses a room keeps for those who come later, one of each type from each sender.
    pulses_per_room: usize = 256, 0 => 100_000;
    /// The same pulse again from its sender is not shown again before this time has passed.
    pulse_again_ms: u64 = 1000, 0 => MINUTE_MS;
    /// The longest pulse.
    pulse_bytes: usize = KIB, 64 => 64 * KIB;
    /// For how long a member's pulse is shown to those who come later.
    pulse_ms: u64 = MINUTE_MS, 100 => HOUR_MS;
    /// How many questions to the journal (lists, rooms with a free seat) may be open at one time.
    lookups: usize = 1024, 1 => 100_000;
    /// How many of them one connection may have open: their answers together are less than it may be owed.
    lookups_per_connection: usize = 8, 1 => 1000;
    /// How many rooms a `find_room` tries that turn out to be full, closed or not for its sender, before it opens one.
    find_tries: u32 = 16, 1 => 1000;
    /// How many ids of `find_room` are remembered in memory, beside the journal.
    finds: usize = 4096, 16 => 1_000_000;
    /// How much of a page of rooms is sent; a page ends before it would be more.
    list_bytes: usize = 256 * KIB, KIB => 16 * MIB;
    /// How much of a view may be sent; a larger one is the author's mistake and freezes nothing but is not sent.
    view_bytes: usize = 256 * KIB, KIB => 16 * MIB;
    /// Refused message ids remembered per room.
    refusals_per_room: usize = 1024, 1 => 100_000;
    /// Members whose names are in presence notices and in a room that is shown; a larger room tells only how many they are, and
    /// with more connections than this nobody is told of each who comes or goes, nor with more members of each who is waited for
    /// no longer.
    named_members: usize = 64, 0 => 10_000;
    /// How often a room tells who is there, merged.
    presence_ms: u64 = 1000, 100 => MINUTE_MS;
    /// A member whose last connection has been gone for so long is away, in rooms that are told.
    away_ms: u64 = 3000, 0 => 10 * MINUTE_MS;
    /// A room is snapshotted when its records since the last snapshot weigh more than this, and more than twice that snapshot.
    snapshot_tail_bytes: usize = 64 * KIB, KIB => 64 * MIB;
    /// A room is also snapshotted when it has so many records since the last snapshot, so that loading it reads no more.
    snapshot_tail_records: usize = 4096, 1 => 1_000_000;
    /// How many records the journal keeps one by one, as they came. Beyond, the room with the oldest of them is folded first. So
    /// many are read when a server starts.
    journal_tail_rows: usize = 65_536, 1 => 100_000_000;
    /// How long a chunk of folded records is at most, unless a single record is longer.
    journal_chunk_bytes: usize = 16 * KIB, 64 => MIB;
    /// How many records are folded in one step, between two commits: a commit waits for one step at most.
    journal_fold_rows: usize = 256, 1 => 65_536;
    /// How much they may weigh before the step is ended all the same.
    journal_fold_bytes: usize = 256 * KIB, KIB => 16 * MIB;
    /// How many panics within `panics_ms` freeze a room.
    panics: usize = 3, 1 => 1000;
    /// Within how long so many `panics` freeze a room.
    panics_ms: u64 = MINUTE_MS, 1000 => 24 * HOUR_MS;
    /// How many jobs run at one time, wanted or not; the others wait.
    jobs_running: usize = 128, 1 => 4096;
    /// How many of them rooms of one kind may have: others find a place beside jobs that take long.
    jobs_running_per_kind: usize = 96, 1 => 4096;
    /// How many of them one room may have.
    jobs_running_per_room: usize = 64, 1 => 4096;
    /// How often a job is tried before its room is told that it failed.
    job_attempts: u32 = 5, 1 => 1000;
    /// How long a job that failed rests before it is tried again; twice as long every time, up to `job_retry_ms_max`.
    job_retry_ms: u64 = 500, 1 => MINUTE_MS;
    /// The longest rest of a job that failed.
    job_retry_ms_max: u64 = MINUTE_MS, 1 => 24 * 60 * MINUTE_MS;
    /// So far apart pulses of one job are shown: of those that come sooner the last, and always before what came of the job.
    job_pulse_ms: u64 = 100, 0 => MINUTE_MS;
    /// How often a bot's refused action is asked anew before a random legal one is taken.
    bot_retries: u32 = 3, 0 => 100;
    /// How long a model may think about one move; then it is asked again, as if its answer had been refused.
    bot_ms: u64 = 30_000, 1 => 60 * MINUTE_MS;
    /// How many models are asked at one time; the others wait.
    models_asked: usize = 64, 1 => 4096;
    /// How many questions to models wait; those beyond count as refused.
    models_waiting: usize = 10_000, 1 => 1_000_000;
    /// How long a connection may take to say who it is.
    auth_ms: u64 = 10_000, 100 => HOUR_MS;
    /// The longest token: a longer one is refused, whatever it says.
    jwt_bytes: usize = 4 * KIB, 256 => 64 * KIB;
    /// By so much the clocks of those who make tokens may be ahead or behind.
    jwt_leeway_s: u64 = 5, 0 => 300;
    /// The longest `jti` by which a token can be taken back.
    jti_bytes: usize = 256, 16 => 4 * KIB;
    /// How many revocations are kept.
    revocations: usize = 10_000, 0 => 1_000_000;
    /// How many tokens may wait for a key, or for somebody to look at them; more are refused as `keys_unavailable`.
    tokens_waiting: usize = 1024, 1 => 100_000;
    /// How long a set of keys (JWKS) may be.
    jwks_bytes: usize = 256 * KIB, KIB => 16 * MIB;
    /// How many keys may be in it.
    jwks_keys: usize = 64, 1 => 1024;
    /// How long fetching it may take.
    jwks_fetch_ms: u64 = 3_000, 10 => MINUTE_MS;
    /// No more often than this it is fetched because a token names a key that is not in it, or again after that failed.
    jwks_again_ms: u64 = 5_000, 10 => HOUR_MS;
    /// So old it may be. Then it is fetched anew, and keys that are no longer in it count no more.
    jwks_age_ms: u64 = 10 * MINUTE_MS, 100 => 24 * HOUR_MS;
    /// A connection silent for this long is pinged.
    ping_ms: u64 = 25_000, 100 => HOUR_MS;
    /// A connection silent for this long is closed.
    silence_ms: u64 = MINUTE_MS, 200 => 24 * HOUR_MS;
    /// How often a client of Engine.IO is pinged; twice within `silence_ms` at least, or its waiting poll would be given up.
    engineio_ping_ms: u64 = 25_000, 50 => HOUR_MS;
    /// How long it may take to answer; then its connection is closed.
    engineio_ping_timeout_ms: u64 = 20_000, 50 => HOUR_MS;
    /// A client of Socket.IO that has joined no namespace for so long is closed.
    socketio_join_ms: u64 = 45_000, 50 => HOUR_MS;
    /// How many unfinished games one user may have in the dialect `mantimon`.
    games_per_user: usize = 1, 1 => 10_000;
    /// How long a frame of the dialect `laneya` that has begun may take to come whole.
    netstring_ms: u64 = 10_000, 50 => HOUR_MS;
    /// A connection of the dialect `laneya` from which nothing comes for so long is closed: it cannot be pinged.
    laneya_idle_ms: u64 = 30 * MINUTE_MS, 100 => 24 * HOUR_MS;
    /// How often a client of the dialect `aniworld` is sent a `ping` of its own.
    aniworld_ping_ms: u64 = 30_000, 50 => HOUR_MS;
    /// How long after a close frame input is still read and thrown away, so that no reset swallows the frame.
    linger_ms: u64 = 2_000, 0 => MINUTE_MS;
    /// How many rooms one page of a list holds at most.
    page: usize = 200, 1 => 10_000;
    /// Above this much that a client has not read, its own input is not read either, and nothing more of its rooms is queued for
    /// it: of each it gets a fresh view when it reads again.
    output_bytes: usize = 256 * KIB, KIB => 64 * MIB;
    /// Above this much its connection is cut.
    output_bytes_max: usize = 4 * MIB, 64 * KIB => 1024 * MIB;
    /// How long a client that fell behind may take to read what it is owed; then its connection is closed.
    behind_ms: u64 = 30_000, 100 => HOUR_MS;
    /// The longest head of an HTTP request.
    head_bytes: usize = 16 * KIB, KIB => MIB;
    /// How long that head may take.
    head_ms: u64 = 10_000, 100 => HOUR_MS;
    /// How many shards share the rooms, each on a thread of its own; 0 is one for each core.
    shards: usize = 0, 0 => 64;
    /// How many requests of one connection to rooms on other shards may be unanswered.
    forwarded_per_connection: usize = 256, 1 => 10_000;
    /// How much one shard may have said to another that was not heard yet, in bytes: above it requests are `limited`, and in
    /// place of what rooms tell comes one fresh view of each.
    forward_bytes: usize = 16 * MIB, 64 * KIB => 1024 * MIB;
    /// After this time what another shard has not heard is said again.
    forward_again_ms: u64 = 500, 10 => MINUTE_MS;
    /// How long a request to a room on another shard may take.
    forward_ms: u64 = 10_000, 100 => HOUR_MS;
    /// How long the HTTP API waits for a room.
    call_ms: u64 = 10_000, 100 => HOUR_MS;
    /// How long an HTTP request of a dialect may take: what it waits for may be a job's.
    rest_ms: u64 = MINUTE_MS, 100 => HOUR_MS;
    /// How many addresses are known by what a dialect remembers for those who come from them; the one longest ago is forgotten.
    remembered: usize = 10_000, 1 => 1_000_000;
    /// How much is read from one connection in one turn of the loop.
    read_bytes: usize = 256 * KIB, KIB => 16 * MIB;
    /// How many requests a connection may make at once. More are answered `limited`, with when to try again.
    connection_tokens: u64 = 1_000, 1 => BILLION;
    /// How many more each second.
    connection_tokens_per_s: u64 = 500, 1 => BILLION;
    /// How many requests a user may make at once, over all connections and the HTTP API.
    user_tokens: u64 = 4_000, 1 => BILLION;
    /// How many more each second.
    user_tokens_per_s: u64 = 2_000, 1 => BILLION;
    /// How many requests may be made at once over connections from one address (of IPv6: one network of 64 bits).
    address_tokens: u64 = 16_000, 1 => BILLION;
    /// How many more each second.
    address_tokens_per_s: u64 = 8_000, 1 => BILLION;
    /// How many connections and HTTP requests may come from one address at once.
    arrival_tokens: u64 = 2_000, 1 => BILLION;
    /// How many more each second.
    arrival_tokens_per_s: u64 = 1_000, 1 => BILLION;
    /// How many rooms a user may open at once.
    opening_tokens: u64 = 500, 1 => BILLION;
    /// How many more each second.
    opening_tokens_per_s: u64 = 10, 1 => BILLION;
    /// How many rooms may be opened at once over connections from one address (of IPv6: one network of 64 bits).
    address_opening_tokens: u64 = 2_000, 1 => BILLION;
    /// How many more each second.
    address_opening_tokens_per_s: u64 = 40, 1 => BILLION;
    /// A message counts as one request for each begun so many bytes of it.
    token_bytes: usize = 8 * KIB, 128 => 16 * MIB;
    /// So many refused requests cost as much as one that is not.
    refused_per_token: u64 = 10, 1 => 1_000_000;
    /// So many messages that are junk, or more than one may send, ...
    strikes: u64 = 1_000, 1 => BILLION;
    /// ... within this time end their connection with 1008.
    strikes_ms: u64 = 10_000, 100 => 24 * HOUR_MS;
    /// How many users, and how many addresses, are accounted for: those with connections, and those who just had one.
    accounts: usize = 200_000, 1 => 10_000_000;
    /// How many connections one user may have open.
    connections_per_user: usize = 256, 1 => 1_000_000;
    /// How many connections may be open from one address (of IPv6: one network of 64 bits).
    connections_per_address: usize = 4_096, 1 => 10_000_000;
    /// So many connections beyond a limit are told so at a time; more are closed without a word.
    refused_connections: usize = 64, 0 => 10_000;
    /// How many members a room may have.
    members_per_room: usize = 10_000, 1 => 1_000_000;
    /// How many connections may follow a room.
    followers_per_room: usize = 20_000, 1 => 1_000_000;
    /// How many requests of the HTTP API may wait for their answers.
    calls: usize = 1024, 1 => 100_000;
    /// How long the body of an HTTP request may take.
    body_ms: u64 = 10_000, 100 => HOUR_MS;
    /// A connection that was heard from is told to the cluster once in this time, and connections that are stale are removed
    /// from it as often.
    cluster_heartbeat_ms: u64 = 30_000, 1000 => HOUR_MS;
    /// A connection of which so many heartbeats were missed is stale.
    cluster_missed: u64 = 3, 2 => 100;
    /// For how long the cluster keeps what it was told of a connection, if nobody removes it.
    cluster_ttl_ms: u64 = HOUR_MS, 10_000 => 24 * HOUR_MS;
    /// How long Redis may take to answer before it counts as lost.
    cluster_reply_ms: u64 = 1000, 10 => MINUTE_MS;
    /// How often a lost Redis is tried again, and one that has nothing to do is asked whether it is there.
    cluster_retry_ms: u64 = 1000, 10 => HOUR_MS;
    /// How many connections that have gone are remembered for a Redis that is lost; more are left to go stale there.
    cluster_goodbyes: usize = 10_000, 0 => 1_000_000;
}

/// How many bytes of views may be looked through for one patch. A part is looked through once for each object or list around it
/// that differs. Past it the view goes whole.
pub const PATCH_WORK: usize = 2 * MIB;
/// How many pairs of elements of two lists are compared to find what was put in and taken out; of longer lists only the
/// beginning and the end that are equal are found, and what lies between is compared place by place.
pub const PATCH_PAIRS: usize = 16 * KIB;
/// What differs deeper inside a view than this is replaced as a whole.
pub const PATCH_DEPTH: usize = 32;

/// How long a second connection of an Engine.IO session may take until it takes over.
pub const PROBE_MS: u64 = 10_000;
/// How long a poll waits that comes while that connection is tried.
pub const RELEASE_MS: u64 = 100;
/// How many packets the answer to a poll has: python-engineio takes no more.
pub const POLL_PACKETS: usize = 16;
/// How long a client that polls may take to come for the last that its session has for it.
pub const LAST_POLL_MS: u64 = 30_000;
/// How long, after that, it may take to come for the news that its session has ended: some never do.
pub const LAST_WORD_MS: u64 = 5_000;
/// How many namespaces of Socket.IO one connection may be in at a time.
pub const NAMESPACES: usize = 8;
/// The longest name of a namespace.
pub const NAMESPACE_BYTES: usize = 128;
/// How many attachments a message of Socket.IO may have. Together with its text they are no longer than one message may be.
pub const ATTACHMENTS: usize = 10;
/// How many arguments an event of Socket.IO may have.
pub const EVENT_ARGS: usize = 64;

/// How many requests of a client of `aniworld` may be unanswered; more are `rate_limited`.
pub const ANIWORLD_PENDING: usize = 256;
/// How many rooms of that dialect one connection may be in.
pub const ANIWORLD_ROOMS: usize = 256;
/// The longest name of such a room.
pub const ANIWORLD_NAME_BYTES: usize = 80;
/// Of so many downloads of a queue it is known how far they have come.
pub const ANIWORLD_ITEMS: usize = 1024;
/// How many downloads one of its HTTP requests may be about: as many as a batch has actions.
pub const ANIWORLD_IDS: usize = 32;

/// How many requests of a client of `mantimon` may be unanswered; more are `rate_limited`.
pub const MANTIMON_PENDING: usize = 256;
/// How many games one of its connections may follow: of each it keeps the view.
pub const MANTIMON_ROOMS: usize = 8;
/// Of so many seats of a game it is known who holds them.
pub const MANTIMON_SEATS: usize = 64;
/// How many pages of a user's own rooms are read to see in how many games they are.
pub const MANTIMON_PAGES: usize = 8;
/// The longest `message_id` of a client of it.
pub const MANTIMON_ID_BYTES: usize = 256;
/// The longest name of a game that is looked for.
pub const MANTIMON_NAME_BYTES: usize = 256;
/// The longest type of an action that is told back.
pub const MANTIMON_TYPE_BYTES: usize = 64;

/// How many requests of a client of `casys` may be unanswered; more are `rate_limited`.
pub const CASYS_PENDING: usize = 64;
/// How many of its messages wait until it is shown its game.
pub const CASYS_WAITING: usize = 16;
/// How long each of them may be.
pub const CASYS_WAITING_BYTES: usize = 4096;
/// The longest id of a choice or an action of such a client.
pub const CASYS_ID_BYTES: usize = 256;
/// The longest name that one may give its session.
pub const CASYS_SESSION_BYTES: usize = 128;

/// How many requests of a client of `laneya` may wait for their answers; those beyond are refused, in their turn.
pub const LANEYA_PENDING: usize = 1024;
/// So many of them are asked of the room at a time.
pub const LANEYA_ASKED: usize = 32;
/// With so many waiting, refused ones among them, or so many bytes of them, the connection is closed.
pub const LANEYA_PENDING_MAX: usize = 4096;
/// See [`LANEYA_PENDING_MAX`].
pub const LANEYA_PENDING_BYTES: usize = MIB;
/// So many of the last requests of a connection of it are known again by their keys.
pub const LANEYA_KEYS: usize = 256;
/// An answer of at most so many bytes is kept, to be given again; a longer one is made again.
pub const LANEYA_ANSWER_BYTES: usize = 4 * KIB;
/// The longest key of a request of it.
pub const LANEYA_KEY_BYTES: usize = 256;
/// The longest frame that a client of it is sent.
pub const LANEYA_OUT_BYTES: usize = MIB;
/// Of so many seats of a dungeon it is known who holds them.
pub const LANEYA_SEATS: usize = 256;

/// How many requests of a client of `chat` may be unanswered; more are `RATE_LIMITED`.
pub const CHAT_PENDING: usize = 16 * KIB;
/// The longest type that a client of it is told back.
pub const CHAT_TYPE_BYTES: usize = 64;

/// Pairs of which the first must be the smaller one: out of order the second would never count, or always.
pub const ORDERED: &[(&str, &str)] = &[
    ("ping_ms", "silence_ms"),
    ("output_bytes", "output_bytes_max"),
    ("view_bytes", "output_bytes_max"),
    ("job_retry_ms", "job_retry_ms_max"),
    ("cluster_heartbeat_ms", "cluster_ttl_ms"),
];

impl Limits {
    /// The first pair of [`ORDERED`] that is out of order.
    pub fn out_of_order(&self) -> Option<(&'static str, &'static str)> {
        ORDERED.iter().copied().find(|(less, more)| self.get(less) >= self.get(more))
    }
}

#[cfg(test)]
mod tests;
