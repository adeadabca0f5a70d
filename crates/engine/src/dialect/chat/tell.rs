//! From native frames to what the client is told.

use super::hear::quoted;
use super::names::{CODES, DELIVERED, KINDS, MEMBERS, PREFIXES, ROOM, UNKNOWN_TYPE};
use super::{Chat, Mode, Move, Out, Pending};
use crate::dialect::frame::{Answer, Connected, Frame, Presence};
use crate::dialect::native::Fields;
use crate::dialect::native_out::{self, Failure};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

impl Chat {
    /// One frame. `news` are this one and those that come with it.
    pub(super) fn tell(&mut self, text: &str, frame: &Frame<'_>, news: &[(&str, Frame<'_>)], out: &mut Vec<Out>) {
        match (&*frame.kind, &frame.room) {
            ("ack", None) => self.answered(frame, news, out),
            ("error", None) => say("error", &self.failure(frame, None, None), out),
            ("connected", None) => {
                self.user = frame.payload::<Connected>().map(|connected| connected.user_id).unwrap_or_default();
                say_as_it_is(text, out);
                if let Some(room) = self.room.take() {
                    self.join_by_path(&room, out);
                }
            }
            ("user_joined" | "user_left", None) => self.tell_presence(text, frame, out),
            ("view" | "patch", Some(_)) | (_, None) => say_as_it_is(text, out),
            (_, Some(room)) => match with_fields(text, frame, &[(ROOM, quoted(room))]) {
                Some(text) => say_as_it_is(&text, out),
                None => say_as_it_is(text, out),
            },
        }
    }

    /// Says that something was not done, before it was asked natively.
    pub(super) fn refuse(&mut self, reference: Option<String>, failure: Failure, out: &mut Vec<Out>) {
        let mut text = Vec::new();
        native_out::failed(&mut text, None, &failure);
        if let Ok(frame) = serde_json::from_slice::<Frame<'_>>(&text) {
            let kind = if reference.is_some() { "ack" } else { "error" };
            say(kind, &self.failure(&frame, reference.as_deref(), None), out);
        }
    }

    fn answered(&mut self, frame: &Frame<'_>, news: &[(&str, Frame<'_>)], out: &mut Vec<Out>) {
        let Some(answer) = frame.payload::<Answer<'_>>() else { return };
        let Ok(number) = answer.reference.parse::<u64>() else { return };
        let Some(Pending { reference, kind }) = self.pending.remove(&number) else { return };
        let going = self.moves.remove(&number);
        if answer.status != "ok" {
            let shape = if reference.is_some() { "ack" } else { "error" };
            return say(shape, &self.failure(frame, reference.as_deref(), kind.as_deref()), out);
        }
        if let Some(Move::OutOf(room)) = going {
            self.rooms.remove(&room);
        }
        let Some(Fields(fields)) = frame.payload::<Fields>() else { return };
        if matches!(kind.as_deref(), Some("join_room" | "find_room")) {
            self.joined(&fields, &answer, news, out);
        }
        let Some(reference) = reference else { return };
        let mut said = vec![("ref", quoted(&reference))];
        for (name, value) in &fields {
            match name.as_str() {
                // The same request is answered in the same way, however often it comes.
                "ref" | "dup" => {}
                "status" => said.push(("status", self.success())),
                "results" => said.push(("results", self.results(value))),
                name => said.push((name, value.get().to_owned())),
            }
        }
        say("ack", &object(&said), out);
    }

    /// It is in a room now.
    fn joined(&mut self, fields: &[Field], answer: &Answer<'_>, news: &[(&str, Frame<'_>)], out: &mut Vec<Out>) {
        let Some(room) = field(fields, "room_id").and_then(|room| serde_json::from_str::<String>(room).ok()) else { return };
        let has_seats = field(fields, "seats").is_some();
        let count = if has_seats { Value::from(answer.seats.len()) } else { members_shown(&room, news) };
        let mut said = vec![("room_id", quoted(&room)), ("user_id", quoted(&self.user)), ("member_count", count.to_string())];
        for name in ["as", "at"] {
            said.extend(field(fields, name).map(|value| (name, value.to_owned())));
        }
        self.rooms.insert(room);
        say("joined", &object(&said), out);
    }

    fn success(&self) -> String {
        quoted(if self.mode == Mode::Compat { DELIVERED } else { "ok" })
    }

    /// The payload of an answer that something was not done.
    fn failure(&self, frame: &Frame<'_>, reference: Option<&str>, kind: Option<&str>) -> String {
        let (Some(answer), Some(Fields(fields))) = (frame.payload::<Answer<'_>>(), frame.payload::<Fields>()) else {
            return "{}".to_owned();
        };
        let mut said = Vec::new();
        if let Some(reference) = reference {
            said.extend([("ref", quoted(reference)), ("status", quoted("error"))]);
        }
        said.extend(why(&answer, &fields, kind));
        object(&said)
    }

    /// What came of each action of a batch, each as if it had been asked alone.
    fn results(&self, results: &RawValue) -> String {
        let results: Vec<&RawValue> = serde_json::from_str(results.get()).unwrap_or_default();
        let result = |result: &&RawValue| {
            let (answer, fields) =
                (serde_json::from_str::<Answer<'_>>(result.get()), serde_json::from_str::<Fields>(result.get()));
            let (Ok(answer), Ok(Fields(fields))) = (answer, fields) else { return result.get().to_owned() };
            if answer.status == "ok" {
                let rest = fields.iter().filter(|(name, _)| name != "status");
                let rest = rest.map(|(name, value)| (name.as_str(), value.get().to_owned()));
                object(&[("status", self.success())].into_iter().chain(rest).collect::<Vec<_>>())
            } else {
                let status = [("status", quoted("error"))].into_iter();
                object(&status.chain(why(&answer, &fields, None)).collect::<Vec<_>>())
            }
        };
        format!("[{}]", results.iter().map(result).collect::<Vec<_>>().join(","))
    }

    /// Who came, who went, and whether they may come back: a seat that is held waits for them.
    fn tell_presence(&mut self, text: &str, frame: &Frame<'_>, out: &mut Vec<Out>) {
        let Some(presence) = frame.payload::<Presence>() else { return };
        let mut more = vec![("status", quoted(presence.status(&frame.kind)))];
        if presence.you {
            self.rooms.remove(&presence.room_id);
            more.push(("user_id", quoted(&self.user)));
        }
        say_as_it_is(&with_fields(text, frame, &more).unwrap_or_else(|| text.to_owned()), out);
    }
}

