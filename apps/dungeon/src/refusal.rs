//! Why something is refused: a code for programs, a sentence for people.
//!
//! A refusal depends only on what the player who gets it knows: nothing about what is out of their sight is in it.

use parlour_room::wire;

/// Every reason for which a dungeon refuses a configuration or an action.
#[wire(refusal)]
#[allow(missing_docs, reason = "each variant's text says it in words")]
pub enum Refusal {
    /// seats is 1 to 256, not {seats}
    BadSeats { seats: u32 },
    /// levels is 1 to 8, not {levels}
    BadLevels { levels: u32 },
    /// monsters is 0 to 300 percent, not {monsters}
    BadMonsters { monsters: u32 },
    /// items is 0 to 300 percent, not {items}
    BadItems { items: u32 },
    /// away_s is 1 to 86400 seconds, not {away_s}
    BadAway { away_s: u32 },
    /// you are dead: respawn first
    Dead,
    /// you are alive: only the dead respawn
    NotDead,
    /// nothing lies here
    NothingHere,
    /// your pack is full: it holds ten things
    PackFull,
    /// you carry no such thing
    NoSuchItem,
    /// this cannot be used
    NotUsable,
    /// you are still busy: strikes and throws take half a second
    TooSoon,
    /// there are no stairs down here
    NoStairsDown,
    /// there are no stairs up here
    NoStairsUp,
    /// say something: 1 to 200 characters, no control characters
    BadText,
}
