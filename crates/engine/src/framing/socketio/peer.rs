//! `bytes -> framing`: which namespaces a client has joined, and what it may therefore say.

use super::{Assembled, Decoder, Fault, Packet};
use crate::io::Now;
use crate::limits::NAMESPACES;
use std::collections::BTreeMap;

/// One client.
#[derive(Debug)]
pub struct Peer {
    decoder: Decoder,
    namespaces: BTreeMap<Box<str>, Stage>,
    /// Until when it has to have joined something, in monotonic time; nothing once it has.
    join_by_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Asked,
    Joined,
    /// We ended it: what was said before the client heard of that still comes.
    Left,
}

impl Peer {
    /// A client that has to join something within this time, and whose packets have no more bytes than this.
    pub fn new(max_bytes: usize, join_ms: u64, now: Now) -> Self {
        let join_by_ms = Some(now.mono_ms.saturating_add(join_ms));
        Self { decoder: Decoder::new(max_bytes), namespaces: BTreeMap::new(), join_by_ms }
    }

    /// Takes a text; answers what it says, if that is something.
    pub fn text<'a>(&mut self, text: &'a str) -> Result<Option<Packet<'a>>, Fault> {
        match self.decoder.text(text)? {
            Some(packet) => Ok(self.may(&packet)?.then_some(packet)),
            None => Ok(None),
        }
    }

    /// Takes bytes; answers what they complete, if they do and it says something.
    pub fn binary(&mut self, bytes: &[u8]) -> Result<Option<Assembled>, Fault> {
        match self.decoder.binary(bytes)? {
            Some(assembled) => Ok(self.may(&assembled.packet())?.then_some(assembled)),
            None => Ok(None),
        }
    }

    /// It may join this namespace, for which it asked. Whether it still wants to.
    pub fn accept(&mut self, namespace: &str) -> bool {
        match self.namespaces.get_mut(namespace) {
            Some(stage) if *stage == Stage::Asked => {
                *stage = Stage::Joined;
                self.join_by_ms = None;
                true
            }
            _ => false,
        }
    }

    /// It may not. Whether it still wants to.
    pub fn refuse(&mut self, namespace: &str) -> bool {
        let still_asks = self.namespaces.get(namespace) == Some(&Stage::Asked);
        if still_asks {
            self.namespaces.remove(namespace);
        }
        still_asks
    }

    /// We end its part in this namespace. Whether it had one.
    pub fn leave(&mut self, namespace: &str) -> bool {
        match self.namespaces.get_mut(namespace) {
            Some(stage) => std::mem::replace(stage, Stage::Left) == Stage::Joined,
            None => false,
        }
    }

    /// Whether it is told what happens there.
    pub fn has_joined(&self, namespace: &str) -> bool {
        self.namespaces.get(namespace) == Some(&Stage::Joined)
    }

    /// When to close its connection, in monotonic time, unless it has joined something by then.
    pub fn deadline(&self) -> Option<u64> {
        self.join_by_ms
    }

    /// Whether this is to be heeded.
    fn may(&mut self, packet: &Packet<'_>) -> Result<bool, Fault> {
        let stage = self.namespaces.get(packet.namespace()).copied();
        match (packet, stage) {
            (Packet::ConnectError { .. }, _) => Err(Fault::NotForClients),
            (Packet::Connect { .. }, Some(Stage::Asked | Stage::Joined)) => Err(Fault::JoinedTwice),
            (Packet::Connect { namespace, .. }, None | Some(Stage::Left)) => {
                if stage.is_none() && self.namespaces.len() >= NAMESPACES {
                    return Err(Fault::TooManyNamespaces);
                }
                self.namespaces.insert((*namespace).into(), Stage::Asked);
                Ok(true)
            }
            (Packet::Disconnect { namespace }, Some(Stage::Joined)) => {
                self.namespaces.remove(*namespace);
                Ok(true)
            }
            (Packet::Event { .. } | Packet::Ack { .. }, Some(Stage::Joined)) => Ok(true),
            (_, Some(Stage::Left)) => Ok(false),
            (_, None | Some(Stage::Asked)) => Err(Fault::NotJoined),
        }
    }
}
