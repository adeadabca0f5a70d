//! `bytes -> framing -> dialect.decode` and `dialect.encode -> framing`, for clients that do not speak the native protocol: what
//! stands between a connection and its session.
//!
//! Inside the shard such a connection is one like any other: its dialect asks what a client of the native protocol would ask, and
//! is told what such a client would be told, when it would be told. So whatever the server promises holds through every dialect.

mod socketio;

use crate::code::Code;
pub use crate::dialect::mantimon::Mode;
use crate::dialect::mantimon::{Heard, Mantimon, Out};
use crate::framing::engineio::{Output, Terms};
use crate::framing::websocket::{self, Message};
use crate::io::Now;
use crate::limits::Limits;
pub(crate) use socketio::SocketIo;

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaks {
    /// The native protocol, over a WebSocket.
    #[default]
    Native,
    /// The dialect `mantimon`, over a WebSocket.
    Mantimon,
    /// The dialect `mantimon`, over Socket.IO, which begins on a WebSocket.
    SocketIo,
}

/// How dialects are spoken here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialects {
    pub(crate) mode: Mode,
    /// How many unfinished games one user may have in `mantimon`.
    pub(crate) games_per_user: usize,
}

/// What the client, or its dialect, wants of the shard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A request of the native protocol.
    Ask(String),
    /// To be looked at by this token.
    BeKnown(String),
    /// Nothing: it said what is no message, and was told so.
    Junk,
    /// To be nobody again, on the same connection.
    BeNobody,
    /// The connection is to end.
    End(u16, &'static str),
}

/// One connection's.
pub(crate) struct Wire {
    link: Link,
    dialect: Mantimon,
    dialects: Dialects,
    /// What the socket is to be written.
    out: Vec<u8>,
    /// How it is to end, once what was told before was passed on.
    end: Option<(u16, String)>,
    /// When the shard looks after it.
    pub(crate) timer: Option<u64>,
}

#[derive(Debug)]
enum Link {
    WebSocket,
    SocketIo(Box<SocketIo>),
}

impl Wire {
    /// On a WebSocket.
    pub(crate) fn plain(dialects: Dialects, luck: [u8; 32]) -> Self {
        Self::new(Link::WebSocket, dialects, luck, Vec::new())
    }

    /// On Socket.IO; `out` is what it began with.
    pub(crate) fn socketio(link: SocketIo, out: Vec<u8>, dialects: Dialects, luck: [u8; 32]) -> Self {
        Self::new(Link::SocketIo(Box::new(link)), dialects, luck, out)
    }

    fn new(link: Link, dialects: Dialects, luck: [u8; 32], out: Vec<u8>) -> Self {
        let dialect = Mantimon::new(dialects.mode, dialects.games_per_user, luck);
        Self { link, dialect, dialects, out, end: None, timer: None }
    }

    /// The same for whoever comes next on it.
    pub(crate) fn anew(self, luck: [u8; 32]) -> Self {
        Self { timer: None, ..Self::new(self.link, self.dialects, luck, self.out) }
    }

    /// Takes a message that came on the connection's WebSocket. The answer to a control frame is its caller's.
    pub(crate) fn hear(&mut self, message: Message<'_>, now: Now) -> Vec<Wish> {
        let mut wishes = Vec::new();
        match (&mut self.link, message) {
            // As long as the session polls, this is a socket that wants to take it over.
            (Link::SocketIo(link), Message::Close(..)) if link.is_polling() => link.engine().probe_fails(),
            (Link::SocketIo(link), message) if link.is_polling() => link.engine().probe_hears(message, now, &mut self.out),
            (_, Message::Ping(payload)) => websocket::write_pong(&mut self.out, payload),
            (_, Message::Pong(_)) => {}
            (_, Message::Close(code, _)) => wishes.push(Wish::End(code.unwrap_or(1005), "")),
            (Link::WebSocket, Message::Text(text)) => self.heard(Heard { event: None, text, ack: None }, now, &mut wishes),
            (Link::WebSocket, Message::Binary(_)) => self.heard(Heard { event: None, text: "", ack: None }, now, &mut wishes),
            (Link::SocketIo(_), message) => self.hear_socketio(message, now, &mut wishes),
        }
        wishes
    }

    /// What comes on the socket that wants to take its session over is no WebSocket.
    pub(crate) fn probe_fails(&mut self) {
        if let Link::SocketIo(link) = &mut self.link {
            link.engine().probe_fails();
        }
    }

    /// The native frames that the shard has for it.
    pub(crate) fn tell(&mut self, frames: &[u8], now: Now) -> Vec<Wish> {
        let (mut outs, mut wishes) = (Vec::new(), Vec::new());
        self.dialect.turn(websocket::own_texts(frames), now, &mut outs);
        self.carry(outs, &mut wishes);
        wishes
    }

    /// Asks whether anybody is there, where the shard does that.
    pub(crate) fn ping(&mut self) {
        websocket::write_ping(&mut self.out, b"");
    }

