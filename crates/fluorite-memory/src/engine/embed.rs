//! Text to vector, through the embedding cache.

use super::prepare::PreparedVector;
use super::shared::Shared;
use crate::error::{Error, Result};

impl Shared {
    /// The vector of a text. Takes milliseconds: pool threads only.
    pub fn embed_text(&self, text: &str) -> Result<PreparedVector> {
        let embedder = self.embedder.as_ref().ok_or_else(|| {
            Error::Embedding(fluorite_ml::Error::EmbeddingFailed {
                message: "this engine was opened with enable_ml: false; open it with the model, or supply vectors".into(),
            })
        })?;
        if let Some(found) = self.embeddings.get(embedder.model_id(), text) {
            return Ok(PreparedVector { values: found.values.to_vec(), truncated: found.truncated });
        }
        let made = embedder.embed(text)?;
        let kept = self.embeddings.insert(embedder.model_id(), text, made);
        Ok(PreparedVector { values: kept.values.to_vec(), truncated: kept.truncated })
    }
}
