//! The native protocol at `/v1/ws`: "framing -> dialect.decode -> Command". JSON text frames `{v, type, ref?, id?, room?,
//! payload}`.

use super::envelope::Envelope;
use crate::code::Code;
use crate::command::{Command, Find, List, Open, Topic};
use crate::limits::Limits;
use parlour_room::batch::BATCH_ACTIONS;
use parlour_room::{As, Position, Seat};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The version of the protocol.
pub const VERSION: u64 = 1;

/// Message types of the server itself, in and out: no kind of room may use one for its own.
pub const SYSTEM_TYPES: &[&str] = &[
    "auth",
    "ping",
    "join_room",
    "leave_room",
    "open_room",
    "list_rooms",
    "find_room",
    "action",
    "batch",
    "legal",
    "history",
    "subscribe",
    "unsubscribe",
    "connected",
    "pong",
    "ack",
    "error",
    "view",
    "patch",
    "user_joined",
    "user_left",
    "room_update",
    "moved",
    "closing",
    "topic",
    "resumed",
    RESIGN,
];

/// Resigning by way of the table. A room may have an action of this name all the same, which is sent as `action`: whatever it
/// does, this does what its rules do for who resigns, and works where they play nothing any more.
pub const RESIGN: &str = "resign";

/// A decoded message: what it asks or what is wrong with it, and the `ref` to answer to.
#[derive(Debug, PartialEq)]
pub struct Request<'a> {
    /// `ref`, as far as it could be read.
    pub reference: Option<Cow<'a, str>>,
    /// What is asked.
    pub command: Result<Command<'a>, Code>,
}

/// Decodes one message.
pub fn decode<'a>(text: &'a str, limits: &Limits) -> Request<'a> {
    let fits = |reference: &str| reference.len() <= limits.ref_bytes;
    match Envelope::read(text) {
        Ok(envelope) => match envelope.reference.map(string).transpose() {
            Ok(reference) if reference.as_deref().is_none_or(fits) => Request { reference, command: envelope.command(limits) },
            _ => Request { reference: None, command: Err(Code::InvalidMessage) },
        },
        Err(reference) => {
            let reference = reference.filter(|reference| fits(reference)).map(Cow::Owned);
            Request { reference, command: Err(Code::InvalidMessage) }
        }
    }
}

