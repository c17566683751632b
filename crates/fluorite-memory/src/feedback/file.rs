//! `feedback/events`: an append-only file of its own, so that no search, listing or count ever meets an event.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::event::FeedbackEvent;
use crate::crypt::Cipher;
use crate::error::{Error, Result};
use crate::mutants::mutant;
use crate::vfs::{OpenMode, Vfs, VfsFile};

const MAGIC: &[u8; 8] = b"FLUOFBK1";
const VERSION: u32 = 1;
const HEADER: usize = 32;
const MARK: &[u8; 4] = b"FEVT";
/// Mark, length and checksum before each body.
const HEAD: usize = 12;
const NAME: &str = "events";
const TEMP: &str = "events.tmp";

/// The open file and everything in it.
#[derive(Debug)]
pub struct EventFile {
    file: Box<dyn VfsFile>,
    path: PathBuf,
    end: u64,
    salt: u32,
    cipher: Option<Arc<Cipher>>,
    /// Oldest first.
    pub events: Vec<Arc<FeedbackEvent>>,
    /// Damaged places that were skipped.
    pub damaged: Vec<u64>,
    /// It took another one's place, and a power cut may still bring that one back.
    unsynced: bool,
}

impl EventFile {
    /// Opens it, or returns `None` when there is none. A torn end is cut off by the next append.
    pub fn open(vfs: &dyn Vfs, dir: &Path, store_id: u128) -> Result<Option<Self>> {
        let Some((mut out, bytes)) = Self::load(vfs, dir, OpenMode::Write, salt(store_id))? else { return Ok(None) };
        // the header is durable before the first event: alone and broken, its creation was interrupted, with nothing acknowledged
        if bytes.len() < HEADER || (bytes.len() == HEADER && !whole_header(&bytes)) {
            out.write_header()?;
            return Ok(Some(out));
        }
        out.check_header(&bytes)?;
        out.read(&bytes);
        Ok(Some(out))
    }

    /// Reads it without changing a byte: of a store that is not open. `store_id`: when it is known, for a header that is damaged.
    pub fn open_read(vfs: &dyn Vfs, dir: &Path, store_id: Option<u128>) -> Result<Option<Self>> {
        let known = store_id.map(salt);
        let Some((mut out, bytes)) = Self::load(vfs, dir, OpenMode::Read, known.unwrap_or_default())? else { return Ok(None) };
        if known.is_none() && whole_header(&bytes) {
            out.salt = word(&bytes, 12).unwrap_or_default();
        }
        if bytes.len() >= HEADER {
            if out.check_header(&bytes).is_err() {
                out.damaged.push(0);
            }
            out.read(&bytes);
        }
        Ok(Some(out))
    }

    /// Reads it without ever changing it. `None` when there is none, or its header is on its way.
    pub fn peek(vfs: &dyn Vfs, dir: &Path, store_id: u128) -> Result<Option<Self>> {
        let Some((mut out, bytes)) = Self::load(vfs, dir, OpenMode::Read, salt(store_id))? else { return Ok(None) };
        if bytes.len() < HEADER {
            return Ok(None);
        }
        out.check_header(&bytes)?;
        out.read(&bytes);
        Ok(Some(out))
    }

    /// Creates it and makes its name durable.
    pub fn create(vfs: &dyn Vfs, dir: &Path, store_id: u128) -> Result<Self> {
        vfs.create_dir_all(dir).map_err(|e| Error::io("cannot create", dir, &e))?;
        let path = dir.join(NAME);
        let file = vfs.open(&path, OpenMode::Create).map_err(|e| Error::io("cannot create", &path, &e))?;
        let mut out = Self::empty(file, path, salt(store_id), vfs.cipher());
        out.write_header()?;
        for d in [Some(dir), dir.parent()].into_iter().flatten() {
            vfs.sync_dir(d).map_err(|e| Error::io("cannot sync", d, &e))?;
        }
        Ok(out)
    }

    /// Without events.
    fn empty(file: Box<dyn VfsFile>, path: PathBuf, salt: u32, cipher: Option<Arc<Cipher>>) -> Self {
        Self { file, path, end: HEADER as u64, salt, cipher, events: Vec::new(), damaged: Vec::new(), unsynced: false }
    }

