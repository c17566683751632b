//! Markdown and prose.
#![allow(clippy::unwrap_used)] // a test that fails may panic

use fluorite_chunking::{CharacterSize, ChunkingError, ChunkingOptions, Language, PieceKind, chunk_text};

fn sections() -> String {
    let body = "A sentence of some length about the matter. Another one follows it here.\n\n";
    format!(
        "# Guide\n\nIntro.\n\n## Install *now*\n\n{}## Use `it`\n\n{}### Deeper\n\n{}# Other\n\nEnd.\n",
        body.repeat(2),
        body.repeat(2),
        body.repeat(6)
    )
}

#[test]
fn sections_are_not_mixed_where_they_fit_and_headings_stay_with_what_follows() {
    let text = sections();
    let options = ChunkingOptions { max_tokens: 64, path: Some("README.md".into()), ..ChunkingOptions::default() };
    let pieces = chunk_text(&text, &options, &CharacterSize).unwrap();
    for p in &pieces {
        assert_eq!(p.kind, PieceKind::Markdown);
        let content = &text[p.range.clone()];
        assert!(!content.lines().last().unwrap().starts_with('#'), "a heading at the end: {content:?}");
    }
    let of = |mark: &str| pieces.iter().find(|p| text[p.range.clone()].contains(mark)).unwrap();
    assert_eq!(of("## Use").headings, ["Guide", "Use it"]);
    assert_eq!(of("### Deeper").headings, ["Guide", "Use it", "Deeper"]);
    assert_eq!(pieces.iter().rev().nth(1).unwrap().headings, ["Guide", "Use it", "Deeper"]);
}

#[test]
fn code_in_fences_is_no_heading() {
    let text = "# One\n\n```sh\n# a comment\nls\n```\n\nTail.\n";
    let pieces = chunk_text(text, &ChunkingOptions::default(), &CharacterSize).unwrap();
    assert_eq!(pieces.len(), 1);
    assert_eq!(pieces[0].headings, ["One"]);
}

#[test]
fn prose_ends_at_paragraphs_then_sentences() {
    let paragraph = "The first sentence stands here. The second one is a little longer than that. A third ends it.";
    let text = [paragraph; 8].join("\n\n");
    let options = ChunkingOptions { max_tokens: 60, ..ChunkingOptions::default() };
    for p in chunk_text(&text, &options, &CharacterSize).unwrap() {
        assert_eq!(p.kind, PieceKind::Prose);
        assert!(text[p.range].starts_with("The first"));
    }
    let line = [paragraph; 8].join(" ");
    for p in chunk_text(&line, &options, &CharacterSize).unwrap() {
        assert!(line[p.range.clone()].ends_with('.'), "{:?}", &line[p.range]);
    }
    let japanese = "これは文です。もう一つの文があります。".repeat(40);
    for p in chunk_text(&japanese, &options, &CharacterSize).unwrap() {
        assert!(japanese[p.range.clone()].ends_with('。'));
    }
}

#[test]
fn overlap_repeats_whole_lines_of_the_piece_before() {
    let text: String = (0..60).map(|i| format!("line number {i} of the text\n")).collect();
    let options = ChunkingOptions { max_tokens: 64, overlap_tokens: 16, language: Some(Language::Text), path: None };
    let pieces = chunk_text(&text, &options, &CharacterSize).unwrap();
    for pair in pieces.windows(2) {
        let (before, after) = (&pair[0].range, &pair[1].range);
        assert!(after.start < before.end && text[after.start..before.end].len() <= 64);
        assert!(text[after.clone()].starts_with("line number"));
        assert!(pair[1].tokens <= 64);
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let with = |max_tokens, overlap_tokens| {
        let options = ChunkingOptions { max_tokens, overlap_tokens, ..ChunkingOptions::default() };
        chunk_text("x", &options, &CharacterSize)
    };
    assert!(matches!(with(15, 0), Err(ChunkingError::MaxTokens { given: 15 })));
    assert!(matches!(with(8_193, 0), Err(ChunkingError::MaxTokens { .. })));
    assert!(matches!(with(100, 51), Err(ChunkingError::Overlap { given: 51, half: 50 })));
    let large = "x ".repeat(9 << 20);
    assert!(matches!(chunk_text(&large, &ChunkingOptions::default(), &CharacterSize), Err(ChunkingError::TooLarge { .. })));
    assert_eq!(chunk_text(" \n\t", &ChunkingOptions::default(), &CharacterSize).unwrap(), []);
}
