//! A phrase as terms: its words, and pairs of neighbouring ones.

use fluorite_memory::index::{is_stop_word, stemmed};

use crate::about::Phrase;
use crate::telling::tells_nothing;

/// Longer words are data.
const MOST_WORD: usize = 40;
/// Han characters of a word; more of them are several words, which only a dictionary could part.
const MOST_HAN: usize = 4;

/// A term, and how it is written here.
pub struct Written {
    /// The stems of its words, with a space between.
    pub key: String,
    pub text: String,
}

/// Gives the terms of a phrase: words that say something, and pairs of them that only a space, dash or underscore parts.
pub fn terms(phrase: &Phrase<'_>, take: &mut impl FnMut(Written)) {
    let (text, label, humps) = match phrase {
        Phrase::Label(text) => (*text, true, false),
        Phrase::Text(text) => (*text, false, false),
        Phrase::Symbol(text) => (*text, false, true),
    };
    let mut before: Option<(Written, usize, usize)> = None;
    for (start, end) in words(text, humps) {
        let word = text.get(start..end).unwrap_or_default();
        let Some(key) = key_of(word, label) else {
            before = None;
            continue;
        };
        if let Some((last, from, to)) = &before
            && joined(text.get(*to..start).unwrap_or("/"))
            && last.key != key
        {
            let pair = text.get(*from..end).unwrap_or_default().to_lowercase();
            let text = if humps { format!("{} {}", last.text, word.to_lowercase()) } else { pair };
            take(Written { key: format!("{} {key}", last.key), text });
        }
        let one = Written { key: key.clone(), text: word.to_lowercase() };
        take(Written { key, text: one.text.clone() });
        before = Some((one, start, end));
    }
}

/// Do the words at both sides make one term?
fn joined(between: &str) -> bool {
    matches!(between, "" | " " | "-" | "_")
}

/// The stem of a word; `None` for one that says nothing.
fn key_of(word: &str, label: bool) -> Option<String> {
    let lower = word.to_lowercase();
    let says = lower.chars().any(char::is_alphabetic) && lower.chars().nth(1).is_some() && lower.len() <= MOST_WORD;
    if !says || is_stop_word(&lower) || tells_nothing(&lower, label) {
        return None;
    }
    let plain = lower.bytes().all(|b| b.is_ascii_lowercase());
    let key = if plain { stemmed(&lower) } else { lower };
    (!tells_nothing(&key, label)).then_some(key)
}

/// Places of the words of a text: runs of letters and digits of one script, in symbols of one hump; `next.js` is one word.
fn words(text: &str, humps: bool) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    let mut last: Option<(Script, char)> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let Some(script) = Script::of(c) else {
            last = None;
            continue;
        };
        let goes_on = last.is_some_and(|(s, before)| s == script && !(humps && c.is_uppercase() && !before.is_uppercase()));
        match out.last_mut().filter(|_| goes_on) {
            Some(word) => word.1 = end,
            None => out.push((at, end)),
        }
        last = Some((script, c));
    }
    out.dedup_by(|word, before| {
        let suffix = text.get(before.1..word.1).is_some_and(|s| s.eq_ignore_ascii_case(".js"));
        before.1 = if suffix { word.1 } else { before.1 };
        suffix
    });
    out.retain(|(start, end)| text.get(*start..*end).is_some_and(is_word));
    out
}

/// Not grammar, and no sentence.
fn is_word(word: &str) -> bool {
    match word.chars().next().and_then(Script::of) {
        Some(Script::Hiragana) | None => false,
        Some(Script::Han) => word.chars().count() <= MOST_HAN,
        Some(_) => true,
    }
}

/// Writing systems that change where words do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    /// Syllables of Japanese grammar.
    Hiragana,
    Katakana,
    Other,
}

impl Script {
    /// `None` for what is no part of a word.
    fn of(c: char) -> Option<Self> {
        Some(match c as u32 {
            0x3041..=0x309F => Self::Hiragana,
            0x30A1..=0x30FA | 0x30FC..=0x30FF => Self::Katakana,
            0x3005 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFD => Self::Han,
            _ if c.is_alphanumeric() => Self::Other,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(phrase: &Phrase<'_>) -> Vec<String> {
        let mut out = Vec::new();
        terms(phrase, &mut |t| out.push(t.text));
        out
    }

    #[test]
    fn words_and_pairs_without_what_says_nothing() {
        let next = ["next.js", "next.js rate", "rate", "rate limits", "limits", "users"];
        for (phrase, found) in [
            (Phrase::Text("Next.js rate limits, for const users"), &next[..]),
            (Phrase::Symbol("parseConfigTree"), &["parse", "parse config", "config", "config tree", "tree"]),
            (Phrase::Label("aws-s3"), &["aws", "aws-s3", "s3"]),
            (Phrase::Label("async"), &["async"]),
            (Phrase::Text("認証ミドルウェアの使い方 42 x"), &["認証", "認証ミドルウェア", "ミドルウェア"]),
        ] {
            let mut all = texts(&phrase);
            let mut found: Vec<String> = found.iter().map(|t| (*t).to_owned()).collect();
            all.sort();
            found.sort();
            assert_eq!(all, found);
        }
    }
}
