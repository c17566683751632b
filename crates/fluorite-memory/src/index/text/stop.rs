//! English words that say nothing in prose.

/// Whether a lowercase word is left out of index and queries.
///
/// A short list: words with a meaning in code or logic (`not`, `where`, `while`, `all`, `none`) stay.
pub fn is_stop_word(word: &str) -> bool {
    match word.len() {
        1 => matches!(word, "a" | "i"),
        2 => matches!(
            word,
            "am" | "an"
                | "as"
                | "at"
                | "be"
                | "by"
                | "do"
                | "he"
                | "if"
                | "in"
                | "is"
                | "it"
                | "me"
                | "my"
                | "of"
                | "on"
                | "or"
                | "so"
                | "to"
                | "us"
                | "we"
        ),
        3 => matches!(
            word,
            "and"
                | "are"
                | "but"
                | "can"
                | "did"
                | "for"
                | "had"
                | "has"
                | "her"
                | "him"
                | "his"
                | "how"
                | "its"
                | "our"
                | "she"
                | "the"
                | "was"
                | "who"
                | "you"
        ),
        4 => matches!(
            word,
            "been"
                | "does"
                | "from"
                | "have"
                | "into"
                | "than"
                | "that"
                | "them"
                | "then"
                | "they"
                | "this"
                | "were"
                | "what"
                | "when"
                | "will"
                | "with"
                | "your"
        ),
        5 => matches!(word, "about" | "could" | "their" | "there" | "these" | "those" | "which" | "would"),
        6 => word == "should",
        _ => false,
    }
}
