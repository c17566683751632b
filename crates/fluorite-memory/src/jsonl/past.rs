//! A chunk with what it has been through elsewhere.

use crate::chunk::ChunkInput;

/// What a chunk brings along beside its content: kept instead of what storing would say. Absent members are as for a new chunk.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// Milliseconds since the epoch: first version.
    pub created_at: Option<i64>,
    /// Milliseconds since the epoch: this version.
    pub updated_at: Option<i64>,
    /// Milliseconds since the epoch: last read.
    pub accessed_at: Option<i64>,
    /// Milliseconds since the epoch when it expires.
    pub expires_at: Option<i64>,
    /// Reads so far.
    pub usage_count: Option<u32>,
    /// Its version, for a chunk that is new to the store.
    pub version: Option<u32>,
    /// Model id of its vector. Used where the store's model is the same, or where it has none yet.
    pub model: Option<String>,
    /// The vector covers only the first tokens of the text.
    pub truncated: bool,
}

/// A chunk and its past. Its embedding is of the model the past names.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The chunk.
    pub chunk: ChunkInput,
    /// What it brings along.
    pub past: Past,
}
