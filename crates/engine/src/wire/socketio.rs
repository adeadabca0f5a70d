//! A connection of Socket.IO: one Engine.IO session, over whatever it comes, and the one namespace that there is on it.

use super::{Wire, Wish};
use crate::code::Code;
use crate::dialect::Heard;
use crate::framing::engineio::{self, Output};
use crate::framing::socketio::{
    Fault, Packet, Peer, write_ack, write_connect_error, write_connected, write_disconnect, write_event,
};
use crate::framing::websocket::Message;
use crate::io::{ConnId, Now};
use crate::limits::Limits;
use serde_json::Value;
use serde_json::value::RawValue;

/// The namespace of the dialect `mantimon`.
pub(crate) const NAMESPACE: &str = "/game";
/// What its clients read where they are not let in.
const NOT_LET_IN: &str = "authentication_failed";
/// Close codes after which a client is not to come back by itself, and is told so in the words of Socket.IO.
const FOR_GOOD: [u16; 2] = [1000, 1008];

/// One client.
#[derive(Debug)]
pub(crate) struct SocketIo {
    engine: engineio::Session,
    peer: Peer,
    /// The token that came with its first request.
    token: Option<String>,
    /// What it is counted as while it has no socket.
    counted: Option<ConnId>,
    /// It has joined nothing in time, and was told.
    is_late: bool,
    /// The packet that is being written.
    packet: Vec<u8>,
}

impl SocketIo {
    /// `counted`: what a client that polls is counted as.
    pub(crate) fn new(
        engine: engineio::Session,
        token: Option<String>,
        counted: Option<ConnId>,
        limits: &Limits,
        now: Now,
    ) -> Self {
        let peer = Peer::new(limits.message_bytes, limits.socketio_join_ms, now);
        Self { engine, peer, token, counted, is_late: false, packet: Vec::new() }
    }

    /// It has a socket, or is over: what it was counted as, if it still was.
    pub(crate) fn release(&mut self) -> Option<ConnId> {
        self.counted.take()
    }

    pub(crate) fn engine(&mut self) -> &mut engineio::Session {
        &mut self.engine
    }

    pub(crate) fn sid(&self) -> &str {
        self.engine.sid()
    }

    pub(super) fn is_polling(&self) -> bool {
        self.engine.is_polling()
    }

    pub(super) fn unsent(&self) -> usize {
        self.engine.unsent()
    }

    pub(super) fn is_over(&self) -> bool {
        self.engine.end().is_some()
    }

    pub(super) fn next_output(&mut self) -> Option<Output> {
        self.engine.next_output()
    }

    pub(super) fn flush(&mut self) {
        self.engine.flush();
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        [self.engine.deadline(), self.joins_by()].into_iter().flatten().min()
    }

    pub(super) fn time(&mut self, now: Now, out: &mut Vec<u8>) -> Option<Wish> {
        self.engine.time(now, out);
        if self.joins_by().is_none_or(|at| at > now.mono_ms) {
            return None;
        }
        self.is_late = true;
        Some(Wish::End(1008, "nothing was joined in time"))
    }

    fn joins_by(&self) -> Option<u64> {
        self.peer.deadline().filter(|_| !self.is_late && !self.is_over())
    }

    pub(super) fn take_posted(&mut self, now: Now) -> Option<engineio::Message<'static>> {
        self.engine.take(now)
    }

    pub(super) fn accept(&mut self, name: &str, out: &mut Vec<u8>) {
        if self.peer.accept(NAMESPACE) {
            self.write(out, |packet| write_connected(packet, NAMESPACE, name));
        }
    }

    /// Clients look for the reason in `data.code`; what a server cannot judge at present is no fault of the token.
    pub(super) fn refuse(&mut self, code: Code, out: &mut Vec<u8>) {
        let said = if code.retry() { code.as_str() } else { NOT_LET_IN };
        if self.peer.refuse(NAMESPACE) {
            let data = serde_json::json!({"code": said, "reason": code.as_str()}).to_string();
            self.write(out, |packet| write_connect_error(packet, NAMESPACE, said, Some(&data)));
        }
    }

    pub(super) fn say(&mut self, event: &str, body: &str, out: &mut Vec<u8>) {
        if self.peer.has_joined(NAMESPACE) {
            self.write(out, |packet| write_event(packet, NAMESPACE, None, event, body.as_bytes(), 0));
        }
    }

    pub(super) fn ack(&mut self, ack: u64, body: &str, out: &mut Vec<u8>) {
        if self.peer.has_joined(NAMESPACE) {
            self.write(out, |packet| write_ack(packet, NAMESPACE, ack, body.as_bytes()));
        }
    }

    pub(super) fn close(&mut self, code: u16, now: Now, out: &mut Vec<u8>) {
        if FOR_GOOD.contains(&code) && self.peer.leave(NAMESPACE) {
            self.write(out, |packet| write_disconnect(packet, NAMESPACE));
        }
        self.engine.close(now);
    }

    fn write(&mut self, out: &mut Vec<u8>, packet: impl FnOnce(&mut Vec<u8>)) {
        self.packet.clear();
        packet(&mut self.packet);
        self.engine.send_text(&self.packet, out);
    }
}

