//! What may stand in a client's message, for all who read one: "framing -> dialect.decode". Nothing is judged here but whether it
//! is an object in which nothing of this stands twice.

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A message, with its fields as they were written. A field that is `null` is there.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) v: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type", deserialize_with = "present")]
    pub(super) kind: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "ref", deserialize_with = "present")]
    pub(super) reference: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) room: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) payload: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) events: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads one. Where there is none there may be a `ref` all the same: whoever waits for an answer gets one.
    pub(super) fn read(text: &'a str) -> Result<Self, Option<String>> {
        // Checked by hand: serde reads a JSON array as a struct, field by field.
        if !text.trim_start().starts_with('{') {
            return Err(None);
        }
        serde_json::from_str(text).map_err(|_| salvaged(text))
    }
}

/// A field that is there, be it `null`: `null` is a value like any other, and nearly always a wrong one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The `ref` of a message that is JSON but no envelope (a key twice).
fn salvaged(text: &str) -> Option<String> {
    let fields: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    fields.get("ref")?.as_str().map(str::to_owned)
}
