//! Which chunks are stored in pieces, and what the pieces are.

use super::prepare::check_namespace;
use super::shared::Shared;
use super::splitter::LongText;
use crate::cancel::CancelToken;
use crate::chunk::{ChunkInput, Content, DEFAULT_NAMESPACE, MAX_ID_BYTES, check_id};
use crate::error::{Error, Result};
use crate::piece;
use crate::whole::{self, MOST_PARTS, Place};

/// Tokens a model reads, where no model says.
const WINDOW: usize = 256;
/// Bytes at the start of a long text that mostly tell whether it is over the window.
const HEAD: usize = 16 << 10;
/// Most bytes of metadata that all pieces of a text have together.
const MOST_METADATA: usize = 64 << 20;
/// Bytes of the longest character: no piece can be held to less.
const CHARACTER: usize = 4;

/// A chunk on its way in.
#[allow(clippy::large_enum_variant)] // one at a time, on the stack
pub(super) enum Given {
    /// Stored as it is.
    Whole(ChunkInput),
    /// Stored in these pieces, of the text with this id.
    Pieces(String, Vec<ChunkInput>),
}

impl Shared {
    /// Cuts a chunk whose text is over the model's window, or over the largest chunk. Bytes that are no text and chunks with a vector
    /// of their own stay whole. Cost: the tokens of the text are counted; cutting takes about as long again a few times.
    pub(super) fn split(&self, mut chunk: ChunkInput, cancel: &CancelToken) -> Result<Given> {
        let Some(splitter) = &self.config.splitter else {
            return Err(Error::argument("auto_split: this engine was opened without a splitter"));
        };
        let whole = |chunk| Ok(Given::Whole(chunk));
        if chunk.embedding.is_some() {
            return whole(chunk);
        }
        let Ok(text) = std::str::from_utf8(&chunk.content.0) else { return whole(chunk) };
        let window = self.embedder.as_ref().filter(|e| e.tokenizer().is_some()).map_or(WINDOW, |e| e.max_tokens());
        let most = self.config.max_chunk_size;
        if text.len() <= most && (text.len() < window || !self.is_over(text, window)?) {
            return whole(chunk);
        }
        cancel.check()?;
        let id = chunk.id.take().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        check_id(&id)?;
        let caller = chunk.metadata.take().unwrap_or_default();
        let long = LongText {
            text,
            language: chunk.language.as_deref(),
            path: piece::path(&caller).or(chunk.source.as_deref()),
            max_tokens: (window * 25 / 32).max(16), // 200 of 256: the rest is for what is put before a piece
            max_bytes: most.max(CHARACTER),
        };
        let named = |e| match e {
            Error::Unsplittable { why, .. } => Error::Unsplittable { id: id.clone(), why },
            other => other,
        };
        let parts = splitter.0.split(long, &self.token_counter()?, cancel).map_err(named)?;
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let refused = |why: String| Err(Error::Unsplittable { id: id.clone(), why });
        if count > MOST_PARTS {
            return refused(format!("it would be {count} pieces, and a text has at most {MOST_PARTS}: store it in parts"));
        }
        if serde_json::to_vec(&caller).map_or(0, |v| v.len()).saturating_mul(parts.len()) > MOST_METADATA {
            return refused(format!("its metadata, which each of the {count} pieces has, is too large: make it smaller"));
        }
        if whole::piece_id(&id, count).len() > MAX_ID_BYTES {
            return Err(Error::InvalidId {
                message: format!(
                    "it has {} bytes, and with the number of a piece it is over the limit of {MAX_ID_BYTES}",
                    id.len()
                ),
            });
        }
        // a text that is itself a part of a file knows its first line
        let before =
            caller.get("start_line").and_then(serde_json::Value::as_f64).map_or(0, |line| (line as u64).saturating_sub(1));
        let mut at = 0;
        let mut pieces = Vec::with_capacity(parts.len());
        for (part, mut cut) in (1..).zip(parts) {
            for (_, line) in cut.metadata.iter_mut().filter(|(key, _)| key.ends_with("_line")) {
                *line = line.as_u64().map_or(0, |n| n.saturating_add(before)).into();
            }
            let Some(content) = text.get(cut.range.clone()).filter(|c| cut.range.start == at && !c.is_empty()) else {
                return Err(Error::internal("the splitter left something out"));
            };
            at = cut.range.end;
            let place = Place { parent: &id, part, parts: count };
            let metadata = whole::piece_metadata(&caller, cut.metadata, place);
            pieces.push(ChunkInput {
                id: Some(whole::piece_id(&id, part)),
                content: Content(content.as_bytes().to_vec()),
                metadata: Some(metadata),
                ..like(&chunk)
            });
        }
        if at != text.len() {
            return Err(Error::internal("the splitter left the end out"));
        }
        if pieces.len() < 2 {
            chunk.metadata = Some(caller);
            chunk.id = Some(id);
            return whole(chunk);
        }
        let namespace = chunk.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        check_namespace(namespace)?;
        self.check_taken(namespace, &id, count)?;
        Ok(Given::Pieces(id, pieces))
    }

    /// More tokens than `window`?
    fn is_over(&self, text: &str, window: usize) -> Result<bool> {
        let counter = self.token_counter()?;
        if text.len() > HEAD {
            let head = &text[..text.floor_char_boundary(HEAD)];
            // its last word may be cut: then it counts a few tokens more than it does in the whole
            if counter.count(head)? > window * 2 {
                return Ok(true);
            }
        }
        Ok(counter.count(text)? > window)
    }
}

/// Everything a chunk is but its id, content and metadata.
fn like(chunk: &ChunkInput) -> ChunkInput {
    ChunkInput {
        id: None,
        content: Content(Vec::new()),
        frameworks: chunk.frameworks.clone(),
        tags: chunk.tags.clone(),
        quality_score: chunk.quality_score,
        chunk_type: chunk.chunk_type,
        memory_type: chunk.memory_type,
        language: chunk.language.clone(),
        source: chunk.source.clone(),
        namespace: chunk.namespace.clone(),
        metadata: None,
        embedding: None,
        ttl_seconds: chunk.ttl_seconds,
        pinned: chunk.pinned,
    }
}
