//! Text of any length embeds: none at all, and more than the model reads.
// A test reports by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use fluorite_ml::Embedder;

#[test]
fn empty_text_embeds_as_its_two_special_tokens() {
    let found = common::embedder(1).embed("").unwrap();
    assert_eq!((found.values.len(), found.tokens, found.truncated), (384, 2, false));
}

#[test]
fn text_is_cut_after_254_words_and_says_so() {
    let embedder = common::embedder(1);
    let words = |n| vec!["word"; n].join(" ");
    let fits = embedder.embed(&words(254)).unwrap();
    assert_eq!((fits.tokens, fits.truncated), (256, false));
    let cut = embedder.embed(&format!("{} and an end that nobody reads", words(254))).unwrap();
    assert_eq!((cut.tokens, cut.truncated), (256 + 6, true));
    assert_eq!(cut.values, fits.values, "what was cut must not be in the vector");
    assert_ne!(embedder.embed(&words(253)).unwrap().values, fits.values);
}

#[test]
fn a_very_long_text_is_counted_whole() {
    let embedder = common::embedder(1);
    let text = "fn a(b: u8) { c.d(); }\n".repeat(5_000);
    let found = embedder.embed(&text).unwrap();
    assert_eq!((found.tokens, found.truncated), (2 + 17 * 5_000, true));
    assert_eq!(embedder.tokenizer().unwrap().count(&text).unwrap(), found.tokens);
}
