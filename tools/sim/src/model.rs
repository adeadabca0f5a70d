//! What the durable records say: every state a room ever had, replayed from the first record of each life without snapshots, and
//! with its own counting of events and answers. The judge compares what clients are told with this.

use parlour_engine::schema::Kinds;
use parlour_engine::store::{Batch, Snapshot};
use parlour_room::inbox::INBOX_WINDOW_MS;
use parlour_room::stream::{Body, RING_PRIVATE, RING_PUBLIC};
use parlour_room::table::{Member, Members, Played};
use parlour_room::{AnyKind, AnyTable, Cause, Record, Seat, Viewer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All rooms, as far as their records are durable.
pub struct Model {
    kinds: Kinds,
    /// Whether a room's former states are kept, and what of each everybody might see.
    keeps_states: bool,
    rooms: BTreeMap<Arc<str>, Past>,
}

/// One name's past.
#[derive(Default)]
pub struct Past {
    /// Its lives, oldest first.
    pub lives: Vec<Life>,
    /// The state after each record, or only after the last one.
    pub states: BTreeMap<u64, State>,
}

/// One life of a name.
pub struct Life {
    /// Its kind.
    pub kind: Arc<dyn AnyKind>,
    /// Its newest state.
    pub table: Box<dyn AnyTable>,
    /// What positions begin with.
    pub name: String,
    /// The opening record.
    pub first: u64,
    /// Everything told, in order.
    pub told: Vec<Slot>,
    /// Every action.
    pub acts: Vec<Act>,
    /// The public events so far, and whose the private numbering of each seat is.
    n: u64,
    private: BTreeMap<Seat, (String, Numbering)>,
    /// Whether a seat ever changed hands, or somebody a seat.
    has_reseated: bool,
}

/// The private numbering of a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// How many there were on this seat.
    pub generation: u64,
    /// Its last number.
    pub m: u64,
    /// The public number after which it began, if its holder may know numbers of another one.
    pub anew: Option<u64>,
}

/// One event.
pub struct Slot {
    /// The record that told it.
    pub seq: u64,
    /// Its number.
    pub number: u64,
    /// For whom, and in which generation of that seat's numbering; `None` for everybody.
    pub to: Option<(Seat, u64)>,
    /// Wall time.
    pub ts_ms: u64,
    body: Body,
    apart: Option<(Vec<Seat>, Body)>,
}

/// One action that was played.
pub struct Act {
    /// Its record.
    pub seq: u64,
    /// Room time.
    pub at_ms: u64,
    /// Who acted.
    pub user: String,
    /// On which seat, and in which generation of its private numbering.
    pub seat: (Seat, u64),
    /// Under which message id.
    pub id: Option<String>,
    /// The hash of the action.
    pub body: String,
    /// What its actor had heard right after it.
    pub answer: (u64, u64),
    /// Of a batch: the code with which each action was refused, if it was.
    pub steps: Vec<Option<String>>,
}

/// A room as it was after one record.
#[derive(Default)]
pub struct State {
    /// Which of the lives.
    pub life: usize,
    /// Room time.
    pub at_ms: u64,
    /// The last public event.
    pub n: u64,
    /// The private numbering of each seat.
    pub m: BTreeMap<Seat, Numbering>,
    /// Who held a seat.
    pub members: Members,
    /// Whether it had ended.
    pub ended: bool,
    /// All of it.
    pub snapshot: String,
    /// What each who sat there and spectators might see.
    pub views: BTreeMap<Viewer, String>,
    /// What each might do.
    pub legal: BTreeMap<Seat, Vec<String>>,
}

