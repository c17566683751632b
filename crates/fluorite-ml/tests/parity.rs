//! The int8 model stays near the fp32 reference, and counts its tokens exactly.
// A test reports by panicking.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // prints its figures

mod common;

use common::cosine;
use fluorite_ml::Embedder;

#[derive(serde::Deserialize)]
struct Reference {
    text: String,
    tokens: usize,
    vector: Vec<f32>,
}

#[test]
fn vectors_are_near_the_reference_and_token_counts_equal() {
    let embedder = common::embedder(1);
    assert_eq!((embedder.dimensions(), embedder.max_tokens()), (384, 256));
    assert_eq!(embedder.model_id(), "all-MiniLM-L6-v2@73d3f263ad500d13");
    let references =
        include_str!("data/reference-fp32.jsonl").lines().map(|line| serde_json::from_str::<Reference>(line).unwrap());
    let mut cosines = Vec::new();
    for reference in references {
        let found = embedder.embed(&reference.text).unwrap();
        let length: f64 = found.values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum();
        assert!((length - 1.0).abs() < 1e-5, "{:?} has length {length}", reference.text);
        assert_eq!(found.values.len(), 384);
        // The reference counts what was left after cutting.
        assert_eq!(found.tokens.min(256), reference.tokens, "{:?}", reference.text);
        assert_eq!(embedder.tokenizer().unwrap().count(&reference.text).unwrap(), found.tokens, "{:?}", reference.text);
        cosines.push(cosine(&found.values, &reference.vector));
    }
    assert_eq!(cosines.len(), 30);
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    let min = cosines.iter().copied().fold(1.0, f64::min);
    eprintln!("30 reference texts: mean cosine {mean:.5}, min {min:.5}");
    assert!(mean >= 0.99 && min >= 0.96, "mean {mean:.5}, min {min:.5}");
    assert!(mean < 0.9999, "mean {mean:.5}: this is not the int8 model");
}

#[test]
fn unrelated_texts_are_far_apart() {
    let embedder = common::embedder(1);
    let embed = |text| embedder.embed(text).unwrap().values;
    let cat = embed("a cat sleeps on the sofa");
    let near = cosine(&cat, &embed("a kitten is napping on the couch"));
    let far = cosine(&cat, &embed("impl Drop for Lease { fn drop(&mut self) {} }"));
    assert!(near > 0.6 && far < 0.3, "near {near:.3}, far {far:.3}");
}
