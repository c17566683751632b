//! The chunk: what a caller gives, what is kept, and what comes back.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Longest id in bytes.
pub const MAX_ID_BYTES: usize = 1_024;
/// The namespace of chunks that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// What a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names say it
pub enum ChunkType {
    SpikeTemplate,
    Pattern,
    ApiIntegration,
    #[default]
    Component,
    Application,
    Configuration,
    BestPractice,
    ErrorSolution,
    Performance,
    Security,
    Testing,
    Documentation,
    Conversation,
    Thought,
}

/// How long a chunk is meant to matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum MemoryType {
    #[default]
    LongTerm,
    ShortTerm,
    Episodic,
    Semantic,
    Procedural,
}

/// Text from the caller, or bytes that need not be text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(pub Vec<u8>);

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        struct Form;
        impl serde::de::Visitor<'_> for Form {
            type Value = Content;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a Buffer")
            }
            fn visit_str<E>(self, v: &str) -> std::result::Result<Content, E> {
                Ok(v.into())
            }
            fn visit_string<E>(self, v: String) -> std::result::Result<Content, E> {
                Ok(Content(v.into_bytes()))
            }
            fn visit_byte_buf<E>(self, v: Vec<u8>) -> std::result::Result<Content, E> {
                Ok(Content(v))
            }
        }
        d.deserialize_any(Form)
    }
}

impl From<&str> for Content {
    fn from(s: &str) -> Self {
        Self(s.as_bytes().to_vec())
    }
}

/// A chunk as the caller gives it. Only `content` is required.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkInput {
    /// 1 to 1,024 bytes; a UUIDv7 when absent. Unique per namespace.
    pub id: Option<String>,
    /// Text, or bytes.
    pub content: Content,
    /// Frameworks the chunk belongs to.
    #[serde(default)]
    pub frameworks: Option<Vec<String>>,
    /// Free labels.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// 0 to 1; 0.5 when absent.
    pub quality_score: Option<f32>,
    /// `component` when absent.
    pub chunk_type: Option<ChunkType>,
    /// `long_term` when absent.
    pub memory_type: Option<MemoryType>,
    /// Programming or natural language.
    pub language: Option<String>,
    /// Where it came from (path, URL).
    pub source: Option<String>,
    /// `default` when absent.
    pub namespace: Option<String>,
    /// Any JSON object.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// A vector of the store's model; normalised when stored.
    #[serde(default, deserialize_with = "crate::input::floats::option")]
    pub embedding: Option<Vec<f32>>,
    /// Seconds until the chunk expires.
    pub ttl_seconds: Option<f64>,
    /// Never evicted by bounded memories.
    pub pinned: Option<bool>,
}

impl ChunkInput {
    /// A chunk with this content and nothing else.
    #[must_use]
    pub fn text(content: &str) -> Self {
        Self {
            id: None,
            content: content.into(),
            frameworks: None,
            tags: None,
            quality_score: None,
            chunk_type: None,
            memory_type: None,
            language: None,
            source: None,
            namespace: None,
            metadata: None,
            embedding: None,
            ttl_seconds: None,
            pinned: None,
        }
    }

    /// The same with this id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }
}

/// The part of a chunk that is compressed together with its content.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Attributes {
    /// Frameworks.
    pub frameworks: Vec<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// 0 to 1.
    pub quality_score: f32,
    /// Kind of chunk.
    pub chunk_type: ChunkType,
    /// Kind of memory.
    pub memory_type: MemoryType,
    /// Language.
    pub language: Option<String>,
    /// Origin.
    pub source: Option<String>,
    /// Any JSON object.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Pinned.
    pub pinned: bool,
}

/// One stored version of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Id, unique in `namespace`.
    pub id: String,
    /// Namespace.
    pub namespace: String,
    /// Bytes as stored.
    pub content: Vec<u8>,
    /// Everything the caller said about it.
    pub attributes: Attributes,
    /// Milliseconds since the epoch: first version.
    pub created_at: i64,
    /// Milliseconds since the epoch: this version.
    pub updated_at: i64,
    /// Milliseconds since the epoch when the chunk expires.
    pub expires_at: Option<i64>,
    /// 1 for the first version.
    pub version: u32,
    /// XXH3-128 of the content.
    pub content_hash: u128,
    /// Sequence number of this version in the log.
    pub sequence: u64,
}

impl Chunk {
    /// Bytes of memory this chunk holds, for the cache's bound.
    #[must_use]
    pub fn weight(&self) -> usize {
        let a = &self.attributes;
        let lists: usize = a.frameworks.iter().chain(&a.tags).map(|s| s.len() + 24).sum();
        let metadata = if a.metadata.is_empty() { 0 } else { 64 * a.metadata.len() + json_weight(&a.metadata) };
        self.id.len() + self.namespace.len() + self.content.len() + lists + metadata + 320
    }

    /// The content as text; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.content)
    }
}

fn json_weight(map: &serde_json::Map<String, serde_json::Value>) -> usize {
    map.iter().map(|(k, v)| k.len() + value_weight(v)).sum()
}

fn value_weight(v: &serde_json::Value) -> usize {
    match v {
        serde_json::Value::String(s) => s.len() + 32,
        serde_json::Value::Array(a) => a.iter().map(value_weight).sum::<usize>() + 32,
        serde_json::Value::Object(o) => json_weight(o) + 64,
        _ => 32,
    }
}

/// Checks an id against the limits.
pub fn check_id(id: &str) -> Result<()> {
    if id.is_empty() {
        return Err(Error::InvalidId { message: "it is empty; give 1 to 1,024 bytes of text, or none at all".into() });
    }
    if id.len() > MAX_ID_BYTES {
        return Err(Error::InvalidId { message: format!("it has {} bytes, the limit is {MAX_ID_BYTES}", id.len()) });
    }
    Ok(())
}
