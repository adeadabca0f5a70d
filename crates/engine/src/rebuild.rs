//! From what the journal holds to a table: the same for a server that loads a room, for `replay`, and for `replay --verify`.

use crate::code::Code;
use crate::schema::Kinds;
use crate::store::{History, RoomRow, Snapshot};
use parlour_room::record::OpeningHead;
use parlour_room::table::Damage;
use parlour_room::{AnyKind, AnyTable, Cause, Divergence, Played, Record, Version, Why};
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
    /// It was recorded under rules that this server does not have; the text says what could be done.
    OtherRules(u64, Version, String),
    /// The journal's list of rooms says something else than the records.
    Row(u64, String),
}

impl Broken {
    /// What clients are told.
    pub fn code(&self) -> Code {
        match self {
            Broken::OtherRules(..) | Broken::UnknownKind(..) => Code::OtherRules,
            _ => Code::RoomUnreadable,
        }
    }

    /// The record at which something is wrong.
    pub fn seq(&self) -> u64 {
        match self {
            Broken::NoOpening(seq)
            | Broken::UnknownKind(seq, _)
            | Broken::Snapshot(seq, _)
            | Broken::OtherRules(seq, ..)
            | Broken::Row(seq, _) => *seq,
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
            Broken::OtherRules(seq, version, why) => write!(f, "record {seq}: was recorded under {version}: {why}"),
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

/// The newest state: the snapshot, if there is one, and every record after it. What other rules recorded is not played by these.
pub fn rebuild(kinds: &Kinds, room: &str, history: &History) -> Result<Rebuilt, Broken> {
    let records = history.records.as_slice();
    // Where other rules took the room over, a new beginning stands in the record.
    let taken_over = records.iter().rposition(|record| record.cause == Cause::Migrated);
    let ((kind, mut table), rest) = match (taken_over, &history.snapshot) {
        (Some(at), _) => (begin(kinds, &records[at])?.0, &records[at + 1..]),
        (None, Some(snapshot)) => (from_snapshot(kinds, room, history, snapshot)?, records),
        (None, None) => {
            let (first, rest) = records.split_first().ok_or(Broken::NoOpening(1))?;
            (open(kinds, room, first)?.0, rest)
        }
    };
    for record in rest {
        table.replay(record)?;
    }
    if let Some(row) = &history.row {
        check_row(row, table.as_ref())?;
    }
    Ok((kind, table))
}

fn from_snapshot(kinds: &Kinds, room: &str, history: &History, snapshot: &Snapshot) -> Result<Rebuilt, Broken> {
    let broken = |why: String| Broken::Snapshot(snapshot.seq, why);
    if !snapshot.is_whole() {
        return Err(broken("the snapshot does not match its digest".to_owned()));
    }
    let row = history.row.as_ref().ok_or_else(|| broken("the room is missing from the list of rooms".to_owned()))?;
    let version =
        Version::of_snapshot(&snapshot.body).ok_or_else(|| broken("the snapshot does not say of which kind it is".to_owned()))?;
    if version.kind != row.kind {
        return Err(Broken::Row(row.first, "has another kind than the snapshot".to_owned()));
    }
    let kind = of_version(kinds, snapshot.seq, &version)?;
    let table = kind.restore(&snapshot.body).map_err(|damage: Damage| broken(damage.to_string()))?;
    let about = table.about();
    if about.seq != snapshot.seq || about.name != room {
        return Err(broken("the snapshot is of another room or record".to_owned()));
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
    begin(kinds, record)
}

/// The table of a record that makes one: `opened` or `migrated`.
pub fn begin(kinds: &Kinds, record: &Record) -> Result<(Rebuilt, Played), Broken> {
    let unreadable =
        || Broken::Diverged(Divergence { seq: record.seq, why: Why::Unreadable("it does not name its rules".to_owned()) });
    let kind = of_version(kinds, record.seq, &Version::of(record).ok_or_else(unreadable)?)?;
    let (table, played) = kind.replay(record)?;
    Ok(((kind, table), played))
}

fn of_version(kinds: &Kinds, seq: u64, version: &Version) -> Result<Arc<dyn AnyKind>, Broken> {
    if let Some(kind) = kinds.version(version) {
        return Ok(kind.clone());
    }
    let newest = kinds.get(&version.kind).ok_or_else(|| Broken::UnknownKind(seq, version.kind.clone()))?;
    Err(Broken::OtherRules(seq, version.clone(), format!("this server has {}", newest.version())))
}

/// Lets the newest rules take over a room that none of the registered ones can play. Only from a snapshot of its last record:
/// records after it could be played by the old rules alone.
pub fn take_over(kinds: &Kinds, history: &History, broken: Broken, wall_ms: u64) -> Result<(Rebuilt, Played), Broken> {
    let Broken::OtherRules(seq, version, here) = broken else { return Err(broken) };
    let refused = |why: String| Broken::OtherRules(seq, version.clone(), format!("{here}, and {why}"));
    let newest = kinds.get(&version.kind).ok_or_else(|| Broken::UnknownKind(seq, version.kind.clone()))?;
    let snapshot =
        history.snapshot.as_ref().filter(|snapshot| history.records.last().is_none_or(|last| last.seq <= snapshot.seq));
    let Some(snapshot) = snapshot else {
        let what =
            "its last records can be played by those alone: register them, or let the server that has them stop in good order";
        return Err(refused(what.to_owned()));
    };
    let (table, played) = newest.migrate(&snapshot.body, wall_ms).map_err(|why| refused(why.to_string()))?;
    if let Some(row) = &history.row {
        check_row(row, table.as_ref())?;
    }
    Ok(((newest.clone(), table), played))
}

/// Whether a room's row in the list says what its table says.
pub fn check_row(row: &RoomRow, table: &dyn AnyTable) -> Result<(), Broken> {
    let about = table.about();
    let wrong = |what: &str| Broken::Row(about.opener.seq, format!("has another {what} than the records"));
    if row.kind != about.kind {
        return Err(wrong("kind"));
    }
    if row.rules != about.opener.rules {
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
