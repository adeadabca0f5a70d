//! Test support: three small rooms, a table whose records are kept, and random scripts for it.

pub(crate) mod chat;
pub(crate) mod faulty;
pub(crate) mod high;
pub(crate) mod live;
pub(crate) mod script;
pub(crate) mod tally;
