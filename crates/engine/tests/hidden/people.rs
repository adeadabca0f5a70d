//! The people around a room, the frames they send (masked) and the frames they get: every byte of them is kept.

use crate::reference;
use parlour_engine::framing::websocket::{self, Opcode};
use parlour_engine::io::{ConnId, Identity, Role};
use parlour_room::{Seat, Viewer};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// A connection's place at the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Sits on seat 0.
    Ada,
    /// Sits on seat 1.
    Bob,
    /// Ada again, on a second connection.
    AdaToo,
    /// Watches.
    Sam,
    /// Never gets in.
    Eve,
}

impl Person {
    pub const ALL: [Person; 5] = [Person::Ada, Person::Bob, Person::AdaToo, Person::Sam, Person::Eve];

    pub fn user(self) -> &'static str {
        match self {
            Person::Ada | Person::AdaToo => "ada",
            Person::Bob => "bob",
            Person::Sam => "sam",
            Person::Eve => "eve",
        }
    }

    /// Through whose eyes they may look at most.
    pub fn viewer(self) -> Viewer {
        match self {
            Person::Ada | Person::AdaToo => Viewer::Seat(Seat(0)),
            Person::Bob => Viewer::Seat(Seat(1)),
            Person::Sam | Person::Eve => Viewer::Spectator,
        }
    }

    pub fn identity(self) -> Identity {
        Identity::lasting(self.user(), Role::Player)
    }
}

/// What came to one person, over however many connections.
#[derive(Default)]
pub struct Line {
    pub conn: Option<ConnId>,
    pub bytes: Vec<u8>,
    /// Where in `bytes` the text of each message is.
    texts: Vec<Range<usize>>,
    /// Every position that was named, as it was named.
    pub positions: Vec<String>,
    /// The view as this person has it, and its number: the last whole one with every patch since.
    view: (u64, Value),
    /// What the view was after each message that patched it.
    patched: BTreeMap<usize, Value>,
}

impl Line {
    /// Takes what the server wrote: whole frames, unmasked. Whoever looks is shown the view after each message that changes it.
    pub fn receive(&mut self, bytes: &[u8], shows: &mut dyn FnMut(&Value)) {
        let mut from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        while from < self.bytes.len() {
            let (opcode, text) = frame(&self.bytes, from);
            from = text.end;
            if opcode == Opcode::Text as u8 {
                let said = std::str::from_utf8(&self.bytes[text.clone()]).expect("JSON is text");
                if let Some((_, at)) = said.split_once("\"at\":\"") {
                    self.positions.push(at.split('"').next().unwrap_or_default().to_owned());
                }
                if said.starts_with("{\"v\":1,\"type\":\"view\"") {
                    let mut view: Value = serde_json::from_str(said).expect("JSON");
                    self.view = (view["p"].as_u64().expect("a number"), view["payload"].take());
                    shows(&self.view.1);
                } else if said.starts_with("{\"v\":1,\"type\":\"patch\"") {
                    let patch: Value = serde_json::from_str(said).expect("JSON");
                    assert_eq!(patch["p"], self.view.0 + 1, "after {}: {said}", self.view.0);
                    let ops = patch["payload"]["ops"].as_array().expect("operations");
                    reference::apply(&mut self.view.1, ops).unwrap_or_else(|why| panic!("{why} in {said}"));
                    self.view.0 += 1;
                    shows(&self.view.1);
                    self.patched.insert(self.texts.len(), self.view.1.clone());
                }
                self.texts.push(text);
            }
        }
    }

    /// The view as this person has it, if they were shown one on this connection.
    pub fn view(&self) -> Option<&Value> {
        (self.view.0 > 0).then_some(&self.view.1)
    }

    /// A new connection, on which nothing was shown yet.
    pub fn begin(&mut self, conn: ConnId) {
        (self.conn, self.view) = (Some(conn), Default::default());
    }

    /// The messages after so many, each patch as the view that it made.
    pub fn as_views(&self, after: usize) -> impl Iterator<Item = Cow<'_, str>> {
        self.texts(after).enumerate().map(move |(at, text)| match self.patched.get(&(after + at)) {
            Some(view) => Cow::Owned(format!("{{\"v\":1,\"type\":\"view\",\"payload\":{view}}}")),
            None => Cow::Borrowed(text),
        })
    }

    /// How many messages came.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// The messages after so many.
    pub fn texts(&self, after: usize) -> impl DoubleEndedIterator<Item = &str> {
        self.texts[after..].iter().map(|text| std::str::from_utf8(&self.bytes[text.clone()]).expect("looked at it"))
    }
}

/// The opcode and the payload of the frame that begins there.
fn frame(bytes: &[u8], from: usize) -> (u8, Range<usize>) {
    let (first, short) = (bytes[from], bytes[from + 1]);
    assert!(first & 0x80 != 0 && short & 0x80 == 0, "a server's frames are whole and not masked");
    let (header, length) = match short {
        126 => (4, usize::from(u16::from_be_bytes([bytes[from + 2], bytes[from + 3]]))),
        127 => panic!("nothing here is as long as that"),
        short => (2, usize::from(short)),
    };
    (first & 0x0f, from + header..from + header + length)
}

/// A text message as a client sends it.
pub fn masked(text: &str, key: [u8; 4]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(text.len() + 14);
    websocket::write_header(&mut frame, Opcode::Text, text.len());
    frame[1] |= 0x80;
    frame.extend_from_slice(&key);
    frame.extend(text.bytes().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
