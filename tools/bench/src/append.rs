//! "append": the journal on a real disk, in groups, for so long that folding and checkpoints are part of what is measured.
//!
//! Done is what the writer's thread does: a group is one transaction and one sync, and after it at most one step of folding.
//! The journal is filled up to where it folds before anything is measured, or the first records would be too cheap.

use crate::Size;
use crate::game::{Game, WALL_MS};
use crate::meter::{Cost, Watch, each_ns, percentile};
use crate::table::{Row, count, time};
use parlour_engine::limits::Limits;
use parlour_engine::store::{Batch, RoomRow, Snapshot};
use parlour_room::{Cause, Hash64, Record};
use parlour_server::journal::{Journal, SqliteJournal, SqliteReader, sqlite};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// In groups of how many records, spread over how many rooms, and which of `Size::records` says how many in all.
const CASES: [(usize, u64, usize); 4] = [(1, 200, 0), (16, 200, 1), (256, 200, 2), (256, 4, 2)];
/// In groups of so many the journal is filled before.
const FILLING: usize = 256;
/// So many records are made ready at a time; making them is not measured.
const BLOCK: usize = 4096;
/// What the server adds to a record's input when it weighs what came since a snapshot.
pub(crate) const RECORD_OVERHEAD: usize = 64;

pub(crate) fn run(size: &Size, folder: &Path) -> Vec<Row> {
    let limits = Limits { journal_tail_rows: size.tail_rows, ..Limits::default() };
    CASES.into_iter().map(|(group, rooms, at)| append(size, &limits, (group, rooms), size.records[at], folder)).collect()
}

fn append(size: &Size, limits: &Limits, (group, rooms): (usize, u64), records: usize, folder: &Path) -> Row {
    let folder = empty(&folder.join(format!("append-{group}-{rooms}")));
    let mut feed = Feed::new(limits, rooms);
    let mut under_test = UnderTest::open(&folder, limits);
    let mut first = feed.batch(0);
    first.opened = feed.rows();
    under_test.append(&first);
    while under_test.journal.tail_rows() < size.tail_rows {
        under_test.append(&feed.batch(FILLING));
    }
    let rounds = size.rounds.div_ceil(3);
    let before = under_test.seen(&folder);
    let mut run = Run::default();
    for _ in 0..rounds {
        run.round(&mut under_test, &mut feed, group, records, limits.journal_tail_rows);
    }
    let after = under_test.seen(&folder);

    let kept = under_test.reader.stat().expect("the journal is read");
    assert_eq!(kept.tail_records + kept.folded_records, feed.records, "every record is in the log or in a chunk");
    let checkpoints = after.checkpoints.wrapping_sub(before.checkpoints);
    assert!(run.steps > 0 && checkpoints > 0, "what is measured has {} folds and {checkpoints} checkpoints", run.steps);
    drop(under_test);
    fs::remove_dir_all(&folder).expect("the folder was made here");
    let name = format!("append in groups of {group}, {rooms} rooms");
    run.row(name, u64::from(checkpoints), after.folded - before.folded, after.bytes - before.bytes)
}

/// What was measured, over all rounds.
#[derive(Default)]
struct Run {
    rounds: Vec<f64>,
    all: Watch,
    folding: Watch,
    plain: Watch,
    walls: Vec<Duration>,
    records: u64,
    input_bytes: u64,
    written_bytes: u64,
    snapshots: u64,
    steps: u64,
}

impl Run {
    fn round(&mut self, journal: &mut UnderTest, feed: &mut Feed, group: usize, records: usize, tail_rows: usize) {
        let mut watch = Watch::default();
        for _ in 0..records.div_ceil(BLOCK) {
            let batches: Vec<Batch> = (0..BLOCK.min(records) / group).map(|_| feed.batch(group)).collect();
            let lines: Vec<Vec<u8>> = batches.iter().map(lines).collect();
            let written = written();
            watch.run(|| {
                for batch in &batches {
                    let start = Instant::now();
                    journal.append(batch);
                    // As much as the journal folds anyway: only then is there something to count and to time.
                    if journal.journal.tail_rows() > tail_rows {
                        self.folding.run(|| journal.fold());
                        self.steps += 1;
                    }
                    self.walls.push(start.elapsed());
                }
            });
            self.written_bytes += self::written() - written;
            self.plain.run(|| lines.iter().for_each(|lines| journal.append_plainly(lines)));
            self.records += batches.iter().map(|batch| batch.records.len() as u64).sum::<u64>();
            self.snapshots += batches.iter().map(|batch| batch.snapshots.len() as u64).sum::<u64>();
            let inputs = batches.iter().flat_map(|batch| &batch.records).map(|(_, record)| record.input.len() as u64);
            self.input_bytes += inputs.sum::<u64>();
        }
        self.rounds.push(each_ns(watch.cpu, records as u64));
        self.all.cpu += watch.cpu;
        self.all.wall += watch.wall;
    }

