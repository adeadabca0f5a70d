//! A room that sends somebody on errands: jobs that do as they are told, so that a test sees how often and when they run.

use parlour::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

#[kept]
pub(crate) struct Errands {
    open: BTreeSet<String>,
    results: BTreeMap<String, String>,
}

#[wire(action)]
pub(crate) enum Action {
    /// Starts a job; whoever does it writes a line to the file `log`.
    Send { key: String, how: How, log: String },
    /// Starts so many at once.
    SendMany { count: u32, log: String },
    /// No longer wants it.
    Recall { key: String },
}

#[derive(Copy)]
#[wire]
pub(crate) enum How {
    /// Comes back at once.
    Quickly,
    /// Comes back when the file `log`.go is there, or when recalled.
    WhenTold,
    /// Panics twice, then comes back.
    Stumbling,
    /// Panics every time.
    Never,
    /// Comes back with what no sound room may hold.
    Rotten,
}

#[wire(event)]
pub(crate) enum Event {
    Sent { key: String },
    CameBack { key: String, text: String },
    Lost { key: String },
}

/// How far somebody has come.
#[wire(pulse)]
pub(crate) enum Pulse {
    Underway { percent: u32 },
}

#[wire]
pub(crate) struct View {
    open: BTreeSet<String>,
    results: BTreeMap<String, String>,
}

#[kept]
pub(crate) struct Job {
    how: How,
    log: String,
}

#[kept]
pub(crate) enum Signal {
    CameBack { key: String, text: String },
    Lost { key: String },
}

pub(crate) enum Outside {}

impl World for Outside {
    type Pulse = Pulse;
    type Job = Job;
    type Signal = Signal;
}

#[room]
impl Room for Errands {
    type World = Outside;

    fn seats(_: &Empty) -> Seats {
        Seats::Open(8)
    }

    fn open(_: Empty, _: &mut Dice) -> Result<Self, Refused> {
        Ok(Self { open: BTreeSet::new(), results: BTreeMap::new() })
    }

    fn check(&self, _: Seat, _: &Action) -> Result<(), Refused> {
        Ok(())
    }

    fn apply(&mut self, _: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Send { key, how, log } => self.send(key, how, log, turn),
            Action::SendMany { count, log } => {
                (0..count).for_each(|number| self.send(number.to_string(), How::WhenTold, log.clone(), turn));
            }
            Action::Recall { key } => {
                self.open.remove(&key);
                turn.stop(&key);
            }
        }
    }

    fn view(&self, _: Viewer) -> View {
        View { open: self.open.clone(), results: self.results.clone() }
    }

    fn pulse(&self, from: Source<'_>, _: &Pulse) -> Option<Audience> {
        matches!(from, Source::Job(_)).then_some(Audience::Everybody)
    }

    fn signal(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        match signal {
            Signal::CameBack { key, text } => {
                self.open.remove(&key);
                self.results.insert(key.clone(), text.clone());
                turn.tell(Event::CameBack { key, text });
            }
            Signal::Lost { key } => {
                self.open.remove(&key);
                turn.tell(Event::Lost { key });
            }
        }
    }

    fn job_failed(&self, key: &str, _: JobFault) -> Option<Signal> {
        Some(Signal::Lost { key: key.to_owned() })
    }

    fn sound(&self) -> Result<(), String> {
        if self.results.values().any(|text| text == "rotten") { Err("it is rotten".to_owned()) } else { Ok(()) }
    }
}

impl Errands {
    fn send(&mut self, key: String, how: How, log: String, turn: &mut Turn<Self>) {
        turn.start(&key, Job { how, log });
        self.open.insert(key.clone());
        turn.tell(Event::Sent { key });
    }
}

/// Goes on errands.
pub(crate) struct Runs;

impl Runner<Errands> for Runs {
    fn run(&self, job: Job, errand: &Errand<'_>) -> Result<Signal, String> {
        write_down(&job.log, &format!("{} {} {} begins", errand.room, errand.key, errand.attempt))?;
        let came_back = |text: &str| Ok(Signal::CameBack { key: errand.key.to_owned(), text: text.to_owned() });
        match job.how {
            How::Quickly => came_back("quickly"),
            How::Stumbling if errand.attempt > 2 => came_back("at last"),
            How::Stumbling | How::Never => panic!("planted: somebody stumbles"),
            How::Rotten => came_back("rotten"),
            How::WhenTold => {
                let go = format!("{}.go", job.log);
                // Far more often than anybody looks: what comes last is shown.
                (0..=50).for_each(|percent| errand.pulse(&Pulse::Underway { percent }));
                while !Path::new(&go).exists() && !errand.is_stopped() {
                    sleep(Duration::from_millis(5));
                }
                write_down(&job.log, if errand.is_stopped() { "stopped" } else { "goes" })?;
                came_back(&format!("when told, attempt {}", errand.attempt))
            }
        }
    }
}

fn write_down(log: &str, line: &str) -> Result<(), String> {
    let mut file = OpenOptions::new().create(true).append(true).open(log).map_err(|error| error.to_string())?;
    // In one write, so that two jobs do not mix their lines.
    file.write_all(format!("{line}\n").as_bytes()).map_err(|error| error.to_string())
}
