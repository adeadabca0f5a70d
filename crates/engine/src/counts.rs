//! What a shard counts since it began, in plain integers: what `/metrics` shows of it.

use crate::code::Kind;
use crate::limiter::Scope;
use std::collections::BTreeMap;

/// What a shard counts, since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections open now.
    pub connections: u64,
    /// Connections ever opened.
    pub connections_opened: u64,
    /// Connections ended, by their close code; see [`counted`].
    pub connections_closed: BTreeMap<u16, u64>,
    /// Rooms loaded now, by kind.
    pub rooms: BTreeMap<&'static str, u64>,
    /// Seats taken in them, by kind: of those who are here, of those who are not, and of bots.
    pub seats: BTreeMap<&'static str, [u64; 3]>,
    /// Rooms frozen now.
    pub rooms_frozen: u64,
    /// Rooms opened.
    pub rooms_opened: u64,
    /// Rooms ended: by their rules, and from outside.
    pub rooms_closed: [u64; 2],
    /// Rooms that were read back from the journal.
    pub rooms_loaded: u64,
    /// Rooms put to sleep.
    pub rooms_slept: u64,
    /// Rooms woken because they were due.
    pub rooms_woken: u64,
    /// Actions by the kind of their room and what became of them; of a room that is not there, by no kind.
    pub actions: BTreeMap<&'static str, Actions>,
    /// Events told, each once however many heard it.
    pub events: u64,
    /// Frames that came, and that were written.
    pub frames: [u64; 2],
    /// Bytes that came, and that were written.
    pub bytes: [u64; 2],
    /// Joins that were caught up by events, by a view, had nothing to catch up, or were refused.
    pub resumes: [u64; 4],
    /// How many events they were caught up by.
    pub resume_events: Sizes,
    /// Times that a connection lost track of a room because its client did not read, or another shard did not.
    pub lost: u64,
    /// Connections ended because their clients did not read.
    pub not_reading: u64,
    /// Tokens refused, by code.
    pub auth_failures: BTreeMap<&'static str, u64>,
    /// What was refused because somebody asked too much: by [`Scope`].
    pub rate_limited: [u64; Scope::ALL.len()],
    /// Clocks of rooms that ran out.
    pub clocks: u64,
    /// Records handed to the journal.
    pub records: u64,
    /// Batches handed to the journal.
    pub batches: u64,
    /// Replays that diverged while loading.
    pub divergences: u64,
    /// Panics of rules.
    pub panics: u64,
}

impl Counts {
    /// What another shard counted, too.
    pub fn add(&mut self, other: &Self) {
        Sum::add(self, other);
    }
}

/// What is counted in several places, and added up.
trait Sum {
    fn add(&mut self, other: &Self);
}

impl Sum for u64 {
    fn add(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

impl<T: Sum, const N: usize> Sum for [T; N] {
    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.iter_mut().zip(other) {
            mine.add(theirs);
        }
    }
}

impl<K: Ord + Copy, T: Sum + Default> Sum for BTreeMap<K, T> {
    fn add(&mut self, other: &Self) {
        for (key, theirs) in other {
            self.entry(*key).or_default().add(theirs);
        }
    }
}

/// The sum of a struct is that of its fields. One that is not named here does not compile.
macro_rules! sum_of_fields {
    ($of:ident { $($field:ident),* $(,)? }) => {
        impl Sum for $of {
            fn add(&mut self, other: &Self) {
                let Self { $($field),* } = other;
                $(self.$field.add($field);)*
            }
        }
    };
}

sum_of_fields!(Actions { applied, dup, refused });
sum_of_fields!(Sizes { ranges, sum });
sum_of_fields!(Counts {
    connections,
    connections_opened,
    connections_closed,
    rooms,
    seats,
    rooms_frozen,
    rooms_opened,
    rooms_closed,
    rooms_loaded,
    rooms_slept,
    rooms_woken,
    actions,
    events,
    frames,
    bytes,
    resumes,
    resume_events,
    lost,
    not_reading,
    auth_failures,
    rate_limited,
    clocks,
    records,
    batches,
    divergences,
    panics,
});

/// What became of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Played.
    pub applied: u64,
    /// Played before, and answered as then.
    pub dup: u64,
    /// Refused, by [`Kind`].
    pub refused: [u64; 8],
}

impl Actions {
    /// One was played, now or before.
    pub fn played(&mut self, before: bool) {
        *(if before { &mut self.dup } else { &mut self.applied }) += 1;
    }

    /// One was refused.
    pub fn refused(&mut self, kind: Kind) {
        self.refused[kind as usize] += 1;
    }
}

/// The upper ends of the ranges of [`Sizes`]; above the last there is one more.
pub const SIZES: [u64; 10] = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256];

/// How often something had which size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// By range, each counted once.
    pub ranges: [u64; SIZES.len() + 1],
    /// All together.
    pub sum: u64,
}

impl Sizes {
    /// One more, of this size.
    pub fn note(&mut self, size: usize) {
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        self.ranges[SIZES.partition_point(|end| *end < size)] += 1;
        self.sum = self.sum.saturating_add(size);
    }
}

/// The close code that is counted: 0 for those that clients made up, so that nobody can make the list long.
pub fn counted(code: u16) -> u16 {
    if (1000..=1015).contains(&code) { code } else { 0 }
}

/// A connection that was lost without a close frame.
pub const LOST: u16 = 1006;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_falls_into_the_first_range_that_reaches_it() {
        let mut sizes = Sizes::default();
        for size in [0, 1, 3, 4, 5, 256, 257] {
            sizes.note(size);
        }
        assert_eq!((sizes.ranges, sizes.sum), ([1, 1, 0, 2, 1, 0, 0, 0, 0, 1, 1], 526));
    }

    #[test]
    fn what_two_shards_counted_is_added_up() {
        let mut one = Counts { clocks: 1, frames: [2, 3], rate_limited: [1, 0, 0, 0, 0, 4], ..Counts::default() };
        one.actions.entry("cards").or_default().played(true);
        one.seats.insert("cards", [1, 2, 3]);
        one.resume_events.note(5);
        one.connections_closed.insert(1008, 2);
        let mut both = one.clone();
        both.add(&one);
        both.add(&Counts::default());
        assert_eq!((both.clocks, both.frames, both.rate_limited), (2, [4, 6], [2, 0, 0, 0, 0, 8]));
        assert_eq!((both.actions["cards"].dup, both.seats["cards"], both.resume_events.sum), (2, [2, 4, 6], 10));
        assert_eq!((both.connections_closed[&1008], both.resume_events.ranges[4]), (4, 2));
    }

    #[test]
    fn codes_that_clients_make_up_are_counted_as_one() {
        assert_eq!([1000, 1015, 999, 3000, 4999, 65535].map(counted), [1000, 1015, 0, 0, 0, 0]);
    }
}
