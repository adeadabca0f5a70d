//! What an author writes: the rules of one kind of room, as a type whose value is the whole state.
//!
//! What the attribute [`room`](macro@crate::room) writes begins here. What it cannot know it asks for:
//!
//! ```compile_fail
//! use parlour_room::{Dice, Refused, Room, Seat, Seats, Turn, Viewer, kept, room};
//! #[kept]
//! struct Quiet {}
//! #[room] // error: say `type View = ..;`: it cannot be read off what `view` returns
//! impl Room for Quiet {
//!     fn seats(_: &Self::Config) -> Seats { Seats::Fixed(1) }
//!     fn view(&self, _: Viewer) -> Self::View { unreachable!() }
//! }
//! ```

use crate::dice::Dice;
use crate::hash::Hash64;
use crate::job::JobFault;
use crate::migrate::{Migrated, Old, Unmigrated};
use crate::seat::{As, Audience, Seat, Seats, Source, Viewer, Who};
use crate::turn::Turn;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::borrow::Cow;
use std::fmt::Display;
use std::marker::PhantomData;
use std::time::Duration;

/// May cross the wire: it has a codec and a published schema.
pub trait Wire: Serialize + DeserializeOwned + JsonSchema + Clone + Send + 'static {}
impl<T: Serialize + DeserializeOwned + JsonSchema + Clone + Send + 'static> Wire for T {}

/// May be kept in the journal. Nothing that is only kept can be sent.
pub trait Kept: Serialize + DeserializeOwned + Clone + Send + 'static {}
impl<T: Serialize + DeserializeOwned + Clone + Send + 'static> Kept for T {}

/// The rules of one kind of room. The implementing type is its whole state.
///
/// **A room is a function of its records.** Everything it depends on comes in through these methods: no clock, no socket, no
/// luck of its own, no iteration over a `HashMap`. The same records give the same state, events and views, byte for byte, on
/// every machine.
///
/// Three attributes spare what every room would repeat: [`kept`](macro@crate::kept) on the state, [`wire`](macro@crate::wire) on
/// what is sent, [`room`](macro@crate::room) on this `impl`.
///
/// Wire types are JSON. `Action` and `Event` are enums tagged by `type` in snake_case (`#[serde(tag = "type", rename_all =
/// "snake_case")]`), and a refusal is an object with a `code` (`#[serde(tag = "code", rename_all = "snake_case")]` on an enum).
/// Numbers must stay below 2^53, because clients in JavaScript read them as doubles. Kept and sent types hold no floats and no
/// `usize`: both can differ between machines.
pub trait Room: Kept {
    /// The kind's name: on the wire, in the journal, in generated clients. Snake_case, at most 32 bytes.
    const KIND: &'static str;
    /// Raised whenever records already written would replay differently.
    const RULES: u32;
    /// Who may ever see the seed of the dice.
    const SEED: Reveal = Reveal::Audit;
    /// Whether room time stands still while the room is not loaded (a turn clock should not run while nobody can play).
    const FREEZES: bool = false;
    /// Whether public events are kept for good, to be read page by page. Who may watch the room may read all of them; of an event
    /// told apart, what the others were told.
    const HISTORY: bool = false;
    /// Whether a batch of actions may be kept or dropped whole. Who sends such a batch learns which of its actions was refused,
    /// and nothing of it happened: they have looked at the luck of the next record, and at what their actions would have turned
    /// up. Leave it off wherever there is luck, or anything hidden.
    const ATOMIC: bool = false;
    /// Whether a client that has every event needs no view after them.
    const EVENTS_SUFFICE: bool = false;
    /// Whether the room is told who of its members is here, by a record each time: see [`present`](Self::present).
    const PRESENCE: bool = false;

