//! Finding a room: into an open one of a kind and configuration with a free seat, or into a new one.
//!
//! Candidates are tried one by one: first the room that the same message id found before, then loaded rooms (what the shard
//! knows of them is exact), then those that the journal lists, which sleep. Before a room is opened the loaded ones are looked at
//! once more, so that two who find nothing at the same time end in one room.

use super::Shard;
use super::lookups::Looking;
use super::members::Wish;
use super::requests::Asker;
use crate::code::{Code, Kind};
use crate::command::{Find, Open};
use crate::dialect::native_out::Failure;
use crate::hall::{Phase, Waiting};
use crate::io::{Now, Role};
use crate::lookup::{FindRow, Listing, Lookup};
use crate::session::name_of;
use parlour_room::table::NONCE_BYTES;
use parlour_room::{As, Hash64, Seed};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Somebody who looks for a room.
pub(crate) struct Seeker {
    pub(crate) asker: Asker,
    find: Find<'static>,
    kind: &'static str,
    config: Hash64,
    /// The hash of the request.
    body: Hash64,
    /// For the name and the dice of a room that is opened.
    luck: [Seed; 2],
    /// What the same request found before.
    before: Option<FindRow>,
    tried: BTreeSet<Arc<str>>,
    /// What the journal lists; `None` until it was asked.
    more: Option<VecDeque<Arc<str>>>,
    /// The room to be opened if nothing else is found.
    opens: Option<Arc<str>>,
}

/// Where the last requests with a message id ended, by user and id. The journal has them, too, once they are durable.
#[derive(Default)]
pub(super) struct Finds {
    rows: BTreeMap<(String, String), (u64, FindRow)>,
    order: VecDeque<(String, String)>,
}

impl Finds {
    /// Whether there is room for one more. What is not durable yet must not be forgotten.
    fn may_remember(&mut self, limit: usize, durable: u64) -> bool {
        while self.order.len() >= limit {
            let is_kept = |key: &(String, String)| self.rows.get(key).is_some_and(|(commit, _)| *commit > durable);
            if self.order.front().is_some_and(is_kept) {
                return false;
            }
            let oldest = self.order.pop_front().expect("longer than its limit");
            self.rows.remove(&oldest);
        }
        true
    }

    fn remember(&mut self, commit: u64, row: FindRow) {
        let key = (row.user.clone(), row.id.clone());
        if self.rows.insert(key.clone(), (commit, row)).is_none() {
            self.order.push_back(key);
        }
    }

    fn get(&self, user: &str, id: &str) -> Option<&FindRow> {
        self.rows.get(&(user.to_owned(), id.to_owned())).map(|(_, row)| row)
    }
}

/// What came of one candidate.
enum Tried {
    /// It was answered, or waits.
    Over,
    /// This is not the room.
    Next(Box<Seeker>),
}

impl Shard {
    /// Where those meet who look for a room of this kind and configuration: at the shard that a room of this name would live on.
    /// Rooms that are opened for them live there, too.
    pub(super) fn meeting_place(&self, find: &Find<'_>) -> Result<String, Code> {
        let kind = self.settings.kinds.get(&find.kind).ok_or(Code::UnknownKind)?;
        let config = kind.canonical_config(&find.config).ok_or(Code::InvalidConfig)?;
        Ok(format!("{}-{}", kind.name(), Hash64::of(config.as_bytes()).short(12)))
    }

    pub(super) fn find_room(&mut self, asker: Asker, find: &Find<'_>, now: Now) {
        let (conn, number, reference) = (asker.conn, asker.number, asker.reference.clone());
        let fails = |shard: &mut Self, code| shard.fail(conn, number, reference.as_deref(), code);
        let Some(kind) = self.settings.kinds.get(&find.kind) else { return fails(self, Code::UnknownKind) };
        let Some(config) = kind.canonical_config(&find.config) else { return fails(self, Code::InvalidConfig) };
        if asker.who.role == Role::Spectator {
            return fails(self, Code::RoleRequired);
        }
        if find.nonce.as_ref().is_some_and(|nonce| nonce.len() > NONCE_BYTES) {
            return fails(self, Code::InvalidNonce);
        }
        if self.draining.is_some() {
            return fails(self, Code::Draining);
        }
        let (kind, limit) = (kind.name(), self.settings.limits.finds);
        if find.id.is_some() && !self.finds.may_remember(limit, self.durable) {
            return fails(self, Code::TooManyWaiting);
        }
        let luck = {
            let session = self.session(conn).expect("whoever asks has a session");
            [session.seed(), session.seed()]
        };
        let seeker = Seeker {
            asker,
            body: Hash64::of(format!("find_room\0{kind}\0{config}").as_bytes()),
            config: Hash64::of(config.as_bytes()),
            find: Find {
                kind: Cow::Borrowed(kind),
                config: Cow::Owned(config),
                id: find.id.clone().map(owned),
                nonce: find.nonce.clone().map(owned),
            },
            kind,
            luck,
            before: None,
            tried: BTreeSet::new(),
            more: None,
            opens: None,
        };
        self.seek(Box::new(seeker), now);
    }