    fn row(mut self, name: String, checkpoints: u64, folded: u64, kept_bytes: u64) -> Row {
        self.walls.sort_unstable();
        let each = |time: Duration| each_ns(time, self.records);
        let wall = |percent| time(percentile(&self.walls, percent).as_nanos() as f64);
        let groups = self.walls.len() as u64;
        let notes = vec![
            format!(
                "{} records, {} groups, {} snapshots; {} folded in {} steps; {checkpoints} checkpoints",
                count(self.records),
                count(groups),
                count(self.snapshots),
                count(folded),
                count(self.steps)
            ),
            format!(
                "a record: {} bytes of input, {} kept, {} written; folding is {} of its cost",
                self.input_bytes / self.records,
                kept_bytes / self.records,
                self.written_bytes / self.records,
                time(each(self.folding.cpu))
            ),
            format!(
                "a group on the wall: {} at p50, {} at p99; {} records/s",
                wall(50),
                wall(99),
                count((self.records as f64 / self.all.wall.as_secs_f64()) as u64)
            ),
            format!(
                "the same to a plain file, write and fdatasync: {} of CPU a record; the journal is {:.1} of that",
                time(each(self.plain.cpu)),
                self.all.cpu.as_secs_f64() / self.plain.cpu.as_secs_f64()
            ),
        ];
        Row { name, each: "record", cost: Cost::of(self.rounds), notes }
    }
}

struct UnderTest {
    journal: SqliteJournal,
    reader: SqliteReader,
    plain: File,
}

/// What can be seen of a journal from outside.
struct Seen {
    folded: u64,
    bytes: u64,
    checkpoints: u32,
}

impl UnderTest {
    fn open(folder: &Path, limits: &Limits) -> Self {
        let journal = SqliteJournal::open(folder, limits).expect("a journal in an empty folder");
        let reader = journal.reader().expect("a reader");
        Self { journal, reader, plain: File::create(folder.join("plain.log")).expect("a file") }
    }

    fn append(&mut self, batch: &Batch) {
        self.journal.append(std::slice::from_ref(batch)).expect("the disk takes it");
    }

    fn fold(&mut self) {
        self.journal.fold().expect("the disk takes it");
    }

    /// The least that durability costs.
    fn append_plainly(&mut self, lines: &[u8]) {
        self.plain.write_all(lines).and_then(|()| self.plain.sync_data()).expect("the disk takes it");
    }

    fn seen(&self, folder: &Path) -> Seen {
        let stat = self.reader.stat().expect("the journal is read");
        let bytes = stat.file_bytes - stat.free_bytes;
        Seen { folded: stat.folded_records, bytes, checkpoints: checkpoints(&folder.join("journal.sqlite3-wal")) }
    }
}

/// SQLite numbers each beginning of the write-ahead log in its header, and it begins anew when all of it was taken over into
/// the file.
fn checkpoints(wal: &Path) -> u32 {
    let mut number = [0; 4];
    let mut file = File::open(wal).expect("it is there while the journal is open");
    file.seek(SeekFrom::Start(12)).and_then(|_| file.read_exact(&mut number)).expect("a header");
    u32::from_be_bytes(number)
}

/// How many bytes this process has written.
fn written() -> u64 {
    let io = fs::read_to_string("/proc/self/io").expect("Linux counts what a process writes");
    io.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse().ok()).expect("wchar is in it")
}

fn lines(batch: &Batch) -> Vec<u8> {
    batch.records.iter().flat_map(|(_, record)| (sqlite::line(record) + "\n").into_bytes()).collect()
}

/// Records as games make them, of one room after the other, with the snapshots that a server takes.
struct Feed {
    rooms: Vec<Fed>,
    inputs: Vec<String>,
    snapshot: String,
    limits: Limits,
    records: u64,
}

struct Fed {
    name: Arc<str>,
    seq: u64,
    tail_bytes: usize,
}

impl Feed {
    fn new(limits: &Limits, rooms: u64) -> Self {
        let game = Game::of_cards(1);
        let actions = game.records.into_iter().filter(|record| record.cause == Cause::Action);
        Self {
            rooms: (0..rooms).map(|room| Fed { name: format!("cards-{room}").into(), seq: 0, tail_bytes: 0 }).collect(),
            inputs: actions.map(|record| record.input).collect(),
            snapshot: game.table.snapshot().expect("a state that can be written"),
            limits: limits.clone(),
            records: 0,
        }
    }

    fn rows(&self) -> Vec<RoomRow> {
        let row = |room: &Fed| RoomRow {
            room: room.name.clone(),
            kind: "cards".to_owned(),
            rules: 1,
            life: "life".to_owned(),
            first: 1,
            opened_ms: WALL_MS,
            outcome: None,
        };
        self.rooms.iter().map(row).collect()
    }

    fn batch(&mut self, records: usize) -> Batch {
        let mut batch = Batch::default();
        for _ in 0..records {
            let number = self.records;
            self.records += 1;
            let at = usize::try_from(number).expect("64 bits");
            let (rooms, inputs) = (self.rooms.len(), self.inputs.len());
            let room = &mut self.rooms[at % rooms];
            room.seq += 1;
            let input = self.inputs[at / rooms % inputs].clone();
            room.tail_bytes += input.len() + RECORD_OVERHEAD;
            let (at_ms, hash) = (room.seq * 700, Hash64::of(&number.to_be_bytes()));
            let record = Record { seq: room.seq, at_ms, ts_ms: WALL_MS + at_ms, cause: Cause::Action, input, hash };
            batch.records.push((room.name.clone(), record));
            if room.tail_bytes > self.limits.snapshot_tail_bytes.max(2 * self.snapshot.len()) {
                room.tail_bytes = 0;
                batch.snapshots.push(Snapshot::new(room.name.clone(), room.seq, self.snapshot.clone()));
            }
        }
        batch
    }
}

/// This folder, with nothing in it.
pub(crate) fn empty(folder: &Path) -> std::path::PathBuf {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("what an earlier run left can be removed");
    }
    fs::create_dir_all(folder).expect("a folder can be made");
    folder.to_path_buf()
}
