//! What was told: one public numbering for everybody, one private numbering per seat, and the last of each kept so that who was
//! away can catch up.

mod privates;

use self::privates::{Private, Privates};
use crate::inbox::Answer;
use crate::seat::{Seat, Viewer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many public events a room keeps for those who come back.
pub const RING_PUBLIC: usize = 256;
/// How many private events a room keeps for each seat.
pub const RING_PRIVATE: usize = 64;

/// An event as the room wrote it: a JSON object with its `type`.
pub type Body = Arc<RawValue>;

/// How far a viewer has heard: `life.n.m`, or `life.n` for everything up to that public event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which life of the room: a short hash of its opening.
    pub life: String,
    /// The number of the last public event.
    pub n: u64,
    /// The number of the last private event; `None` where only the public one is known.
    pub m: Option<u64>,
}

impl Position {
    /// Reads `life.n.m` or `life.n`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let life = parts.next().filter(|life| !life.is_empty())?.to_owned();
        let n = number(parts.next()?)?;
        let m = match parts.next() {
            Some(text) => Some(number(text)?),
            None => None,
        };
        parts.next().is_none().then_some(Self { life, n, m })
    }
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.life, self.n)?;
        self.m.map_or(Ok(()), |m| write!(f, ".{m}"))
    }
}

/// One event, with everything that decides who hears what.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Its place among everything told in this room, public or private. Never shown.
    pub order: u64,
    /// Wall time, milliseconds since 1970.
    pub ts_ms: u64,
    /// Its number: public, or private to [`seat`](Self::seat).
    pub number: u64,
    /// For whom a private event is; `None` for a public one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// What is said; of an event told apart, what the others are told.
    pub body: Body,
    /// What the holders of the secret are told instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<Apart>,
}

/// The second body of an event told apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apart {
    /// Who hears it.
    pub holders: Vec<Seat>,
    /// What they hear.
    pub own: Body,
}

impl Told {
    /// What this viewer hears of it. `since` is the tenure of the viewer's seat: for what was told before, its holder counts as
    /// a spectator.
    pub fn heard_by(&self, viewer: Viewer, since: u64) -> Option<&Body> {
        let seat = viewer.seat().filter(|_| self.order >= since);
        match (self.seat, &self.apart) {
            (Some(to), _) => (seat == Some(to)).then_some(&self.body),
            (None, Some(apart)) if seat.is_some_and(|seat| apart.holders.contains(&seat)) => Some(&apart.own),
            (None, _) => Some(&self.body),
        }
    }
}

/// The streams of one room, and the last of what was told on each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streams {
    order: u64,
    n: u64,
    public: VecDeque<Told>,
    private: Privates,
    /// Whether a seat ever changed hands: from then on a user may hold positions of more than one private numbering.
    has_reseated: bool,
}

/// A place in all that one seat hears: what was told after it has higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    pub(crate) order: u64,
    pub(crate) n: u64,
    pub(crate) m: u64,
}

/// An event as one viewer heard it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Whether it is numbered among what only that viewer hears.
    pub private: bool,
    /// Its number.
    pub number: u64,
    /// What they heard.
    pub body: Body,
}

impl Heard {
    /// Of these events those that this viewer hears, as they hear them.
    pub fn of<'a>(told: impl IntoIterator<Item = &'a Told>, viewer: Viewer, since: u64) -> Vec<Self> {
        let heard = |told: &Told| {
            let body = told.heard_by(viewer, since)?.clone();
            Some(Self { private: told.seat.is_some(), number: told.number, body })
        };
        told.into_iter().filter_map(heard).collect()
    }
}

