//! The journal's file: making it, locking it, and telling it from other files and other formats.

use crate::voice::tell;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "journal.sqlite3";
const LOCK: &str = "journal.lock";

/// "PRLR": what `file` and SQLite know the journal by.
const APPLICATION: i64 = 0x5052_4C52;
/// Raised whenever an older Parlour could not read the file.
const FORMAT: i64 = 1;

/// How long to wait for somebody who has the database locked: a recovery after a crash, or a person with `sqlite3`.
const BUSY: Duration = Duration::from_secs(5);

/// `-wal` is folded into the file whenever it has this many pages of 4 KiB: recovery reads about 4 MiB at most, and the commit
/// that has to fold is held up by milliseconds.
const CHECKPOINT_PAGES: std::ffi::c_int = 1000;
/// What `-wal` is cut back to after somebody who read for long had kept it from being folded. Well above the size at which it is
/// folded, or every fold would shrink it, and every commit after that grow it again, which costs more to sync than overwriting.
const WAL_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// The log has no key and no index, on purpose. `chunks` holds what was folded of it, as `sqlite/chunk.rs` writes it; one record
/// is in one of the two, and `records` shows both. `rooms.snapshot` is the number of the newest snapshot, so that one that is
/// missing is missed.
const SCHEMA: &str = "
    CREATE TABLE log (
        room TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, ts_ms INTEGER NOT NULL,
        cause TEXT NOT NULL, input TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE chunks (
        room TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (room, first)
    ) STRICT;
    CREATE TABLE rooms (
        room TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, rules INTEGER NOT NULL, life TEXT NOT NULL, first INTEGER NOT NULL,
        opened_ms INTEGER NOT NULL, outcome TEXT, snapshot INTEGER, wake_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX due ON rooms (wake_at, room) WHERE wake_at IS NOT NULL;
    CREATE TABLE snapshots (
        room TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE listings (
        room TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, config TEXT NOT NULL, free INTEGER NOT NULL, public INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX listings_public ON listings (kind, room) WHERE public;
    CREATE INDEX listings_free ON listings (kind, config, public DESC, free, room) WHERE free > 0;
    CREATE TABLE holders (user TEXT NOT NULL, room TEXT NOT NULL, PRIMARY KEY (user, room)) STRICT, WITHOUT ROWID;
    CREATE INDEX holders_room ON holders (room);
    CREATE TABLE finds (
        user TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, room TEXT NOT NULL, created INTEGER NOT NULL,
        ts_ms INTEGER NOT NULL, PRIMARY KEY (user, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE history (
        room TEXT NOT NULL, first INTEGER NOT NULL, n INTEGER NOT NULL, ts_ms INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (room, first, n)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX finds_old ON finds (ts_ms);
    CREATE VIEW records AS
        SELECT room, seq, strftime('%Y-%m-%dT%H:%M:%fZ', ts_ms / 1000.0, 'unixepoch') AS time, at_ms, cause, input, hash FROM (
            SELECT room, json_extract(value, '$.seq') AS seq, json_extract(value, '$.at_ms') AS at_ms,
                json_extract(value, '$.ts_ms') AS ts_ms, json_extract(value, '$.cause') AS cause,
                coalesce(json_extract(value, '$.input'), json_extract(value, '$.text')) AS input,
                json_extract(value, '$.hash') AS hash
            FROM chunks, json_each(chunks.body)
            UNION ALL SELECT room, seq, at_ms, ts_ms, cause, input, hash FROM log
        );
";

/// How large the journal is: the file, and what is not folded into it yet.
pub(crate) fn size(folder: &Path) -> u64 {
    let size = |name: &str| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    size(FILE) + size(&format!("{FILE}-wal"))
}

/// Why a journal could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Another writer has it.
    AlreadyOpen {
        /// The data folder.
        folder: PathBuf,
        /// The other process, if it said so.
        process: Option<u32>,
    },
    /// There is nothing to read.
    NoJournal {
        /// The data folder.
        folder: PathBuf,
    },
    /// There is a file of that name, but it is something else.
    NotAJournal {
        /// The file.
        file: PathBuf,
    },
    /// It was written by a newer Parlour.
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: i64,
    },
    /// The system or SQLite refused.
    Failed {
        /// The file.
        file: PathBuf,
        /// In whose words.
        what: String,
    },
}

impl OpenError {
    pub(super) fn failed(file: &Path, error: &dyn std::error::Error) -> Self {
        OpenError::Failed { file: file.to_path_buf(), what: error.to_string() }
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpenError::AlreadyOpen { folder, process } => {
                let holder = process.map_or_else(|| "another server".into(), |id| format!("process {id}"));
                let folder = folder.display();
                write!(f, "the journal in {folder} is in use by {holder}: stop that one, or name another folder with --data")
            }
            OpenError::NoJournal { folder } => {
                write!(f, "there is no journal in {}: name the folder that a server was given with --data", folder.display())
            }
            OpenError::NotAJournal { file } => {
                write!(f, "{} is not a journal of Parlour: move it away, or name another folder with --data", file.display())
            }
            OpenError::Newer { file, format } => {
                let file = file.display();
                write!(
                    f,
                    "{file} has format {format}, this Parlour knows {FORMAT}: use the Parlour that wrote it, or a newer one"
                )
            }
            OpenError::Failed { file, what } => write!(f, "{}: {what}", file.display()),
        }
    }
}

impl std::error::Error for OpenError {}

/// Holds the folder for one writer until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

pub(super) fn open_to_write(folder: &Path) -> Result<(Connection, PathBuf, Lock), OpenError> {
    let file = folder.join(FILE);
    crate::auth::private_folder(folder).map_err(|error| OpenError::failed(folder, &error))?;
    let lock = lock(folder)?;
    let is_new = !file.exists();
    if is_new {
        // For its owner alone: it holds what players hide from each other. SQLite gives the files beside it the same mode.
        let made = File::options().write(true).create_new(true).mode(0o600).open(&file);
        made.map_err(|error| OpenError::failed(&file, &error))?;
    }
    let mut db = Connection::open(&file).map_err(|error| OpenError::failed(&file, &error))?;
    let checked = db.busy_timeout(BUSY).map_err(|error| OpenError::failed(&file, &error)).and_then(|()| check(&db, &file));
    let is_empty = checked? == Content::Nothing;
    let mode = prepare_to_write(&mut db, is_empty).map_err(|error| OpenError::failed(&file, &error))?;
    if mode != "wal" {
        let what = format!("this file system cannot hold a journal: SQLite's write-ahead log is refused ({mode} instead)");
        return Err(OpenError::Failed { file, what });
    }
    if is_new {
        // SQLite syncs the folder; that the folder itself is there after a loss of power is ours.
        let parent = folder.canonicalize().map(|folder| folder.parent().map(Path::to_path_buf));
        let synced = parent.and_then(|parent| parent.map_or(Ok(()), |parent| File::open(parent)?.sync_all()));
        synced.map_err(|error| OpenError::failed(folder, &error))?;
    }
    Ok((db, file, lock))
}

/// Opens an existing journal and writes nothing to it. SQLite may leave an empty `-wal` and a `-shm` beside it.
pub(super) fn open_to_read(folder: &Path) -> Result<(Connection, PathBuf), OpenError> {
    let file = folder.join(FILE);
    if !file.is_file() {
        return Err(OpenError::NoJournal { folder: folder.to_path_buf() });
    }
    let opened = read_only(&file, false);
    // In a folder that cannot be written SQLite opens a database only if it is told that nobody else writes it either, which an
    // empty `-wal` shows.
    let is_settled = fs::metadata(folder.join(format!("{FILE}-wal"))).map_or(true, |wal| wal.len() == 0);
    let db = match opened {
        Err(error) if is_settled && is_about_access(&error) => read_only(&file, true).map_err(|_| error),
        Err(error) if is_about_access(&error) => {
            let what =
                format!("{error}; its server did not close it, so reading it takes a folder that can be written: copy all of it");
            return Err(OpenError::Failed { file, what });
        }
        opened => opened,
    };
    let db = match db {
        Ok(db) => db,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => return Err(OpenError::NotAJournal { file }),
        Err(error) => return Err(OpenError::failed(&file, &error)),
    };
    match check(&db, &file)? {
        Content::Nothing => Err(OpenError::NoJournal { folder: folder.to_path_buf() }),
        Content::Journal => Ok((db, file)),
    }
}

pub(super) fn read_only(file: &Path, immutable: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = if immutable {
        let path = file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Connection::open_with_flags(format!("file:{path}?immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(file, flags)?
    };
    db.busy_timeout(BUSY)?;
    // Opening reads nothing; this does, and finds out what cannot be done here.
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(db)
}

fn is_about_access(error: &rusqlite::Error) -> bool {
    let refusals = [ErrorCode::CannotOpen, ErrorCode::ReadOnly, ErrorCode::PermissionDenied, ErrorCode::SystemIoFailure];
    error.sqlite_error_code().is_some_and(|code| refusals.contains(&code))
}

fn lock(folder: &Path) -> Result<Lock, OpenError> {
    let path = folder.join(LOCK);
    let failed = |error: std::io::Error| OpenError::failed(&path, &error);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let process = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
            return Err(OpenError::AlreadyOpen { folder: folder.to_path_buf(), process });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // Only for the message above; the lock is what counts.
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(Lock { _file: file })
}

#[derive(PartialEq, Eq)]
enum Content {
    Nothing,
    Journal,
}

fn check(db: &Connection, file: &Path) -> Result<Content, OpenError> {
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    let marks = number("PRAGMA application_id")
        .and_then(|application| Ok((application, number("PRAGMA user_version")?, number("SELECT count(*) FROM sqlite_schema")?)));
    match marks {
        Ok((0, 0, 0)) => Ok(Content::Nothing),
        Ok((APPLICATION, FORMAT, _)) => Ok(Content::Journal),
        Ok((APPLICATION, format, _)) if format > FORMAT => Err(OpenError::Newer { file: file.to_path_buf(), format }),
        Ok(_) => Err(OpenError::NotAJournal { file: file.to_path_buf() }),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(OpenError::NotAJournal { file: file.to_path_buf() })
        }
        Err(error) => Err(OpenError::failed(file, &error)),
    }
}

/// Folds `-wal` into the file when it is long enough. SQLite's own way of doing so keeps to itself that a sync failed, and after
/// a failed sync nobody knows what is on the disk: here it fails the commit, and with it the journal.
fn fold_wal(wal: &mut Wal, pages: std::ffi::c_int) -> rusqlite::Result<()> {
    if pages < CHECKPOINT_PAGES {
        return Ok(());
    }
    match wal.checkpoint() {
        // Somebody reads or writes elsewhere: the next commit tries again.
        Err(error) if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => Ok(()),
        // What the commit is told of it does not say what happened.
        done => done.inspect_err(|error| tell(&format!("the journal's log cannot be folded into its file: {error}"))),
    }
}

/// The journal mode that the file system allowed.
fn prepare_to_write(db: &mut Connection, is_empty: bool) -> rusqlite::Result<String> {
    let mode = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.wal_hook(Some(fold_wal))?;
    db.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)?;
    if is_empty {
        let transaction = db.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()?;
    }
    Ok(mode)
}
