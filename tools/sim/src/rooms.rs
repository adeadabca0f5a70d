//! Two small rooms that together use everything a table has: secrets, private events, dice, clocks, time that freezes and time
//! that does not.

mod duel;
mod lounge;

pub use duel::Duel;
pub use lounge::{Lounge, PLANTED};
