//! What goes into the shard and what comes out: the whole server as one state machine that knows no socket, clock, disk or
//! thread.

use crate::code::Code;
use crate::command::Open;
use crate::counts::Counts;
use crate::dialect::native_out::Failure;
use crate::forward::{Packet, ShardId};
use crate::framing::engineio::Answer;
use crate::limits::Limits;
use crate::lookup::{Found, LookId, Lookup};
use crate::revocation::Revocation;
use crate::standing::HOUSE;
use crate::store::{Batch, Due, History, ReadError};
use crate::tracking::Tracked;
use crate::wire::{Rest, Speaks};
use parlour_room::{JobFault, Seat};
use std::sync::Arc;

/// What time it is. Both are given by whoever runs the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that never goes back.
    pub mono_ms: u64,
    /// Milliseconds since 1970, as the machine believes.
    pub wall_ms: u64,
}

/// A connection. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Where connections come from: a number that is the same for the same place, and means nothing more here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u64);

/// A request of the HTTP API. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// Something asked of a bot. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// A job of a room. Never used twice by one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, and closing others' rooms.
    Admin,
    /// Opening rooms and playing.
    Player,
    /// Watching.
    Spectator,
}

/// Who somebody is. The server vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Unique and stable.
    pub user: String,
    /// What others may call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When this ends, wall time; `None` for never.
    pub expires_ms: Option<u64>,
    /// What their token is called (`jti`), if it has a name.
    pub token_id: Option<String>,
    /// When it was made, in seconds since 1970, if it says so.
    pub issued_s: Option<u64>,
}

impl Identity {
    /// Somebody who is known without a token.
    pub fn lasting(user: &str, role: Role) -> Self {
        let user = user.to_owned();
        Self { name: user.clone(), user, role, expires_ms: None, token_id: None, issued_s: None }
    }

    /// Whether anybody may be called so: by a token, whoever signed it.
    pub fn is_possible(&self, limits: &Limits) -> bool {
        !self.user.is_empty()
            && self.user.len() <= limits.user_bytes
            && self.name.len() <= limits.user_bytes
            && !self.user.starts_with(BOT_PREFIX)
            && self.user != HOUSE
            && self.user != GUEST
            && !has_control(&self.user)
            && !has_control(&self.name)
            && !self.user.starts_with(NAMED_PREFIX)
    }
}

/// Who asks over HTTP without a token, where that is allowed. Nobody else may be called so.
pub use parlour_room::GUEST;

/// Whether a name has characters that would be commands to where it is shown.
pub(crate) fn has_control(name: &str) -> bool {
    name.chars().any(char::is_control)
}

/// The user ids of bots begin with this, and nobody else's may.
pub const BOT_PREFIX: &str = "bot:";

/// Nobody else's user ids may begin so.
pub use parlour_room::NAMED as NAMED_PREFIX;

