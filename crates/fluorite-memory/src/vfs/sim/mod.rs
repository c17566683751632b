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
use super::retry::{read_all, uninterrupted, write_all};
use super::{Mapped, NoLock, OpenMode, Vfs, VfsFile, VfsLock};

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Input/output error. A write may have been applied in part, other changes entirely or not at all; after a failed
    /// sync some sectors count as clean although they were never stored.
    Eio,
    /// The disk is full (`StorageFull`). A write may have been applied in part, other changes were not.
    NoSpace,
    /// A signal interrupted the call (EINTR); nothing was done.
    Interrupted,
    /// A read or write moves only a part and says how much; other operations are not touched.
    Short,
    /// The power goes: as `Eio`, and every later call fails, reads included, until `crash` or `restart`.
    PowerLoss,
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::Eio => io::Error::other("simulated input/output error"),
            Self::NoSpace => io::ErrorKind::StorageFull.into(),
            Self::Interrupted => io::ErrorKind::Interrupted.into(),
            Self::Short => io::ErrorKind::UnexpectedEof.into(), // never reported: a short call succeeds
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

/// Another process that looks at the disk between two changes.
pub type Hook = Arc<dyn Fn() + Send + Sync>;

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

    /// Calls `hook` before every change of the disk, and in the middle of every write, as another process that looks at it just
    /// then. It may read the disk; changing it is not its business. `None`: nobody looks any more.
    pub fn before_changes(&self, hook: Option<Hook>) {
        self.0.lock().hook = hook;
    }

    /// Frees all locks, as the death of their holder does. The holder must not be used any more.
    pub fn drop_locks(&self) {
        self.0.lock().locks.clear();
    }

    fn changing(&self) {
        let hook = self.0.lock().hook.clone();
        if let Some(look) = hook {
            look();
        }
    }

    /// Keeps a list of every call from now on (`take_trace`): what, where, how much, and a checksum of what was written.
    pub fn trace(&self) {
        self.0.lock().trace = Some(Vec::new());
    }

    /// The calls since `trace`, in order; the list starts anew.
    #[must_use]
    pub fn take_trace(&self) -> Vec<String> {
        self.0.lock().trace.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// A call: noted, and repeated while it is interrupted.
    fn call<T>(&self, what: impl Fn() -> String, mut call: impl FnMut(&mut Disk) -> io::Result<T>) -> io::Result<T> {
        uninterrupted(|| {
            let mut disk = self.0.lock();
            disk.note(&what);
            call(&mut disk)
        })
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
        let path = clean(path)?;
        self.call(|| format!("make {}", path.display()), |disk| disk.create_dir_all(&path))
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn VfsFile>> {
        let path = clean(path)?;
        if mode == OpenMode::Create {
            self.changing();
        }
        let ino = self.call(|| format!("open {} {mode:?}", path.display()), |disk| disk.open(&path, mode))?;
        Ok(Box::new(SimFile { disk: self.clone(), ino, path, writable: mode != OpenMode::Read }))
    }

    fn map(&self, path: &Path, len: u64) -> io::Result<Mapped> {
        let path = clean(path)?;
        let bytes = self.call(
            || format!("map {} {len}", path.display()),
            |disk| {
                disk.admit_read()?;
                disk.read_file(&path).ok_or_else(|| io::ErrorKind::NotFound.into())
            },
        )?;
        let head = usize::try_from(len).ok().and_then(|len| bytes.get(..len)).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Mapped::owned(head.to_vec()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.changing();
        let (from, to) = (clean(from)?, clean(to)?);
        self.call(|| format!("rename {} {}", from.display(), to.display()), |disk| disk.rename(&from, &to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.changing();
        let path = clean(path)?;
        self.call(|| format!("remove {}", path.display()), |disk| disk.remove(&path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let path = clean(path)?;
        self.call(|| format!("list {}", path.display()), |disk| disk.list(&path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.changing();
        let path = clean(path)?;
        self.call(|| format!("sync folder {}", path.display()), |disk| disk.sync_dir(&path))
    }

    fn lock(&self, path: &Path, owner: &str) -> io::Result<Option<Box<dyn VfsLock>>> {
        let path = clean(path)?;
        let taken = self.call(|| format!("lock {}", path.display()), |disk| disk.lock(&path, owner))?;
        Ok(taken.then(|| Box::new(SimLock { disk: self.clone(), path }) as Box<dyn VfsLock>))
    }

    /// Keeps no writer out: the simulation has one thread.
    fn lock_shared(&self, path: &Path) -> io::Result<Option<Box<dyn VfsLock>>> {
        let path = clean(path)?;
        let held = self
            .call(|| format!("lock shared {}", path.display()), |disk| disk.admit_read().map(|()| disk.locks.contains(&path)))?;
        Ok((!held).then(|| Box::new(NoLock) as Box<dyn VfsLock>))
    }

    fn link(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn is_vacant(&self, path: &Path) -> io::Result<bool> {
        let path = clean(path)?;
        self.call(|| format!("list {}", path.display()), |disk| disk.is_vacant(&path))
    }

    fn rename_dir(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (clean(from)?, clean(to)?);
        self.call(|| format!("rename {} {}", from.display(), to.display()), |disk| disk.rename_dir(&from, &to))
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let path = clean(path)?;
        self.call(|| format!("remove all {}", path.display()), |disk| disk.remove_dir_all(&path))
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
        read_all(buf, offset, |buf, offset| {
            let what = || format!("read {} {offset}+{}", self.path.display(), buf.len());
            let mut disk = self.disk.0.lock();
            disk.note(what);
            disk.read(self.ino, offset, buf)
        })
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.check_writable()?;
        self.disk.changing();
        let looked_at = self.disk.0.lock().hook.is_some();
        let half = if looked_at { buf.len() / 2 } else { 0 };
        let write = |buf: &[u8], offset: u64| {
            let what = || format!("write {} {offset}+{} {:08x}", self.path.display(), buf.len(), crc32c::crc32c(buf));
            let mut disk = self.disk.0.lock();
            disk.note(what);
            disk.write(self.ino, offset, buf)
        };
        if half > 0 {
            write_all(&buf[..half], offset, write)?;
            self.disk.changing();
        }
        write_all(&buf[half..], offset + half as u64, write)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.changing();
        self.disk.call(|| format!("sync {}", self.path.display()), |disk| disk.sync(self.ino, &self.path))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        self.disk.changing();
        self.disk.call(|| format!("cut {} {len}", self.path.display()), |disk| disk.set_len(self.ino, len))
    }

    fn len(&self) -> io::Result<u64> {
        self.disk.call(
            || format!("length {}", self.path.display()),
            |disk| {
                disk.admit_read()?;
                Ok(disk.inode(self.ino)?.bytes().len() as u64)
            },
        )
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
