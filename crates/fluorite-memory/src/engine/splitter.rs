//! Where a long text is cut: somebody above the engine knows.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::TokenCounter;
use crate::cancel::CancelToken;
use crate::error::Result;

/// A text that has to be cut, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct LongText<'a> {
    /// All of it.
    pub text: &'a str,
    /// As its caller named it: a programming or a natural language.
    pub language: Option<&'a str>,
    /// `metadata.path`, else the source.
    pub path: Option<&'a str>,
    /// Most tokens of a piece.
    pub max_tokens: usize,
    /// Most bytes of a piece: at least those of any character.
    pub max_bytes: usize,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextPart {
    /// Its bytes: it begins where the piece before it ends.
    pub range: Range<usize>,
    /// What is known of it: `start_line`, `end_line`, `symbols`, `scope`, `headings`, `context`.
    pub metadata: Map<String, Value>,
}

/// Cuts texts into pieces.
pub trait Splitter: Send + Sync {
    /// The pieces in order: together they are the text, to the byte.
    ///
    /// # Errors
    /// `ABORTED` once `cancel` is raised, the counter's, or `CHUNK_TOO_LARGE` for a text beyond its own limits.
    fn split(&self, text: LongText<'_>, counter: &TokenCounter, cancel: &CancelToken) -> Result<Vec<TextPart>>;
}

/// A splitter, as a configuration holds it. All of them are taken for the same one.
#[derive(Clone)]
pub struct TextSplitter(pub(super) Arc<dyn Splitter>);

impl TextSplitter {
    /// Holds a splitter.
    pub fn new(splitter: impl Splitter + 'static) -> Self {
        Self(Arc::new(splitter))
    }
}

impl PartialEq for TextSplitter {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl std::fmt::Debug for TextSplitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextSplitter")
    }
}
