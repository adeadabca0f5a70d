//! The private numberings of a room: found by seat, and by user.

use super::Told;
use crate::seat::Seat;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One private numbering: what the holder of a seat alone is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Private {
    pub(super) user: String,
    pub(super) m: u64,
    pub(super) ring: VecDeque<Told>,
    /// The public event after which this numbering began, if its user may know numbers of another one.
    pub(super) anew: Option<u64>,
}

impl Private {
    /// Whether a position at this public event may be of another numbering before this one.
    pub(super) fn began_after(&self, n: u64) -> bool {
        self.anew.is_some_and(|anew| n <= anew)
    }
}

/// That of each seat which ever had one. Written as the map by seat alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Privates {
    by_seat: BTreeMap<Seat, Private>,
    by_user: BTreeSet<(String, Seat)>,
}

impl Privates {
    pub(super) fn get(&self, seat: Seat) -> Option<&Private> {
        self.by_seat.get(&seat)
    }

    /// That of a seat; one of nobody where there was none.
    pub(super) fn of(&mut self, seat: Seat) -> &mut Private {
        self.by_seat.entry(seat).or_default()
    }

    pub(super) fn insert(&mut self, seat: Seat, private: Private) {
        let user = private.user.clone();
        if let Some(before) = self.by_seat.insert(seat, private) {
            self.by_user.remove(&(before.user, seat));
        }
        self.by_user.insert((user, seat));
    }

    /// Whether this user has one on another seat than this.
    pub(super) fn has_another(&self, user: &str, seat: Seat) -> bool {
        let theirs = (user.to_owned(), Seat(0))..=(user.to_owned(), Seat(u32::MAX));
        self.by_user.range(theirs).any(|(_, other)| *other != seat)
    }
}

impl Serialize for Privates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.by_seat.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Privates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut privates = Self::default();
        for (seat, private) in BTreeMap::<Seat, Private>::deserialize(deserializer)? {
            privates.insert(seat, private);
        }
        Ok(privates)
    }
}
