//! A text segment, mapped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tantivy::Index;
use tantivy::directory::OwnedBytes;
use tantivy::index::{InvertedIndexReader, Segment, SegmentReader};
use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

use super::super::terms::term_sum;
use super::file::{Header, OWN, PAGE, Section, Unfit};
use super::packed::Packed;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::vfs::{Mapped, OpenMode, Vfs};

/// Bytes compared between two looks at the cancel flag.
const CHECKED: usize = 4 << 20;

/// Immutable terms, postings and lengths of chunk versions, each with its sequence number.
pub struct TextSegment {
    number: u32,
    path: PathBuf,
    bytes: Mapped,
    header: Header,
    /// There once the whole file was compared with its checksums.
    reader: OnceLock<Arc<InvertedIndexReader>>,
}

impl TextSegment {
    /// The file's name.
    #[must_use]
    pub fn file_name(number: u32) -> String {
        format!("{number:06}.text")
    }

    /// Maps a file and compares its header, sequence numbers and lengths with their checksums. `None`: of another tokenizer
    /// or version, to be built again. Cost: 12 bytes read a document.
    ///
    /// # Errors
    /// `Corrupt` when the file is damaged or of another store, `Io` when it cannot be read.
    pub fn open(vfs: &dyn Vfs, dir: &Path, number: u32, store_id: u128) -> Result<Option<Self>> {
        let path = dir.join(Self::file_name(number));
        let io = |e: &std::io::Error| Error::io("cannot map", &path, e);
        let corrupt = |what: &str| Error::Corrupt { path: path.clone(), offset: 0, what: what.into() };
        let length = vfs.open(&path, OpenMode::Read).and_then(|f| f.len()).map_err(|e| io(&e))?;
        let bytes = vfs.map(&path, length).map_err(|e| io(&e))?;
        let page = bytes.get(..PAGE).ok_or_else(|| corrupt("the text segment is cut off"))?;
        let header = match Header::decode(page, length, store_id) {
            Ok(header) => header,
            Err(Unfit::Other) => return Ok(None),
            Err(Unfit::Damaged(what)) => return Err(corrupt(what)),
        };
        let segment = Self { number, path, bytes, header, reader: OnceLock::new() };
        for own in 0..OWN.len() {
            segment.check(own, &CancelToken::default())?;
        }
        Ok(Some(segment))
    }

    /// Compares the rest of the file with its checksums and opens it; at once when that was done. Two threads that do it at
    /// a time both do it: a search does not wait for the check behind the open, which gives way to everyone. tantivy never sees a byte
    /// that was not compared: it would panic on damage, or read without end.
    ///
    /// # Errors
    /// `Corrupt` when the file is damaged, `Aborted` when cancelled.
    pub fn prepare(&self, cancel: &CancelToken) -> Result<()> {
        if self.is_prepared() {
            return Ok(());
        }
        for section in OWN.len()..self.header.sections.len() {
            self.check(section, cancel)?;
        }
        let reader = contained(|| {
            let segment = self.segment()?;
            let reader = SegmentReader::open(&segment)?;
            if reader.max_doc() != self.header.docs {
                return Err(tantivy::TantivyError::InternalError("another number of documents".into()));
            }
            let field = tantivy::schema::Field::from_field_id(0);
            reader.inverted_index(field)
        });
        let _ = self.reader.set(reader.map_err(|what| self.corrupt(0, &what))?);
        Ok(())
    }

