//! "bytes -> framing": what comes on a connection is cut into messages, as far as any may be looked at now; what may not waits.

use super::Shard;
use super::requests::Asking;
use crate::framing::websocket::{self, Fault, Message};
use crate::io::{ConnId, Now, Output};
use crate::session::{Phase, Session};
use std::ops::ControlFlow;

impl Shard {
    pub(super) fn bytes(&mut self, socket: ConnId, mut bytes: &mut [u8], now: Now) {
        let (stash_limit, debt_limit) = (self.settings.limits.message_bytes, self.settings.limits.output_bytes);
        loop {
            // By what it says it may become another session.
            let conn = self.wires.session(socket);
            let Some(session) = self.session(conn) else { return };
            session.heard_ms = now.mono_ms;
            session.pinged = false;
            match session.phase {
                Phase::Closing => return,
                Phase::Verifying if session.stash.len() + bytes.len() > stash_limit => {
                    return self.hang_up(conn, 1008, "too much before the token was looked at");
                }
                Phase::Verifying => return session.stash.extend_from_slice(bytes),
                // It is held as well; but what is only tried out may not be kept at any length meanwhile.
                Phase::Anonymous | Phase::Live
                    if session.is_paused && session.is_tried_out() && session.stash.len() + bytes.len() > stash_limit =>
                {
                    return self.cannot_read(conn, Fault::TooBig);
                }
                Phase::Anonymous | Phase::Live if session.is_paused => return session.stash.extend_from_slice(bytes),
                Phase::Anonymous | Phase::Live if session.debt() > debt_limit => {
                    session.is_paused = true;
                    session.stash.extend_from_slice(bytes);
                    return self.outputs.push_back(Output::Pause(conn));
                }
                Phase::Anonymous | Phase::Live => {}
            }
            let Some(mut decoder) = session.decoder.take() else { return };
            let fed = decoder.feed(bytes, &mut |message| self.message(conn, message, now));
            let conn = self.wires.session(socket);
            if let Some(session) = self.session(conn) {
                let begun = decoder.begun();
                session.decoder = Some(decoder);
                if session.wire.as_mut().is_some_and(|wire| wire.has_begun(begun, now)) {
                    self.set_wire_timer(conn);
                }
            }
            match fed {
                Ok(taken) if taken < bytes.len() => bytes = bytes.split_at_mut(taken).1,
                Ok(_) => return,
                Err(fault) => return self.cannot_read(conn, fault),
            }
        }
    }

    /// It has read what it was owed: what it sent meanwhile is taken up again.
    pub(super) fn flushed(&mut self, conn: ConnId, now: Now) {
        let debt_limit = self.settings.limits.output_bytes;
        if self.session(conn).is_none_or(|session| !session.is_paused) || !self.catch_up(conn, now) {
            return;
        }
        let Some(session) = self.session(conn).filter(|session| session.debt() <= debt_limit) else { return };
        session.is_paused = false;
        let conn = self.take_up_stash(conn, now);
        if self.session(conn).is_some_and(|session| !session.is_paused) {
            self.outputs.push_back(Output::Resume(conn));
        }
        self.take_posted(conn, now);
    }

    /// What waited is looked at. By what it says it may become another session: that one.
    pub(super) fn take_up_stash(&mut self, conn: ConnId, now: Now) -> ConnId {
        let socket = self.wires.socket(conn);
        let mut stash = self.session(conn).map(|session| std::mem::take(&mut session.stash)).unwrap_or_default();
        if !stash.is_empty() {
            self.bytes(socket, &mut stash, now);
        }
        self.wires.session(socket)
    }

    fn message(&mut self, conn: ConnId, message: Message<'_>, now: Now) -> ControlFlow<()> {
        self.counts.frames[0] += 1;
        let is_wired = self.session(conn).is_some_and(|session| session.wire.is_some());
        match message {
            message if is_wired => self.hear_wire(conn, message, now),
            Message::Text(text) => self.request(conn, Asking { text, ..Asking::default() }, now),
            Message::Binary(_) => self.binary(conn, now),
            Message::Ping(payload) => {
                if self.is_heeded(conn, now)
                    && let Some(session) = self.session(conn)
                {
                    websocket::write_pong(&mut session.out, payload);
                    self.writable.push(conn);
                }
            }
            Message::Pong(_) => {
                self.is_heeded(conn, now);
            }
            Message::Close(code, _) => self.hang_up(conn, code.unwrap_or(1005), ""),
        }
        if self.takes_more(conn) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Whether the next message of it is looked at now.
    pub(super) fn takes_more(&mut self, conn: ConnId) -> bool {
        let debt_limit = self.settings.limits.output_bytes;
        let takes = |session: &mut Session| {
            matches!(session.phase, Phase::Anonymous | Phase::Live) && !session.is_paused && session.debt() <= debt_limit
        };
        self.session(conn).is_some_and(takes)
    }
}
