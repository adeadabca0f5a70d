//! Actions, and opening and closing rooms: "inbox (seen?) -> check (legal?) -> play -> sound? -> record".

use super::own::Actor;
use super::requests::Asker;
use super::{Planted, Shard};
use crate::code::{Code, Kind};
use crate::command::Open;
use crate::dialect::native_out::{self as say, Done, Failure, OwnEvents};
use crate::hall::{Answered, Phase, Refused, RoomClock};
use crate::io::{BOT_PREFIX, ConnId, Identity, Now, Role};
use crate::standing::HOUSE;
use crate::store::RoomRow;
use parlour_room::table::Played;
use parlour_room::{Acted, AnyTable, Fault, Hash64, Joining, Opening, Position, Rejected, Seed, Stamp, Who};

/// What became of a request to open a room.
pub(super) enum Opened {
    New { seed_hash: String },
    Before { seed_hash: String },
}

/// Who opens a room: in whose name, who asked for that, and by which connection, if by one.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) opener: &'a str,
    pub(super) who: &'a Identity,
    pub(super) conn: Option<ConnId>,
}

/// Somebody may have something played.
pub(super) struct Playable {
    pub(super) stamp: Stamp,
    pub(super) is_frozen: bool,
    pub(super) known: Option<Known>,
}

/// What was refused under an id.
pub(super) struct Known {
    pub(super) body: Hash64,
    pub(super) refused: Refused,
}

impl Known {
    /// What one message under that id is answered, if it is this one.
    pub(super) fn again(self, body: Hash64) -> Failure {
        match self.refused {
            Refused::One(failure) if self.body == body => failure,
            Refused::One(_) | Refused::All(..) => Code::IdReused.into(),
        }
    }
}

impl Shard {
    pub(super) fn act(&mut self, at: usize, asker: &Asker, id: Option<&str>, action: &str, events: bool, now: Now) {
        let app = self.hall(at).app();
        let answered = match self.try_act(at, &asker.who.user, id, action, events, now) {
            Ok((at, dup, events)) => {
                self.counts.actions.entry(app).or_default().played(dup);
                Answered::Acted { at, dup, events }
            }
            Err(failure) => {
                self.counts.actions.entry(app).or_default().refused(failure.kind);
                if self.settings.planted == Some(Planted::RefuseEarly) {
                    return self.say(asker.conn, asker.number, |out| say::failed(out, asker.reference.as_deref(), &failure));
                }
                Answered::Failed(failure)
            }
        };
        self.hall(at).answer_later(asker.to(), answered);
        self.touch(at);
    }

    fn try_act(
        &mut self,
        at: usize,
        user: &str,
        id: Option<&str>,
        action: &str,
        events: bool,
        now: Now,
    ) -> Result<(Position, bool, OwnEvents), Failure> {
        let Playable { stamp, is_frozen, known } = self.may_ask(at, user, id, 1, now)?;
        let limits = &self.settings.limits;
        let hall = self.halls[at].as_mut().expect("a room that is asked is there");
        let table = hall.table_mut().expect("an open room has a table");
        if let Some(known) = known {
            return Err(known.again(body_of(table.as_ref(), action)));
        }
        if is_frozen {
            // Nothing is played, but what was played is still answered as it was.
            let repeated = id.and_then(|id| table.repeated(stamp, user, id, action)).ok_or_else(|| unplayed(table.as_ref()))?;
            let answer = repeated.map_err(failure)?;
            let at = Position { life: table.about().life.to_owned(), n: answer.n, m: Some(answer.m) };
            return Ok((at, true, Actor::of(events, table.as_ref(), user).heard_before(table.as_ref(), id)));
        }
        let actor = Actor::of(events, table.as_ref(), user);
        match table.act(stamp, user, id, action) {
            Ok(Acted::Before(answer)) => {
                let life = table.about().life.to_owned();
                Ok((Position { life, n: answer.n, m: Some(answer.m) }, true, actor.heard_before(table.as_ref(), id)))
            }
            Ok(Acted::Played(answer, played)) => {
                let life = table.about().life.to_owned();
                let heard = actor.hears(&played.told);
                self.record(at, played);
                self.hall(at).was_acted_by(user, 1);
                Ok((Position { life, n: answer.n, m: Some(answer.m) }, false, heard))
            }
            Err(Rejected::Fault(fault)) => Err(self.faulted(at, &fault, now)),
            Err(rejected) => {
                // Only what the rules judged is remembered: an id that did not decode may be that of an action which was played,
                // and who is no member yet may join and send the same again.
                let is_judged = matches!(rejected, Rejected::Illegal(_) | Rejected::Ended);
                let failure = failure(rejected);
                if let Some(id) = id.filter(|_| is_judged) {
                    let body = body_of(table.as_ref(), action);
                    hall.refusals.remember(limits.refusals_per_room, user, id, body, Refused::One(failure.clone()));
                }
                Err(failure)
            }
        }
    }

