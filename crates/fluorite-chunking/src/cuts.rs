//! Places where a text may be cut, and how good they are.

use crate::graphemes::is_boundary;
use crate::lines::Lines;

/// Best rank of what the structure of the text says; deeper is worse. Markdown: heading levels 1 to 6, then blocks.
pub(crate) const STRUCTURE: u32 = 0;
/// Deeper than this makes no difference.
pub(crate) const DEEPEST: u32 = 1_000_000;
/// Before a line after a blank one.
pub(crate) const BLANK: u32 = 2_000_000;
/// Before a line.
pub(crate) const LINE: u32 = 3_000_000;
/// Before a line that belongs to the one before: what a comment describes, a closing bracket.
pub(crate) const GLUED: u32 = 3_000_001;
/// Before a part of a long line, plus its depth.
pub(crate) const INLINE: u32 = 4_000_000;

/// A place where a text may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut {
    /// The byte the second part begins with.
    pub(crate) at: usize,
    /// Less is better.
    pub(crate) rank: u32,
}

/// Adds every line to what the structure gives; one cut a place: glue wins, then the best rank. Sorted by place.
pub(crate) fn with_lines(mut cuts: Vec<Cut>, text: &str, lines: &Lines) -> Vec<Cut> {
    cuts.extend(lines.written(text).map(|(start, first, after_blank)| {
        let closes = text.as_bytes().get(first).is_some_and(|b| b"}])".contains(b)) || text[first..].starts_with("end");
        let rank = if closes {
            GLUED
        } else if after_blank {
            BLANK
        } else {
            LINE
        };
        Cut { at: start, rank }
    }));
    cuts.sort_unstable();
    let mut kept: Vec<Cut> = Vec::with_capacity(cuts.len());
    for cut in cuts {
        match kept.last_mut() {
            Some(last) if last.at == cut.at => {
                if cut.rank == GLUED {
                    last.rank = GLUED;
                }
            }
            _ => kept.push(cut),
        }
    }
    kept.retain(|c| c.at > 0 && is_boundary(text, c.at));
    kept
}
