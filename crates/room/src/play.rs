//! Playing a record: the one function for live play and for replay.
//!
//! The rules run first, under a guard against panics; only when they came through is anything kept. An action is played on the
//! state itself, because it is the hot path: if it panics, the table is spoiled and must be loaded again. Everything else is
//! played on a copy of the state.

use crate::batch::{Unplayed, merge};
use crate::dice::{Dice, Stirred, key};
use crate::hash::Hash64;
use crate::inbox::{Answer, resignation};
use crate::record::{
    ActionInput, BatchInput, Cause, Chain, ClosedInput, FailedInput, JoinedInput, LeftInput, OpenedInput, PresentInput, Record,
    ResignedInput, SignalInput, SleptInput, Stamp, Step, WokeInput,
};
use crate::room::{Room, World};
use crate::seat::{Seat, Viewer, Who};
use crate::stream::{Apart, Body, Streams};
use crate::table::{
    Clock, Ended, JobChange, KEY_BYTES, Member, Members, OpenJob, Opener, Played, Removed, SNAPSHOT_FORMAT, Table,
};
use crate::turn::{Outcome, Turn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) type SignalOf<R> = <<R as Room>::World as World>::Signal;

/// What a record does, decoded. `opened` is not among them: it makes the table.
pub(crate) enum Input<R: Room> {
    Woke,
    Slept,
    Joined(JoinedInput),
    Left(LeftInput),
    Present(PresentInput),
    Action(ActionInput<R::Action>),
    Batch(BatchInput<R::Action>),
    Signal(SignalInput<SignalOf<R>>),
    Failed(FailedInput),
    Resigned(ResignedInput),
    Closed(ClosedInput),
}

/// Why the rules could not play something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They panicked.
    Panicked,
    /// They left an unsound state; the text is `Room::sound`'s, for the operator.
    Unsound(String),
    /// The table was spoiled by an earlier panic and must be loaded again.
    Spoiled,
    /// The record names somebody or something that this table does not have. Only a damaged journal holds such a record.
    Misfit,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Panicked => f.write_str("the rules panicked"),
            Fault::Unsound(why) => write!(f, "the rules left an unsound state: {why}"),
            Fault::Spoiled => f.write_str("an earlier panic spoiled the table"),
            Fault::Misfit => f.write_str("the record does not fit the table"),
        }
    }
}

/// What the rules want done, with every event already written as JSON: from here on nothing can fail.
enum Effect<R: Room> {
    Tell(Body, Option<Apart>),
    TellSome(Vec<Seat>, Body),
    Replace(u64, Body),
    Clock { key: String, due_ms: u64, signal: SignalOf<R> },
    StopClock(String),
    Start { key: String, job: Box<RawValue> },
    Stop(String),
    Remove { seat: Seat, reason: String },
    SendAway { user: String, reason: String },
    Close(String),
}

type Opened<R> = Result<(Table<R>, Played), <R as Room>::Refusal>;

/// Makes the table of an opening record, refused by the rules or not.
pub(crate) fn open<R: Room>(seq: u64, stamp: Stamp, input: OpenedInput<R::Config>, text: String) -> Result<Opened<R>, Fault> {
    let bare = key(&input.seed, &[]);
    guard(|| R::seats(&input.config))?; // asked again for every list of rooms, where nothing may fail
    let opened = guard(|| R::open(input.config.clone(), &mut Dice::new(bare, seq)))?;
    let state = match opened {
        Ok(state) => state,
        Err(refusal) => return Ok(Err(refusal)),
    };
    guard(|| state.sound())?.map_err(Fault::Unsound)?;
    let hash = Chain::new(Hash64(0), seq, stamp, Cause::Opened, &text).finish();
    let record = Record { seq, at_ms: stamp.at_ms, ts_ms: stamp.ts_ms, cause: Cause::Opened, input: text, hash };
    let table = Table {
        format: SNAPSHOT_FORMAT,
        kind: input.kind,
        rules: input.rules,
        content: input.content,
        name: input.room,
        life: hash.short(8),
        opener: Opener { user: input.by, id: input.id, body: input.body, seq, ts_ms: stamp.ts_ms, rules: input.rules },
        seq,
        hash,
        at_ms: stamp.at_ms,
        ts_ms: stamp.ts_ms,
        seed: input.seed,
        stirred: Vec::new(),
        key: bare,
        spoiled: false,
        config: input.config,
        state,
        members: Members::default(),
        inboxes: BTreeMap::new(),
        clocks: BTreeMap::new(),
        jobs: BTreeMap::new(),
        streams: Streams::default(),
        ended: None,
    };
    Ok(Ok((table, Played::quietly(record))))
}

