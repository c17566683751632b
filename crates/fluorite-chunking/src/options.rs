//! What a caller may ask for.

use crate::error::ChunkingError;
use crate::language::Language;

/// Largest text, in bytes: 16 MiB.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

/// How to cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkingOptions {
    /// Most tokens of a piece, overlap included: 16 to 8,192; 200.
    pub max_tokens: usize,
    /// Most tokens of the end of a piece that are repeated at the start of the next: 0 to half of `max_tokens`; 0.
    pub overlap_tokens: usize,
    /// The language; absent: told by `path`, then by the text (Markdown or prose).
    pub language: Option<Language>,
    /// Path or name of the file, for its extension.
    pub path: Option<String>,
}

impl Default for ChunkingOptions {
    fn default() -> Self {
        Self { max_tokens: 200, overlap_tokens: 0, language: None, path: None }
    }
}

impl ChunkingOptions {
    pub(crate) fn check(&self, text: &str) -> Result<(), ChunkingError> {
        if !(16..=8_192).contains(&self.max_tokens) {
            return Err(ChunkingError::MaxTokens { given: self.max_tokens });
        }
        let half = self.max_tokens / 2;
        if self.overlap_tokens > half {
            return Err(ChunkingError::Overlap { given: self.overlap_tokens, half });
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(ChunkingError::TooLarge { bytes: text.len() });
        }
        Ok(())
    }
}
