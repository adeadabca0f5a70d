//! All shards of one simulated process, as one: what happens goes to the shard it concerns, what they write to disk gets one
//! numbering, and time is asked for once.

use parlour_engine::forward::{Place, ShardId, home};
use parlour_engine::io::{Call, CallId, ConnId, Input, Now, Output, Reply};
use parlour_engine::shard::{Settings, Shard};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// The shard that gave this number to a question or a job.
fn numbered_by(number: u64) -> usize {
    usize::try_from(number >> 48).expect("16 bits")
}

/// The shards of one process.
pub struct Fleet {
    shards: Vec<Member>,
    /// For each batch that is not durable yet: whose it is, and its number there.
    commits: VecDeque<(ShardId, u64)>,
    /// The number of the last batch.
    commit: u64,
    /// Calls to several shards, with the replies so far.
    merging: BTreeMap<CallId, (usize, Vec<Value>)>,
    said_wake_at: Option<u64>,
    drained: usize,
}

struct Member {
    shard: Shard,
    wake_at: Option<u64>,
}

/// An output, and the shard it comes from.
pub struct Done {
    /// Whose output it is.
    pub from: ShardId,
    /// What is to be done.
    pub output: Output,
}

impl Fleet {
    /// So many shards, all alike.
    pub fn new(settings: &Settings, shards: u16) -> Self {
        let member = |shard| {
            let place = Place { shard: ShardId(shard), shards };
            Member { shard: Shard::new(Settings { place, ..settings.clone() }), wake_at: None }
        };
        Self {
            shards: (0..shards).map(member).collect(),
            commits: VecDeque::new(),
            commit: 0,
            merging: BTreeMap::new(),
            said_wake_at: None,
            drained: 0,
        }
    }

