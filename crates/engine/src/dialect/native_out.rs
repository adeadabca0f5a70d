//! What the native protocol says. Each function appends one JSON object to a buffer; framing comes after.

use crate::code::{Code, Kind};
use crate::limits::Limits;
use crate::lookup::HistoryRow;
use parlour_room::stream::{Body, Heard};
use parlour_room::{Position, Refusal, Seat, Source};
use std::fmt::Arguments;
use std::io::Write;

/// A failure as clients are told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort.
    pub kind: Kind,
    /// Its code: from the public table, or the rules' own.
    pub code: String,
    /// The text for people.
    pub message: String,
    /// More, as a JSON object.
    pub details: Option<Box<str>>,
    /// Whether the same request may succeed later.
    pub retry: bool,
    /// When, where that is known.
    pub retry_after_ms: Option<u64>,
    /// Which action of a batch it is about.
    pub action: Option<usize>,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        let (name, message) = (code.as_str().to_owned(), code.message().to_owned());
        Self { kind: code.kind(), code: name, message, details: None, retry: code.retry(), retry_after_ms: None, action: None }
    }
}

impl Failure {
    /// A refusal by the rules: `illegal`, or `denied` where somebody was not let in.
    pub fn refused(kind: Kind, refusal: Refusal) -> Self {
        let Refusal { code, message, details } = refusal;
        let failure = Self { kind, code, message, details, retry: false, retry_after_ms: None, action: None };
        match failure.details.as_deref().and_then(later) {
            // What is legal in a while is not illegal, only too much at a time.
            Some((retry_after_ms, details)) => {
                Self { kind: Kind::Limited, details, retry: true, retry_after_ms: Some(retry_after_ms), ..failure }
            }
            None => failure,
        }
    }

    /// Too much, and when it no longer is.
    pub fn limited(code: Code, retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..code.into() }
    }

    /// When to try again: something that is `limited` always says.
    pub fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after_ms.or((self.kind == Kind::Limited).then_some(RETRY_AFTER_MS))
    }
}

/// When the same is legal, if a refusal says so, and what else it says.
fn later(details: &str) -> Option<(u64, Option<Box<str>>)> {
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(details).ok()?;
    let retry_after_ms = fields.remove("retry_after_ms")?.as_u64()?;
    let rest = (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string().into_boxed_str());
    Some((retry_after_ms, rest))
}

/// How a join caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// With exactly the events that were missed.
    Replayed(usize),
    /// With one whole view, because more was missed than is kept; and before it so many public events, where events suffice.
    View(usize),
    /// There was nothing to resume.
    Fresh,
}

/// What an action told its own actor, for its answer.
#[derive(Clone, Debug)]
pub enum OwnEvents {
    /// Nobody wants to know.
    Unasked,
    /// It is not kept any more.
    Gone,
    /// These, in this order.
    Told(Vec<Heard>),
}

/// A seat that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seated {
    /// Which.
    pub seat: Seat,
    /// By whom.
    pub user: String,
    /// Whether they are here: a bot always is.
    pub online: bool,
}

/// What an `ack` of success says.
#[derive(Clone, Debug)]
pub enum Done<'a> {
    /// Nothing more.
    Plain,
    /// A room is open.
    Opened {
        /// Its name.
        room: &'a str,
        /// The promise about its dice.
        seed_hash: &'a str,
        /// Whether this request had been answered before.
        dup: bool,
    },
    /// Somebody is in.
    Joined {
        /// The room.
        room: &'a str,
        /// Their seat; `None` for a spectator.
        seat: Option<Seat>,
        /// How far the answer reaches.
        at: &'a Position,
        /// The promise about its dice.
        seed_hash: &'a str,
        /// When its life began, wall time.
        opened_ms: u64,
        /// Where any room of a kind was asked for: whether it was opened for it, and whether this had been answered before.
        found: Option<(bool, bool)>,
        /// Who sits where, in order of seat; `None` where too many do.
        seats: Option<&'a [Seated]>,
        /// What follows.
        resumed: Resumed,
    },
    /// A page of a room's history.
    History {
        /// Which life of the room.
        life: &'a str,
        /// The events, the newest first.
        rows: &'a [HistoryRow],
    },
    /// A page of the list of rooms.
    Listed {
        /// Each as JSON.
        rooms: &'a [String],
        /// After which name the next page begins, if there is one.
        next: Option<&'a str>,
    },
    /// An action was played.
    Acted {
        /// How far its actor has heard with it.
        at: &'a Position,
        /// Whether it had been played before.
        dup: bool,
        /// What it told its actor, if that was asked for.
        events: &'a OwnEvents,
    },
    /// Several actions were played, or refused.
    Batched {
        /// How far their actor has heard with them.
        at: &'a Position,
        /// What became of each: how far its actor had heard then, or why it was not played.
        results: &'a [Result<Position, Failure>],
        /// Whether they had been played before.
        dup: bool,
    },
    /// What may be done now.
    Legal {
        /// Each as JSON.
        actions: &'a [String],
        /// Whether the room has ended, so that nothing will be legal any more.
        ended: bool,
    },
}

