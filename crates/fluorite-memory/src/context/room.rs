//! Does a text fit? Told without counting all of one that does not.

use crate::error::Result;

/// Counts the tokens of a text.
pub type Count<'a> = dyn Fn(&str) -> Result<usize> + 'a;

/// Bytes of a text that surely hold more tokens than there is room for, per token: text has 2 to 5.
const BYTES_A_TOKEN: usize = 16;
/// ... and beside them.
const LEAST_BYTES: usize = 4 << 10;

/// The tokens of a text, when there are at most `room`. Exact for what fits.
pub fn measure(count: &Count<'_>, text: &str, room: usize) -> Result<Option<usize>> {
    if text.split_whitespace().nth(room).is_some() {
        return Ok(None); // a word is a token or more
    }
    let most = room.saturating_mul(BYTES_A_TOKEN) + LEAST_BYTES;
    if text.len() > most {
        let head = text.get(..text.floor_char_boundary(most)).unwrap_or_default();
        if count(head)? > room {
            return Ok(None);
        }
    }
    let tokens = count(text)?;
    Ok((tokens <= room).then_some(tokens))
}
