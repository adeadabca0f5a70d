//! Judging what is asked of a table: what may be played becomes a record, what may not leaves no trace.

use crate::batch::Batched;
use crate::dice::Seed;
use crate::hash::Hash64;
use crate::inbox::{Answer, Seen, resignation};
use crate::play::{Fault, Input, guard};
use crate::record::{
    ActionInput, Cause, ClosedInput, JoinedInput, LeftInput, OpenedInput, ResignedInput, SleptInput, Stamp, WokeInput,
};
use crate::room::{Room, Wire};
use crate::seat::{As, Seat, Viewer, Who};
use crate::stream::Heard;
use crate::table::{JSON_DEPTH, NONCE_BYTES, Played, Table};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt::Display;

/// A request to open a room.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The room's name.
    pub name: &'a str,
    /// The user who asks.
    pub by: &'a str,
    /// The message id of the request, if any.
    pub id: Option<&'a str>,
    /// The hash of the whole request.
    pub body: Hash64,
    /// Entropy for the dice.
    pub seed: Seed,
    /// The configuration, JSON; without one, `{}`.
    pub config: &'a str,
    /// The last record of the name's former life; 0 if it had none.
    pub after: u64,
}

/// A request to take a seat.
#[derive(Clone, Copy, Debug)]
pub struct Joining<'a> {
    /// Who asks.
    pub who: Who<'a>,
    /// Which bot, if it is one.
    pub bot: Option<&'a str>,
    /// The seat they want, or the first free one.
    pub seat: Option<Seat>,
    /// Their part in the luck of the room: UTF-8, at most [`NONCE_BYTES`].
    pub nonce: Option<&'a str>,
}

/// What became of a request to take a seat.
#[derive(Clone, Debug)]
pub enum Joined {
    /// A new member.
    Played(Seat, Played),
    /// They sit here already; nothing changed.
    Already(Seat),
}

/// What became of an action.
#[derive(Clone, Debug)]
pub enum Acted {
    /// It was played.
    Played(Answer, Played),
    /// It had been played before; this was the answer.
    Before(Answer),
}

/// Why something was not played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// It does not decode as this kind's configuration or action.
    Invalid,
    /// Its message id was used for something else.
    IdReused,
    /// The rules refuse it.
    Illegal(Refusal),
    /// The rules do not let this person in.
    NotAdmitted(Refusal),
    /// Every seat is taken.
    Full,
    /// This seat is taken.
    SeatTaken,
    /// There is no such seat.
    NoSuchSeat,
    /// They hold another seat.
    SeatedElsewhere(Seat),
    /// Whoever asks holds no seat here.
    NotMember,
    /// The room has ended.
    Ended,
    /// The rules failed; nothing was kept.
    Fault(Fault),
}

impl From<Fault> for Rejected {
    fn from(fault: Fault) -> Self {
        Rejected::Fault(fault)
    }
}

/// A refusal of the rules, in words any dialect can carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Its `code`.
    pub code: String,
    /// Its text for people.
    pub message: String,
    /// Its other fields as a JSON object, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<str>>,
}

impl Refusal {
    fn of<R: Wire + Display>(refusal: &R) -> Self {
        let message = refusal.to_string();
        let Ok(serde_json::Value::Object(mut fields)) = serde_json::to_value(refusal) else {
            return Self { code: "refused".to_owned(), message, details: None };
        };
        let code =
            fields.remove("code").and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_else(|| "refused".to_owned());
        fields.remove("message");
        let details = (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string().into_boxed_str());
        Self { code, message, details }
    }
}

/// Opens a room.
pub(crate) fn open<R: Room>(stamp: Stamp, opening: Opening<'_>) -> Result<(Table<R>, Played), Rejected> {
    let config: R::Config = read_object(opening.config)?;
    let input = OpenedInput {
        room: opening.name.to_owned(),
        kind: R::KIND.to_owned(),
        rules: R::RULES,
        content: R::content(),
        by: opening.by.to_owned(),
        id: opening.id.map(str::to_owned),
        body: opening.body,
        seed: opening.seed,
        config,
    };
    let text = json(&input);
    let stamp = Stamp { at_ms: 0, ..stamp };
    let opened = crate::play::open(opening.after + 1, stamp, input, text)?;
    asked(|| opened)?.map_err(Rejected::Illegal)
}

impl<R: Room> Table<R> {
    /// Judges whether somebody may come in, and as what; changes nothing.
    pub fn admit(&self, who: Who<'_>, wanted: As) -> Result<As, Rejected> {
        if self.spoiled {
            return Err(Fault::Spoiled.into());
        }
        asked(|| self.state.admit(who, wanted))?.map_err(Rejected::NotAdmitted)
    }