impl Wire {
    pub(super) fn hear_socketio(&mut self, message: Message<'_>, now: Now, wishes: &mut Vec<Wish>) {
        let Some(link) = self.as_socketio_mut() else { return };
        if let Some(message) = link.engine.hear(message, now) {
            self.spoken(message, now, wishes);
        }
    }

    /// What a client says by a message of Engine.IO.
    pub(super) fn spoken(&mut self, message: engineio::Message<'_>, now: Now, wishes: &mut Vec<Wish>) {
        let Some(link) = self.as_socketio_mut() else { return };
        let assembled;
        let packet = match &message {
            engineio::Message::Text(text) => link.peer.text(text),
            engineio::Message::Binary(bytes) => match link.peer.binary(bytes) {
                Ok(Some(whole)) => {
                    assembled = whole;
                    Ok(Some(assembled.packet()))
                }
                Ok(None) => Ok(None),
                Err(fault) => Err(fault),
            },
        };
        match packet {
            Ok(Some(packet)) => self.said(&packet, now, wishes),
            Ok(None) => {}
            Err(fault) => wishes.push(Wish::End(1002, reason(fault))),
        }
    }

    fn said(&mut self, packet: &Packet<'_>, now: Now, wishes: &mut Vec<Wish>) {
        match packet {
            Packet::Connect { namespace, data } => self.asks_to_join(namespace, *data, wishes),
            Packet::Disconnect { .. } => wishes.push(Wish::BeNobody),
            Packet::Event { id, name, args, attachments, .. } => {
                // Nothing that is played is made of bytes, and what has none of its fields has its name at least.
                let text = match args.first() {
                    _ if !attachments.is_empty() => "",
                    Some(argument) => argument.get(),
                    None => "{}",
                };
                self.heard(Heard { event: Some(name), text, ack: *id }, now, wishes);
            }
            // We never ask for one; and the peer has refused what only servers say.
            Packet::Ack { .. } | Packet::ConnectError { .. } => {}
        }
    }

    fn asks_to_join(&mut self, namespace: &str, data: Option<&RawValue>, wishes: &mut Vec<Wish>) {
        let Self { link: super::Link::SocketIo(link), out, .. } = self else { return };
        if namespace != NAMESPACE {
            link.peer.refuse(namespace);
            return link.write(out, |packet| write_connect_error(packet, namespace, "Invalid namespace", None));
        }
        match token_in(data).or_else(|| link.token.clone()) {
            Some(token) => wishes.push(Wish::BeKnown(token)),
            None => link.refuse(Code::AuthenticationRequired, out),
        }
    }
}

/// The token that a client shows when it joins: in one of three places, with or without its scheme. One that cannot be read is no
/// token, but it is not nothing either.
fn token_in(data: Option<&RawValue>) -> Option<String> {
    let data: Value = serde_json::from_str(data?.get()).unwrap_or_default();
    let shown = match &data {
        Value::String(_) => &data,
        _ => ["token", "authorization"].iter().find_map(|name| data.get(name).filter(|shown| !shown.is_null()))?,
    };
    let shown = shown.as_str().unwrap_or_default().trim();
    let bare = match shown.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => shown,
    };
    Some(bare.to_owned())
}

fn reason(fault: Fault) -> &'static str {
    match fault {
        Fault::UnknownType => "no such packet",
        Fault::Namespace => "a namespace's name is too long",
        Fault::AckId => "the id of an ack is too large",
        Fault::Payload => "a packet's payload is not what its type has",
        Fault::Attachments => "attachments that cannot be",
        Fault::Interrupted => "text where an attachment was to come",
        Fault::Unannounced => "bytes that no packet announced",
        Fault::TooBig => "a packet is too long",
        Fault::JoinedTwice => "a namespace is joined twice",
        Fault::TooManyNamespaces => "too many namespaces",
        Fault::NotJoined => "a namespace that is not joined",
        Fault::NotForClients => "only a server says that",
    }
}
