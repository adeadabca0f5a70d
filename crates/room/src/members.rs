//! Who holds a seat: found by user and by seat, however many they are.

use crate::seat::Seat;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// Somebody who holds a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Their seat.
    pub seat: Seat,
    /// What others may call them.
    pub name: String,
    /// The record that gave them the seat.
    pub since: u64,
    /// Where in the streams their tenure begins.
    pub since_order: u64,
    /// Whether they are connected, as the room was told last: only of kinds that ask.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub here: bool,
    /// Which bot this is, for a seat nobody sits on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
}

/// Those who hold the seats of a room: to read, a map by user id. Written as that map alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    by_user: BTreeMap<String, Member>,
    by_seat: BTreeMap<Seat, String>,
    bots: BTreeSet<Seat>,
    /// Seats that are taken one beside the other: the first of them, and the one behind the last.
    runs: BTreeMap<u32, u32>,
}

impl Members {
    /// Who holds this seat, by their user id.
    pub fn holder(&self, seat: Seat) -> Option<(&str, &Member)> {
        let user = self.by_seat.get(&seat)?;
        self.by_user.get(user).map(|member| (user.as_str(), member))
    }

    /// The seats that bots hold.
    pub fn bots(&self) -> impl Iterator<Item = Seat> {
        self.bots.iter().copied()
    }

    /// The first seat that nobody holds.
    pub(crate) fn free(&self) -> Seat {
        Seat(self.runs.first_key_value().filter(|(first, _)| **first == 0).map_or(0, |(_, end)| *end))
    }

    /// The seat must be free, and the user hold none.
    pub(crate) fn insert(&mut self, user: String, member: Member) {
        let seat = member.seat;
        if member.bot.is_some() {
            self.bots.insert(seat);
        }
        self.by_seat.insert(seat, user.clone());
        self.by_user.insert(user, member);
        let end = self.runs.remove(&seat.0.saturating_add(1)).unwrap_or(seat.0.saturating_add(1));
        match self.runs.range_mut(..seat.0).next_back() {
            Some((_, before)) if *before == seat.0 => *before = end,
            _ => drop(self.runs.insert(seat.0, end)),
        }
    }

    pub(crate) fn remove(&mut self, user: &str) -> Option<Member> {
        let member = self.by_user.remove(user)?;
        self.by_seat.remove(&member.seat);
        self.bots.remove(&member.seat);
        let seat = member.seat.0;
        if let Some((&first, &end)) = self.runs.range(..=seat).next_back() {
            self.runs.remove(&first);
            for (first, end) in [(first, seat), (seat.saturating_add(1), end)] {
                if first < end {
                    self.runs.insert(first, end);
                }
            }
        }
        Some(member)
    }

    pub(crate) fn set_here(&mut self, user: &str, here: bool) {
        if let Some(member) = self.by_user.get_mut(user) {
            member.here = here;
        }
    }
}

impl Deref for Members {
    type Target = BTreeMap<String, Member>;

    fn deref(&self) -> &Self::Target {
        &self.by_user
    }
}

impl<'a> IntoIterator for &'a Members {
    type Item = (&'a String, &'a Member);
    type IntoIter = std::collections::btree_map::Iter<'a, String, Member>;

    fn into_iter(self) -> Self::IntoIter {
        self.by_user.iter()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.by_user.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Self::default();
        for (user, member) in BTreeMap::<String, Member>::deserialize(deserializer)? {
            members.insert(user, member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whoever_comes_and_goes_each_seat_has_the_holder_it_was_given_and_the_first_free_one_is_free(
            moves in prop::collection::vec((0..12_u32, any::<bool>(), prop::option::of(0..12_u32)), 0..80)
        ) {
            let mut members = Members::default();
            for (user, bot, wanted) in moves {
                let user = format!("u{user}");
                let seat = wanted.map_or(members.free(), Seat);
                if members.remove(&user).is_none() && members.holder(seat).is_none() {
                    let bot = bot.then(|| "random".to_owned());
                    members.insert(user.clone(), Member { seat, name: user, since: 1, since_order: 0, here: false, bot });
                }
                let taken: BTreeSet<Seat> = members.values().map(|member| member.seat).collect();
                prop_assert_eq!((0..).map(Seat).find(|seat| !taken.contains(seat)), Some(members.free()));
                prop_assert_eq!(members.by_seat.len(), members.len());
                for (user, member) in &members {
                    prop_assert_eq!(members.holder(member.seat), Some((user.as_str(), member)));
                    prop_assert_eq!(members.bots().any(|seat| seat == member.seat), member.bot.is_some());
                }
                let again: Members = serde_json::from_str(&serde_json::to_string(&members).unwrap()).unwrap();
                prop_assert_eq!(again, members.clone());
            }
        }
    }
}
