//! One game of random play at a table: people come and go, act, let time pass, and jobs answer. All of it from one number.

use super::Disguise;
use super::guess::Guesser;
use crate::erased::{AnyKind, KindOf};
use crate::record::{Record, Stamp};
use crate::room::World;
use crate::seat::Who;
use crate::table::Played;
use crate::{Acted, Dice, Hash64, Joined, Joining, Opening, Rejected, Seat, Seed, Table, Viewer};
use serde_json::Value;

/// So many people at most, however many seats there are.
const PEOPLE: u32 = 5;
/// A game that goes on longer than this many records is left.
const RECORDS: usize = 300;
/// So many guesses are made when nothing is listed as legal.
const GUESSES: u32 = 40;

pub(super) struct Scene<R: Disguise> {
    pub(super) table: Table<R>,
    pub(super) dice: Dice,
    pub(super) records: Vec<Record>,
    pub(super) guesser: Guesser,
    pub(super) now_ms: u64,
    messages: u64,
    people: u32,
}

/// A member as the scene needs them.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) user: String,
    pub(super) seat: Seat,
}

impl<R: Disguise> Scene<R> {
    pub(super) fn open(seed: u64, config: Option<&str>) -> Result<Self, String> {
        let mut dice = Dice::from_number(seed);
        let config = config.map_or_else(|| R::config(&mut dice), str::to_owned);
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&seed.to_le_bytes());
        let seed = Seed::derived(&entropy, 0);
        let opening = Opening { name: "proof", by: "u0", id: None, body: Hash64(0), seed, config: &config, after: 0 };
        let stamp = Stamp { at_ms: 0, ts_ms: 0 };
        let (table, played) =
            Table::open(stamp, opening).map_err(|why| format!("a room of configuration {config} is not opened: {why:?}"))?;
        let people = R::seats(table.config()).max().min(PEOPLE);
        let guesser = Guesser::new(KindOf::<R>::new().schemas().action.to_value());
        Ok(Self { table, dice, records: vec![played.record], guesser, now_ms: 0, messages: 0, people })
    }

    /// Everybody who holds a seat.
    pub(super) fn members(&self) -> Vec<Person> {
        let members = self.table.about().members.iter();
        members.map(|(user, member)| Person { user: user.clone(), seat: member.seat }).collect()
    }

    /// Everybody who holds a seat, and somebody who only watches.
    pub(super) fn viewers(&self) -> Vec<Viewer> {
        let seats = self.members().into_iter().map(|person| Viewer::Seat(person.seat));
        seats.chain([Viewer::Spectator]).collect()
    }

    pub(super) fn stamp(&self) -> Stamp {
        Stamp { at_ms: self.now_ms, ts_ms: self.now_ms }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.table.about().ended.is_some()
    }

    /// The state as JSON.
    pub(super) fn state_json(&self) -> Result<Value, String> {
        serde_json::to_value(self.table.state()).map_err(|error| format!("the state cannot be written as JSON: {error}"))
    }

    /// The guesser knows the words that occur now.
    pub(super) fn listen(&mut self) -> Result<(), String> {
        let mut values = vec![self.state_json()?];
        for person in self.members() {
            values.push(self.view_json(Viewer::Seat(person.seat))?);
        }
        self.guesser.hear(&values);
        Ok(())
    }

    pub(super) fn view_json(&self, viewer: Viewer) -> Result<Value, String> {
        let view = self.table.view_json(viewer).map_err(|fault| format!("the view of {viewer:?}: {fault}"))?;
        serde_json::from_str(&view).map_err(|error| format!("the view of {viewer:?} is no JSON: {error}"))
    }

    pub(super) fn legal_json(&self, seat: Seat) -> Result<Vec<String>, String> {
        self.table.legal_json(seat).map_err(|fault| format!("what is legal for seat {seat}: {fault}"))
    }

    /// One more record; `None` when the game is over, or nothing can happen any more.
    pub(super) fn step(&mut self) -> Result<Option<Played>, String> {
        if self.has_ended() || self.records.len() >= RECORDS {
            return Ok(None);
        }
        self.now_ms = self.now_ms.saturating_add(self.dice.below(200)).max(self.table.about().at_ms);
        let members = self.members();
        if u32::try_from(members.len()).is_ok_and(|here| here < self.people)
            && self.dice.below(4) > 0
            && let Some(played) = self.join()?
        {
            return self.keep(played);
        }
        let chance = self.dice.below(400);
        if let Some(person) = self.dice.pick(&members).cloned() {
            let stamp = self.stamp();
            let gone = match chance {
                0 => match self.table.resign(stamp, &person.user, None) {
                    Ok(Acted::Played(_, played)) => Some(Ok(played)),
                    Ok(Acted::Before(_)) => return Err(format!("a resignation of {} without an id was a repeat", person.user)),
                    Err(why) => Some(Err(why)),
                },
                1 | 2 => Some(self.table.leave(stamp, &person.user, "left")),
                _ => None,
            };
            if let Some(gone) = gone {
                return self.keep(gone.map_err(|why| format!("{} cannot go: {why:?}", person.user))?);
            }
        }
        if (140..160).contains(&chance)
            && let Some(person) = self.dice.pick(&members).cloned()
        {
            let (stamp, here) = (self.stamp(), self.dice.coin());
            let told = self.table.present(stamp, &person.user, here);
            if let Some(played) = told.map_err(|fault| format!("{} is here: {here}: {fault}", person.user))? {
                return self.keep(played);
            }
        }
        if (3..15).contains(&chance)
            && let Some(played) = self.pass_time()?
        {
            return self.keep(played);
        }
        if (15..140).contains(&chance)
            && let Some(played) = self.answer()?
        {
            return self.keep(played);
        }
        if let Some(played) = self.act(&members)? {
            return self.keep(played);
        }
        // Nobody can do anything: something outside must happen, if anything can.
        let played = match self.answer()? {
            Some(played) => Some(played),
            None => match self.pass_time()? {
                Some(played) => Some(played),
                None => self.join()?,
            },
        };
        match played {
            Some(played) => self.keep(played),
            None => Ok(None),
        }
    }

    fn keep(&mut self, played: Played) -> Result<Option<Played>, String> {
        if let Some(fault) = &played.fault {
            let input = &played.record.input;
            if input.contains("\"clock\"") || input.contains("\"present\"") {
                return Err(format!("the rules cannot play a clock of theirs, or who is here: {fault} ({input})"));
            }
        }
        self.records.push(played.record.clone());
        Ok(Some(played))
    }

    fn join(&mut self) -> Result<Option<Played>, String> {
        let members = self.table.about().members;
        let Some(user) = (0..self.people).map(|n| format!("u{n}")).find(|user| !members.contains_key(user)) else {
            return Ok(None);
        };
        let nonce = self.dice.coin().then(|| format!("n{}", self.dice.below(100)));
        let who = Who { user: &user, name: &user, bot: false };
        let stamp = self.stamp();
        if self.table.admit(who, crate::As::Player(None)) != Ok(crate::As::Player(None)) {
            return Ok(None);
        }
        match self.table.join(stamp, Joining { who, bot: None, seat: None, nonce: nonce.as_deref() }) {
            Ok(Joined::Played(_, played)) => Ok(Some(played)),
            Ok(Joined::Already(_)) => Ok(None),
            Err(Rejected::Fault(fault)) => Err(format!("{user} comes in: {fault}")),
            Err(_) => Ok(None),
        }
    }

    /// Time passes until the next clock is due, which rings.
    fn pass_time(&mut self) -> Result<Option<Played>, String> {
        let Some(due_ms) = self.table.due_ms() else { return Ok(None) };
        self.now_ms = self.now_ms.max(due_ms);
        let stamp = self.stamp();
        self.table.fire(stamp).map_err(|fault| format!("a clock rings: {fault}"))
    }

    /// A job's answer: one it could give, or nonsense.
    fn answer(&mut self) -> Result<Option<Played>, String> {
        let jobs: Vec<(String, u64, String)> =
            self.table.about().jobs.iter().map(|(key, job)| (key.clone(), job.since, job.job.get().to_owned())).collect();
        let Some((key, since, job)) = self.dice.pick(&jobs).cloned() else { return Ok(None) };
        let job: <R::World as World>::Job =
            serde_json::from_str(&job).map_err(|error| format!("the job {job} cannot be read back: {error}"))?;
        let result = if self.dice.below(8) == 0 { None } else { R::result(&job, &mut self.dice) };
        let is_meant = result.is_some();
        let result = match result {
            Some(result) => serde_json::to_string(&result).map_err(|error| format!("a job's result: {error}"))?,
            None => r#"{"nonsense":[1,null]}"#.to_owned(),
        };
        let stamp = self.stamp();
        let answers = |fault| format!("the job {key} answers {result}: {fault}");
        let played = self.table.answer(stamp, &key, since, &result).map_err(answers)?;
        // Nonsense may be refused; what the job can give the rules must be able to take.
        match played.as_ref().and_then(|played| played.fault.clone()).filter(|_| is_meant) {
            Some(fault) => Err(answers(fault)),
            None => Ok(played),
        }
    }

    fn act(&mut self, members: &[Person]) -> Result<Option<Played>, String> {
        let mut all = Vec::new();
        for person in members {
            let legal = self.legal_json(person.seat)?;
            if !legal.is_empty() {
                all.push((person.clone(), legal));
            }
        }
        if let Some((person, legal)) = self.dice.pick(&all).cloned() {
            let action = self.dice.pick(&legal).cloned().unwrap_or_default();
            return match self.try_act(&person.user, &action)? {
                Ok(played) => Ok(Some(played)),
                Err(why) => Err(format!("{action} is listed as legal for seat {}, and refused: {why:?}", person.seat)),
            };
        }
        if members.is_empty() {
            return Ok(None);
        }
        self.listen()?;
        for _ in 0..GUESSES {
            let user = self.dice.pick(members).map(|person| person.user.clone()).unwrap_or_default();
            let action = self.guesser.guess(&mut self.dice).to_string();
            if let Ok(played) = self.try_act(&user, &action)? {
                return Ok(Some(played));
            }
        }
        Ok(None)
    }

    /// Plays an action, or says why not; a fault of the rules ends the proof.
    pub(super) fn try_act(&mut self, user: &str, action: &str) -> Result<Result<Played, Rejected>, String> {
        self.messages += 1;
        let id = format!("m{}", self.messages);
        let stamp = self.stamp();
        match self.table.act(stamp, user, self.dice.coin().then_some(&id), action) {
            Ok(Acted::Played(_, played)) => Ok(Ok(played)),
            Ok(Acted::Before(_)) => Err(format!("a new message of {user} was taken for an old one")),
            Err(Rejected::Fault(fault)) => Err(format!("{action} by {user}: {fault}")),
            Err(why) => Ok(Err(why)),
        }
    }
}
