//! The contract on SQLite, and what is SQLite's alone: crash images, files that are none of ours, folders without a journal.

use super::*;
use crate::journal::contract::{Both, House, contract};
use crate::journal::{Committed, Reader, Writer};
use parlour_room::{Cause, Hash64};
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;

contract!(Folder::new());

/// A folder of its own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("parlour-journal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn file(&self) -> PathBuf {
        self.0.join("journal.sqlite3")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl House for Folder {
    fn open(&self) -> Result<Both, OpenError> {
        let journal = SqliteJournal::open(&self.0)?;
        let reader = journal.reader()?;
        Ok((Box::new(journal), Box::new(reader)))
    }

    fn outside(&self) -> Box<dyn Reader> {
        Box::new(SqliteReader::open(&self.0).unwrap())
    }

    fn open_nearly_full(&self) -> Box<dyn Journal> {
        let journal = SqliteJournal::open(&self.0).unwrap();
        journal.db.query_row("PRAGMA max_page_count = 200", [], |_| Ok(())).unwrap();
        Box::new(journal)
    }

    fn damage(&self, sql: &str) {
        Connection::open(self.file()).unwrap().execute_batch(sql).unwrap();
    }
}

#[test]
fn what_was_reported_durable_survives_the_loss_of_everything_else_and_half_a_group_never_shows() {
    let folder = Folder::new();
    let images = Folder::new();
    let journal = SqliteJournal::open(&folder.0).unwrap();
    let (report, reports) = channel();
    let (from, to) = (folder.0.clone(), images.0.clone());
    // On the writer's thread, so nothing is written while the files are copied: what a crash at this moment would leave.
    let tell = move |_, committed| {
        let Committed::Durable { commit } = committed else { panic!("{committed:?}") };
        let image = to.join(commit.to_string());
        fs::create_dir_all(&image).unwrap();
        for name in ["journal.sqlite3", "journal.sqlite3-wal"] {
            fs::copy(from.join(name), image.join(name)).unwrap();
        }
        report.send(commit).unwrap();
    };
    let writer = Writer::start(Box::new(journal), Box::new(tell)).unwrap();
    for commit in 1..=200 {
        writer.submit(three_records(commit));
        if commit % 7 == 0 {
            reports.recv().unwrap();
        }
    }
    writer.stop();
    let mut images = fs::read_dir(&images.0).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    images.sort();
    assert!(images.len() > 20, "{} groups", images.len());
    for (cut, image) in images.iter().enumerate() {
        let commit = image.file_name().unwrap().to_str().unwrap().parse::<u64>().unwrap();
        let reader = SqliteJournal::open(image).unwrap().reader().unwrap();
        let records = reader.records("r").unwrap();
        assert_eq!(records.len() as u64, 3 * commit);
        drop(reader);
        // The same, but the last writes got lost or were torn: whole batches, from the first on.
        let torn = image.with_extension("torn");
        fs::create_dir_all(&torn).unwrap();
        fs::copy(folder_file(image), folder_file(&torn)).unwrap();
        let wal = fs::read(image.join("journal.sqlite3-wal")).unwrap_or_default();
        fs::write(torn.join("journal.sqlite3-wal"), &wal[..wal.len().saturating_sub(1 + cut * 997)]).unwrap();
        let left = SqliteJournal::open(&torn).map(|journal| journal.reader().unwrap().records("r").unwrap()).unwrap();
        assert!(left.len().is_multiple_of(3) && records.starts_with(&left), "{} of {}", left.len(), records.len());
    }
}

#[test]
fn a_reader_whose_index_lags_behind_the_log_finds_the_rest_by_itself() {
    let folder = Folder::new();
    let mut journal = SqliteJournal::open(&folder.0).unwrap();
    journal.append(&[three_records(1)]).unwrap();
    let index = Index::build(&journal.db).unwrap();
    let lagging = SqliteReader::beside(&journal.file, Arc::new(Mutex::new(index))).unwrap();
    journal.append(&[three_records(2)]).unwrap();
    assert!(lagging.records("r").unwrap().iter().map(|record| record.seq).eq(1..=6));
}