/// Something that happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// A connection passed its handshake.
    Opened {
        /// Which.
        conn: ConnId,
        /// What it speaks.
        speaks: Speaks,
        /// The path and query that it asked for.
        target: String,
        /// From where, if that is known.
        address: Option<Address>,
        /// 32 bytes of luck: for the session's id and the seeds of rooms it opens.
        entropy: [u8; 32],
        /// The token it brought, if any.
        token: Option<String>,
        /// Who it is without a token, where that is allowed.
        guest: Option<Identity>,
        /// With what that guest can come back as the same one: told in the greeting.
        guest_token: Option<String>,
    },
    /// A connection passed its handshake that is to take over this session of Engine.IO.
    Probes {
        /// Which.
        conn: ConnId,
        /// The session's id.
        sid: String,
    },
    /// A request of Engine.IO came over HTTP.
    Polled {
        /// To whom the answer goes.
        from: CallId,
        /// What it is for.
        polled: Polled,
    },
    /// An HTTP request of a dialect came. It is answered once, as `Reply::Rest`, or as `Reply::Failed` if it cannot be.
    Asked {
        /// To whom the answer goes.
        from: CallId,
        /// Of which dialect it is.
        speaks: Speaks,
        /// What is asked.
        request: Rest,
        /// From where, if that is known.
        address: Option<Address>,
        /// 32 bytes of luck.
        entropy: [u8; 32],
        /// The token it brought, if any.
        token: Option<String>,
        /// Who it is without a token, where that is allowed.
        guest: Option<Identity>,
    },
    /// Bytes came. They are unmasked in place.
    Bytes {
        /// From where.
        conn: ConnId,
        /// What came.
        bytes: &'a mut [u8],
    },
    /// Everything was written to a connection that was paused.
    Flushed(ConnId),
    /// More than `Limits::output_bytes` could not be written to a connection yet: its client does not read.
    Behind(ConnId),
    /// A connection is gone.
    Closed(ConnId),
    /// A token was looked at.
    Verified {
        /// Whose.
        conn: ConnId,
        /// Who that is, or why not.
        result: Result<Identity, Code>,
    },
    /// Every batch up to this one is on disk.
    Durable(u64),
    /// The journal failed: nothing is durable any more.
    Failed(String),
    /// A room was read.
    Loaded {
        /// Its name.
        room: Arc<str>,
        /// What the journal holds of it; `None` if it never heard of it.
        result: Result<Option<History>, ReadError>,
    },
    /// The next rooms that the journal wants woken, in their order, as `ListDue` asked.
    Due(Result<Vec<Due>, ReadError>),
    /// A question to the journal was answered.
    Looked {
        /// Which.
        look: LookId,
        /// What was found.
        result: Result<Found, ReadError>,
    },
    /// A request of the HTTP API.
    Call {
        /// To whom the reply goes.
        from: CallId,
        /// Who asks.
        by: Identity,
        /// 32 bytes of luck.
        entropy: [u8; 32],
        /// What they ask.
        call: Call,
    },
    /// A bot decided.
    BotAnswer {
        /// What it was asked.
        ask: AskId,
        /// One of its legal actions, or anything at all.
        action: String,
    },
    /// A job tells of its progress. It is shown while the job is open, and never kept.
    JobPulse {
        /// The room.
        room: Arc<str>,
        /// The job's name in it.
        key: String,
        /// The record that started it.
        since: u64,
        /// A pulse of the room's kind, JSON with its `type`.
        pulse: String,
    },
    /// Another shard said something.
    Forwarded {
        /// Which.
        from: ShardId,
        /// What.
        packet: Packet,
    },
    /// A job came to its end: with its result, JSON, or without one, and why.
    JobDone {
        /// Which.
        job: JobId,
        /// What came of it.
        result: Result<String, (JobFault, String)>,
    },
    /// Tokens count no more.
    Revoked(Revocation),
    /// Time went on; nothing else happened.
    Time,
    /// The server is to end: rooms are put away, clients told.
    Drain,
}

/// A request of Engine.IO over HTTP. Those of one session come to the shard that its id names.
#[derive(Debug)]
pub enum Polled {
    /// A session is to begin.
    Opens {
        /// What it is called here.
        conn: ConnId,
        /// From where, if that is known.
        address: Option<Address>,
        /// 32 bytes of luck.
        entropy: [u8; 32],
        /// The token the request brought, if any.
        token: Option<String>,
    },
    /// A client asks for what waits for it.
    Asks {
        /// The session's id.
        sid: String,
    },
    /// A client begins to say something.
    Begins {
        /// The session's id.
        sid: String,
        /// Of what type that is.
        content_type: Option<String>,
    },
    /// All of it is there.
    Says {
        /// The session's id.
        sid: String,
        /// What it says; nothing if it is more than it may be.
        body: Option<Vec<u8>>,
    },
    /// The request was given up before it was answered.
    Gone {
        /// The session's id.
        sid: String,
    },
}

