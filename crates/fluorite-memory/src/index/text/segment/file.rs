//! A text segment as a file. `docs/format.md` draws the bytes.
//!
//! A page of header, then sections that begin at page ends, each with its own checksum: sequence numbers and lengths are
//! compared at opening; tantivy's files before tantivy sees a byte of them, because it trusts what it reads.

use std::path::Path;

use super::super::tokens::TOKENIZER_VERSION;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::vfs::{OpenMode, Vfs};

const MAGIC: &[u8; 8] = b"FLUOTXT1";
const VERSION: u32 = 1;
pub(super) const PAGE: usize = 4_096;
/// Bytes of a section in the header.
const ENTRY: usize = 80;
const ENTRIES_AT: usize = 64;
/// Most bytes of a section's name.
const NAME: usize = 56;
/// Most sections: what fits between `ENTRIES_AT` and the checksum.
const MOST: usize = (PAGE - 4 - ENTRIES_AT) / ENTRY;
/// Bytes per write: what one look at the cancel flag covers.
const WRITE: usize = 4 << 20;
/// Names of our own sections, in this order before tantivy's.
pub(super) const OWN: [&str; 2] = ["sequences", "lengths"];

const _: () = assert!(cfg!(target_endian = "little"), "text segments are mapped, and little-endian");

/// Where a section lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub name: String,
    pub offset: u64,
    pub length: u64,
    pub crc: u32,
}

/// The header.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Header {
    pub store_id: u128,
    /// Lowest and highest sequence number of a document.
    pub first_sequence: u64,
    pub last_sequence: u64,
    pub docs: u32,
    /// `OWN`, then tantivy's files.
    pub sections: Vec<Section>,
}

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Of another tokenizer or a later version: built again without a word.
    Other,
    Damaged(&'static str),
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PAGE);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&TOKENIZER_VERSION.to_le_bytes());
        out.extend_from_slice(&self.store_id.to_le_bytes());
        out.extend_from_slice(&self.first_sequence.to_le_bytes());
        out.extend_from_slice(&self.last_sequence.to_le_bytes());
        out.extend_from_slice(&self.docs.to_le_bytes());
        out.extend_from_slice(&(self.sections.len() as u32).to_le_bytes());
        out.resize(ENTRIES_AT, 0);
        for s in self.sections.iter().take(MOST) {
            let end = out.len() + ENTRY;
            out.extend_from_slice(&s.offset.to_le_bytes());
            out.extend_from_slice(&s.length.to_le_bytes());
            out.extend_from_slice(&s.crc.to_le_bytes());
            out.extend_from_slice(&(s.name.len() as u32).to_le_bytes());
            out.extend_from_slice(s.name.as_bytes());
            out.resize(end, 0);
        }
        out.resize(PAGE - 4, 0);
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// Reads and checks. Sections of an accepted header lie inside the file.
    pub fn decode(page: &[u8], file_len: u64, store_id: u128) -> std::result::Result<Self, Unfit> {
        let damaged = Unfit::Damaged;
        if page.len() != PAGE || page.get(..8) != Some(MAGIC) {
            return Err(damaged("the magic number does not match"));
        }
        let u32_at = |at: usize| page.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
        let u64_at = |at: usize| page.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
        if u32_at(PAGE - 4) != crc32c::crc32c(&page[..PAGE - 4]) {
            return Err(damaged("the header does not match its checksum"));
        }
        if u32_at(8) != VERSION || u32_at(12) != TOKENIZER_VERSION {
            return Err(Unfit::Other);
        }
        if u128::from(u64_at(16)) | u128::from(u64_at(24)) << 64 != store_id {
            return Err(damaged("it belongs to another store"));
        }
        let (docs, count) = (u32_at(48), u32_at(52) as usize);
        if count < OWN.len() || count > MOST {
            return Err(damaged("the number of sections does not make sense"));
        }
        let mut sections = Vec::with_capacity(count);
        for at in (0..count).map(|i| ENTRIES_AT + i * ENTRY) {
            let name = page.get(at + 24..at + 24 + u32_at(at + 20) as usize).filter(|n| n.len() <= NAME);
            let name = name.and_then(|n| std::str::from_utf8(n).ok()).ok_or(damaged("a section's name does not make sense"))?;
            let (offset, length) = (u64_at(at), u64_at(at + 8));
            if !offset.is_multiple_of(PAGE as u64) || offset.checked_add(length).is_none_or(|end| end > file_len) {
                return Err(damaged("a section lies outside the file"));
            }
            sections.push(Section { name: name.to_owned(), offset, length, crc: u32_at(at + 16) });
        }
        let own = |i: usize, width: u64| sections[i].name == OWN[i] && sections[i].length == u64::from(docs) * width;
        if !own(0, 8) || !own(1, 4) {
            return Err(damaged("a section has the wrong length"));
        }
        Ok(Self { store_id, first_sequence: u64_at(32), last_sequence: u64_at(40), docs, sections })
    }
}

/// Writes header and sections, and makes the file durable (its name becomes so with the list's).
pub(super) fn write(vfs: &dyn Vfs, path: &Path, mut header: Header, parts: &[(&str, &[u8])], cancel: &CancelToken) -> Result<()> {
    if parts.len() > MOST || parts.iter().any(|(name, _)| name.len() > NAME) {
        return Err(Error::internal("a text segment has files the format has no room for"));
    }
    let io = |action, e: &std::io::Error| Error::io(action, path, e);
    let file = vfs.open(path, OpenMode::Create).map_err(|e| io("cannot create", &e))?;
    let (mut offset, mut end) = (PAGE as u64, PAGE as u64);
    header.sections.clear();
    for (name, bytes) in parts {
        let mut crc = 0;
        for (i, part) in bytes.chunks(WRITE).enumerate() {
            cancel.check()?;
            file.write_at(part, offset + (i * WRITE) as u64).map_err(|e| io("cannot write", &e))?;
            crc = crc32c::crc32c_append(crc, part);
        }
        header.sections.push(Section { name: (*name).to_owned(), offset, length: bytes.len() as u64, crc });
        end = offset + bytes.len() as u64;
        offset = end.next_multiple_of(PAGE as u64);
    }
    file.set_len(end).map_err(|e| io("cannot write", &e))?;
    file.write_at(&header.encode(), 0).map_err(|e| io("cannot write", &e))?;
    file.sync().map_err(|e| io("cannot sync", &e))
}
