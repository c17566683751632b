//! The tokenizer alone: exact against the plain library, without a model, and linear in hostile text.
// A test reports by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use fluorite_ml::Tokenizer;
use proptest::prelude::*;

fn tokenizer() -> Tokenizer {
    common::model().tokenizer().unwrap()
}

/// The library without our windows.
fn plain() -> tokenizers::Tokenizer {
    let mut plain = tokenizers::Tokenizer::from_file(common::model().path().join("tokenizer.json")).unwrap();
    plain.with_padding(None).with_truncation(None).unwrap();
    plain
}

#[test]
fn counting_needs_no_model_and_does_not_cut() {
    let folder = common::copy_with(b"not a model at all");
    let tokenizer = common::find(folder.path().to_path_buf(), false).unwrap().tokenizer().unwrap();
    assert_eq!(tokenizer.count("").unwrap(), 2);
    assert_eq!(tokenizer.count(&"word ".repeat(1000)).unwrap(), 1002);
}

#[test]
fn a_file_that_is_no_tokenizer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokenizer.json");
    for bad in ["", "{}", "{\"model\":{}}"] {
        std::fs::write(&file, bad).unwrap();
        assert_eq!(Tokenizer::from_file(&file).err().map(|e| e.code()), Some("MODEL_REJECTED"), "{bad:?}");
    }
    assert_eq!(Tokenizer::from_file(folder.path()).err().map(|e| e.code()), Some("MODEL_REJECTED"));
}

#[test]
fn ten_megabytes_without_a_space_take_seconds_not_minutes() {
    let tokenizer = tokenizer();
    let limit = Duration::from_secs(30);
    for (name, text, tokens) in [
        ("one word", "a".repeat(10_000_000), 3),
        ("minified code", "a.b(c);".repeat(1_430_000), 2 + 7 * 1_430_000),
        ("Chinese", "的".repeat(1_000_000), 2 + 1_000_000),
    ] {
        let start = Instant::now();
        let found = tokenizer.encode(&text, 256).unwrap();
        assert!(start.elapsed() < limit, "{name}: {:?}", start.elapsed());
        assert_eq!((found.total, found.ids.len(), found.truncated), (tokens, tokens.min(256), tokens > 256), "{name}");
    }
}

#[test]
fn windows_change_nothing_in_long_texts() {
    let (ours, plain) = (tokenizer(), plain());
    let pieces = [
        "hello ",
        "world,",
        "[MASK]",
        "caf\u{e9} ",
        "e\u{301}",
        "\u{4f60}\u{597d}",
        "x=1;",
        "\u{a0}",
        "[SEP",
        "]",
        "\n\n",
        "{\"a\":1}",
        "# ",
    ];
    for seed in 0..6_usize {
        let text: String = (0..20_000).map(|i| pieces[(i * (seed * 2 + 3) + i / 7) % pieces.len()]).collect();
        assert!(text.len() > 3 * 16_384);
        let expected = plain.encode_fast(text.as_str(), true).unwrap();
        let found = ours.encode(&text, usize::MAX).unwrap();
        let wide: Vec<i64> = expected.get_ids().iter().map(|id| i64::from(*id)).collect();
        assert_eq!((found.total, found.truncated), (expected.len(), false));
        assert!(found.ids == wide, "seed {seed}: ids differ");
        assert_eq!(ours.count(&text).unwrap(), expected.len());
    }
}

proptest! {
    #[test]
    fn cutting_keeps_the_head_and_both_special_tokens(text in "\\PC{0,300}", limit in 2_usize..64) {
        let (ours, plain) = (tokenizer_once(), plain_once());
        let expected: Vec<i64> = plain.encode_fast(text.as_str(), true).unwrap().get_ids().iter().map(|id| i64::from(*id)).collect();
        let found = ours.encode(&text, limit).unwrap();
        prop_assert_eq!(found.total, expected.len());
        prop_assert_eq!(found.truncated, expected.len() > limit);
        let kept = expected.len().min(limit);
        prop_assert_eq!(&found.ids[..kept - 1], &expected[..kept - 1]);
        prop_assert_eq!((found.ids.len(), found.ids[kept - 1], found.type_ids.len()), (kept, 102, kept));
    }
}

fn tokenizer_once() -> &'static Tokenizer {
    static ONCE: std::sync::OnceLock<Tokenizer> = std::sync::OnceLock::new();
    ONCE.get_or_init(tokenizer)
}

fn plain_once() -> &'static tokenizers::Tokenizer {
    static ONCE: std::sync::OnceLock<tokenizers::Tokenizer> = std::sync::OnceLock::new();
    ONCE.get_or_init(plain)
}