impl<R: Room> Table<R> {
    /// Plays the next record. On a fault nothing is kept; if that fault spoiled the table, every later play says so.
    pub(crate) fn play(&mut self, stamp: Stamp, cause: Cause, input: Input<R>, text: String) -> Result<Played, Fault> {
        self.play_all(stamp, cause, input, text).map(|(played, _)| played)
    }

    /// The same, with the answer to each action of a batch.
    pub(crate) fn play_all(
        &mut self,
        stamp: Stamp,
        cause: Cause,
        input: Input<R>,
        text: String,
    ) -> Result<(Played, Vec<Answer>), Fault> {
        if self.spoiled {
            return Err(Fault::Spoiled);
        }
        let seq = self.seq + 1;
        let stamp = Stamp { at_ms: stamp.at_ms.max(self.at_ms), ..stamp };
        let stirred = self.stirred_by(&input);
        let dice_key = if stirred.is_some() { key(&self.seed, &self.stirred_with(stirred.as_ref())) } else { self.key };
        let turn = Turn::new(stamp.at_ms, Dice::new(dice_key, seq)).with_jobs(self.jobs.keys()).after(self.streams.n());
        let (effects, kept) = self.run(turn, input)?;

        let mut chain = Chain::new(self.hash, seq, stamp, cause, &text);
        self.seq = seq;
        self.at_ms = stamp.at_ms;
        self.ts_ms = stamp.ts_ms;
        self.key = dice_key;
        self.stirred.extend(stirred);
        let record = Record { seq, at_ms: stamp.at_ms, ts_ms: stamp.ts_ms, cause, input: text, hash: Hash64(0) };
        let mut played = Played::quietly(record);
        let acted = self.keep(kept, &mut played);
        let from = acted.as_ref().map(|acted| self.streams.mark(acted.seat));
        let answers = match acted.as_ref().and_then(|acted| Some((acted.seat, acted.batch.as_ref()?))) {
            None => {
                for effect in effects {
                    self.carry_out(effect, stamp, &mut chain, &mut played);
                }
                Vec::new()
            }
            Some((seat, BatchKept { marks, .. })) => {
                let (mut effects, mut done) = (effects.into_iter(), 0);
                let mut step = |mark: &usize| {
                    for effect in effects.by_ref().take(mark - done) {
                        self.carry_out(effect, stamp, &mut chain, &mut played);
                    }
                    done = *mark;
                    Answer { n: self.streams.n(), m: self.streams.m(Viewer::Seat(seat)) }
                };
                marks.iter().map(&mut step).collect()
            }
        };
        if let (Some(Acted { user, seat, id: Some(id), body, batch }), Some(from)) = (acted, from) {
            let answer = Answer { n: self.streams.n(), m: self.streams.m(Viewer::Seat(seat)) };
            let results = batch.map(|batch| merge(&batch.refused, answers.iter().copied()));
            self.inboxes.entry(user).or_default().remember(stamp.at_ms, id, body, from, answer, results);
        }
        if !played.removed.is_empty() {
            self.forget_old_inboxes();
        }
        self.hash = chain.finish();
        played.record.hash = self.hash;
        Ok((played, answers))
    }

    fn stirred_by(&self, input: &Input<R>) -> Option<Stirred> {
        let Input::Joined(JoinedInput { seat, nonce: Some(nonce), .. }) = input else { return None };
        let first = self.stirred.iter().all(|stirred| stirred.seat != *seat);
        first.then(|| Stirred { seat: *seat, nonce: nonce.clone() })
    }

    fn stirred_with(&self, new: Option<&Stirred>) -> Vec<Stirred> {
        self.stirred.iter().chain(new).cloned().collect()
    }

