//! The rooms, one file each.

pub(crate) mod pad;
