//! Every name that the dialect takes from elsewhere, in tables: its types, its rooms, and which events and fields of a download
//! queue mean what in it.

use std::fmt;

/// The room whose queue it is, unless another is named.
pub(super) const DEFAULT_ROOM: &str = "downloads-default";
/// The names in a query by which another is.
pub(super) const ROOM_PARAMETERS: [&str; 2] = ["room", "queue"];
/// What a view must have to be of a queue.
pub(super) const VIEW_FIELDS: [&str; 3] = ["state", "counts", "items"];
pub(super) const CONNECTED: &str = "connected";
pub(super) const PING: &str = "ping";
pub(super) const PONG: &str = "pong";
pub(super) const ERROR: &str = "error";
pub(super) const DOWNLOAD_PROGRESS: &str = "download_progress";
pub(super) const DOWNLOAD_COMPLETE: &str = "download_complete";
pub(super) const DOWNLOAD_FAILED: &str = "download_failed";
pub(super) const DOWNLOAD_ADDED: &str = "download_added";
pub(super) const DOWNLOAD_REMOVED: &str = "download_removed";
pub(super) const QUEUE_STATUS: &str = "queue_status";
pub(super) const SCAN_PROGRESS: &str = "scan_progress";
pub(super) const SCAN_COMPLETE: &str = "scan_complete";
pub(super) const SCAN_FAILED: &str = "scan_failed";
pub(super) const SYSTEM_INFO: &str = "system_info";
pub(super) const SYSTEM_ERROR: &str = "system_error";

/// The twenty types of what the server says.
pub(super) const TYPES: [&str; 20] = [
    CONNECTED,
    PING,
    PONG,
    DOWNLOAD_PROGRESS,
    DOWNLOAD_COMPLETE,
    DOWNLOAD_FAILED,
    DOWNLOAD_ADDED,
    DOWNLOAD_REMOVED,
    QUEUE_STATUS,
    "queue_started",
    "queue_stopped",
    "queue_paused",
    "queue_resumed",
    SCAN_PROGRESS,
    SCAN_COMPLETE,
    SCAN_FAILED,
    SYSTEM_INFO,
    "system_warning",
    SYSTEM_ERROR,
    ERROR,
];

/// What a client may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Join,
    Leave,
    Ping,
    /// The answer to a ping of the server's: nothing is made of it.
    Pong,
    Status,
}

pub(super) const ACTIONS: [(&str, Action); 5] = [
    ("join", Action::Join),
    ("leave", Action::Leave),
    ("ping", Action::Ping),
    ("pong", Action::Pong),
    ("status", Action::Status),
];

/// A room of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Filter {
    Downloads,
    Queue,
    Scan,
    System,
    Errors,
    /// Of one download.
    Download(String),
}

pub(super) const FILTERS: [(&str, Filter); 5] = [
    ("downloads", Filter::Downloads),
    ("queue", Filter::Queue),
    ("scan", Filter::Scan),
    ("system", Filter::System),
    ("errors", Filter::Errors),
];
/// What the name of a room of one download begins with.
pub(super) const OF_DOWNLOAD: &str = "download:";

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Download(id) => write!(f, "{OF_DOWNLOAD}{id}"),
            known => f.write_str(FILTERS.iter().find(|(_, filter)| filter == known).map_or("", |(name, _)| name)),
        }
    }
}

/// An event of the room, as it is told: to whom, and with which fields, each beside the room's name of it.
pub(super) struct Told {
    pub(super) event: &'static str,
    pub(super) kind: &'static str,
    pub(super) to: &'static [Filter],
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// Fields that are always the same.
    pub(super) fixed: &'static [(&'static str, &'static str)],
}

const ID: (&str, &str) = ("download_id", "id");
const KEY: (&str, &str) = ("key", "key");
const FOLDER: (&str, &str) = ("folder", "folder");
const DOWNLOADS: &[Filter] = &[Filter::Downloads];
const FAILED: &[Filter] = &[Filter::Downloads, Filter::Errors];
const QUEUE: &[Filter] = &[Filter::Queue, Filter::Downloads];
const SCAN: &[Filter] = &[Filter::Scan];
const SCAN_AND_ERRORS: &[Filter] = &[Filter::Scan, Filter::Errors];
const SYSTEM: &[Filter] = &[Filter::System];
const SYSTEM_AND_ERRORS: &[Filter] = &[Filter::System, Filter::Errors];
const MESSAGE: &[(&str, &str)] = &[("severity", "severity"), ("message", "message"), ("details", "details")];
const COUNTS: &[(&str, &str)] = &[
    ("active", "active"),
    ("pending", "pending"),
    ("completed", "completed"),
    ("paused", "paused"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
    ("state", "state"),
];

const fn told(kind: &'static str, to: &'static [Filter], fields: &'static [(&'static str, &'static str)]) -> Told {
    Told { event: kind, kind, to, fields, fixed: &[] }
}

pub(super) const EVENTS: &[Told] = &[
    told(DOWNLOAD_ADDED, DOWNLOADS, &[ID, KEY, FOLDER, ("position", "position"), ("client_id", "client_id")]),
    told(DOWNLOAD_REMOVED, DOWNLOADS, &[ID, KEY, FOLDER]),
    told(
        DOWNLOAD_COMPLETE,
        DOWNLOADS,
        &[ID, KEY, FOLDER, ("file_path", "file_path"), ("bytes_total", "bytes"), ("sha256", "sha256")],
    ),
    told(DOWNLOAD_FAILED, FAILED, &[ID, KEY, FOLDER, ("error_message", "error_message"), ("code", "code")]),
    told(QUEUE_STATUS, QUEUE, COUNTS),
    Told { fixed: &[("state", "running")], ..told("queue_started", QUEUE, &[]) },
    Told { fixed: &[("state", "stopped")], ..told("queue_stopped", QUEUE, &[]) },
    Told { fixed: &[("state", "paused")], ..told("queue_paused", QUEUE, &[]) },
    Told { fixed: &[("state", "running")], ..told("queue_resumed", QUEUE, &[]) },
    told(SCAN_COMPLETE, SCAN, &[("series_found", "series_found"), ("files_found", "files_found")]),
    told(SCAN_FAILED, SCAN_AND_ERRORS, &[("error_message", "error_message"), ("code", "code")]),
    told(SYSTEM_INFO, SYSTEM, MESSAGE),
    told("system_warning", SYSTEM, MESSAGE),
    told(SYSTEM_ERROR, SYSTEM_AND_ERRORS, MESSAGE),
];

/// The events whose downloads are over with them.
pub(super) const ENDINGS: [&str; 3] = [DOWNLOAD_COMPLETE, DOWNLOAD_FAILED, DOWNLOAD_REMOVED];
/// A scan has begun: told as its first progress.
pub(super) const SCAN_STARTED: &str = "scan_started";

/// The pulses of the room.
pub(super) const PROGRESS: &str = "progress";
/// How many there are of each status, in a view and in `queue_status`.
pub(super) const STATUSES: [&str; 6] = ["active", "pending", "completed", "paused", "failed", "cancelled"];
