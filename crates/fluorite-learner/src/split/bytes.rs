//! Cutting by bytes alone, for what has no structure to cut at: white space without end, and pieces held to a few bytes.

use std::ops::Range;

/// Parts of at most `most` bytes (at least 4), each ending behind a line where there is one, else behind white space, else a character.
pub(super) fn within(text: &str, range: Range<usize>, most: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut at = range.start;
    while range.end - at > most {
        let reach = text.floor_char_boundary(at + most);
        let part = &text[at..reach];
        let line = part.rfind('\n').map(|i| i + 1);
        let space = || part.char_indices().rfind(|(_, c)| c.is_whitespace()).map(|(i, c)| i + c.len_utf8());
        let mut end = line.or_else(space).unwrap_or(part.len());
        if part[..end].ends_with('\r') && text[at + end..].starts_with('\n') && end > 1 {
            end -= 1; // the two stay together
        }
        parts.push(at..at + end);
        at += end;
    }
    parts.push(at..range.end);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, most: usize) -> Vec<&str> {
        within(text, 0..text.len(), most).into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn lines_then_spaces_then_characters() {
        assert_eq!(cut("ab\ncd ef\n", 6), ["ab\n", "cd ef\n"]);
        assert_eq!(cut("ab cdefgh", 6), ["ab ", "cdefgh"]);
        assert_eq!(cut("ééé", 4), ["éé", "é"]);
        assert_eq!(cut("\u{1F468}\u{1F469}", 4), ["\u{1F468}", "\u{1F469}"]);
        assert_eq!(cut("abc\r\ndef", 4), ["abc", "\r\n", "def"]);
        assert_eq!(cut("abc", 4), ["abc"]);
    }
}
