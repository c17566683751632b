//! One file's bytes: what programs read (live), what the platter holds (durable), and what is between.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::sync::Arc;

use super::rng::Rng;

/// Bytes that reach the platter together or not at all.
const SECTOR: usize = 512;
/// Earlier unsynced contents remembered per sector: writeback may have stored any of them.
const VERSIONS: usize = 4;

/// A length the file had since its last sync.
#[derive(Debug, Clone, Copy)]
struct Size {
    len: usize,
    /// A write that grew the file from here may be seen half done, at a sector boundary; equal to `len` otherwise.
    from: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Inode {
    /// Shared with copies of the disk until either changes.
    live: Arc<Vec<u8>>,
    durable: Arc<Vec<u8>>,
    /// Unsynced sectors, each with the contents it had before its newest.
    dirty: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Unsynced changes of length, in order. They survive as a prefix, as in a journal.
    sizes: Vec<Size>,
    /// A live directory names it.
    pub(super) linked: bool,
    /// Handles that hold it open.
    pub(super) opens: usize,
}

impl Inode {
    /// A linked file whose content is durable.
    pub(super) fn durable(bytes: Arc<Vec<u8>>) -> Self {
        Self { live: Arc::clone(&bytes), durable: bytes, linked: true, ..Self::default() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.live
    }

    /// Space in use: a file with neither name nor handle is freed.
    pub(super) fn occupies(&self) -> usize {
        if self.linked || self.opens > 0 { self.live.len() } else { 0 }
    }

    pub(super) fn write(&mut self, offset: usize, buf: &[u8]) -> io::Result<()> {
        if buf.is_empty() {
            return Ok(());
        }
        let end = offset.checked_add(buf.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        let len = self.live.len();
        self.grow(end)?;
        if end > len {
            self.sizes.push(Size { len: end, from: len.max(offset) });
        }
        for s in offset / SECTOR..=(end - 1) / SECTOR {
            match self.dirty.entry(s) {
                Entry::Vacant(e) => {
                    e.insert(Vec::new());
                }
                Entry::Occupied(mut e) => {
                    let versions = e.get_mut();
                    if versions.len() == VERSIONS {
                        versions.remove(0);
                    }
                    versions.push(sector(&self.live, s).to_vec());
                }
            }
        }
        Arc::make_mut(&mut self.live)[offset..end].copy_from_slice(buf);
        Ok(())
    }

    pub(super) fn set_len(&mut self, len: usize) -> io::Result<()> {
        if len == self.live.len() {
            return Ok(());
        }
        if len < self.live.len() {
            Arc::make_mut(&mut self.live).truncate(len);
            self.dirty.split_off(&len.div_ceil(SECTOR)); // the page cache forgets what was cut off
            if let Some(versions) = self.dirty.get_mut(&(len / SECTOR)) {
                versions.clear();
            }
        }
        self.grow(len)?;
        self.sizes.push(Size { len, from: len });
        Ok(())
    }

    fn grow(&mut self, len: usize) -> io::Result<()> {
        if len > self.live.len() {
            let live = Arc::make_mut(&mut self.live);
            live.try_reserve(len - live.len()).map_err(|_| io::ErrorKind::StorageFull)?;
            live.resize(len, 0);
        }
        Ok(())
    }

    /// Content and length reach the platter.
    pub(super) fn sync(&mut self) {
        let low = self.low(self.sizes.len());
        let durable = Arc::make_mut(&mut self.durable);
        durable.truncate(low);
        durable.resize(self.live.len(), 0);
        for &s in self.dirty.keys() {
            put(durable, s, sector(&self.live, s));
        }
        self.sizes.clear();
        self.dirty.clear();
    }

    /// A failed sync, as Linux does it: some pages count as clean without having been stored, so that the next sync
    /// succeeds and they are lost all the same.
    pub(super) fn sync_failed(&mut self, rng: &mut Rng) {
        self.dirty.retain(|_, _| rng.coin());
    }

    /// The content after power loss: lengths as a prefix of their changes, sectors each by themselves.
    pub(super) fn crashed(&self, rng: &mut Rng) -> Arc<Vec<u8>> {
        if self.sizes.is_empty() && self.dirty.is_empty() {
            return Arc::clone(&self.durable);
        }
        let kept = rng.survivors(self.sizes.len());
        let len = match kept.checked_sub(1).map(|i| self.sizes[i]) {
            None => self.durable.len(),
            Some(Size { len, from }) => {
                let (first, last) = (from / SECTOR + 1, len.saturating_sub(1) / SECTOR);
                if from < len && first <= last && rng.up_to(3) == 0 { (first + rng.up_to(last - first)) * SECTOR } else { len }
            }
        };
        let mut image = self.durable[..self.low(kept)].to_vec();
        image.resize(len, 0);
        let mood = rng.up_to(3);
        for (&s, versions) in &self.dirty {
            let stored = match mood {
                0 => false,
                1 => true,
                _ => rng.coin(),
            };
            let newest = mood == 1 || rng.coin();
            let version = rng.up_to(versions.len());
            if stored {
                match versions.get(version) {
                    Some(earlier) if !newest => put(&mut image, s, earlier),
                    _ => put(&mut image, s, sector(&self.live, s)),
                }
            }
        }
        Arc::new(image)
    }

    /// The shortest length among the durable one and the first `kept` changes: durable bytes behind it were cut off.
    fn low(&self, kept: usize) -> usize {
        self.sizes.iter().take(kept).fold(self.durable.len(), |low, s| low.min(s.len))
    }
}

/// The bytes of sector `s`; shorter, or empty, at the end.
fn sector(bytes: &[u8], s: usize) -> &[u8] {
    let start = (s * SECTOR).min(bytes.len());
    &bytes[start..bytes.len().min(start + SECTOR)]
}

/// Overwrites sector `s` with `content` and zeros behind it, as far as `image` reaches.
fn put(image: &mut [u8], s: usize, content: &[u8]) {
    let start = (s * SECTOR).min(image.len());
    let end = image.len().min(start + SECTOR);
    let target = &mut image[start..end];
    let n = content.len().min(target.len());
    target[..n].copy_from_slice(&content[..n]);
    target[n..].fill(0);
}
