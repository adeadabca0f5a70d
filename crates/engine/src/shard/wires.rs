//! Connections that do not speak the native protocol: "framing -> WIRE -> session" and back. What their clients and dialects want
//! is asked here as a client of the native protocol would ask it.
//!
//! One that polls has no socket: what is for it waits in its Engine.IO session. Where a socket takes such a session over, it is
//! `Probes` that brings it, and from then on that socket's input is the session's, and the session's output the socket's.

use super::requests::Asking;
use super::{Shard, dialects};
use crate::code::Code;
use crate::forward::ShardId;
use crate::framing::engineio::{self, Answer, Refusal};
use crate::framing::framed::Framing;
use crate::framing::websocket::{self, Fault, Message};
use crate::io::{CallId, ConnId, Now, Output, Polled, Reply};
use crate::session::{Phase, Session};
use crate::wire::{Dialects, SocketIo, Wire, Wish};
use std::collections::{BTreeMap, BTreeSet};

/// Which socket is whose, and what is to be done for them later.
#[derive(Debug)]
pub(super) struct Wires {
    /// Sessions of Engine.IO by their ids.
    sids: BTreeMap<Box<str>, ConnId>,
    /// Whose input comes on a socket, where that is not its own.
    sessions: BTreeMap<ConnId, ConnId>,
    /// On which socket it is, or being tried, where that is not its own.
    sockets: BTreeMap<ConnId, ConnId>,
    /// When to look after each, in monotonic time.
    timers: BTreeSet<(u64, ConnId)>,
    /// What dialects wanted when they were told something.
    wishes: Vec<(ConnId, Wish)>,
    /// What dialects wanted remembered for who comes from an address.
    pub(super) memory: dialects::Memory,
    /// Sessions that this shard has given a name to.
    named: u64,
}

/// Sessions named by a shard: the loop that drives it names none of this bit.
const NAMED_HERE: u64 = 1 << 47;

impl Wires {
    pub(super) fn new(shard: ShardId) -> Self {
        Self {
            sids: BTreeMap::new(),
            sessions: BTreeMap::new(),
            sockets: BTreeMap::new(),
            timers: BTreeSet::new(),
            wishes: Vec::new(),
            memory: dialects::Memory::default(),
            named: u64::from(shard.0) << 48 | NAMED_HERE,
        }
    }

    /// Whose input comes on this socket.
    pub(super) fn session(&self, socket: ConnId) -> ConnId {
        self.sessions.get(&socket).copied().unwrap_or(socket)
    }

    /// The socket it is on, or is being tried on.
    pub(super) fn socket(&self, session: ConnId) -> ConnId {
        self.sockets.get(&session).copied().unwrap_or(session)
    }

    /// The output with the socket in it that is its session's; nothing for one that has none.
    pub(super) fn addressed(&self, output: Output) -> Option<Output> {
        if self.sockets.is_empty() {
            return Some(output);
        }
        Some(match output {
            Output::Write { conn, bytes } => Output::Write { conn: self.socket(conn), bytes },
            Output::Pause(conn) => Output::Pause(self.socket(conn)),
            Output::Resume(conn) => Output::Resume(self.socket(conn)),
            Output::Close(conn) => Output::Close(self.socket(conn)),
            other => other,
        })
    }

    pub(super) fn due_ms(&self) -> Option<u64> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Whether dialects want something.
    pub(super) fn wish(&self) -> bool {
        !self.wishes.is_empty()
    }

    /// A session is gone: what it had on it.
    pub(super) fn forget(&mut self, session: &Session) {
        if let Some(socket) = self.sockets.remove(&session.conn) {
            self.sessions.remove(&socket);
        }
        let Some(wire) = &session.wire else { return };
        if let Some(timer) = wire.timer {
            self.timers.remove(&(timer, session.conn));
        }
        if let Some(link) = wire.as_socketio() {
            self.sids.remove(link.sid());
        }
    }

    pub(super) fn name(&mut self) -> ConnId {
        self.named += 1;
        ConnId(self.named)
    }
}

