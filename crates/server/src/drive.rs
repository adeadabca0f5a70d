//! The event loop: turns system calls into the shard's inputs and its outputs into system calls. One thread, no lock and no
//! task on a message's way.

mod accept;
mod sockets;

use crate::addresses::{Addresses, Ticket};
use crate::auth::{Verifier, entropy};
use crate::bell::{Bells, Health, Knock};
use crate::cluster::Cluster;
use crate::conn::{Conn, Stage};
use crate::door::HandedOver;
use crate::guests::Guests;
use crate::head::Callers;
use crate::http::rest::Asked;
use crate::jobs::Jobs;
use crate::journal::{Committed, Writer};
use crate::meters::{Meters, Stopwatch};
use crate::models::Models;
use crate::reader::Question;
use crate::voice::tell;
use accept::Door;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Poll, Token};
use parlour_engine::forward::{Packet, Place, ShardId};
use parlour_engine::io::{CallId, ConnId, Input, Now, Output, Polled, Reply};
use parlour_engine::shard::Shard;
use parlour_engine::wire::Mode;
use parlour_room::{Bots, Dice, bot};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

pub(crate) struct Parts {
    pub(crate) place: Place,
    /// One loop accepts for all.
    pub(crate) listener: Option<TcpListener>,
    /// The same for those who speak netstrings, if they may.
    pub(crate) netstrings: Option<TcpListener>,
    pub(crate) poll: Poll,
    pub(crate) knocks: Receiver<Knock>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) questions: Sender<(ShardId, Question)>,
    pub(crate) bells: Bells,
    pub(crate) cold: tokio::sync::mpsc::UnboundedSender<HandedOver>,
    pub(crate) verifier: Verifier,
    pub(crate) guests: Guests,
    /// Whether who speaks the native protocol without a token is one.
    pub(crate) welcomes_guests: bool,
    pub(crate) mode: Mode,
    pub(crate) callers: Callers,
    pub(crate) jobs: Jobs,
    pub(crate) models: Models,
    pub(crate) bots: Bots,
    pub(crate) shard: Shard,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) cluster: Option<Arc<dyn Cluster>>,
    pub(crate) health: Arc<Health>,
}

pub(crate) const LISTENER: Token = Token(0);
pub(crate) const WAKER: Token = Token(1);
pub(crate) const NETSTRINGS: Token = Token(2);
const FIRST_CONN: usize = 3;
const EVENTS: usize = 1024;
/// How long clients may take to read what was said last before the server ends anyway.
const END_MS: u64 = 5_000;

pub(crate) struct Drive {
    parts: Parts,
    started: Instant,
    stopwatch: Stopwatch,
    now: Now,
    conns: Vec<Option<Conn>>,
    /// Where in `conns` a connection is that the shard knows.
    places: HashMap<ConnId, usize>,
    /// The number of the last connection: with the shard's in front its id, so that no id is used twice.
    conn_count: u64,
    /// The loop that gets the next connection.
    next_loop: u16,
    /// What this turn says to the other shards.
    forwards: Vec<Vec<Packet>>,
    free: Vec<usize>,
    /// Connections that may have more to read than one turn takes.
    unread: Vec<usize>,
    deadlines: BTreeSet<(u64, usize)>,
    calls: HashMap<CallId, oneshot::Sender<Reply>>,
    next_call: u64,
    /// What sessions are counted by that have no connection of their own.
    tickets: HashMap<ConnId, Ticket>,
    wake_at: Option<u64>,
    /// When to look for new connections again, after the system had no room for them.
    accept_at: Option<u64>,
    luck: Dice,
    buffer: Vec<u8>,
    end: Option<Result<(), String>>,
}

