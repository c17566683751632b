//! Code: parsed with the grammar of its language; cuts between siblings, definitions by name.

mod definitions;
mod grammar;
mod walk;

use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use crate::cuts::Cut;
use crate::error::ChunkingError;
use crate::language::Language;
use crate::lines::Lines;
use crate::piece::Outline;
use crate::size::{ChunkSize, SizeError};

/// Steps of the parser (a hundred operations each) for a text and for each KiB of it. Real code takes about 10 a KiB; what
/// takes more is not code of this language. Counted rather than timed, so that the same text always gives the same pieces.
const STEPS: usize = 2_000;
const STEPS_PER_KIB: usize = 100;

/// Where code may be cut and what it defines; nothing when it does not parse or has no grammar.
pub(crate) fn outline(
    text: &str,
    language: Language,
    lines: &Lines,
    size: &dyn ChunkSize,
) -> Result<(Vec<Cut>, Outline), ChunkingError> {
    let Some(tree) = parse(text, language, size).map_err(ChunkingError::Size)? else {
        return Ok(Default::default());
    };
    size.check().map_err(ChunkingError::Size)?;
    let walked = walk::walk(text, language, &tree, lines);
    // A tree that is mostly guesses cuts worse than lines do.
    if walked.broken_bytes > text.len() / 2 { Ok(Default::default()) } else { Ok((walked.cuts, walked.outline)) }
}

fn parse(text: &str, language: Language, size: &dyn ChunkSize) -> Result<Option<Tree>, SizeError> {
    let Some(grammar) = grammar::of(language, text) else { return Ok(None) };
    let mut parser = Parser::new();
    if parser.set_language(&grammar).is_err() {
        return Ok(None); // a grammar of another generation: lines still work
    }
    let most = STEPS + text.len() / 1_024 * STEPS_PER_KIB;
    let mut steps = 0;
    let mut stopped = None;
    let mut step = |_: &ParseState| {
        steps += 1;
        if steps > most {
            return ControlFlow::Break(());
        }
        match size.check() {
            Ok(()) => ControlFlow::Continue(()),
            Err(e) => {
                stopped = Some(e);
                ControlFlow::Break(())
            }
        }
    };
    let mut read = |at: usize, _| text.as_bytes().get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, None, Some(ParseOptions::new().progress_callback(&mut step)));
    match stopped {
        Some(e) => Err(e),
        None => Ok(tree),
    }
}

/// Share of the bytes that do not fit the grammar; `None` without a grammar, or when parsing takes too long.
pub(crate) fn broken_share(text: &str, language: Language) -> Option<f32> {
    let tree = parse(text, language, &crate::size::CharacterSize).ok()??;
    if !tree.root_node().has_error() {
        return Some(0.0);
    }
    let broken = walk::walk(text, language, &tree, &Lines::of(text)).broken_bytes;
    #[allow(clippy::cast_precision_loss)] // a share
    Some((broken.max(1) as f32 / text.len().max(1) as f32).min(1.0))
}
