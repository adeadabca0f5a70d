//! Several actions under one message id: "inbox (seen?) -> check (legal?) -> play" for each, one record and one answer for all.

use super::play::{Playable, failure, unplayed};
use super::requests::Asker;
use super::{Planted, Shard};
use crate::code::Code;
use crate::dialect::native_out::{self as say, Failure};
use crate::hall::{Answered, Phase, Refused};
use crate::io::Now;
use parlour_room::inbox::Answer;
use parlour_room::{BatchRejected, Batched, Done, Position, Rejected};

impl Shard {
    pub(super) fn batch(&mut self, at: usize, asker: &Asker, id: Option<&str>, atomic: bool, actions: &[String], now: Now) {
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let answered = self.try_batch(at, &asker.who.user, id, atomic, &actions, now).unwrap_or_else(Answered::Failed);
        let app = self.hall(at).app();
        let counts = self.counts.actions.entry(app).or_default();
        match &answered {
            Answered::Batched { results, dup, .. } => {
                for result in results {
                    match result {
                        Ok(_) => counts.played(*dup),
                        Err(failure) => counts.refused(failure.kind),
                    }
                }
            }
            Answered::Failed(failure) => {
                counts.refused(failure.kind);
                if self.settings.planted == Some(Planted::RefuseEarly) {
                    return self.say(asker.conn, asker.number, |out| say::failed(out, asker.reference.as_deref(), failure));
                }
            }
            Answered::Acted { .. } => {}
        }
        self.hall(at).answer_later(asker.to(), answered);
        self.touch(at);
    }

    fn try_batch(
        &mut self,
        at: usize,
        user: &str,
        id: Option<&str>,
        atomic: bool,
        actions: &[&str],
        now: Now,
    ) -> Result<Answered, Failure> {
        let Playable { stamp, is_frozen, known } = self.may_ask(at, user, id, actions.len(), now)?;
        let limits = &self.settings.limits;
        let hall = self.halls[at].as_mut().expect("a room that is asked is there");
        if matches!(&hall.phase, Phase::Open { kind, .. } if atomic && !kind.allows_atomic()) {
            return Err(Code::NotAtomic.into());
        }
        let table = hall.table_mut().expect("an open room has a table");
        let life = table.about().life.to_owned();
        let body = table.batch_hash(atomic, actions);
        if let Some(known) = known {
            return match known.refused {
                Refused::All(at, failures) if known.body == body => {
                    Ok(Answered::Batched { at, results: failures.into_iter().map(Err).collect(), dup: true })
                }
                _ => Err(known.again(body)),
            };
        }
        let batched = if is_frozen {
            let repeated = id.and_then(|id| table.batch_repeated(stamp, user, id, body));
            repeated.ok_or_else(|| unplayed(table.as_ref()))?.map_err(BatchRejected::from)
        } else {
            table.batch(stamp, user, id, atomic, actions)
        };
        match batched {
            Ok(Batched::Before(answer, results)) => Ok(batched_as(&life, answer, &results, true)),
            Ok(Batched::Played { answer, results, played, fault }) => {
                self.record(at, *played);
                self.hall(at).was_acted_by(user, results.len());
                if let Some(fault) = fault {
                    self.trouble(at, &fault, now);
                }
                Ok(batched_as(&life, answer, &results, false))
            }
            Ok(Batched::Nothing { answer, results, fault }) => {
                let answered = batched_as(&life, answer, &results, false);
                if let (Some(id), Answered::Batched { results, .. }) = (id, &answered) {
                    let at = Position { life: life.clone(), n: answer.n, m: Some(answer.m) };
                    let failures = results.iter().filter_map(|result| result.clone().err()).collect();
                    hall.refusals.remember(limits.refusals_per_room, user, id, body, Refused::All(at, failures));
                }
                if let Some(fault) = fault {
                    self.trouble(at, &fault, now);
                }
                Ok(answered)
            }
            Err(BatchRejected { why: Rejected::Fault(fault), action }) => {
                Err(Failure { action, ..self.faulted(at, &fault, now) })
            }
            Err(BatchRejected { why, action }) => {
                let is_judged = matches!(why, Rejected::Illegal(_) | Rejected::Ended);
                let failure = Failure { action, ..failure(why) };
                if let Some(id) = id.filter(|_| is_judged) {
                    hall.refusals.remember(limits.refusals_per_room, user, id, body, Refused::One(failure.clone()));
                }
                Err(failure)
            }
        }
    }
}

fn batched_as(life: &str, answer: Answer, results: &[Done], dup: bool) -> Answered {
    let position = |answer: &Answer| Position { life: life.to_owned(), n: answer.n, m: Some(answer.m) };
    let results = results.iter().map(|done| match done {
        Done::Played(answer) => Ok(position(answer)),
        Done::Refused(why) => Err(failure(why.clone().into())),
    });
    Answered::Batched { at: position(&answer), results: results.collect(), dup }
}