impl<'a> Envelope<'a> {
    fn command(&self, limits: &Limits) -> Result<Command<'a>, Code> {
        self.check_version()?;
        let kind = self.kind.ok_or(Code::InvalidMessage).and_then(string)?;
        if self.payload.is_some_and(|payload| !is_object(payload)) {
            return Err(Code::InvalidMessage);
        }
        match &*kind {
            "ping" => Ok(Command::Ping),
            "auth" => Ok(Command::Auth(Cow::Owned(self.payload::<Token>()?.token))),
            "open_room" => self.open(limits),
            "join_room" => self.join(limits),
            "leave_room" => self.room(limits).map(Command::Leave),
            "subscribe" => self.topic().and_then(|topic| topic.map(Command::Subscribe).ok_or(Code::InvalidMessage)),
            "unsubscribe" => match self.topic()? {
                Some(topic) => Ok(Command::UnsubscribeTopic(topic)),
                None => self.room(limits).map(Command::Unsubscribe),
            },
            "history" => self.history(limits),
            "legal" => self.room(limits).map(Command::Legal),
            RESIGN => Ok(Command::Resign { room: self.room(limits)?, id: self.id(limits)? }),
            "batch" => self.batch(limits),
            "list_rooms" => self.list(limits),
            "find_room" => self.find(limits),
            "action" => {
                let action = self.payload.ok_or(Code::InvalidMessage)?;
                Ok(Command::Act {
                    room: self.room(limits)?,
                    id: self.id(limits)?,
                    action: Cow::Borrowed(action.get()),
                    own: None,
                    events: self.events()?,
                })
            }
            "" => Err(Code::UnknownType),
            kind if SYSTEM_TYPES.contains(&kind) => Err(Code::UnknownType),
            kind => self.own_action(kind, limits),
        }
    }

    fn check_version(&self) -> Result<(), Code> {
        match self.v.map(|v| v.get()) {
            None | Some("1") => Ok(()),
            Some(other) => {
                let whole = other.strip_prefix('-').unwrap_or(other);
                let is_integer = !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit());
                Err(if is_integer { Code::UnsupportedVersion } else { Code::InvalidMessage })
            }
        }
    }

    fn open(&self, limits: &Limits) -> Result<Command<'a>, Code> {
        let open: OpenPayload = self.payload()?;
        let config = config(open.config)?;
        let room = open.room_id.map(|room| checked_name(Cow::Owned(room), limits)).transpose()?;
        let bots = read_bots(open.bots)?;
        Ok(Command::Open(Open { kind: Cow::Owned(open.kind), room, id: self.id(limits)?, config, bots }))
    }

    /// The topic that is named, if one is.
    fn topic(&self) -> Result<Option<Topic>, Code> {
        let OnTopic { topic } = self.payload()?;
        topic.map(|topic| Topic::parse(&topic).ok_or(Code::UnknownTopic)).transpose()
    }

    fn history(&self, limits: &Limits) -> Result<Command<'a>, Code> {
        let HistoryPayload { before, limit } = self.payload()?;
        let before = before.map(|text| Position::parse(&text).ok_or(Code::InvalidMessage)).transpose()?;
        Ok(Command::History { room: self.room(limits)?, before, limit })
    }

    fn batch(&self, limits: &Limits) -> Result<Command<'a>, Code> {
        let BatchPayload { atomic, actions } = self.payload()?;
        let (room, id) = (self.room(limits)?, self.id(limits)?);
        if actions.is_empty() || actions.len() > BATCH_ACTIONS || !actions.iter().all(|action| is_object(action)) {
            return Err(Code::InvalidBatch);
        }
        let actions = actions.iter().map(|action| action.get().to_owned()).collect();
        Ok(Command::Batch { room, id, atomic, actions })
    }

    fn list(&self, limits: &Limits) -> Result<Command<'a>, Code> {
        let list: ListPayload = self.payload()?;
        let after = list.after.filter(|after| !after.is_empty());
        let after = after.map(|after| checked_name(Cow::Owned(after), limits)).transpose()?.unwrap_or_default();
        Ok(Command::List(List { kind: list.kind.map(Cow::Owned), mine: list.mine, after, limit: list.limit }))
    }

    fn find(&self, limits: &Limits) -> Result<Command<'a>, Code> {
        let find: FindPayload = self.payload()?;
        let config = config(find.config)?;
        Ok(Command::Find(Find { kind: Cow::Owned(find.kind), config, id: self.id(limits)?, nonce: find.nonce.map(Cow::Owned) }))
    }

    fn join(&self, limits: &Limits) -> Result<Command<'a>, Code> {
        let join: JoinPayload = self.payload()?;
        let wanted = match (join.wanted.as_deref(), join.seat) {
            (None | Some("player"), seat) => As::Player(seat),
            (Some("spectator"), None) => As::Spectator,
            _ => return Err(Code::InvalidMessage),
        };
        let room = match join.room_id {
            Some(room) => checked_name(Cow::Owned(room), limits)?,
            None => self.room(limits)?,
        };
        let after = match join.after {
            Some(text) => Some(Position::parse(&text).ok_or(Code::InvalidMessage)?),
            None => None,
        };
        let nonce = join.nonce.map(Cow::Owned);
        Ok(Command::Join { room, wanted, nonce, after, opens: join.open, patches: join.patches })
    }

    /// A room's own action, sent under its own type: the room in the payload's `room_id`, or in `room`.
    fn own_action(&self, kind: &str, limits: &Limits) -> Result<Command<'a>, Code> {
        let Fields(fields) = self.payload()?;
        let named = fields.iter().find(|(key, _)| key == "room_id").map(|(_, value)| serde_json::from_str::<String>(value.get()));
        let room = match (self.room, named) {
            (Some(room), _) => string(room)?,
            (None, Some(room)) => Cow::Owned(room.map_err(|_| Code::InvalidMessage)?),
            (None, None) => return Err(Code::UnknownType),
        };
        let mut action = format!("{{\"type\":{}", serde_json::Value::from(kind));
        // Keys that occur twice are left to the room's decoder, which refuses them.
        for (key, value) in fields.iter().filter(|(key, _)| !matches!(key.as_str(), "room_id" | "type")) {
            action.push_str(&format!(",{}:{value}", serde_json::Value::from(key.as_str())));
        }
        action.push('}');
        Ok(Command::Act {
            room: checked_name(room, limits)?,
            id: self.id(limits)?,
            action: Cow::Owned(action),
            own: Some(kind.to_owned()),
            events: false,
        })
    }

    fn room(&self, limits: &Limits) -> Result<Cow<'a, str>, Code> {
        let room = match self.room {
            Some(room) => string(room)?,
            None => Cow::Owned(self.payload::<InRoom>()?.room_id),
        };
        checked_name(room, limits)
    }

    fn id(&self, limits: &Limits) -> Result<Option<Cow<'a, str>>, Code> {
        let id = self.id.map(string).transpose()?;
        match id {
            Some(id) if id.trim().is_empty() || id.len() > limits.id_bytes => Err(Code::InvalidMessage),
            id => Ok(id),
        }
    }

    /// Whether an action's events are to come with its answer.
    fn events(&self) -> Result<bool, Code> {
        self.events.map_or(Ok(false), |events| serde_json::from_str(events.get()).map_err(|_| Code::InvalidMessage))
    }

    fn payload<T: DeserializeOwned>(&self) -> Result<T, Code> {
        serde_json::from_str(self.payload.map_or("{}", |payload| payload.get())).map_err(|_| Code::InvalidMessage)
    }
}

