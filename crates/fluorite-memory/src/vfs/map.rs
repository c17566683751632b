//! Read-only maps. The one place of this crate with `unsafe`.
#![allow(unsafe_code)] // mapping a file is unsafe by nature; the invariant is kept here

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes of a sealed file; clones share them.
#[derive(Debug, Clone)]
pub struct Mapped(Inner);

#[derive(Debug, Clone)]
enum Inner {
    Map(Arc<memmap2::Mmap>),
    Owned(Arc<[u8]>),
}

impl Mapped {
    /// Maps the first `len` bytes; fails when the file is shorter (reading past its end would be SIGBUS).
    pub(super) fn of_file(file: &File, len: u64) -> io::Result<Self> {
        if file.metadata()?.len() < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?;
        if len == 0 {
            return Ok(Self::owned(Vec::new()));
        }
        // SAFETY: the file is sealed: this engine holds the store's exclusive lock and never writes to, truncates or
        // replaces a sealed file in place; its length was compared above. Another process that ignores the lock and
        // truncates the file is outside the contract (docs/format.md).
        let map = unsafe { memmap2::MmapOptions::new().len(len).map(file)? };
        Ok(Self(Inner::Map(Arc::new(map))))
    }

    /// Gives the resident pages back to the page cache: they are mapped again when they are read.
    pub fn release(&self) {
        #[cfg(unix)]
        if let Inner::Map(m) = &self.0 {
            // SAFETY: a shared, read-only map of a file that is never changed: dropped pages are read from it again, with
            // the same bytes. Readers on other threads fault and go on.
            let _ = unsafe { m.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
        }
    }

    /// Bytes in memory, for the simulated disk and for small files.
    #[must_use]
    pub fn owned(bytes: Vec<u8>) -> Self {
        Self(Inner::Owned(bytes.into()))
    }
}

// SAFETY: the bytes stay where they are while any clone lives: both kinds are behind an `Arc`, and nothing moves or changes
// what it holds. tantivy reads text segments through this without copying them.
unsafe impl stable_deref_trait::StableDeref for Mapped {}

impl Deref for Mapped {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Inner::Map(m) => m,
            Inner::Owned(b) => b,
        }
    }
}
