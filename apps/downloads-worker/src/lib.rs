//! Does the jobs of download queues ([`parlour_downloads`]). The only part of them that touches the world.

use parlour_downloads::{Downloads, Fault, Fetched, Job, Scanned, Signal};
use parlour_room::{Errand, Runner};

/// Does the jobs of all download queues of a server.
pub struct Worker {}

impl Worker {
    /// A worker that has no library: every fetch and every scan fails, and says so.
    pub fn without_library() -> Self {
        Self {}
    }
}

impl Runner<Downloads> for Worker {
    fn run(&self, job: Job, _: &Errand<'_>) -> Result<Signal, String> {
        let fault = Fault::NoLibrary;
        Ok(match job {
            Job::Fetch { id, .. } => {
                let outcome = Fetched::Failed { fault, bytes_done: 0, bytes_total: None };
                Signal::Fetched { id, outcome, disk_percent: None }
            }
            Job::Scan => Signal::Scanned(Scanned::Failed { fault }),
            Job::Tidy { .. } => Signal::Tidied,
        })
    }
}