    /// Gives a seat to somebody [`admit`](Self::admit) let in as a player.
    pub fn join(&mut self, stamp: Stamp, joining: Joining<'_>) -> Result<Joined, Rejected> {
        let user = joining.who.user;
        if let Some(member) = self.members.get(user) {
            let other = joining.seat.is_some_and(|seat| seat != member.seat);
            return if other { Err(Rejected::SeatedElsewhere(member.seat)) } else { Ok(Joined::Already(member.seat)) };
        }
        if self.ended.is_some() {
            return Err(Rejected::Ended);
        }
        if joining.nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES) {
            return Err(Rejected::Invalid);
        }
        let seat = self.free_seat(joining.seat)?;
        let input = JoinedInput {
            user: user.to_owned(),
            name: joining.who.name.to_owned(),
            seat,
            nonce: joining.nonce.map(str::to_owned),
            bot: joining.bot.map(str::to_owned),
        };
        let text = json(&input);
        Ok(Joined::Played(seat, self.play(stamp, Cause::Joined, Input::Joined(input), text)?))
    }

    fn free_seat(&self, wanted: Option<Seat>) -> Result<Seat, Rejected> {
        let max = R::seats(&self.config).max();
        match wanted {
            Some(seat) if seat.0 >= max => Err(Rejected::NoSuchSeat),
            Some(seat) if self.members.holder(seat).is_some() => Err(Rejected::SeatTaken),
            Some(seat) => Ok(seat),
            None => Some(self.members.free()).filter(|seat| seat.0 < max).ok_or(Rejected::Full),
        }
    }

    /// Ends a membership.
    pub fn leave(&mut self, stamp: Stamp, user: &str, reason: &str) -> Result<Played, Rejected> {
        if !self.members.contains_key(user) {
            return Err(Rejected::NotMember);
        }
        let input = LeftInput { user: user.to_owned(), reason: reason.to_owned() };
        let text = json(&input);
        Ok(self.play(stamp, Cause::Left, Input::Left(input), text)?)
    }

    /// Judges and plays an action: JSON with its `type`.
    pub fn act(&mut self, stamp: Stamp, user: &str, id: Option<&str>, action: &str) -> Result<Acted, Rejected> {
        let action: R::Action = read_object(action)?;
        let canonical = guard(|| to_raw_value(&action))?.map_err(|_| Rejected::Invalid)?;
        let body = Hash64::of(canonical.get().as_bytes());
        if let Some(id) = id {
            match self.seen(stamp, user, id, body) {
                Seen::New => {}
                Seen::Played(answer) => return Ok(Acted::Before(answer)),
                Seen::Batch(..) | Seen::OtherBody => return Err(Rejected::IdReused),
            }
        }
        let seat = self.members.get(user).map(|member| member.seat).ok_or(Rejected::NotMember)?;
        if self.ended.is_some() {
            return Err(Rejected::Ended);
        }
        if self.spoiled {
            return Err(Fault::Spoiled.into());
        }
        let now_ms = stamp.at_ms.max(self.at_ms);
        asked(|| self.state.check_at(seat, &action, now_ms))?.map_err(Rejected::Illegal)?;
        let text = json(&ActionText { user, seat, id, body, action: &canonical });
        let input = ActionInput { user: user.to_owned(), seat, id: id.map(str::to_owned), body, action };
        let played = self.play(stamp, Cause::Action, Input::Action(input), text)?;
        let answer = Answer { n: self.streams.n(), m: self.streams.m(Viewer::Seat(seat)) };
        Ok(Acted::Played(answer, played))
    }

    /// What was answered to this very message before; `None` if it is new, or does not decode. Plays nothing.
    pub fn repeated(&self, stamp: Stamp, user: &str, id: &str, action: &str) -> Option<Result<Answer, Rejected>> {
        match self.seen(stamp, user, id, self.hash_of(action)?) {
            Seen::New => None,
            Seen::Played(answer) => Some(Ok(answer)),
            Seen::Batch(..) | Seen::OtherBody => Some(Err(Rejected::IdReused)),
        }
    }

    /// The events that the action of this message id told its actor, as they were told them; `None` where that is not kept any
    /// more, or they have given up the seat on which they were told it.
    pub fn told_by(&self, user: &str, id: &str) -> Option<Vec<Heard>> {
        let (from, to) = self.inboxes.get(user)?.told(id)?;
        let Some(from) = from else { return Some(Vec::new()) };
        let member = self.members.get(user).filter(|member| member.since_order <= from.order)?;
        let told = self.streams.between(member.seat, from, to)?;
        Some(Heard::of(told, Viewer::Seat(member.seat), member.since_order))
    }

    /// What was answered to this very batch before; `None` if it is new. Plays nothing.
    pub fn batch_repeated(&self, stamp: Stamp, user: &str, id: &str, body: Hash64) -> Option<Result<Batched, Rejected>> {
        match self.seen(stamp, user, id, body) {
            Seen::New => None,
            Seen::Batch(answer, results) => Some(Ok(Batched::Before(answer, results))),
            Seen::Played(_) | Seen::OtherBody => Some(Err(Rejected::IdReused)),
        }
    }

    /// The hash of an action as the inbox keeps it; `None` if it does not decode.
    pub fn hash_of(&self, action: &str) -> Option<Hash64> {
        let action: R::Action = read_object(action).ok()?;
        guard(|| serde_json::to_vec(&action)).ok()?.ok().map(|canonical| Hash64::of(&canonical))
    }

    /// What is known of a message id, for an action with this hash.
    pub(crate) fn seen(&self, stamp: Stamp, user: &str, id: &str, body: Hash64) -> Seen {
        let now_ms = stamp.at_ms.max(self.at_ms);
        self.inboxes.get(user).map_or(Seen::New, |inbox| inbox.seen(now_ms, id, body))
    }

    /// A member resigns by way of the table: it is recorded even when the rules cannot play it.
    pub fn resign(&mut self, stamp: Stamp, user: &str, id: Option<&str>) -> Result<Acted, Rejected> {
        if let Some(id) = id {
            match self.seen(stamp, user, id, resignation()) {
                Seen::New => {}
                Seen::Played(answer) => return Ok(Acted::Before(answer)),
                Seen::Batch(..) | Seen::OtherBody => return Err(Rejected::IdReused),
            }
        }
        let seat = self.members.get(user).map(|member| member.seat).ok_or(Rejected::NotMember)?;
        if self.ended.is_some() {
            return Err(Rejected::Ended);
        }
        let input = ResignedInput { user: user.to_owned(), seat, id: id.map(str::to_owned) };
        let text = json(&input);
        let played = self.play(stamp, Cause::Resigned, Input::Resigned(input), text)?;
        let answer = Answer { n: self.streams.n(), m: self.streams.m(Viewer::Seat(seat)) };
        Ok(Acted::Played(answer, played))
    }

    /// Ends the room from outside; the rules are not asked.
    pub fn close(&mut self, stamp: Stamp, by: &str, reason: &str) -> Result<Played, Rejected> {
        if self.ended.is_some() {
            return Err(Rejected::Ended);
        }
        let input = ClosedInput { by: by.to_owned(), reason: reason.to_owned() };
        let text = json(&input);
        Ok(self.play(stamp, Cause::Closed, Input::Closed(input), text)?)
    }

    /// The room was loaded. Its time goes on by what the wall clock says has passed since its last record, unless the kind
    /// freezes; at least to the stamp's room time, for a room that was here all the time and was only read again.
    pub fn wake(&mut self, stamp: Stamp) -> Result<Played, Fault> {
        let down_ms = stamp.ts_ms.saturating_sub(self.ts_ms);
        let passed_ms = if R::FREEZES { 0 } else { down_ms };
        let at_ms = self.at_ms.saturating_add(passed_ms).max(stamp.at_ms);
        let input = WokeInput { down_ms };
        let text = json(&input);
        self.play(Stamp { at_ms, ..stamp }, Cause::Woke, Input::Woke, text)
    }

    /// The room is put away; marks how far its time had come.
    pub fn sleep(&mut self, stamp: Stamp) -> Result<Played, Fault> {
        self.play(stamp, Cause::Slept, Input::Slept, json(&SleptInput {}))
    }
}

