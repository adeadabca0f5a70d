//! A shard on a desk: nothing random, nothing late, one turn at a time. For tests that say exactly what happens and when.

use crate::disk::Disk;
use crate::luck::Luck;
use crate::model::Model;
use crate::wire::{self, Frame, Frames};
use parlour_engine::code::Code;
use parlour_engine::forward::Place;
use parlour_engine::io::{AskBot, AskId, Call, CallId, ConnId, Identity, Input, JobId, Now, Output, Reply, Role, StartJob};
use parlour_engine::limits::Limits;
use parlour_engine::revocation::Revocation;
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Second, Settings, Shard};
use parlour_engine::tracking::Tracked;
use parlour_engine::wire::{Mode, Speaks};
use parlour_room::{Cause, JobFault};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The shard and the little that it needs.
pub struct Desk {
    kinds: Kinds,
    limits: Limits,
    shard: Shard,
    /// What is written to.
    pub disk: Disk,
    /// What the disk says.
    pub model: Model,
    now: Now,
    luck: Luck,
    conns: BTreeMap<ConnId, (Frames, Vec<Frame>, bool)>,
    /// What was written to connections that are no WebSockets.
    lines: BTreeMap<ConnId, Vec<u8>>,
    replies: BTreeMap<CallId, Reply>,
    count: u64,
    commit: u64,
    wake_at: Option<u64>,
    paused: BTreeSet<ConnId>,
    /// Connections whose clients do not read, and what is not written to them yet.
    stalled: BTreeMap<ConnId, Vec<u8>>,
    /// Every byte that was written to some connections.
    tapes: BTreeMap<ConnId, Vec<u8>>,
    /// How often a connection was to be read from no more.
    pub pauses: u32,
    /// While true nothing becomes durable.
    pub disk_waits: bool,
    /// What the operator was told.
    pub notes: Vec<String>,
    /// The rooms whose clocks rang, in the order in which that was recorded.
    pub signals: Vec<Arc<str>>,
    /// What bots were asked.
    pub asked: Vec<AskBot>,
    /// What was told of connections.
    pub tracked: Vec<Tracked>,
    /// The jobs that were to be run.
    pub started: Vec<StartJob>,
    /// The jobs whose results are no longer wanted.
    pub stopped: Vec<JobId>,
}

impl Desk {
    /// A shard with these kinds and an empty disk.
    pub fn new(kinds: Kinds) -> Self {
        Self::with_limits(kinds, Limits::default())
    }

    /// The same, where each user may have one connection.
    pub fn of_single_connections(kinds: Kinds) -> Self {
        let mut desk = Self::new(kinds);
        desk.shard = Shard::new(Settings { second: Second::Replaces, ..settings(desk.kinds.clone(), desk.limits.clone()) });
        desk
    }

    /// A connection is gone.
    pub fn closes(&mut self, conn: ConnId) {
        self.handles(Input::Closed(conn));
        self.turns();
    }

    /// Tokens count no more.
    pub fn revokes(&mut self, revocation: Revocation) {
        self.handles(Input::Revoked(revocation));
        self.turns();
    }

    /// The same with these limits.
    pub fn with_limits(kinds: Kinds, limits: Limits) -> Self {
        let model = Model::without_states(kinds.clone());
        let mut desk = Self {
            shard: Shard::new(settings(kinds.clone(), limits.clone())),
            limits,
            kinds,
            disk: Disk::default(),
            model,
            now: Now { mono_ms: 1_000, wall_ms: 1_795_255_200_000 },
            luck: Luck::new(1),
            conns: BTreeMap::new(),
            lines: BTreeMap::new(),
            replies: BTreeMap::new(),
            count: 0,
            commit: 0,
            wake_at: None,
            paused: BTreeSet::new(),
            stalled: BTreeMap::new(),
            tapes: BTreeMap::new(),
            pauses: 0,
            disk_waits: false,
            notes: Vec::new(),
            signals: Vec::new(),
            asked: Vec::new(),
            tracked: Vec::new(),
            started: Vec::new(),
            stopped: Vec::new(),
        };
        desk.passes(0);
        desk
    }

    /// The process dies and another takes its place, on the same disk, perhaps with other rules.
    pub fn restarts(&mut self, kinds: Kinds) {
        self.model.goes_on_with(kinds.clone());
        self.kinds = kinds;
        self.shard = Shard::new(settings(self.kinds.clone(), self.limits.clone()));
        self.disk.crash();
        (self.conns, self.lines, self.commit, self.wake_at) = (BTreeMap::new(), BTreeMap::new(), 0, None);
        self.passes(0);
    }

    /// The shard.
    pub fn shard(&self) -> &Shard {
        &self.shard
    }

    /// Time goes on by the wall clock, and nobody notices.
    pub fn machine_sleeps(&mut self, ms: u64) {
        self.now.wall_ms += ms;
    }

    /// A connection of somebody who is known.
    pub fn connects(&mut self, user: &str) -> ConnId {
        let guest = Identity::lasting(user, Role::Player);
        let conn = self.opens(None, Some(guest));
        assert_eq!(self.hears(conn)[0]["type"], "connected");
        conn
    }

