//! What a segment lends its records: the start of their checksums, and the seal of an encrypted store.

use std::sync::Arc;

use crate::crypt::Cipher;
use crate::vfs::Vfs;

/// Bytes of a record before its body: crc, length, kind, flags, sequence number.
pub const RECORD_HEAD: usize = 18;

/// Of one segment. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Frame {
    salt: u32,
    segment: u32,
    cipher: Option<Arc<Cipher>>,
}

impl Frame {
    /// Without a seal.
    #[must_use]
    pub const fn plain(salt: u32) -> Self {
        Self { salt, segment: 0, cipher: None }
    }

    /// Of a segment on these files.
    pub fn new(salt: u32, segment: u32, vfs: &dyn Vfs) -> Self {
        Self { salt, segment, cipher: vfs.cipher() }
    }

    /// The start of every checksum.
    #[must_use]
    pub const fn salt(&self) -> u32 {
        self.salt
    }

    /// Seals the body of the record that begins at `start`; its kind, flags, sequence number and segment are sealed along.
    pub(super) fn seal(&self, out: &mut Vec<u8>, start: usize) {
        let Some(cipher) = &self.cipher else { return };
        let mut head = [0; RECORD_HEAD - 8];
        head.copy_from_slice(&out[start + 8..start + RECORD_HEAD]);
        cipher.seal(&[b"record", &self.segment.to_le_bytes(), &head], out, start + RECORD_HEAD);
    }

    /// The data key that sealed the body of the record these bytes begin with. `None` without a seal.
    pub(super) fn generation_of(&self, record: &[u8]) -> Option<u32> {
        self.cipher.as_ref().and_then(|_| Cipher::generation_of(record.get(RECORD_HEAD..)?))
    }

    /// The body of a whole record, opened into `scratch` where it is sealed. `None`: it is not what was sealed here.
    pub(super) fn open<'a>(&self, record: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let body = record.get(RECORD_HEAD..)?;
        let Some(cipher) = &self.cipher else { return Some(body) };
        let head = record.get(8..RECORD_HEAD)?;
        cipher.open(&[b"record", &self.segment.to_le_bytes(), head], body, scratch).then_some(&**scratch)
    }
}
