//! `bytes -> framing -> dialect.decode` and `dialect.encode -> framing`, for clients that do not speak the native protocol: what
//! stands between a connection and its session.
//!
//! Inside the shard such a connection is one like any other: its dialect asks what a client of the native protocol would ask, and
//! is told what such a client would be told, when it would be told. So whatever the server promises holds through every dialect.

mod call;
mod netstring;
mod socketio;

use crate::code::Code;
use crate::dialect::aniworld::{self, Aniworld};
use crate::dialect::casys::{self, Casys};
use crate::dialect::chat::Chat;
use crate::dialect::laneya::Laneya;
use crate::dialect::mantimon::Mantimon;
use crate::dialect::{Dialect, Heard, Out};
pub use crate::dialect::{Mode, Rest};
use crate::framing::engineio::{Output, Terms};
use crate::framing::websocket::{self, Message};
use crate::io::{Address, CallId, Now, Reply};
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
    /// The dialect `casys`, over a WebSocket or by HTTP requests.
    Casys,
    /// The dialect `aniworld`, over a WebSocket or HTTP.
    Aniworld,
    /// The dialect `chat`, over a WebSocket.
    Chat,
    /// The dialect `laneya`: netstrings over TCP.
    Laneya,
}

impl Speaks {
    /// What is spoken on a WebSocket at this path, but for Socket.IO's.
    pub fn at(path: &str) -> Option<Self> {
        SOCKETS.iter().find(|(known, _)| is_at(known, path)).map(|(_, speaks)| *speaks)
    }

    /// Of which dialect an HTTP request to this path is.
    pub fn asked_at(path: &str) -> Option<Self> {
        let ours = casys::is_route(path).then_some(Speaks::Casys);
        ours.or_else(|| aniworld::is_route(path).then_some(Speaks::Aniworld))
    }

    /// Whether it is the native protocol's business to say who one is, later than by the upgrade.
    pub(crate) fn says_who(self) -> bool {
        matches!(self, Speaks::Native | Speaks::SocketIo | Speaks::Casys | Speaks::Chat | Speaks::Laneya)
    }

    /// Whether a client of it may be nobody in particular, where the mode allows that.
    pub fn may_be_nobodys(self) -> bool {
        !matches!(self, Speaks::Native | Speaks::Mantimon | Speaks::SocketIo)
    }

    /// Whether somebody without a token is a guest, where the mode is this and guests are welcome or not.
    pub fn welcomes(self, mode: Mode, guests: bool) -> bool {
        match self {
            Speaks::Native => guests,
            // Nobody there had to say who they are.
            Speaks::Aniworld | Speaks::Chat | Speaks::Laneya => guests || mode == Mode::Compat,
            // Their clients always have one.
            Speaks::Mantimon | Speaks::SocketIo => false,
            // In compat whoever brings no token is the one player of the game that they come to.
            Speaks::Casys => guests && mode == Mode::Strict,
        }
    }

    /// Whether such a guest says their name themselves, in their first message.
    pub(crate) fn names_guests(self) -> bool {
        matches!(self, Speaks::Laneya)
    }
}

/// How a connection begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) speaks: Speaks,
    /// Path and query that were asked for.
    pub(crate) target: &'a str,
    /// What a dialect wanted remembered for connections from this address.
    pub(crate) remembered: Option<&'a str>,
    /// Whether nothing says who it is: a dialect may.
    pub(crate) is_anonymous: bool,
    pub(crate) luck: [u8; 32],
}

