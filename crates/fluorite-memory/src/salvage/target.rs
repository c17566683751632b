//! The store that is written.

use std::path::{Path, PathBuf};

use crate::crypt::save_keys;
use crate::error::{Error, Result};
use crate::log::{Frame, GroupBuilder, LiveSegment, Manifest, SealedSegment};
use crate::vfs::Vfs;

/// Bytes per group.
const GROUP_BYTES: usize = 1 << 20;
/// A segment is sealed when it reaches this size.
const SEGMENT_BYTES: u64 = 64 << 20;

/// Writes records one after the other into segments. Nothing counts before `finish`.
pub struct Target<'a> {
    vfs: &'a dyn Vfs,
    root: PathBuf,
    pub manifest: Manifest,
    store_id: u128,
    live: LiveSegment,
    buffer: Vec<u8>,
    group: Option<GroupBuilder>,
}

impl<'a> Target<'a> {
    /// The folders and the first segment.
    pub fn create(vfs: &'a dyn Vfs, root: &Path, (store_id, seed): (u128, u64)) -> Result<Self> {
        for dir in ["log", "dict", "index"].map(|d| root.join(d)) {
            vfs.create_dir_all(&dir).map_err(|e| Error::io("cannot create", &dir, &e))?;
        }
        let manifest = Manifest::new(store_id, seed);
        let live = LiveSegment::create(vfs, &root.join("log"), manifest.live, store_id)?;
        Ok(Self { vfs, root: root.into(), manifest, store_id, live, buffer: Vec::new(), group: None })
    }

    /// Adds a record: `encode` appends it, in the frame it is given.
    pub fn add(&mut self, sequence: u64, encode: impl FnOnce(&mut Vec<u8>, &Frame)) -> Result<()> {
        let group = self.group.get_or_insert_with(|| GroupBuilder::begin(&mut self.buffer, sequence));
        encode(&mut self.buffer, self.live.segment().frame());
        group.count();
        if self.buffer.len() >= GROUP_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        if let Some(group) = self.group.take() {
            group.finish(&mut self.buffer, self.live.segment().salt(), self.live.end(), self.live.synced());
            self.live.append(&self.buffer)?;
            self.buffer.clear();
        }
        if self.live.end() >= SEGMENT_BYTES {
            self.live.sync()?;
            let (number, length, crc) = (self.live.segment().number(), self.live.end(), self.live.checksum());
            self.manifest.sealed.push(SealedSegment { number, length, crc });
            self.manifest.live = self.manifest.next_segment;
            self.manifest.next_segment += 1;
            self.live = LiveSegment::create(self.vfs, &self.root.join("log"), self.manifest.live, self.store_id)?;
        }
        Ok(())
    }

    /// Makes everything durable, the manifest last.
    pub fn finish(mut self) -> Result<()> {
        self.write()?;
        self.live.sync()?;
        self.vfs.sync_dir(&self.root).map_err(|e| Error::io("cannot sync", &self.root, &e))?;
        if let Some(encryption) = &self.manifest.encryption {
            save_keys(self.vfs, &self.root, self.store_id, encryption)?;
        }
        self.manifest.closed_at(self.live.synced()).save(self.vfs, &self.root)
    }
}
