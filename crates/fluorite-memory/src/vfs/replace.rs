//! Whole small files: a checksummed envelope, replaced atomically.
//!
//! Envelope: magic (8), version u32, length u32, crc32c of the body u32, body.

use std::path::Path;

use super::{OpenMode, Vfs};
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
    let file = match vfs.open(&path, OpenMode::Read) {
        Ok(f) => f,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("cannot open", &path, &e)),
    };
    let corrupt = |offset, what: &str| Error::Corrupt { path: path.clone(), offset, what: what.into() };
    let file_len = file.len().map_err(|e| Error::io("cannot read", &path, &e))?;
    if file_len < HEADER as u64 {
        return Err(corrupt(file_len, "the file is cut off"));
    }
    let mut header = [0u8; HEADER];
    file.read_at(&mut header, 0).map_err(|e| Error::io("cannot read", &path, &e))?;
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if header[..8] != magic[..] {
        return Err(corrupt(0, "the magic number does not match"));
    }
    if word(8) != version {
        return Err(Error::UnsupportedFormat { path, expected: version, found: word(8) });
    }
    let len = u64::from(word(12));
    if file_len != HEADER as u64 + len {
        return Err(corrupt(12, "the length does not match the file"));
    }
    let mut body = vec![0u8; usize::try_from(len).unwrap_or(0)];
    file.read_at(&mut body, HEADER as u64).map_err(|e| Error::io("cannot read", &path, &e))?;
    if crc32c::crc32c(&body) != word(16) {
        return Err(corrupt(16, "the checksum does not match"));
    }
    Ok(Some(body))
}