impl Drive {
    pub(crate) fn new(parts: Parts) -> Self {
        let luck = Dice::from_number(u64::from_le_bytes(entropy()[..8].try_into().expect("8 of 32 bytes")));
        let shards = usize::from(parts.place.shards);
        Self {
            stopwatch: Stopwatch::new(parts.meters.clone()),
            parts,
            started: Instant::now(),
            now: Now { mono_ms: 0, wall_ms: 0 },
            conns: Vec::new(),
            places: HashMap::new(),
            conn_count: 0,
            next_loop: 0,
            forwards: vec![Vec::new(); shards],
            free: Vec::new(),
            unread: Vec::new(),
            deadlines: BTreeSet::new(),
            calls: HashMap::new(),
            next_call: 0,
            tickets: HashMap::new(),
            wake_at: None,
            accept_at: None,
            luck,
            buffer: vec![0; 64 * 1024],
            end: None,
        }
    }

    /// Turns until the server ends: in good order, or because the journal failed.
    pub(crate) fn run(mut self) -> Result<(), String> {
        let mut events = Events::with_capacity(EVENTS);
        // Rooms may have been due while no server ran: nobody needs to come for them.
        self.look_at_clock();
        self.parts.shard.handle(Input::Time, self.now);
        self.carry_out();
        loop {
            if let Err(error) = self.parts.poll.poll(&mut events, self.patience())
                && error.kind() != io::ErrorKind::Interrupted
            {
                return Err(format!("the event loop failed: {error}"));
            }
            self.look_at_clock();
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(Door::Http),
                    NETSTRINGS => self.accept(Door::Netstrings),
                    WAKER => {}
                    Token(token) => {
                        let place = token - FIRST_CONN;
                        if event.is_writable() {
                            self.flush(place);
                        }
                        if let Some(conn) = self.conns.get_mut(place).and_then(Option::as_mut) {
                            conn.is_ending |= event.is_read_closed() || event.is_error();
                        }
                        if event.is_readable() || event.is_read_closed() || event.is_error() {
                            self.read(place);
                        }
                    }
                }
            }
            for place in std::mem::take(&mut self.unread) {
                self.read(place);
            }
            while let Ok(knock) = self.parts.knocks.try_recv() {
                self.answer_door(knock);
            }
            self.keep_deadlines();
            if self.accept_at.is_some_and(|at| at <= self.now.mono_ms) {
                self.accept(Door::Http);
                self.accept(Door::Netstrings);
            }
            if self.wake_at.is_some_and(|at| at <= self.now.mono_ms) {
                self.wake_at = None;
                self.parts.shard.handle(Input::Time, self.now);
            }
            self.carry_out();
            if let Some(end) = self.end.take() {
                return self.finish(end);
            }
        }
    }

    fn look_at_clock(&mut self) {
        let turn = Instant::now();
        self.stopwatch.turn(turn);
        let mono_ms = u64::try_from((turn - self.started).as_millis()).unwrap_or(u64::MAX);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.now = Now { mono_ms, wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX) };
    }

    /// How long the loop may sleep.
    fn patience(&self) -> Option<Duration> {
        if !self.unread.is_empty() {
            return Some(Duration::ZERO);
        }
        let next = self.deadlines.first().map(|(at, _)| *at).into_iter().chain(self.wake_at).chain(self.accept_at).min()?;
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Some(Duration::from_millis(next.saturating_sub(elapsed)))
    }

    fn answer_door(&mut self, knock: Knock) {
        match knock {
            Knock::Journal(Committed::Durable { commit }) => {
                self.stopwatch.durable(commit);
                self.parts.shard.handle(Input::Durable(commit), self.now);
            }
            Knock::Journal(Committed::Failed { why, .. }) => self.parts.shard.handle(Input::Failed(why), self.now),
            Knock::Loaded { room, result } => self.parts.shard.handle(Input::Loaded { room, result }, self.now),
            Knock::Due(result) => self.parts.shard.handle(Input::Due(result), self.now),
            Knock::Looked { look, result } => self.parts.shard.handle(Input::Looked { look, result }, self.now),
            Knock::BotAnswer { ask, action, was_asked } => {
                if was_asked {
                    self.parts.models.has_answered();
                }
                self.parts.shard.handle(Input::BotAnswer { ask, action }, self.now);
            }
            Knock::Verified { conn, result } => {
                // It may have been taken back meanwhile: then this connection has not been told.
                let result = result.and_then(|who| self.parts.verifier.revocations().admit(who));
                self.parts.shard.handle(Input::Verified { conn, result }, self.now);
            }
            Knock::Revoked(revocation) => self.parts.shard.handle(Input::Revoked(revocation), self.now),
            Knock::JobDone { id, result } => {
                self.parts.jobs.is_done(id);
                self.parts.shard.handle(Input::JobDone { job: id, result }, self.now);
            }
            Knock::JobPulse(progress) => {
                if let Some(pulse) = progress.take() {
                    let (room, key, since) = (progress.room.clone(), progress.key.clone(), progress.since);
                    self.parts.shard.handle(Input::JobPulse { room, key, since, pulse }, self.now);
                }
            }
            Knock::Call { by, call, reply } => {
                self.next_call += 1;
                let from = CallId(self.next_call);
                self.calls.retain(|_, waiting| !waiting.is_closed());
                self.calls.insert(from, reply);
                self.parts.shard.handle(Input::Call { from, by, entropy: entropy(), call }, self.now);
            }
            Knock::Upgraded { stream, way, rest, token, ticket } => {
                if let Some(place) = self.adopt(TcpStream::from_std(stream), Stage::Open, ticket) {
                    self.open(place, Vec::new(), way, token, rest);
                }
            }
            Knock::Polled { from, polled, ticket, reply } => self.polled(from, polled, ticket, reply),
            Knock::Asked { asked, reply } => {
                let Asked { from, speaks, request, address, entropy, token, guest } = *asked;
                self.calls.insert(from, reply);
                let input = Input::Asked { from, speaks, request, address, entropy, token, guest };
                self.parts.shard.handle(input, self.now);
            }
            Knock::Accepted { stream, ticket } => self.greet(TcpStream::from_std(stream), ticket),
            Knock::Forwarded { from, packets } => {
                for packet in packets {
                    self.parts.shard.handle(Input::Forwarded { from, packet }, self.now);
                }
            }
            Knock::AllDrained => self.end = Some(Ok(())),
            // Another loop may have heard first that the journal cannot be written: who is connected here is told, too.
            Knock::Bail(why) if self.parts.health.has_failed.load(Ordering::Relaxed) => {
                self.parts.shard.handle(Input::Failed(why), self.now);
            }
            Knock::Bail(why) => self.end = Some(Err(why)),
            // Who connects meanwhile is told so: nobody new gets a seat, and a probe finds the server not ready instead of
            // silent.
            Knock::Drain => {
                self.parts.health.is_draining.store(true, Ordering::Relaxed);
                self.parts.shard.handle(Input::Drain, self.now);
            }
        }
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.parts.shard.poll() {
            match output {
                Output::Write { conn, bytes } => self.write(conn, bytes),
                Output::Pause(conn) => self.hold(conn, true),
                Output::Resume(conn) => self.hold(conn, false),
                Output::Close(conn) => {
                    if let Some(place) = self.place(conn) {
                        self.linger(place);
                    }
                }
                Output::Released(conn) => {
                    self.tickets.remove(&conn);
                }
                Output::Append(batch) => {
                    self.stopwatch.handed_over(&batch);
                    self.parts.writer.submit(batch);
                }
                Output::Load(room) => self.ask_journal(Question::Room(room)),
                Output::ListDue { after, limit } => self.ask_journal(Question::Due { after, limit }),
                Output::Look { look, lookup } => self.ask_journal(Question::Look(look, lookup)),
                Output::Verify { conn, token } => self.look_at_token(conn, token),
                Output::Reply { to, reply } => {
                    if let Some(waiting) = self.calls.remove(&to) {
                        // Whoever asked may have gone away meanwhile.
                        let _ = waiting.send(reply);
                    }
                }
                Output::AskBot(ask) => {
                    let Err(ask) = self.parts.models.ask(ask) else { continue };
                    let question = bot::Ask { view: &ask.view, legal: &ask.legal, promises: &ask.promises };
                    let action = self.parts.bots.program(&ask.bot).map(|mut bot| bot.choose(question, &mut self.luck).to_owned());
                    let action = action.unwrap_or_default();
                    self.parts.shard.handle(Input::BotAnswer { ask: ask.ask, action }, self.now);
                }
                Output::Forward { to, packet } => self.forwards[usize::from(to.0)].push(packet),
                Output::StartJob(start) => self.parts.jobs.start(start),
                Output::StopJob(id) => self.parts.jobs.stop(id),
                Output::Track(tracked) => {
                    if let Some(cluster) = &self.parts.cluster {
                        cluster.track(tracked);
                    }
                }
                Output::WakeAt(at) => self.wake_at = Some(at),
                Output::Note(note) => tell(&note),
                Output::Drained => self.is_drained(),
                Output::Stop(why) => {
                    self.parts.health.has_failed.store(true, Ordering::Relaxed);
                    self.end = Some(Err(why));
                }
            }
        }
        self.forward();
    }

    fn polled(&mut self, from: CallId, polled: Polled, ticket: Option<Ticket>, reply: Option<oneshot::Sender<Reply>>) {
        if let Some(reply) = reply {
            self.calls.insert(from, reply);
        }
        if matches!(polled, Polled::Gone { .. }) {
            // Nobody waits for its answer any more.
            self.calls.remove(&from);
        }
        if let (Polled::Opens { conn, .. }, Some(ticket)) = (&polled, ticket) {
            self.tickets.insert(*conn, ticket);
        }
        self.parts.shard.handle(Input::Polled { from, polled }, self.now);
    }

    /// A token that takes time is looked at elsewhere: no loop waits for it.
    fn look_at_token(&mut self, conn: ConnId, token: String) {
        if let Some(result) = self.parts.verifier.glance(&token) {
            return self.parts.shard.handle(Input::Verified { conn, result }, self.now);
        }
        let bell = self.parts.bells.of(self.parts.place.shard).clone();
        self.parts.verifier.ask(token, move |result| {
            // A loop that has ended waits for nobody.
            bell.ring(Knock::Verified { conn, result });
        });
    }

    /// This shard is done; the loop goes on until all are, for it may be the one that answers the door.
    fn is_drained(&mut self) {
        let others = self.parts.health.drained.fetch_add(1, Ordering::AcqRel);
        if others + 1 == self.parts.place.shards {
            for bell in self.parts.bells.iter() {
                bell.ring(Knock::AllDrained);
            }
        }
    }

    /// One word at each other loop's door, whatever there is to say.
    fn forward(&mut self) {
        let from = self.parts.place.shard;
        for (to, packets) in (0..).zip(&mut self.forwards) {
            if !packets.is_empty() {
                // A loop that has ended hears nothing, and nobody on it waits for anything.
                self.parts.bells.of(ShardId(to)).ring(Knock::Forwarded { from, packets: std::mem::take(packets) });
            }
        }
    }

    fn ask_journal(&mut self, question: Question) {
        if self.parts.questions.send((self.parts.place.shard, question)).is_err() {
            self.end = Some(Err("the thread that reads the journal has ended".to_owned()));
        }
    }

    /// Gives what was said a last chance to be read.
    fn finish(mut self, end: Result<(), String>) -> Result<(), String> {
        let until_ms = self.now.mono_ms + self.parts.shard.limits().linger_ms.min(END_MS);
        let mut events = Events::with_capacity(EVENTS);
        while end.is_ok() && self.now.mono_ms < until_ms && self.conns.iter().any(Option::is_some) {
            let rest = Duration::from_millis(until_ms - self.now.mono_ms);
            if self.parts.poll.poll(&mut events, Some(rest)).is_err() {
                break;
            }
            self.look_at_clock();
            for event in &events {
                if let Some(place) = event.token().0.checked_sub(FIRST_CONN) {
                    self.flush(place);
                    self.read(place);
                }
            }
            self.keep_deadlines();
        }
        end
    }
}
