//! New connections: each loop gets its share of them, and who cannot be let in is told so.

use super::Drive;
use crate::addresses::{Full, Ticket};
use crate::bell::Knock;
use crate::conn::Stage;
use crate::head::{self, Way};
use crate::voice::tell;
use mio::net::TcpStream;
use parlour_engine::forward::ShardId;
use parlour_engine::framing::netstring;
use parlour_engine::wire::Speaks;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::time::Duration;

/// When to look for new connections again after the system had no room for them.
const ACCEPT_AGAIN_MS: u64 = 100;

/// By which listener somebody comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Http,
    /// Plain TCP, without a head: the dialect `laneya`.
    Netstrings,
}

impl Drive {
    pub(super) fn accept(&mut self, door: Door) {
        loop {
            let listener = match door {
                Door::Http => &self.parts.listener,
                Door::Netstrings => &self.parts.netstrings,
            };
            let Some(listener) = listener else { return };
            match listener.accept() {
                Ok((stream, peer)) => match self.parts.addresses.admit(Some(peer.ip())) {
                    Ok(ticket) if door == Door::Http => self.deal_out(stream, ticket),
                    Ok(mut ticket) => match ticket.identify(None) {
                        Ok(()) => self.deal_out_netstrings(stream, ticket),
                        Err(full) => self.turn_away(stream, full, door),
                    },
                    Err(full) => self.turn_away(stream, full, door),
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
        let to = self.next_loop();
        if to == self.parts.place.shard {
            self.greet(stream, ticket);
        } else {
            // If that loop has ended, so will this one: the connection is closed by being dropped.
            self.parts.bells.of(to).ring(Knock::Accepted { stream: stream.into(), ticket });
        }
    }

    /// The same where nothing is to be read before it is known what the connection is for.
    fn deal_out_netstrings(&mut self, stream: TcpStream, ticket: Ticket) {
        let idle = Duration::from_millis(self.parts.shard.limits().silence_ms.max(1000));
        // Nobody can be asked on it whether they are still there: the system does that.
        if SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle)).is_err() {
            return;
        }
        let (to, way) = (self.next_loop(), Way::Open { speaks: Speaks::Laneya, target: String::new() });
        if to != self.parts.place.shard {
            let knock = Knock::Upgraded { stream: stream.into(), way, rest: Vec::new(), token: None, ticket };
            self.parts.bells.of(to).ring(knock);
        } else if let Some(place) = self.adopt(stream, Stage::Open, ticket) {
            self.open(place, Vec::new(), way, None, Vec::new());
        }
    }

    fn next_loop(&mut self) -> ShardId {
        let to = ShardId(self.next_loop);
        self.next_loop = (self.next_loop + 1) % self.parts.place.shards.max(1);
        to
    }

    /// A connection that nobody has read from yet.
    pub(super) fn greet(&mut self, stream: TcpStream, ticket: Ticket) {
        let until_ms = self.now.mono_ms + self.parts.shard.limits().head_ms;
        self.adopt(stream, Stage::Head { bytes: Vec::new(), until_ms }, ticket);
    }

    /// Tells somebody for whom there is no room, if not too many are being told so already.
    fn turn_away(&mut self, stream: TcpStream, full: Full, door: Door) {
        let Some(ticket) = self.parts.addresses.refusing() else { return };
        let stage = Stage::Lingering { until_ms: 0, is_shut: false };
        if let Some(place) = self.adopt(stream, stage, ticket) {
            self.refuse(place, if door == Door::Http { head::full(full) } else { no_room(full) });
        }
    }
}

/// The same as a netstring.
fn no_room(full: Full) -> Vec<u8> {
    let data = serde_json::json!({"message": full.message()});
    let response = serde_json::json!({"type": "response", "key": null, "status": "internal", "data": data}).to_string();
    let mut bytes = Vec::new();
    netstring::write(&mut bytes, response.as_bytes());
    bytes
}
