//! The tokenizer of the text index.

use std::collections::BTreeSet;

use fluorite_memory::index::{MAX_TERM_BYTES, QueryTerms, for_each_term};

use super::support::text;

/// Promise: terms are 1 to 64 bytes without white space; a query's are the distinct ones of its text.
pub fn run(data: &[u8]) {
    let text = text(data);
    let mut seen = BTreeSet::new();
    for_each_term(&text, &mut |term| {
        assert!((1..=MAX_TERM_BYTES).contains(&term.len()), "a term of {} bytes", term.len());
        assert!(!term.contains(char::is_whitespace), "{term:?}");
        seen.insert(term.to_owned());
    });
    let query: BTreeSet<String> = QueryTerms::new(&text).iter().map(str::to_owned).collect();
    assert_eq!(query, seen, "a query has other terms than its text");
}
