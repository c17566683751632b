//! An embedder that the caller brings.

use std::sync::Arc;

use fluorite_ml::Embedder;

use crate::error::{Error, Result};

/// Longest name of a model in bytes.
const MAX_MODEL_ID: usize = 256;
/// Most values of a vector.
const MAX_DIMENSIONS: usize = 16_384;

/// An embedder of the caller, as a configuration holds it: the same one by its `model_id` and dimensions.
#[derive(Clone)]
pub struct OwnEmbedder(Arc<dyn Embedder>);

impl OwnEmbedder {
    /// Checks what a store keeps of it.
    ///
    /// # Errors
    /// `INVALID_CONFIG` for an empty or long `model_id` and for dimensions beyond 1 to 16,384.
    pub fn new(embedder: Arc<dyn Embedder>) -> Result<Self> {
        let (id, dimensions) = (embedder.model_id(), embedder.dimensions());
        if id.trim().is_empty() || id.len() > MAX_MODEL_ID {
            return Err(Error::config(format!(
                "ml.embedder.model_id must be 1 to {MAX_MODEL_ID} bytes of text; name the model and its version, the store keeps it"
            )));
        }
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            return Err(Error::config(format!(
                "ml.embedder.dimensions must be a whole number from 1 to {MAX_DIMENSIONS}, it is {dimensions}"
            )));
        }
        Ok(Self(embedder))
    }

    pub(super) fn embedder(&self) -> Arc<dyn Embedder> {
        Arc::clone(&self.0)
    }
}

impl PartialEq for OwnEmbedder {
    fn eq(&self, other: &Self) -> bool {
        self.0.model_id() == other.0.model_id() && self.0.dimensions() == other.0.dimensions()
    }
}

impl std::fmt::Debug for OwnEmbedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OwnEmbedder").field(&self.0.model_id()).finish()
    }
}
