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
        self.open_limited(&Limits::default())
    }

    fn open_limited(&self, limits: &Limits) -> Result<Both, OpenError> {
        let journal = SqliteJournal::open(&self.0, limits)?;
        let reader = journal.reader()?;
        Ok((Box::new(journal), Box::new(reader)))
    }

    fn crash(&self, open: Both) {
        let kept = self.0.with_extension("kept");
        fs::create_dir_all(&kept).unwrap();
        for name in ["journal.sqlite3", "journal.sqlite3-wal"] {
            fs::copy(self.0.join(name), kept.join(name)).unwrap();
        }
        drop(open);
        fs::remove_dir_all(&self.0).unwrap();
        fs::rename(kept, &self.0).unwrap();
    }

    fn outside(&self) -> Box<dyn Reader> {
        Box::new(SqliteReader::open(&self.0).unwrap())
    }

    fn open_nearly_full(&self) -> Box<dyn Journal> {
        let journal = SqliteJournal::open(&self.0, &Limits::default()).unwrap();
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
    // Folded all the time, so that what is torn is often a fold.
    let limits = Limits { journal_tail_rows: 10, journal_chunk_bytes: 3000, ..Limits::default() };
    let journal = SqliteJournal::open(&folder.0, &limits).unwrap();
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
        let reader = SqliteJournal::open(image, &Limits::default()).unwrap().reader().unwrap();
        let records = reader.records("r").unwrap();
        assert_eq!(records.len() as u64, 3 * commit);
        drop(reader);
        // The same, but the last writes got lost or were torn: whole batches, from the first on.
        let torn = image.with_extension("torn");
        fs::create_dir_all(&torn).unwrap();
        fs::copy(folder_file(image), folder_file(&torn)).unwrap();
        let wal = fs::read(image.join("journal.sqlite3-wal")).unwrap_or_default();
        fs::write(torn.join("journal.sqlite3-wal"), &wal[..wal.len().saturating_sub(1 + cut * 997)]).unwrap();
        let left = SqliteJournal::open(&torn, &Limits::default())
            .map(|journal| journal.reader().unwrap().records("r").unwrap())
            .unwrap();
        assert!(left.len().is_multiple_of(3) && records.starts_with(&left), "{} of {}", left.len(), records.len());
    }
}

#[test]
fn a_reader_whose_index_lags_behind_the_log_finds_the_rest_by_itself() {
    let folder = Folder::new();
    let mut journal = SqliteJournal::open(&folder.0, &Limits::default()).unwrap();
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
    drop(SqliteJournal::open(&folder.0, &Limits::default()).unwrap());
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
        for error in [SqliteJournal::open(&folder.0, &Limits::default()).unwrap_err(), SqliteReader::open(&folder.0).unwrap_err()]
        {
            assert!(matches!(error, OpenError::NotAJournal { .. }), "{error}");
        }
        assert_eq!(fs::read(folder.file()).unwrap(), content);
    }
}

#[test]
fn a_newer_format_is_refused_and_named() {
    let folder = Folder::new();
    drop(SqliteJournal::open(&folder.0, &Limits::default()).unwrap());
    folder.damage("PRAGMA user_version = 7");
    for error in [SqliteJournal::open(&folder.0, &Limits::default()).unwrap_err(), SqliteReader::open(&folder.0).unwrap_err()] {
        assert!(matches!(error, OpenError::Newer { format: 7, .. }), "{error}");
        assert!(error.to_string().contains("format 7"));
    }
}

#[test]
fn who_is_refused_is_told_which_folder_and_who_has_it() {
    let folder = Folder::new();
    let _journal = SqliteJournal::open(&folder.0, &Limits::default()).unwrap();
    let told = SqliteJournal::open(&folder.0, &Limits::default()).unwrap_err().to_string();
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
    let mut journal = SqliteJournal::open(&folder.0, &Limits::default()).unwrap();
    journal.append(&[three_records(1)]).unwrap();
    drop(journal);
    let db = file::read_only(&folder.file(), true).unwrap();
    assert_eq!(db.query_row("SELECT count(*) FROM records", [], |row| row.get(0)), Ok(3));
    assert!(!folder.0.join("journal.sqlite3-wal").exists(), "a clean stop leaves one file, and so does such a reader");
}

