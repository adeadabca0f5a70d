//! What a client says, decoded: every message is one of the five, or junk with its kind of error.

use super::code::Refusal;
use super::names::{ACTION_ERROR, CHOICE_ERROR, MESSAGE_ERROR};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A message.
#[derive(Debug)]
pub(super) enum Message {
    Ping {
        timestamp: Option<Value>,
    },
    GetState,
    Choice(Choice),
    /// Anything that a member of the room may do, as the room itself calls it.
    Action {
        action: Box<RawValue>,
        id: Option<String>,
    },
    /// Whether the narrator's progress is wanted.
    Subscribe {
        progress: bool,
    },
}

impl Message {
    /// The type of the error that answers it.
    pub(super) fn error(&self) -> &'static str {
        match self {
            Message::Choice(_) => CHOICE_ERROR,
            Message::Action { .. } => ACTION_ERROR,
            Message::Ping { .. } | Message::GetState | Message::Subscribe { .. } => MESSAGE_ERROR,
        }
    }
}

/// A choice as a client words it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) game_id: String,
    #[serde(rename = "choice_id")]
    pub(super) id: String,
    #[serde(rename = "choice_text")]
    pub(super) text: String,
    pub(super) metadata: Option<Map<String, Value>>,
}

impl Choice {
    /// A whole number that its client added.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.metadata.as_ref()?.get(name)?.as_u64()
    }

    /// The key under which it counts once, if its client gave one.
    pub(super) fn key(&self) -> Option<&str> {
        self.metadata.as_ref()?.get("id")?.as_str().filter(|key| !key.is_empty())
    }

    /// Whether it says what the dice have shown.
    pub(super) fn has_total(&self) -> bool {
        let results = self.metadata.as_ref().and_then(|metadata| metadata.get("dice_results"));
        results.is_some_and(|results| results.get("total").is_some())
    }
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default, rename = "type")]
    kind: Option<Value>,
    #[serde(default)]
    timestamp: Option<Value>,
    #[serde(default)]
    choice: Option<Value>,
    #[serde(default)]
    action: Option<Box<RawValue>>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    progress: Option<Value>,
}

/// Decodes one message. What is none comes with the type of the error that it is answered by.
pub(super) fn read(text: &str) -> Result<Message, (&'static str, Refusal)> {
    let junk = |text| (MESSAGE_ERROR, Refusal::invalid("invalid_message", text));
    // Checked by hand: serde reads a JSON array as a struct, field by field.
    if !text.trim_start().starts_with('{') {
        return Err(junk("A message is a text frame with one JSON object in it."));
    }
    let fields: Fields = serde_json::from_str(text).map_err(|_| junk("This is no JSON object, or one that cannot be read."))?;
    let kind = fields.kind.as_ref().and_then(Value::as_str).ok_or_else(|| junk("A message has a type, a string."))?;
    match kind {
        "ping" => Ok(Message::Ping { timestamp: fields.timestamp }),
        "get_state" => Ok(Message::GetState),
        "choice" => {
            let wrong = || {
                let text = "A choice is an object; choice_id, choice_text and game_id are strings, metadata is an object.";
                (CHOICE_ERROR, Refusal::invalid("invalid_choice", text))
            };
            let object = fields.choice.filter(|choice| choice.as_object().is_some_and(|fields| !fields.is_empty()));
            let choice: Choice = serde_json::from_value(object.ok_or_else(wrong)?).map_err(|_| wrong())?;
            if choice.key().is_some_and(|key| key.len() > crate::limits::CASYS_ID_BYTES) {
                return Err(wrong());
            }
            Ok(Message::Choice(choice))
        }
        "action" => {
            let wrong = || (ACTION_ERROR, Refusal::invalid("invalid_action", "An action is an object with its own type."));
            let action = fields.action.filter(|action| action.get().starts_with('{')).ok_or_else(wrong)?;
            let is_id = |id: &&str| !id.is_empty() && id.len() <= crate::limits::CASYS_ID_BYTES;
            let id = match &fields.id {
                None => None,
                Some(id) => Some(id.as_str().filter(is_id).ok_or_else(wrong)?.to_owned()),
            };
            Ok(Message::Action { action, id })
        }
        "subscribe" => match fields.progress.as_ref().and_then(Value::as_bool) {
            Some(progress) => Ok(Message::Subscribe { progress }),
            None => Err(junk("To subscribe, say progress: true or false.")),
        },
        _ => Err((MESSAGE_ERROR, Refusal::invalid("unknown_type", "There is no such type of message."))),
    }
}