    /// A connection with a token or without. The token `bad` and the token `old` are refused; any other is its user's name.
    pub fn opens(&mut self, token: Option<&str>, guest: Option<Identity>) -> ConnId {
        let conn = self.begins(token, guest);
        self.turns();
        conn
    }

    /// The same; the turn goes on.
    pub fn begins(&mut self, token: Option<&str>, guest: Option<Identity>) -> ConnId {
        self.arrives(Speaks::Native, token, guest)
    }

    /// A connection on which netstrings are spoken.
    pub fn dials(&mut self) -> ConnId {
        let conn = self.arrives(Speaks::Laneya, None, None);
        self.lines.insert(conn, Vec::new());
        self.turns();
        conn
    }

    fn arrives(&mut self, speaks: Speaks, token: Option<&str>, guest: Option<Identity>) -> ConnId {
        self.count += 1;
        let (conn, entropy) = (ConnId(self.count), self.luck.entropy());
        self.conns.insert(conn, Default::default());
        self.handles(Input::Opened {
            conn,
            speaks,
            target: String::new(),
            address: None,
            entropy,
            token: token.map(str::to_owned),
            guest,
            guest_token: None,
        });
        conn
    }

    /// A message, in a turn of its own, and what is said then.
    pub fn asks(&mut self, conn: ConnId, message: &Value) -> Vec<Value> {
        self.says(conn, &message.to_string());
        self.turns();
        self.hears(conn)
    }

    /// A message; the turn goes on.
    pub fn says(&mut self, conn: ConnId, message: &str) {
        let mut bytes = Vec::new();
        wire::frame(&mut bytes, 1, true, self.luck.mask(), message.as_bytes());
        self.sends(conn, &bytes);
    }

    /// Bytes, which are to be frames; the turn goes on.
    pub fn sends(&mut self, conn: ConnId, bytes: &[u8]) {
        self.handles(Input::Bytes { conn, bytes: &mut bytes.to_vec() });
    }

    /// The messages that came since one asked last.
    pub fn hears(&mut self, conn: ConnId) -> Vec<Value> {
        let frames = self.frames(conn);
        frames
            .iter()
            .filter_map(|frame| if let Frame::Text(text) = frame { serde_json::from_str(text).ok() } else { None })
            .collect()
    }

    /// The frames that came since one asked last.
    pub fn frames(&mut self, conn: ConnId) -> Vec<Frame> {
        std::mem::take(&mut self.conns.get_mut(&conn).expect("it was opened").1)
    }

    /// The bytes that came since one asked last, on a connection of netstrings.
    pub fn line(&mut self, conn: ConnId) -> Vec<u8> {
        std::mem::take(self.lines.get_mut(&conn).expect("it was dialled"))
    }

    /// A connection is gone.
    pub fn hangs_up(&mut self, conn: ConnId) {
        self.all_hang_up(&[conn]);
    }

    /// These are gone, all at once.
    pub fn all_hang_up(&mut self, conns: &[ConnId]) {
        conns.iter().for_each(|conn| self.handles(Input::Closed(*conn)));
        self.turns();
    }

    /// Whether the server has ended a connection.
    pub fn is_closed(&self, conn: ConnId) -> bool {
        self.conns[&conn].2
    }

    /// A request of an administrator's to the HTTP API.
    pub fn calls(&mut self, call: Call) -> Reply {
        self.count += 1;
        let (from, entropy) = (CallId(self.count), self.luck.entropy());
        let by = Identity::lasting("root", Role::Admin);
        self.handles(Input::Call { from, by, entropy, call });
        self.turns();
        self.replies.remove(&from).expect("a call is replied to")
    }

    /// From now on every byte written to this connection is kept.
    pub fn tapes(&mut self, conn: ConnId) {
        self.tapes.insert(conn, Vec::new());
    }

    /// What was kept.
    pub fn tape(&self, conn: ConnId) -> &[u8] {
        &self.tapes[&conn]
    }

    /// A client stops reading.
    pub fn stalls(&mut self, conn: ConnId) {
        self.stalled.entry(conn).or_default();
    }

    /// How much is written and not read by a client that stopped.
    pub fn unread(&self, conn: ConnId) -> usize {
        self.stalled.get(&conn).map_or(0, Vec::len)
    }

    /// How much the shard itself has waiting for a connection.
    pub fn owed(&mut self, conn: ConnId) -> usize {
        self.shard.debt(conn)
    }

    /// A client that stopped reads again, all that there is.
    pub fn reads(&mut self, conn: ConnId) {
        let unwritten = self.stalled.remove(&conn).expect("it stopped");
        self.receives(conn, &unwritten);
        if self.paused.contains(&conn) {
            self.handles(Input::Flushed(conn));
        }
        self.turns();
    }

    /// Time goes on; everything that is due happens on time.
    pub fn passes(&mut self, ms: u64) {
        let end_ms = self.now.mono_ms + ms;
        while let Some(at_ms) = self.wake_at.take().filter(|at_ms| *at_ms <= end_ms) {
            self.advances(at_ms);
        }
        self.advances(end_ms);
    }