impl Opening<'_> {
    fn dialect(self, dialects: &Dialects) -> Box<dyn Dialect> {
        match self.speaks {
            Speaks::Casys => Box::new(Casys::new(&self, dialects.mode)),
            Speaks::Chat => Box::new(Chat::new(dialects.mode, dialects.ref_bytes, self.target, self.luck)),
            // The native protocol has no wire.
            Speaks::Native | Speaks::Mantimon | Speaks::SocketIo => {
                Box::new(Mantimon::new(dialects.mode, dialects.games_per_user, self.luck))
            }
            Speaks::Aniworld => Box::new(Aniworld::new(self.target, dialects.aniworld_ping_ms)),
            Speaks::Laneya => Box::new(Laneya::new(self.luck)),
        }
    }

    /// For a dialect that has HTTP requests.
    fn call(self, request: &Rest, dialects: &Dialects) -> Box<dyn Dialect> {
        match self.speaks {
            Speaks::Casys => Box::new(casys::Call::new(&self, request, dialects.mode, dialects.rest_ms / 4 * 3)),
            Speaks::Aniworld => Box::new(aniworld::Asked::new(request)),
            Speaks::Native | Speaks::Mantimon | Speaks::SocketIo | Speaks::Chat | Speaks::Laneya => self.dialect(dialects),
        }
    }
}

/// Where which dialect is spoken over a WebSocket. `{...}` is any one part of a path.
pub const SOCKETS: &[(&str, Speaks)] = &[
    ("/v1/ws", Speaks::Native),
    ("/ws/mantimon", Speaks::Mantimon),
    ("/ws/casys", Speaks::Casys),
    ("/ws/game", Speaks::Casys),
    ("/api/ws/game", Speaks::Casys),
    ("/ws/aniworld", Speaks::Aniworld),
    ("/ws/connect", Speaks::Aniworld),
    ("/ws", Speaks::Chat),
    ("/ws/room/{room_id}", Speaks::Chat),
];

/// Where dialects answer HTTP requests, outside of `/api/`.
pub const REQUESTS: [&str; 1] = [aniworld::STATUS_PATH];

fn is_at(pattern: &str, path: &str) -> bool {
    let fits = |(part, said): (&str, &str)| part == said || (part.starts_with('{') && !said.is_empty());
    pattern.split('/').count() == path.split('/').count() && pattern.split('/').zip(path.split('/')).all(fits)
}

/// How dialects are spoken here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialects {
    pub(crate) mode: Mode,
    /// How many unfinished games one user may have in `mantimon`.
    pub(crate) games_per_user: usize,
    /// How long an HTTP request of a dialect may take.
    pub(crate) rest_ms: u64,
    /// How often a client of `aniworld` is pinged.
    pub(crate) aniworld_ping_ms: u64,
    /// The longest `ref`.
    pub(crate) ref_bytes: usize,
    /// How long a netstring may take.
    pub(crate) netstring_ms: u64,
}

/// What the client, or its dialect, wants of the shard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A request of the native protocol.
    Ask(String),
    /// To be looked at by this token.
    BeKnown(String),
    /// To be believed this name.
    BeNamed(String),
    /// Nothing: it said what is no message, and was told so.
    Junk,
    /// To be nobody again, on the same connection.
    BeNobody,
    /// That connections from the same address are given this.
    Remember(String),
    /// The connection is to end.
    End(u16, &'static str),
}

/// One connection's.
pub(crate) struct Wire {
    link: Link,
    speaks: Speaks,
    dialect: Box<dyn Dialect>,
    dialects: Dialects,
    /// What the socket is to be written.
    out: Vec<u8>,
    /// From where it came, if that is known and it may be asked.
    pub(crate) address: Option<Address>,
    /// How it is to end, once what was told before was passed on.
    end: Option<(u16, String)>,
    /// Whether it is believed the name that its client gives.
    pub(crate) believes: bool,
    /// When the shard looks after it.
    pub(crate) timer: Option<u64>,
}

#[derive(Debug)]
enum Link {
    WebSocket,
    SocketIo(Box<SocketIo>),
    Netstring(netstring::Netstring),
    /// It is one request, and what it is told is the response.
    Call(call::Call),
}

impl Wire {
    /// On a WebSocket that was opened at this target, or on a connection that is none of HTTP.
    pub(crate) fn plain(opening: Opening<'_>, dialects: Dialects) -> Self {
        let (speaks, dialect) = (opening.speaks, opening.dialect(&dialects));
        let link = match speaks {
            Speaks::Laneya => Link::Netstring(netstring::Netstring::new(dialects.netstring_ms)),
            Speaks::Native | Speaks::Mantimon | Speaks::SocketIo | Speaks::Aniworld | Speaks::Chat | Speaks::Casys => {
                Link::WebSocket
            }
        };
        Self { link, speaks, dialect, dialects, out: Vec::new(), address: None, end: None, believes: false, timer: None }
    }

