//! Text to vector, through the embedding cache.

use std::sync::Arc;
use std::time::Instant;

use fluorite_ml::{Embedder, Embedding};

use super::prepare::PreparedVector;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::metrics::Stage;
use crate::options::SearchOptions;

/// Bytes of a text the embedder gets: 256 tokens are far fewer, unless words are longer than any tokenizer keeps.
const MOST_TEXT: usize = 32 << 10;

impl Shared {
    /// The vector of a text, of which the model reads the beginning only: what cannot matter is not even tokenised. Takes
    /// milliseconds, with an embedder that waits as long as that takes: pool threads only.
    pub fn embed_text(&self, text: &str) -> Result<PreparedVector> {
        let embedder = self.needed_embedder()?;
        let (text, more) = beginning(text);
        if let Some(found) = self.known_embedding(&**embedder, text, more) {
            return Ok(found);
        }
        let made = self.metrics.timed(Stage::Model, || embedder.embed(text))?;
        Ok(self.keep_embedding(&**embedder, text, more, made))
    }

    /// Like [`embed_text`](Self::embed_text) without holding the thread up while an embedder waits. `take` runs on any thread
    /// and must be quick; with a model it runs before this returns.
    pub fn embed_text_then(self: &Arc<Self>, text: &str, take: impl FnOnce(Result<PreparedVector>) + Send + 'static) {
        let Some(embedder) = self.embedder.as_ref().filter(|e| e.waits()) else { return take(self.embed_text(text)) };
        let (start, more) = beginning(text);
        // looked up once: asking an embedder that waits and waiting here could hold up the thread that has to answer
        if let Some(found) = self.known_embedding(&**embedder, start, more) {
            return take(Ok(found));
        }
        let (shared, kept, text) = (Arc::clone(self), Arc::clone(embedder), start.to_owned());
        let started = Instant::now();
        let taker = move |made: fluorite_ml::Result<Embedding>| {
            if made.is_ok() {
                shared.metrics.record(Stage::Model, started.elapsed());
            }
            take(made.map(|made| shared.keep_embedding(&*kept, &text, more, made)).map_err(Error::from));
        };
        embedder.embed_then(start, Box::new(taker));
    }

    fn known_embedding(&self, embedder: &dyn Embedder, text: &str, more: bool) -> Option<PreparedVector> {
        let found = self.embeddings.get(embedder.model_id(), text)?;
        Some(PreparedVector { values: found.values.to_vec(), truncated: found.truncated || more })
    }

    fn needed_embedder(&self) -> Result<&Arc<dyn Embedder>> {
        self.embedder.as_ref().ok_or_else(|| {
            Error::Embedding(fluorite_ml::Error::EmbeddingFailed {
                message: "this engine was opened with enable_ml: false; open it with the model, or supply vectors".into(),
            })
        })
    }

    fn keep_embedding(&self, embedder: &dyn Embedder, text: &str, more: bool, made: Embedding) -> PreparedVector {
        let kept = self.embeddings.insert(embedder.model_id(), text, made);
        PreparedVector { values: kept.values.to_vec(), truncated: kept.truncated || more }
    }

    /// The vector of a search's text.
    pub fn embed_query(&self, text: &str, options: &SearchOptions) -> Result<Vec<f32>> {
        let started = Instant::now();
        let made = self.embed_text(text)?.values;
        if !options.unobserved {
            self.metrics.record(Stage::Embed, started.elapsed());
        }
        Ok(made)
    }
}

/// What of a text can matter, and whether there is more than white space behind it.
fn beginning(text: &str) -> (&str, bool) {
    let (start, rest) = text.split_at(text.floor_char_boundary(MOST_TEXT));
    (start, !rest.trim_start().is_empty())
}