/// A request of the HTTP API.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Open a room.
    Open(Open<'static>),
    /// Close one.
    Close(String),
    /// Show one.
    Show(String),
    /// Its members, those whose names come after one, and at most so many.
    Members {
        /// The room.
        room: String,
        /// After whom; empty for the first.
        after: String,
        /// At most so many.
        limit: usize,
    },
    /// Those of these rooms that are loaded.
    List(Vec<String>),
    /// What was counted.
    Counts,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It was done; the body is JSON.
    Done {
        /// HTTP 200, or 201 where something was made.
        created: bool,
        /// JSON.
        body: String,
    },
    /// It failed.
    Failed(Failure),
    /// What was counted.
    Counts(Box<Counts>),
    /// To a request of Engine.IO.
    Polled(Answer),
    /// To a request of a dialect.
    Rest {
        /// HTTP's.
        status: u16,
        /// JSON.
        body: String,
    },
}

/// Something to do.
#[derive(Debug)]
pub enum Output {
    /// Write these bytes.
    Write {
        /// Where.
        conn: ConnId,
        /// What.
        bytes: Vec<u8>,
    },
    /// Read nothing more from this connection: it is owed more than it may be. Say `Flushed` whenever everything was written to
    /// it.
    Pause(ConnId),
    /// Read from it again.
    Resume(ConnId),
    /// After everything was written, end the connection: no more is written, and input is thrown away for `Limits::linger_ms`.
    Close(ConnId),
    /// A session that had no connection of its own has one, or is over: it is no more to be counted.
    Released(ConnId),
    /// Write this to disk, then say `Durable`.
    Append(Batch),
    /// Read this room, then say `Loaded`.
    Load(Arc<str>),
    /// Read which rooms come after this one in the order of their time to be woken, not only those whose time has come, and at
    /// most so many; then say `Due`.
    ListDue {
        /// The last that is known.
        after: Due,
        /// At most so many.
        limit: usize,
    },
    /// Ask the journal this, then say `Looked`.
    Look {
        /// Which question.
        look: LookId,
        /// What is asked.
        lookup: Lookup,
    },
    /// Look at this token, then say `Verified`.
    Verify {
        /// Whose.
        conn: ConnId,
        /// The token.
        token: String,
    },
    /// Answer a call.
    Reply {
        /// To whom.
        to: CallId,
        /// What.
        reply: Reply,
    },
    /// Ask a bot, then say `BotAnswer`.
    AskBot(AskBot),
    /// Hand this to another shard, as `Forwarded`.
    Forward {
        /// Which.
        to: ShardId,
        /// What.
        packet: Packet,
    },
    /// Run a job, then say `JobDone`, once.
    StartJob(StartJob),
    /// Nobody wants the result of this job any more: it may end early, but say `JobDone` all the same.
    StopJob(JobId),
    /// Tell whoever keeps count of connections, if `Settings::tracks`.
    Track(Tracked),
    /// Say `Time` at this monotonic time, at the latest.
    WakeAt(u64),
    /// Tell the operator.
    Note(String),
    /// Rooms are put away and clients told: the server may end.
    Drained,
    /// The journal failed: end the process, and recover.
    Stop(String),
}

/// A question to a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskBot {
    /// Which question.
    pub ask: AskId,
    /// Which bot.
    pub bot: String,
    /// For which seat.
    pub seat: Seat,
    /// What that seat may know, JSON.
    pub view: String,
    /// What it may do, each as JSON; never empty.
    pub legal: Vec<String>,
    /// What each of them promises, for a bot that looks ahead.
    pub promises: Vec<i64>,
}

/// A run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartJob {
    /// Which.
    pub id: JobId,
    /// The kind of the room, whose runner does it.
    pub kind: &'static str,
    /// The room.
    pub room: Arc<str>,
    /// The job's name in it.
    pub key: String,
    /// The record that started it.
    pub since: u64,
    /// How often it was run before, and one.
    pub attempt: u32,
    /// What is asked, JSON.
    pub job: String,
}
