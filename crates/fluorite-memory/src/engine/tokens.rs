//! Counting tokens: with the model when it is loaded, else (without it, or with an embedder of the caller) with its tokenizer alone.

use std::sync::Arc;

use fluorite_ml::{Embedder, ModelDir, Tokenizer};

use super::open::model_folders;
use super::shared::Shared;
use crate::error::{Error, Result};

/// Counts the tokens of texts by the model's tokenizer, special tokens included, not cut.
pub struct TokenCounter(Source);

enum Source {
    Model(Arc<dyn Embedder>),
    File(Arc<Tokenizer>),
}

impl TokenCounter {
    /// Tokens of the whole text. Linear in the text.
    ///
    /// # Errors
    /// `EMBEDDING_FAILED` when the tokenizer refuses the text.
    pub fn count(&self, text: &str) -> Result<usize> {
        Ok(match &self.0 {
            Source::Model(model) => match model.tokenizer() {
                Some(tokenizer) => tokenizer.count(text)?,
                None => return Err(Error::internal("an embedder without a tokenizer was asked to count")),
            },
            Source::File(tokenizer) => tokenizer.count(text)?,
        })
    }
}

impl Shared {
    /// The counter; loads the tokenizer on first use when there is no model.
    pub fn token_counter(&self) -> Result<TokenCounter> {
        if let Some(model) = self.embedder.as_ref().filter(|m| m.tokenizer().is_some()) {
            return Ok(TokenCounter(Source::Model(Arc::clone(model))));
        }
        let mut slot = self.tokenizer.lock();
        if let Some(tokenizer) = &*slot {
            return Ok(TokenCounter(Source::File(Arc::clone(tokenizer))));
        }
        let model = ModelDir::find(&model_folders(&self.config), &self.config.embedding_model)?;
        Ok(TokenCounter(Source::File(Arc::clone(slot.insert(Arc::new(model.tokenizer()?))))))
    }
}
