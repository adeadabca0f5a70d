//! What is unfinished of a download: the bytes, and a note about them. Both have names made of the room and the download, so that
//! whoever does the job again finds them. Only who holds the lock on the bytes touches either.

use crate::library::{Folder, Library, fault_of};
use parlour_downloads::{Fault, Id};
use parlour_room::Errand;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::thread::sleep;
use std::time::Duration;

/// The longest note.
const NOTE_BYTES: u64 = 16 * 1024;
/// How often one looks whether another run has let go.
const LOOK: Duration = Duration::from_millis(20);

/// What is known of the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Where they are from.
    pub(crate) url: String,
    /// What names this version of the file.
    pub(crate) validator: Option<String>,
    pub(crate) total: Option<u64>,
    /// So many are certainly on the disk.
    pub(crate) have: u64,
    /// The file is whole, and on its way into the library.
    pub(crate) whole: Option<Whole>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whole {
    /// Which file it is, whatever its name.
    pub(crate) file: (u64, u64),
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// The bytes and the note, locked.
pub(crate) struct Partial<'a> {
    folder: &'a Folder,
    name: String,
    file: File,
    pub(crate) note: Note,
    hash: Sha256,
    /// So many bytes are in the hash.
    hashed: u64,
    /// Written, on the disk or not yet.
    pub(crate) written: u64,
}

impl<'a> Partial<'a> {
    /// What there is of this download, or nothing yet. `None`: it is no longer wanted.
    pub(crate) fn open(folder: &'a Folder, errand: &Errand<'_>, id: &Id) -> Result<Option<Self>, Fault> {
        let name = name_of(errand.room, id);
        let lost = |error: io::Error| fault_of(&error);
        let Some(file) = lock(folder, &name, errand).map_err(lost)? else { return Ok(None) };
        let note = read_note(folder, &name).map_err(lost)?.unwrap_or_default();
        let written = note.have;
        Ok(Some(Self { folder, name, file, note, hash: Sha256::new(), hashed: 0, written }))
    }

    /// Goes on with what is there, if it is of this address and can be asked for from there on; else begins anew. It is read
    /// once: what this run wrote is in the hash. `false`: it is no longer wanted.
    pub(crate) fn resume(&mut self, url: &str, has_checksum: bool, errand: &Errand<'_>) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        // Without a name for its version, or a checksum, nobody knows whether the rest belongs to the beginning.
        let is_known = self.note.validator.is_some() || has_checksum;
        if self.note.url != url || self.note.have > length || !is_known {
            url.clone_into(&mut self.note.url);
            self.restart()?;
        }
        self.file.set_len(self.note.have)?;
        self.written = self.note.have;
        if self.hashed != self.note.have && !self.read(errand)? {
            return Ok(false);
        }
        self.file.seek(SeekFrom::Start(self.note.have))?;
        Ok(true)
    }

    /// Reads all of it into the hash. `false`: it is no longer wanted.
    fn read(&mut self, errand: &Errand<'_>) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(0))?;
        (self.hash, self.hashed) = (Sha256::new(), 0);
        let mut buffer = vec![0; 64 * 1024];
        while !errand.is_stopped() {
            let count = self.file.read(&mut buffer)?;
            if count == 0 {
                return Ok(true);
            }
            self.take(&buffer[..count]);
        }
        Ok(false)
    }

    fn take(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.hashed += u64::try_from(piece.len()).unwrap_or_default();
    }

    /// Begins anew.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.hash, self.hashed) = (Sha256::new(), 0);
        self.written = 0;
        self.note = Note { url: std::mem::take(&mut self.note.url), ..Note::default() };
        Ok(())
    }

    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)?;
        self.take(piece);
        self.written += u64::try_from(piece.len()).unwrap_or_default();
        Ok(())
    }

    /// Whatever happens from here on, what was written so far is not lost.
    pub(crate) fn secure(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.note.have = self.written;
        self.write_note()
    }

    pub(crate) fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Puts the file into the library. Who does the job again, because nobody heard that it was done, finds the note.
    pub(crate) fn hand_over(&mut self, to: &Folder, name: &str) -> Result<Whole, Fault> {
        let lost = |error: io::Error| fault_of(&error);
        let file = identity(&self.file).map_err(lost)?;
        let whole = Whole { file, bytes: self.written, sha256: self.sha256() };
        self.note.whole = Some(whole.clone());
        self.secure().map_err(lost)?;
        self.folder.hand_over(&self.part(), to, name)?;
        Ok(whole)
    }

    /// Whether a run before this one had all of it: then the very file is in the library.
    pub(crate) fn was_handed_over(&mut self, to: &Folder, name: &str) -> Result<Option<Whole>, Fault> {
        let lost = |error: io::Error| fault_of(&error);
        let Some(whole) = self.note.whole.clone() else { return Ok(None) };
        let Some(there) = to.existing(name).map_err(lost)? else { return Ok(None) };
        if identity(&there).map_err(lost)? != whole.file {
            return Ok(None);
        }
        self.folder.remove(&self.part()).map_err(lost)?;
        Ok(Some(whole))
    }

    fn part(&self) -> String {
        format!("{}.part", self.name)
    }

    fn write_note(&self) -> io::Result<()> {
        let new = format!("{}.new", self.name);
        let mut file = self.folder.file(&new)?;
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec(&self.note)?)?;
        file.sync_data()?;
        self.folder.replace(&new, &format!("{}.note", self.name))
    }
}