    /// Lets the rules play, and returns what they want done and what the table itself has to keep of the input.
    fn run(&mut self, turn: Turn<R>, input: Input<R>) -> Result<(Vec<Effect<R>>, KeptInput), Fault> {
        match input {
            Input::Woke => Ok((Vec::new(), KeptInput::Woke)),
            Input::Slept => Ok((Vec::new(), KeptInput::Nothing)),
            Input::Failed(FailedInput { present: Some(present), .. }) => Ok((Vec::new(), KeptInput::Present(present))),
            Input::Failed(FailedInput { clock, job, .. }) => Ok((Vec::new(), KeptInput::Used { clock, job })),
            Input::Closed(ClosedInput { reason, .. }) => Ok((vec![Effect::Close(reason)], KeptInput::Nothing)),
            Input::Action(ActionInput { user, seat, id, body, action }) => {
                self.members.get(&user).filter(|member| member.seat == seat).ok_or(Fault::Misfit)?;
                let effects = run_on(&mut self.state, turn, |state, turn| state.apply(seat, action, turn));
                self.spoiled = effects.is_err();
                Ok((effects?, KeptInput::Acted(Acted { user, seat, id, body, batch: None })))
            }
            Input::Batch(BatchInput { user, seat, id, body, steps, .. }) => {
                self.members.get(&user).filter(|member| member.seat == seat).ok_or(Fault::Misfit)?;
                let refused = steps.iter().map(Step::refused).collect();
                let mut marks = Vec::with_capacity(steps.len());
                let effects = self.run_on_copy(turn, |state, turn| {
                    for step in steps {
                        if let Step::Played(action) = step {
                            state.apply(seat, action, turn);
                            marks.push(turn.outcomes.len());
                        }
                    }
                })?;
                let batch = Some(BatchKept { refused, marks });
                Ok((effects, KeptInput::Acted(Acted { user, seat, id, body, batch })))
            }
            Input::Joined(joined) => {
                let effects = self.run_on_copy(turn, |state, turn| {
                    let who = Who { user: &joined.user, name: &joined.name, bot: joined.bot.is_some() };
                    state.seated(who, joined.seat, turn);
                })?;
                Ok((effects, KeptInput::Joined(joined)))
            }
            Input::Left(LeftInput { user, reason }) => {
                let seat = self.members.get(&user).map(|member| member.seat).ok_or(Fault::Misfit)?;
                let effects = self.run_on_copy(turn, |state, turn| state.left(seat, turn))?;
                Ok((effects, KeptInput::Left(Removed { user, seat: Some(seat), reason })))
            }
            Input::Present(present) => {
                let seat = self.members.get(&present.user).map(|member| member.seat).ok_or(Fault::Misfit)?;
                let effects = self.run_on_copy(turn, |state, turn| state.present(seat, present.here, turn))?;
                Ok((effects, KeptInput::Present(present)))
            }
            Input::Signal(SignalInput { clock, job, result }) => {
                let signal = match (&clock, result) {
                    (Some(clock), _) => self.clocks.get(clock).map(|clock| clock.signal.clone()).ok_or(Fault::Misfit)?,
                    (None, result) => result.ok_or(Fault::Misfit)?,
                };
                let effects = self.run_on_copy(turn, |state, turn| state.signal(signal, turn))?;
                Ok((effects, KeptInput::Used { clock, job }))
            }
            Input::Resigned(ResignedInput { user, seat, id }) => {
                self.members.get(&user).filter(|member| member.seat == seat).ok_or(Fault::Misfit)?;
                // If the rules cannot even play a resignation, the table closes the room by itself.
                let effects = self.run_on_copy(turn, |state, turn| state.resigned(seat, turn));
                let effects = effects.unwrap_or_else(|_| vec![Effect::Close("resignation".to_owned())]);
                Ok((effects, KeptInput::Acted(Acted { user, seat, id, body: resignation(), batch: None })))
            }
        }
    }

    fn run_on_copy(&mut self, turn: Turn<R>, play: impl FnOnce(&mut R, &mut Turn<R>)) -> Result<Vec<Effect<R>>, Fault> {
        let mut copy = guard(|| self.state.clone())?;
        let effects = run_on(&mut copy, turn, play)?;
        self.state = copy;
        Ok(effects)
    }