/// The greeting; for a guest with the token that brings them back as the same one.
pub fn connected(out: &mut Vec<u8>, user: &str, session: &str, token: Option<&str>, server: &str, limits: &Limits) {
    begin(out, "connected");
    put(out, format_args!("\"payload\":{{\"user_id\":"));
    string(out, user);
    if let Some(token) = token {
        put(out, format_args!(",\"token\":"));
        string(out, token);
    }
    put(out, format_args!(",\"session_id\":\"{session}\",\"server\":"));
    string(out, server);
    put(
        out,
        format_args!(
            ",\"limits\":{{\"message_bytes\":{},\"id_bytes\":{},\"rooms\":{},\"unanswered\":{},\"ping_ms\":{}}}}}}}",
            limits.message_bytes, limits.id_bytes, limits.rooms_per_connection, limits.unanswered_per_member, limits.ping_ms
        ),
    );
}

/// The answer to `ping`.
pub fn pong(out: &mut Vec<u8>) {
    begin(out, "pong");
    put(out, format_args!("\"payload\":{{}}}}"));
}

/// The answer to a request that succeeded.
pub fn done(out: &mut Vec<u8>, reference: &str, done: &Done<'_>) {
    begin(out, "ack");
    put(out, format_args!("\"payload\":{{\"ref\":"));
    string(out, reference);
    put(out, format_args!(",\"status\":\"ok\""));
    match done {
        Done::Plain => {}
        Done::Opened { room, seed_hash, dup } => {
            put(out, format_args!(",\"room_id\":\"{room}\",\"seed_hash\":\"{seed_hash}\",\"dup\":{dup}"));
        }
        Done::History { life, rows } => {
            put(out, format_args!(",\"life\":\"{life}\",\"events\":["));
            for (number, row) in rows.iter().rev().enumerate() {
                let (kind, fields) = split(row.body.get());
                let comma = if number > 0 { "," } else { "" };
                put(out, format_args!("{comma}{{\"type\":\"{kind}\",\"n\":{},\"ts\":\"", row.n));
                timestamp(out, row.ts_ms);
                put(out, format_args!("\",\"payload\":{{{fields}}}}}"));
            }
            put(out, format_args!("],\"more\":{}", rows.last().is_some_and(|oldest| oldest.n > 1)));
        }
        Done::Listed { rooms, next } => {
            put(out, format_args!(",\"rooms\":[{}],\"next\":", rooms.join(",")));
            match next {
                Some(next) => string(out, next),
                None => literal(out, "null"),
            }
        }
        Done::Joined { room, seat, at, seed_hash, opened_ms, found, seats, resumed } => {
            put(out, format_args!(",\"room_id\":\"{room}\",\"as\":\"{}\"", if seat.is_some() { "player" } else { "spectator" }));
            if let Some(seat) = seat {
                put(out, format_args!(",\"seat\":{seat}"));
            }
            if let Some((created, dup)) = found {
                put(out, format_args!(",\"created\":{created},\"dup\":{dup}"));
            }
            put(out, format_args!(",\"at\":\"{at}\",\"seed_hash\":\"{seed_hash}\",\"opened_ms\":{opened_ms}"));
            if let Some(seats) = seats {
                put_seats(out, seats);
            }
            match resumed {
                Resumed::Replayed(n) => put(out, format_args!(",\"resumed\":{{\"kind\":\"replayed\",\"events\":{n}}}")),
                Resumed::View(n @ 1..) => put(out, format_args!(",\"resumed\":{{\"kind\":\"view\",\"events\":{n}}}")),
                Resumed::View(_) => literal(out, ",\"resumed\":{\"kind\":\"view\"}"),
                Resumed::Fresh => literal(out, ",\"resumed\":{\"kind\":\"fresh\"}"),
            }
        }
        Done::Batched { at, results, dup } => {
            put(out, format_args!(",\"at\":\"{at}\",\"dup\":{dup},\"results\":["));
            for (number, result) in results.iter().enumerate() {
                literal(out, if number > 0 { ",{" } else { "{" });
                match result {
                    Ok(at) => put(out, format_args!("\"status\":\"ok\",\"at\":\"{at}\"}}")),
                    Err(failure) => {
                        literal(out, "\"status\":\"error\",");
                        put_failure(out, failure);
                        literal(out, "}");
                    }
                }
            }
            literal(out, "]");
        }
        Done::Acted { at, dup, events } => {
            put(out, format_args!(",\"at\":\"{at}\",\"dup\":{dup}"));
            put_own_events(out, events);
        }
        Done::Legal { actions, ended } => put(out, format_args!(",\"actions\":[{}],\"ended\":{ended}", actions.join(","))),
    }
    put(out, format_args!("}}}}"));
}

