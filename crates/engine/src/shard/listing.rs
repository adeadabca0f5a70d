//! The list of rooms and who has a free seat: what a stranger may know. The journal lists every room; of loaded ones the shard
//! knows better.

use super::Shard;
use super::calls::about;
use super::requests::Asker;
use crate::code::Code;
use crate::command::List;
use crate::dialect::native_out::Done;
use crate::hall::{Hall, Phase};
use crate::io::{CallId, Reply};
use crate::lookup::{self, Lookup};
use crate::store::RoomRow;
use parlour_room::{AnyTable, As, Hash64, Who};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A page that is being read, and for whom.
pub(super) struct Listing {
    pub(super) asker: Asker,
    /// Whether only rooms in which the asker holds a seat are listed.
    mine: bool,
    limit: usize,
}

/// Loaded rooms with a free seat, by kind and configuration, the fullest first.
#[derive(Default)]
pub(super) struct Vacancies(BTreeMap<Wanted, ByFree>);

/// A kind and the hash of a configuration.
type Wanted = (&'static str, Hash64);

/// Rooms by how many seats are free.
type ByFree = BTreeSet<(u32, Arc<str>)>;

impl Vacancies {
    /// A room's listing changed; either is `None` for a room that is not loaded.
    pub(super) fn put(&mut self, before: Option<&lookup::Listing>, now: Option<&lookup::Listing>) {
        if let Some(before) = before.filter(|before| before.free > 0)
            && let Some(rooms) = self.0.get_mut(&(before.kind, before.config))
        {
            rooms.remove(&(before.free, before.room.clone()));
            if rooms.is_empty() {
                self.0.remove(&(before.kind, before.config));
            }
        }
        if let Some(now) = now.filter(|now| now.free > 0) {
            self.0.entry((now.kind, now.config)).or_default().insert((now.free, now.room.clone()));
        }
    }

    /// The fullest room with a free seat that was not tried yet.
    pub(super) fn first(&self, kind: &'static str, config: Hash64, tried: &BTreeSet<Arc<str>>) -> Option<Arc<str>> {
        let rooms = self.0.get(&(kind, config))?;
        rooms.iter().map(|(_, room)| room).find(|room| !tried.contains(*room)).cloned()
    }
}

impl Shard {
    pub(super) fn list(&mut self, asker: Asker, list: &List<'_>) {
        let most = u32::try_from(self.settings.limits.page).unwrap_or(u32::MAX);
        let limit = list.limit.unwrap_or(most).clamp(1, most);
        let kind = list.kind.as_deref().map(str::to_owned);
        if kind.as_deref().is_some_and(|kind| self.settings.kinds.get(kind).is_none()) {
            return self.fail(asker.conn, asker.number, asker.reference.as_deref(), Code::UnknownKind);
        }
        let holder = list.mine.then(|| asker.who.user.clone());
        let listing = Listing { asker, mine: list.mine, limit: usize::try_from(limit).unwrap_or(usize::MAX) };
        let lookup = Lookup::Rooms { holder, kind, after: list.after.clone().into_owned(), limit };
        let looking = super::lookups::Looking::List(listing);
        // Whoever asks for their own rooms has perhaps just sat down.
        if list.mine { self.look_when_durable(lookup, looking) } else { self.look(lookup, looking) }
    }

    pub(super) fn list_in_vain(&mut self, Listing { asker, .. }: &Listing, code: Code) {
        self.fail(asker.conn, asker.number, asker.reference.as_deref(), code);
    }

    /// A page was read: of rooms that are loaded here the shard says how they are now, and those that nobody may watch any more,
    /// or in which the asker holds no seat any more, are left out.
    pub(super) fn listed(&mut self, Listing { asker, mine, limit }: &Listing, rows: &[RoomRow]) {
        let holder = mine.then_some(asker.who.user.as_str());
        let (mut rooms, mut bytes) = (Vec::with_capacity(rows.len()), 0);
        let mut next = (rows.len() >= *limit).then(|| rows.last()).flatten().map(|row| row.room.clone());
        let mut before: Option<Arc<str>> = None;
        for row in rows {
            if let Some(room) = self.entry(row, holder) {
                let room = room.to_string();
                bytes += room.len();
                if bytes > self.settings.limits.list_bytes && !rooms.is_empty() {
                    next = before;
                    break;
                }
                rooms.push(room);
            }
            before = Some(row.room.clone());
        }
        let done = Done::Listed { rooms: &rooms, next: next.as_deref() };
        self.answer_from_lobby(asker, &done);
    }

    /// Those of these rooms that are loaded here, for the HTTP API; of one that nobody may watch only that.
    pub(super) fn list_loaded(&mut self, to: CallId, names: &[String]) {
        let here = names.iter().filter_map(|name| self.halls[*self.by_name.get(name.as_str())?].as_deref());
        let entry = |hall: &Hall| match &hall.phase {
            Phase::Open { .. } if hall.listing.as_ref().is_some_and(|listing| listing.is_public) => Some(self.loaded_entry(hall)),
            Phase::Open { .. } => Some(json!({"room_id": &*hall.name, "status": "gone"})),
            Phase::Broken(_) => Some(self.loaded_entry(hall)),
            Phase::Loading(_) | Phase::Absent => None,
        };
        let rooms: Vec<Value> = here.filter_map(entry).collect();
        let reply = Reply::Done { created: false, body: json!({"rooms": rooms}).to_string() };
        self.lobby.draft.replies.push((to, reply));
    }

    fn entry(&self, row: &RoomRow, holder: Option<&str>) -> Option<Value> {
        let hall = self.by_name.get(&row.room).and_then(|at| self.halls[*at].as_ref());
        let mut entry = match hall.map(|hall| (hall, &hall.phase)) {
            Some((hall, Phase::Open { table, .. })) => {
                let is_shown = match holder {
                    Some(user) => table.about().members.contains_key(user),
                    None => hall.listing.as_ref()?.is_public,
                };
                return is_shown.then(|| self.loaded_entry(hall));
            }
            Some((_, Phase::Broken(code))) => json!({"status": "frozen", "reason": code.as_str()}),
            Some((_, Phase::Loading(_) | Phase::Absent)) | None => return Some(lookup::listed(row)),
        };
        entry["room_id"] = json!(&*row.room);
        entry["kind"] = json!(row.kind);
        Some(entry)
    }

    /// A loaded room as lists show it.
    pub(super) fn loaded_entry(&self, hall: &Hall) -> Value {
        about(hall, self.settings.limits.named_members)
    }

    /// The room as it is now is what the journal lists: it was just loaded.
    pub(super) fn list_as_kept(&mut self, at: usize) {
        let before = self.hall(at).listing.take();
        let now = self.halls[at].as_deref().and_then(listing_of);
        self.vacancies.put(before.as_ref(), now.as_ref());
        self.hall(at).listing = now;
    }

    /// The journal lists something else: the room as it is now goes with this turn's batch.
    pub(super) fn keep_listing(&mut self, at: usize) {
        if let Some(listing) = self.hall(at).listing.clone() {
            self.listings.insert(listing.room.clone(), listing);
        }
    }

    /// The name begins a new life: nothing of the former one counts.
    pub(super) fn unlist(&mut self, at: usize) {
        let before = self.hall(at).listing.take();
        self.vacancies.put(before.as_ref(), None);
    }

    /// After a record: what changed of its seats, or of who may watch, goes with this turn's batch. That it ended is news, too,
    /// of a room in which no seat was free before.
    pub(super) fn relist(&mut self, at: usize, has_ended: bool) {
        let Some(hall) = self.halls[at].as_ref() else { return };
        let Phase::Open { table, .. } = &hall.phase else { return };
        let (free, is_public) = (free_seats(table.as_ref()), is_public(table.as_ref()));
        let is_same = |listing: &lookup::Listing| {
            (listing.free, listing.is_public) == (free, is_public) && holders(table.as_ref()).eq(&listing.holders)
        };
        if !has_ended && hall.listing.as_ref().is_some_and(is_same) {
            return;
        }
        let was_public = hall.listing.as_ref().is_some_and(|listing| listing.is_public);
        self.list_as_kept(at);
        if let Some(listing) = self.hall(at).listing.clone() {
            self.topics.room_changed(&listing.room, listing.kind, (was_public, is_public), self.settings.limits.topic_rooms);
            self.listings.insert(listing.room.clone(), listing);
        }
    }
}

fn listing_of(hall: &Hall) -> Option<lookup::Listing> {
    let Phase::Open { kind, table } = &hall.phase else { return None };
    Some(lookup::Listing {
        room: hall.name.clone(),
        kind: kind.name(),
        config: table.config_hash(),
        free: free_seats(table.as_ref()),
        is_public: is_public(table.as_ref()),
        holders: holders(table.as_ref()).cloned().collect(),
    })
}

/// Who holds a seat and may ask for their own rooms, where they are few enough to be listed.
fn holders(table: &dyn AnyTable) -> impl Iterator<Item = &String> {
    let members = table.about().members;
    let listed = if members.len() <= lookup::LISTED_HOLDERS { members.len() } else { 0 };
    members.iter().filter(|(_, member)| member.bot.is_none()).map(|(user, _)| user).take(listed)
}

fn free_seats(table: &dyn AnyTable) -> u32 {
    let about = table.about();
    let taken = u32::try_from(about.members.len()).unwrap_or(u32::MAX);
    if about.ended.is_some() { 0 } else { about.seats.saturating_sub(taken) }
}

/// Whether a stranger may watch.
pub(super) fn is_public(table: &dyn AnyTable) -> bool {
    table.admit(Who { user: "", name: "", bot: false }, As::Spectator) == Ok(As::Spectator)
}