type Field = (String, Box<RawValue>);

/// Why something was not done, without its `ref` and `status`.
fn why<'a>(answer: &Answer<'_>, fields: &'a [Field], kind: Option<&str>) -> Vec<(&'a str, String)> {
    let code = code(answer);
    let prefix = PREFIXES.iter().find(|(known, _)| *known == code).map_or("", |(_, prefix)| *prefix);
    let text = kind.filter(|_| code == UNKNOWN_TYPE).unwrap_or(&answer.message);
    let mut said = Vec::new();
    for (name, value) in fields {
        match name.as_str() {
            "ref" | "status" => {}
            "code" => said.push(("code", quoted(&code))),
            "message" => said.push(("message", quoted(&format!("{prefix}{text}")))),
            name => said.push((name, value.get().to_owned())),
        }
    }
    if code != answer.code.to_ascii_uppercase() {
        said.push(("reason", quoted(&answer.code)));
    }
    if let Some(ms) = answer.retry_after_ms {
        said.push(("retry_after", format!("{}.{:03}", ms / 1000, ms % 1000)));
    }
    said
}

fn field<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.get())
}

/// How many members a room says it has, in a view that comes along.
fn members_shown(room: &str, news: &[(&str, Frame<'_>)]) -> Value {
    let view = news.iter().find(|(_, frame)| frame.kind == "view" && frame.room.as_deref() == Some(room));
    let shown = view.and_then(|(_, frame)| frame.payload::<Value>()?.get(MEMBERS)?.as_u64());
    shown.map_or(Value::Null, Value::from)
}

fn code(answer: &Answer<'_>) -> String {
    let by_code = CODES.iter().find(|(word, _)| *word == answer.code);
    let known = by_code.or_else(|| KINDS.iter().find(|(kind, _)| *kind == answer.kind));
    known.map_or_else(|| answer.code.to_ascii_uppercase(), |(_, code)| (*code).to_owned())
}

/// The frame with more in front of its payload's fields, but for those it has.
fn with_fields(text: &str, frame: &Frame<'_>, more: &[(&str, String)]) -> Option<String> {
    let payload = frame.payload?.get();
    let head = text.strip_suffix('}')?.strip_suffix(payload)?;
    let fields = payload.strip_prefix('{')?;
    let has = |name: &str| {
        let is_there = payload.contains(name);
        is_there && frame.payload::<Fields>().is_some_and(|Fields(fields)| field(&fields, name).is_some())
    };
    let more: Vec<String> =
        more.iter().filter(|(name, _)| !has(name)).map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    let comma: Cow<'_, str> = if more.is_empty() || fields == "}" { "".into() } else { ",".into() };
    Some(format!("{head}{{{}{comma}{fields}}}", more.join(",")))
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", fields.join(","))
}

fn say(kind: &str, payload: &str, out: &mut Vec<Out>) {
    say_as_it_is(&format!("{{\"v\":1,\"type\":\"{kind}\",\"payload\":{payload}}}"), out);
}

fn say_as_it_is(text: &str, out: &mut Vec<Out>) {
    out.push(Out::Say { event: "", body: text.to_owned() });
}
