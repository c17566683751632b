//! Texts cut along their structure.

use fluorite_chunking::{CharacterSize, ChunkSize, ChunkingError, ChunkingOptions, Language, broken_share, chunk_text};

use super::support::text;

pub const TOKENS: &[&str] = &[
    "fn f() {",
    "}\n",
    "class A:\n",
    "/*",
    "*/",
    "`${",
    "\"",
    "'",
    "# head\n",
    "```\n",
    "\r",
    "\u{301}",
    "👩‍👩‍👧",
    "<?php ",
    "=begin\n",
    "=end\n",
    "#[a]\n",
    "@a\n",
    "\u{feff}",
    "\u{2028}",
    "\u{3000}",
    "| a |\n|---|\n",
];
const LANGUAGES: [Language; 13] = [
    Language::TypeScript,
    Language::Tsx,
    Language::JavaScript,
    Language::Python,
    Language::Rust,
    Language::Go,
    Language::Java,
    Language::Php,
    Language::CSharp,
    Language::Ruby,
    Language::Code,
    Language::Markdown,
    Language::Text,
];

/// First byte: language (none for the highest values), second: length and overlap. Promise: pieces in order, on characters,
/// within the length, disjoint without overlap, with every character that is not white space.
pub fn run(data: &[u8]) {
    let [language, size, rest @ ..] = data else { return };
    let (text, max_tokens) = (text(rest), 16 + usize::from(size % 32));
    let overlap_tokens = if size / 32 == 0 { 0 } else { usize::from(size / 32).min(max_tokens / 2) };
    let language = LANGUAGES.get(usize::from(*language) % 15).copied();
    let options = ChunkingOptions { max_tokens, overlap_tokens, language, path: None };
    let pieces = match chunk_text(&text, &options, &CharacterSize) {
        Ok(pieces) => pieces,
        Err(ChunkingError::NoRoom { tokens, .. }) => return assert!(tokens > max_tokens),
        Err(e) => panic!("{e}"),
    };
    let (mut end, mut start) = (0, 0);
    for p in &pieces {
        let said = text.get(p.range.clone()).unwrap_or_else(|| panic!("piece {:?} cuts a character", p.range));
        assert!(!said.trim().is_empty(), "an empty piece {:?}", p.range);
        assert_eq!(CharacterSize.size(said).ok(), Some(p.tokens));
        assert!(p.tokens <= max_tokens, "{} of {max_tokens} tokens", p.tokens);
        assert!(p.range.start >= start && p.range.end > end, "{:?} after {end}", p.range);
        assert!(overlap_tokens > 0 || p.range.start >= end, "{:?} repeats what ends at {end}", p.range);
        if p.range.start > end {
            assert!(text[end..p.range.start].trim().is_empty(), "lost: {:?}", &text[end..p.range.start]);
        }
        assert!(1 <= p.start_line && p.start_line <= p.end_line);
        (start, end) = (p.range.start, p.range.end);
    }
    assert!(text[end..].trim().is_empty(), "lost: {:?}", &text[end..]);
    if let Some(share) = language.and_then(|l| broken_share(&text, l)) {
        assert!((0.0..=1.0).contains(&share), "{share}");
    }
}
