//! The luck of one creature in one moment.
//!
//! A record draws once from the room's dice; whoever acts in it draws from a stream of their own, mixed of that number and their
//! id. So what happens in sight never depends on how many creatures out of sight have thrown dice before.

/// A stream of numbers: SplitMix64, which goes through all 64-bit words in a fixed order and mixes each.
pub(crate) struct Luck(u64);

impl Luck {
    pub(crate) fn of(moment: u64, id: u32) -> Self {
        let mut luck = Self(moment ^ u64::from(id).wrapping_mul(0xd6e8_feb8_6659_fd93));
        luck.bits();
        luck
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number in `0..bound`; 0 if that is empty. Uneven by less than one in a thousand million.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let wide = (self.bits() >> 32) * u64::from(bound);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// Whether it happens, with so many chances in a hundred.
    pub(crate) fn happens(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let bound = u32::try_from(of.len()).ok()?;
        of.get(usize::try_from(self.below(bound)).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_about_equally_often() {
        let mut counts = [0_u32; 6];
        for moment in 0..6000 {
            counts[usize::try_from(Luck::of(moment, 7).below(6)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
