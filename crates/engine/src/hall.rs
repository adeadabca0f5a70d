//! One room as this server keeps it: its table, who follows it, and what is held back until the disk has it.
//! "record, hash -> append" and "stream (numbered) <- held until the journal says durable".
//!
//! Everything computed from a room goes through [`Draft`] and leaves only when the room's last appended record is durable:
//! answers, refusals, views, presence, replies to the HTTP API.

mod follows;
mod refusals;
mod seats;
mod sight;

pub(crate) use self::follows::{Follow, Follows};
pub(crate) use refusals::{Refusals, Refused};
pub(crate) use sight::ViewFault;

use crate::code::Code;
use crate::dialect::native_out::{self as say, Done, Failure, OwnEvents};
use crate::framing::websocket;
use crate::io::{AskId, CallId, ConnId, Reply};
use crate::lookup::Listing;
use crate::patch::Differ;
use crate::pulses::Pulses;
use crate::shard::Rest;
use crate::shard::find::Seeker;
use crate::store::History;
use parlour_room::stream::Told;
use parlour_room::{AnyKind, AnyTable, Played, Position, Seat};
use sight::Sights;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

pub(crate) struct Hall {
    pub(crate) name: Arc<str>,
    pub(crate) phase: Phase,
    pub(crate) follows: Follows,
    pub(crate) clock: RoomClock,
    /// Whether the clock runs: the room was here before, and its time goes on while it is read again.
    pub(crate) has_clock: bool,
    /// The time for which this hall stands in the shard's list of timers.
    pub(crate) timer: Option<u64>,
    /// The batch that holds its last record.
    pub(crate) last_commit: u64,
    /// Records that are not durable yet: in which batch, whose each is, and how many actions.
    pub(crate) undurable: VecDeque<(u64, Option<(String, usize)>)>,
    /// How many actions of each member are in them.
    pub(crate) ahead: BTreeMap<String, usize>,
    pub(crate) draft: Draft,
    pub(crate) held: VecDeque<(u64, Draft)>,
    pub(crate) is_dirty: bool,
    /// Whether something was played since views were last made.
    pub(crate) views_are_old: bool,
    sights: Sights,
    acks: Vec<(To, Answered)>,
    pub(crate) refusals: Refusals,
    pub(crate) asks: BTreeMap<Seat, BotAsked>,
    pub(crate) panics: VecDeque<u64>,
    pub(crate) frozen: Option<String>,
    /// After a panic: load again as soon as everything appended is durable.
    pub(crate) must_reload: bool,
    pub(crate) pulses: Pulses,
    /// When the first of them is over, as the shard was told.
    pub(crate) fading: Option<u64>,
    /// Where it stands in the list of rooms, for whoever looks for one.
    pub(crate) listing: Option<Listing>,
    /// Weight of the records since the last snapshot, and of that snapshot.
    pub(crate) tail_bytes: usize,
    /// How many records these are.
    pub(crate) tail_records: usize,
    pub(crate) snapshot_bytes: usize,
    pub(crate) rest: Rest,
}

pub(crate) enum Phase {
    /// Being read; these requests wait for it.
    Loading(VecDeque<Waiting>),
    /// The journal never heard of it. It goes away unless the requests now being handled open it.
    Absent,
    /// Here.
    Open { kind: Arc<dyn AnyKind>, table: Box<dyn AnyTable> },
    /// It cannot be loaded; the operator was told why, and clients are told this.
    Broken(Code),
}

pub(crate) enum Waiting {
    Frame(ConnId, Asked),
    Seek(Box<Seeker>),
    Call(CallId, Arc<crate::io::Identity>, [u8; 32], crate::io::Call),
}

/// A message of a client as it came: here, or with its number from another shard.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) text: String,
    pub(crate) number: u64,
    /// The room that the other shard read in it, or chose.
    pub(crate) room: Option<Arc<str>>,
}

/// Room time by the monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoomClock {
    pub(crate) mono_ms: u64,
    pub(crate) room_ms: u64,
}

