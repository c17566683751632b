//! A chunk as a line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::chunk::{ChunkType, MemoryType};
use crate::report::Record;
use crate::time::format_iso;

/// The vector of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineVector {
    /// Model id.
    pub model: String,
    /// Unit length.
    pub values: Vec<f32>,
    /// It covers only the first tokens of the text.
    pub truncated: bool,
}

/// The members in the order of a line.
#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    namespace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_base64: Option<String>,
    frameworks: &'a [String],
    tags: &'a [String],
    quality_score: f32,
    chunk_type: ChunkType,
    memory_type: MemoryType,
    language: Option<&'a str>,
    source: Option<&'a str>,
    metadata: &'a serde_json::Map<String, serde_json::Value>,
    pinned: bool,
    created_at: String,
    updated_at: String,
    accessed_at: String,
    expires_at: Option<String>,
    usage_count: u32,
    version: u32,
    content_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<WrittenVector<'a>>,
}

#[derive(Serialize)]
struct WrittenVector<'a> {
    model: &'a str,
    dimensions: usize,
    f32: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

/// Appends a line, its end included. Content that is not UTF-8 stands in `content_base64`; the values of a vector are base64 of
/// little-endian f32.
pub fn write_line(out: &mut Vec<u8>, r: &Record, vector: Option<&LineVector>) {
    let (c, a) = (&*r.chunk, &r.chunk.attributes);
    let content = std::str::from_utf8(&c.content).ok();
    let line = Written {
        id: &c.id,
        namespace: &c.namespace,
        content,
        content_base64: content.is_none().then(|| STANDARD.encode(&c.content)),
        frameworks: &a.frameworks,
        tags: &a.tags,
        quality_score: a.quality_score,
        chunk_type: a.chunk_type,
        memory_type: a.memory_type,
        language: a.language.as_deref(),
        source: a.source.as_deref(),
        metadata: &a.metadata,
        pinned: a.pinned,
        created_at: format_iso(c.created_at),
        updated_at: format_iso(c.updated_at),
        accessed_at: format_iso(r.accessed_at),
        expires_at: c.expires_at.map(format_iso),
        usage_count: r.usage_count,
        version: c.version,
        content_hash: format!("{:032x}", c.content_hash),
        embedding: vector.map(|v| WrittenVector {
            model: &v.model,
            dimensions: v.values.len(),
            f32: STANDARD.encode(v.values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()),
            truncated: v.truncated,
        }),
    };
    // text, numbers and maps with text keys always serialise
    if serde_json::to_writer(&mut *out, &line).is_ok() {
        out.push(b'\n');
    }
}