    /// On Socket.IO; `out` is what it began with.
    pub(crate) fn socketio(link: SocketIo, out: Vec<u8>, dialects: Dialects, luck: [u8; 32]) -> Self {
        let opening = Opening { speaks: Speaks::SocketIo, target: "", remembered: None, is_anonymous: true, luck };
        Self { link: Link::SocketIo(Box::new(link)), out, ..Self::plain(opening, dialects) }
    }

    /// For one HTTP request, that is to be answered by then.
    pub(crate) fn call(to: CallId, by_ms: u64, opening: Opening<'_>, request: &Rest, dialects: Dialects) -> Self {
        let (speaks, dialect) = (opening.speaks, opening.call(request, &dialects));
        let link = Link::Call(call::Call::new(to, by_ms));
        Self { link, speaks, dialect, dialects, out: Vec::new(), address: None, end: None, believes: false, timer: None }
    }

    /// The same for whoever comes next on it.
    pub(crate) fn anew(self, luck: [u8; 32]) -> Self {
        let opening = Opening { speaks: self.speaks, target: "", remembered: None, is_anonymous: true, luck };
        Self { link: self.link, out: self.out, ..Self::plain(opening, self.dialects) }
    }

    /// The connection begins.
    pub(crate) fn begins(&mut self, now: Now) -> Vec<Wish> {
        let (mut outs, mut wishes) = (Vec::new(), Vec::new());
        self.dialect.begins(now, &mut outs);
        self.carry(outs, &mut wishes);
        wishes
    }

