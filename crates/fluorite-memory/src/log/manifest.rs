//! MANIFEST: which files count.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::segment::FORMAT_VERSION;
use crate::crypt::Encryption;
use crate::error::{Error, Result};
use crate::mutants::mutant;
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

/// Where the live segment ended when the store was last closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Number of the segment.
    pub segment: u32,
    /// Bytes, all durable.
    pub length: u64,
}

/// What a dictionary was trained from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trained {
    /// Number of the dictionary.
    pub dictionary: u32,
    /// How many of the stages of training the store had passed with it.
    pub stage: u32,
    /// No sample has this sequence number or a later one.
    pub upto: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The root of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Identity of the store, in hexadecimal.
    pub store_id: String,
    /// Seed of the chunk keys.
    pub key_seed: u64,
    /// How it is encrypted; `None`: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Model, once a vector was stored.
    pub model: Option<ModelId>,
    /// Dictionaries in use; the last one compresses.
    pub dictionaries: Vec<u32>,
    /// What they were trained from. A dictionary of an older release has no entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trained: Vec<Trained>,
    /// Number of the next dictionary, once one has gone: numbers are not used twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub next_dictionary: u32,
    /// Dictionaries a purged chunk may have been a sample of: they go once no record needs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spoiled: Vec<u32>,
    /// Read-only segments.
    pub sealed: Vec<SealedSegment>,
    /// The segment being written.
    pub live: u32,
    /// Number of the next segment.
    pub next_segment: u32,
    /// The log's next sequence number when a compaction last took its segments out: what it dropped may have had the highest ones,
    /// and none is used twice.
    #[serde(default)]
    pub next_sequence: u64,
    /// The last clean close, or of a copy its end; of a segment that is sealed since it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

impl Manifest {
    /// A new store's.
    #[must_use]
    pub fn new(store_id: u128, key_seed: u64) -> Self {
        let store_id = format!("{store_id:032x}");
        Self {
            store_id,
            key_seed,
            encryption: None,
            model: None,
            dictionaries: Vec::new(),
            trained: Vec::new(),
            next_dictionary: 0,
            spoiled: Vec::new(),
            sealed: Vec::new(),
            live: 1,
            next_segment: 2,
            next_sequence: 0,
            closed: None,
        }
    }

    /// The same, with the live segment that long.
    #[must_use]
    pub fn closed_at(&self, length: u64) -> Self {
        Self { closed: Some(Closed { segment: self.live, length }), ..self.clone() }
    }

    /// Bytes the live segment has at least: a shorter one lost what was durable, whoever cut it.
    #[must_use]
    pub fn least_live(&self) -> u64 {
        self.closed.filter(|c| c.segment == self.live).map_or(0, |c| c.length)
    }

    /// The dictionary of new records; 0 = none.
    #[must_use]
    pub fn dictionary(&self) -> u32 {
        self.dictionaries.iter().rev().find(|d| !self.spoiled.contains(d)).copied().unwrap_or(0)
    }

    /// Stages of training behind the current dictionary.
    #[must_use]
    pub fn stage(&self) -> u32 {
        let current = self.dictionary();
        self.trained.iter().find(|t| t.dictionary == current).map_or(current, |t| t.stage)
    }

    /// Spoils the dictionaries that this version may have been a sample of; whether there was one more.
    pub fn spoil(&mut self, sequence: u64) -> bool {
        let upto = |d: u32| self.trained.iter().find(|t| t.dictionary == d).map_or(u64::MAX, |t| t.upto);
        let fresh = self.dictionaries.iter().filter(|d| sequence < upto(**d) && !self.spoiled.contains(d));
        let fresh: Vec<u32> = fresh.copied().collect();
        self.spoiled.extend(&fresh);
        !fresh.is_empty()
    }

    /// Number of the next dictionary.
    #[must_use]
    pub fn next_dictionary(&self) -> u32 {
        if mutant!("dictionary_number_overflows") {
            return self.dictionaries.iter().max().map_or(1, |d| d + 1).max(self.next_dictionary);
        }
        self.dictionaries.iter().max().map_or(1, |d| d.saturating_add(1)).max(self.next_dictionary)
    }

    /// Forgets the spoiled dictionaries; their numbers.
    pub fn drop_spoiled(&mut self) -> Vec<u32> {
        self.next_dictionary = self.next_dictionary();
        let gone = std::mem::take(&mut self.spoiled);
        self.dictionaries.retain(|d| !gone.contains(d));
        self.trained.retain(|t| !gone.contains(&t.dictionary));
        gone
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
