//! A room comes back: from the message of a member who joins to the first frame of the room, through the shard and a real
//! journal, among many rooms that sleep. The wait for the disk is part of it, since waking is a record.

use crate::Size;
use crate::append::{RECORD_OVERHEAD, empty};
use crate::game::{Game, WALL_MS};
use crate::meter::{Cost, Watch, each_ns, percentile};
use crate::table::{Row, count, time};
use parlour_cards::Cards;
use parlour_engine::forward::Place;
use parlour_engine::io::{ConnId, Identity, Input, Now, Output, Role};
use parlour_engine::limits::Limits;
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Second, Settings, Shard};
use parlour_engine::store::{Batch, History, RoomRow, Snapshot};
use parlour_engine::wire::{Mode, Speaks};
use parlour_room::{AnyTable, Record, Seat, Stamp};
use parlour_server::journal::{Journal, Reader, SqliteJournal, SqliteReader};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How many rooms are written in one group before anything is measured.
const GROUP: usize = 256;
const NOW: Now = Now { mono_ms: 1_000, wall_ms: WALL_MS + 3_600_000 };

pub(crate) fn run(size: &Size, folder: &Path) -> Vec<Row> {
    let folder = empty(&folder.join("wake"));
    let limits = Limits { journal_tail_rows: size.tail_rows, ..Limits::default() };
    let journal = SqliteJournal::open(&folder, &limits).expect("a journal in an empty folder");
    let reader = journal.reader().expect("a reader");
    let mut disk = Disk { journal, reader, group: Vec::new() };
    for number in 0..size.asleep {
        disk.write(asleep(begun(number)));
    }
    let slept: Vec<Room> = (0..size.woken).map(|number| disk.write(asleep(in_a_game(number)))).collect();
    let killed: Vec<Room> = (0..size.woken).map(|number| disk.write(killed(number, &limits))).collect();
    disk.flush();

    let mut row = |name: &str, rooms: &[Room], load: Load| {
        let mut watches = Vec::new();
        let read = disk.reader.reads();
        let mut server = Server::new(&limits, load);
        for (number, room) in rooms.iter().enumerate() {
            watches.push(server.wake(&mut disk, ConnId(1 + number as u64), room));
        }
        let (reads, number) = (disk.reader.reads(), rooms.len());
        let mut walls: Vec<Duration> = watches.iter().map(|watch| watch.wall).collect();
        walls.sort_unstable();
        let wall = |percent| time(percentile(&walls, percent).as_nanos() as f64);
        let records: u64 = rooms.iter().map(|room| room.records).sum();
        let notes = vec![
            format!("{number} rooms of {} records, among {} asleep", records / number as u64, count(size.asleep)),
            format!(
                "read for each: {:.1} snapshots, {} records; the record of waking is synced before the frame leaves",
                (reads.snapshots - read.snapshots) as f64 / number as f64,
                (reads.records - read.records) / number
            ),
            format!("on the wall: {} at p50, {} at p99", wall(50), wall(99)),
        ];
        let cost = Cost::of(watches.iter().map(|watch| each_ns(watch.cpu, 1)).collect());
        Row { name: name.to_owned(), each: "room", cost, notes }
    };
    let rows = vec![
        row("wake, put to sleep (a snapshot)", &slept, newest),
        row("wake, killed (a snapshot, the longest tail)", &killed, newest),
        row("wake, the same by playing all its records", &killed, everything),
    ];
    drop(disk);
    fs::remove_dir_all(&folder).expect("the folder was made here");
    rows
}

/// A room that is to be woken, and by whom.
struct Room {
    name: Arc<str>,
    user: String,
    records: u64,
}

/// A room on its way into the journal.
struct Written {
    game: Game,
    name: Arc<str>,
    records: Vec<Record>,
    row: RoomRow,
    snapshot: Option<Snapshot>,
}

impl Written {
    fn new(game: Game, records: Vec<Record>, snapshot: Option<(u64, String)>) -> Self {
        let about = game.table.about();
        let name: Arc<str> = game.name.as_str().into();
        let row = RoomRow {
            room: name.clone(),
            kind: about.kind.to_owned(),
            rules: about.rules,
            life: about.life.to_owned(),
            first: about.opener.seq,
            opened_ms: about.opener.ts_ms,
            outcome: None,
        };
        let snapshot = snapshot.map(|(seq, body)| Snapshot::new(name.clone(), seq, body));
        Self { name, records, row, snapshot, game }
    }
}

/// A game for which both players have come.
fn begun(number: u64) -> Game {
    Game::of_cards_until("asleep", number, false, 0)
}

/// A game in its course, or the one after it.
fn in_a_game(number: u64) -> Game {
    Game::of_cards_until("slept", number, true, 60)
}

/// A room that was put away in good order: how far its time had come is its last record, and if there is much to play, there is
/// a snapshot of that.
fn asleep(mut game: Game) -> Written {
    let stamp = Stamp { at_ms: 0, ts_ms: WALL_MS };
    let played = game.table.sleep(stamp).expect("a room that goes on can sleep");
    let mut records = std::mem::take(&mut game.records);
    records.push(played.record);
    let is_heavy = weight(&records) > Limits::default().sleep_tail_bytes;
    let snapshot = is_heavy.then(|| (game.table.about().seq, snapshot(game.table.as_ref())));
    Written::new(game, records, snapshot)
}

