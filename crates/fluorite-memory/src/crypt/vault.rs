//! Files that are sealed whole: written from memory, read into memory. A layer over the files of the system.
//!
//! The log and the feedback events are appended to and seal their records themselves; the manifest, the lock and the reserve
//! hold nothing to seal. Everything else of a store goes through here, and never touches the disk in plain.

use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::{Cipher, OVERHEAD};
use crate::mutants::mutant;
use crate::vfs::{Mapped, OpenMode, Vfs, VfsFile, VfsLock};

/// Files of an encrypted store, over those of the system.
#[derive(Debug)]
pub struct Vault<V> {
    inner: V,
    cipher: Arc<Cipher>,
}

impl<V: Deref<Target = dyn Vfs>> Vault<V> {
    /// Over these files.
    pub fn new(inner: V, cipher: Arc<Cipher>) -> Self {
        Self { inner, cipher }
    }
}

/// Files that may be encrypted, borrowed.
pub enum Files<'a> {
    /// As they are.
    Plain(&'a dyn Vfs),
    /// Opened and sealed.
    Sealed(Vault<&'a (dyn Vfs + 'static)>),
}

impl<'a> Files<'a> {
    /// With what opens them, if they are.
    pub fn new(inner: &'a (dyn Vfs + 'static), cipher: Option<Arc<Cipher>>) -> Self {
        cipher.map_or(Self::Plain(inner), |cipher| Self::Sealed(Vault::new(inner, cipher)))
    }

    /// To read from and write to.
    #[must_use]
    pub fn vfs(&self) -> &dyn Vfs {
        match self {
            Self::Plain(files) => *files,
            Self::Sealed(vault) => vault,
        }
    }
}

/// What a file is called in its seal: its folder and name, without the `.tmp` it is written under. `None`: it is not sealed
/// whole.
fn sealed_as(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".tmp").unwrap_or(name);
    let folder = path.parent()?.file_name()?.to_str()?;
    match (folder, name) {
        ("feedback", "events") | (_, "MANIFEST" | "KEYS" | "LOCK" | "RESERVE") => None,
        ("index", _) if mutant!("index_written_plain") => None,
        ("dict" | "index" | "feedback", _) => Some(format!("{folder}/{name}")),
        _ => None,
    }
}

/// A file with a bit, or a place, that is not what was sealed.
fn tampered() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file does not open with the store's key: it is damaged or of another place")
}

#[derive(Debug)]
struct Sealed {
    file: Box<dyn VfsFile>,
    name: String,
    cipher: Arc<Cipher>,
    /// What was written, until it is synced.
    written: Option<Mutex<Vec<u8>>>,
    /// What was read.
    plain: OnceLock<Vec<u8>>,
}

