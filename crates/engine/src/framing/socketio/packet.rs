//! `bytes -> framing` and `.. <- framing`: one Socket.IO packet, as the text of one message:
//! `type [attachments "-"] [namespace ","] [id] [payload]`.

use super::{Fault, placeholder};
use crate::limits::{ATTACHMENTS, EVENT_ARGS, NAMESPACE_BYTES};
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The namespace that is meant where none is named.
pub const MAIN: &str = "/";

/// Names that clients keep for themselves: no event may have them.
const RESERVED: [&str; 6] = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// One packet.
///
/// What is bytes in an argument stands there as `{"_placeholder":true,"num":n}`, and in `attachments` at place `n`: every
/// placeholder of a packet that was read has its attachment.
#[derive(Clone, Debug)]
pub enum Packet<'a> {
    /// Asks to join a namespace; or says, with the client's id in it, that it was joined.
    Connect {
        /// The namespace.
        namespace: &'a str,
        /// Of a client: what it shows to be let in, an object or a string.
        data: Option<&'a RawValue>,
    },
    /// Leaves a namespace.
    Disconnect {
        /// The namespace.
        namespace: &'a str,
    },
    /// Something happened, or is to be done.
    Event {
        /// The namespace.
        namespace: &'a str,
        /// Asks for an ack of this id.
        id: Option<u64>,
        /// What; nothing, if the client left the whole payload out.
        name: Cow<'a, str>,
        /// The arguments after the name.
        args: Vec<&'a RawValue>,
        /// Its bytes.
        attachments: &'a [Vec<u8>],
    },
    /// The answer to an event.
    Ack {
        /// The namespace.
        namespace: &'a str,
        /// Of which id.
        id: Option<u64>,
        /// The arguments.
        args: Vec<&'a RawValue>,
        /// Its bytes.
        attachments: &'a [Vec<u8>],
    },
    /// Says that a namespace cannot be joined.
    ConnectError {
        /// The namespace.
        namespace: &'a str,
        /// Why.
        data: Option<&'a RawValue>,
    },
}

impl<'a> Packet<'a> {
    /// Reads a packet, and answers how many attachments come after it. Their bytes are put in when they are there.
    pub(super) fn read(text: &'a str) -> Result<(Self, usize), Fault> {
        let kind = *text.as_bytes().first().ok_or(Fault::UnknownType)?;
        if !matches!(kind, b'0'..=b'6') {
            return Err(Fault::UnknownType);
        }
        let (expected, rest) = if matches!(kind, b'5' | b'6') { read_attachments(&text[1..])? } else { (0, &text[1..]) };
        let (namespace, rest) = read_namespace(rest)?;
        let (id, payload) = read_id(rest)?;
        let attachments: &[Vec<u8>] = &[];
        let packet = match kind {
            b'0' => Self::Connect { namespace, data: read_data(payload)? },
            b'1' if payload.is_empty() => Self::Disconnect { namespace },
            b'2' | b'5' => {
                let (name, args) = read_event(payload)?;
                Self::Event { namespace, id, name, args, attachments }
            }
            b'3' | b'6' => Self::Ack { namespace, id, args: read_list(payload)?, attachments },
            b'4' => Self::ConnectError { namespace, data: read_data(payload)? },
            _ => return Err(Fault::Payload),
        };
        if expected > 0 {
            placeholder::check(payload, expected)?;
        }
        Ok((packet, expected))
    }

    /// The same, with its attachments.
    pub(super) fn with(mut self, bytes: &'a [Vec<u8>]) -> Self {
        if let Self::Event { attachments, .. } | Self::Ack { attachments, .. } = &mut self {
            *attachments = bytes;
        }
        self
    }

    /// The namespace it is for.
    pub fn namespace(&self) -> &'a str {
        match self {
            Self::Connect { namespace, .. }
            | Self::Disconnect { namespace }
            | Self::Event { namespace, .. }
            | Self::Ack { namespace, .. }
            | Self::ConnectError { namespace, .. } => namespace,
        }
    }

    /// Appends its text. Its attachments are sent after it, each as a binary message.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Connect { namespace, data } => write(out, b'0', namespace, None, data.map_or("", |data| data.get()).as_bytes()),
            Self::Disconnect { namespace } => write_disconnect(out, namespace),
            Self::Event { namespace, id, name, args, attachments } => {
                let args = joined(args);
                write_event(out, namespace, *id, name, args.as_bytes(), attachments.len());
            }
            Self::Ack { namespace, id, args, attachments } => {
                let args = joined(args);
                write_listed(out, (b'3', b'6'), namespace, *id, attachments.len(), |out| out.extend_from_slice(args.as_bytes()));
            }
            Self::ConnectError { namespace, data } => {
                write(out, b'4', namespace, None, data.map_or("", |data| data.get()).as_bytes());
            }
        }
    }
}

