//! What can be seen from where: shadow casting over slopes that are fractions of integers.
//!
//! Row by row outward, in each of four quadrants, what is left of the wedge between two slopes is scanned; a wall narrows or
//! splits it. A floor counts as seen if its centre lies in the wedge, which makes seeing mutual: who is seen sees back, as far
//! as both see equally far. Walls are seen by any part of them, so that rooms have corners.

use crate::grid::{Direction, Fields, Spot};

/// A slope `over / under`, with `under` above 0.
#[derive(Clone, Copy)]
struct Slope {
    over: i32,
    under: i32,
}

impl Slope {
    /// Through the near edge of the field at this place of this row.
    fn before(row: i32, column: i32) -> Self {
        Self { over: 2 * column - 1, under: 2 * row }
    }

    /// The first column of the row that counts, ties included.
    fn first(self, row: i32) -> i32 {
        (2 * row * self.over + self.under).div_euclid(2 * self.under)
    }

    /// The last one, ties excluded.
    fn last(self, row: i32) -> i32 {
        -(self.under - 2 * row * self.over).div_euclid(2 * self.under)
    }

    fn is_before(self, row: i32, column: i32) -> bool {
        column * self.under >= row * self.over
    }

    fn is_behind(self, row: i32, column: i32) -> bool {
        column * self.under <= row * self.over
    }
}

/// One quadrant, turned so that rows lead away from the eye.
struct Quadrant<'a> {
    floor: &'a Fields,
    eye: Spot,
    way: Direction,
    radius: i32,
}

impl Quadrant<'_> {
    fn field(&self, row: i32, column: i32) -> Option<Spot> {
        let (x, y) = (i32::from(self.eye.x), i32::from(self.eye.y));
        let (x, y) = match self.way {
            Direction::North => (x + column, y - row),
            Direction::South => (x + column, y + row),
            Direction::East => (x + row, y + column),
            Direction::West => (x - row, y + column),
        };
        Spot::at(x, y)
    }

    fn cast(&self, seen: &mut Fields) {
        let mut wedges = vec![(1, Slope { over: -1, under: 1 }, Slope { over: 1, under: 1 })];
        while let Some((row, mut from, to)) = wedges.pop() {
            if row > self.radius {
                continue;
            }
            let mut before_is_floor = None;
            for column in from.first(row)..=to.last(row) {
                let field = self.field(row, column);
                let is_floor = field.is_some_and(|field| self.floor.has(field));
                let counts = !is_floor || (from.is_before(row, column) && to.is_behind(row, column));
                let is_near = row * row + column * column <= self.radius * (self.radius + 1);
                if let Some(field) = field.filter(|_| counts && is_near) {
                    seen.add(field);
                }
                match before_is_floor {
                    Some(false) if is_floor => from = Slope::before(row, column),
                    Some(true) if !is_floor => wedges.push((row + 1, from, Slope::before(row, column))),
                    _ => {}
                }
                before_is_floor = Some(is_floor);
            }
            if before_is_floor == Some(true) {
                wedges.push((row + 1, from, to));
            }
        }
    }
}

/// All that is seen from a field, this far.
pub(crate) fn seen_from(floor: &Fields, eye: Spot, radius: u32) -> Fields {
    let mut seen = Fields::none();
    seen.add(eye);
    let radius = i32::try_from(radius).unwrap_or(i32::from(crate::grid::WIDTH));
    for way in Direction::ALL {
        Quadrant { floor, eye, way, radius }.cast(&mut seen);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generate;
    use parlour_room::Dice;

    #[test]
    fn who_is_seen_sees_back() {
        let mut pairs = 0;
        for number in 0..12 {
            let mut dice = Dice::from_number(number);
            let mut floor = Fields::clone(&generate(&mut dice, true).floor);
            // Rubble makes more corners than rooms have.
            floor.iter().filter(|_| dice.below(6) == 0).collect::<Vec<_>>().into_iter().for_each(|spot| floor.remove(spot));
            let eyes: Vec<Spot> = floor.iter().collect();
            for &eye in &eyes {
                let seen = seen_from(&floor, eye, 7);
                for other in eyes.iter().filter(|other| seen.has(**other)) {
                    assert!(seen_from(&floor, *other, 7).has(eye), "level {number}: {eye:?} sees {other:?}");
                    pairs += 1;
                    if pairs % 40 > 0 {
                        break;
                    }
                }
            }
        }
        assert!(pairs > 1000, "{pairs}");
    }

    #[test]
    fn an_open_hall_is_seen_as_far_as_the_light_reaches_and_no_further() {
        let mut floor = Fields::none();
        Spot::all().filter(|spot| (1..59).contains(&spot.x) && (1..39).contains(&spot.y)).for_each(|spot| floor.add(spot));
        let eye = Spot::new(30, 20);
        let seen = seen_from(&floor, eye, 7);
        for spot in Spot::all() {
            let (dx, dy) = (i32::from(spot.x) - 30, i32::from(spot.y) - 20);
            assert_eq!(seen.has(spot), dx * dx + dy * dy <= 56, "{spot:?}");
        }
    }

    #[test]
    fn nothing_is_seen_through_a_wall_or_round_a_corner() {
        let mut floor = Fields::none();
        (5..20).for_each(|x| floor.add(Spot::new(x, 10)));
        (10..20).for_each(|y| floor.add(Spot::new(12, y)));
        let seen = seen_from(&floor, Spot::new(6, 10), 30);
        assert!(seen.has(Spot::new(19, 10)) && seen.has(Spot::new(20, 10)), "the corridor to its end");
        assert!(!seen.has(Spot::new(12, 13)), "down the side corridor");
        floor.remove(Spot::new(9, 10));
        assert!(!seen_from(&floor, Spot::new(6, 10), 30).has(Spot::new(11, 10)), "behind a wall");
    }
}
