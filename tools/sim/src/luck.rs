//! The one source of everything that is random in a run.

use parlour_room::Dice;

/// Dice with the few draws a simulation makes.
pub struct Luck(Dice);

impl Luck {
    /// All of a run's luck.
    pub fn new(seed: u64) -> Self {
        Self(Dice::from_number(seed))
    }

    /// True in so many cases of a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    /// A number from `low` to `high`, both included.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high - low + 1)
    }

    /// A length or an index below `bound`.
    pub fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.below(u64::try_from(bound).expect("64 bits"))).expect("below a usize")
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        self.0.pick(items)
    }

    /// Four bytes, for a mask.
    pub fn mask(&mut self) -> [u8; 4] {
        let bytes = self.0.bits().to_le_bytes();
        [bytes[0], bytes[1], bytes[2], bytes[3]]
    }

    /// What the shard is given as entropy.
    pub fn entropy(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&self.0.bits().to_le_bytes());
        }
        bytes
    }
}
