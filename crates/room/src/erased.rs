//! One object-safe face for every kind of room, so that neither the engine nor the server is generic.

use crate::ask::{self, Acted, Joined, Joining, Opening, Rejected};
use crate::batch::{BatchRejected, Batched};
use crate::divergence::{Divergence, Why};
use crate::hash::Hash64;
use crate::inbox::Answer;
use crate::job::JobFault;
use crate::migrate::Unmigrated;
use crate::play::{self, Fault, Input, guard};
use crate::record::{Cause, OpenedInput, Record, Stamp, Version};
use crate::room::{Never, Room, World};
use crate::seat::{As, Seat, Shown, Source, Viewer, Who};
use crate::stream::{Heard, Position};
use crate::table::{About, Damage, Played, Table, version_of};
use schemars::{Schema, schema_for};
use std::any::TypeId;
use std::marker::PhantomData;

/// A kind of room: makes its tables.
pub trait AnyKind: Send + Sync {
    /// `Room::KIND`.
    fn name(&self) -> &'static str;
    /// `Room::RULES`.
    fn rules(&self) -> u32;
    /// By which rules its rooms are recorded.
    fn version(&self) -> Version;
    /// `Room::EVENTS_SUFFICE`.
    fn events_suffice(&self) -> bool;
    /// `Room::FREEZES`.
    fn freezes(&self) -> bool;
    /// `Room::HISTORY`.
    fn has_history(&self) -> bool;
    /// `Room::ATOMIC`.
    fn allows_atomic(&self) -> bool;
    /// Whether rooms of this kind start jobs.
    fn has_jobs(&self) -> bool;
    /// `Room::PRESENCE`.
    fn has_presence(&self) -> bool;
    /// JSON Schemas of what crosses the wire.
    fn schemas(&self) -> Schemas;
    /// A configuration as it is kept, with everything that was left out; `None` if it does not decode.
    fn canonical_config(&self, config: &str) -> Option<String>;
    /// What each of these legal actions promises to whoever has this view; `None` if they do not decode, or the rules fail.
    fn promises(&self, view: &str, legal: &[String]) -> Option<Vec<i64>>;
    /// Opens a room.
    fn open(&self, stamp: Stamp, opening: Opening<'_>) -> Result<(Box<dyn AnyTable>, Played), Rejected>;
    /// Makes the table of an `opened` or `migrated` record, as it was then.
    fn replay(&self, record: &Record) -> Result<(Box<dyn AnyTable>, Played), Divergence>;
    /// Reads a snapshot.
    fn restore(&self, snapshot: &str) -> Result<Box<dyn AnyTable>, Damage>;
    /// Takes over the table in this snapshot, which other rules wrote.
    fn migrate(&self, snapshot: &str, ts_ms: u64) -> Result<(Box<dyn AnyTable>, Played), Unmigrated>;
}

/// JSON Schemas of what crosses the wire for one kind.
#[derive(Clone, Debug)]
pub struct Schemas {
    /// `Room::Config`.
    pub config: Schema,
    /// `Room::Action`.
    pub action: Schema,
    /// `Room::Event`.
    pub event: Schema,
    /// `Room::View`.
    pub view: Schema,
    /// `Room::Refusal`.
    pub refusal: Schema,
    /// `World::Pulse`, if it has any.
    pub pulse: Option<Schema>,
}

/// A table of some kind. Every method is [`Table`]'s of the same name unless it says otherwise.
#[expect(missing_docs, reason = "each is documented at Table")]
pub trait AnyTable: Send {
    fn about(&self) -> About<'_>;
    fn position(&self, viewer: Viewer) -> Position;
    fn due_ms(&self) -> Option<u64>;
    fn is_spoiled(&self) -> bool;
    fn seed_hash(&self) -> String;
    fn revealed_seed(&self) -> Option<String>;
    fn admit(&self, who: Who<'_>, wanted: As) -> Result<As, Rejected>;
    fn join(&mut self, stamp: Stamp, joining: Joining<'_>) -> Result<Joined, Rejected>;
    fn leave(&mut self, stamp: Stamp, user: &str, reason: &str) -> Result<Played, Rejected>;
    fn present(&mut self, stamp: Stamp, user: &str, here: bool) -> Result<Option<Played>, Fault>;
    fn act(&mut self, stamp: Stamp, user: &str, id: Option<&str>, action: &str) -> Result<Acted, Rejected>;
    fn repeated(&self, stamp: Stamp, user: &str, id: &str, action: &str) -> Option<Result<Answer, Rejected>>;
    fn told_by(&self, user: &str, id: &str) -> Option<Vec<Heard>>;
    fn hash_of(&self, action: &str) -> Option<Hash64>;
    fn batch(
        &mut self,
        stamp: Stamp,
        user: &str,
        id: Option<&str>,
        atomic: bool,
        actions: &[&str],
    ) -> Result<Batched, BatchRejected>;
    fn batch_hash(&self, atomic: bool, actions: &[&str]) -> Hash64;
    fn batch_repeated(&self, stamp: Stamp, user: &str, id: &str, body: Hash64) -> Option<Result<Batched, Rejected>>;
    fn fire(&mut self, stamp: Stamp) -> Result<Option<Played>, Fault>;
    fn answer(&mut self, stamp: Stamp, key: &str, since: u64, result: &str) -> Result<Option<Played>, Fault>;
    fn job_failed(&mut self, stamp: Stamp, key: &str, since: u64, why: JobFault) -> Result<Option<Played>, Fault>;
    fn resign(&mut self, stamp: Stamp, user: &str, id: Option<&str>) -> Result<Acted, Rejected>;
    fn close(&mut self, stamp: Stamp, by: &str, reason: &str) -> Result<Played, Rejected>;
    fn wake(&mut self, stamp: Stamp) -> Result<Played, Fault>;
    fn sleep(&mut self, stamp: Stamp) -> Result<Played, Fault>;
    /// A pulse (JSON) as it is shown, and who may see it now; `None` if nobody may.
    fn pulse(&self, from: Source<'_>, pulse: &str) -> Result<Option<Shown>, Rejected>;
    /// The hash of the configuration it was opened with, as [`AnyKind::canonical_config`] writes it.
    fn config_hash(&self) -> Hash64;
    /// What this viewer may know, as JSON.
    fn view(&self, viewer: Viewer) -> Result<String, Fault>;
    /// The viewer whose view this one shares.
    fn class(&self, viewer: Viewer) -> Result<Viewer, Fault>;
    /// A number that is another one whenever the view of this class may be, if the rules keep one.
    fn view_version(&self, class: Viewer) -> Result<Option<u64>, Fault>;
    /// What this seat may do now, each as JSON; nothing once the room has ended.
    fn legal(&self, seat: Seat) -> Result<Vec<String>, Fault>;
    /// All of the table as JSON, if the author's state can be written as such and the table is not spoiled.
    fn snapshot(&self) -> Result<String, Fault>;
    fn replay(&mut self, record: &Record) -> Result<Played, Divergence>;
}

/// The kind of an author's room type.
pub struct KindOf<R>(PhantomData<fn() -> R>);

impl<R: Room> KindOf<R> {
    /// The kind of `R`.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R: Room> Default for KindOf<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Room> AnyKind for KindOf<R> {
    fn name(&self) -> &'static str {
        R::KIND
    }

    fn rules(&self) -> u32 {
        R::RULES
    }

    fn version(&self) -> Version {
        version_of::<R>()
    }

    fn events_suffice(&self) -> bool {
        R::EVENTS_SUFFICE
    }

    fn freezes(&self) -> bool {
        R::FREEZES
    }

    fn has_history(&self) -> bool {
        R::HISTORY
    }

    fn allows_atomic(&self) -> bool {
        R::ATOMIC
    }

    fn has_jobs(&self) -> bool {
        has::<<R::World as World>::Job>()
    }

    fn has_presence(&self) -> bool {
        R::PRESENCE
    }

    fn schemas(&self) -> Schemas {
        Schemas {
            config: schema_for!(R::Config),
            action: schema_for!(R::Action),
            event: schema_for!(R::Event),
            view: schema_for!(R::View),
            refusal: schema_for!(R::Refusal),
            pulse: has::<<R::World as World>::Pulse>().then(|| schema_for!(<R::World as World>::Pulse)),
        }
    }

    fn canonical_config(&self, config: &str) -> Option<String> {
        let config: R::Config = ask::read_object(config).ok()?;
        guard(|| serde_json::to_string(&config)).ok()?.ok()
    }

    fn promises(&self, view: &str, legal: &[String]) -> Option<Vec<i64>> {
        let promises = guard(|| {
            let view: R::View = serde_json::from_str(view).ok()?;
            let promise = |action: &String| Some(R::promise(&view, &serde_json::from_str(action).ok()?));
            legal.iter().map(promise).collect()
        });
        promises.ok()?
    }

    fn open(&self, stamp: Stamp, opening: Opening<'_>) -> Result<(Box<dyn AnyTable>, Played), Rejected> {
        let (table, played) = ask::open::<R>(stamp, opening)?;
        Ok((Box::new(table), played))
    }

    fn replay(&self, record: &Record) -> Result<(Box<dyn AnyTable>, Played), Divergence> {
        let panicked = |fault| Divergence { seq: record.seq, why: Why::Fault(fault) };
        let made = guard(|| match record.cause {
            Cause::Migrated => Table::<R>::replay_migrated(record),
            _ => Table::<R>::replay_opening(record),
        });
        let (table, played) = made.map_err(panicked)??;
        Ok((Box::new(table), played))
    }

    fn restore(&self, snapshot: &str) -> Result<Box<dyn AnyTable>, Damage> {
        let panicked = |fault: Fault| Damage::Unreadable(fault.to_string());
        Ok(Box::new(guard(|| Table::<R>::restore(snapshot)).map_err(panicked)??))
    }

    fn migrate(&self, snapshot: &str, ts_ms: u64) -> Result<(Box<dyn AnyTable>, Played), Unmigrated> {
        let (table, played) = Table::<R>::migrate(snapshot, ts_ms)?;
        Ok((Box::new(table), played))
    }
}

fn has<T: 'static>() -> bool {
    TypeId::of::<T>() != TypeId::of::<Never>()
}

impl<R: Room> Table<R> {
    /// Opens a room of this type: for an author's tests.
    pub fn open(stamp: Stamp, opening: Opening<'_>) -> Result<(Self, Played), Rejected> {
        ask::open(stamp, opening)
    }