impl Shard {
    /// It speaks Socket.IO over a WebSocket.
    pub(super) fn begin_socketio(&mut self, conn: ConnId, token: Option<String>, now: Now) {
        let sid = self.new_sid(conn);
        let mut out = Vec::new();
        let engine = engineio::Session::websocket(sid, SocketIo::terms(&self.settings.limits), now, &mut out);
        self.give_wire(conn, engine, token, out, now);
        self.writable.push(conn);
    }

    /// A request of Engine.IO.
    pub(super) fn polled(&mut self, from: CallId, polled: Polled, now: Now) {
        let (sid, is_to_answer) = match &polled {
            Polled::Opens { .. } => ("", true),
            Polled::Asks { sid } | Polled::Begins { sid, .. } => (sid.as_str(), true),
            Polled::Says { sid, .. } | Polled::Gone { sid } => (sid.as_str(), false),
        };
        let conn = self.wires.sids.get(sid).copied();
        if let Some(session) = conn.and_then(|conn| self.session(conn)) {
            session.heard_ms = now.mono_ms;
        }
        let engine = conn.and_then(|conn| self.engine(conn));
        match (polled, conn, engine) {
            (Polled::Opens { conn, address, entropy, token }, ..) => {
                self.opened(conn, address, entropy, now);
                let (engine, answer) =
                    engineio::Session::polling(self.new_sid(conn), SocketIo::terms(&self.settings.limits), now);
                self.answer_poll(from, answer);
                self.give_wire(conn, engine, token, Vec::new(), now);
            }
            (Polled::Asks { .. }, Some(conn), Some(engine)) => {
                engine.poll(from, now);
                self.has_polled(conn, now);
            }
            (Polled::Begins { content_type, .. }, Some(conn), Some(engine)) => {
                engine.post_begins(from, content_type.as_deref());
                self.look_after_wire(conn);
            }
            (Polled::Says { body, .. }, Some(conn), Some(engine)) => {
                match body {
                    Some(body) => engine.post(from, body),
                    None => engine.post_too_big(from),
                }
                self.take_posted(conn, now);
            }
            (Polled::Gone { .. }, Some(conn), Some(engine)) => {
                engine.gone(from);
                self.look_after_wire(conn);
            }
            _ if is_to_answer => self.answer_poll(from, Answer::refused(Refusal::UnknownSession)),
            _ => {}
        }
    }

    /// A socket that is to take a session over.
    pub(super) fn probes(&mut self, socket: ConnId, sid: &str, now: Now) {
        let max = self.settings.limits.message_bytes;
        let conn = self.wires.sids.get(sid).copied();
        match conn.filter(|conn| self.engine(*conn).is_some_and(|engine| engine.probe_opens(now))) {
            Some(conn) => {
                self.wires.sessions.insert(socket, conn);
                self.wires.sockets.insert(conn, socket);
                if let Some(session) = self.session(conn) {
                    session.decoder = Some(Framing::websocket(max));
                    if session.is_paused {
                        self.outputs.push_back(Output::Pause(conn));
                    }
                }
                self.look_after_wire(conn);
            }
            None => self.close_socket(socket),
        }
    }

    /// A socket is gone: with its session, unless it only tried to take that over.
    pub(super) fn socket_closed(&mut self, socket: ConnId, now: Now) {
        let conn = self.wires.session(socket);
        if self.session(conn).is_some_and(|session| session.wire.as_ref().is_some_and(|wire| wire.is_polling())) {
            if let Some(engine) = self.engine(conn) {
                engine.probe_gone();
            }
            self.lose_socket(conn);
            return self.has_polled(conn, now);
        }
        self.closed(conn);
    }

    /// What came on a socket breaks the rules of WebSocket.
    pub(super) fn cannot_read(&mut self, conn: ConnId, fault: Fault) {
        match self.session(conn).and_then(|session| session.wire.as_mut()).filter(|wire| wire.is_polling()) {
            Some(wire) => {
                wire.probe_fails();
                self.look_after_wire(conn);
            }
            None => self.hang_up(conn, fault.close_code(), fault.reason()),
        }
    }

