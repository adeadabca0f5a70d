//! Resigning by way of the table: "inbox (seen?) -> play -> record", also in a room that is frozen because its rules fail. What
//! follows is what follows of an action: events if the rules tell any, views, the room's end in lists.

use super::Shard;
use super::play::{failure, stamp};
use super::requests::Asker;
use crate::code::Code;
use crate::dialect::native_out::{Failure, OwnEvents};
use crate::hall::{Answered, Phase, Refused};
use crate::io::Now;
use parlour_room::inbox::{Answer, resignation};
use parlour_room::{Acted, Position, Rejected};

impl Shard {
    pub(super) fn resign(&mut self, at: usize, asker: &Asker, id: Option<&str>, now: Now) {
        let answered = match self.try_resign(at, &asker.who.user, id, now) {
            Ok((at, dup)) => Answered::Acted { at, dup, events: OwnEvents::Unasked },
            Err(failure) => Answered::Failed(failure),
        };
        self.hall(at).answer_later(asker.to(), answered);
        self.touch(at);
    }

    fn try_resign(&mut self, at: usize, user: &str, id: Option<&str>, now: Now) -> Result<(Position, bool), Failure> {
        let limits = &self.settings.limits;
        let hall = self.halls[at].as_mut().expect("a room that is asked is there");
        match &hall.phase {
            Phase::Broken(code) => return Err((*code).into()),
            Phase::Absent | Phase::Loading(_) => return Err(Code::RoomNotFound.into()),
            Phase::Open { .. } => {}
        }
        let is_member_ahead = hall.ahead.get(user).is_some_and(|count| *count >= limits.unanswered_per_member);
        if is_member_ahead || hall.undurable.len() >= limits.undurable_per_room {
            return Err(Code::TooManyWaiting.into());
        }
        if let Some((body, refused)) = id.and_then(|id| hall.refusals.find(user, id)) {
            return Err(match refused {
                Refused::One(failure) if *body == resignation() => failure.clone(),
                Refused::One(_) | Refused::All(..) => Code::IdReused.into(),
            });
        }
        let stamp = stamp(hall.clock, now);
        let table = hall.table_mut().expect("an open room has a table");
        let resigned = table.resign(stamp, user, id);
        let life = table.about().life.to_owned();
        let position = |Answer { n, m }| Position { life, n, m: Some(m) };
        match resigned {
            Ok(Acted::Before(answer)) => Ok((position(answer), true)),
            Ok(Acted::Played(answer, played)) => {
                let is_told = !played.ended || !played.told.is_empty();
                self.record(at, played);
                if !is_told {
                    self.tell_end(at, Some(user));
                }
                self.hall(at).was_acted_by(user, 1);
                Ok((position(answer), false))
            }
            Err(Rejected::Fault(fault)) => Err(self.faulted(at, &fault, now)),
            Err(rejected) => {
                let is_judged = rejected == Rejected::Ended;
                let failure = failure(rejected);
                if let Some(id) = id.filter(|_| is_judged) {
                    let refused = Refused::One(failure.clone());
                    hall.refusals.remember(limits.refusals_per_room, user, id, resignation(), refused);
                }
                Err(failure)
            }
        }
    }
}
