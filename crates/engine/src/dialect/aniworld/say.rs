//! What the dialect says: one envelope, and times and numbers as its clients read them.

use super::Out;
use super::code::Refusal;
use super::names::ERROR;
use crate::dialect::native_out;
use crate::io::Now;
use serde::Serialize;
use serde_json::{Map, Value, json};

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: &'a Map<String, Value>,
}

/// Says something.
pub(super) fn say(kind: &'static str, timestamp: String, data: &Map<String, Value>, out: &mut Vec<Out>) {
    let body = serde_json::to_string(&Envelope { kind, timestamp, data }).expect("a message has only names for keys");
    out.push(Out::Say { event: "", body });
}

/// Says that something was not done: of which action, and about which room, where those are known.
pub(super) fn refuse(refusal: &Refusal, asked: (Option<&str>, Option<&str>), now: Now, out: &mut Vec<Out>) {
    let mut data = object(json!({"code": refusal.code, "message": refusal.message, "action": asked.0, "room": asked.1}));
    data.extend(refusal.retry_after_ms.map(|ms| ("retry_after_ms".to_owned(), ms.into())));
    say(ERROR, self::now(now), &data, out);
}

/// The time that it is.
pub(super) fn now(now: Now) -> String {
    let mut text = Vec::with_capacity(24);
    native_out::timestamp(&mut text, now.wall_ms);
    iso(&String::from_utf8_lossy(&text))
}

/// A native time as Python writes one: six digits of a second, or none where they are all 0.
pub(super) fn iso(native: &str) -> String {
    match (native.strip_suffix(".000Z"), native.strip_suffix('Z')) {
        (Some(whole), _) => format!("{whole}+00:00"),
        (None, Some(text)) => format!("{text}000+00:00"),
        (None, None) => native.to_owned(),
    }
}

/// Thousandths of something, as a number of it.
pub(super) fn thousandth(number: u64) -> Value {
    let text = format!("{}.{:03}", number / 1000, number % 1000);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// The fields of an object that was written as one.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
