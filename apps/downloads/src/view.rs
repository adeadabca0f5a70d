//! What one viewer may know: members all of it, spectators no address and no path.

use crate::action::Id;
use crate::item::{Item, Status};
use crate::state::{Downloads, QueueState};
use parlour_room::{Viewer, wire};

/// The whole queue.
#[wire]
pub struct View {
    /// Whether it runs.
    pub state: QueueState,
    /// So many at one time.
    pub parallel: u32,
    /// Bytes a second for all of them; null: no limit.
    pub speed_limit_bytes_s: Option<u64>,
    /// How many there are of each status.
    pub counts: Counts,
    /// In the order in which they are begun.
    pub items: Vec<ItemView>,
    /// Whether the library is being looked through.
    pub is_scanning: bool,
    /// What was found the last time; null: nothing yet.
    pub library: Option<LibraryView>,
}

/// How many there are of each status.
#[derive(Copy, Default)]
#[wire]
#[allow(missing_docs, reason = "they name themselves")]
pub struct Counts {
    pub pending: u32,
    pub active: u32,
    pub paused: u32,
    pub completed: u32,
    pub failed: u32,
    pub cancelled: u32,
}

/// A download. `bytes_done`, `bytes_total` and `percent` are as of its last start or end: the pulse `progress` is newer.
#[wire]
pub struct ItemView {
    /// Its name in this room.
    pub id: Id,
    /// The series it belongs to.
    pub key: String,
    /// Null for spectators.
    pub folder: Option<String>,
    /// Null for spectators.
    pub url: Option<String>,
    /// From the library's root on; null for spectators.
    pub file_path: Option<String>,
    /// Null where none was given, and for spectators.
    pub client_id: Option<String>,
    /// How it is with it.
    pub status: Status,
    /// Its place in the list, counted from 1.
    pub position: u32,
    /// From 0 to 100; null: not known.
    pub percent: Option<u32>,
    /// Bytes received.
    pub bytes_done: u64,
    /// Null: not known.
    pub bytes_total: Option<u64>,
    /// Why it failed or was cancelled.
    pub error: Option<ErrorView>,
}

/// What went wrong.
#[wire]
pub struct ErrorView {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// The library as it was found.
#[wire]
pub struct LibraryView {
    /// How many series there are.
    pub series_found: u32,
    /// How many files they have.
    pub files_found: u64,
    /// The first of them, by name.
    pub series: Vec<SeriesView>,
}

/// A series of the library.
#[wire]
pub struct SeriesView {
    /// Made of the folder's name, so null for spectators.
    pub key: Option<String>,
    /// From the library's root on; null for spectators.
    pub folder: Option<String>,
    /// How many files it has.
    pub files: u32,
}

impl Downloads {
    pub(crate) fn seen_by(&self, viewer: Viewer) -> View {
        let is_member = viewer.seat().is_some_and(|seat| self.members.contains(&seat));
        let library = self.library.as_ref().map(|library| LibraryView {
            series_found: library.series_found,
            files_found: library.files_found,
            series: library
                .series
                .iter()
                .map(|series| SeriesView {
                    key: is_member.then(|| series.key.reveal().clone()),
                    folder: is_member.then(|| series.folder.reveal().clone()),
                    files: series.files,
                })
                .collect(),
        });
        View {
            state: self.queue,
            parallel: self.parallel,
            speed_limit_bytes_s: (self.speed > 0).then_some(self.speed),
            counts: self.counts(),
            items: self.items.iter().zip(1..).map(|(item, position)| item.seen(position, is_member)).collect(),
            is_scanning: self.scanning_since.is_some(),
            library,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for item in &self.items {
            *match item.status {
                Status::Pending => &mut counts.pending,
                Status::Active => &mut counts.active,
                Status::Paused => &mut counts.paused,
                Status::Completed => &mut counts.completed,
                Status::Failed => &mut counts.failed,
                Status::Cancelled => &mut counts.cancelled,
            } += 1;
        }
        counts
    }
}

impl Item {
    fn seen(&self, position: u32, is_member: bool) -> ItemView {
        let target = is_member.then(|| self.target.reveal());
        ItemView {
            id: self.id.clone(),
            key: self.key.clone(),
            folder: target.map(|target| target.folder.clone()),
            url: target.map(|target| target.url.clone()),
            file_path: target.map(|target| target.path()),
            client_id: self.client_id.clone().filter(|_| is_member),
            status: self.status,
            position,
            percent: self.percent(),
            bytes_done: self.bytes_done,
            bytes_total: self.bytes_total,
            error: self.fault.map(|fault| ErrorView { code: fault.code().to_owned(), message: fault.message() }),
        }
    }
}
