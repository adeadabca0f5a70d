//! What a player may ask.

use crate::grid::{Direction, Heading};
use parlour_room::wire;

/// A text somebody says has at most this many characters.
pub const TEXT_CHARS: usize = 200;

/// Everything a player can do. Walking is done by the ticks, ten a second; all else is done at once.
#[wire(action)]
pub enum Action {
    /// Walk this way from the next tick on, one field a tick, or stop. Walking into a monster strikes it.
    Move {
        /// Where to.
        direction: Heading,
    },
    /// Stop and rest: wounds close faster until the next step or blow.
    Rest {},
    /// Take what lies here; of several things one.
    Pickup {},
    /// Put down something carried.
    Drop {
        /// Its id.
        item: u32,
    },
    /// Wield, wear, drink, read, eat or light something carried.
    Use {
        /// Its id.
        item: u32,
    },
    /// Throw something carried up to five fields.
    Throw {
        /// Its id.
        item: u32,
        /// Where to.
        direction: Direction,
    },
    /// Go down the stairs here.
    Descend {},
    /// Go up the stairs here.
    Ascend {},
    /// After death: begin again on the first level.
    Respawn {},
    /// Say something to whoever sees you.
    Say {
        /// What: 1 to 200 characters.
        text: String,
    },
}
