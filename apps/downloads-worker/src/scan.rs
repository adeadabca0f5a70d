//! Looks through the library: each of its folders is a series, and what lies in it are the series' files. Links are not followed,
//! and there is an end to how much is looked at.

use crate::meter::APART;
use parlour_downloads::limits::LISTED;
use parlour_downloads::{Fault, Found, Pulse, Scanned, percent, rules};
use parlour_room::Errand;
use std::collections::BTreeSet;
use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// At most so many folders are series.
const SERIES: usize = 10_000;
/// At most so many files and folders are looked at inside one of them.
const ENTRIES: u32 = 100_000;
/// At most so deep.
const DEPTH: u32 = 8;

pub(crate) fn scan(root: &Path, errand: &Errand<'_>) -> Scanned {
    let Ok(folders) = folders(root, errand) else { return Scanned::Failed { fault: Fault::CannotRead } };
    let total = u64::try_from(folders.len()).unwrap_or(u64::MAX);
    let (mut series, mut files_found) = (Vec::new(), 0_u64);
    let mut shown = None::<Instant>;
    for (current, folder) in (0..).zip(&folders) {
        if errand.is_stopped() {
            return Scanned::Failed { fault: Fault::Cancelled };
        }
        if shown.is_none_or(|shown| shown.elapsed() >= APART) {
            show(current, total, errand);
            shown = Some(Instant::now());
        }
        let files = files_in(&root.join(folder), errand);
        files_found = files_found.saturating_add(u64::from(files));
        if series.len() < LISTED {
            series.push(Found { key: rules::slug(folder), folder: folder.clone(), files });
        }
    }
    show(total, total, errand);
    Scanned::Complete { series_found: u32::try_from(folders.len()).unwrap_or(u32::MAX), files_found, series }
}

fn show(current: u64, total: u64, errand: &Errand<'_>) {
    let percent = percent(current, total).unwrap_or(100);
    errand.pulse(&Pulse::ScanProgress { current, total, percent });
}

/// The folders of the library, by name. What has no name that a download could go to is not of it.
fn folders(root: &Path, errand: &Errand<'_>) -> std::io::Result<BTreeSet<String>> {
    let mut folders = BTreeSet::new();
    for entry in read_dir(root)? {
        if errand.is_stopped() || folders.len() == SERIES {
            break;
        }
        let entry = entry?;
        // The type is that of a link, not of what it leads to.
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
            && rules::is_component(&name)
        {
            folders.insert(name);
        }
    }
    Ok(folders)
}

/// How many files there are, as far as one looks. What cannot be read has none.
fn files_in(folder: &Path, errand: &Errand<'_>) -> u32 {
    let (mut files, mut seen) = (0_u32, 0);
    let mut below: Vec<(PathBuf, u32)> = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = below.pop() {
        let Ok(entries) = read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen > ENTRIES || errand.is_stopped() {
                return files;
            }
            match entry.file_type() {
                Ok(sort) if sort.is_file() => files = files.saturating_add(1),
                Ok(sort) if sort.is_dir() && depth < DEPTH => below.push((entry.path(), depth + 1)),
                _ => {}
            }
        }
    }
    files
}
