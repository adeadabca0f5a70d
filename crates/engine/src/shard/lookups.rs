//! Questions to the journal, and what is computed from many rooms: "held until the journal says durable", in a draft that is no
//! room's. Such an answer waits for everything that was appended before it left.

use super::Shard;
use super::find::Seeker;
use super::listing::Listing;
use crate::code::Code;
use crate::dialect::native_out::{self as say, Done, Failure};
use crate::hall::{Draft, Parcel};
use crate::io::{ConnId, Now, Output};
use crate::lookup::{Found, LookId, Lookup};
use crate::shard::requests::Asker;
use crate::store::ReadError;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What leaves when everything appended so far is durable.
#[derive(Default)]
pub(super) struct Lobby {
    pub(super) draft: Draft,
    held: VecDeque<(u64, Draft)>,
}

impl Lobby {
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }
}

/// Questions to the journal that are not answered yet.
pub(super) struct Lookups {
    last: u64,
    open: BTreeMap<LookId, Looking>,
    /// To be asked when this batch is durable, so that what is read is no older than what the asker may know.
    later: VecDeque<(u64, Lookup, Looking)>,
}

impl Lookups {
    /// None yet; the first gets the number after this one.
    pub(super) fn after(last: u64) -> Self {
        Self { last, open: BTreeMap::new(), later: VecDeque::new() }
    }
}

/// For whom a question was asked.
pub(super) enum Looking {
    List(Listing),
    Seek(Box<Seeker>),
    History(Asker, String),
}

impl Looking {
    fn conn(&self) -> ConnId {
        match self {
            Looking::List(list) => list.asker.conn,
            Looking::Seek(seeker) => seeker.asker.conn,
            Looking::History(asker, _) => asker.conn,
        }
    }
}

impl Shard {
    /// Asks the journal; beyond the limit whoever waits for it is told so.
    pub(super) fn look(&mut self, lookup: Lookup, looking: Looking) {
        if self.looks_enough(looking.conn()) {
            return self.look_in_vain(looking, Code::TooManyWaiting);
        }
        self.lookups.last += 1;
        let look = LookId(self.lookups.last);
        self.lookups.open.insert(look, looking);
        self.outputs.push_back(Output::Look { look, lookup });
    }

    /// The same, when everything recorded so far is durable.
    pub(super) fn look_when_durable(&mut self, lookup: Lookup, looking: Looking) {
        let awaited = self.last_appended();
        if awaited <= self.durable {
            return self.look(lookup, looking);
        }
        if self.looks_enough(looking.conn()) {
            return self.look_in_vain(looking, Code::TooManyWaiting);
        }
        self.lookups.later.push_back((awaited, lookup, looking));
    }

    fn looks_enough(&self, conn: ConnId) -> bool {
        let limits = &self.settings.limits;
        let all = || self.lookups.open.values().chain(self.lookups.later.iter().map(|(.., looking)| looking));
        all().count() >= limits.lookups || all().filter(|looking| looking.conn() == conn).count() >= limits.lookups_per_connection
    }

    pub(super) fn looked(&mut self, look: LookId, result: Result<Found, ReadError>, now: Now) {
        let Some(looking) = self.lookups.open.remove(&look) else { return };
        match (looking, result) {
            (Looking::List(list), Ok(Found::Rooms(rows))) => self.listed(&list, &rows),
            (Looking::Seek(seeker), Ok(Found::Seats { before, rooms })) => self.seats_found(*seeker, before, rooms, now),
            (Looking::History(asker, life), Ok(Found::History(rows))) => self.history_read(&asker, &life, &rows),
            (looking, Err(why)) => {
                self.outputs.push_back(Output::Note(format!("a question to the journal: {why}")));
                self.look_in_vain(looking, Code::JournalDown);
            }
            (looking, Ok(_)) => self.look_in_vain(looking, Code::Internal),
        }
    }

    /// Whoever still waits for the journal waits in vain.
    pub(super) fn refuse_all_looking(&mut self, code: Code) {
        let later = std::mem::take(&mut self.lookups.later).into_iter().map(|(.., looking)| looking);
        for looking in std::mem::take(&mut self.lookups.open).into_values().chain(later) {
            self.look_in_vain(looking, code);
        }
    }

    fn look_in_vain(&mut self, looking: Looking, code: Code) {
        match looking {
            Looking::List(list) => self.list_in_vain(&list, code),
            Looking::History(asker, ..) => self.fail(asker.conn, asker.number, asker.reference.as_deref(), code),
            Looking::Seek(seeker) => self.fail(seeker.asker.conn, seeker.asker.number, seeker.asker.reference.as_deref(), code),
        }
    }

    /// An answer computed from many rooms.
    pub(super) fn answer_from_lobby(&mut self, asker: &Asker, done: &Done<'_>) {
        let reference = asker.reference.as_deref();
        let frame = reference.map(|reference| self.lobby.draft.frame(|out| say::done(out, reference, done)));
        self.said(asker.conn, frame.as_ref().map_or(0, |frame| frame.len()));
        self.lobby.draft.answer(asker.conn, asker.number, frame);
    }

    /// A refusal computed from many rooms, or from what was answered before.
    pub(super) fn refuse_from_lobby(&mut self, asker: &Asker, failure: impl Into<Failure>) {
        let failure = failure.into();
        let frame = self.lobby.draft.frame(|out| say::failed(out, asker.reference.as_deref(), &failure));
        self.lobby.draft.answer(asker.conn, asker.number, Some(frame));
    }

    pub(super) fn put_away_lobby(&mut self) {
        if self.lobby.draft.is_empty() {
            return;
        }
        let next = self.drafts.pop().unwrap_or_default();
        let draft = std::mem::replace(&mut self.lobby.draft, next);
        let awaited = self.last_appended();
        if awaited <= self.durable {
            return self.let_go(&no_room(), draft);
        }
        self.owes(&draft, true);
        self.lobby.held.push_back((awaited, draft));
    }

    pub(super) fn let_go_of_lobby(&mut self) {
        let durable = self.durable;
        while let Some((_, draft)) = self.lobby.held.pop_front_if(|(awaited, _)| *awaited <= durable) {
            self.owes(&draft, false);
            self.let_go(&no_room(), draft);
        }
        while let Some((_, lookup, looking)) = self.lookups.later.pop_front_if(|(awaited, ..)| *awaited <= durable) {
            self.look(lookup, looking);
        }
    }

    /// The batch that holds the last thing that was recorded, in this turn or before it.
    pub(super) fn last_appended(&self) -> u64 {
        let is_empty = self.batch.is_empty() && self.snapshots.is_empty() && self.wakes.is_empty();
        if is_empty { self.commit - 1 } else { self.commit }
    }

    /// What is held for connections counts as owed to them.
    pub(super) fn owes(&mut self, draft: &Draft, is_held: bool) {
        for Parcel { conn, frame, .. } in &draft.parcels {
            if let Some(session) = self.places.get(conn).and_then(|place| self.sessions[*place].as_mut()) {
                session.owed = if is_held { session.owed + frame.len() } else { session.owed - frame.len() };
            }
        }
    }
}

/// What the lobby tells is about no room.
fn no_room() -> Arc<str> {
    "".into()
}
