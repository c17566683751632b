//! Other words for the English words of a query: people ask in their own words, code and documents have others.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::index::{Alternatives, is_stop_word, stemmed};

/// `lexicon/en.tsv`, written for this project: one `word or phrase<TAB>words` a line, alternatives separated by `|`, the most
/// usual first, from how people ask to how code and documents say it.
pub(super) const LIST: &str = include_str!("../../lexicon/en.tsv");

static BUNDLED: LazyLock<HashMap<String, &str>> =
    LazyLock::new(|| LIST.lines().filter_map(|line| line.split_once('\t')).map(|(term, words)| (key(term), words)).collect());

/// Words of the longest phrase.
pub(super) const LONGEST: usize = 3;
/// Most alternatives of a word.
const MOST_WORDS: usize = 6;
/// Words and phrases of a query that alternatives are looked up for.
const MOST_FOUND: usize = 64;

/// A user's own words, by the stems of what they stand for; they replace the bundled ones.
pub(super) type Own = HashMap<String, String>;

/// Under what a word or phrase is known: its words lowercased and stemmed.
pub(super) fn key(term: &str) -> String {
    words(term).map(|word| word.map_or_else(String::new, stemmed_lower)).collect::<Vec<_>>().join(" ")
}

/// What is known of the words of a text, the longest phrases first taken, from left to right. Identifiers have no other words.
/// Linear; callers cut long texts.
pub(super) fn alternatives<'l>(own: &'l Own, text: &str) -> Vec<Alternatives<'l>> {
    let asked: Vec<Option<&str>> = words(text).collect();
    let stems: Vec<Option<String>> = asked.iter().map(|word| word.map(stemmed_lower)).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < stems.len() && found.len() < MOST_FOUND {
        let taken = (1..=LONGEST.min(stems.len() - at)).rev().find_map(|n| {
            let phrase: Option<Vec<&str>> = stems[at..at + n].iter().map(Option::as_deref).collect();
            let phrase = phrase?;
            if n == 1 && asked[at].is_some_and(|word| is_stop_word(&word.to_ascii_lowercase())) {
                return None;
            }
            let key = phrase.join(" ");
            let words = own.get(&key).map(String::as_str).or_else(|| BUNDLED.get(&key).copied())?;
            Some((n, words))
        });
        if let Some((n, words)) = taken {
            let of: Vec<&str> = asked[at..at + n].iter().copied().flatten().collect();
            found.push(Alternatives { of: of.join(" "), words: words.split('|').take(MOST_WORDS).collect() });
        }
        at += taken.map_or(1, |(n, _)| n);
    }
    found
}

fn stemmed_lower(word: &str) -> String {
    stemmed(&word.to_ascii_lowercase())
}

/// The plain words of a text; `None` for an identifier, a number or a word of another script, which end a phrase.
fn words(text: &str) -> impl Iterator<Item = Option<&str>> {
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '\'').filter(|word| !word.is_empty());
    parts.map(|word| {
        let bytes = word.as_bytes();
        let plain = bytes.iter().all(|b| b.is_ascii_alphabetic() || *b == b'\'');
        let hump = bytes.windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase());
        (plain && !hump).then_some(word)
    })
}