    /// A message came on its socket.
    pub(super) fn hear_wire(&mut self, conn: ConnId, message: Message<'_>, now: Now) {
        let is_control = matches!(message, Message::Ping(_) | Message::Pong(_) | Message::Close(..));
        let is_netstring =
            self.session(conn).is_some_and(|session| session.wire.as_ref().is_some_and(|wire| wire.is_netstring()));
        let is_control = is_control && !is_netstring;
        // Whoever goes may go, however much they have asked for before.
        let is_close = matches!(message, Message::Close(..));
        if is_control && !is_close && !self.is_heeded(conn, now) {
            return;
        }
        let Some(wire) = self.session(conn).and_then(|session| session.wire.as_mut()) else { return };
        let wishes = wire.hear(message, now);
        if !is_control {
            self.charge_for(conn, &wishes, now);
        }
        self.grant(conn, wishes, now);
    }

    /// What asks for nothing that is charged by itself costs as much as a control frame.
    fn charge_for(&mut self, conn: ConnId, wishes: &[Wish], now: Now) {
        if !wishes.iter().any(|wish| matches!(wish, Wish::Ask(_) | Wish::Junk | Wish::BeKnown(_) | Wish::BeNamed(_))) {
            self.is_heeded(conn, now);
        }
    }

    /// What was posted is looked at, as far as that may be.
    pub(super) fn take_posted(&mut self, conn: ConnId, now: Now) {
        while self.takes_more(conn) {
            let wire = self.session(conn).and_then(|session| session.wire.as_mut());
            let Some(wishes) = wire.and_then(|wire| wire.take_posted(now)) else { break };
            self.counts.frames[0] += 1;
            self.charge_for(conn, &wishes, now);
            self.grant(conn, wishes, now);
        }
        if self.session(conn).is_some_and(|session| session.phase == Phase::Closing)
            && let Some(engine) = self.engine(conn)
        {
            // Nobody heeds it any more, but its request is answered.
            while engine.take(now).is_some() {}
        }
        self.look_after_wire(conn);
    }

    /// What it is told in this turn goes out in its own words.
    pub(super) fn write_wire(&mut self, conn: ConnId) {
        let (now, limit) = (self.now, self.settings.limits.output_bytes);
        let Some(session) = self.session(conn) else { return };
        let frames = std::mem::take(&mut session.out);
        let Some(wire) = session.wire.as_mut() else { return };
        let wishes = wire.tell(&frames, now);
        let is_over = wire.end(now);
        if let Some((to, reply)) = wire.take_reply() {
            self.grant(conn, wishes, now);
            return self.reply_and_end(conn, to, reply);
        }
        let bytes = wire.take_out();
        let (is_polling, unsent) = (wire.is_polling(), wire.unsent());
        self.wires.wishes.extend(wishes.into_iter().map(|wish| (conn, wish)));
        if !bytes.is_empty() {
            self.counts.bytes[1] += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.outputs.push_back(Output::Write { conn, bytes });
        }
        if is_over {
            self.outputs.push_back(Output::Close(conn));
        }
        if is_polling && unsent > limit {
            self.is_behind(conn);
        }
        // Where nothing was written for all that it was owed, nobody will say that it was read.
        if !is_polling && self.session(conn).is_some_and(|session| session.is_paused && !session.is_behind && session.debt() == 0)
        {
            self.flushed(conn, now);
        }
        self.take_posted(conn, now);
    }

    /// What dialects wanted when they were told something.
    pub(super) fn grant_wishes(&mut self) {
        for (conn, wish) in std::mem::take(&mut self.wires.wishes) {
            self.grant(conn, vec![wish], self.now);
        }
    }

    pub(super) fn look_after_wires(&mut self, now: Now) {
        while let Some((at, conn)) = self.wires.timers.first().copied().filter(|(at, _)| *at <= now.mono_ms) {
            self.wires.timers.remove(&(at, conn));
            let Some(wire) = self.session(conn).and_then(|session| session.wire.as_mut()) else { continue };
            wire.timer = None;
            let wishes = wire.time(now);
            self.grant(conn, wishes, now);
        }
    }

