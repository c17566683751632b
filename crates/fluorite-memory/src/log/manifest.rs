//! MANIFEST: which files count.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::segment::FORMAT_VERSION;
use crate::error::{Error, Result};
use crate::vfs::{Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOMAN1";
const NAME: &str = "MANIFEST";

/// The model whose vectors the store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    /// Name and file hash.
    pub id: String,
    /// Numbers per vector.
    pub dimensions: usize,
}

/// A read-only segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSegment {
    /// Number.
    pub number: u32,
    /// Bytes.
    pub length: u64,
    /// crc32c of the whole file.
    pub crc: u32,
}

/// The root of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Identity of the store, in hexadecimal.
    pub store_id: String,
    /// Seed of the chunk keys.
    pub key_seed: u64,
    /// Model, once a vector was stored.
    pub model: Option<ModelId>,
    /// Dictionaries in use; the last one compresses.
    pub dictionaries: Vec<u32>,
    /// Read-only segments.
    pub sealed: Vec<SealedSegment>,
    /// The segment being written.
    pub live: u32,
    /// Number of the next segment.
    pub next_segment: u32,
}

impl Manifest {
    /// A new store's.
    #[must_use]
    pub fn new(store_id: u128, key_seed: u64) -> Self {
        let store_id = format!("{store_id:032x}");
        Self { store_id, key_seed, model: None, dictionaries: Vec::new(), sealed: Vec::new(), live: 1, next_segment: 2 }
    }

    /// The store id as a number.
    pub fn id(&self) -> Result<u128> {
        u128::from_str_radix(&self.store_id, 16).map_err(|_| Error::internal("the manifest's store_id is not hexadecimal"))
    }

    /// Reads it; `None` in a folder without one.
    pub fn load(vfs: &dyn Vfs, dir: &Path) -> Result<Option<Self>> {
        let Some(body) = read_checked(vfs, dir, NAME, MAGIC, FORMAT_VERSION)? else { return Ok(None) };
        serde_json::from_slice(&body).map(Some).map_err(|e| Error::Corrupt {
            path: dir.join(NAME),
            offset: 20,
            what: format!("the manifest does not parse: {e}"),
        })
    }

    /// Replaces it atomically.
    pub fn save(&self, vfs: &dyn Vfs, dir: &Path) -> Result<()> {
        let body = serde_json::to_vec(self).map_err(|e| Error::internal(e.to_string()))?;
        replace(vfs, dir, NAME, MAGIC, FORMAT_VERSION, &body)
    }
}
