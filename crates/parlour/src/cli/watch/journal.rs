//! Beside its server, or without one: a room read from the journal as it grows. Whoever may read the folder may see all of it.

use super::printer::Printer;
use crate::cli::args::{Format, Watch};
use crate::cli::exit::{Exit, Failed};
use crate::cli::link::Frame;
use crate::cli::rooms::{open, read_failed};
use crate::cli::show::print;
use crate::cli::stop::Stop;
use parlour_engine::rebuild::{self, Broken};
use parlour_engine::replay;
use parlour_engine::schema::Kinds;
use parlour_room::{AnyTable, Cause, Record, Seat, Viewer};
use parlour_server::journal::{Reader, SqliteReader};
use serde_json::{Value, json};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often the journal is looked at: a question to it reads what was appended since.
const LOOK: Duration = Duration::from_millis(500);
const WAIT: Duration = Duration::from_millis(50);

pub(super) fn run(kinds: &Kinds, watch: &Watch, data: &Path, format: Format, stop: &Stop) -> Result<(), Failed> {
    let journal = open(data)?;
    let room = &watch.room;
    let history = journal.load(room).map_err(read_failed)?;
    let history =
        history.ok_or_else(|| Failed::new(Exit::NotFound, format!("there is no room {room:?} in {}", data.display())))?;
    let (_, table) = rebuild::rebuild(kinds, room, &history).map_err(|why| broken(room, &why))?;
    let seats = table.about().seats;
    let viewers = match watch.seat {
        Some(seat) if seat >= seats => {
            return Err(Failed::new(Exit::Usage, format!("--as {seat}: {room} has seats 0 to {}", seats.saturating_sub(1))));
        }
        Some(seat) => vec![Viewer::Seat(Seat(seat))],
        None if watch.all => (0..seats).map(|seat| Viewer::Seat(Seat(seat))).chain([Viewer::Spectator]).collect(),
        None => vec![Viewer::Spectator],
    };
    let eyes = |viewer| {
        let whose = watch.all.then(|| name(viewer));
        Watched { viewer, printer: Printer::new(format, whose), shown: None, since: u64::MAX }
    };
    let mut following =
        Following { kinds, journal, room, table, eyes: viewers.into_iter().map(eyes).collect(), is_all: watch.all, format };
    following.views()?;
    loop {
        if let Some(ended) = following.table.about().ended {
            return Printer::new(format, None).ended(room, &ended.outcome);
        }
        for _ in 0..LOOK.as_millis() / WAIT.as_millis() {
            if let Some(end) = stop.asked() {
                return Err(end);
            }
            thread::sleep(WAIT);
        }
        following.look()?;
    }
}

struct Following<'a> {
    kinds: &'a Kinds,
    journal: SqliteReader,
    room: &'a str,
    table: Box<dyn AnyTable>,
    eyes: Vec<Watched>,
    is_all: bool,
    format: Format,
}

/// One of those through whose eyes it is seen.
struct Watched {
    viewer: Viewer,
    printer: Printer,
    shown: Option<String>,
    since: u64,
}

impl Following<'_> {
    /// Plays what was recorded since.
    fn look(&mut self) -> Result<(), Failed> {
        let seq = self.table.about().seq;
        let history = self.journal.load(self.room).map_err(read_failed)?.unwrap_or_default();
        let is_gap = history.snapshot.as_ref().is_some_and(|snapshot| snapshot.seq > seq);
        let records = if is_gap { self.journal.records(self.room).map_err(read_failed)? } else { history.records };
        let mut is_new = false;
        for record in records.iter().filter(|record| record.seq > seq) {
            self.play(record)?;
            is_new = true;
        }
        if is_new { self.views() } else { Ok(()) }
    }

    fn play(&mut self, record: &Record) -> Result<(), Failed> {
        let played = if matches!(record.cause, Cause::Opened | Cause::Migrated) {
            let ((_, table), played) = rebuild::begin(self.kinds, record).map_err(|why| broken(self.room, &why))?;
            self.table = table;
            played
        } else {
            self.table.replay(record).map_err(|why| broken(self.room, &why.into()))?
        };
        if self.is_all {
            // Each record once, with everything it told to anybody.
            let line = replay::record_line(record, &played, self.table.as_ref());
            return if self.format == Format::Table { self.told(&line) } else { print(&format!("{line}\n")) };
        }
        for eyes in &mut self.eyes {
            let mut lines = Vec::new();
            replay::frames(&mut lines, self.room, &played, self.table.as_ref(), eyes.viewer, &mut eyes.since);
            let view = view(self.table.as_ref(), eyes.viewer);
            for text in lines {
                let value = serde_json::from_str(&text).unwrap_or_default();
                eyes.printer.event(&Frame { text, value }, &view)?;
            }
        }
        Ok(())
    }

    fn told(&mut self, line: &str) -> Result<(), Failed> {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        let kind = format!("{}_{}", value["cause"].as_str().unwrap_or_default(), value["seq"]);
        let frame = Frame { text: String::new(), value: json!({"type": kind, "ts": value["ts"], "payload": value["input"]}) };
        Printer::new(self.format, Some("record".to_owned())).event(&frame, &view(self.table.as_ref(), Viewer::Spectator))
    }

    /// Everybody's view, where it is another than before.
    fn views(&mut self) -> Result<(), Failed> {
        for eyes in &mut self.eyes {
            let text = self.table.view(eyes.viewer).map_err(|fault| Failed::new(Exit::Internal, fault))?;
            if eyes.shown.as_ref() == Some(&text) {
                continue;
            }
            let view: Value = serde_json::from_str(&text).unwrap_or_default();
            let at = self.table.position(eyes.viewer).to_string();
            let value = json!({"type": "view", "room": self.room, "at": at, "as": name(eyes.viewer), "payload": view});
            eyes.printer.view(&Frame { text: value.to_string(), value }, &view)?;
            eyes.shown = Some(text);
        }
        Ok(())
    }
}

fn name(viewer: Viewer) -> String {
    match viewer {
        Viewer::Seat(Seat(seat)) => format!("seat {seat}"),
        Viewer::Spectator => "spectator".to_owned(),
    }
}

fn view(table: &dyn AnyTable, viewer: Viewer) -> Value {
    table.view(viewer).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn broken(room: &str, why: &Broken) -> Failed {
    Failed::new(Exit::Differs, format!("{room}: {why}"))
}
