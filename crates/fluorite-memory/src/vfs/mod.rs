//! The only file access of the crate.
//!
//! Owns: files, directories, maps, the advisory lock, atomic replacement. Must not know: what the bytes mean.
//! In: paths and bytes. Out: bytes and `io::Error`s, or whole-file helpers with the crate's errors.
//! Two implementations: `RealVfs` (the operating system) and `SimVfs` (a disk in memory that can lose power).

mod map;
mod real;
mod replace;
mod retry;
mod sim;
mod staged;

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::crypt::Cipher;

pub use map::Mapped;
pub use real::RealVfs;
pub use replace::{map_checked, read_checked, replace};
#[doc(hidden)]
pub use sim::{Fault, Hook, SimVfs, SyncKind}; // for tests, also those outside the crate
pub use staged::{check_apart, staged};

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Existing file, reading only.
    Read,
    /// Existing file, reading and writing.
    Write,
    /// New empty file; an existing one is emptied.
    Create,
}

#[allow(clippy::len_without_is_empty)] // a length that can fail has no use for is_empty
/// A file held open. All calls take `&self` and may run on several threads.
pub trait VfsFile: Send + Sync + std::fmt::Debug {
    /// Fills `buf` from `offset`; `UnexpectedEof` when the file is shorter.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes all of `buf` at `offset`, growing the file as needed.
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()>;
    /// Makes content and length durable (fdatasync).
    fn sync(&self) -> io::Result<()>;
    /// Cuts or extends with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
}

/// A lock held until dropped.
pub trait VfsLock: Send + Sync + std::fmt::Debug {}

/// Files and directories.
pub trait Vfs: Send + Sync + std::fmt::Debug {
    /// Creates a directory and its parents.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn VfsFile>>;
    /// The first `len` bytes, mapped (or read). Only for files nobody writes to any more.
    fn map(&self, path: &Path, len: u64) -> io::Result<Mapped>;
    /// Renames, replacing the target.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// File names in a directory, unordered.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Makes creations, renames and removals in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// What seals the records of files that are appended to; `None` in a store that is not encrypted.
    fn cipher(&self) -> Option<Arc<Cipher>> {
        None
    }
    /// Seals with the newest key the files of a folder that an older one has sealed whole, each atomically; how many.
    fn reseal(&self, dir: &Path) -> io::Result<u64> {
        let _ = dir;
        Ok(0)
    }
    /// Takes the exclusive advisory lock, writing `owner` into the file; `None` when another holds it.
    fn lock(&self, path: &Path, owner: &str) -> io::Result<Option<Box<dyn VfsLock>>>;
    /// Takes the same lock shared with other readers, changing no byte; `None` when a writer holds it. Without a lock file there
    /// is nothing to hold: what is returned then keeps nobody out.
    fn lock_shared(&self, path: &Path) -> io::Result<Option<Box<dyn VfsLock>>> {
        let _ = path;
        Ok(Some(Box::new(NoLock)))
    }
    /// Gives a file that is never changed again a second name. An error where the disk has no such thing: copy it then.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let _ = (from, to);
        Err(io::ErrorKind::Unsupported.into())
    }
    /// True when the path names nothing, or an empty folder.
    fn is_vacant(&self, path: &Path) -> io::Result<bool> {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Gives a folder another name, which [`is_vacant`](Self::is_vacant). Atomic; what is in it must be durable.
    fn rename_dir(&self, from: &Path, to: &Path) -> io::Result<()> {
        let _ = (from, to);
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Removes a folder with everything in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A lock that keeps nobody out.
#[derive(Debug)]
struct NoLock;

impl VfsLock for NoLock {}