    /// Makes the table of an `opened` record, as it was then.
    pub fn replay_opening(record: &Record) -> Result<(Self, Played), Divergence> {
        let diverges = |why| Divergence { seq: record.seq, why };
        if record.cause != Cause::Opened {
            return Err(diverges(Why::Missing { found: record.seq }));
        }
        let input: OpenedInput<R::Config> =
            serde_json::from_str(&record.input).map_err(|error| diverges(Why::Unreadable(error.to_string())))?;
        let version = Version { kind: input.kind.clone(), rules: input.rules, content: input.content };
        if version != version_of::<R>() {
            return Err(diverges(Why::OtherRules(version)));
        }
        let stamp = Stamp { at_ms: record.at_ms, ts_ms: record.ts_ms };
        let (table, played) = play::open::<R>(record.seq, stamp, input, record.input.clone())
            .map_err(|fault| diverges(Why::Fault(fault)))?
            .map_err(|refusal| diverges(Why::Refused(refusal.to_string())))?;
        if played.record.hash != record.hash {
            return Err(diverges(Why::OtherHash));
        }
        Ok((table, played))
    }

    /// Plays a record that was written before: the same function as live, and its hash must come out.
    pub fn replay(&mut self, record: &Record) -> Result<Played, Divergence> {
        let expected = self.seq + 1;
        if record.seq != expected {
            return Err(Divergence { seq: expected, why: Why::Missing { found: record.seq } });
        }
        let diverges = |why| Divergence { seq: expected, why };
        if record.at_ms < self.at_ms {
            return Err(diverges(Why::TimeWentBack));
        }
        let input = guard(|| Input::decode(record.cause, &record.input))
            .map_err(|fault| diverges(Why::Fault(fault)))?
            .ok_or_else(|| diverges(Why::Fault(Fault::Misfit)))?
            .map_err(|error| diverges(Why::Unreadable(error.to_string())))?;
        let stamp = Stamp { at_ms: record.at_ms, ts_ms: record.ts_ms };
        let played = self.play(stamp, record.cause, input, record.input.clone()).map_err(|fault| diverges(Why::Fault(fault)))?;
        if played.record.hash != record.hash {
            return Err(diverges(Why::OtherHash));
        }
        Ok(played)
    }

