//! The server as one deterministic state machine: `handle` what happened, then `poll` until nothing is left to do.
//!
//! A turn is everything handled between two times that `poll` ran dry. At its end every room that was touched makes its views
//! once, what was recorded becomes one batch, and what was computed waits in its room until that batch is durable (see
//! [`hall`](crate::hall)).

mod arrivals;
mod batch;
mod bots;
mod calls;
mod charge;
mod dialects;
pub(crate) mod find;
mod history;
mod identity;
mod jobs;
mod lines;
mod listing;
mod lookups;
mod members;
mod own;
mod paced;
mod play;
mod presence;
mod private;
mod pulses;
mod reading;
mod requests;
mod resign;
mod rooms;
mod sleep;
mod slow;
mod standing;
mod time;
mod topics;
mod tracking;
mod waking;
mod wires;

pub use identity::Second;
pub(crate) use sleep::Rest;

use crate::counts::{self, Counts};
use crate::forward::Place;
use crate::framing::websocket;
use crate::hall::{Draft, Hall};
use crate::io::{AskId, ConnId, Input, Now, Output};
use crate::limiter::Limiter;
use crate::limits::Limits;
use crate::patch::Differ;
use crate::schema::Kinds;
use crate::session::{Phase, Session};
use crate::store::{Batch, WakeRow};
use crate::wire::{Mode, Speaks};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use dialects::Coming;
use lines::Lines;

/// What a shard is made with.
#[derive(Clone)]
pub struct Settings {
    /// The kinds of rooms it can play.
    pub kinds: Kinds,
    /// Its limits.
    pub limits: Limits,
    /// Which of how many shards it is.
    pub place: Place,
    /// What it calls itself in greetings.
    pub server: String,
    /// What a user's second connection does to the first.
    pub second: Second,
    /// With the quirks of the systems that dialects come from, or without.
    pub mode: Mode,
    /// Whether it tells who is connected and in which rooms (`Output::Track`).
    pub tracks: bool,
    /// Faults put in on purpose, so that tests can show that they would be found.
    #[doc(hidden)]
    pub planted: Option<Planted>,
}

/// A fault put in on purpose.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Answers leave before their batch is durable.
    AnswerEarly,
    /// Refusals leave at once, whatever they were computed from.
    RefuseEarly,
}

/// Sessions and rooms, and nothing of the world outside.
pub struct Shard {
    settings: Arc<Settings>,
    sessions: Vec<Option<Session>>,
    /// Where in `sessions` a connection is.
    places: HashMap<ConnId, usize, Fixed>,
    free_places: Vec<usize>,
    halls: Vec<Option<Box<Hall>>>,
    by_name: BTreeMap<Arc<str>, usize>,
    free_halls: Vec<usize>,
    /// Rooms touched in this turn.
    dirty: Vec<usize>,
    /// Connections to which this turn has made answers.
    talkers: Vec<ConnId>,
    /// Connections with something to write.
    writable: Vec<ConnId>,
    /// When each room's next clock is due, in monotonic time.
    timers: BTreeSet<(u64, usize)>,
    /// When the first of each room's pulses is over, in monotonic time.
    fading: BTreeSet<(u64, usize)>,
    batch: Batch,
    /// Its snapshots: of a room that is snapshotted twice in a turn only the last counts.
    snapshots: BTreeMap<Arc<str>, crate::store::Snapshot>,
    /// And its changes of when rooms are to be woken.
    wakes: BTreeMap<Arc<str>, Option<u64>>,
    /// The number of the batch that this turn fills.
    commit: u64,
    durable: u64,
    /// Rooms that hold something back, by the batch they wait for.
    awaiting: VecDeque<(u64, usize)>,
    lobby: lookups::Lobby,
    lookups: lookups::Lookups,
    /// Rooms with a free seat, and where requests to find one ended.
    vacancies: listing::Vacancies,
    finds: find::Finds,
    topics: topics::Topics,
    /// Listings that changed in this turn.
    listings: BTreeMap<Arc<str>, crate::lookup::Listing>,
    outputs: VecDeque<Output>,
    swept_ms: u64,
    wake_at: Option<u64>,
    draining: Option<u64>,
    /// Everything is on disk: what was computed in this turn may still be said, then everybody is told goodbye.
    leaves_now: bool,
    is_drained: bool,
    /// Everybody was told goodbye in this turn: once that is written, the server may end.
    says_drained: bool,
    has_failed: bool,
    /// Rooms that are being read.
    loads: usize,
    beds: sleep::Beds,
    dues: waking::Dues,
    /// The time of the last input.
    now: Now,
    asks: u64,
    /// The rooms of the questions that bots have not answered.
    asked: BTreeMap<AskId, usize>,
    /// Until when models may think: who was asked first, first.
    asks_due: BTreeMap<AskId, u64>,
    presence: presence::Presence,
    holders: identity::Holders,
    wires: wires::Wires,
    jobs: jobs::Jobs,
    paced: paced::Paced,
    pub(crate) counts: Counts,
    limiter: Limiter,
    scratch: Vec<u8>,
    differ: Differ,
    drafts: Vec<Draft>,
    lines: Lines,
}

