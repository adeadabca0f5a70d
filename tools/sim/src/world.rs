//! The pretended world around a shard: time, links, a disk, clients and bots, in one queue of events. No threads and no real
//! time: a run is a function of its seed.

mod clients;
mod faults;
mod net;
mod reads;
mod sleep;

use crate::client::User;
use crate::disk::Disk;
use crate::fleet::{Done, Fleet};
use crate::judge::{Called, Judge};
use crate::luck::Luck;
use crate::{Plan, Report, kinds};
use net::Link;
use parlour_engine::forward::{Body, Packet, Parcel, ShardId, What};
use parlour_engine::io::{AskBot, AskId, CallId, ConnId, Identity, Input, JobId, Now, Output, Role, StartJob};
use parlour_engine::limits::Limits;
use parlour_engine::lookup::{LookId, Lookup};
use parlour_engine::store::Due;
use parlour_room::{Hash64, JobFault};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

/// Until when there are faults, and until when clients act.
const FAULTS_END_MS: u64 = 20_000;
const CLIENTS_END_MS: u64 = 27_000;
const OVER_MS: u64 = 60_000;
/// How long it may take until a shard hears of a connection that another holds.
const NEWS_MS: u64 = 1_000;

/// What a disk says that cannot be read just now.
const SULKS: &str = "the disk sulks";

/// Something that is to happen. What concerns a process that has died since is dropped: each carries the number of its process.
#[derive(Debug)]
enum Event {
    Step(usize),
    Opens(ConnId),
    Up(ConnId),
    Down(ConnId),
    /// The server learns that a connection is gone.
    Gone(ConnId),
    /// The client does.
    HungUp(ConnId),
    Verified(ConnId, u64),
    Loaded(Arc<str>, u64),
    Due(ShardId, Due, usize, u64),
    Looked(LookId, Lookup, u64),
    Sync(u64),
    Report(u64, u64),
    Bot(AskId, String, u64),
    /// A job came to its end.
    Job(JobId, u64),
    Wake(u64),
    Call,
    /// A packet reaches the other shard.
    Forwarded(ShardId, ShardId, Packet, u64),
    /// The line between the shards is cut for a while.
    Cut,
    Stall,
    Crash,
    Drain,
    Boot,
    Jump,
}

pub(crate) struct World {
    plan: Plan,
    luck: Luck,
    t_ms: u64,
    queue: BTreeMap<(u64, u64), Event>,
    tickets: u64,
    fleet: Option<Fleet>,
    process: u64,
    /// What the clocks show beyond the run's time.
    mono_skew_ms: u64,
    wall_skew_ms: u64,
    disk: Disk,
    is_syncing: bool,
    /// The disk has got slow, and a crash is near.
    stalls: bool,
    synced: u64,
    reported: u64,
    is_draining: bool,
    wake_at: Option<u64>,
    /// Until when nothing passes between the shards.
    cut_until_ms: u64,
    /// Connections from which the server reads no more.
    paused: BTreeSet<ConnId>,
    /// How much may be unwritten before the server is told.
    output_bytes: usize,
    /// Rooms being read.
    loading: usize,
    /// When a server last began, or a connection went.
    unsettled_ms: u64,
    judge: Judge,
    users: Vec<User>,
    links: BTreeMap<ConnId, Link>,
    conns: u64,
    calls: BTreeMap<CallId, Called>,
    call_count: u64,
    /// Actions seen, to be tried where they may be illegal.
    pool: BTreeMap<String, Vec<String>>,
    log: Vec<u8>,
}

impl World {
    pub(crate) fn new(plan: Plan) -> Self {
        let users = ["ada", "bob", "cyn", "dan"].map(|name| User::new(name, Role::Player));
        let mut world = Self {
            plan,
            luck: Luck::new(plan.seed),
            t_ms: 0,
            queue: BTreeMap::new(),
            tickets: 0,
            fleet: None,
            process: 0,
            mono_skew_ms: 5_000,
            wall_skew_ms: 1_795_255_200_000,
            disk: Disk::default(),
            is_syncing: false,
            stalls: false,
            synced: 0,
            reported: 0,
            is_draining: false,
            wake_at: None,
            cut_until_ms: 0,
            paused: BTreeSet::new(),
            output_bytes: usize::MAX,
            loading: 0,
            unsettled_ms: 0,
            judge: Judge::new(kinds()),
            users: users.into_iter().chain([User::new("eve", Role::Spectator)]).collect(),
            links: BTreeMap::new(),
            conns: 0,
            calls: BTreeMap::new(),
            call_count: 0,
            pool: BTreeMap::new(),
            log: Vec::new(),
        };
        world.after(0, Event::Boot);
        for user in 0..world.users.len() {
            world.after(1, Event::Step(user));
        }
        world.after(500, Event::Call);
        world.plan_faults();
        world
    }