/// How a join should catch up.
#[derive(Debug, PartialEq, Eq)]
pub enum Missed<'a> {
    /// With these, each public or private with its number and body.
    Events(Vec<(bool, u64, &'a str)>),
    /// With a view, as too much was missed, and before it with these where events suffice.
    View(Vec<(bool, u64, &'a str)>),
    /// There is nothing to catch up with.
    Fresh,
}

impl Model {
    /// Nothing yet.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, keeps_states: true, rooms: BTreeMap::new() }
    }

    /// The same, for who asks for no state: of each room it has the table as it is now, and what was told. What it keeps does not
    /// grow with the square of a room's members.
    pub fn without_states(kinds: Kinds) -> Self {
        Self { keeps_states: false, ..Self::new(kinds) }
    }

    /// A room's past, if its opening is durable.
    pub fn past(&self, room: &str) -> Option<&Past> {
        self.rooms.get(room)
    }

    /// All of them.
    pub fn rooms(&self) -> impl Iterator<Item = &Past> {
        self.rooms.values()
    }

    /// The last durable record of a room.
    pub fn seq(&self, room: &str) -> u64 {
        self.past(room).and_then(|past| past.states.last_key_value()).map_or(0, |(seq, _)| *seq)
    }

    /// Replays what became durable: each recorded hash must come out, and each snapshot be what the records give.
    pub fn learn(&mut self, batch: &Batch) -> Result<(), String> {
        for (room, record) in &batch.records {
            self.replay(room, record).map_err(|why| format!("P6: {room}: record {}: {why}", record.seq))?;
            // Former states may not be there any more when all records are known.
            let snapshot = batch.snapshots.iter().find(|snapshot| snapshot.room == *room && snapshot.seq == record.seq);
            snapshot.map_or(Ok(()), |snapshot| self.check_snapshot(snapshot))?;
        }
        let is_of_record = |snapshot: &&Snapshot| {
            batch.records.iter().any(|(room, record)| *room == snapshot.room && record.seq == snapshot.seq)
        };
        for snapshot in batch.snapshots.iter().filter(|snapshot| !is_of_record(snapshot)) {
            self.check_snapshot(snapshot)?;
        }
        for row in &batch.opened {
            let life = self.past(&row.room).and_then(|past| past.lives.last()).ok_or("P6: a row without an opening")?;
            if (life.name.as_str(), life.first, life.kind.name()) != (row.life.as_str(), row.first, row.kind.as_str()) {
                return Err(format!("P6: {}: its row says {row:?}", row.room));
            }
        }
        Ok(())
    }

    fn check_snapshot(&self, Snapshot { room, seq, body, .. }: &Snapshot) -> Result<(), String> {
        let past = self.past(room).filter(|past| past.states.contains_key(seq));
        let past = past.ok_or_else(|| format!("P6: {room}: a snapshot of record {seq}, which is not there"))?;
        let is_right = match past.lives.last() {
            Some(life) if !self.keeps_states => life.table.snapshot().is_ok_and(|now| now == *body),
            _ => past.states[seq].snapshot == *body,
        };
        if is_right { Ok(()) } else { Err(format!("P6: {room}: the snapshot of record {seq} is not what the records give")) }
    }

    /// From now on records are of these kinds.
    pub(crate) fn goes_on_with(&mut self, kinds: Kinds) {
        self.kinds = kinds;
    }

    fn replay(&mut self, room: &Arc<str>, record: &Record) -> Result<(), String> {
        let expected = self.seq(room) + 1;
        if record.seq != expected {
            return Err(format!("record {} comes where {expected} should", record.seq));
        }
        let past = self.rooms.entry(room.clone()).or_default();
        let played = if record.cause == Cause::Opened {
            let ((kind, table), played) =
                parlour_engine::rebuild::open(&self.kinds, room, record).map_err(|broken| broken.to_string())?;
            past.lives.push(Life::new(kind, table, record.seq));
            played
        } else if record.cause == Cause::Migrated {
            let life = past.lives.last_mut().ok_or("the opening is missing")?;
            let ((kind, table), played) =
                parlour_engine::rebuild::begin(&self.kinds, record).map_err(|broken| broken.to_string())?;
            (life.kind, life.table) = (kind, table);
            played
        } else {
            let life = past.lives.last_mut().ok_or("the opening is missing")?;
            life.table.replay(record).map_err(|divergence| divergence.to_string())?
        };
        let at = past.lives.len() - 1;
        let life = &mut past.lives[at];
        life.told(&played);
        if matches!(record.cause, Cause::Action | Cause::Batch) {
            life.acted(record)?;
        }
        let state = if self.keeps_states { life.state(at) } else { life.outline(at) };
        if !self.keeps_states {
            past.states.clear();
        }
        past.states.insert(record.seq, state);
        Ok(())
    }
}

impl Life {
    fn new(kind: Arc<dyn AnyKind>, table: Box<dyn AnyTable>, first: u64) -> Self {
        let name = table.about().life.to_owned();
        Self { kind, table, name, first, told: Vec::new(), acts: Vec::new(), n: 0, private: BTreeMap::new(), has_reseated: false }
    }

    /// Counts what was told. A seat's private numbering goes on for the same holder, and begins anew for another, or for one who
    /// sat elsewhere.
    fn told(&mut self, played: &Played) {
        let about = self.table.about();
        let joined = about.members.iter().filter(|(_, member)| member.since == played.record.seq);
        for (user, Member { seat, .. }) in joined {
            let has_moved = self.private.iter().any(|(other, (holder, _))| other != seat && holder == user);
            let known = self.private.get(seat);
            if known.is_none_or(|(holder, _)| holder != user) || has_moved {
                self.has_reseated |= has_moved || known.is_some();
                let generation = known.map_or(0, |(_, numbering)| numbering.generation) + 1;
                let anew = self.has_reseated.then_some(self.n);
                self.private.insert(*seat, (user.clone(), Numbering { generation, m: 0, anew }));
            }
        }
        for told in &played.told {
            let (number, to) = match told.seat {
                None => {
                    self.n += 1;
                    (self.n, None)
                }
                Some(seat) => {
                    let (_, numbering) = self.private.entry(seat).or_default();
                    numbering.m += 1;
                    (numbering.m, Some((seat, numbering.generation)))
                }
            };
            let apart = told.apart.as_ref().map(|apart| (apart.holders.clone(), apart.own.clone()));
            let (seq, ts_ms) = (played.record.seq, told.ts_ms);
            self.told.push(Slot { seq, number, to, ts_ms, body: told.body.clone(), apart });
        }
    }

    fn acted(&mut self, record: &Record) -> Result<(), String> {
        let input: Value = serde_json::from_str(&record.input).map_err(|error| error.to_string())?;
        let text = |field: &str| input[field].as_str().map(str::to_owned);
        let seat = Seat(u32::try_from(input["seat"].as_u64().ok_or("an action without a seat")?).map_err(|_| "a huge seat")?);
        let Numbering { m, generation, .. } = self.private.get(&seat).map(|(_, numbering)| *numbering).unwrap_or_default();
        let (user, body) = (text("user").ok_or("an action of nobody")?, text("body").ok_or("an action without hash")?);
        let id = text("id");
        let again = |act: &&Act| id.is_some() && act.id == id && act.user == user;
        if let Some(first) = self.acts.iter().rev().find(again)
            && record.at_ms - first.at_ms <= INBOX_WINDOW_MS
        {
            return Err(format!(
                "P3: {user}'s {} was played as record {} and again as {}",
                id.unwrap_or_default(),
                first.seq,
                record.seq
            ));
        }
        let steps = input["steps"].as_array().into_iter().flatten().map(refused_step).collect();
        let (seat, answer) = ((seat, generation), (self.n, m));
        self.acts.push(Act { seq: record.seq, at_ms: record.at_ms, user, seat, id, body, answer, steps });
        Ok(())
    }

    fn state(&self, life: usize) -> State {
        let about = self.table.about();
        let seats = || about.members.values().map(|member| member.seat);
        let viewers = seats().map(Viewer::Seat).chain([Viewer::Spectator]);
        State {
            m: self.private.iter().map(|(seat, (_, numbering))| (*seat, *numbering)).collect(),
            members: about.members.clone(),
            snapshot: self.table.snapshot().unwrap_or_default(),
            views: viewers.filter_map(|viewer| Some((viewer, self.table.view(viewer).ok()?))).collect(),
            legal: seats().filter_map(|seat| Some((seat, self.table.legal(seat).ok()?))).collect(),
            ..self.outline(life)
        }
    }

    /// The same, but for what grows with the members.
    fn outline(&self, life: usize) -> State {
        let about = self.table.about();
        let (at_ms, n, ended) = (about.at_ms, self.n, about.ended.is_some());
        State { life, at_ms, n, ended, ..State::default() }
    }

    /// What a viewer who came in at this state after `(n, m)` is owed.
    pub fn missed(&self, seq: u64, state: &State, viewer: Viewer, since: u64, after: (u64, u64)) -> Missed<'_> {
        let Numbering { generation, m, anew } = state.m_of(viewer);
        let is_older = after.1 > 0 && anew.is_some_and(|anew| after.0 <= anew);
        if after.0 > state.n || viewer.seat().is_some() && after.1 > m && !is_older {
            return Missed::Fresh;
        }
        let own = viewer.seat().map(|seat| (seat, generation));
        let ring = |kept: usize, last: u64| last.saturating_sub(u64::try_from(kept).unwrap_or(0));
        let (mut events, mut public, mut has_gap) = (Vec::new(), Vec::new(), is_older);
        for slot in self.told.iter().filter(|slot| slot.seq <= seq) {
            let event = || (slot.to.is_some(), slot.number, slot.heard_by(viewer, since));
            match slot.to {
                None if slot.number <= after.0 => {}
                None if slot.number <= ring(RING_PUBLIC, state.n) => return Missed::View(Vec::new()),
                None => {
                    public.push(event());
                    events.push(event());
                }
                to if to == own && slot.number > after.1 => {
                    // Of a former tenure of the same user nothing private is told again.
                    has_gap |= slot.seq < since || slot.number <= ring(RING_PRIVATE, m);
                    events.push(event());
                }
                _ => {}
            }
        }
        match has_gap {
            true if self.kind.events_suffice() => Missed::View(public),
            true => Missed::View(Vec::new()),
            false => Missed::Events(events),
        }
    }
}

impl State {
    /// This viewer's private numbering.
    pub fn m_of(&self, viewer: Viewer) -> Numbering {
        viewer.seat().and_then(|seat| self.m.get(&seat)).copied().unwrap_or_default()
    }
}

impl Slot {
    /// The body this viewer hears, whose tenure began with record `since`: what was told before it, they hear as spectators do.
    pub fn heard_by(&self, viewer: Viewer, since: u64) -> &str {
        match &self.apart {
            Some((holders, own)) if self.seq >= since && viewer.seat().is_some_and(|seat| holders.contains(&seat)) => own.get(),
            _ => self.body.get(),
        }
    }
}

/// The code with which a recorded step of a batch was refused.
fn refused_step(step: &Value) -> Option<String> {
    let why = step.get("refused")?;
    Some(match why.as_str() {
        Some("invalid") => "invalid_action".to_owned(),
        Some("not_member") => "not_in_room".to_owned(),
        Some("ended") => "room_closed".to_owned(),
        Some("failed") => "internal".to_owned(),
        _ => why["illegal"]["code"].as_str().unwrap_or("?").to_owned(),
    })
}
