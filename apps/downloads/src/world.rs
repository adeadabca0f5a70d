//! What a queue exchanges with the world outside: its jobs, what comes back of them, and what is shown of them meanwhile.

use crate::action::Id;
use crate::fault::Fault;
use crate::item::Status;
use parlour_room::{World, kept, wire};

/// The world of [`Downloads`](crate::Downloads).
pub enum Outside {}

impl World for Outside {
    type Pulse = Pulse;
    type Job = Job;
    type Signal = Signal;
}

/// Shown and never kept; the last one of each download comes before the event that ends it.
#[wire(pulse)]
#[allow(missing_docs, reason = "the fields name themselves; what is not obvious is said at its pulse")]
pub enum Pulse {
    /// How far a download has come. `current` and `total` are the bytes once more; what is not known is null.
    Progress {
        id: Id,
        key: String,
        status: Status,
        percent: Option<u32>,
        current: u64,
        total: Option<u64>,
        bytes_done: u64,
        bytes_total: Option<u64>,
        kbit_s: Option<u64>,
        eta_s: Option<u64>,
    },
    /// How far a scan has come, in folders of the library.
    ScanProgress { current: u64, total: u64, percent: u32 },
}

/// What is asked of the world.
#[derive(Debug, PartialEq)]
#[kept]
#[allow(missing_docs, reason = "the fields name themselves")]
pub enum Job {
    /// Fetches a file into the library. Done again it goes on where it was.
    Fetch {
        id: Id,
        key: String,
        url: String,
        folder: String,
        name: String,
        sha256: Option<String>,
        /// 0: none.
        speed_limit_bytes_s: u64,
        max_bytes: u64,
    },
    /// Deletes what is unfinished of these, and what was noted about them. Finished files stay.
    Tidy { ids: Vec<Id> },
    /// Looks through the library.
    Scan,
}

/// What comes back.
#[kept]
#[allow(missing_docs, reason = "the fields name themselves")]
pub enum Signal {
    /// Of a fetch; how full the disk is now, if that is known.
    Fetched { id: Id, outcome: Fetched, disk: Option<Disk> },
    /// Of a scan.
    Scanned(Scanned),
    /// Of tidying.
    Tidied,
    /// Nothing came of the job of this name, however often it was tried.
    Lost { job: String },
}

/// How full the library's disk is. What is too full for its operator, the operator says.
#[derive(Copy, Debug)]
#[kept]
#[allow(missing_docs, reason = "the fields name themselves")]
pub struct Disk {
    pub percent: u32,
    pub is_nearly_full: bool,
}

/// What came of a fetch.
#[kept]
#[allow(missing_docs, reason = "the fields name themselves")]
pub enum Fetched {
    /// The file is in the library.
    Complete { bytes: u64, sha256: String },
    /// It is not. `bytes_done` are kept, for another try.
    Failed { fault: Fault, bytes_done: u64, bytes_total: Option<u64> },
}

/// What came of a scan.
#[kept]
#[allow(missing_docs, reason = "the fields name themselves")]
pub enum Scanned {
    /// All of it was seen, or as much as may be counted; `series` are the first by name.
    Complete {
        series_found: u32,
        files_found: u64,
        series: Vec<Found>,
    },
    Failed {
        fault: Fault,
    },
}

/// A series in the library.
#[kept]
#[allow(missing_docs, reason = "the fields name themselves")]
pub struct Found {
    pub key: String,
    pub folder: String,
    pub files: u32,
}
