//! What a query's text gives away about what is asked.

use crate::index::for_each_term;
use crate::query::is_cjk;

/// More terms of a query than these judge no file names.
const MOST_TERMS: usize = 64;
/// More identifiers than these are not looked for as definitions.
const MOST_SYMBOLS: usize = 8;
/// Longer queries are judged by their start.
const MOST_BYTES: usize = 4_096;

/// A query, read once.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// It holds an identifier, a path or a call.
    pub symbol_like: bool,
    /// It has a capitalised word behind the first: a name.
    pub names: bool,
    /// Tests, examples or benchmarks are asked for.
    pub tests: bool,
    /// Identifiers, lowercased.
    pub symbols: Vec<String>,
    /// Distinct terms, as the text index has them, sorted; those of the translation included.
    pub terms: Vec<String>,
    /// Distinct terms of the query itself that are not Chinese, Japanese or Korean.
    pub length: usize,
    /// Part of it was translated.
    pub translated: bool,
}

impl Question {
    /// Reads a query, and what the lexicon has for it in English. Linear, of at most its first 4 KiB.
    #[must_use]
    pub fn new(text: &str, english: &[&str]) -> Self {
        let text = &text[..text.floor_char_boundary(MOST_BYTES)];
        let mut terms = Vec::new();
        let mut take = |t: &str| {
            if terms.len() < 4 * MOST_TERMS {
                terms.push(t.to_owned());
            }
        };
        for_each_term(text, &mut take);
        let mut own: Vec<String> = terms.iter().filter(|t| !t.chars().any(is_cjk)).cloned().collect();
        own.sort_unstable();
        own.dedup();
        english.iter().for_each(|words| for_each_term(words, &mut |t| terms.push(t.to_owned())));
        terms.sort_unstable();
        terms.dedup();
        terms.truncate(MOST_TERMS);
        let words: Vec<&str> = words(text).collect();
        let mut symbols: Vec<String> = words.iter().filter(|w| is_identifier(w)).map(|w| w.to_lowercase()).collect();
        symbols.dedup();
        symbols.truncate(MOST_SYMBOLS);
        let tested = |w: &&str| {
            let w = w.to_lowercase();
            matches!(
                w.strip_suffix('s').unwrap_or(&w),
                "test" | "spec" | "example" | "bench" | "benchmark" | "mock" | "fixture" | "테스트" | "テスト" | "测试"
            )
        };
        Self {
            symbol_like: is_symbol_like(text),
            names: words.iter().skip(1).any(|w| is_name(w)),
            tests: words.iter().any(tested),
            symbols,
            terms,
            length: own.len(),
            translated: !english.is_empty(),
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty())
}

/// `Redis`, not `REST` and not `iPhone`.
fn is_name(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase)
}

/// Mixed case, digits or underscores inside, or all capitals.
fn is_identifier(word: &str) -> bool {
    let bytes = word.as_bytes();
    let starts = bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    let hump = bytes.windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase());
    let marked = bytes.iter().any(|b| *b == b'_' || b.is_ascii_digit());
    let capitals = bytes.len() > 2 && bytes.iter().all(u8::is_ascii_uppercase);
    starts && word.is_ascii() && bytes.len() > 1 && (hump || marked || capitals)
}

/// `aB`, `a_b`, `a::b`, `a(`, `a.b` anywhere.
fn is_symbol_like(text: &str) -> bool {
    let part = |b: u8| b.is_ascii_alphanumeric();
    text.as_bytes().contains(&b'_')
        || text.contains("::")
        || text
            .as_bytes()
            .windows(2)
            .any(|w| (w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()) || (part(w[0]) && w[1] == b'('))
        || text.as_bytes().windows(3).any(|w| part(w[0]) && w[1] == b'.' && part(w[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_names_and_tests_are_seen() {
        let q = Question::new("where is getUserName or MAX_LEN defined", &[]);
        assert!(q.symbol_like && !q.names && !q.tests);
        assert_eq!(q.symbols, ["getusername", "max_len"]);
        let q = Question::new("When did Caroline go to the lake?", &[]);
        assert!(!q.symbol_like && q.names && q.symbols.is_empty());
        assert!(!Question::new("What happens", &[]).names, "a capital at the start is grammar");
        for text in ["std::fs", "retry(", "app.config.js", "snake_case"] {
            assert!(Question::new(text, &[]).symbol_like, "{text}");
        }
        assert!(!Question::new("python check if string is int. Then stop", &[]).symbol_like);
        assert!(Question::new("tests of the cache", &[]).tests && Question::new("캐시 테스트", &[]).tests);
        assert!(!Question::new("the latest contest", &[]).tests);
    }

    #[test]
    fn hostile_queries_cost_little() {
        for text in ["", "_", "((((", &"aB".repeat(1 << 20), &"é".repeat(1 << 20), &"a ".repeat(1 << 20)] {
            let q = Question::new(text, &[]);
            assert!(q.symbols.len() <= MOST_SYMBOLS && q.terms.len() <= MOST_TERMS);
        }
    }
}
