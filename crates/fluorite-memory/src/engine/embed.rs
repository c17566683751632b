//! Text to vector, through the embedding cache.

use super::prepare::PreparedVector;
use super::shared::Shared;
use crate::error::{Error, Result};

/// Bytes of a text the embedder gets: 256 tokens are far fewer, unless words are longer than any tokenizer keeps.
const MOST_TEXT: usize = 32 << 10;

impl Shared {
    /// The vector of a text, of which the model reads the beginning only: what cannot matter is not even tokenised. Takes milliseconds: pool threads only.
    pub fn embed_text(&self, text: &str) -> Result<PreparedVector> {
        let embedder = self.embedder.as_ref().ok_or_else(|| {
            Error::Embedding(fluorite_ml::Error::EmbeddingFailed {
                message: "this engine was opened with enable_ml: false; open it with the model, or supply vectors".into(),
            })
        })?;
        let cut = text.floor_char_boundary(MOST_TEXT);
        let (text, rest) = text.split_at(cut);
        let more = !rest.trim_start().is_empty();
        if let Some(found) = self.embeddings.get(embedder.model_id(), text) {
            return Ok(PreparedVector { values: found.values.to_vec(), truncated: found.truncated || more });
        }
        let made = embedder.embed(text)?;
        let kept = self.embeddings.insert(embedder.model_id(), text, made);
        Ok(PreparedVector { values: kept.values.to_vec(), truncated: kept.truncated || more })
    }
}
