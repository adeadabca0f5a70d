//! Somebody who does the jobs of download queues and tells far more of it than anybody can look at, so that a test sees what of
//! it reaches a client.

use parlour::downloads::{Downloads, Fetched, Job, Pulse, Scanned, Signal, Status};
use parlour::{Errand, Runner};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// So many pulses a second.
const A_SECOND: u32 = 1000;

/// Pretends to fetch: as many bytes as a queue takes at most, one for each pulse.
pub(crate) struct Flood;

impl Runner<Downloads> for Flood {
    fn run(&self, job: Job, errand: &Errand<'_>) -> Result<Signal, String> {
        match job {
            Job::Fetch { id, key, max_bytes: total, .. } => {
                let began = Instant::now();
                for done in 1..=total {
                    let percent = parlour::downloads::percent(done, total);
                    let (id, key, status) = (id.clone(), key.clone(), Status::Active);
                    let (current, bytes_total, kbit_s, eta_s) = (done, Some(total), None, None);
                    let total = Some(total);
                    let pulse = Pulse::Progress {
                        id,
                        key,
                        status,
                        percent,
                        current,
                        total,
                        bytes_done: done,
                        bytes_total,
                        kbit_s,
                        eta_s,
                    };
                    errand.pulse(&pulse);
                    // By when it was due, so that a sleep that was too long is made good.
                    let due = Duration::from_secs(done) / A_SECOND;
                    sleep(due.saturating_sub(began.elapsed()));
                }
                let outcome = Fetched::Complete { bytes: total, sha256: "0".repeat(64) };
                Ok(Signal::Fetched { id, outcome, disk: None })
            }
            Job::Tidy { .. } => Ok(Signal::Tidied),
            Job::Scan => Ok(Signal::Scanned(Scanned::Complete { series_found: 0, files_found: 0, series: Vec::new() })),
        }
    }
}
