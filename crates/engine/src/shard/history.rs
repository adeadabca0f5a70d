//! Public events that are kept for good, for kinds that want it: written with the record that told them, read page by page.

use super::Shard;
use super::lookups::Looking;
use super::requests::Asker;
use crate::code::Code;
use crate::dialect::native_out::{Done, Failure};
use crate::hall::Phase;
use crate::lookup::{HistoryRow, Lookup};
use parlour_room::stream::Body;
use parlour_room::{As, Played, Position, Who};

impl Shard {
    pub(super) fn keep_history(&mut self, at: usize, played: &Played) {
        let Some(hall) = self.halls[at].as_ref() else { return };
        let Phase::Open { kind, table } = &hall.phase else { return };
        if !kind.has_history() {
            return;
        }
        let first = table.about().opener.seq;
        let row = |n, ts_ms, body: &Body| HistoryRow { room: hall.name.clone(), first, n, ts_ms, body: body.clone() };
        let public = played.told.iter().filter(|told| told.seat.is_none());
        self.batch.history.extend(public.map(|told| row(told.number, told.ts_ms, &told.body)));
        let replaced = played.replaced.iter().map(|(n, body)| row(*n, played.record.ts_ms, body));
        self.batch.history.extend(replaced);
    }

    /// What was said in the room's present life, for whoever may watch it.
    pub(super) fn history(&mut self, at: usize, asker: &Asker, before: Option<&Position>, limit: Option<u32>) {
        match self.history_of(at, asker, before, limit) {
            Ok((lookup, life)) => self.look_when_durable(lookup, Looking::History(asker.clone(), life)),
            Err(failure) => self.refuse(at, asker, failure),
        }
    }

    fn history_of(
        &mut self,
        at: usize,
        asker: &Asker,
        before: Option<&Position>,
        limit: Option<u32>,
    ) -> Result<(Lookup, String), Failure> {
        let limits = &self.settings.limits;
        let most = u32::try_from(limits.page).unwrap_or(u32::MAX);
        let hall = self.halls[at].as_ref().expect("a room that is asked is there");
        let (kind, table) = match &hall.phase {
            Phase::Open { kind, table } => (kind, table),
            Phase::Broken(code) => return Err((*code).into()),
            Phase::Absent | Phase::Loading(_) => return Err(Code::RoomNotFound.into()),
        };
        let about = table.about();
        let who = Who { user: &asker.who.user, name: &asker.who.name, bot: false };
        if !about.members.contains_key(who.user) && table.admit(who, As::Spectator) != Ok(As::Spectator) {
            return Err(Code::RoomNotFound.into());
        }
        if !kind.has_history() {
            return Err(Code::NoHistory.into());
        }
        if before.is_some_and(|before| before.life != about.life) {
            return Err(Code::OtherLife.into());
        }
        let lookup = Lookup::History {
            room: hall.name.clone(),
            first: about.opener.seq,
            before: before.map_or(u64::MAX, |before| before.n),
            limit: limit.unwrap_or(most).clamp(1, most),
            bytes: limits.history_bytes,
        };
        Ok((lookup, about.life.to_owned()))
    }

    pub(super) fn history_read(&mut self, asker: &Asker, life: &str, rows: &[HistoryRow]) {
        self.answer_from_lobby(asker, &Done::History { life, rows });
    }
}