/// What somebody who comes back has missed.
#[derive(Clone, Debug)]
pub enum Missed<'a> {
    /// Exactly these, in the order in which they were first told.
    Events(Vec<&'a Told>),
    /// Of what everybody is told exactly these. Of what they were told in private, more than is kept, or theirs to hear again.
    Public(Vec<&'a Told>),
    /// More than is kept.
    TooMuch,
    /// The position lies ahead of the room: it is not of this room's past.
    Ahead,
}

impl Streams {
    /// The number of the last public event.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The number of the last private event of this viewer; 0 for spectators.
    pub fn m(&self, viewer: Viewer) -> u64 {
        viewer.seat().and_then(|seat| self.private.get(seat)).map_or(0, |private| private.m)
    }

    /// The place the next event will have: the beginning of a tenure.
    pub fn next_order(&self) -> u64 {
        self.order
    }

    /// What this viewer missed after public event `n` and private event `m`; without `m`, after everything told up to that
    /// public event. A tenure that began at `since` shows nothing private from before it.
    pub fn missed(&self, viewer: Viewer, since: u64, n: u64, m: Option<u64>) -> Missed<'_> {
        let private = viewer.seat().and_then(|seat| self.private.get(seat));
        let is_ahead = |private: &Private| m.is_some_and(|m| m > private.m && !private.began_after(n));
        if n > self.n || private.is_some_and(is_ahead) {
            return Missed::Ahead;
        }
        if n < self.n - length(&self.public) {
            return Missed::TooMuch;
        }
        let mut events: Vec<&Told> = self.public.iter().filter(|told| told.number > n).collect();
        if let Some(private) = private {
            let Some(missed) = self.missed_privately(private, since, n, m) else { return Missed::Public(events) };
            events.extend(missed);
        }
        events.sort_unstable_by_key(|told| told.order);
        Missed::Events(events)
    }

    /// Where what this seat hears has come to.
    pub(crate) fn mark(&self, seat: Seat) -> Mark {
        Mark { order: self.order, n: self.n, m: self.m(Viewer::Seat(seat)) }
    }

    /// What this seat was told after `from` and up to `to`, both in its present tenure; `None` where not all of it is kept.
    pub(crate) fn between(&self, seat: Seat, from: Mark, to: Answer) -> Option<Vec<&Told>> {
        let private = self.private.get(seat).map(|private| (&private.ring, private.m));
        let rings = [(Some((&self.public, self.n)), from.n, to.n), (private, from.m, to.m)];
        let mut events = Vec::new();
        for (ring, from, to) in rings.into_iter().filter(|(_, from, to)| from < to) {
            let (ring, last) = ring?;
            if from < last.saturating_sub(length(ring)) {
                return None;
            }
            events.extend(ring.iter().filter(|told| told.number > from && told.number <= to));
        }
        events.sort_unstable_by_key(|told| told.order);
        Some(events)
    }

    /// The private events after a position; `None` where that cannot be told any more.
    fn missed_privately<'a>(
        &self,
        private: &'a Private,
        since: u64,
        n: u64,
        m: Option<u64>,
    ) -> Option<impl Iterator<Item = &'a Told> + use<'a>> {
        // A number from before this numbering began says nothing about it.
        if m.is_some_and(|m| m > 0) && private.began_after(n) {
            return None;
        }
        let heard = match m {
            Some(m) => m,
            None => private.ring.iter().take_while(|told| told.order < self.order_after(n)).last().map_or(0, |told| told.number),
        };
        // What is no longer kept, and what was told before this tenure began, cannot be told: a view stands for it, not a gap.
        let lost = private.m - length(&private.ring);
        let before = private.ring.iter().take_while(|told| told.order < since).last().map_or(0, |told| told.number);
        if heard < lost.max(before) {
            return None;
        }
        Some(private.ring.iter().filter(move |told| told.number > heard))
    }

    /// The place at which public event `n` had just been told; of what lies before the ring, the ring's beginning.
    fn order_after(&self, n: u64) -> u64 {
        let next = self.public.iter().find(|told| told.number >= n);
        match next {
            Some(told) if told.number == n => told.order + 1,
            Some(told) if n > 0 => told.order,
            Some(_) => 0,
            None if n > 0 => self.order,
            None => 0,
        }
    }

    /// Begins a tenure: the private numbering goes on for the same user on the same seat, and starts anew for another.
    pub(crate) fn begin_tenure(&mut self, seat: Seat, user: &str) {
        let has_moved = self.private.has_another(user, seat);
        let before = self.private.get(seat);
        if before.is_some_and(|private| private.user == user) && !has_moved {
            return;
        }
        self.has_reseated |= has_moved || before.is_some();
        let anew = self.has_reseated.then_some(self.n);
        self.private.insert(seat, Private { user: user.to_owned(), anew, ..Private::default() });
    }

    pub(crate) fn tell(&mut self, ts_ms: u64, body: Body, apart: Option<Apart>) -> Told {
        self.n += 1;
        let told = Told { order: self.order, ts_ms, number: self.n, seat: None, body, apart };
        self.order += 1;
        push(&mut self.public, told.clone(), RING_PUBLIC);
        told
    }

    /// Puts another body in the place of a public event, if that is still kept.
    pub(crate) fn replace(&mut self, number: u64, body: &Body) {
        if let Some(told) = self.public.iter_mut().find(|told| told.number == number) {
            (told.body, told.apart) = (body.clone(), None);
        }
    }

    pub(crate) fn tell_only(&mut self, ts_ms: u64, seat: Seat, body: Body) -> Told {
        let private = self.private.of(seat);
        private.m += 1;
        let told = Told { order: self.order, ts_ms, number: private.m, seat: Some(seat), body, apart: None };
        self.order += 1;
        push(&mut private.ring, told.clone(), RING_PRIVATE);
        told
    }
}

fn push(ring: &mut VecDeque<Told>, told: Told, limit: usize) {
    if ring.len() == limit {
        ring.pop_front();
    }
    ring.push_back(told);
}

fn length(ring: &VecDeque<Told>) -> u64 {
    u64::try_from(ring.len()).expect("a ring fits 64 bits")
}
