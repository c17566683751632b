//! Of any text: covered in order, small enough, characters and graphemes whole, small texts stay as they are.
#![allow(clippy::unwrap_used)] // a test that fails may panic

use fluorite_chunking::{CharacterSize, ChunkSize, ChunkingOptions, Language, SizeError, chunk_text};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

const LANGUAGES: &[Language] = &[
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
/// Real code: of this crate.
const SOURCES: &[&str] = &[
    include_str!("../src/pack.rs"),
    include_str!("../src/code/definitions.rs"),
    include_str!("../src/markdown.rs"),
    include_str!("languages.rs"),
    include_str!("../../../lib/index.ts"),
    include_str!("../../../README.md"),
];

/// Words and marks, and two around every text: like a model's tokenizer, with sums that do not quite add up.
struct WordSize;

impl ChunkSize for WordSize {
    fn size(&self, text: &str) -> Result<usize, SizeError> {
        Ok(2 + text.split_word_bounds().filter(|w| !w.trim().is_empty()).count())
    }
}

fn check(text: &str, options: &ChunkingOptions, size: &dyn ChunkSize) -> Result<(), TestCaseError> {
    let pieces = chunk_text(text, options, size).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let breaks: std::collections::HashSet<usize> = text.grapheme_indices(true).map(|(i, _)| i).chain([text.len()]).collect();
    let longest = text.graphemes(true).map(str::len).max().unwrap_or(0);
    let mut covered = 0;
    let mut start = 0;
    for p in &pieces {
        let content = &text[p.range.clone()];
        prop_assert!(!content.trim().is_empty());
        prop_assert!(p.range.start >= start, "out of order");
        prop_assert!(p.range.end > covered, "nothing new");
        if p.range.start > covered {
            prop_assert!(text[covered..p.range.start].trim().is_empty(), "left out: {:?}", &text[covered..p.range.start]);
        }
        prop_assert!(options.overlap_tokens > 0 || p.range.start >= covered, "overlaps");
        let tokens = size.size(content).unwrap();
        prop_assert_eq!(tokens, p.tokens);
        prop_assert!(tokens <= options.max_tokens);
        if longest < 32 {
            prop_assert!(breaks.contains(&p.range.start) && breaks.contains(&p.range.end), "inside a grapheme");
        }
        prop_assert_eq!(p.start_line, text[..p.range.start].matches('\n').count() + 1);
        prop_assert_eq!(p.end_line, p.start_line + content.matches('\n').count());
        (start, covered) = (p.range.start, p.range.end);
        // A piece that is a text of its own stays whole.
        if content.len() <= options.max_tokens * 16 {
            let again = chunk_text(content, options, size).unwrap();
            prop_assert_eq!(again.len(), 1);
            prop_assert_eq!(again[0].range.end, content.len());
        }
    }
    prop_assert!(text[covered..].trim().is_empty(), "end left out");
    Ok(())
}

fn options() -> impl Strategy<Value = ChunkingOptions> {
    (16..200_usize, 0..3_usize, proptest::sample::select(LANGUAGES)).prop_map(|(max_tokens, part, language)| ChunkingOptions {
        max_tokens,
        overlap_tokens: max_tokens * part / 5,
        language: Some(language),
        path: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,600}", o in options()) {
        check(&text, &o, &CharacterSize)?;
        check(&text, &o, &WordSize)?;
    }

    #[test]
    fn awkward_text(text in "[a-c(){}\\[\\]#`>*.\"' \n\r\t\u{301}\u{200d}\u{1F468}\u{1F1E6}\u{600}漢、。-]{0,900}", o in options()) {
        check(&text, &o, &CharacterSize)?;
        check(&text, &o, &WordSize)?;
    }

    #[test]
    fn slices_of_real_code(which in 0..SOURCES.len(), from in 0.0..1.0_f64, len in 0..6_000_usize, o in options()) {
        let source = SOURCES[which];
        let from = (0..=(source.len() as f64 * from) as usize).rev().find(|i| source.is_char_boundary(*i)).unwrap();
        let to = (0..=(from + len).min(source.len())).rev().find(|i| source.is_char_boundary(*i)).unwrap();
        check(&source[from..to], &o, &CharacterSize)?;
        check(&source[from..to], &o, &WordSize)?;
    }
}
