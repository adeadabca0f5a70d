//! Luck: a ChaCha20 stream per record, from a seed the server committed to, stirred with a nonce from each player.
//!
//! The stream is ChaCha20 as Bernstein defined it, with a 64-bit block counter from 0 and a 64-bit stream number, which is the
//! record's number; words are read as little-endian `u64`s. The key is the bare seed as long as nobody gave a nonce, and
//! otherwise SHA-256(seed ‖ for each stirred seat, in joining order: seat `u32` LE ‖ length `u32` LE ‖ nonce). It is never
//! SHA-256(seed) alone: that is [`Seed::hash`], which every player is given.

use crate::hash::{from_hex, hex};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The room's secret number, made by the server when the room is opened. It is written to the journal and to nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed from 32 bytes of entropy.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The `number`th seed made of this entropy: SHA-256(entropy ‖ number as `u64` LE).
    pub fn derived(entropy: &[u8; 32], number: u64) -> Self {
        Self(Sha256::new_with_prefix(entropy).chain_update(number.to_le_bytes()).finalize().into())
    }

    /// SHA-256 of the seed in lower-case hex: the promise given to every player on joining.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.0))
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl From<Seed> for [u8; 32] {
    fn from(seed: Seed) -> Self {
        seed.0
    }
}

impl From<Seed> for String {
    fn from(seed: Seed) -> String {
        hex(&seed.0)
    }
}

impl TryFrom<String> for Seed {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        from_hex(&text).map(Seed).ok_or("a seed is 64 hex digits")
    }
}

/// One seat's part in the luck of a room: only its first nonce counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stirred {
    /// The seat that gave it.
    pub seat: crate::Seat,
    /// What it gave, as text; its UTF-8 bytes are hashed.
    pub nonce: String,
}

/// The key of a room's dice: see the module's text.
pub(crate) fn key(seed: &Seed, stirred: &[Stirred]) -> [u8; 32] {
    if stirred.is_empty() {
        return seed.0;
    }
    let mut hasher = Sha256::new_with_prefix(seed.0);
    for Stirred { seat, nonce } in stirred {
        let length = u32::try_from(nonce.len()).expect("nonces are short: the table limits them");
        hasher.update(seat.0.to_le_bytes());
        hasher.update(length.to_le_bytes());
        hasher.update(nonce.as_bytes());
    }
    hasher.finalize().into()
}

/// Draws for one record. A refused action spends none, and replay may start at any snapshot, because every record has a stream
/// of its own.
///
/// How each draw is made is part of a room's rules and stays as it is: changing it would change every replay.
pub struct Dice(ChaCha20Rng);

impl Dice {
    pub(crate) fn new(key: [u8; 32], record: u64) -> Self {
        let mut rng = ChaCha20Rng::from_seed(key);
        rng.set_stream(record);
        Self(rng)
    }

    /// The same luck once more, for what may have to be undone.
    pub(crate) fn fork(&self) -> Self {
        Self(self.0.clone())
    }

    /// Dice for an author's tests, or for a bot: from any number.
    pub fn from_number(number: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        Self::new(key, 0)
    }

    /// Dice from a seed of their own, outside any room.
    pub fn from_seed(seed: Seed) -> Self {
        Self::new(seed.0, 0)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..bound`, each equally likely: draws again while the draw is in the uneven rest at the top, then takes the
    /// remainder.
    ///
    /// # Panics
    /// If `bound` is 0: there is no such number.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below 0");
        let rest = (u64::MAX % bound + 1) % bound;
        loop {
            let drawn = self.bits();
            if drawn <= u64::MAX - rest {
                return drawn % bound;
            }
        }
    }

    /// A die with `sides` sides: `1..=sides`.
    ///
    /// # Panics
    /// If `sides` is 0.
    pub fn roll(&mut self, sides: u32) -> u32 {
        u32::try_from(self.below(u64::from(sides))).expect("below a u32") + 1
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Shuffles in place: Fisher-Yates from the last element down, one [`below`](Self::below) each.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }

    /// One of these, or `None` of nothing (then nothing is drawn).
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { Some(&items[self.index(items.len())]) }
    }

    fn index(&mut self, len: usize) -> usize {
        let bound = u64::try_from(len).expect("a length fits 64 bits");
        usize::try_from(self.below(bound)).expect("below a usize")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seat;

    #[test]
    fn the_key_is_never_the_published_hash() {
        let seed = Seed::new([7; 32]);
        assert_ne!(hex(&key(&seed, &[])), seed.hash());
        let empty = [Stirred { seat: Seat(0), nonce: String::new() }];
        assert_ne!(hex(&key(&seed, &empty)), seed.hash());
    }

    #[test]
    fn every_record_has_a_stream_of_its_own() {
        let draws: std::collections::BTreeSet<u64> = (0..1000).map(|record| Dice::new([1; 32], record).bits()).collect();
        assert_eq!(draws.len(), 1000);
    }

    #[test]
    fn the_stream_is_chacha20_as_published() {
        // The all-zero key and stream of the ChaCha20 test vectors (draft-strombergson-chacha-test-vectors, TC1).
        let mut dice = Dice::new([0; 32], 0);
        assert_eq!(dice.bits().to_le_bytes(), [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    }

    #[test]
    fn below_is_even_and_in_range() {
        let mut dice = Dice::from_number(3);
        let mut seen = [0u32; 6];
        for _ in 0..6000 {
            seen[dice.index(6)] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
        assert_eq!(dice.below(1), 0);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Dice::from_number(9).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