    /// What this viewer may know, as JSON.
    pub fn view_json(&self, viewer: Viewer) -> Result<String, Fault> {
        if self.spoiled {
            return Err(Fault::Spoiled);
        }
        guard(|| serde_json::to_string(&self.state.view(viewer)).expect("a view can be written as JSON"))
    }

    /// What this seat may do now, each as JSON; nothing once the room has ended.
    pub fn legal_json(&self, seat: Seat) -> Result<Vec<String>, Fault> {
        if self.spoiled {
            return Err(Fault::Spoiled);
        }
        if self.ended.is_some() {
            return Ok(Vec::new());
        }
        let write = |action: &R::Action| serde_json::to_string(action).expect("an action can be written as JSON");
        guard(|| self.state.legal(seat).iter().map(write).collect())
    }
}

impl<R: Room> AnyTable for Table<R> {
    fn about(&self) -> About<'_> {
        self.about()
    }

    fn position(&self, viewer: Viewer) -> Position {
        self.position(viewer)
    }

    fn due_ms(&self) -> Option<u64> {
        self.due_ms()
    }

    fn is_spoiled(&self) -> bool {
        self.is_spoiled()
    }

    fn seed_hash(&self) -> String {
        self.seed_hash()
    }

    fn revealed_seed(&self) -> Option<String> {
        self.revealed_seed()
    }

    fn admit(&self, who: Who<'_>, wanted: As) -> Result<As, Rejected> {
        self.admit(who, wanted)
    }