/// Only ever asked for single keys, so the order inside does not matter; a fixed seed keeps runs equal all the same.
type Fixed = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;

impl Shard {
    /// A shard without connections or rooms. The first batch it writes has number 1.
    pub fn new(settings: Settings) -> Self {
        let place = settings.place;
        // No two shards give the same number to a question or a job.
        let first_number = u64::from(place.shard.0) << 48;
        Self {
            limiter: Limiter::new(&settings.limits),
            settings: Arc::new(settings),
            sessions: Vec::new(),
            places: HashMap::default(),
            free_places: Vec::new(),
            halls: Vec::new(),
            by_name: BTreeMap::new(),
            free_halls: Vec::new(),
            dirty: Vec::new(),
            talkers: Vec::new(),
            writable: Vec::new(),
            timers: BTreeSet::new(),
            fading: BTreeSet::new(),
            batch: Batch::default(),
            snapshots: BTreeMap::new(),
            wakes: BTreeMap::new(),
            commit: 1,
            durable: 0,
            awaiting: VecDeque::new(),
            lobby: lookups::Lobby::default(),
            lookups: lookups::Lookups::after(first_number),
            vacancies: listing::Vacancies::default(),
            finds: find::Finds::default(),
            topics: topics::Topics::default(),
            listings: BTreeMap::new(),
            outputs: VecDeque::new(),
            swept_ms: 0,
            wake_at: None,
            draining: None,
            leaves_now: false,
            is_drained: false,
            says_drained: false,
            has_failed: false,
            loads: 0,
            beds: sleep::Beds::default(),
            dues: waking::Dues::default(),
            now: Now { mono_ms: 0, wall_ms: 0 },
            asks: first_number,
            asked: BTreeMap::new(),
            asks_due: BTreeMap::new(),
            presence: presence::Presence::default(),
            holders: identity::Holders::new(),
            wires: wires::Wires::new(place.shard),
            jobs: jobs::Jobs::after(first_number),
            paced: paced::Paced::default(),
            counts: Counts::default(),
            scratch: Vec::new(),
            differ: Differ::default(),
            drafts: Vec::new(),
            lines: Lines::new(place.shards),
        }
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        if self.has_failed {
            return;
        }
        self.now = now;
        self.presence.look_at_clock(now);
        match input {
            Input::Opened { conn, speaks, target, address, entropy, token, guest, guest_token } => {
                self.opened(conn, address, entropy, now);
                match speaks {
                    Speaks::SocketIo => self.begin_socketio(conn, token, now),
                    _ => self.begin(conn, speaks, &target, Coming { address, token, guest, guest_token }, now),
                }
            }
            Input::Probes { conn, sid } => self.probes(conn, &sid, now),
            Input::Polled { from, polled } => self.polled(from, polled, now),
            Input::Asked { from, speaks, request, address, entropy, token, guest } => {
                self.asked(from, speaks, &request, entropy, Coming { address, token, guest, guest_token: None }, now);
            }
            Input::Bytes { conn, bytes } => {
                self.counts.bytes[0] += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.bytes(conn, bytes, now);
            }
            Input::Flushed(conn) => self.flushed(self.wires.session(conn), now),
            Input::Behind(conn) => self.is_behind(self.wires.session(conn)),
            Input::Closed(conn) => self.socket_closed(conn, now),
            Input::Verified { conn, result } => self.verified(conn, result, now),
            Input::Durable(commit) => self.durable(commit),
            Input::Failed(why) => {
                self.has_failed = true;
                self.tell_of_failure(now);
                self.outputs.push_back(Output::Stop(why));
            }
            Input::Loaded { room, result } => self.loaded(&room, result, now),
            Input::Due(result) => self.are_due(result, now),
            Input::Looked { look, result } => self.looked(look, result, now),
            Input::Call { from, by, entropy, call } => {
                if self.is_call_affordable(from, &by, &call, now) {
                    self.call(from, Arc::new(by), entropy, call, now);
                }
            }
            Input::JobPulse { room, key, since, pulse } => self.job_pulse(room, key, since, pulse, now),
            Input::BotAnswer { ask, action } => self.bot_answered(ask, &action, now),
            Input::Forwarded { from, packet } => self.forwarded(from, &packet, now),
            Input::JobDone { job, result } => self.job_done(job, result, now),
            Input::Revoked(revocation) => self.revoked(&revocation),
            Input::Time => self.time(now),
            Input::Drain => self.drain(now),
        }
    }

