//! Text to token ids.

use std::path::Path;

use tokenizers::utils::truncation::TruncationDirection;
use tokenizers::{Encoding, PostProcessor as _, PreTokenizerWrapper, Tokenizer as Inner};

use crate::model_file;
use crate::{Error, Result};

/// A text is tokenized in windows of about this many bytes where that cannot change the result: a token list of a long
/// text would take some 300 times its memory.
const WINDOW: usize = 16 << 10;

/// The tokens of one text, ready for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Token ids, special tokens included, cut to the limit.
    pub ids: Vec<i64>,
    /// Segment ids, as many.
    pub type_ids: Vec<i64>,
    /// Tokens of the whole text, special tokens included, before cutting.
    pub total: usize,
    /// Whether anything was cut.
    pub truncated: bool,
}

/// A tokenizer, usable without a model. It never pads; what the file says of padding and truncation is ignored.
pub struct Tokenizer {
    inner: Inner,
    /// Bytes a window may end before; empty when only the whole text gives the right tokens.
    separators: Vec<u8>,
    /// Special tokens put around a text.
    special: usize,
}

impl Tokenizer {
    /// Loads a `tokenizer.json`.
    ///
    /// # Errors
    /// `MODEL_REJECTED` when the file cannot be read, is over 64 MiB, or is not a tokenizer.
    pub fn from_file(path: &Path) -> Result<Self> {
        let bytes = model_file::tokenizer(path)?;
        let mut inner = Inner::from_bytes(&bytes).map_err(|e| Error::rejected(path, format!("not a tokenizer: {e}")))?;
        // Files exported with padding to a fixed length would fill every text with [PAD], and the mean with them.
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| Error::rejected(path, e.to_string()))?;
        let special = inner.get_post_processor().map_or(0, |p| p.added_tokens(false));
        let separators = separators(&inner);
        Ok(Self { inner, separators, special })
    }

    /// Counts the tokens of the whole text, special tokens included: what [`Tokens::total`] says. Linear in the text.
    ///
    /// # Errors
    /// `EMBEDDING_FAILED` when the tokenizer refuses the text.
    pub fn count(&self, text: &str) -> Result<usize> {
        self.windows(text).try_fold(self.special, |total, window| Ok(total + self.plain(window)?.len()))
    }

    /// Tokenizes, keeping at most `max_tokens` (at least the special tokens).
    ///
    /// # Errors
    /// `EMBEDDING_FAILED` when the tokenizer refuses the text.
    pub fn encode(&self, text: &str, max_tokens: usize) -> Result<Tokens> {
        let room = max_tokens.saturating_sub(self.special);
        let mut kept = Encoding::default();
        let mut total = self.special;
        for window in self.windows(text) {
            let found = self.plain(window)?;
            total += found.len();
            if kept.len() < room {
                kept.merge_with(found, false);
            }
        }
        // Only the head is wanted, so one cut; `truncate` would keep the rest as overflowing pieces.
        kept.truncate(room, 0, TruncationDirection::Right);
        kept.take_overflowing();
        let kept = self.inner.post_process(kept, None, true).map_err(refused)?;
        let wide = |ids: &[u32]| ids.iter().map(|id| i64::from(*id)).collect();
        Ok(Tokens { ids: wide(kept.get_ids()), type_ids: wide(kept.get_type_ids()), total, truncated: total > kept.len() })
    }

    fn plain(&self, text: &str) -> Result<Encoding> {
        self.inner.encode_fast(text, false).map_err(refused)
    }

    /// Cuts the text before separators, every [`WINDOW`] bytes or as soon after as there is one.
    fn windows<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let mut rest = Some(text);
        std::iter::from_fn(move || {
            let text = rest.take()?;
            let tail = text.as_bytes().get(WINDOW..).unwrap_or_default();
            // Separators are ASCII, so the cut is a character boundary.
            let cut =
                tail.iter().position(|byte| self.separators.contains(byte)).and_then(|at| text.split_at_checked(WINDOW + at));
            match cut {
                Some((window, after)) => {
                    rest = Some(after);
                    Some(window)
                }
                None => Some(text),
            }
        })
    }
}

/// White space and ASCII punctuation: the BERT pre-tokenizer always starts a new word there. Cutting is exact for it alone,
/// and only where no added token (such as `[MASK]`) can span the cut.
fn separators(inner: &Inner) -> Vec<u8> {
    if !matches!(inner.get_pre_tokenizer(), Some(PreTokenizerWrapper::BertPreTokenizer(_))) {
        return Vec::new();
    }
    let added = inner.get_added_tokens_decoder();
    let all = (0..=127_u8).filter(|byte| byte.is_ascii_punctuation() || b" \n\t".contains(byte));
    all.filter(|byte| !added.values().any(|token| token.content.as_bytes().contains(byte))).collect()
}

fn refused(error: tokenizers::Error) -> Error {
    Error::failed(format!("the text could not be tokenized: {error}"))
}
