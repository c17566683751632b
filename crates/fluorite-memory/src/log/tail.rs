//! The segment that another process is writing, seen from a process that only reads.

use std::path::Path;
use std::sync::Arc;

use super::segment::check_header;
use super::{Frame, GROUP_HEADER, SEGMENT_HEADER, ScannedRecord, Segment, scan_tail, segment_name};
use crate::error::{Error, Result};
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// Bytes looked at in one go, unless a group is longer: what they hold is in memory while it is applied.
const PART: u64 = 4 << 20;

/// Reads the end of a segment that grows. What is not a whole group yet stays for the next look: it may be on its way, or the
/// torn end of a writer that died, which is the next writer's to cut.
#[derive(Debug)]
pub struct Tail {
    segment: Segment,
    file: Arc<dyn VfsFile>,
    end: u64,
    /// What no group says to be durable may be taken back by a writer whose write failed: where that begins, and the checksum
    /// of its bytes up to `end`.
    open_from: u64,
    open_crc: u32,
    /// The last group's header as it was read.
    last: Option<(u64, [u8; GROUP_HEADER])>,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Nothing new.
    Same,
    /// Whole groups, which have been visited.
    Grown {
        /// Bytes of them.
        bytes: u64,
    },
    /// What was read before is not there any more. Nothing was visited.
    Rewritten,
}

impl Tail {
    /// Opens it and stands behind `from`: the header when it is 0, else a group's end.
    ///
    /// # Errors
    /// `Corrupt` when there is no such file, or its header is not one; `Io`.
    pub fn open(vfs: &dyn Vfs, dir: &Path, number: u32, store_id: u128, from: u64) -> Result<Self> {
        let path = dir.join(segment_name(number));
        let corrupt = |what: &str| Error::Corrupt { path: path.clone(), offset: 0, what: what.into() };
        let file: Arc<dyn VfsFile> = Arc::from(vfs.open(&path, OpenMode::Read).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => corrupt("the manifest names this segment, but there is no such file"),
            _ => Error::io("cannot open", &path, &e),
        })?);
        let on_disk = length(&*file, &path)?;
        let header = read(&*file, &path, 0, on_disk.min(SEGMENT_HEADER as u64))?;
        let salt = check_header(&header, &path, number, store_id)?;
        let segment = Segment::live(number, Frame::new(salt, number, vfs), path, Arc::clone(&file));
        let start = from.max(SEGMENT_HEADER as u64);
        if start > on_disk {
            return Err(segment.corrupt(on_disk, "the segment is shorter than its snapshot says"));
        }
        Ok(Self { segment, file, end: start, open_from: start, open_crc: 0, last: None })
    }

    /// Visits the records of groups that have come since, of a few MiB at a time: `Grown` says to call again. Nothing is visited
    /// of a group that is not whole. After an error, or `Rewritten`, it is as before: what was visited does not count.
    ///
    /// # Errors
    /// `Corrupt` when bytes that were durable do not match their checksum; `Io`; those of `visit`.
    pub fn follow(&mut self, mut visit: impl FnMut(ScannedRecord<'_>) -> Result<()>) -> Result<Followed> {
        let on_disk = length(&*self.file, self.segment.path())?;
        if on_disk < self.end {
            return Ok(Followed::Rewritten);
        }
        if on_disk == self.end {
            let Some((at, known)) = &self.last else { return Ok(Followed::Same) };
            let same = read(&*self.file, self.segment.path(), *at, at + GROUP_HEADER as u64)?[..] == known[..];
            return Ok(if same { Followed::Same } else { Followed::Rewritten });
        }
        let part = on_disk.min(self.end + PART);
        match self.advance(part, &mut visit)? {
            Followed::Same if part < on_disk => self.advance(on_disk, &mut visit), // a group longer than a part
            found => Ok(found),
        }
    }

    fn advance(&mut self, on_disk: u64, visit: impl FnMut(ScannedRecord<'_>) -> Result<()>) -> Result<Followed> {
        let path = self.segment.path();
        if on_disk > u64::from(u32::MAX) {
            return Err(self.segment.corrupt(0, "the segment is longer than any can be"));
        }
        let bytes = read(&*self.file, path, self.open_from, on_disk)?;
        let (known, new) = bytes.split_at((self.end - self.open_from) as usize);
        if crc32c::crc32c(known) != self.open_crc {
            return Ok(Followed::Rewritten);
        }
        let scan = scan_tail(&self.segment, new, self.end, visit)?;
        if scan.damaged {
            return Err(self.segment.corrupt(scan.end, "bytes that were durable do not match their checksum"));
        }
        let grown = scan.end - self.end;
        if let Some(at) = scan.last {
            let from = (at - self.open_from) as usize;
            let header = bytes.get(from..).and_then(|b| b.first_chunk());
            self.last = header.map(|h| (at, *h));
        }
        let open_from = if grown > 0 { self.open_from.max(scan.synced.min(scan.end)) } else { self.open_from };
        let open = (open_from - self.open_from) as usize..(scan.end - self.open_from) as usize;
        self.open_crc = crc32c::crc32c(bytes.get(open).unwrap_or_default());
        (self.open_from, self.end) = (open_from, scan.end);
        Ok(if grown > 0 { Followed::Grown { bytes: grown } } else { Followed::Same })
    }

    /// For reading its records.
    #[must_use]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    /// End of the last whole group that was visited.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }
}

fn length(file: &dyn VfsFile, path: &Path) -> Result<u64> {
    file.len().map_err(|e| Error::io("cannot read", path, &e))
}

fn read(file: &dyn VfsFile, path: &Path, from: u64, to: u64) -> Result<Vec<u8>> {
    let long = |_| Error::Corrupt { path: path.to_owned(), offset: 0, what: "the segment is longer than memory".into() };
    let length = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(long)?;
    bytes.resize(length, 0);
    file.read_at(&mut bytes, from).map_err(|e| Error::io("cannot read", path, &e))?;
    Ok(bytes)
}
