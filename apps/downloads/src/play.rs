//! Plays what is legal.

use crate::action::{Action, Id};
use crate::check::asked;
use crate::event::{Event, Severity};
use crate::fault::Fault;
use crate::item::{Item, Status};
use crate::limits::CLIENT_IDS;
use crate::rules;
use crate::state::{Downloads, Known, QueueState};
use crate::world::Job;
use parlour_room::Turn;
use std::collections::BTreeMap;

/// The name of the job that looks through the library.
pub(crate) const SCAN: &str = "scan";

impl Downloads {
    pub(crate) fn play(&mut self, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Add { .. } => self.add(&action, turn),
            Action::Remove { id } => self.remove(&id, turn),
            Action::Clear {} => {
                let finished = self.items.iter().filter(|item| item.status.is_finished());
                let ids: Vec<Id> = finished.map(|item| item.id.clone()).collect();
                ids.iter().for_each(|id| self.remove(id, turn));
            }
            Action::Pause { id: Some(id) } => self.change(&id, |item| item.halt(Status::Paused, false, turn)),
            Action::Resume { id: Some(id) } => self.change(&id, |item| item.halt(Status::Pending, false, turn)),
            Action::Stop { id: Some(id) } => self.cancel(&id, turn),
            Action::Retry { id } => self.change(&id, |item| {
                item.fault = None;
                item.halt(Status::Pending, false, turn);
            }),
            Action::Pause { id: None } => self.pause(turn),
            Action::Resume { id: None } => self.run(Event::QueueResumed {}, turn),
            Action::Start {} => self.run(Event::QueueStarted {}, turn),
            Action::Stop { id: None } => self.stop(turn),
            Action::Reorder { ids } => {
                let rank = |item: &Item| ids.iter().position(|id| *id == item.id).unwrap_or(ids.len());
                self.items.sort_by_key(rank);
            }
            Action::Settings { parallel, speed_limit_bytes_s } => self.set(parallel, speed_limit_bytes_s, turn),
            Action::Scan {} => {
                self.scanning_since = Some(turn.now_ms());
                turn.start(SCAN, Job::Scan);
                turn.tell(Event::ScanStarted {});
            }
            Action::CancelScan {} => {
                turn.stop(SCAN);
                self.scan_failed(Fault::Cancelled, turn);
            }
        }
    }

    fn add(&mut self, action: &Action, turn: &mut Turn<Self>) {
        let Action::Add { key, client_id, .. } = action else { return };
        let Ok(target) = rules::target(action) else { return };
        if self.known(action).is_some() {
            return;
        }
        if let Some(client_id) = client_id {
            if self.known.len() == CLIENT_IDS {
                self.known.remove(0);
            }
            self.known.push(Known { client_id: client_id.clone(), asked: asked(action) });
        }
        let id = Id(format!("d{}", self.next));
        self.next += 1;
        let position = u32::try_from(self.items.len()).unwrap_or(u32::MAX).saturating_add(1);
        let (url, folder) = (Some(target.url.clone()), Some(target.folder.clone()));
        self.items.push(Item::new(id.clone(), key.clone(), client_id.clone(), target));
        let event =
            |folder, url, client_id| Event::DownloadAdded { id: id.clone(), key: key.clone(), position, folder, url, client_id };
        self.tell_apart(event(folder, url, client_id.clone()), event(None, None, None), turn);
    }

    fn remove(&mut self, id: &Id, turn: &mut Turn<Self>) {
        let Some(place) = self.place(id) else { return };
        let item = self.items.remove(place);
        if item.status == Status::Active {
            turn.stop(&item.job());
        }
        if item.runs > 0 && item.status != Status::Completed {
            self.untidy.push(id.clone());
        }
        let event = |folder| Event::DownloadRemoved { id: id.clone(), key: item.key.clone(), folder };
        self.tell_apart(event(Some(item.target.reveal().folder.clone())), event(None), turn);
    }

    fn cancel(&mut self, id: &Id, turn: &mut Turn<Self>) {
        self.change(id, |item| item.halt(Status::Cancelled, false, turn));
        self.failed(id, Fault::Cancelled, turn);
    }

    fn pause(&mut self, turn: &mut Turn<Self>) {
        self.queue = QueueState::Paused;
        for item in self.items.iter_mut().filter(|item| item.status == Status::Active) {
            item.halt(Status::Paused, true, turn);
        }
        turn.tell(Event::QueuePaused {});
    }

    fn stop(&mut self, turn: &mut Turn<Self>) {
        self.queue = QueueState::Stopped;
        for item in self.items.iter_mut().filter(|item| item.is_held || item.status == Status::Active) {
            item.halt(Status::Pending, false, turn);
        }
        turn.tell(Event::QueueStopped {});
    }

    fn run(&mut self, event: Event, turn: &mut Turn<Self>) {
        self.queue = QueueState::Running;
        for item in self.items.iter_mut().filter(|item| item.is_held) {
            item.halt(Status::Pending, false, turn);
        }
        turn.tell(event);
    }

    fn set(&mut self, parallel: Option<u32>, speed: Option<u64>, turn: &mut Turn<Self>) {
        let before = self.speed_of_each();
        self.parallel = parallel.unwrap_or(self.parallel);
        self.speed = speed.unwrap_or(self.speed);
        if self.speed_of_each() != before {
            // The job is replaced by one that goes on where it was, at the other speed.
            for item in self.items.iter().filter(|item| item.status == Status::Active) {
                turn.start(&item.job(), self.fetch(item));
            }
        }
        let set = [("parallel", u64::from(self.parallel)), ("speed_limit_bytes_s", self.speed)];
        let details: BTreeMap<String, String> =
            set.into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
        turn.tell(Event::SystemInfo { severity: Severity::Info, message: "The settings were changed.".to_owned(), details });
    }

    pub(crate) fn change(&mut self, id: &Id, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id == *id) {
            change(item);
        }
    }
}

impl Item {
    /// It is not being fetched from here on.
    fn halt(&mut self, status: Status, is_held: bool, turn: &mut Turn<Downloads>) {
        if self.status == Status::Active {
            turn.stop(&self.job());
        }
        (self.status, self.is_held) = (status, is_held);
    }
}