    fn join(&mut self, stamp: Stamp, joining: Joining<'_>) -> Result<Joined, Rejected> {
        self.join(stamp, joining)
    }

    fn leave(&mut self, stamp: Stamp, user: &str, reason: &str) -> Result<Played, Rejected> {
        self.leave(stamp, user, reason)
    }

    fn present(&mut self, stamp: Stamp, user: &str, here: bool) -> Result<Option<Played>, Fault> {
        self.present(stamp, user, here)
    }

    fn act(&mut self, stamp: Stamp, user: &str, id: Option<&str>, action: &str) -> Result<Acted, Rejected> {
        self.act(stamp, user, id, action)
    }

    fn repeated(&self, stamp: Stamp, user: &str, id: &str, action: &str) -> Option<Result<Answer, Rejected>> {
        self.repeated(stamp, user, id, action)
    }

    fn told_by(&self, user: &str, id: &str) -> Option<Vec<Heard>> {
        self.told_by(user, id)
    }

    fn hash_of(&self, action: &str) -> Option<Hash64> {
        self.hash_of(action)
    }

    fn batch(
        &mut self,
        stamp: Stamp,
        user: &str,
        id: Option<&str>,
        atomic: bool,
        actions: &[&str],
    ) -> Result<Batched, BatchRejected> {
        self.batch(stamp, user, id, atomic, actions)
    }

    fn batch_hash(&self, atomic: bool, actions: &[&str]) -> Hash64 {
        self.batch_hash(atomic, actions)
    }

    fn batch_repeated(&self, stamp: Stamp, user: &str, id: &str, body: Hash64) -> Option<Result<Batched, Rejected>> {
        self.batch_repeated(stamp, user, id, body)
    }

    fn fire(&mut self, stamp: Stamp) -> Result<Option<Played>, Fault> {
        self.fire(stamp)
    }

    fn answer(&mut self, stamp: Stamp, key: &str, since: u64, result: &str) -> Result<Option<Played>, Fault> {
        self.answer(stamp, key, since, result)
    }

    fn job_failed(&mut self, stamp: Stamp, key: &str, since: u64, why: JobFault) -> Result<Option<Played>, Fault> {
        self.job_failed(stamp, key, since, why)
    }

    fn resign(&mut self, stamp: Stamp, user: &str, id: Option<&str>) -> Result<Acted, Rejected> {
        self.resign(stamp, user, id)
    }

    fn close(&mut self, stamp: Stamp, by: &str, reason: &str) -> Result<Played, Rejected> {
        self.close(stamp, by, reason)
    }

    fn wake(&mut self, stamp: Stamp) -> Result<Played, Fault> {
        self.wake(stamp)
    }

    fn sleep(&mut self, stamp: Stamp) -> Result<Played, Fault> {
        self.sleep(stamp)
    }

    fn pulse(&self, from: Source<'_>, pulse: &str) -> Result<Option<Shown>, Rejected> {
        if self.is_spoiled() {
            return Err(Fault::Spoiled.into());
        }
        let pulse: <R::World as World>::Pulse = ask::read_object(pulse)?;
        let Some(audience) = guard(|| self.state().pulse(from, &pulse))? else { return Ok(None) };
        let text = |pulse: &_| guard(|| serde_json::to_string(pulse))?.map_err(|_| Rejected::Invalid);
        let fades = match guard(|| self.state().fades(&pulse))? {
            Some((after, last)) => Some((u64::try_from(after.as_millis()).unwrap_or(u64::MAX), text(&last)?)),
            None => None,
        };
        let shown = guard(|| self.state().shown(from, pulse))?;
        Ok(Some(Shown { body: text(&shown)?, audience, fades }))
    }

    fn config_hash(&self) -> Hash64 {
        guard(|| serde_json::to_vec(self.config())).ok().and_then(Result::ok).map_or(Hash64(0), |config| Hash64::of(&config))
    }

    fn view(&self, viewer: Viewer) -> Result<String, Fault> {
        self.view_json(viewer)
    }

    fn class(&self, viewer: Viewer) -> Result<Viewer, Fault> {
        if self.spoiled { Err(Fault::Spoiled) } else { guard(|| self.state.class(viewer)) }
    }

    fn view_version(&self, class: Viewer) -> Result<Option<u64>, Fault> {
        if self.spoiled { Err(Fault::Spoiled) } else { guard(|| self.state.view_version(class)) }
    }

    fn legal(&self, seat: Seat) -> Result<Vec<String>, Fault> {
        self.legal_json(seat)
    }

    fn snapshot(&self) -> Result<String, Fault> {
        if self.spoiled { Err(Fault::Spoiled) } else { guard(|| self.snapshot()) }
    }

    fn replay(&mut self, record: &Record) -> Result<Played, Divergence> {
        self.replay(record)
    }
}
