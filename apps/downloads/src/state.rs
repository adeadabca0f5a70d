//! All that is kept of a queue.

use crate::action::Id;
use crate::config::{Config, Suggestion};
use crate::item::Item;
use crate::view::Counts;
use parlour_room::{Hash64, Seat, Secret, kept, wire};
use std::collections::BTreeSet;

/// A download queue, shared by the members of its room.
#[kept]
pub struct Downloads {
    pub(crate) parallel: u32,
    /// Bytes a second; 0: no limit.
    pub(crate) speed: u64,
    pub(crate) max_bytes: u64,
    pub(crate) suggestions: Vec<Suggestion>,
    pub(crate) queue: QueueState,
    /// In the order in which they are begun.
    pub(crate) items: Vec<Item>,
    /// The number of the next one.
    pub(crate) next: u64,
    pub(crate) members: BTreeSet<Seat>,
    /// The newest ids that clients gave, the oldest of them first.
    pub(crate) known: Vec<Known>,
    /// What is to be deleted of those that are over.
    pub(crate) untidy: Vec<Id>,
    /// So many of them, from the first, somebody is at.
    pub(crate) tidying: u32,
    /// Room time at which the scan that is under way was begun.
    pub(crate) scanning_since: Option<u64>,
    pub(crate) library: Option<Library>,
    pub(crate) told: (QueueState, Counts),
    /// Whether it was told that the disk is nearly full.
    pub(crate) is_disk_full: bool,
}

/// Whether a queue runs.
#[derive(Copy)]
#[wire]
pub enum QueueState {
    /// What is pending is begun as soon as there is a place.
    Running,
    /// Nothing is begun, and what was active is paused until the queue is resumed.
    Paused,
    /// Nothing is begun, and what was active is pending.
    Stopped,
}

/// An id that a client gave, and the hash of what was asked with it.
#[kept]
pub(crate) struct Known {
    pub(crate) client_id: String,
    pub(crate) asked: Hash64,
}

/// What the last scan found.
#[kept]
pub(crate) struct Library {
    pub(crate) series_found: u32,
    pub(crate) files_found: u64,
    pub(crate) series: Vec<Series>,
}

#[kept]
pub(crate) struct Series {
    /// It tells the folder's name.
    pub(crate) key: Secret<String>,
    pub(crate) folder: Secret<String>,
    pub(crate) files: u32,
}

impl Downloads {
    pub(crate) fn new(config: Config) -> Self {
        let queue = if config.autostart { QueueState::Running } else { QueueState::Stopped };
        Self {
            parallel: config.parallel,
            speed: config.speed_limit_bytes_s,
            max_bytes: config.max_bytes,
            suggestions: config.suggestions,
            queue,
            items: Vec::new(),
            next: 1,
            members: BTreeSet::new(),
            known: Vec::new(),
            untidy: Vec::new(),
            tidying: 0,
            scanning_since: None,
            library: None,
            told: (queue, Counts::default()),
            is_disk_full: false,
        }
    }

    pub(crate) fn item(&self, id: &Id) -> Option<&Item> {
        self.items.iter().find(|item| item.id == *id)
    }

    pub(crate) fn place(&self, id: &Id) -> Option<usize> {
        self.items.iter().position(|item| item.id == *id)
    }
}