#[test]
fn a_folder_without_a_journal_is_left_as_it_is() {
    let folder = Folder::new();
    let none = |error: OpenError| assert!(matches!(error, OpenError::NoJournal { .. }), "{error}");
    none(SqliteReader::open(&folder.0).unwrap_err());
    assert!(!folder.0.exists());
    fs::create_dir_all(&folder.0).unwrap();
    none(SqliteReader::open(&folder.0).unwrap_err());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    // As left by a server that was killed in its first instant; the next one makes a journal of it.
    fs::write(folder.file(), "").unwrap();
    none(SqliteReader::open(&folder.0).unwrap_err());
    drop(SqliteJournal::open(&folder.0).unwrap());
    SqliteReader::open(&folder.0).unwrap();
}

#[test]
fn another_file_of_that_name_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    let foreign = Connection::open(folder.file()).unwrap();
    foreign.execute_batch("CREATE TABLE letters (body TEXT); PRAGMA user_version = 1").unwrap();
    drop(foreign);
    for content in [fs::read(folder.file()).unwrap(), b"Dear diary, ".repeat(100)] {
        fs::write(folder.file(), &content).unwrap();
        for error in [SqliteJournal::open(&folder.0).unwrap_err(), SqliteReader::open(&folder.0).unwrap_err()] {
            assert!(matches!(error, OpenError::NotAJournal { .. }), "{error}");
        }
        assert_eq!(fs::read(folder.file()).unwrap(), content);
    }
}

#[test]
fn a_newer_format_is_refused_and_named() {
    let folder = Folder::new();
    drop(SqliteJournal::open(&folder.0).unwrap());
    folder.damage("PRAGMA user_version = 7");
    for error in [SqliteJournal::open(&folder.0).unwrap_err(), SqliteReader::open(&folder.0).unwrap_err()] {
        assert!(matches!(error, OpenError::Newer { format: 7, .. }), "{error}");
        assert!(error.to_string().contains("format 7"));
    }
}

#[test]
fn who_is_refused_is_told_which_folder_and_who_has_it() {
    let folder = Folder::new();
    let _journal = SqliteJournal::open(&folder.0).unwrap();
    let told = SqliteJournal::open(&folder.0).unwrap_err().to_string();
    let (name, process) = (folder.0.display(), std::process::id());
    assert_eq!(
        told,
        format!("the journal in {name} is in use by process {process}: stop that one, or name another folder with --data")
    );
}

#[test]
fn a_folder_that_is_read_as_unchanging_is_read_all_the_same() {
    let outer = Folder::new();
    let folder = Folder(outer.0.join("odd #1? 100%"));
    let mut journal = SqliteJournal::open(&folder.0).unwrap();
    journal.append(&[three_records(1)]).unwrap();
    drop(journal);
    let db = file::read_only(&folder.file(), true).unwrap();
    assert_eq!(db.query_row("SELECT count(*) FROM records", [], |row| row.get(0)), Ok(3));
    assert!(!folder.0.join("journal.sqlite3-wal").exists(), "a clean stop leaves one file, and so does such a reader");
}

#[test]
fn a_page_that_was_overwritten_is_damage_and_no_panic() {
    let folder = Folder::new();
    let mut journal = SqliteJournal::open(&folder.0).unwrap();
    for commit in 1..=100 {
        journal.append(&[three_records(commit)]).unwrap();
    }
    drop(journal);
    let whole = fs::read(folder.file()).unwrap();
    let (mut damaged, mut refused) = (0, 0);
    for at in (1..whole.len() / 1024).map(|n| n * 1024 + n * 7 % 1000) {
        let mut bytes = whole.clone();
        bytes[at..at + 8].fill(0xff);
        fs::write(folder.file(), &bytes).unwrap();
        match SqliteReader::open(&folder.0).map(|reader| reader.records("r")) {
            Ok(Ok(_)) => {}
            Ok(Err(parlour_engine::store::ReadError::Damaged { .. })) => damaged += 1,
            Ok(Err(other)) => panic!("{other}"),
            Err(_) => refused += 1,
        }
    }
    println!("{damaged} found in reading, {refused} in opening");
    assert!(damaged > 10);
}

fn folder_file(folder: &Path) -> PathBuf {
    folder.join("journal.sqlite3")
}

fn three_records(commit: u64) -> Batch {
    let record = |seq| Record { seq, at_ms: 0, ts_ms: 0, cause: Cause::Action, input: "{}".repeat(200), hash: Hash64(seq) };
    let records = (3 * commit - 2..=3 * commit).map(|seq| ("r".into(), record(seq))).collect();
    Batch { commit, records, ..Batch::default() }
}