impl RoomClock {
    pub(crate) fn room_ms(self, mono_ms: u64) -> u64 {
        self.room_ms.saturating_add(mono_ms.saturating_sub(self.mono_ms))
    }

    pub(crate) fn mono_ms(self, room_ms: u64) -> u64 {
        self.mono_ms.saturating_add(room_ms.saturating_sub(self.room_ms))
    }
}

#[derive(Debug)]
pub(crate) struct BotAsked {
    pub(crate) ask: AskId,
    /// The tenure and the position for which it was asked.
    pub(crate) since: u64,
    pub(crate) seq: u64,
    pub(crate) is_open: bool,
    pub(crate) refused: u32,
}

#[derive(Debug)]
pub(crate) enum Answered {
    Acted { at: Position, dup: bool, events: OwnEvents },
    Batched { at: Position, results: Vec<Result<Position, Failure>>, dup: bool },
    Failed(Failure),
}

/// What is to leave once a batch is durable. Frames are written once, however many connections they go to.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    json: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) replies: Vec<(CallId, Reply)>,
}

/// One frame for one connection.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) conn: ConnId,
    /// The request from another shard that it answers; 0 for none.
    pub(crate) number: u64,
    /// Empty where that request has no answer.
    pub(crate) frame: Range<usize>,
    pub(crate) sort: Sort,
}

/// What becomes of a frame for a connection whose client does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Sent all the same: what was asked is answered.
    Answer,
    /// Not sent: a fresh view stands for it later.
    News,
    /// Such a fresh view.
    Anew,
    /// Not sent, and no view stands for it: of a topic, it is told that there was more.
    Passing,
    /// The answer to a join: what follows it goes on from there, whatever was lost before.
    Welcome,
}

/// Where an answer goes.
#[derive(Debug)]
pub(crate) struct To {
    pub(crate) conn: ConnId,
    /// The request's number, if it came from another shard; else 0.
    pub(crate) number: u64,
    pub(crate) reference: Option<String>,
}

impl Draft {
    pub(crate) fn is_empty(&self) -> bool {
        self.parcels.is_empty() && self.replies.is_empty()
    }

    /// Writes one text frame, to be sent by [`send`](Self::send).
    pub(crate) fn frame(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        self.json.clear();
        write(&mut self.json);
        let from = self.bytes.len();
        websocket::write_text(&mut self.bytes, &self.json);
        from..self.bytes.len()
    }

    /// An answer, or something else that must arrive.
    pub(crate) fn send(&mut self, conn: ConnId, frame: &Range<usize>) {
        self.send_as(Sort::Answer, conn, frame);
    }

    /// An event, a patch, a pulse, presence: what a client that does not read is not sent.
    pub(crate) fn send_news(&mut self, conn: ConnId, frame: &Range<usize>) {
        self.send_as(Sort::News, conn, frame);
    }

    pub(crate) fn send_as(&mut self, sort: Sort, conn: ConnId, frame: &Range<usize>) {
        self.parcels.push(Parcel { conn, number: 0, frame: frame.clone(), sort });
    }

    /// The answer to a request, or the word that there is none, which only another shard wants to know.
    pub(crate) fn answer(&mut self, conn: ConnId, number: u64, frame: Option<Range<usize>>) {
        if number > 0 || frame.is_some() {
            self.parcels.push(Parcel { conn, number, frame: frame.unwrap_or_default(), sort: Sort::Answer });
        }
    }

    /// The answer to a join, also where nobody wants one: what was lost before it is of no account.
    pub(crate) fn welcome(&mut self, conn: ConnId, number: u64, frame: Option<Range<usize>>) {
        self.parcels.push(Parcel { conn, number, frame: frame.unwrap_or_default(), sort: Sort::Welcome });
    }

    /// How much memory it keeps for the next time.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.json.capacity() + self.bytes.capacity() + self.parcels.capacity() * size_of::<Parcel>()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.parcels.clear();
        self.replies.clear();
    }
}