    /// It is somebody from here on.
    pub(super) fn is_known_on_wire(&mut self, conn: ConnId) {
        let Some(session) = self.session(conn).filter(|session| session.wire.is_some()) else { return };
        // Its clients know the session by the name that Socket.IO gives it, and so does whoever looks for them.
        let name = format!("{}{}", session.number(), session.number());
        if let Some(wire) = &mut session.wire {
            wire.is_known(&name);
            session.id = name;
            self.writable.push(conn);
        }
    }

    /// It is not: whether it was told so in a way that lets it bring another token.
    pub(super) fn is_refused_on_wire(&mut self, conn: ConnId, code: Code) -> bool {
        let Some(session) = self.session(conn) else { return false };
        let is_told = session.wire.as_mut().is_some_and(|wire| wire.is_refused(code));
        if is_told {
            session.phase = Phase::Anonymous;
            self.writable.push(conn);
        }
        is_told
    }

    /// Looking at a token costs what a request does: whoever is refused may bring another.
    fn verify_if_affordable(&mut self, conn: ConnId, token: String, now: Now) {
        match self.charge(conn, 1, now) {
            Ok(()) => self.verify(conn, token),
            Err(refused) => {
                self.is_refused_on_wire(conn, refused.code);
                self.is_junk(conn, now);
            }
        }
    }

    pub(super) fn grant(&mut self, conn: ConnId, wishes: Vec<Wish>, now: Now) {
        if self.writable.last() != Some(&conn) {
            self.writable.push(conn);
        }
        for wish in wishes {
            match wish {
                Wish::Ask(text) => self.request(conn, Asking { text: &text, ..Asking::default() }, now),
                Wish::BeKnown(token) => self.verify_if_affordable(conn, token, now),
                Wish::BeNamed(name) => self.be_named(conn, name, now),
                Wish::Remember(what) => self.remember(conn, what),
                Wish::Junk => self.is_junk(conn, now),
                Wish::BeNobody => self.be_nobody(conn, now),
                Wish::End(code, reason) => self.hang_up(conn, code, reason),
            }
        }
        self.look_after_wire(conn);
    }

    /// It has left the namespace, and may join it again, as the same user or another: that is another session, so that nothing
    /// which is still on its way to this one reaches it.
    fn be_nobody(&mut self, conn: ConnId, now: Now) {
        let max = self.settings.limits.message_bytes;
        let Some(session) = self.session(conn) else { return };
        let (luck, wire_luck, stash) = (session.luck(), session.luck(), std::mem::take(&mut session.stash));
        let Some(wire) = session.wire.take() else { return };
        let mut purse = std::mem::take(&mut session.purse);
        self.limiter.forget_user(&mut purse);
        let sid = wire.as_socketio().map(|link| link.sid().into());
        if let Some(timer) = wire.timer {
            self.wires.timers.remove(&(timer, conn));
        }
        let socket = (!wire.is_polling()).then(|| self.wires.sockets.get(&conn).copied().unwrap_or(conn));
        self.closed(conn);

        let name = self.wires.name();
        self.opened(name, None, luck, now);
        if let Some(session) = self.session(name) {
            session.purse = purse;
            session.wire = Some(Box::new(wire.anew(wire_luck)));
            session.decoder = Some(Framing::websocket(max));
            session.stash = stash;
        }
        if let Some(socket) = socket {
            self.wires.sessions.insert(socket, name);
            self.wires.sockets.insert(name, socket);
        }
        if let Some(sid) = sid {
            self.wires.sids.insert(sid, name);
        }
        self.writable.push(name);
        self.take_posted(name, now);
    }

    fn give_wire(&mut self, conn: ConnId, engine: engineio::Session, token: Option<String>, out: Vec<u8>, now: Now) {
        let (settings, dialects, sid) = (self.settings.clone(), self.dialects(), engine.sid().into());
        let counted = engine.is_polling().then_some(conn);
        let Some(session) = self.session(conn) else { return };
        let (luck, link) = (session.luck(), SocketIo::new(engine, token, counted, &settings.limits, now));
        session.wire = Some(Box::new(Wire::socketio(link, out, dialects, luck)));
        self.wires.sids.insert(sid, conn);
        self.look_after_wire(conn);
    }

