//! The payload of a CHUNK record: attributes, then content.

use super::varint::{Reader, put, put_bytes};
use crate::chunk::{Attributes, ChunkType, MemoryType};
use crate::mutants::mutant;

const TYPES: [ChunkType; 14] = [
    ChunkType::SpikeTemplate,
    ChunkType::Pattern,
    ChunkType::ApiIntegration,
    ChunkType::Component,
    ChunkType::Application,
    ChunkType::Configuration,
    ChunkType::BestPractice,
    ChunkType::ErrorSolution,
    ChunkType::Performance,
    ChunkType::Security,
    ChunkType::Testing,
    ChunkType::Documentation,
    ChunkType::Conversation,
    ChunkType::Thought,
];
const MEMORIES: [MemoryType; 5] =
    [MemoryType::LongTerm, MemoryType::ShortTerm, MemoryType::Episodic, MemoryType::Semantic, MemoryType::Procedural];

fn number<T: PartialEq>(table: &[T], v: &T) -> u8 {
    table.iter().position(|t| t == v).unwrap_or(0) as u8
}

/// Appends the payload to `out`.
pub fn encode_payload(out: &mut Vec<u8>, a: &Attributes, content: &[u8]) {
    out.extend_from_slice(&a.quality_score.to_le_bytes());
    out.push(number(&TYPES, &a.chunk_type));
    out.push(number(&MEMORIES, &a.memory_type));
    let bit = |on: bool, b: u8| if on { b } else { 0 };
    out.push(bit(a.pinned, 1) | bit(a.language.is_some(), 2) | bit(a.source.is_some(), 4) | bit(!a.metadata.is_empty(), 8));
    for list in [&a.frameworks, &a.tags] {
        put(out, list.len() as u64);
        for s in list {
            put_bytes(out, s.as_bytes());
        }
    }
    for s in [&a.language, &a.source].into_iter().flatten() {
        put_bytes(out, s.as_bytes());
    }
    if !a.metadata.is_empty() {
        // a map of JSON values always serialises
        put_bytes(out, serde_json::to_string(&a.metadata).unwrap_or_default().as_bytes());
    }
    out.extend_from_slice(content);
}

/// Attributes and content of a payload; `None` when it is not one.
pub fn decode_payload(payload: &[u8]) -> Option<(Attributes, &[u8])> {
    let mut r = Reader(payload);
    let mut a = Attributes { quality_score: f32::from_le_bytes(r.array()?), ..Attributes::default() };
    a.chunk_type = *TYPES.get(r.u8()? as usize)?;
    a.memory_type = *MEMORIES.get(r.u8()? as usize)?;
    let bits = r.u8()?;
    a.pinned = bits & 1 != 0;
    for list in [&mut a.frameworks, &mut a.tags] {
        let n = usize::try_from(r.varint()?).ok()?;
        let most = if mutant!("payload_count_believed") { usize::MAX } else { r.0.len() };
        list.reserve(n.min(most)); // a string is a byte or more
        for _ in 0..n {
            list.push(r.text()?.to_owned());
        }
    }
    if bits & 2 != 0 {
        a.language = Some(r.text()?.to_owned());
    }
    if bits & 4 != 0 {
        a.source = Some(r.text()?.to_owned());
    }
    if bits & 8 != 0 {
        a.metadata = serde_json::from_slice(r.bytes()?).ok()?;
    }
    Some((a, r.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let mut a = Attributes {
            frameworks: vec!["Next.js".into(), "Hono".into()],
            tags: vec!["bff".into()],
            quality_score: 0.9,
            chunk_type: ChunkType::Thought,
            memory_type: MemoryType::Procedural,
            language: Some("typescript".into()),
            source: None,
            pinned: true,
            ..Attributes::default()
        };
        a.metadata.insert("n".into(), serde_json::json!({"deep": [1, 2.5, null]}));
        let mut out = Vec::new();
        encode_payload(&mut out, &a, b"content \xff");
        assert_eq!(decode_payload(&out), Some((a, &b"content \xff"[..])));
        for cut in 0..10 {
            assert!(decode_payload(&out[..cut]).is_none());
        }
    }
}
