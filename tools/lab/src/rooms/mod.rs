//! The rooms, one file each.

pub(crate) mod brittle;
pub(crate) mod egg;
pub(crate) mod errand;
pub(crate) mod flood;
pub(crate) mod lounge;
pub(crate) mod pad;
pub(crate) mod quest;
pub(crate) mod tally;
