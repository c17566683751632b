//! Cutting along the structure of a text.

use std::ops::Range;

use fluorite_chunking::{ChunkSize, ChunkingError, ChunkingOptions, Language, Piece, PieceKind, SizeError, chunk_text};
use fluorite_memory::{CancelToken, Error, LongText, Result, Splitter, TextPart, TokenCounter};
use serde_json::{Map, Value, json};

use super::bytes;
use crate::files::{about, outline};

/// Cuts code between declarations and statements, Markdown between sections and blocks, prose between paragraphs and sentences.
#[derive(Debug, Clone, Copy, Default)]
pub struct StructureSplitter;

impl Splitter for StructureSplitter {
    fn split(&self, long: LongText<'_>, counter: &TokenCounter, cancel: &CancelToken) -> Result<Vec<TextPart>> {
        let language: Option<Language> = long.language.and_then(|name| name.parse().ok()); // a natural language is none of ours
        let path = long.path.map(str::to_owned);
        let options = ChunkingOptions { max_tokens: long.max_tokens, language, path, ..ChunkingOptions::default() };
        let pieces = chunk_text(long.text, &options, &Counted { counter, cancel }).map_err(refused)?;
        let kind = pieces.first().map_or(PieceKind::Prose, |p| p.kind);
        let context = if kind == PieceKind::Prose { None } else { about(long.text, kind == PieceKind::Code) };
        let mut parts = Vec::with_capacity(pieces.len());
        let mut lines = 0;
        for (i, range) in side_by_side(&pieces, long.text.len()).into_iter().enumerate() {
            for (j, range) in bytes::within(long.text, range, long.max_bytes).into_iter().enumerate() {
                let content = &long.text[range.clone()];
                let breaks = content.matches('\n').count();
                let mut metadata = Map::new();
                if let Some(piece) = pieces.get(i) {
                    metadata = outline(piece);
                    if j > 0 {
                        metadata.remove("symbols"); // the first part has them
                    }
                }
                metadata.insert("start_line".into(), json!(lines + 1));
                metadata.insert("end_line".into(), json!(lines + (breaks + usize::from(!content.ends_with('\n'))).max(1)));
                metadata.extend(context.iter().map(|c| ("context".to_owned(), Value::from(c.as_str()))));
                parts.push(TextPart { range, metadata });
                lines += breaks;
            }
        }
        Ok(parts)
    }
}

/// Ranges of pieces with the white space between them: it goes to the piece before.
fn side_by_side(pieces: &[Piece], end: usize) -> Vec<Range<usize>> {
    let starts = pieces.iter().skip(1).map(|p| p.range.start);
    let mut from = 0;
    let each = starts.chain([end]).map(|to| std::mem::replace(&mut from, to)..to);
    each.collect()
}

/// The engine's counter; stops when the call is cancelled.
struct Counted<'a> {
    counter: &'a TokenCounter,
    cancel: &'a CancelToken,
}

impl ChunkSize for Counted<'_> {
    fn size(&self, text: &str) -> std::result::Result<usize, SizeError> {
        self.check()?;
        Ok(self.counter.count(text)?)
    }

    fn check(&self) -> std::result::Result<(), SizeError> {
        Ok(self.cancel.check()?)
    }
}

/// The engine's own error as it was; what chunking refuses is about the text.
fn refused(e: ChunkingError) -> Error {
    match e {
        ChunkingError::Size(cause) => match cause.downcast::<Error>() {
            Ok(own) => *own,
            Err(other) => Error::internal(other.to_string()),
        },
        other => Error::Unsplittable { id: String::new(), why: other.to_string() },
    }
}