    /// Whether [`prepare`](Self::prepare) has succeeded.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        self.reader.get().is_some()
    }

    /// Terms and postings.
    ///
    /// # Errors
    /// `Internal` before [`prepare`](Self::prepare).
    pub(in super::super) fn reader(&self) -> Result<&InvertedIndexReader> {
        self.reader.get().map(|r| &**r).ok_or_else(|| Error::internal("a text segment was searched before it was compared"))
    }

    /// The sum of each document's terms, as [`Digest::sum`](crate::index::Digest) makes it of its text. Cost: a pass over all
    /// postings, 8 bytes a document. The segment must be prepared.
    ///
    /// # Errors
    /// `Corrupt` when tantivy cannot read it, `Aborted`.
    pub(crate) fn document_sums(&self, cancel: &CancelToken) -> Result<Vec<u64>> {
        let reader = self.reader()?;
        let mut sums = vec![0u64; self.docs()];
        let mut stopped = Ok(());
        let read = contained(|| {
            let mut terms = reader.terms().stream()?;
            let mut met = 0u32;
            while terms.advance() {
                met += 1;
                if met.is_multiple_of(1 << 12) {
                    stopped = cancel.check();
                    if stopped.is_err() {
                        return Ok(());
                    }
                }
                let hash = xxhash_rust::xxh3::xxh3_64(terms.key());
                let mut postings = reader.read_postings_from_terminfo(terms.value(), IndexRecordOption::WithFreqs)?;
                while postings.doc() != TERMINATED {
                    let frequency = u8::try_from(postings.term_freq()).unwrap_or(u8::MAX);
                    if let Some(sum) = sums.get_mut(postings.doc() as usize) {
                        *sum = sum.wrapping_add(term_sum(hash, frequency));
                    }
                    postings.advance();
                }
            }
            Ok(())
        });
        stopped.and(read.map_err(|what| self.corrupt(0, &what))).map(|()| sums)
    }

    /// As tantivy sees it, for joining. The bytes must have been compared.
    pub(super) fn segment(&self) -> tantivy::Result<Segment> {
        let whole = OwnedBytes::new(self.bytes.clone());
        let files = self.header.sections.iter().skip(OWN.len());
        let slice = |s: &Section| whole.slice(s.offset as usize..(s.offset + s.length) as usize);
        let index = Index::open(Packed::new(files.map(|s| (s.name.clone(), slice(s)))))?;
        let mut segments = index.searchable_segments()?;
        segments.pop().ok_or_else(|| tantivy::TantivyError::InternalError("no segment".into()))
    }

    fn section(&self, at: usize) -> &[u8] {
        self.header.sections.get(at).map_or(&[], |s| &self.bytes[s.offset as usize..(s.offset + s.length) as usize])
    }

    fn check(&self, section: usize, cancel: &CancelToken) -> Result<()> {
        let mut crc = 0;
        for part in self.section(section).chunks(CHECKED) {
            cancel.check()?;
            crc = crc32c::crc32c_append(crc, part);
        }
        match self.header.sections.get(section) {
            Some(s) if s.crc == crc => Ok(()),
            s => Err(self.corrupt(s.map_or(0, |s| s.offset), "a section of the text segment does not match its checksum")),
        }
    }

    fn corrupt(&self, offset: u64, what: &str) -> Error {
        Error::Corrupt { path: self.path.clone(), offset, what: what.into() }
    }

    /// The file's number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Documents, the dead ones too.
    #[must_use]
    pub fn docs(&self) -> usize {
        self.header.docs as usize
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The highest sequence number of a document.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.header.last_sequence
    }

    /// The sequence number of each document.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.section(0).as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b))
    }

    /// All terms, ascending: what a look at the file can find.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn terms(&self) -> Result<Vec<String>> {
        self.prepare(&CancelToken::default())?;
        let mut terms = self.reader()?.terms().stream().map_err(|e| Error::internal(e.to_string()))?;
        let mut out = Vec::new();
        while terms.advance() {
            out.push(String::from_utf8_lossy(terms.key()).into_owned());
        }
        Ok(out)
    }

    /// Terms of each document, unweighed.
    #[must_use]
    pub fn lengths(&self) -> &[u32] {
        bytemuck::cast_slice(self.section(1))
    }
}

/// Runs tantivy; a panic of its is an error.
pub(super) fn contained<T>(f: impl FnOnce() -> tantivy::Result<T>) -> std::result::Result<T, String> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(_) => Err("tantivy panicked".into()),
    }
}

impl std::fmt::Debug for TextSegment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextSegment").field("number", &self.number).field("docs", &self.docs()).finish_non_exhaustive()
    }
}