    /// Its token was good. `name` is what Socket.IO calls the connection.
    pub(crate) fn is_known(&mut self, name: &str) {
        if let Link::SocketIo(link) = &mut self.link {
            link.accept(name, &mut self.out);
        }
    }

    /// Its token was not: whether it was told so, and may bring another.
    pub(crate) fn is_refused(&mut self, code: Code) -> bool {
        match &mut self.link {
            Link::WebSocket => false,
            Link::SocketIo(link) => {
                link.refuse(code, &mut self.out);
                true
            }
        }
    }

    /// It is to end with this, once it was told what it is to be told before.
    pub(crate) fn end_with(&mut self, code: u16, reason: &str) {
        self.end.get_or_insert_with(|| (code, reason.to_owned()));
    }

    /// Ends it, if it is to end. Whether its socket is to be closed now.
    pub(crate) fn end(&mut self, now: Now) -> bool {
        let Some((code, reason)) = self.end.take() else { return false };
        if let Link::SocketIo(link) = &mut self.link {
            link.close(code, now, &mut self.out);
            if link.is_polling() {
                return false;
            }
        }
        websocket::write_close(&mut self.out, code, &reason);
        true
    }

    /// What the socket is to be written now. A client that polls has it with its next poll.
    pub(crate) fn take_out(&mut self) -> Vec<u8> {
        if let Link::SocketIo(link) = &mut self.link {
            link.flush();
        }
        std::mem::take(&mut self.out)
    }

    /// How much waits here.
    pub(crate) fn unsent(&self) -> usize {
        self.out.len() + self.as_socketio().map_or(0, SocketIo::unsent)
    }

    /// Whether it has no socket of its own: its client polls.
    pub(crate) fn is_polling(&self) -> bool {
        self.as_socketio().is_some_and(SocketIo::is_polling)
    }

    /// Whether its client is pinged, and has to say who it is, by rules of its own.
    pub(crate) fn keeps_time(&self) -> bool {
        self.as_socketio().is_some()
    }

    /// When to call [`Wire::time`], in monotonic time.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.as_socketio().and_then(SocketIo::deadline)
    }

    /// Does what is due by now.
    pub(crate) fn time(&mut self, now: Now) -> Option<Wish> {
        match &mut self.link {
            Link::WebSocket => None,
            Link::SocketIo(link) => link.time(now, &mut self.out),
        }
    }

    /// Whether the client or the line has ended it.
    pub(crate) fn is_over(&self) -> bool {
        self.as_socketio().is_some_and(SocketIo::is_over)
    }

    /// The next thing to do about its requests and its second socket.
    pub(crate) fn next_output(&mut self) -> Option<Output> {
        self.as_socketio_mut().and_then(SocketIo::next_output)
    }

    pub(crate) fn as_socketio(&self) -> Option<&SocketIo> {
        match &self.link {
            Link::WebSocket => None,
            Link::SocketIo(link) => Some(link),
        }
    }

    pub(crate) fn as_socketio_mut(&mut self) -> Option<&mut SocketIo> {
        match &mut self.link {
            Link::WebSocket => None,
            Link::SocketIo(link) => Some(link),
        }
    }

    /// The next message of a body that was posted.
    pub(crate) fn take_posted(&mut self, now: Now) -> Option<Vec<Wish>> {
        let mut wishes = Vec::new();
        let message = self.as_socketio_mut()?.take_posted(now)?;
        self.spoken(message, now, &mut wishes);
        Some(wishes)
    }

    fn heard(&mut self, heard: Heard<'_>, now: Now, wishes: &mut Vec<Wish>) {
        let mut outs = Vec::new();
        self.dialect.hear(heard, now, &mut outs);
        if !outs.iter().any(|out| matches!(out, Out::Ask(_))) {
            wishes.push(Wish::Junk);
        }
        self.carry(outs, wishes);
    }

    /// Passes on what the dialect says.
    fn carry(&mut self, outs: Vec<Out>, wishes: &mut Vec<Wish>) {
        for out in outs {
            match (out, &mut self.link) {
                (Out::Ask(request), _) => wishes.push(Wish::Ask(request)),
                (Out::Say { body, .. }, Link::WebSocket) => websocket::write_text(&mut self.out, body.as_bytes()),
                (Out::Say { event, body }, Link::SocketIo(link)) => link.say(event, &body, &mut self.out),
                // Nobody asks for one here.
                (Out::Ack { .. }, Link::WebSocket) => {}
                (Out::Ack { ack, body }, Link::SocketIo(link)) => link.ack(ack, &body, &mut self.out),
            }
        }
    }
}

impl SocketIo {
    /// What a session is told when it begins, and what it is held to.
    pub(crate) fn terms(limits: &Limits) -> Terms {
        Terms {
            ping_interval_ms: limits.engineio_ping_ms.min(limits.silence_ms / 2),
            ping_timeout_ms: limits.engineio_ping_timeout_ms,
            payload_bytes: limits.message_bytes,
            unsent_bytes: limits.output_bytes_max,
        }
    }
}
