//! What a client says, decoded: every message is one of the six requests, or junk with a code.

use super::code::Code;
use super::names::{Asked, REQUESTS};
use super::{Heard, Mode};
use crate::limits::{MANTIMON_ID_BYTES, MANTIMON_NAME_BYTES, MANTIMON_TYPE_BYTES};
use parlour_room::Position;
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A request.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// Its `message_id`; none only in compat mode.
    pub(super) id: Option<String>,
    pub(super) asked: Asked,
    /// Its `game_id`, empty where that is no name of a room, or where none is needed.
    pub(super) game: String,
    /// How far the client had heard, if that can be read.
    pub(super) after: Option<Position>,
    /// The action, and its own type: empty where it has none that is worth telling back.
    pub(super) action: Option<(&'a RawValue, String)>,
}

/// What is no request.
#[derive(Debug)]
pub(super) struct Junk {
    pub(super) code: Code,
    /// Its `message_id`, if that at least is one.
    pub(super) id: Option<String>,
    /// What it would have been, as far as that is known.
    pub(super) asked: Option<Asked>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "present")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    message_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    game_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_event_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    action: Option<&'a RawValue>,
}

/// A field that is there, be it `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Decodes one message.
pub(super) fn read<'a>(heard: &Heard<'a>, mode: Mode) -> Result<Message<'a>, Junk> {
    let by_event = heard.event.map(|event| REQUESTS.iter().find(|(name, _)| name.event == event).map(|(_, asked)| *asked));
    // Checked by hand: serde reads a JSON array as a struct, field by field.
    let fields = heard.text.trim_start().starts_with('{').then(|| serde_json::from_str::<Fields<'a>>(heard.text));
    let id = match &fields {
        Some(Ok(fields)) => fields.message_id.and_then(string),
        Some(Err(_)) => salvaged_id(heard.text),
        None => None,
    };
    let id = id.filter(|id| !id.trim().is_empty() && id.len() <= MANTIMON_ID_BYTES);
    let junk = |code| Junk { code, id: id.clone(), asked: by_event.flatten() };
    if by_event == Some(None) {
        return Err(junk(Code::UnknownMessageType));
    }
    let Some(Ok(fields)) = fields else { return Err(junk(Code::InvalidMessage)) };
    let asked = asked(&fields, by_event.flatten(), mode).map_err(junk)?;
    let junk = |code| Junk { code, id: id.clone(), asked: Some(asked) };
    match (fields.message_id, &id, mode) {
        (Some(_), None, _) | (None, _, Mode::Strict) => return Err(junk(Code::InvalidMessage)),
        (Some(_), Some(_), _) | (None, _, Mode::Compat) => {}
    }
    let invalid = || junk(Code::InvalidMessage);
    let game = match asked {
        Asked::Heartbeat => String::new(),
        _ => fields.game_id.and_then(string).filter(|game| is_name(game) || !game.is_empty()).map_or_else(
            || if fields.game_id.and_then(string).is_some() { Ok(String::new()) } else { Err(invalid()) },
            |game| Ok(if is_name(&game) { game } else { String::new() }),
        )?,
    };
    let after = match fields.last_event_id.filter(|_| asked == Asked::Join) {
        Some(raw) => Position::parse(&string(raw).ok_or_else(invalid)?),
        None => None,
    };
    let action = match asked {
        Asked::Action => {
            let action = fields.action.filter(|action| action.get().starts_with('{')).ok_or_else(invalid)?;
            Some((action, type_of(action)))
        }
        _ => None,
    };
    Ok(Message { id, asked, game, after, action })
}

/// What is asked: the type says it, over Socket.IO also the event, and they must not disagree.
fn asked(fields: &Fields<'_>, by_event: Option<Asked>, mode: Mode) -> Result<Asked, Code> {
    let Some(kind) = fields.kind else {
        return by_event.filter(|_| mode == Mode::Compat).ok_or(Code::InvalidMessage);
    };
    let kind = string(kind).ok_or(Code::InvalidMessage)?;
    let named = REQUESTS.iter().find(|(name, _)| name.kind == kind).map(|(_, asked)| *asked).ok_or(Code::UnknownMessageType)?;
    if by_event.is_some_and(|by_event| by_event != named) { Err(Code::InvalidMessage) } else { Ok(named) }
}

/// The `message_id` of what is JSON but no message (a key twice).
fn salvaged_id(text: &str) -> Option<String> {
    let fields: BTreeMap<String, Value> = serde_json::from_str(text).ok()?;
    Some(fields.get("message_id")?.as_str()?.to_owned())
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// Whether a room may have such a name: what cannot be one is not looked for, and not told back.
fn is_name(name: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= MANTIMON_NAME_BYTES && name.bytes().all(is_name_byte)
}

/// An action's own type.
fn type_of(action: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow, rename = "type")]
        kind: &'a RawValue,
    }
    let kind = serde_json::from_str::<Typed<'_>>(action.get()).ok().and_then(|typed| string(typed.kind));
    let is_type_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    kind.filter(|kind| kind.len() <= MANTIMON_TYPE_BYTES && kind.bytes().all(is_type_byte)).unwrap_or_default()
}
