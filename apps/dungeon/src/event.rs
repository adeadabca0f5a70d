//! What players are told.
//!
//! Of what happens in the dungeon each player is told what they see; an entity they do not see is `null`. In one turn come
//! first who comes into sight, then what happens, then who moves, then who goes out of sight. Everybody, spectators too, is
//! told only who comes and goes, and on which level who is.

use crate::name::Name;
use crate::view::{Entity, Recap};
use parlour_room::{Seat, wire};

/// Everything that can be told.
#[wire(event)]
pub enum Event {
    /// To everybody: somebody has come to play.
    Entered {
        /// Who.
        seat: Seat,
    },
    /// To everybody: somebody has left for good.
    Departed {
        /// Who.
        seat: Seat,
    },
    /// To everybody: somebody is on another level now.
    Reached {
        /// Who.
        seat: Seat,
        /// Where.
        level: u32,
    },
    /// Came into sight on one's level.
    Appeared {
        /// The level.
        level: u32,
        /// What, and where.
        entity: Entity,
    },
    /// Those in sight that moved, in the order of their ids, oneself among them.
    Stepped {
        /// The level.
        level: u32,
        /// Who, and where to.
        moves: Vec<Move>,
    },
    /// Went out of sight, died, was taken, left.
    Gone {
        /// The level it was on.
        level: u32,
        /// What.
        entity: u32,
    },
    /// A blow, a throw or a shot at somebody in sight.
    Attacked {
        /// By whom; `null` if they are out of sight.
        by: Option<u32>,
        /// At whom.
        target: u32,
        /// How.
        how: How,
        /// What it did; 0 is a miss.
        damage: u32,
    },
    /// Somebody died.
    Died {
        /// Who.
        entity: u32,
        /// Whose doing it was; `null` if they are out of sight.
        by: Option<u32>,
    },
    /// Somebody took something.
    Picked {
        /// Who.
        by: u32,
        /// What.
        item: u32,
        /// Its name.
        name: Name,
    },
    /// Somebody put something down.
    Dropped {
        /// Who.
        by: u32,
        /// What.
        item: u32,
        /// Its name.
        name: Name,
    },
    /// Somebody threw something.
    Thrown {
        /// Who.
        by: u32,
        /// What.
        item: u32,
        /// Its name.
        name: Name,
    },
    /// Somebody used something.
    Used {
        /// Who.
        by: u32,
        /// What.
        item: u32,
        /// Its name.
        name: Name,
    },
    /// Somebody in sight said something.
    Said {
        /// Who.
        entity: u32,
        /// What.
        text: String,
    },
    /// To one player: something about themselves.
    Message {
        /// What.
        note: Note,
    },
    /// To one player: they died.
    Fell {
        /// How it went.
        recap: Recap,
    },
}

/// One step.
#[wire]
pub struct Move {
    /// Who.
    pub entity: u32,
    /// The column, 0 to 59.
    pub x: u8,
    /// The row, 0 to 39.
    pub y: u8,
}

/// How somebody was attacked.
#[wire]
#[derive(Copy)]
pub enum How {
    /// Hand to hand.
    Struck,
    /// With something thrown.
    Thrown,
    /// With acid, from afar.
    Spat,
    /// By a cloud of spores.
    Spores,
}

/// What one is told about oneself.
#[wire]
#[derive(Copy)]
pub enum Note {
    /// The light is nearly out.
    LightLow,
    /// The light is out: one sees hardly anything.
    LightOut,
    /// Something drank of the light.
    LightDrained,
    /// One is whole again.
    Rested,
}
