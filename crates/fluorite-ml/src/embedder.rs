//! What turns text into vectors.

use crate::{Result, Tokenizer};

/// The vector of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// A unit vector of [`Embedder::dimensions`] values.
    pub values: Vec<f32>,
    /// Tokens of the whole text, special tokens included, before cutting.
    pub tokens: usize,
    /// Whether the text was longer than [`Embedder::max_tokens`], so that its end is not in the vector.
    pub truncated: bool,
}

/// What takes a vector once it is there. May be called on any thread, and must be quick.
pub type Taker = Box<dyn FnOnce(Result<Embedding>) + Send>;

/// Turns text into unit vectors. Implementations may be called from many threads at once, and give the same text the
/// same vector, bit for bit, on the same machine.
pub trait Embedder: Send + Sync {
    /// Of a model of ours its name, `@`, and the first 16 hexadecimal digits of the SHA-256 of its file; of another what its
    /// maker says. Vectors of different ids must never be compared.
    fn model_id(&self) -> &str;

    /// Values per vector.
    fn dimensions(&self) -> usize;

    /// Tokens that reach the vector, special tokens included; what is beyond is cut.
    fn max_tokens(&self) -> usize;

    /// Embeds one text as it is: no splitting, no case folding by the caller. Empty text is allowed.
    ///
    /// # Errors
    /// `EMBEDDING_FAILED` when inference fails or gives no direction (all zeros, or not finite).
    fn embed(&self, text: &str) -> Result<Embedding>;

    /// Embeds without waiting where it can: a model computes on the calling thread, before this returns; what asks somebody
    /// else ([`waits`](Self::waits)) returns at once. `take` is called once in any case.
    fn embed_then(&self, text: &str, take: Taker) {
        take(self.embed(text));
    }

    /// Is embedding waiting for somebody else? Then many texts may be on their way at once, by [`embed_then`](Self::embed_then).
    fn waits(&self) -> bool {
        false
    }

    /// Its tokenizer, if it has one of ours.
    fn tokenizer(&self) -> Option<&Tokenizer>;
}