    /// Takes a message that came on the connection's WebSocket. The answer to a control frame is its caller's.
    pub(crate) fn hear(&mut self, message: Message<'_>, now: Now) -> Vec<Wish> {
        let mut wishes = Vec::new();
        match (&mut self.link, message) {
            // As long as the session polls, this is a socket that wants to take it over.
            (Link::SocketIo(link), Message::Close(..)) if link.is_polling() => link.engine().probe_fails(),
            (Link::SocketIo(link), message) if link.is_polling() => link.engine().probe_hears(message, now, &mut self.out),
            (Link::Netstring(_), Message::Close(_, why)) => self.heard(netstring::fault(why), now, &mut wishes),
            (_, Message::Ping(payload)) => websocket::write_pong(&mut self.out, payload),
            (_, Message::Pong(_)) => {}
            (_, Message::Close(code, _)) => wishes.push(Wish::End(code.unwrap_or(1005), "")),
            (Link::WebSocket | Link::Netstring(_), Message::Text(text)) => {
                self.heard(Heard { event: None, text, ack: None }, now, &mut wishes)
            }
            (Link::WebSocket | Link::Netstring(_), Message::Binary(_)) => {
                self.heard(Heard { event: None, text: "", ack: None }, now, &mut wishes);
            }
            (Link::SocketIo(_), message) => self.hear_socketio(message, now, &mut wishes),
            // It has no socket.
            (Link::Call(_), _) => {}
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
        self.dialect.turn(&mut websocket::own_texts(frames), now, &mut outs);
        self.carry(outs, &mut wishes);
        wishes
    }

    /// The journal cannot be written: what the socket is to be written of that.
    pub(crate) fn fails(&mut self, now: Now) -> Vec<u8> {
        let mut outs = Vec::new();
        self.dialect.fails(now, &mut outs);
        self.carry(outs, &mut Vec::new());
        self.take_out()
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
            Link::WebSocket | Link::Netstring(_) | Link::Call(_) => false,
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
        let code = self.dialect.close_code(code);
        match &mut self.link {
            Link::WebSocket => {}
            Link::SocketIo(link) => {
                link.close(code, now, &mut self.out);
                if link.is_polling() {
                    return false;
                }
            }
            Link::Call(call) => {
                call.give_up(code);
                return false;
            }
            // It has no word for it.
            Link::Netstring(_) => return true,
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
        !matches!(self.link, Link::WebSocket)
    }

    /// Whether it is on plain TCP, which has neither pings nor a last word.
    pub(crate) fn is_netstring(&self) -> bool {
        matches!(self.link, Link::Netstring(_))
    }

    /// Which frame has begun and is not whole, where it has to be within a time. Whether that is another than before.
    pub(crate) fn has_begun(&mut self, frame: Option<u64>, now: Now) -> bool {
        match &mut self.link {
            Link::Netstring(link) => link.has_begun(frame, now),
            Link::WebSocket | Link::SocketIo(_) | Link::Call(_) => false,
        }
    }

    /// Whether it is one HTTP request, and no connection that anybody is here by.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self.link, Link::Call(_))
    }

    /// The response to the request that it is, once, and to whom.
    pub(crate) fn take_reply(&mut self) -> Option<(CallId, Reply)> {
        match &mut self.link {
            Link::Call(call) => call.take_reply(),
            Link::WebSocket | Link::SocketIo(_) | Link::Netstring(_) => None,
        }
    }

    /// When to call [`Wire::time`], in monotonic time.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let link = match &self.link {
            Link::WebSocket => None,
            Link::SocketIo(link) => link.deadline(),
            Link::Netstring(link) => link.deadline(),
            Link::Call(call) => call.deadline(),
        };
        [link, self.dialect.deadline()].into_iter().flatten().min()
    }

    /// Does what is due by now.
    pub(crate) fn time(&mut self, now: Now) -> Vec<Wish> {
        let (mut outs, mut wishes) = (Vec::new(), Vec::new());
        if self.dialect.deadline().is_some_and(|at| at <= now.mono_ms) {
            self.dialect.time(now, &mut outs);
            self.carry(outs, &mut wishes);
        }
        if let Link::Netstring(link) = &mut self.link
            && link.is_late(now)
        {
            self.heard(netstring::fault("the frame took too long"), now, &mut wishes);
        }
        wishes.extend(match &mut self.link {
            Link::WebSocket | Link::Netstring(_) => None,
            Link::SocketIo(link) => link.time(now, &mut self.out),
            Link::Call(call) => call.time(now),
        });
        wishes
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
            Link::SocketIo(link) => Some(link),
            Link::WebSocket | Link::Netstring(_) | Link::Call(_) => None,
        }
    }

    pub(crate) fn as_socketio_mut(&mut self) -> Option<&mut SocketIo> {
        match &mut self.link {
            Link::SocketIo(link) => Some(link),
            Link::WebSocket | Link::Netstring(_) | Link::Call(_) => None,
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
        let is_sense = |out: &Out| matches!(out, Out::Ask(_) | Out::Known(_) | Out::Named(_) | Out::Heeded);
        if !outs.iter().any(is_sense) {
            wishes.push(Wish::Junk);
        }
        self.carry(outs, wishes);
    }

    /// Passes on what the dialect says.
    fn carry(&mut self, outs: Vec<Out>, wishes: &mut Vec<Wish>) {
        for out in outs {
            match (out, &mut self.link) {
                (Out::Ask(request), _) => wishes.push(Wish::Ask(request)),
                (Out::Known(token), _) => wishes.push(Wish::BeKnown(token)),
                (Out::Named(name), _) => wishes.push(Wish::BeNamed(name)),
                (Out::Remember(what), _) => wishes.push(Wish::Remember(what)),
                (Out::End(code, reason), _) => wishes.push(Wish::End(code, reason)),
                (Out::Say { body, .. }, Link::WebSocket) => websocket::write_text(&mut self.out, body.as_bytes()),
                (Out::Say { body, .. }, Link::Netstring(_)) => crate::framing::netstring::write(&mut self.out, body.as_bytes()),
                (Out::Say { event, body }, Link::SocketIo(link)) => link.say(event, &body, &mut self.out),
                (Out::Ack { ack, body }, Link::SocketIo(link)) => link.ack(ack, &body, &mut self.out),
                (Out::Reply { status, body }, Link::Call(call)) => call.reply(status, body),
                // What there is no way for here: a dialect says only what its links have.
                (Out::Heeded | Out::Ack { .. } | Out::Reply { .. } | Out::Say { .. }, _) => {}
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
