//! What a viewer sees.

use crate::config::{Sight, Spectators};
use crate::grid::Heading;
use crate::name::Name;
use parlour_room::{Seat, wire};

/// So many are in the table of the best.
pub(crate) const LEADERS: usize = 10;

/// Everything one viewer may know. What is not there is left out.
#[wire]
pub struct View {
    /// Who sees what.
    pub sight: Sight,
    /// What spectators see.
    pub spectators: Spectators,
    /// How many levels there are.
    pub levels: u32,
    /// How many play.
    pub players: u32,
    /// The ten best by score, of those who play; a spectator sees all who play, by seat.
    pub roster: Vec<Standing>,
    /// The viewer's own body; not of spectators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub you: Option<You>,
    /// How the viewer's last life went, if they are dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recap: Option<Recap>,
    /// The viewer's level as far as they know it; of spectators: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<Map>,
    /// What the viewer sees on that level, by id.
    pub entities: Vec<Entity>,
    /// Of spectators who see everything: the other levels that somebody has been on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Open>,
}

/// A player, as everybody knows them.
#[wire]
pub struct Standing {
    /// Who.
    pub seat: Seat,
    /// Which level they are on, or died on.
    pub level: u32,
    /// The score of this life.
    pub score: u32,
    /// The best score on this seat.
    pub best: u32,
}

/// One's own body.
#[wire]
pub struct You {
    /// One's seat.
    pub seat: Seat,
    /// The id of one's body among the entities.
    pub entity: u32,
    /// Whether one lives.
    pub alive: bool,
    /// The level, from 1.
    pub level: u32,
    /// The column, 0 to 59.
    pub x: u8,
    /// The row, 0 to 39.
    pub y: u8,
    /// Where one walks.
    pub heading: Heading,
    /// Whether one rests.
    pub resting: bool,
    /// Life left.
    pub hp: u32,
    /// Life when whole.
    pub hp_max: u32,
    /// What one's blows do at most.
    pub attack: u32,
    /// By how much blows at one are softened.
    pub armour: u32,
    /// Seconds of light left, rounded up to tens.
    pub light: u32,
    /// How far one sees.
    pub radius: u32,
    /// Gold carried.
    pub gold: u32,
    /// Monsters killed in this life.
    pub kills: u32,
    /// The score of this life.
    pub score: u32,
    /// What one carries, at most ten.
    pub pack: Vec<Carried>,
}

/// Something carried.
#[wire]
pub struct Carried {
    /// Its id.
    pub item: u32,
    /// What it is.
    pub name: Name,
    /// Whether it is wielded or worn.
    pub in_use: bool,
}

/// How a life went.
#[wire]
pub struct Recap {
    /// On which level it ended.
    pub level: u32,
    /// By whom; `null` by one's own doing.
    pub killed_by: Option<Name>,
    /// Monsters killed.
    pub kills: u32,
    /// Gold carried.
    pub gold: u32,
    /// How deep one came.
    pub deepest: u32,
    /// The score.
    pub score: u32,
    /// How long it lasted, in seconds.
    pub seconds: u32,
}

/// A level.
#[wire]
pub struct Map {
    /// Which, from 1.
    pub level: u32,
    /// 40 rows of 60 characters: `#` wall, `.` floor, `>` stairs down, `<` stairs up, blank what one does not know.
    pub rows: Vec<String>,
}

/// Anything that is somewhere.
#[wire]
pub struct Entity {
    /// Its id, as long as it exists.
    pub id: u32,
    /// What sort of thing.
    pub kind: Kind,
    /// What it is called.
    pub name: Name,
    /// The column, 0 to 59.
    pub x: u8,
    /// The row, 0 to 39.
    pub y: u8,
    /// Whose body it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    /// Of what lives: life left in quarters, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<u8>,
}

/// What sort of thing.
#[wire]
#[derive(Copy, PartialOrd, Ord)]
pub enum Kind {
    /// A player's body.
    Player,
    /// A monster.
    Monster,
    /// Something to take.
    Item,
}

/// A level with everything on it.
#[wire]
pub struct Open {
    /// The level.
    pub map: Map,
    /// What is there, by id.
    pub entities: Vec<Entity>,
}
