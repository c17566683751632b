//! The segment being written.

use std::path::Path;
use std::sync::Arc;

use super::segment::{check_header, encode_header};
use super::{Frame, SEGMENT_HEADER, Scan, ScannedRecord, Segment, scan_segment, segment_name};
use crate::error::{Error, Result};
use crate::mutants::mutant;
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// Appends to one file; the only writer of the log.
#[derive(Debug)]
pub struct LiveSegment {
    segment: Segment,
    file: Arc<dyn VfsFile>,
    len: u64,
    synced: u64,
    crc: u32,
}

impl LiveSegment {
    /// Creates segment `number`, durable with its folder entry.
    pub fn create(vfs: &dyn Vfs, dir: &Path, number: u32, store_id: u128) -> Result<Self> {
        let path = dir.join(segment_name(number));
        let (header, salt) = encode_header(number, store_id);
        let made = (|| {
            let file: Arc<dyn VfsFile> = Arc::from(vfs.open(&path, OpenMode::Create)?);
            file.write_at(&header, 0)?;
            file.sync()?;
            if !mutant!("dropped_directory_sync") {
                vfs.sync_dir(dir)?;
            }
            Ok(file)
        })();
        let file = made.map_err(|e: std::io::Error| Error::io("cannot create", &path, &e))?;
        let segment = Segment::live(number, Frame::new(salt, number, vfs), path, Arc::clone(&file));
        let len = SEGMENT_HEADER as u64;
        Ok(Self { segment, file, len, synced: len, crc: crc32c::crc32c(&header) })
    }

    /// Opens it again after a restart: visits every record from `from` on, cuts a torn tail. Returns the bytes cut. `least`: bytes
    /// that were durable, so that fewer are damage and nothing is cut.
    pub fn recover(
        vfs: &dyn Vfs,
        dir: &Path,
        number: u32,
        store_id: u128,
        (from, least): (u64, u64),
        visit: impl FnMut(ScannedRecord<'_>) -> Result<()>,
    ) -> Result<(Self, u64)> {
        let path = dir.join(segment_name(number));
        let io = |action, e: &std::io::Error| Error::io(action, &path, e);
        let file: Arc<dyn VfsFile> = Arc::from(vfs.open(&path, OpenMode::Write).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::Corrupt {
                path: path.clone(),
                offset: 0,
                what: "the manifest names this segment, but there is no such file".into(),
            },
            _ => io("cannot open", &e),
        })?);
        let on_disk = file.len().map_err(|e| io("cannot read", &e))?;
        let damaged = |what: &str| Error::Corrupt { path: path.clone(), offset: 0, what: what.into() };
        if on_disk > u64::from(u32::MAX) {
            return Err(damaged("the segment is longer than any can be"));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(on_disk as usize).map_err(|_| damaged("the segment is longer than memory"))?;
        bytes.resize(on_disk as usize, 0u8);
        file.read_at(&mut bytes, 0).map_err(|e| io("cannot read", &e))?;
        let salt = check_header(&bytes, &path, number, store_id)?;
        let segment = Segment::live(number, Frame::new(salt, number, vfs), path.clone(), Arc::clone(&file));
        if from > on_disk {
            return Err(segment.corrupt(on_disk, "the segment is shorter than its snapshot says"));
        }
        let Scan { end, synced, damaged, .. } = scan_segment(&segment, &bytes, from, visit)?;
        if damaged {
            return Err(segment.corrupt(end, "bytes that were durable do not match their checksum"));
        }
        segment.check_end(end, least)?;
        if end < on_disk {
            file.set_len(end).map_err(|e| io("cannot cut", &e))?;
        }
        // A failed fsync before this open may have left pages that read well, count as clean and were never stored: what no
        // group says to be durable is written again.
        file.write_at(&bytes[synced as usize..end as usize], synced).map_err(|e| io("cannot write", &e))?;
        file.sync().map_err(|e| io("cannot sync", &e))?;
        let crc = crc32c::crc32c(&bytes[..end as usize]);
        Ok((Self { segment, file, len: end, synced: end, crc }, on_disk - end))
    }

    /// For reading its records.
    #[must_use]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Offset of the next group.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.len
    }

    /// Offset known durable.
    #[must_use]
    pub fn synced(&self) -> u64 {
        self.synced
    }

    /// Writes whole groups at the end. On failure the file is as before; `Poisoned` when even that cannot be had.
    pub fn append(&mut self, groups: &[u8]) -> Result<()> {
        if let Err(e) = self.file.write_at(groups, self.len) {
            let first = Error::io("cannot write", self.segment.path(), &e);
            return match self.file.set_len(self.len) {
                Ok(()) => Err(first),
                Err(e) => Err(Error::Poisoned { cause: format!("{first}; then cannot cut it back: {e}") }),
            };
        }
        self.len += groups.len() as u64;
        self.crc = crc32c::crc32c_append(self.crc, groups);
        Ok(())
    }

    /// Makes everything appended durable. A failure poisons: the kernel may have dropped the dirty pages.
    pub fn sync(&mut self) -> Result<()> {
        if self.synced < self.len && !mutant!("dropped_fsync") {
            self.file.sync().map_err(|e| Error::Poisoned { cause: format!("fsync of {:?} failed: {e}", self.segment.path()) })?;
            self.synced = self.len;
        }
        Ok(())
    }

    /// crc32c of the whole file, for the manifest.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        self.crc
    }
}
