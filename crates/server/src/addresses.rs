//! At the door: how many connections are open and from where, before anything of them is read. Shared by the loop and the cold
//! path; asked when a connection comes and goes and for each HTTP request, never for a message.

use parlour_engine::bucket::{Bucket, Rate};
use parlour_engine::io::Address;
use parlour_engine::limits::Limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The address of a peer. Who has one IPv6 address has a whole network of them, so that network counts as one.
pub(crate) fn address_of(ip: IpAddr) -> Address {
    match ip.to_canonical() {
        // No network begins with 0: it is free for the older addresses.
        IpAddr::V4(v4) => Address(u64::from(v4.to_bits())),
        IpAddr::V6(v6) => Address(u64::try_from(v6.to_bits() >> 64).expect("64 bits remain")),
    }
}

/// For whom a proxy on this machine asks: it alone is believed, and only its own last word.
pub(crate) fn forwarded(peer: Option<IpAddr>, header: Option<&str>) -> Option<IpAddr> {
    let last = header.filter(|_| peer.is_some_and(|peer| peer.to_canonical().is_loopback()))?.rsplit(',').next()?;
    last.trim().parse().ok()
}

/// Who is connected, and from where.
pub(crate) struct Addresses {
    connections: usize,
    per_address: usize,
    refused: usize,
    arrivals: Rate,
    places: usize,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: usize,
    refusing: usize,
    by_address: HashMap<Address, Place>,
    swept_ms: u64,
    refusals: u64,
}

#[derive(Default)]
struct Place {
    connections: usize,
    arrivals: Bucket,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The whole server is.
    Server,
    /// As many are here from this address as may be.
    Address,
    /// They come from this address too fast: again after so long.
    Arrivals(u64),
}

impl Full {
    pub(crate) fn status(self) -> u16 {
        if self == Full::Server { 503 } else { 429 }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Full::Server => "This server has as many connections as it may.",
            Full::Address => "As many connections are open from your address as may be.",
            Full::Arrivals(_) => "More comes from your address than may at a time.",
        }
    }

    /// For `Retry-After`, which knows whole seconds only.
    pub(crate) fn retry_after_s(self) -> u64 {
        match self {
            Full::Server | Full::Address => 5,
            Full::Arrivals(wait_ms) => wait_ms.div_ceil(1000).max(1),
        }
    }
}

