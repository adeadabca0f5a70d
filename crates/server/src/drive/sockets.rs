//! The loop's sockets: "bytes -> framing" on the way in, "write each connection once" on the way out.

use super::{Drive, FIRST_CONN};
use crate::addresses::{Full, Ticket};
use crate::auth::entropy;
use crate::bell::Knock;
use crate::conn::{Conn, ReadEnd, Stage};
use crate::door::HandedOver;
use crate::head::{self, Head, Way};
use crate::meters::Meters;
use crate::voice::tell;
use mio::net::TcpStream;
use mio::{Interest, Token};
use parlour_engine::forward::ShardId;
use parlour_engine::io::{ConnId, Input};
use parlour_engine::wire::Speaks;
use std::io;

/// When to look for new connections again after the system had no room for them.
const ACCEPT_AGAIN_MS: u64 = 100;

impl Drive {
    pub(super) fn accept(&mut self) {
        loop {
            let Some(listener) = &self.parts.listener else { return };
            match listener.accept() {
                Ok((stream, peer)) => match self.parts.addresses.admit(Some(peer.ip())) {
                    Ok(ticket) => self.deal_out(stream, ticket),
                    Err(full) => self.turn_away(stream, full),
                },
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.accept_at = None;
                    return;
                }
                Err(error) => {
                    // No descriptors left: who waits stays in the system's queue, and no event will tell of them again.
                    if self.accept_at.is_none() {
                        tell(&format!("cannot accept connections: {error}; trying again"));
                    }
                    self.accept_at = Some(self.now.mono_ms + ACCEPT_AGAIN_MS);
                    return;
                }
            }
        }
    }

    /// Each loop gets its share of connections.
    fn deal_out(&mut self, stream: TcpStream, ticket: Ticket) {
        let to = ShardId(self.next_loop);
        self.next_loop = (self.next_loop + 1) % self.parts.place.shards.max(1);
        if to == self.parts.place.shard {
            self.greet(stream, ticket);
        } else {
            // If that loop has ended, so will this one: the connection is closed by being dropped.
            self.parts.bells.of(to).ring(Knock::Accepted { stream: stream.into(), ticket });
        }
    }

    /// A connection that nobody has read from yet.
    pub(super) fn greet(&mut self, stream: TcpStream, ticket: Ticket) {
        let until_ms = self.now.mono_ms + self.parts.shard.limits().head_ms;
        self.adopt(stream, Stage::Head { bytes: Vec::new(), until_ms }, ticket);
    }

    /// Tells somebody for whom there is no room, if not too many are being told so already.
    fn turn_away(&mut self, stream: TcpStream, full: Full) {
        let Some(ticket) = self.parts.addresses.refusing() else { return };
        let stage = Stage::Lingering { until_ms: 0, is_shut: false };
        if let Some(place) = self.adopt(stream, stage, ticket) {
            self.refuse(place, head::full(full));
        }
    }

    pub(super) fn adopt(&mut self, mut stream: TcpStream, stage: Stage, ticket: Ticket) -> Option<usize> {
        // Frames are written whole: waiting for more only delays them.
        stream.set_nodelay(true).ok()?;
        let place = self.free.pop().unwrap_or_else(|| {
            self.conns.push(None);
            self.conns.len() - 1
        });
        let interest = Interest::READABLE | Interest::WRITABLE;
        if self.parts.poll.registry().register(&mut stream, Token(place + FIRST_CONN), interest).is_err() {
            self.free.push(place);
            return None;
        }
        if let Stage::Head { until_ms, .. } = &stage {
            self.deadlines.insert((*until_ms, place));
        }
        self.conn_count += 1;
        let id = ConnId(u64::from(self.parts.place.shard.0) << 48 | self.conn_count);
        self.places.insert(id, place);
        self.conns[place] = Some(Conn::new(id, stream, stage, ticket));
        Some(place)
    }

    pub(super) fn place(&self, id: ConnId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    pub(super) fn read(&mut self, place: usize) {
        let limit = self.parts.shard.limits().read_bytes;
        let mut total = 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(conn) = self.conns.get_mut(place).and_then(Option::as_mut) {
            if conn.is_held {
                break;
            }
            let (n, end) = conn.read(&mut buffer);
            total += n;
            if n > 0 {
                self.take(place, &mut buffer[..n]);
            }
            match end {
                ReadEnd::Gone => {
                    self.drop_conn(place);
                    break;
                }
                ReadEnd::Dry => break,
                ReadEnd::More if total >= limit => {
                    self.unread.push(place);
                    break;
                }
                ReadEnd::More => {}
            }
        }
        self.buffer = buffer;
    }

    fn take(&mut self, place: usize, bytes: &mut [u8]) {
        let head_bytes = self.parts.shard.limits().head_bytes;
        let Some(conn) = self.conns[place].as_mut() else { return };
        let id = conn.id;
        match &mut conn.stage {
            Stage::Open => self.parts.shard.handle(Input::Bytes { conn: id, bytes }, self.now),
            Stage::Lingering { .. } => {}
            Stage::Head { bytes: head, .. } => {
                head.extend_from_slice(bytes);
                let looked = head::look(head, head_bytes, &self.parts.callers);
                match looked {
                    Head::Partial => {}
                    Head::Refused(response) => self.refuse(place, response),
                    Head::Http => self.hand_over(place),
                    Head::WebSocket { response, way, token, taken, forwarded_for } => {
                        let rest = head.split_off(taken);
                        match conn.ticket.identify(forwarded_for.as_deref()) {
                            Ok(()) => self.upgrade(place, response, way, token, rest),
                            Err(full) => self.refuse(place, head::full(full)),
                        }
                    }
                }
            }
        }
    }

    /// The connection speaks WebSocket from here on: here, or on the loop of its user.
    fn upgrade(&mut self, place: usize, response: Vec<u8>, way: Way, token: Option<String>, rest: Vec<u8>) {
        let here = self.parts.place.shard;
        // Without a token only dialects care where: theirs know each other by the address.
        let is_anywhere = token.is_none() && matches!(way, Way::Open { speaks: Speaks::Native | Speaks::SocketIo, .. });
        let address = self.conns[place].as_ref().and_then(|conn| conn.ticket.address());
        let to = if is_anywhere { here } else { self.parts.bells.place_of(&way, token.as_deref(), address) };
        if to == here {
            return self.open(place, response, way, token, rest);
        }
        let Some(mut conn) = self.lift_out(place) else { return };
        // A new connection takes a head whole; one that does not is closed by being dropped.
        if conn.write(response).is_ok() && conn.unwritten() == 0 {
            let knock = Knock::Upgraded { stream: conn.stream.into(), way, rest, token, ticket: conn.ticket };
            self.parts.bells.of(to).ring(knock);
        }
    }

    /// The connection speaks WebSocket from here on, and stays.
    pub(super) fn open(&mut self, place: usize, response: Vec<u8>, way: Way, token: Option<String>, mut rest: Vec<u8>) {
        let Some(conn) = self.conns[place].as_mut() else { return };
        let id = conn.id;
        if let Stage::Head { until_ms, .. } = conn.stage {
            self.deadlines.remove(&(until_ms, place));
        }
        conn.stage = Stage::Open;
        if conn.write(response).is_err() {
            return self.drop_conn(place);
        }
        let address = conn.ticket.address();
        let input = match way {
            Way::Probe(sid) => Input::Probes { conn: id, sid },
            Way::Open { speaks, target } => {
                let is_guest = token.is_none() && speaks.welcomes(self.parts.mode, self.parts.welcomes_guests);
                let (guest, guest_token) = is_guest.then(|| self.parts.guests.welcome(self.now.wall_ms)).unzip();
                let guest_token = guest_token.flatten();
                Input::Opened { conn: id, speaks, target, address, entropy: entropy(), token, guest, guest_token }
            }
        };
        self.parts.shard.handle(input, self.now);
        // The token must be looked at before what came with it.
        self.carry_out();
        if !rest.is_empty() {
            self.parts.shard.handle(Input::Bytes { conn: id, bytes: &mut rest }, self.now);
        }
    }

    /// HTTP is for the cold path, with all that was read of it.
    pub(super) fn hand_over(&mut self, place: usize) {
        let Some(conn) = self.lift_out(place) else { return };
        let Stage::Head { bytes, .. } = conn.stage else { return };
        // If the cold path has ended, so has the server: the connection is closed by being dropped.
        let _ = self.parts.cold.send(HandedOver { stream: conn.stream.into(), begin: bytes, ticket: conn.ticket });
    }

    /// A connection of which only the head was read leaves this loop.
    fn lift_out(&mut self, place: usize) -> Option<Conn> {
        let mut conn = self.conns[place].take()?;
        if let Stage::Head { until_ms, .. } = conn.stage {
            self.deadlines.remove(&(until_ms, place));
        }
        self.free.push(place);
        self.places.remove(&conn.id);
        let _ = self.parts.poll.registry().deregister(&mut conn.stream);
        Some(conn)
    }

    fn refuse(&mut self, place: usize, response: Vec<u8>) {
        let Some(conn) = self.conns[place].as_mut() else { return };
        if let Stage::Head { until_ms, .. } = conn.stage {
            self.deadlines.remove(&(until_ms, place));
        }
        if conn.write(response).is_err() {
            return self.drop_conn(place);
        }
        self.linger(place);
    }

    /// Everything was said: shut the sending side once it is written, and give the other side time to read it.
    pub(super) fn linger(&mut self, place: usize) {
        let until_ms = self.now.mono_ms + self.parts.shard.limits().linger_ms;
        let Some(conn) = self.conns[place].as_mut() else { return };
        conn.stage = Stage::Lingering { until_ms, is_shut: false };
        conn.is_held = false;
        self.deadlines.insert((until_ms, place));
        self.flush(place);
    }

    pub(super) fn flush(&mut self, place: usize) {
        let Some(conn) = self.conns.get_mut(place).and_then(Option::as_mut) else { return };
        if conn.flush().is_err() {
            return self.drop_conn(place);
        }
        let unwritten = conn.unwritten();
        if let Stage::Lingering { is_shut, .. } = &mut conn.stage
            && unwritten == 0
            && !*is_shut
        {
            *is_shut = true;
            let _ = conn.stream.shutdown(std::net::Shutdown::Write);
        }
        self.tell_if_flushed(place);
    }

    pub(super) fn write(&mut self, id: ConnId, bytes: Vec<u8>) {
        let (soft, hard) = (self.parts.shard.limits().output_bytes, self.parts.shard.limits().output_bytes_max);
        let Some(place) = self.place(id) else { return };
        let conn = self.conns[place].as_mut().expect("placed");
        if conn.write(bytes).is_err() {
            return self.drop_conn(place);
        }
        if conn.unwritten() > hard {
            Meters::count(&self.parts.meters.slow_consumers);
            return self.drop_conn(place);
        }
        if conn.unwritten() > soft && !std::mem::replace(&mut conn.is_behind, true) {
            self.parts.shard.handle(Input::Behind(id), self.now);
        }
        self.tell_if_flushed(place);
    }

    /// The shard takes no more from this connection, or does so again.
    pub(super) fn hold(&mut self, id: ConnId, is_held: bool) {
        let Some(place) = self.place(id) else { return };
        let conn = self.conns[place].as_mut().expect("placed");
        conn.is_held = is_held;
        if !is_held {
            self.unread.push(place);
        }
    }

    fn tell_if_flushed(&mut self, place: usize) {
        if let Some(conn) = self.conns[place].as_mut().filter(|conn| conn.is_held && conn.unwritten() == 0) {
            conn.is_behind = false;
            self.parts.shard.handle(Input::Flushed(conn.id), self.now);
        }
    }

    pub(super) fn drop_conn(&mut self, place: usize) {
        let Some(mut conn) = self.conns[place].take() else { return };
        let id = conn.id;
        self.places.remove(&id);
        let _ = self.parts.poll.registry().deregister(&mut conn.stream);
        self.free.push(place);
        match conn.stage {
            Stage::Head { until_ms, .. } | Stage::Lingering { until_ms, .. } => {
                self.deadlines.remove(&(until_ms, place));
            }
            Stage::Open => {}
        }
        if !matches!(conn.stage, Stage::Head { .. }) {
            self.parts.shard.handle(Input::Closed(id), self.now);
        }
    }

    pub(super) fn keep_deadlines(&mut self) {
        while let Some((_, place)) = self.deadlines.first().copied().filter(|(at, _)| *at <= self.now.mono_ms) {
            self.deadlines.pop_first();
            match self.conns[place].as_ref().map(|conn| &conn.stage) {
                Some(Stage::Head { bytes, .. }) if !bytes.is_empty() => {
                    self.refuse(place, head::refusal(408, &[], "The head of this request took too long."));
                }
                Some(_) => self.drop_conn(place),
                None => {}
            }
        }
    }
}