/// Deletes what is unfinished of these, and what was noted of them.
pub(crate) fn tidy(library: &Library, errand: &Errand<'_>, ids: &[Id]) -> Result<(), String> {
    let folder = &library.unfinished;
    for id in ids {
        let name = name_of(errand.room, id);
        let Some(_held) = lock(folder, &name, errand).map_err(|error| error.to_string())? else { return Ok(()) };
        for end in ["new", "note", "part"] {
            folder.remove(&format!("{name}.{end}")).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// The bytes, once no other run has them. `None`: nobody wants them any more.
fn lock(folder: &Folder, name: &str, errand: &Errand<'_>) -> io::Result<Option<File>> {
    while !errand.is_stopped() {
        let file = folder.file(&format!("{name}.part"))?;
        match file.try_lock() {
            // Whoever had it may have deleted it, or moved it into the library.
            Ok(()) if is_at(folder, name, &file)? => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => sleep(LOOK),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

fn is_at(folder: &Folder, name: &str, file: &File) -> io::Result<bool> {
    let Some(there) = folder.existing(&format!("{name}.part"))? else { return Ok(false) };
    Ok(identity(&there)? == identity(file)?)
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let about = file.metadata()?;
    Ok((about.dev(), about.ino()))
}

/// A note that cannot be read is none: then the download begins anew.
fn read_note(folder: &Folder, name: &str) -> io::Result<Option<Note>> {
    let Some(file) = folder.existing(&format!("{name}.note"))? else { return Ok(None) };
    let mut text = Vec::new();
    file.take(NOTE_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}

/// A name for the files of a download, which no other download has.
fn name_of(room: &str, id: &Id) -> String {
    let hash = Sha256::digest(format!("{room}\0{id}").as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlour_room::job::Outside;
    use std::cell::Cell;
    use std::fs;

    const URL: &str = "http://files.example/one";

    /// Says so often that it is wanted.
    struct Wanted(Cell<u32>);

    impl Outside for Wanted {
        fn is_stopped(&self) -> bool {
            self.0.replace(self.0.get().saturating_sub(1)) == 0
        }

        fn pulse(&self, _pulse: String) {}
    }

    fn open<'a>(library: &'a Library, errand: &Errand<'_>) -> Partial<'a> {
        Partial::open(&library.unfinished, errand, &Id("d1".to_owned())).unwrap().expect("it is wanted")
    }

    #[test]
    fn what_is_there_is_read_once_a_run_as_long_as_it_is_wanted_and_not_lost_if_it_is_not() {
        let root = std::env::temp_dir().join(format!("parlour-partial-{}", std::process::id()));
        let library = Library::open(&root).unwrap();
        let wanted = Wanted(Cell::new(u32::MAX));
        let errand = Errand::new("room", "fetch-d1", 1, 1, &wanted);
        let mut partial = open(&library, &errand);
        assert!(partial.resume(URL, true, &errand).unwrap());
        partial.write(b"abc").unwrap();
        partial.secure().unwrap();
        // Nobody else writes there; so who reads it again is found out.
        fs::write(root.join(".parlour").join(partial.part()), b"xyz").unwrap();
        assert!(partial.resume(URL, true, &errand).unwrap());
        partial.write(b"d").unwrap();
        partial.secure().unwrap();
        let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(partial.sha256(), hex(b"abcd"));
        drop(partial);

        let once = Wanted(Cell::new(1));
        let stopped = Errand::new("room", "fetch-d1", 1, 1, &once);
        let mut partial = open(&library, &stopped);
        assert!(!partial.resume(URL, true, &stopped).unwrap());
        partial.secure().unwrap();
        drop(partial);

        let mut partial = open(&library, &errand);
        assert!(partial.resume(URL, true, &errand).unwrap());
        assert_eq!((partial.written, partial.sha256()), (4, hex(b"xyzd")));
        fs::remove_dir_all(&root).unwrap();
    }
}