    pub(crate) fn run(mut self) -> Report {
        let seed = self.plan.seed;
        let outcome = self.play().map_err(|why| format!("seed {seed}, at {} ms: {why}", self.t_ms));
        let digest = Hash64::of(&self.log);
        Report { violation: outcome.err(), tally: self.judge.tally, log: self.log, digest }
    }

    fn play(&mut self) -> Result<(), String> {
        while let Some(((t_ms, _), event)) = self.queue.pop_first() {
            self.t_ms = t_ms;
            self.happens(event)?;
            if self.turn_goes_on() {
                continue;
            }
            self.turn()?;
            if t_ms > CLIENTS_END_MS && self.is_idle() {
                return self.ends();
            }
            if t_ms > OVER_MS {
                return Err("nothing comes to rest".to_owned());
            }
        }
        Err("the world stopped".to_owned())
    }

    /// What happens in the same millisecond, or while the server is busy, is handled in one turn, or not.
    fn turn_goes_on(&mut self) -> bool {
        let next_ms = self.queue.first_key_value().map_or(u64::MAX, |((next_ms, _), _)| *next_ms);
        match next_ms - self.t_ms {
            0 => self.luck.percent(70),
            1..6 => self.luck.percent(40),
            _ => false,
        }
    }

    fn happens(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Step(user) => self.steps(user),
            Event::Opens(conn) => self.opens(conn),
            Event::Up(conn) => self.goes_up(conn),
            Event::Down(conn) => return self.goes_down(conn),
            Event::Gone(conn) => self.is_gone(conn),
            Event::HungUp(conn) => self.forgets(conn),
            Event::Verified(conn, process) if process == self.process => {
                let result = self.links.get(&conn).map(|link| self.users[link.user].identity());
                if let Some(identity) = result {
                    self.tells(Input::Verified { conn, result: Ok(identity) });
                }
            }
            Event::Loaded(room, process) if process == self.process => self.loads(room),
            Event::Due(shard, after, limit, process) if process == self.process => self.lists_due(shard, &after, limit),
            Event::Looked(look, lookup, process) if process == self.process => self.looks(look, &lookup),
            Event::Sync(process) if process == self.process => return self.syncs(),
            Event::Report(commit, process) if process == self.process => {
                self.reported = self.reported.max(commit);
                self.tells(Input::Durable(commit));
            }
            Event::Bot(ask, action, process) if process == self.process => {
                self.judge.tally.add("bot moves");
                self.tells(Input::BotAnswer { ask, action });
            }
            Event::Job(job, process) if process == self.process => {
                self.unsettled_ms = self.t_ms;
                let result = self.result_of(job);
                self.tells(Input::JobDone { job, result });
            }
            // The server is told once when to say what time it is, and must ask again.
            Event::Wake(process) if process == self.process && self.is_time() => {
                self.wake_at = None;
                self.tells(Input::Time);
            }
            Event::Call => self.calls(),
            Event::Forwarded(from, to, packet, process) if process == self.process => {
                let now = self.now();
                if let Some(fleet) = &mut self.fleet {
                    fleet.forwarded(to, Input::Forwarded { from, packet }, now);
                }
            }
            Event::Cut => self.cuts_line(),
            Event::Stall => self.stalls(),
            Event::Crash => return self.crashes(),
            Event::Drain if self.fleet.is_some() && !self.is_draining => {
                self.is_draining = true;
                self.judge.drains();
                self.tells(Input::Drain);
            }
            Event::Boot => self.boots(),
            Event::Jump => self.jumps(),
            _ => {}
        }
        Ok(())
    }

    /// One turn of the server's loop ends: everything it has to do is done.
    fn turn(&mut self) -> Result<(), String> {
        while let Some(Done { from, output }) = self.fleet.as_mut().and_then(Fleet::poll) {
            self.does(from, output)?;
        }
        match self.fleet.as_ref().map(Fleet::held) {
            // A room that is read again shows what came before its panic only then.
            Some(0) if self.unheard() == 0 && self.loading == 0 && self.disk.waiting() == 0 && self.synced == self.reported => {
                self.judge.all_is_heard(&self.paused)
            }
            Some(_) => {
                self.judge.tally.add("turns in which something was held");
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn does(&mut self, from: ShardId, output: Output) -> Result<(), String> {
        self.writes_down(&output);
        match output {
            Output::Write { conn, bytes } => {
                self.judge.writes(conn, &bytes)?;
                self.sends_down(conn, &bytes);
            }
            Output::Pause(conn) => {
                self.judge.tally.add("pauses");
                self.paused.insert(conn);
            }
            Output::Resume(conn) => {
                self.paused.remove(&conn);
            }
            Output::Released(_) => return Err("nobody polls here".to_owned()),
            Output::Close(conn) => {
                self.judge.closes(conn)?;
                self.closes(conn);
            }
            Output::Append(batch) => {
                let fired = |(_, record): &&(Arc<str>, parlour_room::Record)| record.cause == parlour_room::Cause::Signal;
                let fired = batch.records.iter().filter(fired).count();
                self.judge.tally.add_many("clock firings", u64::try_from(fired).unwrap_or(0));
                self.judge.tally.add_many("records", u64::try_from(batch.records.len()).unwrap_or(0));
                self.disk.append(batch);
                self.plans_sync();
            }
            Output::Load(room) => {
                self.loading += 1;
                let delay = self.luck.range(0, 30);
                self.after(delay, Event::Loaded(room, self.process));
            }
            Output::ListDue { after, limit } => {
                let delay = self.luck.range(0, 30);
                self.after(delay, Event::Due(from, after, limit, self.process));
            }
            Output::Look { look, lookup } => {
                let delay = self.luck.range(0, 30);
                self.after(delay, Event::Looked(look, lookup, self.process));
            }
            Output::Verify { conn, .. } => {
                let delay = self.luck.range(0, 20);
                self.after(delay, Event::Verified(conn, self.process));
            }
            Output::Reply { to, reply } => {
                let called = self.calls.remove(&to).ok_or("P1: a second reply to a call")?;
                self.judge.replies(&called, &reply)?;
            }
            Output::AskBot(ask) => self.asks_bot(&ask)?,
            Output::Forward { to, packet } => self.forwards(from, to, packet),
            Output::StartJob(start) => self.starts_job(start)?,
            Output::StopJob(_) => self.judge.tally.add("jobs stopped"),
            Output::WakeAt(mono_ms) => {
                self.wake_at = Some(mono_ms);
                let delay = mono_ms.saturating_sub(self.now().mono_ms);
                self.after(delay, Event::Wake(self.process));
            }
            Output::Note(note) if note.contains(SULKS) => {}
            Output::Note(note) if note.ends_with("the rules panicked") => self.judge.tally.add("panics"),
            Output::Note(note) => return Err(format!("the shard notes: {note}")),
            Output::Track(tracked) => self.judge.tracks(tracked)?,
            Output::Drained => return self.drained(),
            Output::Stop(why) => return Err(format!("the shard stops: {why}")),
        }
        Ok(())
    }

    fn writes_down(&mut self, output: &Output) {
        let log = &mut self.log;
        write!(log, "{} ", self.t_ms).expect("a buffer takes everything");
        match output {
            Output::Write { conn, bytes } => {
                write!(log, "Write {conn:?} ").expect("a buffer takes everything");
                log.extend_from_slice(bytes);
            }
            other => write!(log, "{other:?}").expect("a buffer takes everything"),
        }
        log.push(b'\n');
    }

    fn asks_bot(&mut self, ask: &AskBot) -> Result<(), String> {
        self.judge.asks_bot(ask)?;
        let action = match self.luck.range(0, 99) {
            0..5 => "no action".to_owned(),
            5..12 => r#"{"type":"play","card":77777}"#.to_owned(),
            _ => self.luck.pick(&ask.legal).cloned().unwrap_or_default(),
        };
        let delay = self.luck.range(1, 600);
        self.after(delay, Event::Bot(ask.ask, action, self.process));
        Ok(())
    }

    /// A job runs, as soon as the record that asks for it is on the disk and not before.
    fn starts_job(&mut self, start: StartJob) -> Result<(), String> {
        self.judge.tally.add("jobs run");
        if start.attempt > 1 {
            self.judge.tally.add("jobs run again");
        }
        if self.judge.model.seq(&start.room) < start.since {
            return Err(format!("P2: a job runs that is not on the disk: {start:?}"));
        }
        let delay = self.luck.range(1, 900);
        self.after(delay, Event::Job(start.id, self.process));
        Ok(())
    }

    fn result_of(&mut self, job: JobId) -> Result<String, (JobFault, String)> {
        match self.luck.range(0, 99) {
            _ if self.is_healing() => Ok(format!("{{\"back\":\"{}\"}}", job.0)),
            0..15 => Err((JobFault::Failed, SULKS.to_owned())),
            15..20 => Err((JobFault::Panicked, SULKS.to_owned())),
            20..25 => Ok("{\"back\":".to_owned()),
            _ => Ok(format!("{{\"back\":\"{}\"}}", job.0)),
        }
    }

    fn syncs(&mut self) -> Result<(), String> {
        let waiting = self.disk.waiting();
        let batches = if self.luck.percent(70) { waiting } else { 1 + self.luck.index(waiting) };
        self.is_syncing = false;
        if let Some(commit) = self.disk.sync(batches, &mut self.judge.model)? {
            self.rows_look_in_time()?;
            self.synced = commit;
            let delay = self.luck.range(
                0,
                if self.is_healing() {
                    1
                } else if self.stalls {
                    300
                } else {
                    15
                },
            );
            self.after(delay, Event::Report(commit, self.process));
        }
        if self.disk.waiting() > 0 {
            self.plans_sync();
        }
        Ok(())
    }

    /// Between two shards a packet may be lost, doubled or overtaken.
    fn forwards(&mut self, from: ShardId, to: ShardId, packet: Packet) {
        self.judge.tally.add("packets between shards");
        let lost = |parcel: &Parcel| matches!(parcel.what, What::Lost(_));
        if let Some(Body::Notices(notices)) = packet.body.as_deref()
            && notices.parcels.iter().any(lost)
        {
            self.judge.tally.add("rooms lost between shards");
        }
        let is_lost = self.t_ms < self.cut_until_ms || (!self.is_healing() && self.luck.percent(5));
        if is_lost {
            return self.judge.tally.add("packets lost");
        }
        let slow = if !self.is_healing() && self.luck.percent(10) { 120 } else { 3 };
        if !self.is_healing() && self.luck.percent(4) {
            self.judge.tally.add("packets doubled");
            let delay = self.luck.range(0, slow);
            self.after(delay, Event::Forwarded(from, to, packet.clone(), self.process));
        }
        let delay = self.luck.range(0, slow);
        self.after(delay, Event::Forwarded(from, to, packet, self.process));
    }

    fn plans_sync(&mut self) {
        if !self.is_syncing {
            self.is_syncing = true;
            let is_slow = !self.is_healing() && (self.luck.percent(4) || (self.stalls && self.luck.percent(50)));
            let delay = if is_slow { self.luck.range(300, 1500) } else { self.luck.range(1, 12) };
            if is_slow {
                self.judge.tally.add("slow commits");
            }
            self.after(delay, Event::Sync(self.process));
        }
    }

    fn tells(&mut self, input: Input<'_>) {
        let now = self.now();
        if let Some(fleet) = &mut self.fleet {
            fleet.handle(input, now);
        }
    }

    fn unheard(&self) -> usize {
        self.fleet.as_ref().map_or(0, Fleet::unheard)
    }

    fn is_time(&self) -> bool {
        self.wake_at.is_some_and(|at_ms| at_ms <= self.now().mono_ms)
    }

    fn now(&self) -> Now {
        Now { mono_ms: self.t_ms + self.mono_skew_ms, wall_ms: self.t_ms + self.wall_skew_ms }
    }

    fn after(&mut self, delay_ms: u64, event: Event) {
        self.tickets += 1;
        self.queue.insert((self.t_ms + delay_ms, self.tickets), event);
    }

    fn is_healing(&self) -> bool {
        self.t_ms > FAULTS_END_MS
    }

    /// Whether nothing is under way but what goes on by itself.
    fn is_idle(&self) -> bool {
        let goes_on = |event: &Event| match event {
            Event::Bot(..) | Event::Wake(_) => true,
            Event::Sync(process)
            | Event::Report(_, process)
            | Event::Verified(_, process)
            | Event::Loaded(_, process)
            | Event::Due(.., process)
            | Event::Looked(.., process)
            | Event::Forwarded(.., process) => *process != self.process,
            _ => false,
        };
        let is_settled = self.t_ms > self.unsettled_ms + Limits::default().away_ms + NEWS_MS;
        let is_written = self.unheard() == 0 && self.disk.waiting() == 0;
        self.fleet.is_some() && is_settled && is_written && self.queue.values().all(goes_on)
    }
}

impl User {
    fn identity(&self) -> Identity {
        Identity::lasting(self.name, self.role)
    }
}
