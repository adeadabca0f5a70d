//! From a client's message to the native request that it means.

use super::names::{ALIASES, AMBIGUOUS, AMBIGUOUS_TEXT, MESSAGES, ROOM};
use super::{Chat, Mode, Move, Out, Pending};
use crate::code::{Code, Kind};
use crate::dialect::envelope::Envelope;
use crate::dialect::native::Fields;
use crate::dialect::native_out::Failure;
use crate::limits::{CHAT_PENDING, CHAT_TYPE_BYTES};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

impl Chat {
    pub(super) fn hear_message(&mut self, text: &str, out: &mut Vec<Out>) {
        let most = self.ref_bytes;
        let fits = |reference: &String| reference.len() <= most;
        match Envelope::read(text) {
            Err(reference) => self.refuse(reference.filter(fits), Code::InvalidMessage.into(), out),
            // Unlike natively, `null` is no `ref`.
            Ok(message) => match message.reference.filter(|raw| raw.get() != "null").map(string) {
                None => self.ask_natively(&message, None, out),
                Some(Some(reference)) if fits(&reference) => self.ask_natively(&message, Some(reference), out),
                Some(_) => self.refuse(None, Code::InvalidMessage.into(), out),
            },
        }
    }

    /// Into the room that the path names.
    pub(super) fn join_by_path(&mut self, room: &str, out: &mut Vec<Out>) {
        let request = serde_json::json!({"type": "join_room", "payload": {(ROOM): room}}).to_string();
        self.hear_message(&request, out);
    }

    fn ask_natively(&mut self, message: &Envelope<'_>, reference: Option<String>, out: &mut Vec<Out>) {
        if self.pending.len() >= CHAT_PENDING {
            return self.refuse(reference, Failure::limited(Code::TooManyWaiting, 1000), out);
        }
        let said = message.kind.and_then(string);
        let alias = ALIASES.iter().find(|(other, _)| said.as_deref() == Some(other)).map(|(_, own)| (*own).to_owned());
        let kind = alias.or(said);
        let known = MESSAGES.iter().find(|(name, _)| kind.as_deref() == Some(name)).map(|(_, fields)| *fields);
        let fields: Option<Fields> = message.payload.map_or(Some(Fields(Vec::new())), |raw| serde_json::from_str(raw.get()).ok());
        let mut room = message.room.map(|room| room.get().to_owned());
        let mut payload = message.payload.map(|payload| payload.get().to_owned());
        // What is no payload is refused below.
        if let (Some(known), Some(Fields(fields))) = (known, &fields) {
            let named = fields.iter().find(|(name, value)| name == ROOM && value.get() != "null");
            // What the payload says is what a client of this dialect means, whatever stands beside it.
            room = named.map(|(_, value)| value.get().to_owned()).or(room);
            if room.is_none() {
                match self.only_room() {
                    Ok(only) => room = Some(quoted(&only)),
                    Err(failure) => return self.refuse(reference, failure, out),
                }
            }
            payload = Some(object(fields.iter().filter(|(name, _)| known.contains(&name.as_str()))));
        }

        self.asked += 1;
        let number = self.asked;
        self.moves.extend(kind.as_deref().and_then(|kind| going(kind, message, fields.as_ref())).map(|going| (number, going)));
        let kind_text = kind.as_deref().map(quoted).or_else(|| message.kind.map(|kind| kind.get().to_owned()));
        let id = message.id.map(|id| id.get().to_owned()).or_else(|| reference.as_deref().map(|text| quoted(&self.id_of(text))));
        let parts = [
            ("v", message.v.map(|v| self.version(v))),
            ("type", kind_text),
            ("ref", Some(quoted(&number.to_string()))),
            ("id", id),
            ("room", room),
            ("events", message.events.map(|events| events.get().to_owned())),
            ("payload", payload),
        ];
        let parts = parts.into_iter().filter_map(|(name, value)| value.map(|value| format!("\"{name}\":{value}")));
        out.push(Out::Ask(format!("{{{}}}", parts.collect::<Vec<_>>().join(","))));
        let is_type_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        let kind = kind.filter(|kind| kind.len() <= CHAT_TYPE_BYTES && kind.bytes().all(is_type_byte));
        self.pending.insert(number, Pending { reference, kind });
    }

    /// The one room in which somebody is who does not say in which.
    fn only_room(&self) -> Result<String, Failure> {
        let rooms = self.is_in();
        let mut names = rooms.iter();
        match (names.next(), names.next()) {
            (None, _) => Err(Code::NotInRoom.into()),
            (Some(only), None) => Ok((*only).to_owned()),
            (Some(_), Some(_)) => Err(Failure {
                kind: Kind::Invalid,
                code: AMBIGUOUS.to_owned(),
                message: AMBIGUOUS_TEXT.to_owned(),
                details: None,
                retry: false,
                retry_after_ms: None,
                action: None,
            }),
        }
    }

    /// In compat a version may be a whole number in quotes.
    fn version(&self, v: &RawValue) -> String {
        let quoted = (self.mode == Mode::Compat).then(|| string(v)).flatten();
        let number = quoted.and_then(|text| text.trim().parse::<i64>().ok());
        number.map_or_else(|| v.get().to_owned(), |number| number.to_string())
    }

    /// What makes a message that has only a `ref` count once, on this connection.
    fn id_of(&self, reference: &str) -> String {
        let digest = Sha256::new().chain_update(self.luck).chain_update(reference).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Where a request leads, if it is done.
fn going(kind: &str, message: &Envelope<'_>, fields: Option<&Fields>) -> Option<Move> {
    let named = fields.and_then(|Fields(fields)| fields.iter().find(|(name, _)| name == ROOM));
    let inside = || named.and_then(|(_, value)| string(value));
    let outside = || message.room.and_then(string);
    match kind {
        "join_room" => inside().or_else(outside).map(Move::Into),
        "leave_room" | "unsubscribe" => outside().or_else(inside).map(Move::OutOf),
        _ => None,
    }
}

fn object<'a>(fields: impl Iterator<Item = &'a (String, Box<RawValue>)>) -> String {
    let fields: Vec<String> = fields.map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", fields.join(","))
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}
