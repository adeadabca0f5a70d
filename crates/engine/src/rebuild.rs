//! From what the journal holds to a table: the same for a server that loads a room, for `replay`, and for `replay --verify`.

use crate::schema::Kinds;
use crate::store::{History, RoomRow};
use parlour_room::record::OpeningHead;
use parlour_room::table::Damage;
use parlour_room::{AnyKind, AnyTable, Cause, Divergence, Played, Record};
use std::sync::Arc;

/// Why a room cannot be rebuilt from what the journal holds of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The opening record is of a kind that this server does not have.
    UnknownKind(u64, String),
    /// The records do not begin with an opening.
    NoOpening(u64),
    /// The snapshot of this record cannot be used.
    Snapshot(u64, String),
    /// A replay stopped.
    Diverged(Divergence),
    /// The journal's list of rooms says something else than the records.
    Row(u64, String),
}

impl Broken {
    /// The record at which something is wrong.
    pub fn seq(&self) -> u64 {
        match self {
            Broken::NoOpening(seq) | Broken::UnknownKind(seq, _) | Broken::Snapshot(seq, _) | Broken::Row(seq, _) => *seq,
            Broken::Diverged(divergence) => divergence.seq,
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Broken::UnknownKind(seq, kind) => write!(f, "record {seq}: this server has no rooms of kind {kind:?}"),
            Broken::NoOpening(seq) => write!(f, "record {seq}: the room's opening is missing"),
            Broken::Snapshot(seq, why) => write!(f, "record {seq}: {why}"),
            Broken::Diverged(divergence) => write!(f, "{divergence}"),
            Broken::Row(seq, why) => write!(f, "record {seq}: the list of rooms {why}"),
        }
    }
}

impl std::error::Error for Broken {}

impl From<Divergence> for Broken {
    fn from(divergence: Divergence) -> Self {
        Broken::Diverged(divergence)
    }
}

/// A kind and a table of it.
pub type Rebuilt = (Arc<dyn AnyKind>, Box<dyn AnyTable>);

/// The newest state: the snapshot, if there is one, and every record after it.
pub fn rebuild(kinds: &Kinds, room: &str, history: &History) -> Result<Rebuilt, Broken> {
    let mut records = history.records.as_slice();
    let (kind, mut table) = match &history.snapshot {
        Some(snapshot) => {
            let broken = |why: String| Broken::Snapshot(snapshot.seq, why);
            if !snapshot.is_whole() {
                return Err(broken("the snapshot does not match its digest".to_owned()));
            }
            let row = history.row.as_ref().ok_or_else(|| broken("the room is missing from the list of rooms".to_owned()))?;
            let kind = kinds.get(&row.kind).ok_or_else(|| Broken::UnknownKind(row.first, row.kind.clone()))?;
            let table = kind.restore(&snapshot.body).map_err(|damage: Damage| broken(damage.to_string()))?;
            let about = table.about();
            if about.seq != snapshot.seq || about.name != room {
                return Err(broken("the snapshot is of another room or record".to_owned()));
            }
            (kind.clone(), table)
        }
        None => {
            let (first, rest) = records.split_first().ok_or(Broken::NoOpening(1))?;
            records = rest;
            open(kinds, room, first)?.0
        }
    };
    for record in records {
        table.replay(record)?;
    }
    if let Some(row) = &history.row {
        check_row(row, table.as_ref())?;
    }
    Ok((kind, table))
}

/// The table of an opening record, and what opening it brought about.
pub fn open(kinds: &Kinds, room: &str, record: &Record) -> Result<(Rebuilt, Played), Broken> {
    if record.cause != Cause::Opened {
        return Err(Broken::NoOpening(record.seq));
    }
    let head = OpeningHead::of(record).ok_or(Broken::NoOpening(record.seq))?;
    if head.room != room {
        return Err(Broken::Row(record.seq, format!("has this record under {room:?}, but it opens {:?}", head.room)));
    }
    let kind = kinds.get(&head.kind).ok_or_else(|| Broken::UnknownKind(record.seq, head.kind.clone()))?;
    let (table, played) = kind.replay(record)?;
    Ok(((kind.clone(), table), played))
}

/// Whether a room's row in the list says what its table says.
pub fn check_row(row: &RoomRow, table: &dyn AnyTable) -> Result<(), Broken> {
    let about = table.about();
    let wrong = |what: &str| Broken::Row(about.opener.seq, format!("has another {what} than the records"));
    if row.kind != about.kind {
        return Err(wrong("kind"));
    }
    if row.rules != about.rules {
        return Err(wrong("rules"));
    }
    if row.opened_ms != about.opener.ts_ms {
        return Err(wrong("opening time"));
    }
    if row.life != about.life {
        return Err(wrong("life"));
    }
    if row.first != about.opener.seq {
        return Err(wrong("first record"));
    }
    if row.outcome.as_deref() != about.ended.map(|ended| ended.outcome.as_str()) {
        return Err(Broken::Row(about.seq, "has another outcome than the records".to_owned()));
    }
    Ok(())
}
