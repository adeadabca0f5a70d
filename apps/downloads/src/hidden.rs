//! What is hidden from whom: for the proofs that look for leaks.

use crate::fault::Fault;
use crate::item::Target;
use crate::rules;
use crate::state::Downloads;
use crate::world::{Disk, Fetched, Found, Job, Scanned, Signal};
use parlour_room::proof::Disguise;
use parlour_room::{Dice, Secret, Viewer};

const FAULTS: [Fault; 5] =
    [Fault::HostNotFound, Fault::HttpStatus { status: 404 }, Fault::DiskFull, Fault::ChecksumMismatch, Fault::Interrupted];

impl Disguise for Downloads {
    /// Nothing is hidden from members. Spectators do not know addresses, folders and names: all of them are others, of the same
    /// length, since there is a limit to how long they are all together.
    fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        let mut other = self.clone();
        if viewer.seat().is_some_and(|seat| self.members.contains(&seat)) {
            return other;
        }
        for item in &mut other.items {
            let target = item.target.reveal();
            let url = format!("http://{}", word(target.url.len().saturating_sub("http://".len()), dice));
            let (folder, name) = (word(target.folder.len(), dice), word(target.name.len(), dice));
            let sha256 = dice.coin().then(|| "0123456789abcdef".repeat(4));
            item.target = Secret::new(Target { url, folder, name, sha256 });
        }
        for series in other.library.iter_mut().flat_map(|library| &mut library.series) {
            let folder = word(12, dice);
            series.key = Secret::new(rules::slug(&folder));
            series.folder = Secret::new(folder);
        }
        other
    }

    /// Some queues are slow, some do not start by themselves; all suggest something. All members
    /// are alike, so two are enough.
    fn config(dice: &mut Dice) -> String {
        let (parallel, autostart) = (dice.roll(4), dice.coin());
        let speed = if dice.coin() { 0 } else { 65_536 };
        let suggestion = |n| format!(r#"{{"url":"https://files.example/{n}.bin","key":"series-{n}","folder":"Series {n}"}}"#);
        let suggestions: Vec<String> = (0..4).map(suggestion).collect();
        format!(
            r#"{{"seats":2,"parallel":{parallel},"autostart":{autostart},"speed_limit_bytes_s":{speed},"suggestions":[{}]}}"#,
            suggestions.join(",")
        )
    }

    fn result(job: &Job, dice: &mut Dice) -> Option<Signal> {
        Some(match job {
            Job::Fetch { id, .. } => {
                let outcome = if dice.coin() {
                    Fetched::Complete { bytes: dice.below(1 << 40), sha256: "0".repeat(64) }
                } else {
                    let fault = dice.pick(&FAULTS).copied().unwrap_or(Fault::Internal);
                    Fetched::Failed { fault, bytes_done: dice.below(1000), bytes_total: dice.coin().then_some(1000) }
                };
                let disk = dice.coin().then(|| Disk { percent: dice.roll(100), is_nearly_full: dice.coin() });
                Signal::Fetched { id: id.clone(), outcome, disk }
            }
            Job::Tidy { .. } => Signal::Tidied,
            Job::Scan if dice.coin() => Signal::Scanned(Scanned::Failed { fault: Fault::CannotRead }),
            Job::Scan => {
                let found = |n| Found { key: format!("series-{n}"), folder: format!("Series {n}"), files: n };
                let series: Vec<Found> = (0..dice.roll(5)).map(found).collect();
                let series_found = u32::try_from(series.len()).unwrap_or(u32::MAX);
                Signal::Scanned(Scanned::Complete { series_found, files_found: dice.below(100), series })
            }
        })
    }
}

/// So many letters.
fn word(length: usize, dice: &mut Dice) -> String {
    (0..length.max(1)).filter_map(|_| dice.pick(b"abcdefghijklmnopqrstuvwxyz").copied().map(char::from)).collect()
}
