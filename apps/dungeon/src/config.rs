//! What whoever opens a dungeon may choose, and why a choice is refused.

use crate::refusal::Refusal;
use parlour_room::wire;

/// So many may play at once.
pub const SEATS_MAX: u32 = 256;
/// So deep a dungeon may be.
pub const LEVELS_MAX: u32 = 8;
/// Monsters and items in percent of what is usual.
pub const DENSITY_MAX: u32 = 300;
/// So long a body may wait for its player, in seconds: a day.
pub const AWAY_MAX: u32 = 86_400;

/// The choices: all have a default.
#[wire(config)]
#[serde(default)]
pub struct Config {
    /// How many may play at once: 1 to 256.
    pub seats: u32,
    /// How many levels there are: 1 to 8.
    pub levels: u32,
    /// Who sees what.
    pub sight: Sight,
    /// Monsters in percent of what is usual: 0 to 300.
    pub monsters: u32,
    /// Things that lie about, in percent of what is usual: 0 to 300.
    pub items: u32,
    /// Whether walking into another player strikes them.
    pub pvp: bool,
    /// What spectators see.
    pub spectators: Spectators,
    /// Seconds that a body stays whose player is away: 1 to 86,400. Then it is gone, and its seat is free.
    pub away_s: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seats: SEATS_MAX,
            levels: 5,
            sight: Sight::Fov,
            monsters: 100,
            items: 100,
            pvp: false,
            spectators: Spectators::Public,
            away_s: 300,
        }
    }
}

/// Who sees what.
#[wire]
#[derive(Copy)]
pub enum Sight {
    /// Everybody sees what their light reaches, and remembers walls and floors.
    Fov,
    /// Everybody sees all of the level they are on.
    Open,
}

/// What spectators see.
#[wire]
#[derive(Copy)]
pub enum Spectators {
    /// The table of players, and of the first level what every player knows: nothing that helps a player who also watches.
    Public,
    /// Everything.
    All,
}

impl Config {
    pub(crate) fn checked(self) -> Result<Self, Refusal> {
        let Self { seats, levels, monsters, items, away_s, .. } = self;
        match () {
            () if !(1..=SEATS_MAX).contains(&seats) => Err(Refusal::BadSeats { seats }),
            () if !(1..=LEVELS_MAX).contains(&levels) => Err(Refusal::BadLevels { levels }),
            () if monsters > DENSITY_MAX => Err(Refusal::BadMonsters { monsters }),
            () if items > DENSITY_MAX => Err(Refusal::BadItems { items }),
            () if !(1..=AWAY_MAX).contains(&away_s) => Err(Refusal::BadAway { away_s }),
            () => Ok(self),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.sight == Sight::Open
    }
}