    /// What whoever opens the room may choose. Give every field a default and refuse unknown ones.
    type Config: Wire;
    /// What a member may ask.
    type Action: Wire;
    /// What members are told.
    type Event: Wire;
    /// Everything one viewer may know.
    type View: Wire;
    /// Why something is not legal. One with a field `retry_after_ms` says that the same is legal later. [`Refused`] is there for
    /// rooms that need no more than a code and a text.
    type Refusal: Wire + Display;
    /// What the room exchanges with the world outside; [`Alone`] for nothing.
    type World: World;

    /// A hash of what decides and is no code: tables of cards, maps. A room is recorded with it, and never played with another.
    /// Provided: there is nothing of the kind.
    fn content() -> Hash64 {
        Hash64(0)
    }

    /// Takes over a room that was recorded under other rules, or with other content, and that no registered rules can play.
    /// Provided: it stays closed.
    fn migrate(_old: Old) -> Result<Migrated<Self>, Unmigrated> {
        Err(Unmigrated::because("these rules do not take over rooms of others"))
    }

    /// How many may play in a room of this configuration.
    fn seats(config: &Self::Config) -> Seats;

    /// Opens the room, or refuses the configuration. These dice are not yet stirred by any player: deal in
    /// [`joined`](Self::joined).
    fn open(config: Self::Config, dice: &mut Dice) -> Result<Self, Self::Refusal>;

    /// Is this legal now? Cannot change the room, draw dice or tell anyone.
    fn check(&self, by: Seat, action: &Self::Action) -> Result<(), Self::Refusal>;

    /// The same, for rules by which something is legal only after a while: `now_ms` is the room time at which it would be
    /// played. Provided: [`check`](Self::check).
    fn check_at(&self, by: Seat, action: &Self::Action, _now_ms: u64) -> Result<(), Self::Refusal> {
        self.check(by, action)
    }

    /// Plays a legal action. Cannot refuse.
    fn apply(&mut self, by: Seat, action: Self::Action, turn: &mut Turn<Self>);

    /// The only way out for state: everything this viewer may know, and nothing else.
    fn view(&self, viewer: Viewer) -> Self::View;

    /// The viewer whose view this one shares, for rooms in which many see the same: such a view is made, numbered and written
    /// once for all of its class. Whoever shares a view may know all that is in it. Provided: everybody has a view of their own.
    fn class(&self, viewer: Viewer) -> Viewer {
        viewer
    }

    /// A number that is another one whenever what a class of viewers sees may be another: by it a view that is costly to make is
    /// not made where nothing can have changed. It must never come back to what it was; the number of the record that changed
    /// something will do. The testkit holds it against the views. Provided: none, so that views are made after every record.
    fn view_version(&self, _class: Viewer) -> Option<u64> {
        None
    }

    /// May this person come in, and as what? The table itself already refuses a seat that is taken and a full room. Provided:
    /// as they wish.
    fn admit(&self, _who: Who<'_>, wanted: As) -> Result<As, Self::Refusal> {
        Ok(wanted)
    }

    /// Somebody took a seat. Provided: nothing.
    fn joined(&mut self, _seat: Seat, _turn: &mut Turn<Self>) {}

    /// The same, for rules that must know who it is. Provided: [`joined`](Self::joined).
    fn seated(&mut self, _who: Who<'_>, seat: Seat, turn: &mut Turn<Self>) {
        self.joined(seat, turn);
    }

    /// The holder of a seat gave it up for good (losing a connection is not leaving). Provided: nothing.
    fn left(&mut self, _seat: Seat, _turn: &mut Turn<Self>) {}

    /// The holder of a seat is no longer connected, or is again: only of kinds with [`PRESENCE`](Self::PRESENCE). Who takes a
    /// seat is here, without being told so; who comes back within a short time was never away; a bot is always here. After a
    /// crash those who were here and do not come back are away a short time after the room is loaded again. Provided: nothing.
    fn present(&mut self, _seat: Seat, _here: bool, _turn: &mut Turn<Self>) {}