fn put_own_events(out: &mut Vec<u8>, events: &OwnEvents) {
    let events = match events {
        OwnEvents::Unasked => return,
        OwnEvents::Gone => return literal(out, ",\"events\":null"),
        OwnEvents::Told(events) => events,
    };
    literal(out, ",\"events\":[");
    for (place, Heard { private, number, body }) in events.iter().enumerate() {
        let (kind, fields) = split(body.get());
        let (comma, numbering) = (if place > 0 { "," } else { "" }, if *private { "m" } else { "n" });
        put(out, format_args!("{comma}{{\"type\":\"{kind}\",\"{numbering}\":{number},\"payload\":{{{fields}}}}}"));
    }
    literal(out, "]");
}

fn put_seats(out: &mut Vec<u8>, seats: &[Seated]) {
    literal(out, ",\"seats\":[");
    for (number, Seated { seat, user, online }) in seats.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        put(out, format_args!("{comma}{{\"seat\":{seat},\"user_id\":"));
        string(out, user);
        put(out, format_args!(",\"online\":{online}}}"));
    }
    literal(out, "]");
}

/// The answer to a request that failed: an `ack` where the request had a `ref`, else an `error`.
pub fn failed(out: &mut Vec<u8>, reference: Option<&str>, failure: &Failure) {
    begin(out, if reference.is_some() { "ack" } else { "error" });
    put(out, format_args!("\"payload\":{{"));
    if let Some(reference) = reference {
        put(out, format_args!("\"ref\":"));
        string(out, reference);
        put(out, format_args!(",\"status\":\"error\","));
    }
    put_failure(out, failure);
    literal(out, "}}");
}

fn put_failure(out: &mut Vec<u8>, failure: &Failure) {
    put(out, format_args!("\"kind\":\"{}\",\"code\":", failure.kind.as_str()));
    string(out, &failure.code);
    put(out, format_args!(",\"message\":"));
    string(out, &failure.message);
    if let Some(details) = &failure.details {
        put(out, format_args!(",\"details\":{details}"));
    }
    if failure.kind == Kind::Invalid && failure.code == Code::UnsupportedVersion.as_str() {
        put(out, format_args!(",\"supported\":[{}]", super::native::VERSION));
    }
    if let Some(retry_after_ms) = failure.retry_after_ms() {
        put(out, format_args!(",\"retry_after_ms\":{retry_after_ms}"));
    }
    if let Some(action) = failure.action {
        put(out, format_args!(",\"failed_action\":{action}"));
    }
    put(out, format_args!(",\"retry\":{}", failure.retry));
}

/// When something `limited` may be tried again where nothing says when there will be room.
pub const RETRY_AFTER_MS: u64 = 1000;

/// An event of a room: its own type, and the rest of its fields as the payload. `private` says which numbering `number` is of.
pub fn event(out: &mut Vec<u8>, room: &str, number: u64, private: bool, ts_ms: u64, body: &Body) {
    let (kind, fields) = split(body.get());
    begin(out, kind);
    put(out, format_args!("\"room\":\"{room}\",\"{}\":{number},\"ts\":\"", if private { "m" } else { "n" }));
    timestamp(out, ts_ms);
    put(out, format_args!("\",\"payload\":{{{fields}}}}}"));
}

/// A pulse: its own type like an event, but without a number. It says from which seat it is, or from which job.
pub fn pulse(out: &mut Vec<u8>, room: &str, from: Source<'_>, body: &str) {
    let (kind, fields) = split(body);
    begin(out, kind);
    put(out, format_args!("\"room\":\"{room}\","));
    match from {
        Source::Member(seat) => put(out, format_args!("\"by\":{seat}")),
        Source::Job(key) => {
            literal(out, "\"job\":");
            string(out, key);
        }
    }
    put(out, format_args!(",\"payload\":{{{fields}}}}}"));
}

/// A whole view. `resumed`: in place of all that a client which did not read was not sent.
pub fn view(out: &mut Vec<u8>, room: &str, at: &Position, p: u64, view: &str, resumed: bool) {
    begin(out, "view");
    let resumed = if resumed { ",\"resumed\":{\"kind\":\"view\"}" } else { "" };
    put(out, format_args!("\"room\":\"{room}\",\"at\":\"{at}\",\"p\":{p}{resumed},\"payload\":{view}}}"));
}

