//! Storing chunks with their past: times, reads, versions and vectors they had elsewhere.

use std::sync::Arc;

use super::prepare::{PreparedChunk, PreparedVector, check_vector};
use super::shared::Shared;
use crate::chunk::{Chunk, DEFAULT_NAMESPACE};
use crate::error::{Error, Result};
use crate::jsonl::{Past, Restored};

/// How far from 1 the length of a vector may be that is kept as it is.
const UNIT: f64 = 1e-3;

impl Shared {
    /// Whether vectors of this model can enter the store: it is the store's, or the store has none yet.
    pub fn takes_vectors_of(&self, model: &str) -> bool {
        self.model.lock().as_ref().is_none_or(|m| m.id == model)
    }

    /// Is it stored already: this content, every field that is given, and a vector where one is brought along?
    pub fn has_restored(&self, r: &Restored) -> bool {
        let namespace = r.chunk.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        let Some(id) = r.chunk.id.as_deref() else { return false };
        let state = self.state.read();
        let Some((row, known)) = state.find(self.key(namespace, id)) else { return false };
        let lacks = r.chunk.embedding.is_some() && !state.embedded.contains(row);
        !lacks && self.load_aside(&state, known).is_ok_and(|chunk| is_same(r, &chunk))
    }

    /// Gives a checked chunk its vector and its past.
    pub fn restore(&self, prepared: &mut PreparedChunk, past: Past, vector: Option<Vec<f32>>, now: i64) -> Result<()> {
        if let Some(mut values) = vector {
            let norm = values.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
            if (norm - 1.0).abs() > UNIT || values.is_empty() {
                check_vector(&mut values, None)?;
            }
            if let Some(expected) = self.dimensions().filter(|d| *d != values.len()) {
                return Err(Error::DimensionMismatch { expected, found: values.len() });
            }
            prepared.vector = Some(PreparedVector { values, truncated: past.truncated });
        }
        if let Some(at) = past.expires_at {
            prepared.ttl_ms = Some(at.saturating_sub(now).max(1));
        }
        prepared.past = Some(Box::new(past));
        Ok(())
    }
}

fn is_same(r: &Restored, stored: &Arc<Chunk>) -> bool {
    let (c, a) = (&r.chunk, &stored.attributes);
    fn given<T: PartialEq>(value: &Option<T>, kept: &T) -> bool {
        value.as_ref().is_none_or(|v| v == kept)
    }
    c.content.0 == stored.content
        && (c.ttl_seconds.is_some() || r.past.expires_at.is_some()) == stored.expires_at.is_some()
        && given(&c.frameworks, &a.frameworks)
        && given(&c.tags, &a.tags)
        && given(&c.quality_score, &a.quality_score)
        && given(&c.chunk_type, &a.chunk_type)
        && given(&c.memory_type, &a.memory_type)
        && (c.language.is_none() || c.language == a.language)
        && (c.source.is_none() || c.source == a.source)
        && given(&c.metadata, &a.metadata)
        && given(&c.pinned, &a.pinned)
}
