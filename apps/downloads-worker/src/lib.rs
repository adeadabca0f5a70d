//! Does the jobs of download queues ([`parlour_downloads`]): fetches files into a library, and looks through it. The only part of
//! them that touches the world.
//!
//! **Where to read.** `fetch.rs` is one download, from its job to the file; `web.rs` asks for it, `addresses.rs` says with whom
//! one may speak, `partial.rs` is what is unfinished and survives a crash, `library.rs` where files may lie, `meter.rs` how
//! fast and how far it goes, `pace.rs` when a host is given up, `claims.rs` keeps apart what several queues fetch. `scan.rs`
//! looks through the library.

mod addresses;
mod claims;
mod fetch;
mod library;
mod meter;
mod networks;
mod pace;
mod partial;
mod scan;
mod web;

pub use addresses::Allowed;
pub use networks::{Network, NoNetwork};

use claims::Claims;
use library::Library;
use parlour_downloads::{Disk, Downloads, Job, Scanned, Signal};
use parlour_room::{Errand, Runner};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// So much of the disk is left free unless the operator decides otherwise: the server's journal may lie there, too.
pub const RESERVE_BYTES: u64 = 1 << 30;
/// The largest file unless the operator decides otherwise, whatever a queue takes.
pub const MAX_FILE_BYTES: u64 = 16 << 30;
/// From here on the disk is nearly full unless the operator decides otherwise.
pub const WARN_PERCENT: u32 = 90;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that files go to; made when it is needed.
    pub library: PathBuf,
    /// Whom files may be fetched from besides the public network: this machine, and those on private networks.
    pub allowed: Allowed,
    /// For how long a host may send nothing.
    pub patience: Duration,
    /// So much of the disk is left free.
    pub reserve_bytes: u64,
    /// The largest file, whatever a queue takes.
    pub max_file_bytes: u64,
    /// From so many percent of the disk in use on it is nearly full.
    pub warn_percent: u32,
}

impl Settings {
    /// This library, and nothing from private networks.
    pub fn new(library: PathBuf) -> Self {
        Self {
            library,
            allowed: Allowed::Only(Arc::new([])),
            patience: Duration::from_secs(30),
            reserve_bytes: RESERVE_BYTES,
            max_file_bytes: MAX_FILE_BYTES,
            warn_percent: WARN_PERCENT,
        }
    }
}

/// Does the jobs of all download queues of a server.
pub struct Worker {
    settings: Settings,
    claims: Claims,
}

impl Worker {
    /// A worker with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings, claims: Claims::default() }
    }
}

impl Runner<Downloads> for Worker {
    fn run(&self, job: Job, errand: &Errand<'_>) -> Result<Signal, String> {
        let library = Library::open(&self.settings.library);
        match job {
            Job::Fetch { id, key, url, folder, name, sha256, speed_limit_bytes_s, max_bytes } => {
                let wanted = fetch::Wanted { id, key, url, folder, name, sha256, speed_limit_bytes_s, max_bytes };
                let outcome = fetch::fetch(&self.settings, library.as_ref(), &self.claims, &wanted, errand)?;
                let percent = library.as_ref().ok().and_then(Library::disk_percent);
                let disk = percent.map(|percent| Disk { percent, is_nearly_full: percent >= self.settings.warn_percent });
                Ok(Signal::Fetched { id: wanted.id, outcome, disk })
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