    fn advances(&mut self, to_ms: u64) {
        let by_ms = to_ms.saturating_sub(self.now.mono_ms);
        self.now = Now { mono_ms: self.now.mono_ms + by_ms, wall_ms: self.now.wall_ms + by_ms };
        self.handles(Input::Time);
        self.turns();
    }

    fn handles(&mut self, input: Input<'_>) {
        self.shard.handle(input, self.now);
    }

    /// Turns until nothing is left to do, each followed by what the disk does, unless that waits.
    pub fn turns(&mut self) {
        loop {
            while let Some(output) = self.shard.poll() {
                self.does(output);
            }
            if self.disk_waits || !self.syncs() {
                return;
            }
        }
    }

    /// The disk is done with all that was written to it, if that is anything; the turn goes on.
    pub fn syncs(&mut self) -> bool {
        let Some(commit) = self.disk.sync(usize::MAX, &mut self.model).expect("P6 holds") else { return false };
        self.commit = commit;
        self.handles(Input::Durable(commit));
        true
    }

    /// A bot answered.
    pub fn bot_answers(&mut self, ask: AskId, action: &str) {
        self.handles(Input::BotAnswer { ask, action: action.to_owned() });
        self.turns();
    }

    /// A job came to its end.
    pub fn job_is_done(&mut self, job: JobId, result: Result<&str, JobFault>) {
        let result = result.map(str::to_owned).map_err(|fault| (fault, "planted".to_owned()));
        self.handles(Input::JobDone { job, result });
        self.turns();
    }

    /// The server is to end; the turn goes on.
    pub fn drains(&mut self) {
        self.handles(Input::Drain);
    }

    fn receives(&mut self, conn: ConnId, bytes: &[u8]) {
        if let Some(line) = self.lines.get_mut(&conn) {
            return line.extend_from_slice(bytes);
        }
        let (frames, heard, _) = self.conns.get_mut(&conn).expect("it was opened");
        heard.extend(frames.feed(bytes).expect("frames"));
    }

    fn does(&mut self, output: Output) {
        match output {
            Output::Write { conn, bytes } => {
                if let Some(tape) = self.tapes.get_mut(&conn) {
                    tape.extend_from_slice(&bytes);
                }
                if let Some(unwritten) = self.stalled.get_mut(&conn) {
                    let was_over = unwritten.len() > self.limits.output_bytes;
                    unwritten.extend_from_slice(&bytes);
                    if unwritten.len() > self.limits.output_bytes && !was_over {
                        self.handles(Input::Behind(conn));
                    }
                    return;
                }
                assert!(!self.is_closed(conn), "bytes after the end");
                self.receives(conn, &bytes);
                if self.paused.contains(&conn) {
                    self.handles(Input::Flushed(conn));
                }
            }
            Output::Pause(conn) => {
                self.pauses += 1;
                self.paused.insert(conn);
            }
            Output::Resume(conn) => {
                self.paused.remove(&conn);
            }
            Output::Released(_) => unreachable!("nobody polls here"),
            Output::Close(conn) => self.conns.get_mut(&conn).expect("it was opened").2 = true,
            Output::Append(batch) => {
                let rang = batch.records.iter().filter(|(_, record)| record.cause == Cause::Signal);
                self.signals.extend(rang.map(|(room, _)| room.clone()));
                self.disk.append(batch);
            }
            Output::Load(room) => {
                let result = Ok(self.disk.load(&room));
                self.handles(Input::Loaded { room: Arc::clone(&room), result });
            }
            Output::ListDue { after, limit } => {
                let due = Ok(self.disk.due(&after, limit));
                self.handles(Input::Due(due));
            }
            Output::Look { look, lookup } => {
                let result = Ok(self.disk.look(&lookup));
                self.handles(Input::Looked { look, result });
            }
            Output::Verify { conn, token } => {
                let user = Identity::lasting(&token, Role::Player);
                let result = match token.as_str() {
                    "bad" => Err(Code::AuthenticationFailed),
                    "old" => Err(Code::TokenExpired),
                    _ => Ok(user),
                };
                self.handles(Input::Verified { conn, result });
            }
            Output::Reply { to, reply } => {
                self.replies.insert(to, reply);
            }
            Output::StartJob(start) => self.started.push(start),
            Output::StopJob(job) => self.stopped.push(job),
            Output::WakeAt(at_ms) => self.wake_at = Some(at_ms),
            Output::Note(note) => self.notes.push(note),
            Output::Track(tracked) => self.tracked.push(tracked),
            Output::Forward { .. } => unreachable!("there is one shard"),
            Output::AskBot(ask) => self.asked.push(ask),
            Output::Drained | Output::Stop(_) => {}
        }
    }
}

fn settings(kinds: Kinds, limits: Limits) -> Settings {
    Settings {
        kinds,
        limits,
        server: "desk".to_owned(),
        second: Second::default(),
        mode: Mode::default(),
        tracks: true,
        planted: None,
        place: Place::ALONE,
    }
}
