//! Playing a room again from its records: as one seat saw it, as the records say it was, or to verify that both agree with the
//! journal.

use crate::dialect::native_out as say;
use crate::rebuild::{self, Broken};
use crate::schema::Kinds;
use crate::store::History;
use parlour_room::{AnyTable, Cause, Divergence, Played, Record, Version, Viewer, Why};
use serde_json::{Value, json};

/// Through whose eyes a replay is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eyes {
    /// Every record, with everything it told to anybody. The seed is left out: its hash stands in its place.
    Records,
    /// What this viewer was told, frame by frame, and what they may know in the end.
    Viewer(Viewer),
}

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// One JSON object a line.
    pub lines: Vec<String>,
    /// How many records were played.
    pub records: u64,
    /// How many were not, because only rules that are not here can: they lie before a record that says the room was taken over.
    pub unplayed: u64,
    /// The hash of the last one.
    pub hash: String,
    /// How many may play.
    pub seats: u32,
}

/// Plays records up to number `until` (to the end without one).
pub fn replay(kinds: &Kinds, room: &str, records: &[Record], until: Option<u64>, eyes: Eyes) -> Result<Replayed, Broken> {
    let mut lines = Vec::new();
    let (mut played_records, mut unplayed) = (0, 0);
    let mut since = u64::MAX;
    let end = records.iter().position(|record| until.is_some_and(|until| record.seq > until)).unwrap_or(records.len());
    let table = play(kinds, room, &records[..end], &mut |record, step| match (step, eyes) {
        (Step::Unplayed(version), _) => {
            unplayed += 1;
            if eyes == Eyes::Records {
                lines.push(unplayed_line(record, version));
            }
        }
        (Step::Played(played, table), Eyes::Records) => {
            played_records += 1;
            lines.push(record_line(record, played, table));
        }
        (Step::Played(played, table), Eyes::Viewer(viewer)) => {
            played_records += 1;
            frames(&mut lines, room, played, table, viewer, &mut since);
        }
    })?;
    let viewer = if let Eyes::Viewer(viewer) = eyes { viewer } else { Viewer::Spectator };
    let view = table.view(viewer).map_err(|fault| diverged(table.about().seq, Why::Fault(fault)))?;
    let mut line = Vec::new();
    say::view(&mut line, room, &table.position(viewer), 1, &view, false);
    lines.push(text(line));
    Ok(Replayed { lines, records: played_records, unplayed, hash: table.about().hash.to_string(), seats: table.about().seats })
}

/// Plays every life of a room from its first record, and compares everything else the journal says of it: the snapshot, the row
/// in the list.
pub fn verify(kinds: &Kinds, room: &str, records: &[Record], history: &History) -> Result<Replayed, Broken> {
    let (mut played_records, mut unplayed) = (0, 0);
    let mut snapshot_differs = None;
    let table = play(kinds, room, records, &mut |record, step| {
        let Step::Played(_, table) = step else { return unplayed += 1 };
        played_records += 1;
        if let Some(snapshot) = history.snapshot.as_ref().filter(|snapshot| snapshot.seq == record.seq) {
            snapshot_differs = Some(!snapshot.is_whole() || table.snapshot().as_ref() != Ok(&snapshot.body));
        }
    })?;
    let about = table.about();
    match (&history.snapshot, snapshot_differs) {
        (Some(snapshot), None) if snapshot.seq > about.seq => {
            return Err(Broken::Snapshot(about.seq + 1, format!("missing, but there is a snapshot of record {}", snapshot.seq)));
        }
        (Some(snapshot), None | Some(true)) => {
            return Err(Broken::Snapshot(snapshot.seq, "the snapshot is not what playing the records gives".to_owned()));
        }
        (None, _) | (Some(_), Some(false)) => {}
    }
    match &history.row {
        Some(row) => rebuild::check_row(row, table.as_ref())?,
        None => return Err(Broken::Row(about.opener.seq, "does not have this room".to_owned())),
    }
    Ok(Replayed { lines: Vec::new(), records: played_records, unplayed, hash: about.hash.to_string(), seats: about.seats })
}

/// What became of a record.
enum Step<'a> {
    Played(&'a Played, &'a dyn AnyTable),
    /// Only these rules could play it, and they are not here.
    Unplayed(&'a Version),
}

