//! What decides a game and is no code: the tables of cards, and the ready-made decks. A game is played on with these or not at
//! all.

use crate::decks::DECKS;
use crate::prints::SETS;
use parlour_room::Hash64;
use std::sync::LazyLock;

/// A hash of all tables, made once. Of how they are printed for debugging: that holds every field there is, and the compiler that
/// prints it is pinned.
pub(crate) fn hash() -> Hash64 {
    static HASH: LazyLock<Hash64> = LazyLock::new(|| Hash64::of(format!("{SETS:?}{DECKS:?}").as_bytes()));
    *HASH
}
