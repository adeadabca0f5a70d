//! How connections of dialects begin, and HTTP requests of dialects, each of which is a connection for as long as it takes.

use super::Shard;
use crate::code::Code;
use crate::framing::framed::Framing;
use crate::io::{Address, CallId, ConnId, Identity, NAMED_PREFIX, Now, Output, Reply, Role, has_control};
use crate::session::Phase;
use crate::wire::{Mode, Opening, Rest, Speaks, Wire};
use std::collections::{BTreeMap, VecDeque};

/// Who comes, as far as that is known.
#[derive(Debug)]
pub(super) struct Coming {
    pub(super) address: Option<Address>,
    pub(super) token: Option<String>,
    pub(super) guest: Option<Identity>,
    pub(super) guest_token: Option<String>,
}

impl Coming {
    /// Whether nothing says who it is.
    fn is_anonymous(&self) -> bool {
        self.token.is_none() && self.guest.is_none()
    }
}

/// What dialects wanted remembered, by address: the latest of each.
#[derive(Debug, Default)]
pub(super) struct Memory {
    by_address: BTreeMap<Address, String>,
    /// Those that are known, the first of them the one longest ago.
    order: VecDeque<Address>,
}

impl Memory {
    fn keep(&mut self, address: Address, what: String, limit: usize) {
        if self.by_address.insert(address, what).is_some() {
            self.order.retain(|known| *known != address);
        }
        self.order.push_back(address);
        if self.order.len() > limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_address.remove(&oldest);
        }
    }
}

impl Shard {
    /// A connection passed its handshake.
    pub(super) fn begin(&mut self, conn: ConnId, speaks: Speaks, target: &str, coming: Coming, now: Now) {
        if speaks != Speaks::Native {
            let (dialects, max) = (self.dialects(), self.settings.limits.message_bytes);
            let remembered = self.remembered(&coming);
            let is_anonymous = coming.is_anonymous();
            let Some(session) = self.session(conn) else { return };
            let opening = Opening { speaks, target, remembered: remembered.as_deref(), is_anonymous, luck: session.luck() };
            let wire = Wire::plain(opening, dialects);
            if wire.is_netstring() {
                session.decoder = Some(Framing::netstring(max));
            }
            self.begin_wire(conn, wire, coming.address, now);
        }
        self.look_who_comes(conn, speaks, coming);
    }

    /// An HTTP request of a dialect came.
    pub(super) fn asked(&mut self, from: CallId, speaks: Speaks, request: &Rest, entropy: [u8; 32], coming: Coming, now: Now) {
        let (conn, dialects) = (self.wires.name(), self.dialects());
        let by_ms = now.mono_ms.saturating_add(self.settings.limits.rest_ms);
        self.opened(conn, coming.address, entropy, now);
        let (remembered, is_anonymous) = (self.remembered(&coming), coming.is_anonymous());
        let Some(session) = self.session(conn) else { return };
        let remembered = remembered.as_deref();
        let opening = Opening { speaks, target: &request.target, remembered, is_anonymous, luck: session.luck() };
        self.begin_wire(conn, Wire::call(from, by_ms, opening, request, dialects), coming.address, now);
        self.look_who_comes(conn, speaks, coming);
    }

    /// The response to a request that was a connection: that ends with it.
    pub(super) fn reply_and_end(&mut self, conn: ConnId, to: CallId, reply: Reply) {
        self.outputs.push_back(Output::Reply { to, reply });
        if let Some(session) = self.session(conn) {
            session.phase = Phase::Closing;
        }
        self.closed(conn);
    }

    /// A client says what it is called. Where that is believed, nobody else's name may be the same: it is put apart.
    pub(super) fn be_named(&mut self, conn: ConnId, name: String, now: Now) {
        let longest = self.settings.limits.user_bytes.saturating_sub(NAMED_PREFIX.len());
        let is_believed = self.session(conn).and_then(|session| session.wire.as_ref()).is_some_and(|wire| wire.believes);
        let is_name = !name.is_empty() && name.len() <= longest && !has_control(&name);
        let is_believed = (is_believed || self.settings.mode == Mode::Compat) && is_name;
        if self.session(conn).is_none_or(|session| session.phase != Phase::Anonymous) {
            return;
        }
        match self.charge(conn, 1, now) {
            Err(refused) => self.fail(conn, 0, None, refused),
            Ok(()) if !is_believed => self.fail(conn, 0, None, Code::AuthenticationRequired),
            Ok(()) => {
                let who = Identity { name: name.clone(), ..Identity::lasting(&format!("{NAMED_PREFIX}{name}"), Role::Player) };
                self.greet(conn, who, None);
            }
        }
    }

    /// The journal cannot be written. What is said of that is computed from no room, so it waits for nothing.
    pub(super) fn tell_of_failure(&mut self, now: Now) {
        for session in self.sessions.iter_mut().flatten() {
            let Some(wire) = session.wire.as_mut().filter(|wire| !wire.is_polling()) else { continue };
            let bytes = wire.fails(now);
            if !bytes.is_empty() {
                self.outputs.push_back(Output::Write { conn: session.conn, bytes });
            }
        }
    }

    /// Whoever comes from the same address later is given this.
    pub(super) fn remember(&mut self, conn: ConnId, what: String) {
        let limit = self.settings.limits.remembered;
        let address = self.session(conn).and_then(|session| session.wire.as_ref()?.address);
        if let Some(address) = address {
            self.wires.memory.keep(address, what, limit);
        }
    }

    fn remembered(&self, coming: &Coming) -> Option<String> {
        self.wires.memory.by_address.get(&coming.address?).cloned()
    }

    fn begin_wire(&mut self, conn: ConnId, wire: Wire, address: Option<Address>, now: Now) {
        let Some(session) = self.session(conn) else { return };
        let wire = session.wire.insert(Box::new(wire));
        wire.address = address;
        let wishes = wire.begins(now);
        self.grant(conn, wishes, now);
    }

    fn look_who_comes(&mut self, conn: ConnId, speaks: Speaks, coming: Coming) {
        match (coming.token, coming.guest) {
            (Some(token), _) => self.verify(conn, token),
            // A guest who comes by a name of their own is nobody before.
            (None, Some(_)) if speaks.names_guests() => {
                if let Some(wire) = self.session(conn).and_then(|session| session.wire.as_mut()) {
                    wire.believes = true;
                }
            }
            (None, Some(guest)) => self.greet(conn, guest, coming.guest_token.as_deref()),
            (None, None) if speaks.says_who() => {}
            // There is no message by which it could say so later.
            (None, None) => {
                self.fail(conn, 0, None, Code::AuthenticationRequired);
                self.hang_up(conn, 1008, Code::AuthenticationRequired.as_str());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_longest_ago_is_forgotten_first() {
        let mut memory = Memory::default();
        for (address, what) in [(1, "a"), (2, "b"), (1, "c"), (3, "d")] {
            memory.keep(Address(address), what.to_owned(), 2);
        }
        let known: Vec<_> = memory.by_address.iter().map(|(address, what)| (address.0, what.as_str())).collect();
        assert_eq!(known, [(1, "c"), (3, "d")]);
        assert_eq!(memory.order, [Address(1), Address(3)]);
    }
}