    fn keep(&mut self, kept: KeptInput, played: &mut Played) -> Option<Acted> {
        match kept {
            KeptInput::Nothing => None,
            KeptInput::Woke => {
                self.jobs.values_mut().for_each(|job| job.woken = job.woken.saturating_add(1));
                None
            }
            KeptInput::Acted(acted) => Some(acted),
            KeptInput::Joined(JoinedInput { user, name, seat, bot, .. }) => {
                self.streams.begin_tenure(seat, &user);
                let since_order = self.streams.next_order();
                let here = R::PRESENCE && bot.is_none();
                self.members.insert(user, Member { seat, name, since: self.seq, since_order, here, bot });
                None
            }
            KeptInput::Left(removed) => {
                self.members.remove(&removed.user);
                played.removed.push(removed);
                None
            }
            KeptInput::Present(PresentInput { user, here }) => {
                self.members.set_here(&user, here);
                None
            }
            KeptInput::Used { clock, job } => {
                clock.map(|key| self.clocks.remove(&key));
                job.map(|key| self.jobs.remove(&key));
                None
            }
        }
    }

    /// Who left may still repeat what they did; only when many have left are those looked for whose time is over.
    fn forget_old_inboxes(&mut self) {
        if self.inboxes.len() > 2 * self.members.len() + 64 {
            let (members, now_ms) = (&self.members, self.at_ms);
            self.inboxes.retain(|user, inbox| members.contains_key(user) || !inbox.is_over(now_ms));
        }
    }

    fn carry_out(&mut self, effect: Effect<R>, stamp: Stamp, chain: &mut Chain, played: &mut Played) {
        match effect {
            Effect::Tell(body, apart) => {
                chain.outcome(1, &[body.get().as_bytes()]);
                if let Some(apart) = &apart {
                    chain.outcome(2, &[&seats(&apart.holders), apart.own.get().as_bytes()]);
                }
                played.told.push(self.streams.tell(stamp.ts_ms, body, apart));
            }
            Effect::TellSome(to, body) => {
                chain.outcome(3, &[&seats(&to), body.get().as_bytes()]);
                for seat in to {
                    if self.members.holder(seat).is_some() {
                        played.told.push(self.streams.tell_only(stamp.ts_ms, seat, body.clone()));
                    }
                }
            }
            Effect::Replace(number, body) => {
                chain.outcome(10, &[&number.to_be_bytes(), body.get().as_bytes()]);
                if (1..=self.streams.n()).contains(&number) {
                    self.streams.replace(number, &body);
                    played.replaced.push((number, body));
                }
            }
            Effect::Clock { key, due_ms, signal } => {
                chain.outcome(4, &[key.as_bytes(), &due_ms.to_be_bytes()]);
                if self.ended.is_none() {
                    self.clocks.insert(key, Clock { due_ms, set: self.seq, signal });
                }
            }
            Effect::StopClock(key) => {
                chain.outcome(5, &[key.as_bytes()]);
                self.clocks.remove(&key);
            }
            Effect::Start { key, job } => {
                chain.outcome(6, &[key.as_bytes(), job.get().as_bytes()]);
                if self.ended.is_none() {
                    self.jobs.insert(key.clone(), OpenJob { since: self.seq, woken: 0, job: job.clone() });
                    played.jobs.push(JobChange::Start { key, since: self.seq, job });
                }
            }
            Effect::Stop(key) => {
                chain.outcome(7, &[key.as_bytes()]);
                if self.jobs.remove(&key).is_some() {
                    played.jobs.push(JobChange::Stop(key));
                }
            }
            Effect::Remove { seat, reason } => {
                chain.outcome(8, &[&seats(&[seat]), reason.as_bytes()]);
                let holder = self.members.holder(seat).map(|(user, _)| user.to_owned());
                if let Some(user) = holder {
                    self.members.remove(&user);
                    played.removed.push(Removed { user, seat: Some(seat), reason });
                }
            }
            Effect::SendAway { user, reason } => {
                chain.outcome(11, &[user.as_bytes(), reason.as_bytes()]);
                played.removed.push(Removed { user, seat: None, reason });
            }
            Effect::Close(outcome) => {
                chain.outcome(9, &[outcome.as_bytes()]);
                self.clocks.clear();
                played.jobs.extend(std::mem::take(&mut self.jobs).into_keys().map(JobChange::Stop));
                played.ended |= self.ended.is_none();
                self.ended.get_or_insert(Ended { outcome, at_ms: stamp.at_ms });
            }
        }
    }
}