impl Sealed {
    fn open(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.file.len()?).map_err(|_| tampered())?];
        self.file.read_at(&mut bytes, 0)?;
        let mut out = Vec::new();
        if self.cipher.open(&[b"file", self.name.as_bytes()], &bytes, &mut out) { Ok(out) } else { Err(tampered()) }
    }

    fn copy(bytes: &[u8], buf: &mut [u8], offset: u64) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = from.checked_add(buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes.get(from..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

impl VfsFile for Sealed {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        if let Some(written) = &self.written {
            return Self::copy(&written.lock(), buf, offset);
        }
        if self.plain.get().is_none() {
            let _ = self.plain.set(self.open()?);
        }
        Self::copy(self.plain.get().map_or(&[], Vec::as_slice), buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let mut bytes = self.written.as_ref().ok_or(io::ErrorKind::PermissionDenied)?.lock();
        let from = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let end = from.checked_add(buf.len()).ok_or(io::ErrorKind::InvalidInput)?;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[from..end].copy_from_slice(buf);
        Ok(())
    }

    /// Seals what was written, and makes it durable.
    fn sync(&self) -> io::Result<()> {
        let Some(written) = &self.written else { return Ok(()) };
        let _writing = self.cipher.writing();
        let mut sealed = written.lock().clone();
        self.cipher.seal(&[b"file", self.name.as_bytes()], &mut sealed, 0);
        self.file.write_at(&sealed, 0)?;
        self.file.set_len(sealed.len() as u64)?;
        self.file.sync()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut bytes = self.written.as_ref().ok_or(io::ErrorKind::PermissionDenied)?.lock();
        bytes.resize(usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?, 0);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        match &self.written {
            Some(written) => Ok(written.lock().len() as u64),
            None => self.file.len()?.checked_sub(OVERHEAD as u64).ok_or_else(tampered),
        }
    }
}

impl<V: Deref<Target = dyn Vfs> + Send + Sync + std::fmt::Debug> Vfs for Vault<V> {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn VfsFile>> {
        let Some(name) = sealed_as(path) else { return self.inner.open(path, mode) };
        if mode == OpenMode::Write {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "a file that is sealed whole is not changed in place"));
        }
        let file = self.inner.open(path, mode)?;
        let written = (mode == OpenMode::Create).then(Mutex::default);
        Ok(Box::new(Sealed { file, name, cipher: Arc::clone(&self.cipher), written, plain: OnceLock::new() }))
    }

    /// A file that is sealed whole is opened into memory.
    fn map(&self, path: &Path, len: u64) -> io::Result<Mapped> {
        let Some(name) = sealed_as(path) else { return self.inner.map(path, len) };
        let file = self.inner.open(path, OpenMode::Read)?;
        let sealed = Sealed { file, name, cipher: Arc::clone(&self.cipher), written: None, plain: OnceLock::new() };
        let mut bytes = sealed.open()?;
        if (bytes.len() as u64) < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.truncate(usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?);
        Ok(Mapped::owned(bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.inner.list(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_dir(path)
    }

    fn lock(&self, path: &Path, owner: &str) -> io::Result<Option<Box<dyn VfsLock>>> {
        self.inner.lock(path, owner)
    }

    fn lock_shared(&self, path: &Path) -> io::Result<Option<Box<dyn VfsLock>>> {
        self.inner.lock_shared(path)
    }

    /// What is sealed keeps its folder and name: a seal fits no other.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if sealed_as(from) == sealed_as(to) { self.inner.link(from, to) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn is_vacant(&self, path: &Path) -> io::Result<bool> {
        self.inner.is_vacant(path)
    }

    fn rename_dir(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename_dir(from, to)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_dir_all(path)
    }

    fn reseal(&self, dir: &Path) -> io::Result<u64> {
        let mut done = 0;
        for name in self.inner.list(dir)? {
            let path = dir.join(&name);
            let Some(place) = sealed_as(&path) else { continue };
            let file = match self.inner.open(&path, OpenMode::Read) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            let mut bytes = vec![0; usize::try_from(file.len()?).map_err(|_| tampered())?];
            file.read_at(&mut bytes, 0)?;
            let mut plain = Vec::new();
            let place: [&[u8]; 2] = [b"file", place.as_bytes()];
            // one that is being written is empty yet; one that does not open is damaged, and stays what it is
            if Cipher::generation_of(&bytes).is_none_or(|g| g == self.cipher.generation())
                || !self.cipher.open(&place, &bytes, &mut plain)
            {
                continue;
            }
            self.cipher.seal(&place, &mut plain, 0);
            let temp = dir.join(format!("{name}.rekey.tmp")); // a name nobody else writes
            let out = self.inner.open(&temp, OpenMode::Create)?;
            out.write_at(&plain, 0)?;
            out.sync()?;
            drop(out);
            self.inner.rename(&temp, &path)?;
            done += 1;
        }
        self.inner.sync_dir(dir)?;
        Ok(done)
    }

    fn cipher(&self) -> Option<Arc<Cipher>> {
        Some(Arc::clone(&self.cipher))
    }
}