    /// Its client has polled: it may have read all that it was owed.
    fn has_polled(&mut self, conn: ConnId, now: Now) {
        self.look_after_wire(conn);
        if self.session(conn).is_some_and(|session| session.is_paused && session.queued() == 0) {
            self.flushed(conn, now);
        }
        self.take_posted(conn, now);
    }

    /// Does what its line wants done, after anything happened to it.
    pub(super) fn look_after_wire(&mut self, conn: ConnId) {
        loop {
            let Some(wire) = self.session(conn).and_then(|session| session.wire.as_mut()) else { return };
            match wire.next_output() {
                Some(engineio::Output::Answer(call, answer)) => self.answer_poll(call, answer),
                Some(engineio::Output::WriteProbe(bytes)) => {
                    if let Some(socket) = self.wires.sockets.get(&conn).copied() {
                        self.outputs.push_back(Output::Write { conn: socket, bytes });
                    }
                }
                Some(engineio::Output::CloseProbe) => {
                    if let Some(socket) = self.lose_socket(conn) {
                        self.close_socket(socket);
                    }
                }
                Some(engineio::Output::Upgraded) => {
                    if let Some(counted) = wire.as_socketio_mut().and_then(SocketIo::release) {
                        self.outputs.push_back(Output::Released(counted));
                    }
                    self.writable.push(conn);
                }
                None => break,
            }
        }
        self.set_wire_timer(conn);
        let Some(wire) = self.session(conn).and_then(|session| session.wire.as_mut()) else { return };
        match wire.is_over() {
            true if wire.is_polling() => {
                let counted = wire.as_socketio_mut().and_then(SocketIo::release);
                self.outputs.extend(counted.map(Output::Released));
                self.closed(conn);
            }
            true => self.hang_up(conn, 1000, ""),
            false => {}
        }
    }

    pub(super) fn set_wire_timer(&mut self, conn: ConnId) {
        let Some(wire) = self.places.get(&conn).and_then(|place| self.sessions[*place].as_mut()?.wire.as_mut()) else { return };
        let deadline = wire.deadline();
        if wire.timer == deadline {
            return;
        }
        if let Some(before) = std::mem::replace(&mut wire.timer, deadline) {
            self.wires.timers.remove(&(before, conn));
        }
        self.wires.timers.extend(deadline.map(|at| (at, conn)));
    }

    fn lose_socket(&mut self, conn: ConnId) -> Option<ConnId> {
        let socket = self.wires.sockets.remove(&conn)?;
        self.wires.sessions.remove(&socket);
        if let Some(session) = self.session(conn) {
            session.stash.clear();
        }
        Some(socket)
    }

    fn close_socket(&mut self, socket: ConnId) {
        let mut bytes = Vec::new();
        // Without a code, as the protocol's own server does it.
        websocket::write_close(&mut bytes, 1005, "");
        self.outputs.push_back(Output::Write { conn: socket, bytes });
        self.outputs.push_back(Output::Close(socket));
    }

    fn answer_poll(&mut self, to: CallId, answer: Answer) {
        self.outputs.push_back(Output::Reply { to, reply: Reply::Polled(answer) });
    }

    fn engine(&mut self, conn: ConnId) -> Option<&mut engineio::Session> {
        self.session(conn)?.wire.as_mut()?.as_socketio_mut().map(SocketIo::engine)
    }

    pub(super) fn dialects(&self) -> Dialects {
        let limits = &self.settings.limits;
        Dialects {
            mode: self.settings.mode,
            games_per_user: limits.games_per_user,
            aniworld_ping_ms: limits.aniworld_ping_ms,
            rest_ms: limits.rest_ms,
            ref_bytes: limits.ref_bytes,
            netstring_ms: limits.netstring_ms,
        }
    }

    /// Nobody can guess it, and it says which shard to ask.
    fn new_sid(&mut self, conn: ConnId) -> String {
        let shard = self.settings.place.shard;
        self.session(conn).map_or_else(String::new, |session| format!("{:x}.{}{}", shard.0, session.number(), session.number()))
    }
}