impl Hall {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            phase: Phase::Loading(VecDeque::new()),
            follows: Follows::default(),
            clock: RoomClock::default(),
            has_clock: false,
            timer: None,
            last_commit: 0,
            undurable: VecDeque::new(),
            ahead: BTreeMap::new(),
            draft: Draft::default(),
            held: VecDeque::new(),
            is_dirty: false,
            views_are_old: false,
            sights: Sights::default(),
            acks: Vec::new(),
            refusals: Refusals::default(),
            asks: BTreeMap::new(),
            panics: VecDeque::new(),
            frozen: None,
            must_reload: false,
            pulses: Pulses::default(),
            fading: None,
            listing: None,
            tail_bytes: 0,
            tail_records: 0,
            snapshot_bytes: 0,
            rest: Rest::default(),
        }
    }

    /// The last record was this member's: an action, or several.
    pub(crate) fn was_acted_by(&mut self, user: &str, actions: usize) {
        if let Some((_, whose @ None)) = self.undurable.back_mut() {
            *whose = Some((user.to_owned(), actions));
            *self.ahead.entry(user.to_owned()).or_default() += actions;
        }
    }

    /// Everything up to this batch is on disk.
    pub(crate) fn is_durable_to(&mut self, commit: u64) {
        while let Some((_, whose)) = self.undurable.pop_front_if(|(awaited, _)| *awaited <= commit) {
            let Some((user, actions)) = whose else { continue };
            if let Some(count) = self.ahead.get_mut(&user) {
                *count -= actions;
                if *count == 0 {
                    self.ahead.remove(&user);
                }
            }
        }
    }

    /// The name of its kind; empty as long as that is not known.
    pub(crate) fn app(&self) -> &'static str {
        match &self.phase {
            Phase::Open { kind, .. } => kind.name(),
            _ => "",
        }
    }

    pub(crate) fn table(&self) -> Option<&dyn AnyTable> {
        match &self.phase {
            Phase::Open { table, .. } => Some(table.as_ref()),
            _ => None,
        }
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut Box<dyn AnyTable>> {
        match &mut self.phase {
            Phase::Open { table, .. } => Some(table),
            _ => None,
        }
    }

    /// Forgets what was only true of the table before this one.
    pub(crate) fn take_table(&mut self, kind: Arc<dyn AnyKind>, table: Box<dyn AnyTable>) {
        self.phase = Phase::Open { kind, table };
        self.asks.clear();
        self.views_are_old = true;
        self.sights.forget_states();
        self.must_reload = false;
    }

    /// Sends events to everybody who follows, each their own body.
    pub(crate) fn tell(&mut self, told: &[Told]) {
        for told in told {
            let (draft, name) = (&mut self.draft, &self.name);
            let mut frames: [Option<(*const u8, Range<usize>)>; 2] = [None, None];
            for follow in self.follows.iter() {
                let Some(body) = told.heard_by(follow.viewer, follow.since) else { continue };
                // At most two bodies exist; which one this is, its address tells.
                let address = body.get().as_ptr();
                let known = frames.iter().flatten().find(|(of, _)| *of == address).map(|(_, frame)| frame.clone());
                let frame = known.unwrap_or_else(|| {
                    let frame = draft.frame(|out| say::event(out, name, told.number, told.seat.is_some(), told.ts_ms, body));
                    let slot = usize::from(frames[0].is_some());
                    frames[slot] = Some((address, frame.clone()));
                    frame
                });
                draft.send_news(follow.conn, &frame);
            }
        }
    }

    /// One frame to everybody who follows but the one who caused it.
    pub(crate) fn tell_others(&mut self, cause: Option<&str>, write: impl FnOnce(&mut Vec<u8>, &str)) {
        let frame = self.draft.frame(|out| write(out, &self.name));
        for follow in self.follows.iter().filter(|follow| Some(&*follow.user) != cause) {
            self.draft.send_news(follow.conn, &frame);
        }
    }

    /// One frame to everybody who follows, whether they read or not.
    pub(crate) fn tell_all(&mut self, write: impl FnOnce(&mut Vec<u8>, &str)) {
        let frame = self.draft.frame(|out| write(out, &self.name));
        self.follows.iter().for_each(|follow| self.draft.send(follow.conn, &frame));
    }

    /// One frame to one connection.
    pub(crate) fn tell_one(&mut self, conn: ConnId, write: impl FnOnce(&mut Vec<u8>, &str)) {
        let frame = self.draft.frame(|out| write(out, &self.name));
        self.draft.send(conn, &frame);
    }

    /// The answer to an action: it comes after the views of this turn.
    pub(crate) fn answer_later(&mut self, to: To, answered: Answered) {
        self.acks.push((to, answered));
    }

    /// The answer to anything else.
    pub(crate) fn answer(&mut self, conn: ConnId, number: u64, write: Option<impl FnOnce(&mut Vec<u8>)>) {
        let frame = write.map(|write| self.draft.frame(write));
        self.draft.answer(conn, number, frame);
    }

    /// Makes the views that everybody lacks, then the answers that wait for them.
    pub(crate) fn settle(&mut self, view_bytes: usize, differ: &mut Differ) -> Vec<ViewFault> {
        let faults = if self.views_are_old { self.show_all(view_bytes, differ) } else { Vec::new() };
        self.views_are_old = false;
        for (to, answered) in std::mem::take(&mut self.acks) {
            let frame = match (&to.reference, &answered) {
                (None, Answered::Acted { .. } | Answered::Batched { .. }) => None,
                (Some(reference), Answered::Batched { at, results, dup }) => {
                    Some(self.draft.frame(|out| say::done(out, reference, &Done::Batched { at, results, dup: *dup })))
                }
                (Some(reference), Answered::Acted { at, dup, events }) => {
                    Some(self.draft.frame(|out| say::done(out, reference, &Done::Acted { at, dup: *dup, events })))
                }
                (reference, Answered::Failed(failure)) => {
                    Some(self.draft.frame(|out| say::failed(out, reference.as_deref(), failure)))
                }
            };
            self.draft.answer(to.conn, to.number, frame);
        }
        faults
    }

    pub(crate) fn events_suffice(&self) -> bool {
        matches!(&self.phase, Phase::Open { kind, .. } if kind.events_suffice())
    }

    /// Whether the answer to an action of this connection waits for the views of this turn.
    pub(crate) fn owes(&self, conn: ConnId) -> bool {
        self.acks.iter().any(|(to, _)| to.conn == conn)
    }
}

