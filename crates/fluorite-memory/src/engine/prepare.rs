//! A chunk on its way into the log: checked, completed, compressed. No lock is held here.

use crate::chunk::{Attributes, Chunk, ChunkInput, DEFAULT_NAMESPACE, MAX_ID_BYTES, check_id};
use crate::engine::EngineConfig;
use crate::engine::pieces::PartOf;
use crate::error::{Error, Result};
use crate::jsonl::Past;
use crate::log::{Codec, encode_payload};

/// Vector of a prepared chunk.
#[derive(Debug, Clone)]
pub struct PreparedVector {
    pub values: Vec<f32>,
    pub truncated: bool,
}

/// A checked chunk with its compressed payload.
#[derive(Debug)]
pub struct PreparedChunk {
    pub key: u128,
    /// Times, version and sequence number are filled in by the committer.
    pub chunk: Chunk,
    pub payload: Vec<u8>,
    pub compressed: bool,
    pub dictionary: u32,
    pub raw_len: u32,
    pub ttl_ms: Option<i64>,
    pub vector: Option<PreparedVector>,
    /// What it brings along from elsewhere.
    pub past: Option<Box<Past>>,
    /// A piece of a text that is stored in this batch.
    pub part: Option<Box<PartOf>>,
}

/// The key of a chunk in memory and in the log's counters.
#[must_use]
pub fn chunk_key(seed: u64, namespace: &str, id: &str) -> u128 {
    let mut bytes = Vec::with_capacity(namespace.len() + id.len() + 1);
    bytes.extend_from_slice(namespace.as_bytes());
    bytes.push(0); // a namespace holds no NUL (checked below), so pairs stay distinct
    bytes.extend_from_slice(id.as_bytes());
    xxhash_rust::xxh3::xxh3_128_with_seed(&bytes, seed)
}

/// A namespace that can be one.
pub fn check_namespace(namespace: &str) -> Result<()> {
    if namespace.is_empty() || namespace.len() > MAX_ID_BYTES || namespace.contains('\0') {
        return Err(Error::argument(format!("namespace must be 1 to {MAX_ID_BYTES} bytes of text without NUL")));
    }
    Ok(())
}

/// What compression a payload gets.
#[derive(Debug, Clone, Copy)]
pub struct Compression {
    pub dictionary: u32,
    /// `None` stores as it is.
    pub level: Option<i32>,
}

/// Checks and completes a chunk. The vector stays as supplied (normalised); embedding comes later.
pub fn check(input: ChunkInput, config: &EngineConfig, seed: u64, dimensions: Option<usize>) -> Result<PreparedChunk> {
    let id = input.id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    check_id(&id)?;
    let namespace = input.namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
    check_namespace(&namespace)?;
    let content = input.content.0;
    if content.len() > config.max_chunk_size {
        return Err(Error::ChunkTooLarge { id, size: content.len() as u64, limit: config.max_chunk_size as u64 });
    }
    let quality_score = input.quality_score.unwrap_or(0.5);
    if !(0.0..=1.0).contains(&quality_score) {
        return Err(Error::argument(format!("quality_score of {id:?} must be between 0 and 1, it is {quality_score}")));
    }
    let ttl_ms = match input.ttl_seconds {
        None => None,
        Some(s) if s.is_finite() && s > 0.0 && s < 1e11 => Some(((s * 1e3) as i64).max(1)),
        Some(s) => {
            return Err(Error::argument(format!("ttl_seconds of {id:?} must be a number above 0 and below 1e11, it is {s}")));
        }
    };
    let vector = match input.embedding {
        None => None,
        Some(mut values) => {
            check_vector(&mut values, dimensions)?;
            Some(PreparedVector { values, truncated: false })
        }
    };
    let attributes = Attributes {
        frameworks: input.frameworks.unwrap_or_default(),
        tags: input.tags.unwrap_or_default(),
        quality_score,
        chunk_type: input.chunk_type.unwrap_or_default(),
        memory_type: input.memory_type.unwrap_or_default(),
        language: input.language,
        source: input.source,
        metadata: input.metadata.unwrap_or_default(),
        pinned: input.pinned.unwrap_or(false),
    };
    let key = chunk_key(seed, &namespace, &id);
    let content_hash = xxhash_rust::xxh3::xxh3_128(&content);
    let chunk = Chunk {
        id,
        namespace,
        content,
        attributes,
        created_at: 0,
        updated_at: 0,
        expires_at: None,
        version: 0,
        content_hash,
        sequence: 0,
    };
    let payload = Vec::new();
    Ok(PreparedChunk {
        key,
        chunk,
        payload,
        compressed: false,
        dictionary: 0,
        raw_len: 0,
        ttl_ms,
        vector,
        past: None,
        part: None,
    })
}

/// Encodes and compresses the payload.
pub fn encode(prepared: &mut PreparedChunk, codec: &Codec, how: Compression) -> Result<()> {
    let c = &prepared.chunk;
    let mut raw = Vec::with_capacity(c.content.len() + 128);
    encode_payload(&mut raw, &c.attributes, &c.content);
    let metadata = raw.len() - c.content.len();
    if metadata > 1 << 24 {
        return Err(Error::ChunkTooLarge { id: c.id.clone(), size: metadata as u64, limit: 1 << 24 });
    }
    prepared.raw_len = raw.len() as u32; // content and metadata are bounded above
    if let Some(level) = how.level
        && let Some(frame) = codec.compress(&raw, how.dictionary, level)?
    {
        prepared.payload = frame;
        prepared.compressed = true;
        prepared.dictionary = how.dictionary;
        return Ok(());
    }
    prepared.payload = raw;
    Ok(())
}

/// Normalises a supplied vector, or says what is wrong with it.
pub fn check_vector(values: &mut [f32], dimensions: Option<usize>) -> Result<()> {
    if let Some(expected) = dimensions
        && expected != values.len()
    {
        return Err(Error::DimensionMismatch { expected, found: values.len() });
    }
    if values.is_empty() || values.len() > 16_384 {
        return Err(Error::argument(format!("a vector has 1 to 16,384 dimensions, not {}", values.len())));
    }
    if !fluorite_ml::vector::normalize(values) {
        return Err(Error::argument("a vector must be finite and not zero"));
    }
    Ok(())
}
