//! Cuts one text along its structure: code by syntax, Markdown by sections, everything else by paragraphs.
//!
//! Owns: languages and their grammars, where a text may be cut, what each piece defines and lies in. Must not know: the
//! engine, Node, the model (how long a piece is, the caller's [`ChunkSize`] says). A text and options come in, pieces (byte
//! ranges) go out; nothing is kept between calls.
//!
//! How: the structure of the text gives places to cut, each with a rank ([`cuts`]); from the front, a piece reaches as far
//! as the size allows and ends at the best-ranked place within reach ([`pack`]). Cost is linear in the text.

mod code;
mod cuts;
mod error;
mod extension;
mod graphemes;
mod language;
mod lines;
mod markdown;
mod measure;
mod options;
mod pack;
mod piece;
mod size;

pub use error::ChunkingError;
pub use extension::{Known, by_path};
pub use language::Language;
pub use options::{ChunkingOptions, MAX_TEXT_BYTES};
pub use piece::{Piece, PieceKind, Symbol, SymbolKind};
pub use size::{CharacterSize, ChunkSize, SizeError};

use lines::Lines;
use pack::Packer;
use piece::Outline;

/// Cuts `text` into pieces of at most `max_tokens`, as `size` counts them.
///
/// * Pieces are in order; together they hold every character that is not white space. Without overlap they are disjoint.
/// * A piece ends at the best place within reach: between declarations, then statements; sections, then blocks; blank lines,
///   lines, sentences, words. Comments, attributes and decorators stay with what they describe, headings with what follows,
///   where that fits. What is smaller than an eighth of the limit is joined with what follows.
/// * No character is cut, and no grapheme (unless it alone is over the limit).
/// * Code that does not parse is cut at blank lines and lines.
/// * A text that fits is one piece; an empty or blank one gives none.
///
/// Cost: linear; every byte is counted two or three times by `size`, and code is parsed once.
///
/// # Errors
/// [`ChunkingError`]: options out of range, a text over [`MAX_TEXT_BYTES`], or what `size` reports.
pub fn chunk_text(text: &str, options: &ChunkingOptions, size: &dyn ChunkSize) -> Result<Vec<Piece>, ChunkingError> {
    options.check(text)?;
    let language = options.language.unwrap_or_else(|| Language::detect(text, options.path.as_deref()));
    let lines = Lines::of(text);
    let (found, outline) = match language.kind() {
        PieceKind::Code => code::outline(text, language, &lines, size)?,
        PieceKind::Markdown => markdown::outline(text, &lines),
        PieceKind::Prose => (Vec::new(), Outline::default()),
    };
    let cuts = cuts::with_lines(found, text, &lines);
    let packed = Packer::new(text, &cuts, options, size, language.kind())?.pack()?;
    Ok(outline.label(packed, &lines, language.kind()))
}

/// Share of a text's bytes that do not parse in its language, 0 to 1: 0 for code without an error.
///
/// `None` when the language has no grammar here (configuration, Markdown, prose), or the text takes too long to parse.
/// Cost: one parse, linear.
#[must_use]
pub fn broken_share(text: &str, language: Language) -> Option<f32> {
    if text.len() > MAX_TEXT_BYTES { None } else { code::broken_share(text, language) }
}
