//! Reading a journal beside its server, or without one: replays and lists.

use crate::journal::{Reader, sqlite};
use parlour_engine::rebuild::Broken;
use parlour_engine::replay::{self, Eyes, Replayed, replay as play};
use parlour_engine::schema::Kinds;
use parlour_engine::store::ReadError;
use parlour_room::{Seat, Viewer};

/// Why a room was not replayed to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The journal never heard of it.
    NoRoom,
    /// It has no such seat.
    NoSeat,
    /// The journal cannot be read there.
    Read(ReadError),
    /// It is not what was recorded.
    Broken(Broken),
}

impl ReplayError {
    /// The record at which it stopped.
    pub fn seq(&self) -> u64 {
        match self {
            ReplayError::NoRoom | ReplayError::NoSeat | ReplayError::Read(ReadError::Failed(_)) => 0,
            ReplayError::Read(ReadError::Damaged { seq, .. }) => *seq,
            ReplayError::Broken(broken) => broken.seq(),
        }
    }
}

impl std::fmt::Display for ReplayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReplayError::NoRoom => f.write_str("there is no room of this name"),
            ReplayError::NoSeat => f.write_str("the room has no such seat"),
            ReplayError::Read(error) => write!(f, "{error}"),
            ReplayError::Broken(broken) => write!(f, "{broken}"),
        }
    }
}

impl std::error::Error for ReplayError {}

/// What verifying some rooms found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many were verified.
    pub rooms: u64,
    /// How many records of those that do not differ.
    pub records: u64,
    /// The rooms that differ, and where.
    pub differ: Vec<(String, ReplayError)>,
}

/// Verifies one room more. Whether the journal ever heard of it; an error is one of the store.
pub fn verify(journal: &dyn Reader, kinds: &Kinds, room: &str, verified: &mut Verified) -> Result<bool, ReadError> {
    match replay(journal, kinds, room, None, Eyes::Records, true) {
        Ok(replayed) => verified.records += replayed.records,
        Err(ReplayError::NoRoom) => return Ok(false),
        Err(ReplayError::Read(error @ ReadError::Failed(_))) => return Err(error),
        Err(error) => verified.differ.push((room.to_owned(), error)),
    }
    verified.rooms += 1;
    Ok(true)
}

/// Every record of a room as it is kept, all lives of it, a line of JSON each; `None` if the journal never heard of it.
pub fn export(journal: &dyn Reader, room: &str) -> Result<Option<Vec<String>>, ReadError> {
    let records = journal.records(room)?;
    Ok((!records.is_empty()).then(|| records.iter().map(sqlite::line).collect()))
}

/// Replays a room, or verifies it: then every life from the first record, the snapshot and the list of rooms.
pub fn replay(
    journal: &dyn Reader,
    kinds: &Kinds,
    room: &str,
    until: Option<u64>,
    eyes: Eyes,
    verifies: bool,
) -> Result<Replayed, ReplayError> {
    // In this order: what a running server writes in between is after the end of both.
    let history = journal.life(room);
    let mut records = journal.records(room).map_err(ReplayError::Read)?;
    let history = match history {
        Ok(history) => history,
        // Who plays every record knows best at which of them something is wrong: the present life may begin after it.
        Err(error) => {
            let (error, played) = (ReplayError::Read(error), play(kinds, room, &records, None, Eyes::Records));
            let earlier = played.err().map(ReplayError::Broken).filter(|broken| broken.seq() < error.seq());
            return Err(earlier.unwrap_or(error));
        }
    };
    if let Some(last) = history.as_ref().and_then(|history| history.records.last()) {
        let known = records.iter().rposition(|record| record == last).map_or(records.len(), |at| at + 1);
        records.truncate(known);
    }
    if records.is_empty() && history.is_none() {
        return Err(ReplayError::NoRoom);
    }
    if verifies {
        replay::verify(kinds, room, &records, &history.unwrap_or_default()).map_err(ReplayError::Broken)
    } else {
        let replayed = play(kinds, room, &records, until, eyes).map_err(ReplayError::Broken)?;
        let has_seat = !matches!(eyes, Eyes::Viewer(Viewer::Seat(Seat(seat))) if seat >= replayed.seats);
        if has_seat { Ok(replayed) } else { Err(ReplayError::NoSeat) }
    }
}
