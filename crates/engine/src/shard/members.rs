//! Who is in a room: coming in, catching up, leaving, and who is told of it.

use super::Shard;
use super::play::{failure, stamp};
use super::requests::Asker;
use crate::code::Code;
use crate::dialect::native_out::{self as say, Done, Failure, Resumed};
use crate::hall::{Follow, Phase, Sort};
use crate::io::{BOT_PREFIX, ConnId, Now, Role};
use parlour_room::stream::{Missed, Told};
use parlour_room::table::{NONCE_BYTES, Removed};
use parlour_room::{AnyTable, As, Joined, Joining, Position, Rejected, Seat, Viewer, Who};

/// As what somebody wants to come in, with what luck, how far they had heard, and whether they want to be shown what changes.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) wanted: As,
    pub(super) nonce: Option<&'a str>,
    pub(super) after: Option<&'a Position>,
    pub(super) patches: bool,
}

impl Shard {
    pub(super) fn join(&mut self, at: usize, asker: &Asker, wish: Wish<'_>, now: Now) {
        if let Err(failure) = self.try_join(at, asker, wish, now, |_| {}) {
            self.refuse(at, asker, failure);
        }
    }

    /// Who is not let in is not answered yet. `came_in` is done when it is settled that they are in, before they are told.
    pub(super) fn try_join(
        &mut self,
        at: usize,
        asker: &Asker,
        wish: Wish<'_>,
        now: Now,
        came_in: impl FnOnce(&mut Self),
    ) -> Result<(), Failure> {
        self.settle_before_answer(at, asker.conn);
        // What the join brings about is part of its answer: until then this connection hears nothing of it twice.
        let before = self.hall(at).follows.remove(asker.conn);
        let joined = self.come_in(at, asker, wish.wanted, wish.nonce, now).and_then(|seat| {
            came_in(self);
            self.welcome(at, asker, seat, wish, before.as_ref())?;
            self.greet_with_pulses(at, asker.conn, seat.map_or(Viewer::Spectator, Viewer::Seat), now);
            Ok(())
        });
        if joined.is_err() {
            self.counts.resumes[3] += 1;
            if let Some(follow) = before {
                self.hall(at).follows.insert(follow);
            }
        }
        self.watch_presence(at, &asker.who.user);
        joined
    }

