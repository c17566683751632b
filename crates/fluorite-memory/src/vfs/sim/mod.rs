//! A disk in memory that can lose power, fill up, fail and lie about syncs; the same seed gives the same history.
//!
//! Owns: live and durable images of files and directories, planned faults. Must not know: what the bytes mean.
//! In: the calls of [`Vfs`] and a plan of faults. Out: the bytes a program sees, before and after a crash.
//!
//! After power loss:
//! * the length of a file is the durable one or one it had since (within a growing write: any sector boundary);
//! * each unsynced 512-byte sector holds its durable content (zeros where there was none), its newest, or one between;
//! * each directory keeps a prefix of its unsynced operations; a rename is atomic, also between two directories;
//! * a file's sync says nothing about its name, and a directory made by `create_dir_all` needs a sync of its parent.

mod disk;
mod inode;
mod rng;
#[cfg(test)]
mod tests;
mod tree;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use self::disk::{Disk, clean};
use super::{Mapped, OpenMode, Vfs, VfsFile, VfsLock};

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Input/output error. A write may have been applied in part, other changes entirely or not at all; after a failed
    /// sync some sectors count as clean although they were never stored.
    Eio,
    /// The disk is full (`StorageFull`). A write may have been applied in part, other changes were not.
    NoSpace,
    /// The power goes: as `Eio`, and every later call fails, reads included, until `crash` or `restart`.
    PowerLoss,
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::Eio => io::Error::other("simulated input/output error"),
            Self::NoSpace => io::ErrorKind::StorageFull.into(),
            Self::PowerLoss => io::Error::other("simulated power loss"),
        }
    }
}

/// What is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncKind {
    /// Content and length of a file.
    File,
    /// Entries of a directory.
    Dir,
}

/// The simulated disk; clones share it.
#[derive(Clone)]
pub struct SimVfs(Arc<Mutex<Disk>>);

impl SimVfs {
    /// An empty disk without limit. `seed` decides how much of a failing operation is applied.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::of(Disk::new(seed))
    }

    fn of(disk: Disk) -> Self {
        Self(Arc::new(Mutex::new(disk)))
    }

    /// The disk after power loss, as a new independent one on which everything is durable and no lock is held.
    /// Capacity, dropped syncs and the counting of reads stay, planned faults go, the counter starts at 0.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        Self::of(self.0.lock().crashed(seed))
    }

    /// The disk after kill -9, as a new independent one: all writes are still seen, the unsynced still not durable;
    /// no lock is held. Settings as with `crash`.
    #[must_use]
    pub fn restart(&self) -> Self {
        Self::of(self.0.lock().restarted())
    }

    /// Operations so far: creating opens, writes, syncs, changes of length, renames, removals, directory syncs, made
    /// directories and taken locks; reads with `count_reads`.
    #[must_use]
    pub fn ops(&self) -> u64 {
        self.0.lock().ops
    }

    /// Whether reads (opening, reading, mapping, lengths, listings) count and may fail.
    pub fn count_reads(&self, on: bool) {
        self.0.lock().count_reads = on;
    }

    /// Lets operation number `op` fail: the one that makes `ops()` equal to `op`, the first being 1.
    pub fn fail_at(&self, op: u64, fault: Fault) {
        self.0.lock().faults.push((op, fault, false));
    }

    /// Lets operation number `op` and all after it fail.
    pub fn fail_from(&self, op: u64, fault: Fault) {
        self.0.lock().faults.push((op, fault, true));
    }

    /// Forgets the planned faults. Power that is lost stays lost.
    pub fn clear_faults(&self) {
        self.0.lock().faults.clear();
    }

    /// Limits the sum of all lengths; growth beyond fails with `StorageFull`, a write perhaps after a part of it. A removed
    /// file counts until its last handle is closed. `None`: no limit.
    pub fn set_capacity(&self, bytes: impl Into<Option<u64>>) {
        self.0.lock().capacity = bytes.into();
    }

    /// A planted bug: syncs that match return `Ok` and do nothing. A file goes by the path it was opened with.
    pub fn drop_syncs(&self, matches: fn(SyncKind, &Path) -> bool) {
        self.0.lock().dropped = Some(matches);
    }

    /// A file as programs see it; `None` when there is none. Counts nothing and works without power.
    #[must_use]
    pub fn read_file(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let path = clean(path.as_ref()).ok()?;
        self.0.lock().read_file(&path)
    }

    /// Stores a file durably, with its directories; open handles see the new content. Counts nothing.
    ///
    /// # Errors
    /// The path has no file name, contains `..`, or names a directory.
    pub fn write_file(&self, path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().write_file(&clean(path.as_ref())?, bytes)
    }

    /// Paths and lengths of all files as programs see them, sorted.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, u64)> {
        self.0.lock().files()
    }
}

impl std::fmt::Debug for SimVfs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimVfs").finish_non_exhaustive()
    }
}

impl Vfs for SimVfs {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.lock().create_dir_all(&clean(path)?)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn VfsFile>> {
        let path = clean(path)?;
        let ino = self.0.lock().open(&path, mode)?;
        Ok(Box::new(SimFile { disk: self.clone(), ino, path, writable: mode != OpenMode::Read }))
    }

    fn map(&self, path: &Path, len: u64) -> io::Result<Mapped> {
        let path = clean(path)?;
        let mut disk = self.0.lock();
        disk.admit_read()?;
        let bytes = disk.read_file(&path).ok_or(io::ErrorKind::NotFound)?;
        let head = usize::try_from(len).ok().and_then(|len| bytes.get(..len)).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Mapped::owned(head.to_vec()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.lock().rename(&clean(from)?, &clean(to)?)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.lock().remove(&clean(path)?)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.0.lock().list(&clean(path)?)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.lock().sync_dir(&clean(path)?)
    }

    fn lock(&self, path: &Path, owner: &str) -> io::Result<Option<Box<dyn VfsLock>>> {
        let path = clean(path)?;
        let taken = self.0.lock().lock(&path, owner)?;
        Ok(taken.then(|| Box::new(SimLock { disk: self.clone(), path }) as Box<dyn VfsLock>))
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimVfs,
    ino: tree::Ino,
    path: PathBuf,
    writable: bool,
}

impl SimFile {
    fn check_writable(&self) -> io::Result<()> {
        if self.writable { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

impl VfsFile for SimFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let mut disk = self.disk.0.lock();
        disk.admit_read()?;
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.checked_add(buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        if !buf.is_empty() {
            buf.copy_from_slice(disk.inode(self.ino)?.bytes().get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        }
        Ok(())
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.check_writable()?;
        self.disk.0.lock().write(self.ino, offset, buf)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.0.lock().sync(self.ino, &self.path)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        self.disk.0.lock().set_len(self.ino, len)
    }

    fn len(&self) -> io::Result<u64> {
        let mut disk = self.disk.0.lock();
        disk.admit_read()?;
        Ok(disk.inode(self.ino)?.bytes().len() as u64)
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        self.disk.0.lock().close(self.ino);
    }
}

#[derive(Debug)]
struct SimLock {
    disk: SimVfs,
    path: PathBuf,
}

impl VfsLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.0.lock().locks.remove(&self.path);
    }
}
