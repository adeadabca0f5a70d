//! The journal across processes: one writes until it is killed, this one looks on, is refused, and finds what was reported
//! durable.

use parlour_engine::limits::Limits;
use parlour_engine::store::{Batch, RoomRow};
use parlour_room::{Cause, Hash64, Record};
use parlour_server::journal::{Committed, OpenError, Reader, SqliteJournal, SqliteReader, Writer};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FOLDER: &str = "PARLOUR_TEST_JOURNAL";
const RECORDS_PER_BATCH: u64 = 5;

#[test]
fn what_a_process_reported_durable_is_there_after_it_was_killed() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{}", std::process::id()));
    let mut durable = 0;
    for round in 1..=10 {
        let mut writing = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reports = BufReader::new(writing.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(|line| {
            // The test harness talks on the same line.
            line.rsplit_once("durable ").and_then(|(_, commit)| commit.parse::<u64>().ok())
        });
        durable = reports.by_ref().find(|commit| *commit > durable + round).expect("it writes on");
        let refused = SqliteJournal::open(&folder, &Limits::default()).unwrap_err();
        assert_eq!(refused, OpenError::AlreadyOpen { folder: folder.clone(), process: Some(writing.id()) });
        assert!(batches_in(&folder) >= durable, "read while it is written");

        writing.kill().unwrap();
        durable = reports.last().unwrap_or(durable);
        writing.wait().unwrap();
        assert!(batches_in(&folder) >= durable, "read before anybody recovered it");
        drop(SqliteJournal::open(&folder, &Limits::default()).unwrap());
        let kept = batches_in(&folder);
        assert!(kept >= durable, "read after it was recovered");
        println!("round {round}: {durable} reported, {kept} kept");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The other process; a test only because that is how a test binary is told what to run.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    // So short a log that it is folded all the time, also when the kill comes.
    let limits = Limits { journal_tail_rows: 40, journal_chunk_bytes: 4096, journal_fold_rows: 16, ..Limits::default() };
    let journal = SqliteJournal::open(&folder, &limits).unwrap();
    let kept = journal.reader().unwrap().records("r").unwrap().len() as u64 / RECORDS_PER_BATCH;
    let tell = |_, committed| {
        let Committed::Durable { commit } = committed else { panic!("{committed:?}") };
        println!("durable {commit}");
    };
    let writer = Writer::start(Box::new(journal), Box::new(tell)).unwrap();
    for commit in kept + 1..kept + 100_000 {
        writer.submit(batch(commit));
        std::thread::sleep(std::time::Duration::from_micros(100));
    }
}

/// How many batches a reader finds; they must be whole and in order.
fn batches_in(folder: &Path) -> u64 {
    let reader = SqliteReader::open(folder).expect("there is a journal");
    let history = reader.life("r").expect("it is whole").expect("its first batch was durable");
    let count = history.records.len() as u64;
    assert!(
        history.records.iter().map(|record| record.seq).eq(1..=count) && count.is_multiple_of(RECORDS_PER_BATCH),
        "{count} records"
    );
    assert_eq!(history.row.map(|row| row.first), Some(1));
    count / RECORDS_PER_BATCH
}

fn batch(commit: u64) -> Batch {
    let last = commit * RECORDS_PER_BATCH;
    let record = |seq| Record { seq, at_ms: seq, ts_ms: seq, cause: Cause::Action, input: "{}".into(), hash: Hash64(seq) };
    let records = (last - RECORDS_PER_BATCH + 1..=last).map(|seq| ("r".into(), record(seq))).collect();
    let row = RoomRow { room: "r".into(), kind: "k".into(), rules: 1, life: "l".into(), first: 1, opened_ms: 1, outcome: None };
    Batch { commit, records, opened: if commit == 1 { vec![row] } else { Vec::new() }, ..Batch::default() }
}
