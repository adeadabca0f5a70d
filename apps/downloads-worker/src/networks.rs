//! Networks that an operator allows although they are private: `10.1.0.0/16`, `fd00::/8`, or one address.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first address, as a number.
    first: u128,
    /// How many bits of an address are those of the network.
    bits: u32,
    is_v4: bool,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoNetwork(String);

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no network: write one as 10.1.0.0/16 or fd00::/8, with nothing behind those bits, or a single address",
            self.0
        )
    }
}

impl std::error::Error for NoNetwork {}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let read = || {
            let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
            let address: IpAddr = address.parse().ok()?;
            let (first, length) = number(address);
            let is_plain = |bits: &&str| bits.bytes().all(|byte| byte.is_ascii_digit());
            let bits = bits.map_or(Some(length), |bits| Some(bits).filter(is_plain)?.parse().ok())?;
            let network = Self { first, bits, is_v4: address.is_ipv4() };
            // An address within a network is a slip: nobody can tell how much was meant.
            (bits <= length && network.base(first) == first).then_some(network)
        };
        read().ok_or_else(|| NoNetwork(text.to_owned()))
    }
}

impl Network {
    /// Whether an address is of it. One of IPv4 is that in whatever form it comes.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.is_v4 && self.base(number(address).0) == self.first
    }

    /// The bits of an address that are those of a network of this length.
    fn base(self, address: u128) -> u128 {
        let length: u32 = if self.is_v4 { 32 } else { 128 };
        let behind = length.saturating_sub(self.bits);
        address.checked_shr(behind).and_then(|kept| kept.checked_shl(behind)).unwrap_or(0)
    }
}

/// An address as a number, and how many bits it has.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_own_addresses_and_no_others() {
        for (network, own, others) in [
            ("127.0.0.1", &["127.0.0.1", "::ffff:127.0.0.1"][..], &["127.0.0.2", "::1", "0.0.0.0"][..]),
            ("127.0.0.2/32", &["127.0.0.2"], &["127.0.0.1", "127.0.0.3"]),
            ("10.4.0.0/14", &["10.4.0.0", "10.7.255.255"], &["10.3.255.255", "10.8.0.0", "::10.4.0.0"]),
            ("0.0.0.0/0", &["10.0.0.1", "255.255.255.255"], &["::1", "fd00::1"]),
            ("fd00::/8", &["fd00::1", "fdff::"], &["fc00::1", "fe80::1", "10.0.0.1"]),
            ("::1", &["::1"], &["::", "::2", "127.0.0.1"]),
            ("::/0", &["::1", "fe80::1"], &["127.0.0.1", "::ffff:127.0.0.1"]),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(own.iter().all(|address| network.has(address.parse().unwrap())), "{network:?}");
            assert!(!others.iter().any(|address| network.has(address.parse().unwrap())), "{network:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_what_one_is() {
        for text in
            ["", "localhost", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/+8", "10/8", "fd00::1/8", "::/129", " ::1"]
        {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("10.1.0.0/16"), "{error}");
        }
    }
}
