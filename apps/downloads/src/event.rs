//! What members are told. What spectators may not know is an `Option`, and left out for them.

use crate::action::Id;
use crate::state::QueueState;
use parlour_room::wire;
use std::collections::BTreeMap;

/// Everything that happens. From its start to its end a download has exactly one of `download_complete`, `download_failed` and
/// `download_removed`; what was completed, failed or cancelled can be removed afterwards.
#[wire(event)]
#[allow(missing_docs, reason = "the fields name themselves; what is not obvious is said at its event")]
pub enum Event {
    /// A download is in the list. Spectators are not told `folder`, `url` and `client_id`.
    DownloadAdded {
        id: Id,
        key: String,
        position: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// A download is no longer in the list. Spectators are not told `folder`.
    DownloadRemoved {
        id: Id,
        key: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
    /// The file is in the library. Spectators are not told `folder`, `file_path` and `sha256`.
    DownloadComplete {
        id: Id,
        key: String,
        bytes: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_path: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    },
    /// It did not work, or somebody stopped it (`code` is `cancelled`). Spectators are not told `folder`.
    DownloadFailed {
        id: Id,
        key: String,
        code: String,
        error_message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
    /// The queue runs.
    QueueStarted {},
    /// The queue is stopped; what was active waits.
    QueueStopped {},
    /// The queue is paused, and with it all that was active.
    QueuePaused {},
    /// The queue goes on.
    QueueResumed {},
    /// How many there are of each status, and how it is with the queue: told when any of it has changed.
    QueueStatus { state: QueueState, pending: u32, active: u32, paused: u32, completed: u32, failed: u32, cancelled: u32 },
    /// The library is being looked through.
    ScanStarted {},
    /// It was.
    ScanComplete { series_found: u32, files_found: u64, duration_ms: u64 },
    /// It did not work, or somebody stopped it (`code` is `cancelled`).
    ScanFailed { code: String, error_message: String },
    /// For whoever looks after the queue: the settings were changed, or the disk has room again.
    SystemInfo { severity: Severity, message: String, details: BTreeMap<String, String> },
    /// Something will soon go wrong, or was tried that may not be: the disk is nearly full, or an address was refused.
    SystemWarning { severity: Severity, message: String, details: BTreeMap<String, String> },
    /// Something is wrong with the server itself: it cannot write, or has no library.
    SystemError { severity: Severity, message: String, details: BTreeMap<String, String> },
}

/// How bad it is.
#[derive(Copy)]
#[wire]
#[allow(missing_docs, reason = "they name themselves")]
pub enum Severity {
    Info,
    Warning,
    Error,
}
