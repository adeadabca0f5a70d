//! How a level comes to be: rooms tried at random and kept where they touch no other, each joined by a bent corridor to the one
//! before, so that every field is reached from every other.

use crate::grid::{Fields, HEIGHT, Spot, WIDTH};
use crate::level::Level;
use parlour_room::Dice;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So often a room is tried.
const TRIES: u32 = 600;
/// With so many rooms a level is full.
const ROOMS: usize = 24;
/// A level has at least so many fields to walk on: more than there can be bodies and monsters.
pub(crate) const FLOOR_MIN: u32 = 600;

/// What decides here and is no code: for the hash of the content.
pub(crate) const MEASURES: [u32; 5] = [TRIES, ROOMS as u32, FLOOR_MIN, WIDTH as u32, HEIGHT as u32];

#[derive(Clone, Copy)]
struct Hall {
    x: u8,
    y: u8,
    width: u8,
    height: u8,
}

impl Hall {
    fn tried(dice: &mut Dice) -> Self {
        let (width, height) = (4 + small(dice, 8), 3 + small(dice, 5));
        // A wall is left all around the level.
        Self { x: 1 + small(dice, WIDTH - width - 1), y: 1 + small(dice, HEIGHT - height - 1), width, height }
    }

    fn touches(&self, other: &Self) -> bool {
        let apart = |at: u8, length: u8, other: u8, other_length: u8| at + length < other || other + other_length < at;
        !apart(self.x, self.width, other.x, other.width) && !apart(self.y, self.height, other.y, other.height)
    }

    fn dig(&self, floor: &mut Fields) {
        for y in self.y..self.y + self.height {
            (self.x..self.x + self.width).for_each(|x| floor.add(Spot::new(x, y)));
        }
    }

    fn middle(&self) -> Spot {
        Spot::new(self.x + self.width / 2, self.y + self.height / 2)
    }
}

/// A level without monsters and things; the last of a dungeon has no stairs down.
pub(crate) fn generate(dice: &mut Dice, has_deeper: bool) -> Level {
    let mut halls: Vec<Hall> = Vec::new();
    for _ in 0..TRIES {
        let hall = Hall::tried(dice);
        if halls.len() < ROOMS && !halls.iter().any(|other| hall.touches(other)) {
            halls.push(hall);
        }
    }
    let mut floor = Fields::none();
    halls.iter().for_each(|hall| hall.dig(&mut floor));
    for pair in halls.windows(2) {
        corridor(&mut floor, pair[0].middle(), pair[1].middle(), dice.coin());
    }
    if floor.count() < FLOOR_MIN {
        // The dice gave hardly any room: a great hall in the middle, which a corridor joins to the rest.
        let hall = Hall { x: 10, y: 12, width: 40, height: 16 };
        hall.dig(&mut floor);
        corridor(&mut floor, hall.middle(), halls[0].middle(), true);
    }
    let up = halls[0].middle();
    let far = |hall: &&Hall| hall.middle().steps(up);
    let down = halls.iter().max_by_key(far).map(Hall::middle).filter(|down| has_deeper && *down != up);
    Level { floor: Arc::new(floor), up, down, monsters: BTreeMap::new(), items: BTreeMap::new() }
}

/// Along a row and then along a column, or the other way round.
fn corridor(floor: &mut Fields, from: Spot, to: Spot, row_first: bool) {
    let corner = if row_first { Spot::new(to.x, from.y) } else { Spot::new(from.x, to.y) };
    for (from, to) in [(from, corner), (corner, to)] {
        for y in from.y.min(to.y)..=from.y.max(to.y) {
            (from.x.min(to.x)..=from.x.max(to.x)).for_each(|x| floor.add(Spot::new(x, y)));
        }
    }
}

fn small(dice: &mut Dice, bound: u8) -> u8 {
    u8::try_from(dice.below(u64::from(bound))).expect("below a byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_every_level_is_reached_from_the_stairs() {
        for number in 0..300 {
            let level = generate(&mut Dice::from_number(number), true);
            let reached = level.around(level.up).count();
            assert_eq!(u32::try_from(reached).unwrap(), level.floor.count(), "level {number}");
            assert!(level.floor.count() >= FLOOR_MIN, "level {number}: {}", level.floor.count());
            let down = level.down.unwrap_or_else(|| panic!("level {number} has no stairs down"));
            assert!(level.floor.has(down) && level.floor.has(level.up) && down != level.up, "level {number}");
            let edge = |spot: &Spot| spot.x == 0 || spot.y == 0 || spot.x == WIDTH - 1 || spot.y == HEIGHT - 1;
            assert!(!level.floor.iter().any(|spot| edge(&spot)), "level {number} has a hole in its wall");
        }
    }

    #[test]
    fn the_same_dice_give_the_same_level_and_others_another() {
        let level = |number| generate(&mut Dice::from_number(number), true).floor;
        assert_eq!(level(1), level(1));
        assert_ne!(level(1), level(2));
    }

    #[test]
    fn the_last_level_has_no_stairs_down() {
        assert!((0..20).all(|number| generate(&mut Dice::from_number(number), false).down.is_none()));
    }
}