/// Says that a namespace was joined, and by which id.
pub fn write_connected(out: &mut Vec<u8>, namespace: &str, sid: &str) {
    write(out, b'0', namespace, None, format!(r#"{{"sid":{}}}"#, serde_json::Value::from(sid)).as_bytes());
}

/// Says that a namespace cannot be joined, and why; `data`, JSON, is for programs.
pub fn write_connect_error(out: &mut Vec<u8>, namespace: &str, message: &str, data: Option<&str>) {
    let message = serde_json::Value::from(message);
    let data = data.map_or(String::new(), |data| format!(r#","data":{data}"#));
    write(out, b'4', namespace, None, format!(r#"{{"message":{message}{data}}}"#).as_bytes());
}

/// Says that a namespace is left.
pub fn write_disconnect(out: &mut Vec<u8>, namespace: &str) {
    write(out, b'1', namespace, None, b"");
}

/// Appends an event whose arguments, JSON with commas between them, are at hand. Its attachments are sent after it.
pub fn write_event(out: &mut Vec<u8>, namespace: &str, id: Option<u64>, name: &str, args: &[u8], attachments: usize) {
    write_listed(out, (b'2', b'5'), namespace, id, attachments, |out| {
        out.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
        if !args.is_empty() {
            out.push(b',');
            out.extend_from_slice(args);
        }
    });
}

/// Appends the ack of this id, whose arguments, JSON with commas between them, are at hand.
pub fn write_ack(out: &mut Vec<u8>, namespace: &str, id: u64, args: &[u8]) {
    write_listed(out, (b'3', b'6'), namespace, Some(id), 0, |out| out.extend_from_slice(args));
}

fn write_listed(
    out: &mut Vec<u8>,
    (plain, binary): (u8, u8),
    namespace: &str,
    id: Option<u64>,
    attachments: usize,
    items: impl FnOnce(&mut Vec<u8>),
) {
    out.push(if attachments == 0 { plain } else { binary });
    if attachments > 0 {
        out.extend_from_slice(format!("{attachments}-").as_bytes());
    }
    write_address(out, namespace, id);
    out.push(b'[');
    items(out);
    out.push(b']');
}

fn write(out: &mut Vec<u8>, kind: u8, namespace: &str, id: Option<u64>, payload: &[u8]) {
    out.push(kind);
    write_address(out, namespace, id);
    out.extend_from_slice(payload);
}

fn write_address(out: &mut Vec<u8>, namespace: &str, id: Option<u64>) {
    if namespace != MAIN {
        out.extend_from_slice(namespace.as_bytes());
        out.push(b',');
    }
    if let Some(id) = id {
        out.extend_from_slice(id.to_string().as_bytes());
    }
}

fn joined(args: &[&RawValue]) -> String {
    args.iter().map(|arg| arg.get()).collect::<Vec<_>>().join(",")
}

fn read_attachments(text: &str) -> Result<(usize, &str), Fault> {
    let (count, rest) = text.split_once('-').ok_or(Fault::Attachments)?;
    let is_number = !count.is_empty() && count.len() <= 4 && count.bytes().all(|b| b.is_ascii_digit());
    match count.parse() {
        Ok(count) if is_number && (1..=ATTACHMENTS).contains(&count) => Ok((count, rest)),
        _ => Err(Fault::Attachments),
    }
}

fn read_namespace(text: &str) -> Result<(&str, &str), Fault> {
    if !text.starts_with('/') {
        return Ok((MAIN, text));
    }
    let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
    if namespace.len() > NAMESPACE_BYTES { Err(Fault::Namespace) } else { Ok((namespace, rest)) }
}

fn read_id(text: &str) -> Result<(Option<u64>, &str), Fault> {
    let (digits, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    if digits.is_empty() {
        return Ok((None, rest));
    }
    digits.parse().map(|id| (Some(id), rest)).map_err(|_| Fault::AckId)
}

fn read_data(payload: &str) -> Result<Option<&RawValue>, Fault> {
    if payload.is_empty() {
        return Ok(None);
    }
    let data: &RawValue = serde_json::from_str(payload).map_err(|_| Fault::Payload)?;
    if data.get().starts_with(['{', '"']) { Ok(Some(data)) } else { Err(Fault::Payload) }
}

fn read_event(payload: &str) -> Result<(Cow<'_, str>, Vec<&RawValue>), Fault> {
    if payload.is_empty() {
        return Ok((Cow::Borrowed(""), Vec::new()));
    }
    let mut args = read_list(payload)?;
    if args.is_empty() {
        return Err(Fault::Payload);
    }
    let name = args.remove(0).get();
    let name = match name.as_bytes().first() {
        Some(b'"') => read_string(name)?,
        // Numbers name events too, for those who like them short.
        Some(b'0'..=b'9' | b'-') => Cow::Borrowed(name),
        _ => return Err(Fault::Payload),
    };
    if RESERVED.contains(&&*name) { Err(Fault::Payload) } else { Ok((name, args)) }
}

fn read_string(text: &str) -> Result<Cow<'_, str>, Fault> {
    match text.get(1..text.len() - 1) {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        _ => serde_json::from_str(text).map(Cow::Owned).map_err(|_| Fault::Payload),
    }
}

fn read_list(payload: &str) -> Result<Vec<&RawValue>, Fault> {
    if payload.is_empty() {
        return Ok(Vec::new());
    }
    let mut json = serde_json::Deserializer::from_str(payload);
    let list = json.deserialize_seq(List).map_err(|_| Fault::Payload)?;
    json.end().map_err(|_| Fault::Payload)?;
    Ok(list)
}

/// A list of not too many things.
struct List;

impl<'de> Visitor<'de> for List {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            // With the name there is one more.
            if items.len() > EVENT_ARGS {
                return Err(A::Error::custom("too many"));
            }
            items.push(item);
        }
        Ok(items)
    }
}