    /// What the journal knows of rooms with a free seat.
    pub(super) fn seats_found(&mut self, mut seeker: Seeker, before: Option<FindRow>, rooms: Vec<Arc<str>>, now: Now) {
        seeker.before = before;
        seeker.more = Some(rooms.into());
        self.seek(Box::new(seeker), now);
    }

    /// A room that somebody waited for is here.
    pub(super) fn seek_in(&mut self, mut seeker: Seeker, at: usize, now: Now) {
        if self.session(seeker.asker.conn).is_none() {
            return;
        }
        let name = self.hall(at).name.clone();
        if seeker.opens.as_ref() == Some(&name) && seeker.before.is_none() {
            // Meanwhile somebody else may have opened one.
            let known = self.known(&seeker).is_some();
            if known || self.vacancies.first(seeker.kind, seeker.config, &seeker.tried).is_some() {
                seeker.opens = None;
                return self.seek(Box::new(seeker), now);
            }
        }
        if let Tried::Next(seeker) = self.enter(Box::new(seeker), at, now) {
            self.seek(seeker, now);
        }
    }

    fn known(&self, seeker: &Seeker) -> Option<&FindRow> {
        self.finds.get(&seeker.asker.who.user, seeker.find.id.as_deref()?)
    }

    /// Tries candidates until one takes the seeker in.
    fn seek(&mut self, mut seeker: Box<Seeker>, now: Now) {
        loop {
            if self.session(seeker.asker.conn).is_none() {
                return;
            }
            if let Some(known) = self.known(&seeker) {
                seeker.before = Some(known.clone());
            } else if seeker.find.id.is_some() && seeker.more.is_none() {
                return self.ask_for_seats(seeker);
            }
            let tries = usize::try_from(self.settings.limits.find_tries).unwrap_or(usize::MAX);
            let candidate = match &seeker.before {
                Some(before) if before.body != seeker.body => return self.refuse_from_lobby(&seeker.asker, Code::IdReused),
                // The number of shards has changed since.
                Some(before) if !self.is_home_of(&before.room) => {
                    return self.refuse_from_lobby(&seeker.asker, Code::RoomNotReached);
                }
                Some(before) => before.room.clone(),
                None if seeker.tried.len() >= tries => self.name_of_new(&mut seeker),
                None => match self.vacancies.first(seeker.kind, seeker.config, &seeker.tried) {
                    Some(room) => room,
                    None => match &mut seeker.more {
                        None => return self.ask_for_seats(seeker),
                        Some(more) => match more.pop_front() {
                            Some(room) if seeker.tried.contains(&room) => continue,
                            Some(room) => room,
                            None => self.name_of_new(&mut seeker),
                        },
                    },
                },
            };
            seeker.tried.insert(candidate.clone());
            let at = match self.find(&candidate) {
                Ok(at) => at,
                Err(code) => return self.refuse_from_lobby(&seeker.asker, code),
            };
            let limit = self.settings.limits.waiting_per_room;
            if let Phase::Loading(waiting) = &mut self.hall(at).phase {
                if waiting.len() >= limit {
                    return self.fail(
                        seeker.asker.conn,
                        seeker.asker.number,
                        seeker.asker.reference.as_deref(),
                        Code::TooManyWaiting,
                    );
                }
                return waiting.push_back(Waiting::Seek(seeker));
            }
            match self.enter(seeker, at, now) {
                Tried::Over => return,
                Tried::Next(back) => seeker = back,
            }
        }
    }

