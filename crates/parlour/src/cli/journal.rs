//! `journal verify|stat|export`: what lies in a journal, whether a server is writing it or not.

use super::args::{Format, Place, Shown};
use super::config::Settings;
use super::exit::{Exit, Failed};
use super::show::{outline, print};
use clap::Subcommand;
use parlour_engine::dialect::native_out::timestamp;
use parlour_engine::schema::Kinds;
use parlour_engine::store::ReadError;
use parlour_server::journal::{SqliteReader, Stat};
use parlour_server::offline::{self, Verified};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Replay every room and compare it with what was recorded
    #[command(after_help = "Examples:\n  parlour journal verify --data parlour-data\n  \
        parlour journal verify table-1 --data parlour-data --output json\n\n\
        Names every room that differs, with the first record that does, and then exits with 8.")]
    Verify {
        /// The room [default: all of them]
        room: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        shown: Shown,
    },
    /// Say how much is in the journal
    #[command(after_help = "Examples:\n  parlour journal stat\n  parlour journal stat --data parlour-data --output json")]
    Stat {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        shown: Shown,
    },
    /// Print the records of a room, one JSON object a line
    #[command(after_help = "Examples:\n  parlour journal export table-1 --data parlour-data > table-1.ndjson\n  \
        parlour journal export table-1 | jq -c '[.seq, .cause, .input.user]'\n\n\
        The records are printed as they are kept, all lives of the room, in order. They hold everything that is hidden\n\
        from players, also the seed of the dice: give them to nobody who plays.")]
    Export {
        /// The room
        room: String,
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) fn run(kinds: &Kinds, verb: Journal) -> Result<(), Failed> {
    match verb {
        Journal::Verify { room, place, shown } => {
            let (journal, data) = open(&place)?;
            let journal = journal.indexed().map_err(read_failed)?;
            let rooms = match room {
                Some(room) => vec![room],
                None => journal.names().map_err(read_failed)?,
            };
            let mut verified = Verified::default();
            for room in &rooms {
                if !offline::verify(&journal, kinds, room, &mut verified).map_err(read_failed)? {
                    return Err(no_room(room, &data));
                }
            }
            report(&verified, shown.output)
        }
        Journal::Stat { place, shown } => {
            let stat = open(&place)?.0.stat().map_err(read_failed)?;
            match shown.output {
                Format::Json | Format::Ndjson => print(&format!("{}\n", value(&stat))),
                Format::Table => print(&outline(&value(&stat))),
            }
        }
        Journal::Export { room, place } => {
            let (journal, data) = open(&place)?;
            let lines = offline::export(&journal, &room).map_err(read_failed)?.ok_or_else(|| no_room(&room, &data))?;
            lines.iter().try_for_each(|line| print(&format!("{line}\n")))
        }
    }
}

fn open(place: &Place) -> Result<(SqliteReader, PathBuf), Failed> {
    let data = Settings::find(place.flags())?.data;
    let journal = super::rooms::open(&data)?;
    Ok((journal, data))
}

fn no_room(room: &str, data: &Path) -> Failed {
    Failed::new(Exit::NotFound, format!("there is no room {room:?} in {}", data.display()))
}

fn read_failed(error: ReadError) -> Failed {
    let exit = if matches!(error, ReadError::Damaged { .. }) { Exit::Differs } else { Exit::Internal };
    Failed::new(exit, error)
}

fn report(verified: &Verified, format: Format) -> Result<(), Failed> {
    let Verified { rooms, records, differ } = verified;
    match format {
        Format::Json | Format::Ndjson => {
            let differ: Vec<Value> = differ
                .iter()
                .map(|(room, error)| json!({"room_id": room, "record": error.seq(), "why": error.to_string()}))
                .collect();
            print(&format!("{}\n", json!({"rooms": rooms, "records": records, "differ": differ})))?;
        }
        Format::Table => {
            for (room, error) in differ {
                print(&format!("{room}: {error}\n"))?;
            }
            if differ.is_empty() {
                print(&format!("{rooms} rooms · {records} records · every hash matches\n"))?;
            }
        }
    }
    match differ.first() {
        None => Ok(()),
        Some((room, error)) => {
            let why = format!("{} of {rooms} rooms differ, the first is {room} at record {}", differ.len(), error.seq());
            Err(Failed::new(Exit::Differs, why))
        }
    }
}

fn value(stat: &Stat) -> Value {
    let kinds: Vec<Value> =
        stat.kinds.iter().map(|kind| json!({"kind": kind.kind, "open": kind.open, "ended": kind.ended})).collect();
    json!({
        "rooms": stat.kinds.iter().map(|kind| kind.open + kind.ended).sum::<u64>(),
        "kinds": kinds,
        "records": stat.tail_records + stat.folded_records,
        "tail_records": stat.tail_records,
        "chunks": stat.chunks,
        "chunk_bytes": stat.chunk_bytes,
        "snapshots": stat.snapshots,
        "snapshot_bytes": stat.snapshot_bytes,
        "file_bytes": stat.file_bytes,
        "free_bytes": stat.free_bytes,
        "wal_bytes": stat.wal_bytes,
        "oldest_room": stat.oldest_ms.map(time),
        "newest_record": stat.newest_ms.map(time),
    })
}

fn time(wall_ms: u64) -> String {
    let mut text = Vec::new();
    timestamp(&mut text, wall_ms);
    String::from_utf8_lossy(&text).into_owned()
}
