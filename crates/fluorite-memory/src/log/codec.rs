//! Compression with dictionaries, over contexts that are kept for the next call.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::error::{Error, Result};

/// Payloads under this many bytes are stored as they are when zstd does not shorten them.
const KEPT_CONTEXTS: usize = 16;

#[derive(Default)]
struct Contexts {
    compress: HashMap<(u32, i32), Vec<Compressor<'static>>>,
    decompress: HashMap<u32, Vec<Decompressor<'static>>>,
}

/// Compresses and decompresses payloads. Shared by all threads.
#[derive(Default)]
pub struct Codec {
    dictionaries: RwLock<HashMap<u32, Arc<[u8]>>>,
    contexts: Mutex<Contexts>,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Codec")
    }
}

impl Codec {
    /// Makes a dictionary known.
    pub fn add(&self, id: u32, bytes: Vec<u8>) {
        self.dictionaries.write().insert(id, bytes.into());
    }

    /// Whether a dictionary is known.
    pub fn has(&self, id: u32) -> bool {
        self.dictionaries.read().contains_key(&id)
    }

    fn dictionary(&self, id: u32) -> Result<Arc<[u8]>> {
        if id == 0 {
            return Ok(Arc::default());
        }
        let known = self.dictionaries.read();
        known.get(&id).cloned().ok_or_else(|| Error::internal(format!("dictionary {id} is not loaded")))
    }

    /// A zstd frame of `raw`, or `None` when it would not be shorter.
    pub fn compress(&self, raw: &[u8], dictionary: u32, level: i32) -> Result<Option<Vec<u8>>> {
        let kept = self.contexts.lock().compress.get_mut(&(dictionary, level)).and_then(Vec::pop);
        let mut context = match kept {
            Some(c) => c,
            None => self.compressor(dictionary, level).map_err(|e| Error::internal(format!("zstd: {e}")))?,
        };
        let out = context.compress(raw).map_err(|e| Error::internal(format!("zstd: {e}")))?;
        let mut contexts = self.contexts.lock();
        let pool = contexts.compress.entry((dictionary, level)).or_default();
        if pool.len() < KEPT_CONTEXTS {
            pool.push(context);
        }
        Ok((out.len() < raw.len()).then_some(out))
    }

    fn compressor(&self, dictionary: u32, level: i32) -> std::io::Result<Compressor<'static>> {
        let bytes = self.dictionary(dictionary).map_err(|e| std::io::Error::other(e.to_string()))?;
        let mut c = Compressor::with_dictionary(level, &bytes)?;
        for p in [CParameter::DictIdFlag(false), CParameter::ContentSizeFlag(false), CParameter::ChecksumFlag(false)] {
            c.set_parameter(p)?; // the record's header has the length, the id and the checksum
        }
        Ok(c)
    }

    /// Exactly `raw_len` bytes out of a frame; the error says what does not fit.
    pub fn decompress(&self, frame: &[u8], dictionary: u32, raw_len: usize) -> std::result::Result<Vec<u8>, &'static str> {
        let kept = self.contexts.lock().decompress.get_mut(&dictionary).and_then(Vec::pop);
        let mut context = match kept {
            Some(d) => d,
            None => {
                let bytes = self.dictionary(dictionary).map_err(|_| "a record's dictionary is missing")?;
                Decompressor::with_dictionary(&bytes).map_err(|_| "a record's dictionary cannot be used")?
            }
        };
        let out = context.decompress(frame, raw_len).map_err(|_| "a record does not decompress")?;
        let mut contexts = self.contexts.lock();
        let pool = contexts.decompress.entry(dictionary).or_default();
        if pool.len() < KEPT_CONTEXTS {
            pool.push(context);
        }
        if out.len() == raw_len { Ok(out) } else { Err("a record decompresses to another length") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_with_and_without_a_dictionary() {
        let samples: Vec<Vec<u8>> =
            (0..500).map(|i| format!("export function handler{i}(request, response) {{ return {i} }}").into_bytes()).collect();
        let codec = Codec::default();
        codec.add(1, crate::log::train_dictionary(&samples, 64 << 10).unwrap());
        let raw = &samples[7];
        let with = codec.compress(raw, 1, 3).unwrap().unwrap();
        for (id, frame) in [(1, with.clone()), (0, codec.compress(&raw.repeat(4), 0, 3).unwrap().unwrap())] {
            let len = if id == 1 { raw.len() } else { raw.len() * 4 };
            assert_eq!(codec.decompress(&frame, id, len).unwrap().len(), len);
            assert!(codec.decompress(&frame, id, len - 1).is_err(), "a lying length is noticed");
        }
        assert!(with.len() * 2 < raw.len(), "the dictionary must help");
        assert!(codec.decompress(&with, 9, raw.len()).is_err());
    }
}
