//! `bytes -> framing`: one Engine.IO packet, as it stands in a WebSocket message or between the separators of a polled payload.

use crate::framing::base64;
use crate::framing::websocket::{Opcode, write_header};
use std::borrow::Cow;

/// Stands between the packets of a payload.
pub const SEPARATOR: char = '\x1e';

/// One packet. What a packet may carry by the protocol but never does (after a close, a noop) is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The server's greeting, JSON.
    Open(Cow<'a, str>),
    /// The session ends.
    Close,
    /// Is anybody there? With `probe`, whether a new way works.
    Ping(Cow<'a, str>),
    /// The answer to a ping, with what that carried.
    Pong(Cow<'a, str>),
    /// What the layer above says, as text.
    Text(Cow<'a, str>),
    /// What the layer above says, as bytes.
    Binary(Cow<'a, [u8]>),
    /// From now on everything goes this way.
    Upgrade,
    /// Nothing: it only ends a poll.
    Noop,
}

/// What is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Junk;

impl<'a> Packet<'a> {
    /// Reads a packet that came as text.
    pub fn read(text: &'a str) -> Result<Self, Junk> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(Junk)?;
        let data = rest.as_str();
        Ok(match kind {
            '0' => Self::Open(Cow::Borrowed(data)),
            '1' => Self::Close,
            '2' => Self::Ping(Cow::Borrowed(data)),
            '3' => Self::Pong(Cow::Borrowed(data)),
            '4' => Self::Text(Cow::Borrowed(data)),
            '5' => Self::Upgrade,
            '6' => Self::Noop,
            'b' => Self::Binary(Cow::Owned(base64::decode(data).ok_or(Junk)?)),
            _ => return Err(Junk),
        })
    }

    /// Reads the first packet of a payload, and answers what comes after it, if anything does.
    pub fn read_first(payload: &'a str) -> (Result<Self, Junk>, Option<&'a str>) {
        match payload.split_once(SEPARATOR) {
            Some((first, rest)) => (Self::read(first), Some(rest)),
            None => (Self::read(payload), None),
        }
    }

    /// Appends it to a payload.
    pub fn write_polled(&self, payload: &mut Vec<u8>) {
        match self {
            Self::Binary(bytes) => {
                separate(payload);
                payload.push(b'b');
                base64::encode(bytes, payload);
            }
            text => {
                let (kind, data) = text.parts();
                write_text_polled(payload, kind, data);
            }
        }
    }

    /// Appends it as a WebSocket message.
    pub fn write_frame(&self, out: &mut Vec<u8>) {
        match self {
            Self::Binary(bytes) => {
                write_header(out, Opcode::Binary, bytes.len());
                out.extend_from_slice(bytes);
            }
            text => {
                let (kind, data) = text.parts();
                write_text_frame(out, kind, data);
            }
        }
    }

    /// The same, of its own.
    pub fn into_owned(self) -> Packet<'static> {
        let text = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Packet::Open(data) => Packet::Open(text(data)),
            Packet::Close => Packet::Close,
            Packet::Ping(data) => Packet::Ping(text(data)),
            Packet::Pong(data) => Packet::Pong(text(data)),
            Packet::Text(data) => Packet::Text(text(data)),
            Packet::Binary(data) => Packet::Binary(Cow::Owned(data.into_owned())),
            Packet::Upgrade => Packet::Upgrade,
            Packet::Noop => Packet::Noop,
        }
    }

    fn parts(&self) -> (u8, &[u8]) {
        match self {
            Self::Open(data) => (b'0', data.as_bytes()),
            Self::Close => (b'1', b""),
            Self::Ping(data) => (b'2', data.as_bytes()),
            Self::Pong(data) => (b'3', data.as_bytes()),
            Self::Text(data) => (b'4', data.as_bytes()),
            Self::Upgrade => (b'5', b""),
            Self::Noop => (b'6', b""),
            Self::Binary(data) => (b'b', data),
        }
    }
}

/// The packet of what the layer above says, as it begins.
pub(super) const MESSAGE: u8 = b'4';

/// Appends a packet whose data, which is UTF-8, is at hand as bytes.
pub(super) fn write_text_frame(out: &mut Vec<u8>, kind: u8, data: &[u8]) {
    out.reserve(11 + data.len());
    write_header(out, Opcode::Text, 1 + data.len());
    out.push(kind);
    out.extend_from_slice(data);
}

/// Appends a packet whose data, which is UTF-8, is at hand as bytes, to a payload.
pub(super) fn write_text_polled(payload: &mut Vec<u8>, kind: u8, data: &[u8]) {
    separate(payload);
    payload.push(kind);
    payload.extend_from_slice(data);
}

fn separate(payload: &mut Vec<u8>) {
    if !payload.is_empty() {
        payload.push(SEPARATOR as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packets() -> impl Strategy<Value = Packet<'static>> {
        // The separator is no JSON, so no message has it in it.
        let text = || "[^\x1e]{0,12}".prop_map(Cow::Owned);
        prop_oneof![
            text().prop_map(Packet::Open),
            Just(Packet::Close),
            text().prop_map(Packet::Ping),
            text().prop_map(Packet::Pong),
            text().prop_map(Packet::Text),
            any::<Vec<u8>>().prop_map(|bytes| Packet::Binary(Cow::Owned(bytes))),
            Just(Packet::Upgrade),
            Just(Packet::Noop),
        ]
    }

    fn read_all(payload: &str) -> Vec<Result<Packet<'_>, Junk>> {
        let (mut read, mut rest) = (Vec::new(), Some(payload));
        while let Some(payload) = rest {
            let (packet, after) = Packet::read_first(payload);
            read.push(packet);
            rest = after;
        }
        read
    }

    #[test]
    fn packets_are_written_as_the_protocol_shows_them() {
        let mut payload = Vec::new();
        for packet in [
            Packet::Text("hello".into()),
            Packet::Ping("".into()),
            Packet::Text("€".into()),
            Packet::Binary(vec![1, 2, 3, 4].into()),
        ] {
            packet.write_polled(&mut payload);
        }
        assert_eq!(payload, "4hello\x1e2\x1e4€\x1ebAQIDBA==".as_bytes());
        let mut frames = Vec::new();
        Packet::Pong("probe".into()).write_frame(&mut frames);
        Packet::Binary(vec![1, 2].into()).write_frame(&mut frames);
        assert_eq!(frames, b"\x81\x063probe\x82\x02\x01\x02");
    }

    #[test]
    fn what_is_no_packet_is_junk() {
        for text in ["", "7", "abc", "b!", "-1", "é", " 4"] {
            assert_eq!(Packet::read(text), Err(Junk), "{text}");
        }
        assert_eq!(read_all("4a\x1e"), [Ok(Packet::Text("a".into())), Err(Junk)]);
        assert_eq!(Packet::read("1 bye"), Ok(Packet::Close));
    }

    proptest! {
        #[test]
        fn a_payload_is_read_as_it_was_written(all in prop::collection::vec(packets(), 1..8)) {
            let mut payload = Vec::new();
            all.iter().for_each(|packet| packet.write_polled(&mut payload));
            let payload = String::from_utf8(payload).expect("text");
            prop_assert_eq!(read_all(&payload), all.into_iter().map(Ok).collect::<Vec<_>>());
        }

        #[test]
        fn no_payload_is_too_odd(payload: String) {
            read_all(&payload);
        }
    }
}
