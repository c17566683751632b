//! What can go wrong.

use crate::options::MAX_TEXT_BYTES;
use crate::size::SizeError;

/// Why a text was not cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkingError {
    /// `max_tokens` out of range.
    #[error("max_tokens is {given}: use 16 to 8192")]
    MaxTokens {
        /// What was asked for.
        given: usize,
    },
    /// `overlap_tokens` leaves too little room for new text.
    #[error("overlap_tokens is {given}: use at most half of max_tokens ({half})")]
    Overlap {
        /// What was asked for.
        given: usize,
        /// Half of `max_tokens`.
        half: usize,
    },
    /// No such language.
    #[error("unknown language {given:?}: use one of {known}, or leave it out and give the path")]
    Language {
        /// The name given.
        given: String,
        /// The names there are.
        known: String,
    },
    /// The text is too large.
    #[error("the text has {bytes} bytes, the limit is {MAX_TEXT_BYTES}: cut it into files or sections first")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// One character alone is over the limit by the given counter.
    #[error("a single character counts {tokens} of {max_tokens} tokens: raise max_tokens")]
    NoRoom {
        /// What the counter says of it.
        tokens: usize,
        /// The limit.
        max_tokens: usize,
    },
    /// The counter failed or asked to stop.
    #[error("the size of a piece could not be counted: {0}")]
    Size(#[source] SizeError),
}