/// The input of `action` with the action as it was serialised once already, for its hash.
#[derive(Serialize)]
struct ActionText<'a> {
    user: &'a str,
    seat: Seat,
    id: Option<&'a str>,
    body: Hash64,
    action: &'a RawValue,
}

pub(crate) fn json<T: Serialize>(input: &T) -> String {
    serde_json::to_string(input).expect("an input that was decoded from JSON can be written as JSON")
}

/// Decodes a JSON object. Checked by hand: serde also reads an array as a struct, field by field, and as an enum whose tag
/// comes first.
pub(crate) fn read_object<T: DeserializeOwned>(text: &str) -> Result<T, Rejected> {
    if text.trim_start().starts_with('{') { read(text) } else { Err(Rejected::Invalid) }
}

/// Decodes what came from outside, unless it is nested too deep to be read back from where it is kept.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Rejected> {
    if depth(text) > JSON_DEPTH {
        return Err(Rejected::Invalid);
    }
    guard(|| serde_json::from_str(text))?.map_err(|_| Rejected::Invalid)
}

/// How deep arrays and objects are nested in this text, if it is JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Asks the rules. Putting a refusal into words is their code, too.
pub(crate) fn asked<T, F: Wire + Display>(ask: impl FnOnce() -> Result<T, F>) -> Result<Result<T, Refusal>, Fault> {
    guard(|| ask().map_err(|refusal| Refusal::of(&refusal)))
}