    fn ask_for_seats(&mut self, seeker: Box<Seeker>) {
        let by = seeker.find.id.as_deref().map(|id| (seeker.asker.who.user.clone(), id.to_owned()));
        let (kind, config, limit) = (seeker.kind.to_owned(), seeker.config, self.settings.limits.find_tries);
        let place = self.settings.place;
        self.look(Lookup::Seats { by, kind, config, place, limit }, Looking::Seek(seeker));
    }

    /// The name of the room to open: made of user and id, so that a retry finds the same room, or of luck; one that lives here.
    fn name_of_new(&self, seeker: &mut Seeker) -> Arc<str> {
        let made = |salt: u64| match &seeker.find.id {
            Some(id) => Hash64::of(format!("find_room\0{}\0{id}\0{salt}", seeker.asker.who.user).as_bytes()).short(12),
            None => Hash64::of(format!("find_room\0{}\0{salt}", name_of(seeker.luck[0])).as_bytes()).short(12),
        };
        let names = (0..).map(|salt| format!("{}-{}", seeker.kind, made(salt)));
        let name = names.into_iter().find(|name| self.is_home_of(name)).expect("every shard is the home of some name");
        let name: Arc<str> = name.into();
        seeker.opens = Some(name.clone());
        name
    }

    /// Goes into one room, which is opened if it is the one for that.
    fn enter(&mut self, mut seeker: Box<Seeker>, at: usize, now: Now) -> Tried {
        let opens = seeker.opens.as_ref() == Some(&self.hall(at).name) && seeker.before.is_none();
        let fits = |listing: &Listing| (listing.kind, listing.config) == (seeker.kind, seeker.config);
        if !opens && seeker.before.is_none() && self.hall(at).listing.as_ref().is_some_and(|listing| !fits(listing)) {
            // The name has begun a new life since the journal was asked.
            self.touch(at);
            return Tried::Next(seeker);
        }
        let mut created = seeker.before.as_ref().is_some_and(|before| before.created);
        if opens {
            let find = &seeker.find;
            let (kind, id, config) = (find.kind.clone(), find.id.clone(), find.config.clone());
            let open = Open { kind, room: Some(self.hall(at).name.to_string().into()), id, config, bots: Vec::new() };
            match self.open(at, &seeker.asker.by(), &open, seeker.luck[1], now) {
                Ok(_) => created = true,
                Err(failure) => {
                    // There is no room: what keeps one from being opened is how others are.
                    self.refuse_from_lobby(&seeker.asker, failure);
                    self.touch(at);
                    return Tried::Over;
                }
            }
        }
        seeker.asker.found = Some((created, seeker.before.is_some()));
        let wish = Wish { wanted: As::Player(None), nonce: seeker.find.nonce.as_deref(), after: None, patches: true };
        let joined = self.try_join(at, &seeker.asker, wish, now, |shard| shard.found(&seeker, at, created, now));
        match joined {
            Ok(()) => Tried::Over,
            Err(failure) if opens || seeker.before.is_some() || !is_of_this_room(&failure) => {
                self.refuse(at, &seeker.asker, failure);
                Tried::Over
            }
            Err(_) => {
                self.touch(at);
                Tried::Next(seeker)
            }
        }
    }

    /// The same request will end here again: that is written with the join, and holds back the answer like it. Where the choice
    /// was made by what other rooms are, the answer waits for all that was recorded of them.
    fn found(&mut self, seeker: &Seeker, at: usize, created: bool, now: Now) {
        let commit = self.last_appended();
        let hall = self.hall(at);
        hall.last_commit = hall.last_commit.max(commit);
        let Some(id) = seeker.find.id.as_deref().filter(|_| seeker.before.is_none()) else { return };
        let row = FindRow {
            user: seeker.asker.who.user.clone(),
            id: id.to_owned(),
            body: seeker.body,
            room: hall.name.clone(),
            created,
            ts_ms: now.wall_ms,
        };
        let commit = self.commit;
        self.hall(at).last_commit = commit;
        self.finds.remember(commit, row.clone());
        self.batch.finds.push(row);
    }
}

/// Whether another room may take in whom this one did not.
fn is_of_this_room(failure: &Failure) -> bool {
    const OF_SEEKER: &[Code] = &[Code::RoleRequired, Code::Draining, Code::TooManyFollowed, Code::InvalidNonce, Code::Internal];
    let is_of_seeker = OF_SEEKER.iter().any(|code| code.as_str() == failure.code);
    let is_full = failure.code == Code::TooManyInRoom.as_str();
    is_full || !is_of_seeker && failure.kind != Kind::Limited
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
