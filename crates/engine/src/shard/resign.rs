//! Resigning by way of the table: "inbox (seen?) -> play -> record", also in a room that is frozen because its rules fail. What
//! follows is what follows of an action: events if the rules tell any, views, the room's end in lists.

use super::Shard;
use super::play::{Playable, failure};
use super::requests::Asker;
use crate::dialect::native_out::{Failure, OwnEvents};
use crate::hall::{Answered, Refused};
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
        let Playable { stamp, known, .. } = self.may_ask(at, user, id, 1, now)?;
        if let Some(known) = known {
            return Err(known.again(resignation()));
        }
        let limits = &self.settings.limits;
        let hall = self.halls[at].as_mut().expect("a room that is asked is there");
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