    /// What must hold before anything is played for a member, whatever it is: the room is there, and neither it nor they are too
    /// far ahead of the disk, with so many more. With the time, and what was refused under this id.
    pub(super) fn may_ask(&self, at: usize, user: &str, id: Option<&str>, more: usize, now: Now) -> Result<Playable, Code> {
        let limits = &self.settings.limits;
        let hall = self.halls[at].as_ref().expect("a room that is asked is there");
        match &hall.phase {
            Phase::Broken(code) => return Err(*code),
            Phase::Absent | Phase::Loading(_) => return Err(Code::RoomNotFound),
            Phase::Open { .. } => {}
        }
        let ahead = hall.ahead.get(user).copied().unwrap_or(0);
        if ahead.saturating_add(more) > limits.unanswered_per_member || hall.undurable.len() >= limits.undurable_per_room {
            return Err(Code::TooManyWaiting);
        }
        let known = id.and_then(|id| hall.refusals.find(user, id)).cloned().map(|(body, refused)| Known { body, refused });
        Ok(Playable { stamp: stamp(hall.clock, now), is_frozen: hall.frozen.is_some(), known })
    }

    /// A room runs ahead of the disk only so far.
    pub(super) fn is_not_too_far_ahead(&mut self, at: usize) -> Result<(), Code> {
        let limit = self.settings.limits.undurable_per_room;
        if self.hall(at).undurable.len() >= limit { Err(Code::TooManyWaiting) } else { Ok(()) }
    }

    /// The name of a room to be opened.
    pub(super) fn name_for(&self, open: &Open<'_>, user: &str, luck: Seed) -> Result<String, Code> {
        if self.settings.kinds.get(&open.kind).is_none() {
            return Err(Code::UnknownKind);
        }
        Ok(open.name_for(user, luck))
    }

    pub(super) fn open_for(&mut self, at: usize, asker: &Asker, open: &Open<'_>, seed: Seed, now: Now) {
        match self.open(at, &asker.by(), open, seed, now) {
            Ok(opened) => {
                let room = self.hall(at).name.clone();
                let (seed_hash, dup) = match &opened {
                    Opened::New { seed_hash } => (seed_hash, false),
                    Opened::Before { seed_hash } => (seed_hash, true),
                };
                self.answer(at, asker, &Done::Opened { room: &room, seed_hash, dup });
            }
            Err(failure) => self.refuse(at, asker, failure),
        }
    }

    pub(super) fn open(&mut self, at: usize, by: &By<'_>, open: &Open<'_>, seed: Seed, now: Now) -> Result<Opened, Failure> {
        let By { opener, who, conn } = *by;
        if who.role == Role::Spectator {
            return Err(Code::RoleRequired.into());
        }
        if self.draining.is_some() {
            return Err(Code::Draining.into());
        }
        let kind = self.settings.kinds.get(&open.kind).ok_or(Code::UnknownKind)?.clone();
        if open.bots.iter().any(|(_, bot)| !self.settings.kinds.bots().knows(bot)) {
            return Err(Code::UnknownBot.into());
        }
        let name = self.hall(at).name.clone();
        // Whoever runs the server may have it otherwise.
        if opener != HOUSE && who.role != Role::Admin && self.settings.kinds.is_listed(&name) {
            return Err(Code::RoomExists.into());
        }
        let config = kind.canonical_config(&open.config).ok_or(Code::InvalidConfig)?;
        let bots: String = open.bots.iter().map(|(seat, bot)| format!("{seat}={bot}\0")).collect();
        let body = Hash64::of(format!("{}\0{name}\0{bots}{config}", open.kind).as_bytes());
        self.is_not_too_far_ahead(at)?;
        let after = match &self.hall(at).phase {
            Phase::Absent => 0,
            Phase::Broken(code) => return Err((*code).into()),
            Phase::Loading(_) => return Err(Code::RoomNotFound.into()),
            Phase::Open { table, .. } => {
                let about = table.about();
                let is_retry =
                    about.opener.user == opener && open.id.is_some() && about.opener.id.as_deref() == open.id.as_deref();
                match about.ended {
                    _ if is_retry && about.opener.body == body => return Ok(Opened::Before { seed_hash: table.seed_hash() }),
                    _ if is_retry => return Err(Code::IdReused.into()),
                    None => return Err(Code::RoomExists.into()),
                    Some(_) => about.seq,
                }
            }
        };
        self.may_open(&who.user, conn, now)?;
        let opening = Opening { name: &name, by: opener, id: open.id.as_deref(), body, seed, config: &open.config, after };
        let opened_at = Stamp { at_ms: 0, ts_ms: now.wall_ms };
        let (mut table, played) = kind.open(opened_at, opening).map_err(|rejected| match rejected {
            Rejected::Invalid => Code::InvalidConfig.into(),
            rejected => failure(rejected),
        })?;
        let mut records = vec![played];
        for (seat, bot) in &open.bots {
            records.push(seat_bot(table.as_mut(), opened_at, *seat, bot)?);
        }

        self.counts.rooms_opened += 1;
        self.clear_for_new_life(at);
        let about = table.about();
        // A former life that ended in this very turn is no longer in the list.
        self.batch.ended.retain(|ended| ended.room != name);
        self.batch.opened.push(RoomRow {
            room: name,
            kind: kind.name().to_owned(),
            rules: kind.rules(),
            life: about.life.to_owned(),
            first: about.opener.seq,
            opened_ms: now.wall_ms,
            outcome: None,
        });
        let seed_hash = table.seed_hash();
        let hall = self.hall(at);
        hall.take_table(kind, table);
        hall.clock = RoomClock { mono_ms: now.mono_ms, room_ms: 0 };
        hall.has_clock = true;
        for played in records {
            self.record(at, played);
        }
        Ok(Opened::New { seed_hash })
    }

