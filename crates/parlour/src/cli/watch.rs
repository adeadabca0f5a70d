//! `watch`: a room as it goes on, live from its server or beside it from its journal. For people as text, for programs as the
//! frames themselves, one a line.

mod journal;
mod printer;

use super::args::{Format, Watch};
use super::exit::{Exit, Failed};
use super::link::{Frame, Link, is_lost, until_back};
use super::mirror::{Mirror, News};
use super::remote::{encoded, failed};
use super::seat;
use super::stop::Stop;
use parlour_engine::schema::Kinds;
use parlour_room::Position;
use printer::Printer;
use serde_json::{Value, json};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// For how long a lost server is looked for.
const PATIENCE: Duration = Duration::from_secs(300);
/// When nothing came for this long after something had, the room may have ended: no frame says so to a spectator.
const QUIET: Duration = Duration::from_secs(1);
/// Asked this often in a room where nothing happens.
const ASKED_AT_LEAST: Duration = Duration::from_secs(5);

pub(crate) fn run(kinds: &Kinds, watch: &Watch) -> Result<(), Failed> {
    let format = watch.output.unwrap_or(if io::stdout().is_terminal() { Format::Table } else { Format::Ndjson });
    let stop = Stop::listen()?;
    if let Some(data) = &watch.offline.data {
        return journal::run(kinds, watch, data, format, &stop);
    }
    if watch.all {
        let why = "--all shows what players hide from each other. No server tells that to anybody: it is for whoever runs one, \
                   read from the journal in its data folder, with --data DIR";
        return Err(Failed::new(Exit::Denied, why));
    }
    let after = watch.after.as_deref().map(|at| {
        Position::parse(at).ok_or_else(|| Failed::new(Exit::Usage, format!("--after {at}: write a position as watch prints it")))
    });
    let mut live = Live {
        link: Link::open(&watch.remote)?,
        room: watch.room.clone(),
        seat: watch.seat,
        mirror: Mirror::after(after.transpose()?),
        printer: Printer::new(format, None),
        came: Vec::new(),
        heard: None,
        asked: Instant::now(),
        is_sent_away: false,
    };
    if let Some(seat) = watch.seat {
        seat::is_ours(&live.link, &watch.room, seat)?;
    }
    live.join()?;
    let end = live.follow(&stop);
    if end.as_ref().is_err_and(|end| end.why.is_empty())
        && let Some(at) = live.mirror.position()
    {
        say!("Stopped at {at}. To go on from there: parlour watch {} --after {at}", watch.room);
    }
    live.link.close();
    end
}

struct Live {
    link: Link,
    room: String,
    seat: Option<u32>,
    mirror: Mirror,
    printer: Printer,
    /// Frames that came before the answer to joining.
    came: Vec<Frame>,
    /// When something came that may have ended the room.
    heard: Option<Instant>,
    /// When it was last asked whether the room has ended.
    asked: Instant,
    is_sent_away: bool,
}

impl Live {
    fn join(&mut self) -> Result<(), Failed> {
        let mut payload = json!({"room_id": self.room, "as": if self.seat.is_some() { "player" } else { "spectator" }});
        if let Some(seat) = self.seat {
            payload["seat"] = json!(seat);
        }
        if let Some(at) = self.mirror.position() {
            payload["after"] = json!(at);
        }
        let Self { link, came, .. } = self;
        let answer = link.ask("join_room", json!({"payload": payload}), &mut |frame| {
            came.push(frame);
            Ok(())
        })?;
        if answer["status"] != "ok" {
            return Err(failed(&answer));
        }
        self.heard = Some(Instant::now());
        self.printer.joined(&self.room, &answer)
    }

    fn follow(&mut self, stop: &Stop) -> Result<(), Failed> {
        loop {
            if let Some(end) = stop.asked() {
                return Err(end);
            }
            match self.turn() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(failed) if is_lost(&failed) => self.come_back(stop, failed)?,
                Err(failed) => return Err(failed),
            }
        }
    }

    /// Looks at the line once; whether the room goes on.
    fn turn(&mut self) -> Result<bool, Failed> {
        let mut frames = std::mem::take(&mut self.came);
        frames.extend(self.link.poll()?);
        for frame in &frames {
            self.take(frame)?;
        }
        if self.is_sent_away {
            return Ok(false);
        }
        let is_quiet = self.heard.is_some_and(|heard| heard.elapsed() > QUIET);
        if is_quiet || self.asked.elapsed() > ASKED_AT_LEAST {
            return self.goes_on();
        }
        Ok(true)
    }

    fn take(&mut self, frame: &Frame) -> Result<(), Failed> {
        let value = &frame.value;
        if value["type"] == "user_left" && value["payload"]["you"] == true {
            self.is_sent_away = true;
        }
        match self.mirror.take(value) {
            News::Lost => self.join(),
            News::View => {
                self.heard = Some(Instant::now());
                self.printer.view(frame, &self.mirror.view)
            }
            News::Event => {
                self.heard = Some(Instant::now());
                self.printer.event(frame, &self.mirror.view)
            }
            News::Other => self.printer.other(frame),
        }
    }

    /// Asks whether the room has ended.
    fn goes_on(&mut self) -> Result<bool, Failed> {
        (self.heard, self.asked) = (None, Instant::now());
        let shown = self.link.remote().get(&format!("/v1/rooms/{}", encoded(&self.room)))?;
        let shown: Value = serde_json::from_str(&shown).unwrap_or_default();
        if shown["status"] != "ended" {
            return Ok(true);
        }
        // What came while we asked is part of it.
        while let Some(frame) = self.link.poll()? {
            self.take(&frame)?;
        }
        self.printer.ended(&self.room, shown["outcome"].as_str().unwrap_or("?"))?;
        Ok(false)
    }

    fn come_back(&mut self, stop: &Stop, why: Failed) -> Result<(), Failed> {
        say!("The connection is lost; trying again.");
        until_back(PATIENCE, stop, why, || self.link.again().and_then(|()| self.join()))
    }
}
