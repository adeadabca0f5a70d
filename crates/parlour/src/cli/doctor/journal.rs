//! The journal: that it can be read, and that its newest rooms play as they were recorded.

use super::Finding;
use parlour_engine::replay::Eyes;
use parlour_engine::schema::Kinds;
use parlour_engine::store::ReadError;
use parlour_server::journal::{OpenError, Reader, SqliteReader};
use parlour_server::offline;
use std::path::Path;

const PAGE: u32 = 1000;

pub(super) fn check(kinds: &Kinds, data: &Path, rooms: usize, is_served: bool) -> Vec<Finding> {
    const WHAT: &str = "journal";
    let journal = match SqliteReader::open(data) {
        Ok(journal) => journal,
        Err(OpenError::NoJournal { .. }) if is_served => {
            let words = format!("none in {}, but a server runs: name its folder with --data", data.display());
            return vec![Finding::warn(WHAT, words)];
        }
        Err(OpenError::NoJournal { .. }) => return vec![Finding::ok(WHAT, "none yet: the first start makes it")],
        Err(error) => return vec![Finding::fail(WHAT, error.to_string())],
    };
    let (count, newest) = match newest(&journal, rooms) {
        Ok(found) => found,
        Err(error) => return vec![Finding::fail(WHAT, format!("{error}: restore the data folder from a copy"))],
    };
    let mut findings = vec![Finding::ok(WHAT, format!("readable, {count} rooms"))];
    let mut records = 0;
    for room in &newest {
        match offline::replay(&journal, kinds, room, None, Eyes::Records, true) {
            Ok(replayed) => records += replayed.records,
            Err(error) => {
                let words = format!("{room}: {error}: `parlour replay {room} --verify --data {}` says the same", data.display());
                findings.push(Finding::fail("rooms", words));
            }
        }
    }
    if findings.len() == 1 && !newest.is_empty() {
        let words = format!("the newest {} play as recorded: {records} records, every hash matches", newest.len());
        findings.push(Finding::ok("rooms", words));
    }
    findings
}

/// How many rooms there are, and the names of those opened last.
fn newest(journal: &SqliteReader, wanted: usize) -> Result<(u64, Vec<String>), ReadError> {
    let (mut count, mut newest, mut after) = (0, Vec::new(), String::new());
    loop {
        let page = journal.rooms(&after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.room.to_string();
        for row in page {
            count += 1;
            newest.push((row.opened_ms, row.room.to_string()));
        }
        newest.sort_by(|a, b| b.cmp(a));
        newest.truncate(wanted);
    }
    Ok((count, newest.into_iter().map(|(_, room)| room).collect()))
}