    /// Makes a member, if they are none yet; spectators need no seat and leave no record.
    fn come_in(&mut self, at: usize, asker: &Asker, wanted: As, nonce: Option<&str>, now: Now) -> Result<Option<Seat>, Failure> {
        if nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES) {
            return Err(Code::InvalidNonce.into());
        }
        let followed = self.session(asker.conn).is_some_and(|session| session.follows.contains(&at));
        // For who asks from another shard that one has looked.
        if !followed && asker.number == 0 && self.follows_enough(asker.conn, &self.halls[at].as_ref().expect("joined").name) {
            return Err(Code::TooManyFollowed.into());
        }
        let limits = &self.settings.limits;
        let (followers, members) = (limits.followers_per_room, limits.members_per_room);
        let who = Who { user: &asker.who.user, name: &asker.who.name, bot: false };
        let table = self.open_table(at)?;
        let member = table.about().members.get(who.user).map(|member| member.seat);
        let admitted = match (member, wanted) {
            (Some(_), As::Player(_)) => wanted,
            _ => match table.admit(who, wanted) {
                Err(Rejected::Fault(fault)) => return Err(self.faulted(at, &fault, now)),
                admitted => admitted.map_err(|why| self.not_admitted(at, asker, failure(why)))?,
            },
        };
        // Not before the rules have let them in: to others there may be no such room.
        if self.hall(at).follows.len() >= followers {
            return Err(Code::TooManyInRoom.into());
        }
        let As::Player(seat) = admitted else { return Ok(None) };
        if member.is_none() {
            self.may_sit_down(at, asker)?;
            if self.open_table(at)?.about().members.len() >= members {
                return Err(Code::TooManyInRoom.into());
            }
        }
        let stamp = stamp(self.hall(at).clock, now);
        match self.open_table(at)?.join(stamp, Joining { who, bot: None, seat, nonce }) {
            Ok(Joined::Already(seat)) => {
                self.note_presence(at, who.user, true, now);
                let sits = self.open_table(at)?.about().members.contains_key(who.user);
                if sits { Ok(Some(seat)) } else { Err(Code::NotInRoom.into()) }
            }
            Ok(Joined::Played(seat, played)) => {
                self.record(at, played);
                // The rules may have taken the seat away in the same breath.
                let sits = self.open_table(at)?.about().members.contains_key(who.user);
                if sits { Ok(Some(seat)) } else { Err(Code::NotInRoom.into()) }
            }
            Err(Rejected::Fault(fault)) => Err(self.faulted(at, &fault, now)),
            Err(rejected) => Err(failure(rejected)),
        }
    }

    fn may_sit_down(&mut self, at: usize, asker: &Asker) -> Result<(), Failure> {
        if asker.who.role == Role::Spectator {
            return Err(Code::RoleRequired.into());
        }
        if self.hall(at).frozen.is_some() {
            return Err(Code::RoomFrozen.into());
        }
        if self.draining.is_some() {
            return Err(Code::Draining.into());
        }
        Ok(self.is_not_too_far_ahead(at)?)
    }

    /// The table of a room that can be looked at.
    fn open_table(&mut self, at: usize) -> Result<&mut Box<dyn AnyTable>, Code> {
        match &mut self.hall(at).phase {
            Phase::Open { table, .. } => Ok(table),
            Phase::Broken(code) => Err(*code),
            Phase::Absent | Phase::Loading(_) => Err(Code::RoomNotFound),
        }
    }

    /// The answer, what was missed, a whole view: and from then on everything.
    fn welcome(
        &mut self,
        at: usize,
        asker: &Asker,
        seat: Option<Seat>,
        wish: Wish<'_>,
        before: Option<&Follow>,
    ) -> Result<(), Failure> {
        let (conn, user) = (asker.conn, asker.who.user.as_str());
        let (view_bytes, named) = (self.settings.limits.view_bytes, self.settings.limits.named_members);
        let events_suffice = self.hall(at).events_suffice();
        let table = self.open_table(at)?;
        let (viewer, since) = match seat {
            Some(seat) => (Viewer::Seat(seat), table.about().members.get(user).ok_or(Code::NotInRoom)?.since_order),
            None => (Viewer::Spectator, 0),
        };
        let (resumed, missed) = missed(table.as_ref(), viewer, since, wish.after, events_suffice);
        let (position, seed_hash, opened_ms) = (table.position(viewer), table.seed_hash(), table.about().opener.ts_ms);
        let hall = self.halls[at].as_mut().expect("a room that is joined is there");
        let needs_view = !(events_suffice && matches!(resumed, Resumed::Replayed(_)));
        let view = if needs_view { hall.look(viewer, view_bytes, &mut self.differ).map(Some) } else { Ok(None) };
        let class = match view {
            Ok(class) => class,
            Err(fault) => {
                self.note_view_fault(at, fault);
                return Err(Code::Internal.into());
            }
        };
        self.counts.resumes[match resumed {
            Resumed::Replayed(events) => {
                self.counts.resume_events.note(events);
                0
            }
            Resumed::View(_) => 1,
            Resumed::Fresh => 2,
        }] += 1;
        let hall = self.halls[at].as_mut().expect("a room that is joined is there");
        let name = hall.name.clone();
        let seats = hall.seats(named, seat.map(|_| user));
        let (seats, found) = (seats.as_deref(), asker.found);
        let done = Done::Joined { room: &name, seat, at: &position, seed_hash: &seed_hash, opened_ms, found, seats, resumed };
        let answer = asker.reference.as_deref().map(|reference| hall.draft.frame(|out| say::done(out, reference, &done)));
        hall.draft.welcome(conn, asker.number, answer);
        for told in &missed {
            if let Some(body) = told.heard_by(viewer, since) {
                let frame = hall.draft.frame(|out| say::event(out, &name, told.number, told.seat.is_some(), told.ts_ms, body));
                hall.draft.send_as(Sort::Welcome, conn, &frame);
            }
        }
        let was_here = hall.follows.has_player(user) || before.is_some_and(Follow::plays);
        hall.follows.insert(Follow { conn, user: user.into(), viewer, since, patches: wish.patches, shown: None });
        if let Some(class) = class {
            hall.show(conn, class, Sort::Welcome);
        }
        self.tell_presence_soon(at);
        match (was_here, self.hall(at).follows.has_player(user)) {
            (false, true) => self.tell_who_came(at, user),
            (true, false) => self.has_gone(at, user),
            _ => {}
        }
        if let Some(session) = self.session(conn).filter(|session| !session.follows.contains(&at)) {
            session.follows.push(at);
        }
        self.tell_who_follows(conn, at, Some(asker.number));
        self.touch(at);
        Ok(())
    }

    pub(super) fn leave(&mut self, at: usize, asker: &Asker, now: Now) {
        self.settle_before_answer(at, asker.conn);
        let user = &asker.who.user;
        if let Err(code) = self.seat_of(at, user) {
            // Who only watches stops watching.
            return if code == Code::NotInRoom { self.unsubscribe(at, asker) } else { self.refuse(at, asker, code) };
        }
        if self.hall(at).frozen.is_some() {
            return self.refuse(at, asker, Code::RoomFrozen);
        }
        if let Err(code) = self.is_not_too_far_ahead(at) {
            return self.refuse(at, asker, code);
        }
        let hall = self.hall(at);
        let stamp = stamp(hall.clock, now);
        match hall.table_mut().expect("somebody sits in it").leave(stamp, user, "left") {
            Ok(played) => {
                self.record(at, played);
                self.answer(at, asker, &Done::Plain);
            }
            Err(Rejected::Fault(fault)) => {
                let failure = self.faulted(at, &fault, now);
                self.refuse(at, asker, failure);
            }
            Err(rejected) => self.refuse(at, asker, failure(rejected)),
        }
    }

    pub(super) fn unsubscribe(&mut self, at: usize, asker: &Asker) {
        if matches!(self.hall(at).phase, Phase::Absent) {
            return self.refuse(at, asker, Code::RoomNotFound);
        }
        self.settle_before_answer(at, asker.conn);
        self.unfollow(at, asker.conn);
        self.answer(at, asker, &Done::Plain);
    }

    /// A connection no longer follows a room; its user may still be a member.
    pub(super) fn unfollow(&mut self, at: usize, conn: ConnId) {
        self.forget_room(conn, at);
        let Some(hall) = self.halls[at].as_mut() else { return };
        let Some(follow) = hall.follows.remove(conn) else { return };
        let has_gone = follow.plays() && !hall.follows.has_player(&follow.user);
        self.tell_presence_soon(at);
        if has_gone {
            self.has_gone(at, &follow.user);
        }
        self.watch_presence(at, &follow.user);
        self.touch(at);
    }

    /// Nobody follows a room any more; each is told why.
    pub(super) fn send_away(&mut self, at: usize, reason: &str) {
        let hall = self.hall(at);
        hall.tell_all(|out, name| say::left(out, name, reason));
        let followers: Vec<_> = hall.follows.take().into_iter().map(|follow| follow.conn).collect();
        for conn in followers {
            self.forget_room(conn, at);
        }
    }

    /// These lost their seats by one record, or are not to watch any longer: each of their connections is told and no longer
    /// follows. Who left has left in every tab; from whom a seat was taken goes on where they only watch.
    pub(super) fn dismiss(&mut self, at: usize, removed: &[Removed], have_left: bool) {
        let members = self.hall(at).table().map_or(0, |table| table.about().members.len());
        let unseated = removed.iter().filter(|removed| removed.seat.is_some()).count();
        let is_crowd = members + unseated > self.settings.limits.named_members;
        for Removed { user, seat, reason } in removed {
            let follows = &self.hall(at).follows;
            let (played, is_over) = (follows.has_player(user), |follow: &&Follow| have_left || follow.plays() == seat.is_some());
            let conns: Vec<ConnId> = follows.of(user).filter(is_over).map(|follow| follow.conn).collect();
            if !played && seat.is_some() && !user.starts_with(BOT_PREFIX) {
                // That they were gone is known; that nobody waits for them any more is not.
                if is_crowd { self.tell_presence_soon(at) } else { self.tell_who_went(at, user) }
            }
            for conn in conns {
                self.hall(at).tell_one(conn, |out, name| say::left(out, name, reason));
                self.unfollow(at, conn);
            }
        }
    }

    /// The last connection with which somebody played is gone, or only watches from now on.
    fn has_gone(&mut self, at: usize, user: &str) {
        self.hall(at).pulses.forget(user);
        self.tell_who_went(at, user);
    }
}

/// What this viewer missed after a position, and the word for it.
fn missed(
    table: &dyn AnyTable,
    viewer: Viewer,
    since: u64,
    after: Option<&Position>,
    events_suffice: bool,
) -> (Resumed, Vec<Told>) {
    let about = table.about();
    let Some(after) = after.filter(|after| after.life == about.life) else { return (Resumed::Fresh, Vec::new()) };
    match about.streams.missed(viewer, since, after.n, after.m) {
        Missed::Events(events) => (Resumed::Replayed(events.len()), events.into_iter().cloned().collect()),
        // A view stands for all that was missed, but where events are all there is.
        Missed::Public(events) if events_suffice => (Resumed::View(events.len()), events.into_iter().cloned().collect()),
        Missed::Public(_) | Missed::TooMuch => (Resumed::View(0), Vec::new()),
        Missed::Ahead => (Resumed::Fresh, Vec::new()),
    }
}
