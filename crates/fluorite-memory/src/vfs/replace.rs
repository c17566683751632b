//! Whole small files: a checksummed envelope, replaced atomically.
//!
//! Envelope: magic (8), version u32, length u32, crc32c of the body u32, body.

use std::path::Path;

use super::{OpenMode, Vfs, VfsFile};
use crate::error::{Error, Result};

const HEADER: usize = 20;

/// Writes `body` so that after a crash the file is either the old one or the new one, never a mixture.
/// `NoSpace` says that it is the old one; after another error it may be either.
pub fn replace(vfs: &dyn Vfs, dir: &Path, name: &str, magic: &[u8; 8], version: u32, body: &[u8]) -> Result<()> {
    let path = dir.join(name);
    let temp = dir.join(format!("{name}.tmp"));
    let io = |action, e: &std::io::Error| Error::io(action, &path, e);
    let len = u32::try_from(body.len()).map_err(|_| Error::internal("a file of more than 4 GiB"))?;
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(magic);
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(body).to_le_bytes());
    bytes.extend_from_slice(body);
    let file = vfs.open(&temp, OpenMode::Create).map_err(|e| io("cannot create", &e))?;
    file.write_at(&bytes, 0).map_err(|e| io("cannot write", &e))?;
    file.sync().map_err(|e| io("cannot sync", &e))?;
    drop(file);
    vfs.rename(&temp, &path).map_err(|e| io("cannot replace", &e))?;
    // renamed already: even a full disk is not "nothing has changed" from here on
    vfs.sync_dir(dir).map_err(|e| Error::Io { action: "cannot sync the folder of", path, message: e.to_string() })
}

/// The body of such a file; `None` when there is no file.
pub fn read_checked(vfs: &dyn Vfs, dir: &Path, name: &str, magic: &[u8; 8], version: u32) -> Result<Option<Vec<u8>>> {
    let path = dir.join(name);
    let Some(file) = open(vfs, &path)? else { return Ok(None) };
    let (len, crc) = envelope(&*file, &path, magic, version)?;
    let mut body = vec![0u8; len];
    file.read_at(&mut body, HEADER as u64).map_err(|e| Error::io("cannot read", &path, &e))?;
    check(&body, crc, &path)?;
    Ok(Some(body))
}

/// Lends the body of such a file without copying it: for large ones. `None` when there is no file.
pub fn map_checked<T>(
    vfs: &dyn Vfs,
    dir: &Path,
    name: &str,
    (magic, version): (&[u8; 8], u32),
    read: impl FnOnce(&[u8]) -> T,
) -> Result<Option<T>> {
    let path = dir.join(name);
    let Some(file) = open(vfs, &path)? else { return Ok(None) };
    let (len, crc) = envelope(&*file, &path, magic, version)?;
    let map = vfs.map(&path, (HEADER + len) as u64).map_err(|e| Error::io("cannot map", &path, &e))?;
    let body = map.get(HEADER..).unwrap_or_default();
    check(body, crc, &path)?;
    Ok(Some(read(body)))
}

fn open(vfs: &dyn Vfs, path: &Path) -> Result<Option<Box<dyn VfsFile>>> {
    match vfs.open(path, OpenMode::Read) {
        Ok(file) => Ok(Some(file)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("cannot open", path, &e)),
    }
}

fn corrupt(path: &Path, offset: u64, what: &str) -> Error {
    Error::Corrupt { path: path.to_owned(), offset, what: what.into() }
}

/// Length and checksum of the body.
fn envelope(file: &dyn VfsFile, path: &Path, magic: &[u8; 8], version: u32) -> Result<(usize, u32)> {
    let io = |e: &std::io::Error| Error::io("cannot read", path, e);
    let file_len = file.len().map_err(|e| io(&e))?;
    if file_len < HEADER as u64 {
        return Err(corrupt(path, file_len, "the file is cut off"));
    }
    let mut header = [0u8; HEADER];
    file.read_at(&mut header, 0).map_err(|e| io(&e))?;
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if header[..8] != magic[..] {
        return Err(corrupt(path, 0, "the magic number does not match"));
    }
    if word(8) != version {
        return Err(Error::UnsupportedFormat { path: path.to_owned(), expected: version, found: word(8) });
    }
    if file_len != HEADER as u64 + u64::from(word(12)) {
        return Err(corrupt(path, 12, "the length does not match the file"));
    }
    Ok((usize::try_from(word(12)).unwrap_or(0), word(16)))
}

fn check(body: &[u8], crc: u32, path: &Path) -> Result<()> {
    if crc32c::crc32c(body) == crc { Ok(()) } else { Err(corrupt(path, 16, "the checksum does not match")) }
}
