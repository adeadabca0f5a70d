//! Where files may lie. Every step into the library is taken from an open folder by one name, and no step follows a link:
//! whatever somebody does to the library meanwhile, nothing outside it is touched.

use parlour_downloads::{Fault, rules};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, fstatvfs, mkdirat, openat, renameat_with, statat, unlinkat};
use rustix::io::Errno;
use std::fs::{File, create_dir_all};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// What is unfinished lies here. No download can go to a folder that begins with a dot.
const UNFINISHED: &str = ".parlour";

/// The library's root, open.
pub(crate) struct Library {
    root: File,
    pub(crate) unfinished: Folder,
}

/// A folder, open.
pub(crate) struct Folder(File);

impl Library {
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        create_dir_all(path).map_err(|_| Fault::NoLibrary)?;
        let root = File::open(path).map_err(|_| Fault::NoLibrary)?;
        let unfinished = folder(&root, UNFINISHED)?;
        Ok(Self { root, unfinished })
    }

    /// The folder of this name, which is made if it is not there.
    pub(crate) fn folder(&self, name: &str) -> Result<Folder, Fault> {
        if !rules::is_component(name) {
            return Err(Fault::PathRefused);
        }
        folder(&self.root, name)
    }

    /// How full the disk is.
    pub(crate) fn disk_percent(&self) -> Option<u32> {
        let disk = fstatvfs(&self.root).ok()?;
        // What is kept for the system counts as full.
        let used = disk.f_blocks.checked_sub(disk.f_bfree)?;
        let usable = used.checked_add(disk.f_bavail)?;
        parlour_downloads::percent(used, usable)
    }

    /// How many bytes fit on the disk.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        let disk = fstatvfs(&self.root).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }
}

fn folder(above: &File, name: &str) -> Result<Folder, Fault> {
    match mkdirat(above, name, Mode::from_raw_mode(0o755)) {
        Ok(()) => above.sync_all().map_err(|error| fault_of(&error))?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(fault_of(&error.into())),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(above, name, flags, Mode::empty()) {
        Ok(folder) => Ok(Folder(folder.into())),
        // A link, or a file.
        Err(Errno::LOOP | Errno::NOTDIR) => Err(Fault::PathRefused),
        Err(error) => Err(fault_of(&error.into())),
    }
}

impl Folder {
    /// A file of this name to read and write, which is made if it is not there.
    pub(crate) fn file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file: OwnedFd = openat(&self.0, name, flags, Mode::from_raw_mode(0o644))?;
        Ok(file.into())
    }

    /// The file of this name, if it is there.
    pub(crate) fn existing(&self, name: &str) -> io::Result<Option<File>> {
        match openat(&self.0, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Ok(file) => Ok(Some(file.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether anything has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file another name here, whatever had it.
    pub(crate) fn replace(&self, name: &str, new: &str) -> io::Result<()> {
        rustix::fs::renameat(&self.0, name, &self.0, new)?;
        self.0.sync_all()
    }

    /// Moves a file from here to another folder, where nothing may have its new name; afterwards that is on the disk.
    pub(crate) fn hand_over(&self, name: &str, to: &Folder, new: &str) -> Result<(), Fault> {
        match renameat_with(&self.0, name, &to.0, new, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Err(Fault::FileExists),
            Err(error) => return Err(fault_of(&error.into())),
        }
        to.0.sync_all().and_then(|()| self.0.sync_all()).map_err(|error| fault_of(&error))
    }
}

/// What it means that a file cannot be written.
pub(crate) fn fault_of(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::DiskFull,
        _ => Fault::CannotWrite,
    }
}