    /// The file, and its bytes as they lie there. `None` when there is none.
    fn load(vfs: &dyn Vfs, dir: &Path, mode: OpenMode, salt: u32) -> Result<Option<(Self, Vec<u8>)>> {
        let path = dir.join(NAME);
        let file = match vfs.open(&path, mode) {
            Ok(f) => f,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("cannot open", &path, &e)),
        };
        let len = file.len().map_err(|e| Error::io("cannot read", &path, &e))?;
        let mut bytes = vec![0u8; usize::try_from(len).unwrap_or(0)];
        file.read_at(&mut bytes, 0).map_err(|e| Error::io("cannot read", &path, &e))?;
        Ok(Some((Self::empty(file, path, salt, vfs.cipher()), bytes)))
    }

    /// Bytes of it that count.
    pub fn end(&self) -> u64 {
        self.end
    }

    fn write_header(&mut self) -> Result<()> {
        let mut header = [0u8; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&self.salt.to_le_bytes());
        let crc = crc32c::crc32c(&header[..HEADER - 4]);
        header[HEADER - 4..].copy_from_slice(&crc.to_le_bytes());
        self.file.write_at(&header, 0).map_err(|e| Error::io("cannot write", &self.path, &e))?;
        self.file.set_len(HEADER as u64).map_err(|e| Error::io("cannot write", &self.path, &e))?;
        self.file.sync().map_err(|e| Error::io("cannot sync", &self.path, &e))
    }

    fn check_header(&self, bytes: &[u8]) -> Result<()> {
        let corrupt = |offset, what: &str| Err(Error::Corrupt { path: self.path.clone(), offset, what: what.into() });
        if bytes[..8] != MAGIC[..] {
            return corrupt(0, "the magic number does not match");
        }
        let found = word(bytes, 8).unwrap_or_default();
        if found != VERSION {
            return Err(Error::UnsupportedFormat { path: self.path.clone(), expected: VERSION, found });
        }
        if !whole_header(bytes) {
            return corrupt(0, "the header does not match its checksum");
        }
        if word(bytes, 12) != Some(self.salt) {
            return corrupt(12, "the file belongs to another store");
        }
        Ok(())
    }

    /// Takes every event whose checksum holds. Events do not depend on each other: damage costs those it hit.
    fn read(&mut self, bytes: &[u8]) {
        let mut at = HEADER;
        let mut bad = None;
        while at < bytes.len() {
            match self.event_at(bytes, at) {
                Some((event, next)) => {
                    // a bad place with good events behind it was damaged; one without is a torn end
                    self.damaged.extend(bad.take());
                    self.events.push(Arc::new(event));
                    at = next;
                    self.end = at as u64;
                }
                None => {
                    bad.get_or_insert(at as u64);
                    let next = bytes[at + 1..].windows(MARK.len()).position(|w| w == MARK);
                    at = next.map_or(bytes.len(), |n| at + 1 + n);
                }
            }
        }
    }

    fn event_at(&self, bytes: &[u8], at: usize) -> Option<(FeedbackEvent, usize)> {
        if bytes.get(at..at + 4)? != MARK {
            return None;
        }
        let length = word(bytes, at + 4)? as usize;
        let body = bytes.get(at + HEAD..(at + HEAD).checked_add(length)?)?;
        if crc32c::crc32c_append(self.salt, body) != word(bytes, at + 8)? {
            return None;
        }
        let mut opened = Vec::new();
        let text = match &self.cipher {
            None => body,
            Some(c) if c.open(&[b"event", &(at as u64).to_le_bytes()], body, &mut opened) => &opened,
            Some(_) => return None,
        };
        Some((serde_json::from_slice(text).ok()?, at + HEAD + length))
    }

    /// Replaces the file with one of the events that `keep` wants; damaged places go as well. Nothing is written when none goes.
    pub fn retain(&mut self, vfs: &dyn Vfs, dir: &Path, keep: impl Fn(&FeedbackEvent) -> bool) -> Result<bool> {
        if self.damaged.is_empty() && self.events.iter().all(|e| keep(e)) {
            self.sync_name(vfs, dir)?;
            return Ok(false);
        }
        self.rewrite(vfs, dir, keep)?;
        Ok(true)
    }

    /// Seals every event with the newest key; damaged places go.
    pub fn reseal(&mut self, vfs: &dyn Vfs, dir: &Path) -> Result<()> {
        self.rewrite(vfs, dir, |_| true)
    }

    fn rewrite(&mut self, vfs: &dyn Vfs, dir: &Path, keep: impl Fn(&FeedbackEvent) -> bool) -> Result<()> {
        let temp = dir.join(TEMP);
        let io = |action, e: &std::io::Error| Error::io(action, &temp, e);
        let file = vfs.open(&temp, OpenMode::Create).map_err(|e| io("cannot create", &e))?;
        let mut next = Self::empty(file, self.path.clone(), self.salt, self.cipher.clone());
        next.write_header()?;
        next.append(self.events.iter().filter(|e| keep(e)).map(|e| FeedbackEvent::clone(e)).collect())?;
        vfs.rename(&temp, &self.path).map_err(|e| io("cannot replace", &e))?;
        next.unsynced = !mutant!("replaced_feedback_unsynced");
        *self = next; // the name is of this file from here on, whatever becomes of the folder
        self.sync_name(vfs, dir)
    }

    /// Makes the last replacement durable, should that have failed: before anything is appended to it.
    pub fn sync_name(&mut self, vfs: &dyn Vfs, dir: &Path) -> Result<()> {
        if self.unsynced {
            vfs.sync_dir(dir).map_err(|e| Error::io("cannot sync", dir, &e))?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Appends and makes durable, all or (after a crash) a part from the front. After an error nothing of it counts.
    pub fn append(&mut self, events: Vec<FeedbackEvent>) -> Result<()> {
        let mut bytes = Vec::new();
        for event in &events {
            let mut body = serde_json::to_vec(event).map_err(|e| Error::internal(e.to_string()))?;
            if let Some(cipher) = &self.cipher {
                cipher.seal(&[b"event", &(self.end + bytes.len() as u64).to_le_bytes()], &mut body, 0);
            }
            let length = u32::try_from(body.len()).map_err(|_| Error::internal("an event of more than 4 GiB"))?;
            bytes.extend_from_slice(MARK);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&crc32c::crc32c_append(self.salt, &body).to_le_bytes());
            bytes.extend_from_slice(&body);
        }
        let io = |action, e: &std::io::Error| Error::io(action, &self.path, e);
        self.file.set_len(self.end).map_err(|e| io("cannot write", &e))?; // what a failed append left
        if let Err(e) = self.file.write_at(&bytes, self.end) {
            let _ = self.file.set_len(self.end); // else the next append cuts it
            return Err(io("cannot write", &e));
        }
        // a sync that failed says nothing about what is on disk: the caller takes no more
        self.file.sync().map_err(|e| Error::Poisoned { cause: format!("cannot sync {:?}: {e}", self.path) })?;
        self.end += bytes.len() as u64;
        self.events.extend(events.into_iter().map(Arc::new));
        Ok(())
    }
}

