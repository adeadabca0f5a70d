//! The data folder: that it can be written, that what is synced is synced in a time that can be lived with, and what is left.

use super::Finding;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const SYNCS: usize = 20;
/// No disk that keeps what it was given is as fast.
const TOO_FAST: Duration = Duration::from_micros(10);
const SLOW: Duration = Duration::from_millis(20);
const MIB: u64 = 1024 * 1024;

pub(super) fn check(data: &Path) -> Vec<Finding> {
    const WHAT: &str = "data folder";
    let mut found = Vec::new();
    let folder = match existing(data) {
        Some(folder) if folder == data => {
            found.push(Finding::ok(WHAT, data.display().to_string()));
            folder
        }
        Some(folder) => {
            let words = format!("{} is not there: the first start makes it, in {}", data.display(), folder.display());
            found.push(Finding::warn(WHAT, words));
            folder
        }
        None => return vec![Finding::fail(WHAT, format!("{} cannot be made: name another with --data", data.display()))],
    };
    found.push(space(&folder));
    found.push(match syncs(&folder) {
        Ok(times) => judged(times),
        Err(error) => Finding::fail(
            "sync",
            format!(
                "{}: {error}: its owner must be the user who runs the server, on a disk that can be written",
                folder.display()
            ),
        ),
    });
    found
}

/// The folder itself, or the nearest one above it that is there.
fn existing(data: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(data).ok()?;
    if data.is_dir() {
        return Some(data.to_path_buf());
    }
    absolute.ancestors().find(|folder| folder.exists()).filter(|folder| folder.is_dir()).map(Path::to_path_buf)
}

/// What POSIX `df` says is left.
fn space(folder: &Path) -> Finding {
    const WHAT: &str = "disk space";
    let said = Command::new("df").arg("-Pk").arg(folder).output();
    let text = said.ok().filter(|said| said.status.success()).map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    let left = text.as_deref().and_then(|text| text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok());
    match left.map(|kib| kib / 1024) {
        None => Finding::warn(WHAT, "`df` does not say what is left"),
        Some(mib) if mib * MIB < 100 * MIB => {
            Finding::fail(WHAT, format!("{mib} MiB left: a full disk ends the server; make room, or move the data folder"))
        }
        Some(mib) if mib < 1024 => Finding::warn(WHAT, format!("{mib} MiB left: a journal grows; watch it")),
        Some(mib) => Finding::ok(WHAT, format!("{:.1} GiB left", mib as f64 / 1024.0)),
    }
}

/// Writes a little and syncs it, as the journal does, and takes the file away again.
fn syncs(folder: &Path) -> io::Result<Vec<Duration>> {
    let path = folder.join(format!(".parlour-doctor-{}", std::process::id()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    let times = (0..SYNCS)
        .map(|_| {
            file.write_all(&[0; 4096])?;
            let started = Instant::now();
            file.sync_data()?;
            Ok(started.elapsed())
        })
        .collect();
    drop(file);
    fs::remove_file(&path)?;
    times
}

fn judged(mut times: Vec<Duration>) -> Finding {
    const WHAT: &str = "sync";
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let told = format!("fdatasync takes {:.2} ms, at worst {:.2} ms of {SYNCS}", ms(median), ms(worst));
    if median < TOO_FAST {
        return Finding::warn(
            WHAT,
            format!("{told}: this is memory or a disk that lies; what is acknowledged may be lost with power"),
        );
    }
    if median > SLOW {
        return Finding::warn(WHAT, format!("{told}: every action waits for one; a local SSD takes less than 2 ms"));
    }
    Finding::ok(WHAT, told)
}
