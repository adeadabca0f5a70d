//! From a client's message to native requests, or to an answer where nothing has to be asked.

use super::code::{Code, Refusal};
use super::names::{ACTIONS, Action, FILTERS, Filter, OF_DOWNLOAD, SYSTEM_INFO};
use super::say::{self, object};
use super::{Aniworld, Out, Pending};
use crate::io::Now;
use crate::limits::{ANIWORLD_NAME_BYTES, ANIWORLD_PENDING, ANIWORLD_ROOMS};
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    action: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    room: Option<&'a RawValue>,
}

/// A field that is there, be it `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A request.
struct Message {
    action: Action,
    /// The room that it names.
    room: Option<Value>,
}

impl Aniworld {
    pub(super) fn hear_message(&mut self, text: &str, now: Now, out: &mut Vec<Out>) {
        let message = match read(text) {
            Ok(message) => message,
            Err(code) => return say::refuse(&code.into(), (None, None), now, out),
        };
        let action = name_of(message.action);
        let refuse = |code: Code, out: &mut Vec<Out>| say::refuse(&code.into(), (action, None), now, out);
        if !self.entrance.is_somebody() {
            return refuse(Code::AuthenticationRequired, out);
        }
        if self.asks.pending().len() + self.joining.len() >= ANIWORLD_PENDING {
            return refuse(Code::RateLimited, out);
        }
        match message.action {
            Action::Ping => self.ask(Pending::Ping, json!({"type": "ping"}), out),
            Action::Pong => out.push(Out::Heeded),
            Action::Status => {
                out.push(Out::Heeded);
                self.tell_status(now, out);
            }
            Action::Join => match filter(message.room) {
                Ok(filter) => self.join(filter, now, out),
                Err(code) => refuse(code, out),
            },
            Action::Leave => match filter(message.room) {
                Ok(filter) => self.leave(filter, now, out),
                Err(code) => refuse(code, out),
            },
        }
    }

    fn join(&mut self, filter: Filter, now: Now, out: &mut Vec<Out>) {
        let is_new = !self.filters.contains(&filter) && !self.joining.contains(&filter);
        if is_new && self.filters.len() + self.joining.len() >= ANIWORLD_ROOMS {
            return say::refuse(&Code::TooManyRooms.into(), (Some("join"), Some(&filter.to_string())), now, out);
        }
        self.joining.push(filter);
        if self.entrance.is_outside() {
            let request = self.entrance.enter();
            self.ask(Pending::Enter, request, out);
        } else {
            out.push(Out::Heeded);
            self.settle_joins(now, out);
        }
    }

    fn leave(&mut self, filter: Filter, now: Now, out: &mut Vec<Out>) {
        let waiting = self.joining.len();
        self.joining.retain(|joining| *joining != filter);
        let dropped = waiting - self.joining.len();
        self.filters.remove(&filter);
        // Where nothing is to be heard of the queue, the server need not tell: also where it has not answered yet.
        if self.filters.is_empty() && self.joining.is_empty() && !self.entrance.is_outside() {
            let exit = self.entrance.exit();
            self.leave_queue();
            self.ask(Pending::Idle, exit, out);
        } else {
            out.push(Out::Heeded);
        }
        // Each join has its answer, also where there is nothing to wait for any more.
        for _ in 0..dropped {
            self.acknowledge(&format!("You left {filter} before you had joined it."), &filter, now, out);
        }
        self.acknowledge(&format!("You have left {filter}."), &filter, now, out);
    }

    /// The one answer to who joined or left.
    pub(super) fn acknowledge(&self, message: &str, filter: &Filter, now: Now, out: &mut Vec<Out>) {
        let data = object(json!({"message": message, "room": filter.to_string(), "rooms": self.rooms()}));
        say::say(SYSTEM_INFO, say::now(now), &data, out);
    }

    fn tell_status(&self, now: Now, out: &mut Vec<Out>) {
        let data = object(json!({
            "message": "You are connected.",
            "connection_id": self.session,
            "rooms": self.rooms(),
            "queue": self.queue.as_ref().and_then(super::Queue::counts).map_or(Value::Null, Value::Object),
        }));
        say::say(SYSTEM_INFO, say::now(now), &data, out);
    }

    /// Nobody could be let in.
    pub(super) fn kept_out(&mut self, refusal: &Refusal, now: Now, out: &mut Vec<Out>) {
        (self.queue, self.entering) = (None, None);
        for filter in std::mem::take(&mut self.joining) {
            say::refuse(refusal, (Some("join"), Some(&filter.to_string())), now, out);
        }
        // What it had joined before tells no more.
        if !std::mem::take(&mut self.filters).is_empty() {
            say::refuse(refusal, (None, None), now, out);
        }
    }
}

fn name_of(action: Action) -> Option<&'static str> {
    ACTIONS.iter().find(|(_, known)| *known == action).map(|(name, _)| *name)
}

fn read(text: &str) -> Result<Message, Code> {
    // Checked by hand: serde reads a JSON array as a struct, field by field.
    if !text.trim_start().starts_with('{') {
        let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
        return Err(if is_json { Code::InvalidMessage } else { Code::InvalidJson });
    }
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => Code::InvalidMessage,
        Category::Syntax | Category::Eof | Category::Io => Code::InvalidJson,
    })?;
    let action: String = fields.action.and_then(|raw| serde_json::from_str(raw.get()).ok()).ok_or(Code::InvalidMessage)?;
    let data: Map<String, Value> = match fields.data {
        Some(raw) => serde_json::from_str(raw.get()).map_err(|_| Code::InvalidMessage)?,
        None => Map::new(),
    };
    let action = ACTIONS.iter().find(|(name, _)| *name == action).map(|(_, action)| *action).ok_or(Code::UnknownAction)?;
    let beside = fields.room.and_then(|raw| serde_json::from_str(raw.get()).ok());
    Ok(Message { action, room: data.get("room").filter(|room| !room.is_null()).cloned().or(beside) })
}

/// The room of this name.
fn filter(room: Option<Value>) -> Result<Filter, Code> {
    let name = match &room {
        Some(Value::String(name)) if !name.trim().is_empty() && name.len() <= ANIWORLD_NAME_BYTES => name,
        _ => return Err(Code::InvalidRoom),
    };
    if let Some(id) = name.strip_prefix(OF_DOWNLOAD).filter(|id| !id.is_empty()) {
        return Ok(Filter::Download(id.to_owned()));
    }
    FILTERS.iter().find(|(known, _)| known == name).map(|(_, filter)| filter.clone()).ok_or(Code::UnknownRoom)
}