/// What changed from the view numbered `p - 1` to the one numbered `p`: operations of RFC 6902, without the brackets around them.
pub fn patch(out: &mut Vec<u8>, room: &str, p: u64, ops: &[u8]) {
    begin(out, "patch");
    put(out, format_args!("\"room\":\"{room}\",\"p\":{p},\"payload\":{{\"ops\":["));
    out.extend_from_slice(ops);
    put(out, format_args!("]}}}}"));
}

/// Presence: somebody is here, or no longer, and which seat they hold. `kind` is `user_joined` or `user_left`.
pub fn presence(out: &mut Vec<u8>, kind: &str, room: &str, user: &str, seat: Option<Seat>) {
    begin(out, kind);
    put(out, format_args!("\"payload\":{{\"room_id\":\"{room}\",\"user_id\":"));
    string(out, user);
    if let Some(seat) = seat {
        put(out, format_args!(",\"seat\":{seat}"));
    }
    put(out, format_args!("}}}}"));
}

/// A room has ended and its rules told nothing of it: it was closed from outside, or who sits at `seat` resigned and the rules
/// failed.
pub fn room_ended(out: &mut Vec<u8>, room: &str, outcome: &str, seat: Option<Seat>) {
    begin(out, "room_ended");
    put(out, format_args!("\"payload\":{{\"room_id\":\"{room}\",\"outcome\":"));
    string(out, outcome);
    if let Some(seat) = seat {
        put(out, format_args!(",\"seat\":{seat}"));
    }
    put(out, format_args!("}}}}"));
}

/// Presence: who is here. Without names where there are too many.
pub fn room_update(out: &mut Vec<u8>, room: &str, users: Option<&[&str]>, count: usize, spectators: usize) {
    begin(out, "room_update");
    put(out, format_args!("\"payload\":{{\"room_id\":\"{room}\",\"count\":{count},\"spectators\":{spectators}"));
    if let Some(users) = users {
        put(out, format_args!(",\"users\":"));
        serde_json::to_writer(&mut *out, users).expect("names can be written as JSON");
    }
    put(out, format_args!("}}}}"));
}

/// A connection no longer follows a room, and why.
pub fn left(out: &mut Vec<u8>, room: &str, reason: &str) {
    begin(out, "user_left");
    put(out, format_args!("\"payload\":{{\"room_id\":\"{room}\",\"you\":true,\"reason\":"));
    string(out, reason);
    put(out, format_args!("}}}}"));
}

/// Something of a topic: `payload` are its fields, JSON without braces.
pub fn topic(out: &mut Vec<u8>, topic: &str, payload: &str) {
    begin(out, "topic");
    put(out, format_args!("\"topic\":"));
    string(out, topic);
    put(out, format_args!(",\"payload\":{{{payload}}}}}"));
}

/// The server is going away.
pub fn closing(out: &mut Vec<u8>, reason: &str) {
    begin(out, "closing");
    put(out, format_args!("\"payload\":{{\"reason\":"));
    string(out, reason);
    put(out, format_args!("}}}}"));
}

/// An event's type, and its other fields without their braces. Events are enums tagged by `type`, which registering a kind
/// checks; serde writes the tag first.
pub fn split(body: &str) -> (&str, &str) {
    let rest = body.strip_prefix("{\"type\":\"").expect("an event is tagged by its type");
    let (kind, rest) = rest.split_once('"').expect("a tag ends");
    let fields = rest.strip_suffix('}').expect("an object ends");
    (kind, fields.strip_prefix(',').unwrap_or(fields))
}

/// RFC 3339 in UTC with milliseconds. The calendar is Howard Hinnant's `civil_from_days`.
pub fn timestamp(out: &mut Vec<u8>, ts_ms: u64) {
    let (days, of_day) = (ts_ms / 86_400_000, ts_ms % 86_400_000);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (seconds, ms) = (of_day / 1000, of_day % 1000);
    put(
        out,
        format_args!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60),
    );
}

fn begin(out: &mut Vec<u8>, kind: &str) {
    put(out, format_args!("{{\"v\":1,\"type\":\"{kind}\","));
}

fn literal(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn put(out: &mut Vec<u8>, what: Arguments<'_>) {
    out.write_fmt(what).expect("a buffer takes everything");
}

fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string can be written as JSON");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_rfc_3339() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_795_255_200_001, "2026-11-21T10:00:00.001Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ] {
            let mut out = Vec::new();
            timestamp(&mut out, ms);
            assert_eq!(String::from_utf8(out).as_deref(), Ok(text));
        }
    }

    #[test]
    fn an_event_splits_into_its_type_and_its_fields() {
        assert_eq!(split(r#"{"type":"drew","seat":1}"#), ("drew", r#""seat":1"#));
        assert_eq!(split(r#"{"type":"over"}"#), ("over", ""));
    }
}