/// An object's fields as they were written: in order, doubles and all.
pub(crate) struct Fields(pub(crate) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct InRoom {
    room_id: String,
}

#[derive(Deserialize)]
struct OpenPayload {
    kind: String,
    room_id: Option<String>,
    config: Option<Box<RawValue>>,
    #[serde(default)]
    bots: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct OnTopic {
    topic: Option<String>,
}

#[derive(Deserialize)]
struct HistoryPayload {
    before: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct BatchPayload {
    #[serde(default)]
    atomic: bool,
    actions: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct ListPayload {
    kind: Option<String>,
    #[serde(default)]
    mine: bool,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct FindPayload {
    kind: String,
    config: Option<Box<RawValue>>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct JoinPayload {
    room_id: Option<String>,
    #[serde(rename = "as")]
    wanted: Option<String>,
    seat: Option<Seat>,
    nonce: Option<String>,
    after: Option<String>,
    #[serde(default = "yes")]
    open: bool,
    #[serde(default = "yes")]
    patches: bool,
}

fn yes() -> bool {
    true
}

/// Reads `{"1": "random"}`: a bot's name by its seat.
pub fn read_bots(bots: BTreeMap<String, String>) -> Result<Vec<(Seat, String)>, Code> {
    let read = |(seat, bot): (String, String)| seat.parse().map(|seat| (Seat(seat), bot)).map_err(|_| Code::NoSuchSeat);
    bots.into_iter().map(read).collect()
}

/// A configuration as it was written; none is `{}`.
fn config<'a>(config: Option<Box<RawValue>>) -> Result<Cow<'a, str>, Code> {
    let config = config.map_or(Cow::Borrowed("{}"), |config| Cow::Owned(config.get().to_owned()));
    if config.starts_with('{') { Ok(config) } else { Err(Code::InvalidConfig) }
}

/// A room's name, if it is one.
pub fn checked_name<'a>(name: Cow<'a, str>, limits: &Limits) -> Result<Cow<'a, str>, Code> {
    let is_name_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let is_name = !name.is_empty() && name.len() <= limits.room_name_bytes && name.bytes().all(is_name_byte);
    if is_name { Ok(name) } else { Err(Code::InvalidName) }
}

fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

/// A JSON string's text, borrowed where it holds no escapes.
fn string(raw: &RawValue) -> Result<Cow<'_, str>, Code> {
    let text = raw.get();
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or(Code::InvalidMessage)?;
    if inner.contains('\\') {
        serde_json::from_str(text).map(Cow::Owned).map_err(|_| Code::InvalidMessage)
    } else {
        Ok(Cow::Borrowed(inner))
    }
}