    /// The holder of a seat resigned by way of the table, which works whatever state the rules are in. Provided: the room closes.
    fn resigned(&mut self, _seat: Seat, turn: &mut Turn<Self>) {
        turn.close("resignation");
    }

    /// A clock ran out or a job answered. Members cannot send these. Provided: nothing.
    fn signal(&mut self, _signal: <Self::World as World>::Signal, _turn: &mut Turn<Self>) {}

    /// There will be no result of the job of this name: by which signal does the room hear of it? It is recorded in place of the
    /// result. Provided: by none; the job is over, and nothing else happens.
    fn job_failed(&self, _key: &str, _why: JobFault) -> Option<<Self::World as World>::Signal> {
        None
    }

    /// What this seat may do now, for bots, hints and tests; each must pass [`check`](Self::check). It must not depend on what
    /// the seat's holder may not know. Never lists resigning. Provided: nothing.
    fn legal(&self, _by: Seat) -> Vec<Self::Action> {
        Vec::new()
    }

    /// Something that is shown and never kept: typing, a cursor, how far a job has come. Who may see it now? It changes nothing,
    /// and whoever comes later is shown the last one of each type from each sender, if they may see it then. Nobody: it is
    /// refused. Provided: nobody.
    fn pulse(&self, _from: Source<'_>, _pulse: &<Self::World as World>::Pulse) -> Option<Audience> {
        None
    }

    /// As what a pulse is shown: with what the room knows of its sender and no client may say itself. Provided: as it was sent.
    fn shown(&self, _from: Source<'_>, pulse: <Self::World as World>::Pulse) -> <Self::World as World>::Pulse {
        pulse
    }

    /// After what time a member's pulse is over, if no other of its type comes from them before, and what they who saw it are
    /// shown then. Provided: it is shown to who comes later for as long as the server's limits say, and nothing is shown after.
    fn fades(&self, _pulse: &<Self::World as World>::Pulse) -> Option<(Duration, <Self::World as World>::Pulse)> {
        None
    }

    /// How promising an action looks to whoever sees this view, for the bot `lookahead`: the higher, the better. There is nothing
    /// to go by but what a viewer may know. Provided: one is as good as another.
    fn promise(_view: &Self::View, _action: &Self::Action) -> i64 {
        0
    }

    /// Asked after every play, before anything is recorded: an unsound state is answered `internal`, and nothing is kept or
    /// shown. The text goes to the operator only. Provided: fine.
    fn sound(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What a room exchanges with the world outside.
pub trait World: 'static {
    /// What is shown and never kept: an enum tagged by `type` like events, or [`Never`].
    type Pulse: Wire;
    /// Asked of the outside world; its result comes back as a signal.
    type Job: Kept;
    /// What comes back: a job's result, or a clock that ran out.
    type Signal: Kept;
}

/// The world of a room that has no pulses, no jobs and no clocks.
pub enum Alone {}

impl World for Alone {
    type Pulse = Never;
    type Job = Never;
    type Signal = Never;
}

/// The world of a room that has clocks but no jobs: `S` is what its clocks ring.
pub struct Timed<S>(PhantomData<S>);

impl<S: Kept> World for Timed<S> {
    type Pulse = Never;
    type Job = Never;
    type Signal = S;
}

/// A type without values: the pulses of a room that has none, the jobs of one that starts none, or the actions of one that is
/// only watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Never {}

impl JsonSchema for Never {
    fn schema_name() -> Cow<'static, str> {
        "Never".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "not": {} })
    }
}

/// A configuration, or a view, with nothing in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// Who may ever see the seed of a room's dice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// Every member, once the room is closed. For rooms whose dice never hid anything: a seed opens folded hands.
    AtClose,
    /// Only whoever reads the journal.
    Audit,
}

/// A refusal with no more to it than a code and a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// In snake_case: what a program looks at.
    pub code: String,
    /// In words: what a person reads.
    pub message: String,
}

impl Refused {
    /// A refusal with this code and text.
    pub fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned() }
    }
}

impl Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