    /// The next thing to do; `None` once the turn is over and everything is handed out.
    pub fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                if let Some(output) = self.wires.addressed(output) {
                    return Some(output);
                }
                continue;
            }
            if self.has_failed {
                return None;
            }
            self.end_turn();
            if self.outputs.is_empty() && self.writable.is_empty() && !self.wires.wish() {
                return None;
            }
        }
    }

    /// The limits it keeps.
    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// How many bundles of frames and replies wait for the disk.
    pub fn held(&self) -> usize {
        self.halls.iter().flatten().map(|hall| hall.held.len()).sum::<usize>() + self.lobby.held()
    }

    /// How much was said to other shards that they may not have heard, in bytes.
    pub fn unheard(&self) -> usize {
        self.lines.unheard()
    }

    fn end_turn(&mut self) {
        self.grant_wishes();
        self.wake_due();
        for at in std::mem::take(&mut self.dirty) {
            self.settle(at);
            self.put_away_draft(at);
        }
        self.put_away_lobby();
        for conn in std::mem::take(&mut self.talkers) {
            if let Some(session) = self.session(conn) {
                session.said = 0;
            }
        }
        self.start_jobs();
        // What was asked of other shards may have been done there: it is answered before.
        if self.leaves_now && !self.lines.awaits_answers() {
            self.say_goodbye();
        }
        self.batch.snapshots = std::mem::take(&mut self.snapshots).into_values().collect();
        self.batch.wakes = std::mem::take(&mut self.wakes).into_iter().map(|(room, at_ms)| WakeRow { room, at_ms }).collect();
        self.batch.listings = std::mem::take(&mut self.listings).into_values().collect();
        if !self.batch.is_empty() {
            self.batch.shard = self.settings.place.shard;
            self.batch.commit = self.commit;
            self.commit += 1;
            self.counts.batches += 1;
            self.counts.records += u64::try_from(self.batch.records.len()).unwrap_or(u64::MAX);
            self.outputs.push_back(Output::Append(std::mem::take(&mut self.batch)));
        }
        for conn in std::mem::take(&mut self.writable) {
            let Some(session) = self.session(conn) else { continue };
            if session.wire.is_some() {
                self.write_wire(conn);
                continue;
            }
            let bytes = std::mem::take(&mut session.out);
            let is_over = session.phase == Phase::Closing;
            // Who is listed twice was written to the first time; the last that is written is a close.
            if bytes.is_empty() {
                continue;
            }
            self.counts.bytes[1] += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.outputs.push_back(Output::Write { conn, bytes });
            if is_over {
                self.outputs.push_back(Output::Close(conn));
            }
        }
        self.forward();
        self.tell_when_to_wake();
        if std::mem::take(&mut self.says_drained) {
            self.outputs.push_back(Output::Drained);
        }
    }

    fn session(&mut self, conn: ConnId) -> Option<&mut Session> {
        let place = *self.places.get(&conn)?;
        self.sessions[place].as_mut()
    }

    fn seat_session(&mut self, session: Session) {
        let place = self.free_places.pop().unwrap_or_else(|| {
            self.sessions.push(None);
            self.sessions.len() - 1
        });
        self.places.insert(session.conn, place);
        self.sessions[place] = Some(session);
    }

    fn closed(&mut self, conn: ConnId) {
        self.track_gone(conn);
        for at in self.session(conn).map(|session| session.follows.clone()).unwrap_or_default() {
            self.unfollow(at, conn);
        }
        self.topics.forget(conn);
        self.is_gone(conn);
        self.holds_not(conn);
        if let Some(place) = self.places.remove(&conn) {
            let session = self.sessions[place].take().expect("places are kept");
            self.wires.forget(&session);
            self.limiter.depart(&session.purse);
            if session.stands_for.is_none() && session.phase != Phase::Closing {
                *self.counts.connections_closed.entry(counts::LOST).or_default() += 1;
            }
            self.free_places.push(place);
            self.counts.connections -= u64::from(session.stands_for.is_none());
        }
    }

    /// Says something that no room is the source of. `number` is the request from another shard that it answers, or 0.
    fn say(&mut self, conn: ConnId, number: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let stands_for = self.session(conn).and_then(|session| session.stands_for);
        if let Some(to) = stands_for {
            scratch.clear();
            write(&mut scratch);
            self.lines.tell_text(to, conn, number, &scratch);
        } else if let Some(session) = self.session(conn).filter(|session| session.phase != Phase::Closing) {
            session.say(&mut scratch, write);
            self.writable.push(conn);
            self.counts.frames[1] += 1;
        }
        self.scratch = scratch;
    }

    fn hang_up(&mut self, conn: ConnId, code: u16, reason: &str) {
        let Some(session) = self.session(conn).filter(|session| session.phase != Phase::Closing) else { return };
        match &mut session.wire {
            Some(wire) => wire.end_with(code, reason),
            None => websocket::write_close(&mut session.out, code, reason),
        }
        session.phase = Phase::Closing;
        *self.counts.connections_closed.entry(counts::counted(code)).or_default() += 1;
        self.writable.push(conn);
    }
}
