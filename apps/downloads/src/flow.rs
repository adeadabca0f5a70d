//! How a queue goes on by itself: what is begun next, what comes of it, what is put away.

use crate::action::Id;
use crate::event::{Event, Severity};
use crate::fault::Fault;
use crate::item::{Item, Status};
use crate::limits::LISTED;
use crate::play::SCAN;
use crate::state::{Downloads, Library, QueueState, Series};
use crate::view::Counts;
use crate::world::{Disk, Fetched, Job, Pulse, Scanned, Signal};
use parlour_room::{Audience, Seat, Secret, Source, Turn};
use std::collections::BTreeMap;

/// The name of the job that deletes what is unfinished.
const TIDY: &str = "tidy";

impl Downloads {
    /// After everything that was played: begins what can be begun, and tells the counts if they have changed.
    pub(crate) fn settle(&mut self, turn: &mut Turn<Self>) {
        self.begin(turn);
        if self.tidying == 0 && !self.untidy.is_empty() {
            self.tidying = u32::try_from(self.untidy.len()).unwrap_or(u32::MAX);
            turn.start(TIDY, Job::Tidy { ids: self.untidy.clone() });
        }
        let now = (self.queue, self.counts());
        if now != self.told {
            self.told = now;
            let (state, Counts { pending, active, paused, completed, failed, cancelled }) = now;
            turn.tell(Event::QueueStatus { state, pending, active, paused, completed, failed, cancelled });
        }
    }

    fn begin(&mut self, turn: &mut Turn<Self>) {
        while self.queue == QueueState::Running && self.counts().active < self.parallel {
            let Some(place) = self.items.iter().position(|item| item.status == Status::Pending) else { return };
            let item = &mut self.items[place];
            item.status = Status::Active;
            item.runs = item.runs.saturating_add(1);
            let item = &self.items[place];
            turn.start(&item.job(), self.fetch(item));
        }
    }

    /// The job that fetches it.
    pub(crate) fn fetch(&self, item: &Item) -> Job {
        let target = item.target.reveal().clone();
        Job::Fetch {
            id: item.id.clone(),
            key: item.key.clone(),
            url: target.url,
            folder: target.folder,
            name: target.name,
            sha256: target.sha256,
            speed_limit_bytes_s: self.speed_of_each(),
            max_bytes: self.max_bytes,
        }
    }

    /// The speed limit of one place.
    pub(crate) fn speed_of_each(&self) -> u64 {
        if self.speed == 0 { 0 } else { (self.speed / u64::from(self.parallel.max(1))).max(1) }
    }

    pub(crate) fn hear(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        match signal {
            Signal::Fetched { id, outcome, disk } => {
                self.fetched(&id, outcome, turn);
                self.heard_of_disk(disk, turn);
            }
            Signal::Scanned(Scanned::Complete { series_found, files_found, series }) => {
                let series = series.into_iter().take(LISTED);
                let series = series.map(|found| Series {
                    key: Secret::new(found.key),
                    folder: Secret::new(found.folder),
                    files: found.files,
                });
                self.library = Some(Library { series_found, files_found, series: series.collect() });
                let since = self.scanning_since.take().unwrap_or_default();
                let duration_ms = turn.now_ms().saturating_sub(since);
                turn.tell(Event::ScanComplete { series_found, files_found, duration_ms });
            }
            Signal::Scanned(Scanned::Failed { fault }) => self.scan_failed(fault, turn),
            Signal::Tidied => self.tidied(),
            Signal::Lost { job } => self.lost(&job, turn),
        }
    }