#[test]
fn a_page_that_was_overwritten_is_damage_and_no_panic() {
    let folder = Folder::new();
    let mut journal = SqliteJournal::open(&folder.0, &Limits::default()).unwrap();
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

/// A room of 15 records: 11 in chunks of three, the rest in the log.
fn folded(folder: &Folder) {
    let limits = Limits { journal_tail_rows: 1, journal_chunk_bytes: 1700, ..Limits::default() };
    let mut journal = SqliteJournal::open(&folder.0, &limits).unwrap();
    journal.append(&[1, 2, 3, 4].map(three_records)).unwrap();
    assert!(!journal.fold().unwrap());
    assert_eq!(journal.tail_rows(), 1, "the last row stays");
    journal.append(&[three_records(5)]).unwrap();
}

#[test]
fn a_chunk_that_is_not_where_it_says_is_found_where_the_order_breaks() {
    for (change, at) in [
        ("UPDATE chunks SET first = 5 WHERE first = 4", 4),
        ("UPDATE chunks SET first = 60 WHERE first = 4", 4),
        ("UPDATE chunks SET first = -4 WHERE first = 4", 1),
        ("UPDATE chunks SET last = 7 WHERE first = 4", 7),
        ("UPDATE chunks SET last = -6 WHERE first = 4", 4),
        ("UPDATE chunks SET room = 's' WHERE first = 4", 4),
        ("DELETE FROM chunks WHERE first = 1", 1),
        ("DELETE FROM chunks WHERE first = 10", 10),
        ("UPDATE chunks SET body = (SELECT body FROM chunks WHERE first = 7) WHERE first = 10", 10),
        ("UPDATE chunks SET body = CAST(x'ff' AS TEXT) WHERE first = 4", 4),
        ("DELETE FROM log WHERE seq = 14", 14),
    ] {
        let folder = Folder::new();
        folded(&folder);
        let reader = SqliteReader::open(&folder.0).unwrap();
        let whole = reader.records("r").unwrap();
        assert!(whole.iter().map(|record| record.seq).eq(1..=15));
        assert_eq!(reader.reads(), Reads { snapshots: 0, chunks: 4, records: 15 });
        folder.damage(change);
        let found = match reader.records("r") {
            Err(parlour_engine::store::ReadError::Damaged { seq, .. }) => seq,
            Err(other) => panic!("{change}: {other}"),
            Ok(records) => whole.iter().zip(&records).find(|(whole, found)| whole != found).map_or(0, |(whole, _)| whole.seq),
        };
        assert_eq!(found, at, "{change}");
    }
}

#[test]
fn the_view_shows_what_was_folded_and_what_was_not_as_one_table() {
    let folder = Folder::new();
    folded(&folder);
    let db = Connection::open(folder.file()).unwrap();
    let mut query =
        db.prepare("SELECT seq, time, cause, length(input), hash FROM records WHERE room = 'r' ORDER BY seq").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
    let rows = rows.unwrap().map(Result::unwrap).collect::<Vec<(i64, String, String, i64, String)>>();
    let expected = |seq: i64| (seq, "1970-01-01T00:00:00.000Z".into(), "action".into(), 400, format!("{seq:016x}"));
    assert!(rows.into_iter().eq((1..=15).map(expected)));
}

/// `ROOM_RECORDS=100000` prints what it says for a room as long as that; a multiple of 1000.
#[test]
fn a_long_room_is_loaded_by_reading_one_snapshot_and_what_came_after_it() {
    let records = std::env::var("ROOM_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000);
    let (tail_rows, after) = (200, 90);
    let limits = Limits { journal_tail_rows: tail_rows, ..Limits::default() };
    let folder = Folder::new();
    let mut journal = SqliteJournal::open(&folder.0, &limits).unwrap();
    let (mut batch, mut folding) = (Batch::default(), std::time::Duration::ZERO);
    for seq in 1..=records {
        let cause = if seq == 1 { Cause::Opened } else { Cause::Action };
        let input = format!(r#"{{"user":"ada","seat":0,"action":{{"type":"write","text":"number {seq}"}}}}"#);
        batch.records.push(("long".into(), Record { seq, at_ms: seq, ts_ms: seq, cause, input, hash: Hash64(seq) }));
        if seq == 1 {
            let (kind, life) = ("pad".into(), "l".into());
            batch.opened.push(RoomRow { room: "long".into(), kind, rules: 1, life, first: 1, opened_ms: 1, outcome: None });
        }
        if seq % 1000 == 1000 - after {
            batch.snapshots = vec![Snapshot::new("long".into(), seq, "s".repeat(1000))];
        }
        if seq % 50 == 0 || seq == records {
            journal.append(&[std::mem::take(&mut batch)]).unwrap();
            let begun = std::time::Instant::now();
            journal.fold().unwrap();
            folding += begun.elapsed();
        }
    }
    drop(journal);
    let begun = std::time::Instant::now();
    let journal = SqliteJournal::open(&folder.0, &limits).unwrap();
    let opened = begun.elapsed();
    assert!(journal.tail_rows() <= tail_rows);
    for reader in [journal.reader().unwrap(), SqliteReader::open(&folder.0).unwrap()] {
        let begun = std::time::Instant::now();
        let history = reader.load("long").unwrap().unwrap();
        let loaded = begun.elapsed();
        let Reads { snapshots, chunks, records: read } = reader.reads();
        println!("{records} records: opened in {opened:?} reading {} rows, folded in {folding:?}", journal.tail_rows());
        println!("loaded in {loaded:?} reading {snapshots} snapshot, {chunks} chunks, {read} records");
        assert_eq!((snapshots, history.records.len()), (1, usize::try_from(records % 1000).unwrap() + after as usize));
        // What lies in the same chunk as the first that counts is read as well.
        let in_one_chunk = limits.journal_chunk_bytes / 100;
        assert!(read <= history.records.len() + in_one_chunk, "{read}");
        assert!(reader.records("long").unwrap().iter().map(|record| record.seq).eq(1..=records));
    }
}

fn folder_file(folder: &Path) -> PathBuf {
    folder.join("journal.sqlite3")
}

fn three_records(commit: u64) -> Batch {
    let record = |seq| Record { seq, at_ms: 0, ts_ms: 0, cause: Cause::Action, input: "{}".repeat(200), hash: Hash64(seq) };
    let records = (3 * commit - 2..=3 * commit).map(|seq| ("r".into(), record(seq))).collect();
    Batch { commit, records, ..Batch::default() }
}

#[test]
fn a_users_own_rooms_are_found_without_looking_at_those_of_others() {
    let folder = Folder::new();
    drop(folder.open().unwrap());
    let db = Connection::open(folder.file()).unwrap();
    let mut query = db.prepare(&format!("EXPLAIN QUERY PLAN {}", lookups::HELD)).unwrap();
    let steps = query.query_map(params!["", 10, None::<String>, "ada"], |row| row.get::<_, String>(3)).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    assert!(steps.len() == 2 && steps.iter().all(|step| step.starts_with("SEARCH")), "{steps:?}");
    assert!(steps[0].starts_with("SEARCH holders USING PRIMARY KEY (user=? AND room>?)"), "{steps:?}");
}