    /// Who followed the former life of a name is told that it is over.
    fn clear_for_new_life(&mut self, at: usize) {
        self.settle(at);
        self.unlist(at);
        self.send_away(at, "opened_again");
        self.forget_wake_row(at);
        let hall = self.hall(at);
        (hall.refusals, hall.tail_bytes, hall.tail_records, hall.snapshot_bytes) = Default::default();
        hall.panics.clear();
        hall.pulses = Default::default();
        hall.frozen = None;
    }

    /// Ends a room from outside.
    pub(super) fn close(&mut self, at: usize, who: &Identity, now: Now) -> Result<(), Failure> {
        let hall = self.halls[at].as_mut().expect("a room that is asked is there");
        let stamp = stamp(hall.clock, now);
        let table = match &mut hall.phase {
            Phase::Open { table, .. } => table,
            Phase::Broken(code) => return Err((*code).into()),
            Phase::Absent | Phase::Loading(_) => return Err(Code::RoomNotFound.into()),
        };
        if who.role != Role::Admin && table.about().opener.user != who.user {
            return Err(Code::RoleRequired.into());
        }
        let played: Played = table.close(stamp, &who.user, "closed").map_err(failure)?;
        self.record(at, played);
        self.tell_end(at, None);
        Ok(())
    }

    /// Tells who follows a room that it has ended, which its rules did not. `by` resigned.
    pub(super) fn tell_end(&mut self, at: usize, by: Option<&str>) {
        let hall = self.hall(at);
        let seat = by.and_then(|user| hall.seat_of(user));
        let Some(outcome) = hall.table().and_then(|table| table.about().ended.map(|ended| ended.outcome.clone())) else { return };
        hall.tell_all(|out, room| say::room_ended(out, room, &outcome, seat));
    }
}

/// Why nothing is played in a room that is frozen: it may have ended since, by a resignation or from outside.
pub(super) fn unplayed(table: &dyn AnyTable) -> Code {
    if table.about().ended.is_some() { Code::RoomClosed } else { Code::RoomFrozen }
}

/// Seats a bot where the rules let it sit.
fn seat_bot(table: &mut dyn AnyTable, stamp: Stamp, seat: parlour_room::Seat, bot: &str) -> Result<Played, Failure> {
    let user = format!("{BOT_PREFIX}{bot}:{seat}");
    let who = Who { user: &user, name: bot, bot: true };
    let parlour_room::As::Player(seat) = table.admit(who, parlour_room::As::Player(Some(seat))).map_err(failure)? else {
        // It may only watch, and a bot that watches is none.
        return Err(Code::BotNotSeated.into());
    };
    match table.join(stamp, Joining { who, bot: Some(bot), seat, nonce: None }).map_err(failure)? {
        parlour_room::Joined::Played(_, played) => Ok(played),
        parlour_room::Joined::Already(_) => Err(Code::SeatTaken.into()),
    }
}

pub(super) fn stamp(clock: RoomClock, now: Now) -> Stamp {
    Stamp { at_ms: clock.room_ms(now.mono_ms), ts_ms: now.wall_ms }
}

/// The hash of an action as the inbox would keep it; of one that does not decode, of its bytes.
fn body_of(table: &dyn AnyTable, action: &str) -> Hash64 {
    table.hash_of(action).unwrap_or_else(|| Hash64::of(action.as_bytes()))
}

/// What a client is told of a rejection.
pub(super) fn failure(rejected: Rejected) -> Failure {
    match rejected {
        Rejected::Invalid => Code::InvalidAction.into(),
        Rejected::IdReused => Code::IdReused.into(),
        Rejected::Illegal(refusal) => Failure::refused(Kind::Illegal, refusal),
        Rejected::NotAdmitted(refusal) => Failure::refused(Kind::Denied, refusal),
        Rejected::Full => Code::GameFull.into(),
        Rejected::SeatTaken => Code::SeatTaken.into(),
        Rejected::NoSuchSeat => Code::NoSuchSeat.into(),
        Rejected::SeatedElsewhere(_) => Code::SeatedElsewhere.into(),
        Rejected::NotMember => Code::NotInRoom.into(),
        Rejected::Ended => Code::RoomClosed.into(),
        Rejected::Fault(Fault::Panicked | Fault::Unsound(_) | Fault::Spoiled | Fault::Misfit) => Code::Internal.into(),
    }
}
