//! Fields, directions, and sets of fields: a level is 60 columns by 40 rows, and a row is a word.

use parlour_room::{kept, wire};
use serde::{Deserialize, Serialize};

/// Columns.
pub const WIDTH: u8 = 60;
/// Rows.
pub const HEIGHT: u8 = 40;

/// A field.
#[kept]
#[derive(Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) x: u8,
    pub(crate) y: u8,
}

impl Spot {
    pub(crate) fn new(x: u8, y: u8) -> Self {
        Self { x, y }
    }

    /// The field at these coordinates, if there is one.
    pub(crate) fn at(x: i32, y: i32) -> Option<Self> {
        let (x, y) = (u8::try_from(x).ok()?, u8::try_from(y).ok()?);
        (x < WIDTH && y < HEIGHT).then_some(Self { x, y })
    }

    /// The field next to this one.
    pub(crate) fn step(self, direction: Direction) -> Option<Self> {
        let (dx, dy) = direction.delta();
        Self::at(i32::from(self.x) + dx, i32::from(self.y) + dy)
    }

    /// How many fields apart, diagonals counting one.
    pub(crate) fn distance(self, other: Self) -> u8 {
        self.x.abs_diff(other.x).max(self.y.abs_diff(other.y))
    }

    /// How many steps apart, if nothing is between.
    pub(crate) fn steps(self, other: Self) -> u8 {
        self.x.abs_diff(other.x) + self.y.abs_diff(other.y)
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| Self { x, y }))
    }
}

/// One of four ways.
#[wire]
#[derive(Copy)]
pub enum Direction {
    /// Up the map: towards row 0.
    North,
    /// Towards column 59.
    East,
    /// Down the map.
    South,
    /// Towards column 0.
    West,
}

impl Direction {
    pub(crate) const ALL: [Self; 4] = [Self::North, Self::East, Self::South, Self::West];

    pub(crate) fn delta(self) -> (i32, i32) {
        match self {
            Self::North => (0, -1),
            Self::East => (1, 0),
            Self::South => (0, 1),
            Self::West => (-1, 0),
        }
    }
}

/// Where somebody walks.
#[wire]
#[derive(Copy)]
pub enum Heading {
    /// Towards row 0.
    North,
    /// Towards column 59.
    East,
    /// Towards row 39.
    South,
    /// Towards column 0.
    West,
    /// Nowhere.
    Stop,
}

impl Heading {
    pub(crate) const ALL: [Self; 5] = [Self::North, Self::East, Self::South, Self::West, Self::Stop];

    pub(crate) fn direction(self) -> Option<Direction> {
        match self {
            Self::North => Some(Direction::North),
            Self::East => Some(Direction::East),
            Self::South => Some(Direction::South),
            Self::West => Some(Direction::West),
            Self::Stop => None,
        }
    }
}

/// A set of fields. Kept as 400 characters: ten a row, six fields each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Fields([u64; HEIGHT as usize]);

const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const ROW: u64 = (1 << WIDTH) - 1;
const DIGITS_A_ROW: usize = 10;

impl Fields {
    pub(crate) fn none() -> Self {
        Self([0; HEIGHT as usize])
    }

    pub(crate) fn all() -> Self {
        Self([ROW; HEIGHT as usize])
    }

    pub(crate) fn has(&self, spot: Spot) -> bool {
        self.0[usize::from(spot.y)] >> spot.x & 1 == 1
    }

    pub(crate) fn add(&mut self, spot: Spot) {
        self.0[usize::from(spot.y)] |= 1 << spot.x;
    }

    #[cfg(test)]
    pub(crate) fn remove(&mut self, spot: Spot) {
        self.0[usize::from(spot.y)] &= !(1 << spot.x);
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(row, more)| *row |= more);
    }

    pub(crate) fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(row, only)| *row &= only);
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|row| row.count_ones()).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Spot> {
        Spot::all().filter(|spot| self.has(*spot))
    }
}

impl From<Fields> for String {
    fn from(fields: Fields) -> Self {
        let digit = |row: u64, at: usize| char::from(DIGITS[usize::from((row >> (6 * at)) as u8 & 63)]);
        fields.0.iter().flat_map(|row| (0..DIGITS_A_ROW).map(move |at| digit(*row, at))).collect()
    }
}

impl TryFrom<String> for Fields {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "a set of fields is 400 of its 64 digits";
        if text.len() != DIGITS_A_ROW * usize::from(HEIGHT) {
            return Err(WRONG);
        }
        let mut fields = Self::none();
        for (row, digits) in fields.0.iter_mut().zip(text.as_bytes().chunks(DIGITS_A_ROW)) {
            for (at, digit) in digits.iter().enumerate() {
                *row |= value_of(*digit).ok_or(WRONG)? << (6 * at);
            }
        }
        Ok(fields)
    }
}

fn value_of(digit: u8) -> Option<u64> {
    let value = match digit {
        b'0'..=b'9' => digit - b'0',
        b'A'..=b'Z' => digit - b'A' + 10,
        b'a'..=b'z' => digit - b'a' + 36,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(u64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlour_room::Dice;

    #[test]
    fn a_set_of_fields_survives_being_written() {
        let mut dice = Dice::from_number(4);
        for fields in [Fields::none(), Fields::all()] {
            assert_eq!(Fields::try_from(String::from(fields.clone())), Ok(fields));
        }
        for _ in 0..50 {
            let mut fields = Fields::none();
            Spot::all().filter(|_| dice.coin()).for_each(|spot| fields.add(spot));
            assert_eq!(fields.iter().count(), usize::try_from(fields.count()).unwrap());
            assert_eq!(Fields::try_from(String::from(fields.clone())), Ok(fields));
        }
    }
}