impl Addresses {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            connections: limits.connections,
            per_address: limits.connections_per_address,
            refused: limits.refused_connections,
            arrivals: Rate::per_s(limits.arrival_tokens, limits.arrival_tokens_per_s),
            places: limits.accounts,
            started: Instant::now(),
            state: Mutex::default(),
        })
    }

    /// A connection came. A peer on this machine may be a proxy: it is not counted to its address before that is known.
    pub(crate) fn admit(self: &Arc<Self>, peer: Option<IpAddr>) -> Result<Ticket, Full> {
        let mut ticket = Ticket { addresses: self.clone(), peer, address: None, is_refusal: false };
        let mut state = self.state();
        state.open += 1;
        if state.open > self.connections {
            state.refusals += 1;
            return Err(Full::Server);
        }
        drop(state);
        match peer.filter(|peer| !peer.to_canonical().is_loopback()) {
            Some(peer) => ticket.count_as(address_of(peer)).map(|()| ticket),
            None => Ok(ticket),
        }
    }

    /// Somebody is to be told that they cannot come in: if not too many are being told so already.
    pub(crate) fn refusing(self: &Arc<Self>) -> Option<Ticket> {
        let mut state = self.state();
        if state.refusing >= self.refused {
            return None;
        }
        state.refusing += 1;
        Some(Ticket { addresses: self.clone(), peer: None, address: None, is_refusal: true })
    }

    /// A request of the HTTP API came from there.
    pub(crate) fn ask(&self, address: Address) -> Result<(), Full> {
        let now_ms = self.now_ms();
        let mut state = self.state();
        state.arrive(address, self.arrivals, self.places, now_ms)
    }

    /// Connections open now, those included that have said nothing yet.
    pub(crate) fn open(&self) -> usize {
        self.state().open
    }

    /// How many were turned away.
    pub(crate) fn refusals(&self) -> u64 {
        self.state().refusals
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl State {
    fn arrive(&mut self, address: Address, rate: Rate, places: usize, now_ms: u64) -> Result<(), Full> {
        if self.by_address.len() >= places && now_ms > self.swept_ms {
            self.swept_ms = now_ms;
            self.by_address.retain(|_, place| place.connections > 0 || !place.arrivals.is_full(now_ms));
        }
        if self.by_address.len() >= places && !self.by_address.contains_key(&address) {
            self.refusals += 1;
            return Err(Full::Server);
        }
        let place = self.by_address.entry(address).or_default();
        let taken = place.arrivals.take(rate, 1, now_ms);
        self.refusals += u64::from(taken.is_err());
        taken.map_err(Full::Arrivals)
    }
}

/// A connection that was let in. It is counted until this is dropped.
pub(crate) struct Ticket {
    addresses: Arc<Addresses>,
    peer: Option<IpAddr>,
    address: Option<Address>,
    is_refusal: bool,
}

impl Ticket {
    /// Where it comes from.
    pub(crate) fn address(&self) -> Option<Address> {
        self.address
    }

    /// The other end of it: a proxy's, if there is one.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Its first request is here: now a connection from this machine is counted too, to whom its proxy names.
    pub(crate) fn identify(&mut self, forwarded_for: Option<&str>) -> Result<(), Full> {
        let Some(peer) = self.peer.filter(|_| self.address.is_none()) else { return Ok(()) };
        self.count_as(address_of(forwarded(self.peer, forwarded_for).unwrap_or(peer)))
    }

    fn count_as(&mut self, address: Address) -> Result<(), Full> {
        let addresses = self.addresses.clone();
        let now_ms = addresses.now_ms();
        let mut state = addresses.state();
        state.arrive(address, addresses.arrivals, addresses.places, now_ms)?;
        let place = state.by_address.entry(address).or_default();
        if place.connections >= addresses.per_address {
            state.refusals += 1;
            return Err(Full::Address);
        }
        place.connections += 1;
        self.address = Some(address);
        Ok(())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.addresses.state();
        if self.is_refusal {
            state.refusing -= 1;
            return;
        }
        state.open -= 1;
        let Some(place) = self.address.and_then(|address| state.by_address.get_mut(&address)) else { return };
        place.connections -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_a_mapped_address_is_the_older_one() {
        assert_eq!(address_of(ip("2001:db8:1:2::5")), address_of(ip("2001:db8:1:2:ffff::6")));
        assert_ne!(address_of(ip("2001:db8:1:2::5")), address_of(ip("2001:db8:1:3::5")));
        assert_eq!(address_of(ip("::ffff:192.0.2.1")), address_of(ip("192.0.2.1")));
        assert_ne!(address_of(ip("192.0.2.2")), address_of(ip("192.0.2.1")));
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_its_own_last_word() {
        assert_eq!(forwarded(Some(ip("127.0.0.1")), Some("10.0.0.1, 192.0.2.9")), Some(ip("192.0.2.9")));
        assert_eq!(forwarded(Some(ip("192.0.2.1")), Some("10.0.0.1")), None);
        assert_eq!(forwarded(Some(ip("::1")), Some("nonsense")), None);
        assert_eq!(forwarded(None, Some("10.0.0.1")), None);
    }

    #[test]
    fn a_connection_is_counted_until_it_is_gone_and_one_too_many_is_refused() {
        let limits = Limits { connections: 3, connections_per_address: 2, refused_connections: 1, ..Limits::default() };
        let addresses = Addresses::new(&limits);
        let there = Some(ip("192.0.2.1"));
        let first = addresses.admit(there).ok().unwrap();
        let _second = addresses.admit(there).ok().unwrap();
        assert_eq!(addresses.admit(there).err(), Some(Full::Address));
        assert_eq!(addresses.open(), 2, "who was refused is not counted");
        let _third = addresses.admit(Some(ip("192.0.2.2"))).ok().unwrap();
        assert_eq!(addresses.admit(Some(ip("192.0.2.3"))).err(), Some(Full::Server));
        drop(first);
        assert!(addresses.admit(there).is_ok());
        let told = addresses.refusing();
        assert!(told.is_some() && addresses.refusing().is_none());
        drop(told);
        assert!(addresses.refusing().is_some());
    }

    #[test]
    fn behind_a_proxy_on_this_machine_each_client_is_counted_as_itself() {
        let addresses = Addresses::new(&Limits { connections_per_address: 1, ..Limits::default() });
        let mut tickets: Vec<Ticket> = (0..3).map(|_| addresses.admit(Some(ip("127.0.0.1"))).ok().unwrap()).collect();
        assert_eq!(tickets[0].identify(Some("192.0.2.1")), Ok(()));
        assert_eq!(tickets[1].identify(Some("192.0.2.2")), Ok(()));
        assert_eq!(tickets[2].identify(Some("192.0.2.2")), Err(Full::Address));
    }

    #[test]
    fn arrivals_are_limited_and_addresses_at_rest_are_forgotten_when_there_is_no_room() {
        let addresses =
            Addresses::new(&Limits { arrival_tokens: 2, arrival_tokens_per_s: 1_000_000, accounts: 1, ..Limits::default() });
        assert_eq!(addresses.ask(Address(1)), Ok(()));
        while addresses.ask(Address(2)).is_err() {}
        assert_eq!(addresses.state().by_address.len(), 1);
        let addresses = Addresses::new(&Limits { arrival_tokens: 2, arrival_tokens_per_s: 1, ..Limits::default() });
        assert_eq!([addresses.ask(Address(1)), addresses.ask(Address(1))], [Ok(()), Ok(())]);
        assert!(matches!(addresses.ask(Address(1)), Err(Full::Arrivals(wait_ms)) if wait_ms <= 1000));
    }
}
