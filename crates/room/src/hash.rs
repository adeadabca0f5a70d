//! The one hash of the house, and its spelling: SHA-256, cut to 64 bits where accidents are to be found rather than forgers.

use sha2::{Digest, Sha256};

/// The first 64 bits of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash64(pub u64);

impl Hash64 {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::finish(Sha256::new_with_prefix(bytes))
    }

    pub(crate) fn finish(hasher: Sha256) -> Self {
        let whole = hasher.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&whole[..8]);
        Self(u64::from_be_bytes(first))
    }

    /// Reads what `Display` wrote: 16 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if canonical { u64::from_str_radix(text, 16).ok().map(Self) } else { None }
    }

    /// A short name made of this hash: `length` letters and digits that are hard to confuse.
    pub fn short(self, length: u32) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
        (0..length.min(12))
            .map(|i| char::from(LETTERS[usize::try_from((self.0 >> (59 - 5 * i)) & 31).expect("5 bits")]))
            .collect()
    }
}

impl std::fmt::Display for Hash64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl serde::Serialize for Hash64 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Hash64 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a hash is 16 hex digits"))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_what_it_wrote_and_nothing_else() {
        let hash = Hash64::of(b"abc");
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea");
        assert_eq!(Hash64::parse("ba7816bf8f01cfea"), Some(hash));
        for bad in ["BA7816bf8f01cfea", "ba7816bf8f01cfe", "+a7816bf8f01cfea", ""] {
            assert_eq!(Hash64::parse(bad), None, "{bad}");
        }
        assert_eq!(hash.short(5).len(), 5);
    }

    #[test]
    fn hex_round_trips() {
        let bytes: Vec<u8> = (0..32).map(|n| n * 7).collect();
        assert_eq!(from_hex(&hex(&bytes)).map(|b| b.to_vec()), Some(bytes));
        assert_eq!(from_hex("zz"), None);
    }
}
