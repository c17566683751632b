//! The beginning of a chunk that is too long.

use super::block::{Block, Lines};
use super::room::Count;
use crate::error::Result;

/// What a block costs, when it fits.
type Cost<'a> = dyn Fn(&Block, usize) -> Result<Option<usize>> + 'a;

/// As many lines of a block as there is room for, or words when its first line is too long; with what it costs.
pub fn cut(block: &Block, room: usize, cost: &Cost<'_>, count: &Count<'_>) -> Result<Option<(Block, usize)>> {
    let text = block.text.as_str();
    let line_ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    if let Some(found) = longest(block, room, &line_ends, cost, count)? {
        return Ok(Some(found));
    }
    let word_ends: Vec<usize> = text.match_indices(char::is_whitespace).map(|(at, _)| at).take(room + 1).collect();
    longest(block, room, &word_ends, cost, count)
}

/// Reaches as far as parts counted one by one allow, then goes back until the whole fits.
fn longest(block: &Block, room: usize, ends: &[usize], cost: &Cost<'_>, count: &Count<'_>) -> Result<Option<(Block, usize)>> {
    let special = count("")?;
    let (mut used, mut from, mut reach) = (0, 0, 0_usize);
    for end in ends {
        used += count(block.text.get(from..*end).unwrap_or_default())?.saturating_sub(special);
        if used > room {
            break;
        }
        (from, reach) = (*end, reach + 1);
    }
    while let Some(end) = reach.checked_sub(1).and_then(|i| ends.get(i)) {
        let kept = block.text.get(..*end).unwrap_or_default().trim_end();
        if kept.is_empty() {
            break;
        }
        let lines = block.lines.map(|l| {
            let last = l.first + kept.matches('\n').count() as u64;
            Lines { first: l.first, last: last.min(l.last) }
        });
        let shorter = Block { text: kept.to_owned(), lines, truncated: true, ..block.clone() };
        if let Some(tokens) = cost(&shorter, room)? {
            return Ok(Some((shorter, tokens)));
        }
        reach -= 1 + reach / 16;
    }
    Ok(None)
}