/// What became of a room that was read.
pub(crate) enum Read {
    Absent,
    /// `taken_over`: what is to be recorded first, of a room that other rules left.
    Table {
        kind: Arc<dyn AnyKind>,
        table: Box<dyn AnyTable>,
        snapshot_bytes: usize,
        tail_bytes: usize,
        tail_records: usize,
        taken_over: Option<Box<Played>>,
    },
    Broken(Code, String),
}

/// Plays a room's history, or lets newer rules take it over.
pub(crate) fn read(kinds: &crate::schema::Kinds, room: &str, history: Option<&History>, wall_ms: u64) -> Read {
    let Some(history) = history else { return Read::Absent };
    let rebuilt = match crate::rebuild::rebuild(kinds, room, history) {
        Ok(rebuilt) => Ok((rebuilt, None)),
        Err(broken) => {
            crate::rebuild::take_over(kinds, history, broken, wall_ms).map(|(rebuilt, played)| (rebuilt, Some(played)))
        }
    };
    match rebuilt {
        Ok(((kind, table), taken_over)) => Read::Table {
            kind,
            table,
            snapshot_bytes: history.snapshot.as_ref().map_or(0, |snapshot| snapshot.body.len()),
            tail_bytes: history.records.iter().map(|record| record.input.len()).sum(),
            tail_records: history.records.len(),
            taken_over: taken_over.map(Box::new),
        },
        Err(broken) => Read::Broken(broken.code(), broken.to_string()),
    }
}