fn salt(store_id: u128) -> u32 {
    crc32c::crc32c(&store_id.to_le_bytes())
}

/// Whether the header is there, and its checksum holds.
fn whole_header(bytes: &[u8]) -> bool {
    bytes.get(..HEADER - 4).is_some_and(|head| word(bytes, HEADER - 4) == Some(crc32c::crc32c(head)))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test
mod tests {
    use super::*;
    use crate::feedback::{Feedback, FeedbackKind, stored};
    use crate::vfs::{Fault, SimVfs};

    fn event(id: &str) -> FeedbackEvent {
        let kind = FeedbackKind::Success;
        let f = Feedback {
            chunk_id: id.into(),
            namespace: None,
            query: None,
            kind,
            rating: None,
            correction: None,
            domain: None,
            comment: None,
        };
        stored(&f, 1, 1_700_000_000_000)
    }

    /// Whatever step of a replacement fails, what is appended and acknowledged after it is there after a power cut.
    #[test]
    fn what_follows_a_replacement_that_failed_is_kept() {
        let dir = Path::new("/feedback");
        let mut refused = 0;
        for step in 0..12 {
            let disk = SimVfs::new(step);
            let mut file = EventFile::create(&disk, dir, 7).unwrap();
            file.append(vec![event("a"), event("b")]).unwrap();
            disk.fail_at(disk.ops() + 1 + step, Fault::Eio);
            refused += u64::from(file.retain(&disk, dir, |e| e.chunk_id == "a").is_err());
            disk.clear_faults();
            file.sync_name(&disk, dir).unwrap();
            file.append(vec![event("c")]).unwrap();
            let again = EventFile::open(&disk.crash(step), dir, 7).unwrap().unwrap();
            let ids: Vec<&str> = again.events.iter().map(|e| e.chunk_id.as_str()).collect();
            assert!(ids == ["a", "c"] || ids == ["a", "b", "c"], "step {step}: {ids:?}");
        }
        assert!(refused >= 5, "{refused}");
    }
}
