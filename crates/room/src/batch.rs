//! Several actions under one message id: judged one by one on a copy, then recorded and played as one record.
//!
//! A batch that is atomic is kept or dropped whole. One that is not is like that many actions: what the rules refuse is passed
//! over, and so is what makes them fail. Either way one record says what was played and what was refused, so that the answer to
//! a repeated batch is the first one, however far in between the server died.

use crate::ask::{Refusal, Rejected, json, read_object};
use crate::dice::Dice;
use crate::hash::Hash64;
use crate::inbox::{Answer, Seen};
use crate::play::{Fault, Input, guard};
use crate::record::{BatchInput, Cause, Stamp, Step};
use crate::room::Room;
use crate::seat::{Seat, Viewer};
use crate::table::{Played, Table};
use crate::turn::{Outcome, Turn};
use serde::{Deserialize, Serialize};

/// A batch has at most this many actions.
pub const BATCH_ACTIONS: usize = 32;
/// What is kept of one refusal in a batch: its code, text and details together.
pub const REFUSAL_BYTES: usize = 256;

/// What became of one action of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Done {
    /// It was played; so far its actor had heard then.
    Played(Answer),
    /// It was not.
    Refused(Unplayed),
}

/// Why one action of a batch was not played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Unplayed {
    /// It does not decode.
    Invalid,
    /// The rules refuse it.
    Illegal(Refusal),
    /// An action before it took the seat away.
    NotMember,
    /// An action before it ended the room.
    Ended,
    /// The rules failed.
    Failed,
}