fn play(
    kinds: &Kinds,
    room: &str,
    records: &[Record],
    each: &mut dyn FnMut(&Record, Step<'_>),
) -> Result<Box<dyn AnyTable>, Broken> {
    let mut table: Option<Box<dyn AnyTable>> = None;
    let mut missing = None;
    for (expected, (at, record)) in (1..).zip(records.iter().enumerate()) {
        if record.seq != expected {
            return Err(diverged(expected, Why::Missing { found: record.seq }));
        }
        let begun = match (record.cause, &mut table) {
            (Cause::Opened, _) => rebuild::open(kinds, room, record).map(|((_, new), played)| (new, played)),
            (Cause::Migrated, Some(old)) => taken_over(kinds, old.as_ref(), record),
            (Cause::Migrated, None) => rebuild::begin(kinds, record).map(|((_, new), played)| (new, played)),
            (_, Some(table)) => {
                let played = table.replay(record)?;
                each(record, Step::Played(&played, table.as_ref()));
                continue;
            }
            (_, None) => {
                let version: &Version = missing.as_ref().ok_or(Broken::NoOpening(record.seq))?;
                each(record, Step::Unplayed(version));
                continue;
            }
        };
        match begun {
            Ok((new, played)) => each(record, Step::Played(&played, table.insert(new).as_ref())),
            Err(broken) => {
                table = None;
                each(record, Step::Unplayed(missing.insert(passed_over(broken, &records[at + 1..])?)));
            }
        }
    }
    table.ok_or(Broken::NoOpening(1))
}

/// Records of rules that are not here are passed over if other rules took the room over later in the same life.
fn passed_over(broken: Broken, after: &[Record]) -> Result<Version, Broken> {
    let life = after.iter().take_while(|record| record.cause != Cause::Opened);
    let ends_well = life.into_iter().any(|record| record.cause == Cause::Migrated);
    match broken {
        Broken::OtherRules(_, version, _) if ends_well => Ok(version),
        broken => Err(broken),
    }
}

/// With the old rules here as well, the room is taken over once more: the record must say the same.
fn taken_over(kinds: &Kinds, old: &dyn AnyTable, record: &Record) -> Result<(Box<dyn AnyTable>, Played), Broken> {
    let ((kind, table), played) = rebuild::begin(kinds, record)?;
    let snapshot = old.snapshot().map_err(|fault| diverged(record.seq, Why::Fault(fault)))?;
    match kind.migrate(&snapshot, record.ts_ms) {
        Ok((_, again)) if again.record == *record => Ok((table, played)),
        Ok(_) => Err(diverged(record.seq, Why::OtherHash)),
        Err(why) => Err(diverged(record.seq, Why::Refused(why.to_string()))),
    }
}

fn diverged(seq: u64, why: Why) -> Broken {
    Broken::Diverged(Divergence { seq, why })
}

/// The frames in which a record just played is told to a viewer. `since` is kept between records and begins at its maximum: the
/// tenure of the seat before the record, for who loses the seat by it still hears what it told.
pub fn frames(lines: &mut Vec<String>, room: &str, played: &Played, table: &dyn AnyTable, viewer: Viewer, since: &mut u64) {
    let about = table.about();
    let holder = viewer.seat().and_then(|seat| about.members.holder(seat));
    let after = holder.map_or(u64::MAX, |(_, member)| member.since_order);
    let holds = (*since).min(after);
    *since = after;
    for told in &played.told {
        if let Some(body) = told.heard_by(viewer, holds) {
            let mut line = Vec::new();
            say::event(&mut line, room, told.number, told.seat.is_some(), told.ts_ms, body);
            lines.push(text(line));
        }
    }
}

/// A record just played as one line, with everything it told to anybody; the seed's hash stands for the seed.
pub fn record_line(record: &Record, played: &Played, table: &dyn AnyTable) -> String {
    let mut input: Value = serde_json::from_str(&record.input).unwrap_or_default();
    let with_seed = match record.cause {
        Cause::Opened => Some(&mut input),
        Cause::Migrated => input.get_mut("table"),
        _ => None,
    };
    if let Some(fields) = with_seed.and_then(Value::as_object_mut)
        && fields.remove("seed").is_some()
    {
        fields.insert("seed_hash".to_owned(), json!(table.seed_hash()));
    }
    let told: Vec<Value> = played.told.iter().map(|told| serde_json::to_value(told).unwrap_or_default()).collect();
    let mut ts = Vec::new();
    say::timestamp(&mut ts, record.ts_ms);
    json!({
        "seq": record.seq,
        "at_ms": record.at_ms,
        "ts": text(ts),
        "cause": record.cause.as_str(),
        "input": input,
        "hash": record.hash,
        "told": told,
    })
    .to_string()
}

/// A record that only rules can play which are not here: that it is there, and no more.
fn unplayed_line(record: &Record, version: &Version) -> String {
    json!({
        "seq": record.seq,
        "at_ms": record.at_ms,
        "cause": record.cause.as_str(),
        "hash": record.hash,
        "unplayed": format!("recorded under {version}"),
    })
    .to_string()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what is said is JSON, and JSON is text")
}
