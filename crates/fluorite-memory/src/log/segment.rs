//! A segment file: its header, and reading records from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::group::{GROUP_HEADER, read_head};
use super::varint::Reader;
use super::{Frame, Location, RecordView, VectorRecord, decode_record, decode_trusted};
use crate::error::{Error, Result};
use crate::mutants::mutant;
use crate::vfs::{Mapped, Vfs, VfsFile};

/// Bytes of a segment header.
pub const SEGMENT_HEADER: usize = 64;
/// Format version of segments, manifest and snapshots.
pub const FORMAT_VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"FLUOSEG1";

/// File name of a segment.
#[must_use]
pub fn segment_name(number: u32) -> String {
    format!("{number:08}.seg")
}

/// The header of segment `number`, and the salt of its checksums.
pub fn encode_header(number: u32, store_id: u128) -> ([u8; SEGMENT_HEADER], u32) {
    let mut h = [0u8; SEGMENT_HEADER];
    let mut identity = store_id.to_le_bytes().to_vec();
    identity.extend_from_slice(&number.to_le_bytes());
    let salt = crc32c::crc32c(&identity);
    h[..8].copy_from_slice(MAGIC);
    h[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    h[12..16].copy_from_slice(&salt.to_le_bytes());
    h[16..24].copy_from_slice(&u64::from(number).to_le_bytes());
    h[24..40].copy_from_slice(&store_id.to_le_bytes());
    let crc = crc32c::crc32c(&h[..60]);
    h[60..].copy_from_slice(&crc.to_le_bytes());
    (h, salt)
}

/// Checks a header and returns the salt.
pub fn check_header(bytes: &[u8], path: &Path, number: u32, store_id: u128) -> Result<u32> {
    let corrupt = |offset, what: &str| Error::Corrupt { path: path.to_owned(), offset, what: what.into() };
    let header = bytes.get(..SEGMENT_HEADER).ok_or_else(|| corrupt(bytes.len() as u64, "the segment header is cut off"))?;
    if header[..8] != MAGIC[..] {
        return Err(corrupt(0, "the magic number does not match"));
    }
    let version = Reader(&header[8..]).u32().unwrap_or(0);
    if Reader(&header[60..]).u32() != Some(crc32c::crc32c(&header[..60])) {
        return Err(corrupt(60, "the header's checksum does not match"));
    }
    if version != FORMAT_VERSION {
        return Err(Error::UnsupportedFormat { path: path.to_owned(), expected: FORMAT_VERSION, found: version });
    }
    let (expected, salt) = encode_header(number, store_id);
    if expected[..] != *header {
        return Err(corrupt(16, "the segment belongs to another store or has another number"));
    }
    Ok(salt)
}

#[derive(Debug)]
enum Bytes {
    Map(Mapped),
    File(Arc<dyn VfsFile>),
}

/// A segment open for reading. Clones share it; its file may be removed meanwhile.
#[derive(Debug, Clone)]
pub struct Segment(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: u32,
    frame: Frame,
    path: PathBuf,
    bytes: Bytes,
    /// The whole file was compared with its checksum since it was mapped (or was written by this process).
    verified: AtomicBool,
}

impl Segment {
    /// Maps a sealed segment of this length.
    pub fn sealed(vfs: &dyn Vfs, dir: &Path, number: u32, length: u64, store_id: u128) -> Result<Self> {
        let path = dir.join(segment_name(number));
        let map = vfs.map(&path, length).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::Corrupt {
                path: path.clone(),
                offset: length,
                what: "the segment is shorter than the manifest says".into(),
            },
            std::io::ErrorKind::NotFound => Error::Corrupt {
                path: path.clone(),
                offset: 0,
                what: "the manifest names this segment, but there is no such file".into(),
            },
            _ => Error::io("cannot map", &path, &e),
        })?;
        let salt = check_header(&map, &path, number, store_id)?;
        let frame = Frame::new(salt, number, vfs);
        Ok(Self(Arc::new(Inner { number, frame, path, bytes: Bytes::Map(map), verified: AtomicBool::new(false) })))
    }

    /// The segment being written.
    pub fn live(number: u32, frame: Frame, path: PathBuf, file: Arc<dyn VfsFile>) -> Self {
        Self(Arc::new(Inner { number, frame, path, bytes: Bytes::File(file), verified: AtomicBool::new(false) }))
    }

    /// Segment number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.0.number
    }

    /// Salt of its checksums.
    #[must_use]
    pub fn salt(&self) -> u32 {
        self.0.frame.salt()
    }

    /// The oldest data key that sealed a record of it. `None`: it is not encrypted, has no record, or is not mapped.
    pub fn oldest_generation(&self) -> Option<u32> {
        let (bytes, mut at) = (self.map()?, SEGMENT_HEADER);
        loop {
            let head = read_head(bytes, 0, at, self.salt())?;
            at += GROUP_HEADER;
            if head.records > 0 {
                return self.0.frame.generation_of(bytes.get(at..)?); // keys only ever follow older ones
            }
            at += head.body_len;
        }
    }

    /// What its records are written and read with.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.0.frame
    }

    /// Path of its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// All bytes, when it is sealed.
    #[must_use]
    pub fn map(&self) -> Option<&[u8]> {
        match &self.0.bytes {
            Bytes::Map(m) => Some(m),
            Bytes::File(_) => None,
        }
    }

    /// Says that the whole file matched its checksum: vectors are read without comparing theirs from now on.
    pub fn set_verified(&self) {
        self.0.verified.store(true, Ordering::Release);
    }

    /// Whether [`set_verified`](Self::set_verified) was called.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.0.verified.load(Ordering::Acquire)
    }

    /// The bytes of a record, when the segment is mapped.
    #[must_use]
    pub fn record_bytes(&self, at: Location) -> Option<&[u8]> {
        self.map()?.get(at.offset as usize..at.offset as usize + at.length as usize)
    }

    /// Reads a vector record; its checksum is compared unless the whole segment's was.
    pub fn read_vector<T>(&self, at: Location, f: impl FnOnce(VectorRecord<'_>) -> Result<T>) -> Result<T> {
        let vector = |view: RecordView<'_>| match view {
            RecordView::Vector(v) => f(v),
            _ => Err(self.corrupt(at.offset.into(), "expected a vector record")),
        };
        match self.record_bytes(at).filter(|_| self.is_verified()) {
            Some(bytes) => {
                let mut scratch = Vec::new();
                let record = decode_trusted(bytes, &self.0.frame, &mut scratch);
                vector(record.map_err(|what| self.corrupt(at.offset.into(), what))?.1)
            }
            None => self.read(at, |_, view| vector(view)),
        }
    }

    /// Gives back the pages that reading it once has mapped.
    pub fn release(&self) {
        if let Bytes::Map(m) = &self.0.bytes {
            m.release();
        }
    }

    /// `CORRUPT` at an offset of this segment.
    #[must_use]
    pub fn corrupt(&self, offset: u64, what: &str) -> Error {
        Error::Corrupt { path: self.0.path.clone(), offset, what: what.into() }
    }

    /// Refuses a log that ends before `least`: that was durable when the store was closed, and is gone since.
    pub fn check_end(&self, end: u64, least: u64) -> Result<()> {
        if end >= least || mutant!("shortened_log_accepted") {
            return Ok(());
        }
        Err(self.corrupt(end, &format!("the log ends here, and had {least} bytes when the store was closed")))
    }

    /// Reads one record, its checksum compared, and hands it on.
    pub fn read<T>(&self, at: Location, f: impl FnOnce(u64, RecordView<'_>) -> Result<T>) -> Result<T> {
        let (start, len) = (at.offset as usize, at.length as usize);
        let held;
        let bytes: &[u8] = match &self.0.bytes {
            Bytes::Map(m) => {
                m.get(start..start + len).ok_or_else(|| self.corrupt(start as u64, "a record lies beyond the end"))?
            }
            Bytes::File(file) => {
                let mut buf = vec![0u8; len];
                file.read_at(&mut buf, start as u64).map_err(|e| match e.kind() {
                    std::io::ErrorKind::UnexpectedEof => self.corrupt(start as u64, "a record lies beyond the end"),
                    _ => Error::io("cannot read", &self.0.path, &e),
                })?;
                held = buf;
                &held
            }
        };
        let mut scratch = Vec::new();
        let record = decode_record(bytes, &self.0.frame, &mut scratch);
        let (sequence, view, _) = record.map_err(|what| self.corrupt(start as u64, what))?;
        f(sequence, view)
    }
}