impl From<Unplayed> for Rejected {
    fn from(why: Unplayed) -> Self {
        match why {
            Unplayed::Invalid => Rejected::Invalid,
            Unplayed::Illegal(refusal) => Rejected::Illegal(refusal),
            Unplayed::NotMember => Rejected::NotMember,
            Unplayed::Ended => Rejected::Ended,
            Unplayed::Failed => Rejected::Fault(Fault::Panicked),
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub enum Batched {
    /// Some of it was played.
    Played {
        /// How far its actor had heard after all of it.
        answer: Answer,
        /// What became of each action.
        results: Vec<Done>,
        /// The record.
        played: Box<Played>,
        /// What the rules failed over, if they did: for the operator.
        fault: Option<Fault>,
    },
    /// It was played before; this was the answer.
    Before(Answer, Vec<Done>),
    /// Nothing of it could be played, which leaves no record.
    Nothing {
        /// How far its actor has heard.
        answer: Answer,
        /// Why each was not played.
        results: Vec<Done>,
        /// What the rules failed over, if they did.
        fault: Option<Fault>,
    },
}

/// Why nothing of a batch was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRejected {
    /// The action because of which an atomic batch was dropped.
    pub action: Option<usize>,
    /// Why.
    pub why: Rejected,
}

impl From<Rejected> for BatchRejected {
    fn from(why: Rejected) -> Self {
        Self { action: None, why }
    }
}

impl<R: Room> Table<R> {
    /// Judges and plays several actions, each JSON with its `type`, under one message id.
    pub fn batch(
        &mut self,
        stamp: Stamp,
        user: &str,
        id: Option<&str>,
        atomic: bool,
        actions: &[&str],
    ) -> Result<Batched, BatchRejected> {
        let body = self.batch_hash(atomic, actions);
        if let Some(id) = id {
            match self.seen(stamp, user, id, body) {
                Seen::New => {}
                Seen::Batch(answer, results) => return Ok(Batched::Before(answer, results)),
                Seen::Played(_) | Seen::OtherBody => return Err(Rejected::IdReused.into()),
            }
        }
        let seat = self.members.get(user).map(|member| member.seat).ok_or(Rejected::NotMember)?;
        if self.ended.is_some() {
            return Err(Rejected::Ended.into());
        }
        if self.spoiled {
            return Err(Rejected::Fault(Fault::Spoiled).into());
        }
        if actions.is_empty() || actions.len() > BATCH_ACTIONS {
            return Err(Rejected::Invalid.into());
        }
        let (steps, fault) = self.judge(stamp, seat, atomic, actions)?;
        if !steps.iter().any(|step| matches!(step, Step::Played(_))) {
            let answer = Answer { n: self.streams.n(), m: self.streams.m(Viewer::Seat(seat)) };
            return Ok(Batched::Nothing { answer, results: results(&steps, std::iter::empty()), fault });
        }
        let input = BatchInput { user: user.to_owned(), seat, id: id.map(str::to_owned), body, atomic, steps };
        let text = guard(|| json(&input)).map_err(Rejected::Fault)?;
        let refused: Vec<Option<Unplayed>> = input.steps.iter().map(Step::refused).collect();
        let (played, answers) = self.play_all(stamp, Cause::Batch, Input::Batch(input), text).map_err(Rejected::Fault)?;
        let answer = answers.last().copied().unwrap_or_default();
        let results = merge(&refused, answers.into_iter());
        Ok(Batched::Played { answer, results, played: Box::new(played), fault })
    }

    /// The hash of a batch as the inbox keeps it.
    pub fn batch_hash(&self, atomic: bool, actions: &[&str]) -> Hash64 {
        let mut bytes = format!("batch\0{atomic}").into_bytes();
        for action in actions {
            let hash = self.hash_of(action).unwrap_or_else(|| Hash64::of(action.as_bytes()));
            bytes.extend_from_slice(&hash.0.to_be_bytes());
        }
        Hash64::of(&bytes)
    }

    /// Plays each action on a copy to learn which of them the rules take; the table stays as it is.
    fn judge(&self, stamp: Stamp, seat: Seat, atomic: bool, actions: &[&str]) -> Result<Judged<R>, BatchRejected> {
        let mut steps = Vec::with_capacity(actions.len());
        let mut fault = None;
        let mut copy = guard(|| self.state.clone()).map_err(Rejected::Fault)?;
        let turn = Turn::new(stamp.at_ms.max(self.at_ms), Dice::new(self.key, self.seq + 1)).with_jobs(self.jobs.keys());
        let mut turn = turn.after(self.streams.n());
        let mut over = None;
        for (at, action) in actions.iter().enumerate() {
            let judged = match (read_object::<R::Action>(action), over.clone()) {
                (Err(_), _) => Err(Unplayed::Invalid),
                (Ok(_), Some(why)) => Err(why),
                (Ok(action), None) => self.try_step(&mut copy, &mut turn, seat, atomic, action, &mut fault),
            };
            let step = match judged {
                Ok(action) => Step::Played(action),
                Err(why) if atomic => {
                    let why = fault.take().map_or_else(|| why.into(), Rejected::Fault);
                    return Err(BatchRejected { action: Some(at), why });
                }
                Err(why) => Step::Refused(why),
            };
            steps.push(step);
            over = over.or_else(|| ends(&turn.outcomes, seat));
        }
        Ok((steps, fault))
    }

    fn try_step(
        &self,
        copy: &mut R,
        turn: &mut Turn<R>,
        seat: Seat,
        atomic: bool,
        action: R::Action,
        fault: &mut Option<Fault>,
    ) -> Result<R::Action, Unplayed> {
        let mut fails = |why: Fault| {
            fault.get_or_insert(why);
            Unplayed::Failed
        };
        match crate::ask::asked(|| copy.check_at(seat, &action, turn.now_ms())) {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) => return Err(Unplayed::Illegal(bounded(refusal, atomic))),
            Err(why) => return Err(fails(why)),
        }
        let before = if atomic { None } else { Some((guard(|| copy.clone()).map_err(&mut fails)?, turn.mark())) };
        let kept = action.clone();
        let played = guard(|| {
            copy.apply(seat, action, turn);
            copy.sound().map_err(Fault::Unsound)
        });
        if let Err(why) = played.and_then(|sound| sound) {
            if let Some((before, mark)) = before {
                *copy = before;
                turn.go_back(mark);
            }
            return Err(fails(why));
        }
        Ok(kept)
    }
}

type Judged<R> = (Vec<Step<<R as Room>::Action>>, Option<Fault>);

/// What keeps an actor from going on, after what the rules have asked for.
fn ends<R: Room>(outcomes: &[Outcome<R>], seat: Seat) -> Option<Unplayed> {
    outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Close(_) => Some(Unplayed::Ended),
        Outcome::Remove { seat: removed, .. } if *removed == seat => Some(Unplayed::NotMember),
        _ => None,
    })
}

fn results<A>(steps: &[Step<A>], answers: impl Iterator<Item = Answer>) -> Vec<Done> {
    let refused: Vec<Option<Unplayed>> = steps.iter().map(Step::refused).collect();
    merge(&refused, answers)
}

pub(crate) fn merge(refused: &[Option<Unplayed>], mut answers: impl Iterator<Item = Answer>) -> Vec<Done> {
    let done = |refused: &Option<Unplayed>| match refused {
        Some(why) => Done::Refused(why.clone()),
        None => Done::Played(answers.next().expect("each action that was taken is answered")),
    };
    refused.iter().map(done).collect()
}

/// A refusal that is kept with its batch must be small; one that is only told may be as long as the rules like.
fn bounded(refusal: Refusal, atomic: bool) -> Refusal {
    let bytes = |refusal: &Refusal| refusal.code.len() + refusal.message.len() + refusal.details.as_ref().map_or(0, |d| d.len());
    if atomic || bytes(&refusal) <= REFUSAL_BYTES {
        return refusal;
    }
    let mut cut = Refusal { details: None, ..refusal };
    let half = REFUSAL_BYTES / 2;
    cut.code.truncate(cut.code.floor_char_boundary(half));
    cut.message.truncate(cut.message.floor_char_boundary(half));
    cut
}