    fn fetched(&mut self, id: &Id, outcome: Fetched, turn: &mut Turn<Self>) {
        // A signal comes of a job that is open, so of a download that is active; else there is nothing to do.
        if self.item(id).is_none_or(|item| item.status != Status::Active) {
            return;
        }
        match outcome {
            Fetched::Complete { bytes, sha256 } => {
                self.change(id, |item| {
                    (item.status, item.fault) = (Status::Completed, None);
                    (item.bytes_done, item.bytes_total) = (bytes, Some(bytes));
                });
                self.untidy.push(id.clone());
                let Some(item) = self.item(id) else { return };
                let event = |folder, file_path, sha256| Event::DownloadComplete {
                    id: id.clone(),
                    key: item.key.clone(),
                    bytes,
                    folder,
                    file_path,
                    sha256,
                };
                let target = item.target.reveal();
                let own = event(Some(target.folder.clone()), Some(target.path()), Some(sha256));
                self.tell_apart(own, event(None, None, None), turn);
            }
            Fetched::Failed { fault, bytes_done, bytes_total } => {
                self.change(id, |item| {
                    item.status = Status::Failed;
                    (item.bytes_done, item.bytes_total) = (bytes_done, bytes_total);
                });
                self.failed(id, fault, turn);
            }
        }
    }

    /// It is over with a download, and it did not work.
    pub(crate) fn failed(&mut self, id: &Id, fault: Fault, turn: &mut Turn<Self>) {
        self.change(id, |item| item.fault = Some(fault));
        let Some(item) = self.item(id) else { return };
        let event = |folder| Event::DownloadFailed {
            id: id.clone(),
            key: item.key.clone(),
            code: fault.code().to_owned(),
            error_message: fault.message(),
            folder,
        };
        self.tell_apart(event(Some(item.target.reveal().folder.clone())), event(None), turn);
        self.tell_operator(fault, turn);
    }

    pub(crate) fn scan_failed(&mut self, fault: Fault, turn: &mut Turn<Self>) {
        self.scanning_since = None;
        turn.tell(Event::ScanFailed { code: fault.code().to_owned(), error_message: fault.message() });
        self.tell_operator(fault, turn);
    }

    fn tell_operator(&self, fault: Fault, turn: &mut Turn<Self>) {
        let details = || BTreeMap::from([("code".to_owned(), fault.code().to_owned())]);
        if fault.is_the_servers() {
            turn.tell(Event::SystemError { severity: Severity::Error, message: fault.message(), details: details() });
        } else if fault == Fault::AddressRefused {
            turn.tell(Event::SystemWarning { severity: Severity::Warning, message: fault.message(), details: details() });
        }
    }

    fn heard_of_disk(&mut self, disk: Option<Disk>, turn: &mut Turn<Self>) {
        let Some(Disk { percent, is_nearly_full: is_full }) = disk else { return };
        if is_full == self.is_disk_full {
            return;
        }
        self.is_disk_full = is_full;
        let details = BTreeMap::from([("disk_percent".to_owned(), percent.to_string())]);
        turn.tell(if is_full {
            Event::SystemWarning { severity: Severity::Warning, message: "The disk is nearly full.".to_owned(), details }
        } else {
            Event::SystemInfo { severity: Severity::Info, message: "The disk has room again.".to_owned(), details }
        });
    }

    fn lost(&mut self, job: &str, turn: &mut Turn<Self>) {
        match job {
            SCAN => self.scan_failed(Fault::Internal, turn),
            TIDY => self.tidied(),
            _ => {
                let item = self.items.iter_mut().find(|item| item.status == Status::Active && item.job() == job);
                if let Some(item) = item {
                    item.status = Status::Failed;
                    let id = item.id.clone();
                    self.failed(&id, Fault::Internal, turn);
                }
            }
        }
    }

    fn tidied(&mut self) {
        let count = usize::try_from(self.tidying).unwrap_or(usize::MAX).min(self.untidy.len());
        self.untidy.drain(..count);
        self.tidying = 0;
    }

    /// Only the job of an active download speaks of it.
    pub(crate) fn hears(&self, from: Source<'_>, pulse: &Pulse) -> Option<Audience> {
        let Source::Job(job) = from else { return None };
        let is_meant = match pulse {
            Pulse::Progress { id, .. } => self.item(id).is_some_and(|item| item.status == Status::Active && item.job() == job),
            Pulse::ScanProgress { .. } => job == SCAN && self.scanning_since.is_some(),
        };
        is_meant.then_some(Audience::Everybody)
    }

    /// Tells members one thing and spectators another.
    pub(crate) fn tell_apart(&self, own: Event, others: Event, turn: &mut Turn<Self>) {
        let members: Vec<Seat> = self.members.iter().copied().collect();
        turn.tell_apart(&members, own, others);
    }
}