/// A room of many games whose server was killed just before its next snapshot.
fn killed(number: u64, limits: &Limits) -> Written {
    let mut game = Game::of_cards_until("killed", number, true, usize::MAX);
    let mut records = std::mem::take(&mut game.records);
    // The last record closed it.
    records.pop();
    let mut tail = records.len();
    while tail > 1 && weight(&records[tail - 1..]) <= limits.snapshot_tail_bytes {
        tail -= 1;
    }
    let (mut table, _) = game.kind.replay(&records[0]).expect("it was played before");
    for record in &records[1..tail] {
        table.replay(record).expect("it was played before");
    }
    let snapshot = (table.about().seq, snapshot(table.as_ref()));
    Written::new(game, records, Some(snapshot))
}

fn weight(records: &[Record]) -> usize {
    records.iter().map(|record| record.input.len() + RECORD_OVERHEAD).sum()
}

fn snapshot(table: &dyn AnyTable) -> String {
    table.snapshot().expect("a state that can be written")
}

struct Disk {
    journal: SqliteJournal,
    reader: SqliteReader,
    group: Vec<Batch>,
}

impl Disk {
    fn write(&mut self, room: Written) -> Room {
        let Written { game, name, records, row, snapshot } = room;
        let woken = Room { name: name.clone(), user: game.user(Seat(0)), records: records.len() as u64 };
        let records = records.into_iter().map(|record| (name.clone(), record)).collect();
        let snapshots = snapshot.into_iter().collect();
        self.group.push(Batch { records, opened: vec![row], snapshots, ..Batch::default() });
        if self.group.len() == GROUP {
            self.flush();
        }
        woken
    }

    fn flush(&mut self) {
        self.journal.append(&std::mem::take(&mut self.group)).expect("the disk takes it");
        while self.journal.fold().expect("the disk takes it") {}
    }
}

/// What a room is loaded from.
type Load = fn(&SqliteReader, &str) -> Option<History>;

fn newest(reader: &SqliteReader, room: &str) -> Option<History> {
    reader.load(room).expect("the journal is whole")
}

/// As if there were no snapshots.
fn everything(reader: &SqliteReader, room: &str) -> Option<History> {
    let history = reader.life(room).expect("the journal is whole");
    history.map(|history| History { snapshot: None, ..history })
}

/// A shard, and what the event loop does around it.
struct Server {
    shard: Shard,
    load: Load,
}

impl Server {
    fn new(limits: &Limits, load: Load) -> Self {
        let kinds = Kinds::new().with::<Cards>().expect("cards can be spoken");
        let (limits_of_it, server, second) = (limits.clone(), "bench".to_owned(), Second::default());
        let settings = Settings {
            kinds,
            limits: limits_of_it,
            place: Place::ALONE,
            server,
            second,
            mode: Mode::default(),
            tracks: false,
            planted: None,
        };
        Self { shard: Shard::new(settings), load }
    }

    /// Somebody connects, and comes back to a room. Measured is the time from their message to the first frame of the room.
    fn wake(&mut self, disk: &mut Disk, conn: ConnId, room: &Room) -> Watch {
        let user = room.user.clone();
        let guest = Some(Identity::lasting(&user, Role::Player));
        self.shard.handle(
            Input::Opened {
                conn,
                speaks: Speaks::Native,
                target: String::new(),
                address: None,
                entropy: [1; 32],
                token: None,
                guest,
                guest_token: None,
            },
            NOW,
        );
        self.turns(disk, "");
        let mut message = masked(&format!(r#"{{"type":"join_room","ref":"1","payload":{{"room_id":"{}"}}}}"#, room.name));
        let mut watch = Watch::default();
        let came = watch.run(|| {
            self.shard.handle(Input::Bytes { conn, bytes: &mut message }, NOW);
            self.turns(disk, r#""type":"view""#)
        });
        assert!(came, "{} shows no view", room.name);
        self.turns(disk, "");
        watch
    }

    /// Turns until nothing is left to do, or something with these words was written. Whether it was.
    fn turns(&mut self, disk: &mut Disk, words: &str) -> bool {
        while let Some(output) = self.shard.poll() {
            match output {
                Output::Load(room) => {
                    let result = Ok((self.load)(&disk.reader, &room));
                    self.shard.handle(Input::Loaded { room, result }, NOW);
                }
                Output::ListDue { after, limit } => {
                    let due = disk.reader.due(&after, limit);
                    self.shard.handle(Input::Due(due), NOW);
                }
                Output::Append(batch) => {
                    disk.journal.append(std::slice::from_ref(&batch)).expect("the disk takes it");
                    self.shard.handle(Input::Durable(batch.commit), NOW);
                }
                Output::Write { bytes, .. } if !words.is_empty() && holds(&bytes, words) => return true,
                Output::Note(note) => panic!("{note}"),
                _ => {}
            }
        }
        false
    }
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

/// A text frame of a client, under a mask that changes nothing.
fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()).expect("a short message") {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).expect("below 126")),
        length => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}