    /// Takes in one thing that happened, wherever it belongs.
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        let at = match &input {
            Input::Opened { conn, .. }
            | Input::Bytes { conn, .. }
            | Input::Flushed(conn)
            | Input::Behind(conn)
            | Input::Closed(conn)
            | Input::Verified { conn, .. } => self.holder(*conn),
            Input::Loaded { room, .. } => self.home(room),
            Input::BotAnswer { ask, .. } => numbered_by(ask.0),
            Input::Looked { look, .. } => numbered_by(look.0),
            Input::JobPulse { room, .. } => self.home(room),
            Input::JobDone { job, .. } => numbered_by(job.0),
            Input::Durable(commit) => return self.durable(*commit, now),
            Input::Time => return self.time(now),
            Input::Revoked(revocation) => {
                let tell = |member: &mut Member| member.shard.handle(Input::Revoked(revocation.clone()), now);
                return self.shards.iter_mut().for_each(tell);
            }
            Input::Drain => return self.shards.iter_mut().for_each(|member| member.shard.handle(Input::Drain, now)),
            Input::Call { from, call: Call::List(_) | Call::Counts, .. } => {
                self.merging.insert(*from, (self.shards.len(), Vec::new()));
                return self.call_all(input, now);
            }
            Input::Call { call: Call::Open(open), .. } => self.home(open.room.as_deref().expect("the calls name their rooms")),
            Input::Call { call: Call::Close(room) | Call::Show(room) | Call::Members { room, .. }, .. } => self.home(room),
            Input::Failed(_) | Input::Forwarded { .. } | Input::Due(_) => unreachable!("the world says whose it is"),
            Input::Probes { .. } | Input::Polled { .. } | Input::Asked { .. } => {
                unreachable!("all speak the native protocol here")
            }
        };
        self.shards[at].shard.handle(input, now);
    }

    /// The process begins: each looks at the clock.
    pub fn begins(&mut self, now: Now) {
        self.shards.iter_mut().for_each(|member| member.shard.handle(Input::Time, now));
    }

    /// What all of them together have counted of rooms that slept and were woken.
    pub fn slept_and_woken(&self) -> (u64, u64) {
        let counts = self.shards.iter().map(|member| member.shard.counts());
        counts.fold((0, 0), |(slept, woken), counts| (slept + counts.rooms_slept, woken + counts.rooms_woken))
    }

    /// Whether a room is in memory, or could not be, as others have all the places.
    pub fn has_loaded_or_is_full(&self, room: &str) -> bool {
        let shard = &self.shards[self.home(room)].shard;
        let loaded: u64 = shard.counts().rooms.values().sum();
        shard.has_loaded(room) || usize::try_from(loaded).unwrap_or(0) >= shard.limits().rooms
    }

    /// Hands one of them something that concerns it alone.
    pub fn forwarded(&mut self, to: ShardId, input: Input<'_>, now: Now) {
        self.shards[usize::from(to.0)].shard.handle(input, now);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Done> {
        for (number, at) in (0..).zip(0..self.shards.len()) {
            while let Some(output) = self.shards[at].shard.poll() {
                let from = ShardId(number);
                match output {
                    Output::WakeAt(at_ms) => self.shards[at].wake_at = Some(at_ms),
                    Output::Drained => self.drained += 1,
                    Output::Append(mut batch) => {
                        self.commits.push_back((from, batch.commit));
                        self.commit += 1;
                        batch.commit = self.commit;
                        return Some(Done { from, output: Output::Append(batch) });
                    }
                    Output::Reply { to, reply } => {
                        if let Some(reply) = self.merge(to, reply) {
                            return Some(Done { from, output: Output::Reply { to, reply } });
                        }
                    }
                    output => return Some(Done { from, output }),
                }
            }
        }
        let from = ShardId(0);
        if self.drained == self.shards.len() {
            self.drained = 0;
            return Some(Done { from, output: Output::Drained });
        }
        let wake_at = self.shards.iter().filter_map(|member| member.wake_at).min();
        let is_new = wake_at != self.said_wake_at;
        self.said_wake_at = wake_at;
        wake_at.filter(|_| is_new).map(|at_ms| Done { from, output: Output::WakeAt(at_ms) })
    }

    /// How much was said between shards and may not have been heard.
    pub fn unheard(&self) -> usize {
        self.shards.iter().map(|member| member.shard.unheard()).sum()
    }

    /// How much waits for the disk.
    pub fn held(&self) -> usize {
        self.shards.iter().map(|member| member.shard.held()).sum()
    }

    fn holder(&self, conn: ConnId) -> usize {
        usize::try_from(conn.0).expect("few connections") % self.shards.len()
    }

    fn home(&self, room: &str) -> usize {
        let shards = u16::try_from(self.shards.len()).expect("few shards");
        usize::from(home(room, shards).0)
    }

    fn durable(&mut self, commit: u64, now: Now) {
        let first = self.commit + 1 - u64::try_from(self.commits.len()).expect("64 bits");
        for _ in first..=commit {
            let (ShardId(at), commit) = self.commits.pop_front().expect("it was handed out");
            self.shards[usize::from(at)].shard.handle(Input::Durable(commit), now);
        }
    }

    /// Whoever asked for the time is told, and asks again.
    fn time(&mut self, now: Now) {
        self.said_wake_at = None;
        for member in &mut self.shards {
            if member.wake_at.is_some_and(|at_ms| at_ms <= now.mono_ms) {
                member.wake_at = None;
                member.shard.handle(Input::Time, now);
            }
        }
    }

    fn call_all(&mut self, input: Input<'_>, now: Now) {
        let Input::Call { from, by, entropy, call } = input else { return };
        for member in &mut self.shards {
            member.shard.handle(Input::Call { from, by: by.clone(), entropy, call: call.clone() }, now);
        }
    }

    /// The one reply to a call that went to every shard, once all have replied.
    fn merge(&mut self, to: CallId, reply: Reply) -> Option<Reply> {
        let Some((awaited, rooms)) = self.merging.get_mut(&to) else { return Some(reply) };
        if let Reply::Done { body, .. } = &reply {
            let body: Value = serde_json::from_str(body).expect("replies are JSON");
            rooms.extend(body["rooms"].as_array().into_iter().flatten().cloned());
        }
        *awaited -= 1;
        if *awaited > 0 {
            return None;
        }
        let (_, rooms) = self.merging.remove(&to).expect("it was there");
        let body = json!({"rooms": rooms}).to_string();
        Some(if matches!(reply, Reply::Done { .. }) { Reply::Done { created: false, body } } else { reply })
    }
}
