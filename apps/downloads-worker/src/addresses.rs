//! With whom one may speak. The check is made where names become addresses, on the very addresses that are then connected to, so
//! a name cannot mean one thing to the check and another to the connection.

use crate::networks::Network;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// With whom one may speak besides the public network.
#[derive(Clone, Debug)]
pub enum Allowed {
    /// Everybody.
    All,
    /// These networks.
    Only(Arc<[Network]>),
}

impl Allowed {
    fn has(&self, address: IpAddr) -> bool {
        match self {
            Allowed::All => true,
            Allowed::Only(networks) => is_public(address) || networks.iter().any(|network| network.has(address)),
        }
    }
}

/// Finds addresses, and refuses a name that has any with whom one may not speak.
#[derive(Debug)]
pub(crate) struct Guarded {
    inner: DefaultResolver,
    allowed: Allowed,
}

impl Guarded {
    pub(crate) fn new(allowed: Allowed) -> Self {
        Self { inner: DefaultResolver::default(), allowed }
    }
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout).map_err(|error| match error {
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            other => other,
        })?;
        if found.iter().all(|address| self.allowed.has(address.ip())) {
            return Ok(found);
        }
        Err(ureq::Error::Io(io::Error::new(ErrorKind::PermissionDenied, Private)))
    }
}

/// Why an address was not connected to.
#[derive(Debug)]
pub(crate) struct Private;

impl Private {
    /// Whether this is why.
    pub(crate) fn is_why(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }
}

impl fmt::Display for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address is on a private network")
    }
}

impl std::error::Error for Private {}

/// Whether this address belongs to the public network, whatever form it is written in.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_reserved = match (a, b) {
        (0 | 10 | 127 | 224..=255, _) => true,
        (100, 64..=127) | (169, 254) | (172, 16..=31) | (192, 168) | (198, 18 | 19) => true,
        (192, 0) => c == 0 || c == 2,
        (192, 88) => c == 99,
        (198, 51) => c == 100,
        (203, 0) => c == 113,
        _ => false,
    };
    !is_reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d, e, f) {
        // Mapped, and translated by NAT64: they end at the address inside.
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        // Through 6to4.
        (0x2002, high, low, ..) => v4(high, low),
        // Teredo and other tunnels, benchmarks, documentation.
        (0x2001, 0..=0x01ff, ..) | (0x2001, 0x0db8, ..) | (0x3fff, 0..=0x0fff, ..) => false,
        // All that was ever given out publicly.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_form() {
        let private = [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.5",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b:1::1",
            "100::1",
            "3fff::1",
        ];
        for text in private {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        let public = [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2a00:1450::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_name_of_this_machine_is_refused_where_it_becomes_an_address() {
        let agent = crate::web::agent(Allowed::Only(Arc::new([])), std::time::Duration::from_secs(5));
        for url in
            ["http://localhost:9/", "http://127.0.0.1:9/", "http://[::1]:9/", "http://[::ffff:127.0.0.1]:9/", "http://0x7f.1:9/"]
        {
            match agent.get(url).call() {
                Err(ureq::Error::Io(error)) => assert!(Private::is_why(&error), "{url}: {error}"),
                Err(ureq::Error::HostNotFound) => assert!(url.contains("0x"), "{url}"),
                other => panic!("{url}: {other:?}"),
            }
        }
    }
}
