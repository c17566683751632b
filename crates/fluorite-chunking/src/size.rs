//! How long a text is: the caller says.

/// What a counter may fail with; kept as it is in [`crate::ChunkingError::Size`].
pub type SizeError = Box<dyn std::error::Error + Send + Sync>;

/// Counts tokens. What it says of a piece is exact; between pieces it is called on parts of about 64 bytes, whose sum need
/// only come near the size of the whole.
pub trait ChunkSize {
    /// Tokens of `text`, including those that are put around every text.
    ///
    /// # Errors
    /// Its own; chunking stops with it.
    fn size(&self, text: &str) -> Result<usize, SizeError>;

    /// Called now and then while parsing: an error stops chunking (cancelled).
    ///
    /// # Errors
    /// Its own; chunking stops with it.
    fn check(&self) -> Result<(), SizeError> {
        Ok(())
    }
}

/// A quarter of the bytes: the rule of thumb where no tokenizer is at hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct CharacterSize;

impl ChunkSize for CharacterSize {
    fn size(&self, text: &str) -> Result<usize, SizeError> {
        Ok(text.len().div_ceil(4))
    }
}