enum KeptInput {
    Nothing,
    Woke,
    Joined(JoinedInput),
    Left(Removed),
    Acted(Acted),
    Present(PresentInput),
    Used { clock: Option<String>, job: Option<String> },
}

/// Who acted, under which message id.
struct Acted {
    user: String,
    seat: Seat,
    id: Option<String>,
    body: Hash64,
    batch: Option<BatchKept>,
}

/// Of a batch: which actions were refused, and after how many effects each of the others was done.
struct BatchKept {
    refused: Vec<Option<Unplayed>>,
    marks: Vec<usize>,
}

/// Runs the author's code; a panic becomes a fault.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Fault::Panicked)
}

fn run_on<R: Room>(state: &mut R, mut turn: Turn<R>, play: impl FnOnce(&mut R, &mut Turn<R>)) -> Result<Vec<Effect<R>>, Fault> {
    guard(|| {
        play(state, &mut turn);
        state.sound().map_err(Fault::Unsound)?;
        Ok(turn.outcomes.into_iter().map(effect).collect())
    })?
}

fn effect<R: Room>(outcome: Outcome<R>) -> Effect<R> {
    match outcome {
        Outcome::Tell(event) => Effect::Tell(body(&event), None),
        Outcome::TellSome(seats, event) => Effect::TellSome(seats, body(&event)),
        Outcome::TellApart { holders, own, others } => Effect::Tell(body(&others), Some(Apart { holders, own: body(&own) })),
        Outcome::Replace(number, event) => Effect::Replace(number, body(&event)),
        Outcome::Clock { key, due_ms, signal } => Effect::Clock { key: checked(key), due_ms, signal },
        Outcome::StopClock(key) => Effect::StopClock(key),
        Outcome::Start { key, job } => Effect::Start { key: checked(key), job: raw(&job) },
        Outcome::Stop(key) => Effect::Stop(key),
        Outcome::Remove { seat, reason } => Effect::Remove { seat, reason },
        Outcome::SendAway { user, reason } => Effect::SendAway { user, reason },
        Outcome::Close(outcome) => Effect::Close(outcome),
    }
}

/// A panic in here is a panic of the rules: both callers run under the guard.
fn body<T: Serialize>(event: &T) -> Body {
    raw(event).into()
}

fn raw<T: Serialize>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("what a room tells or asks can be written as JSON")
}

fn checked(key: String) -> String {
    assert!(key.len() <= KEY_BYTES, "the name of a clock or a job has at most {KEY_BYTES} bytes: {key:?}");
    key
}

fn seats(seats: &[Seat]) -> Vec<u8> {
    seats.iter().flat_map(|seat| seat.0.to_be_bytes()).collect()
}

impl<R: Room> Input<R> {
    /// Decodes a record's input; `None` for `opened` and `migrated`, which make a table and are not played on one.
    pub(crate) fn decode(cause: Cause, text: &str) -> Option<Result<Self, serde_json::Error>> {
        fn read<T: DeserializeOwned, R: Room>(text: &str, input: fn(T) -> Input<R>) -> Result<Input<R>, serde_json::Error> {
            serde_json::from_str(text).map(input)
        }
        Some(match cause {
            Cause::Opened | Cause::Migrated => return None,
            Cause::Woke => read(text, |_: WokeInput| Input::Woke),
            Cause::Slept => read(text, |_: SleptInput| Input::Slept),
            Cause::Joined => read(text, Input::Joined),
            Cause::Left => read(text, Input::Left),
            Cause::Present => read(text, Input::Present),
            Cause::Action => read(text, Input::Action),
            Cause::Batch => read(text, Input::Batch),
            Cause::Signal => read(text, Input::Signal),
            Cause::Failed => read(text, Input::Failed),
            Cause::Resigned => read(text, Input::Resigned),
            Cause::Closed => read(text, Input::Closed),
        })
    }
}
