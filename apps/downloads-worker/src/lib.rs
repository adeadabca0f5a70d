//! Does the jobs of download queues ([`parlour_downloads`]): fetches files into a library, and looks through it. The only part of
//! them that touches the world.
//!
//! **Where to read.** `fetch.rs` is one download, from its job to the file; `web.rs` asks for it, `addresses.rs` says with whom
//! one may speak, `partial.rs` is what is unfinished and survives a crash, `library.rs` where files may lie, `meter.rs` how fast
//! and how far it goes, `pace.rs` when a host is given up. `scan.rs` looks through the library.

mod addresses;
mod fetch;
mod library;
mod meter;
mod pace;
mod partial;
mod scan;
mod web;

use library::Library;
use parlour_downloads::{Downloads, Job, Scanned, Signal};
use parlour_room::{Errand, Runner};
use std::path::PathBuf;
use std::time::Duration;

/// So much of the disk is left free unless the operator decides otherwise: the server's journal may lie there, too.
pub const RESERVE_BYTES: u64 = 1 << 30;
/// The largest file unless the operator decides otherwise, whatever a queue takes.
pub const MAX_FILE_BYTES: u64 = 16 << 30;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that files go to; made when it is needed.
    pub library: PathBuf,
    /// Whether files may be fetched from addresses on private networks and from this machine itself.
    pub allow_private: bool,
    /// For how long a host may send nothing.
    pub patience: Duration,
    /// So much of the disk is left free.
    pub reserve_bytes: u64,
    /// The largest file, whatever a queue takes.
    pub max_file_bytes: u64,
}

impl Settings {
    /// This library, and nothing from private networks.
    pub fn new(library: PathBuf) -> Self {
        let (reserve_bytes, max_file_bytes) = (RESERVE_BYTES, MAX_FILE_BYTES);
        Self { library, allow_private: false, patience: Duration::from_secs(30), reserve_bytes, max_file_bytes }
    }
}

/// Does the jobs of all download queues of a server.
pub struct Worker {
    settings: Settings,
}

impl Worker {
    /// A worker with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Runner<Downloads> for Worker {
    fn run(&self, job: Job, errand: &Errand<'_>) -> Result<Signal, String> {
        let library = Library::open(&self.settings.library);
        match job {
            Job::Fetch { id, key, url, folder, name, sha256, speed_limit_bytes_s, max_bytes } => {
                let wanted = fetch::Wanted { id, key, url, folder, name, sha256, speed_limit_bytes_s, max_bytes };
                let outcome = fetch::fetch(&self.settings, library.as_ref(), &wanted, errand)?;
                let disk_percent = library.as_ref().ok().and_then(Library::disk_percent);
                Ok(Signal::Fetched { id: wanted.id, outcome, disk_percent })
            }
            Job::Tidy { ids } => {
                // Without a library there is nothing to put away.
                library.map_or(Ok(()), |library| partial::tidy(&library, errand, &ids))?;
                Ok(Signal::Tidied)
            }
            Job::Scan => Ok(Signal::Scanned(match library {
                Ok(_) => scan::scan(&self.settings.library, errand),
                Err(fault) => Scanned::Failed { fault },
            })),
        }
    }
}
