//! Places that do not cut a grapheme.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Does no grapheme of the text span `at`?
pub(crate) fn is_boundary(text: &str, at: usize) -> bool {
    if !text.is_char_boundary(at) {
        return false;
    }
    let (before, after) = text.split_at(at);
    match (before.as_bytes().last(), after.as_bytes().first()) {
        (None, _) | (_, None) => true,
        // Between ASCII characters only CR LF belong together.
        (Some(a), Some(b)) if a.is_ascii() && b.is_ascii() => !(*a == b'\r' && *b == b'\n'),
        _ => GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(false),
    }
}

/// The end of `text[start..end]` without its white space at the end; never inside a grapheme.
pub(crate) fn trim_end(text: &str, start: usize, end: usize) -> usize {
    let trimmed = start + text.get(start..end).map_or(0, |t| t.trim_end().len());
    (trimmed..end).find(|at| is_boundary(text, *at)).unwrap_or(end)
}

/// The last place within `text[start..reach]` that ends a sentence past `least`, else a word, else a grapheme.
pub(crate) fn last_break(text: &str, start: usize, least: usize, reach: usize) -> Option<usize> {
    let part = text.get(start..reach)?;
    let last = |at: Option<usize>| at.filter(|i| *i > 0).map(|i| start + i);
    let sentence = part.split_sentence_bound_indices().last().map(|(i, _)| i);
    last(sentence)
        .filter(|at| *at > least && is_boundary(text, *at))
        .or_else(|| last(part.split_word_bound_indices().next_back().map(|(i, _)| i)).filter(|at| is_boundary(text, *at)))
        .or_else(|| last(part.grapheme_indices(true).next_back().map(|(i, _)| i)).filter(|at| is_boundary(text, *at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_sentences_then_words_then_graphemes() {
        let text = "One here. Two there and more";
        assert_eq!(last_break(text, 0, 5, text.len() - 2), Some(10));
        assert_eq!(last_break(text, 0, 12, text.len() - 2), text.rfind("mo"));
        let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F466}";
        let two = family.repeat(2);
        assert_eq!(last_break(&two, 0, 0, two.len()), Some(family.len()));
        assert!(!is_boundary("e\u{301}", 1) && !is_boundary("\r\n", 1) && is_boundary("\n\u{301}", 1));
    }
}
