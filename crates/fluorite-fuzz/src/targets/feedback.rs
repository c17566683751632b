//! Feedback as callers give it.

use fluorite_memory::input::from_value;
use fluorite_memory::{Feedback, FeedbackKind, MAX_ID_BYTES, TrainingExample};

use super::support::tree;

pub const TOKENS: &[&str] = &[
    "\"rating\":",
    "\"kind\":\"rating\"",
    "\"kind\":\"correction\"",
    "\"correction\":\"",
    "\"domain\":\"",
    "\"query\":\"",
    "\"at\":",
    "\"version\":",
    "null",
    "1e39",
    "-0.0",
    "NaN",
    "{",
    "}",
    "\n",
    "9223372036854775807",
];

/// Promise: what `checked` lets through is in its ranges; everything else is `INVALID_ARGUMENT` or `INVALID_ID`.
pub fn run(data: &[u8]) {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(data) else { return };
    let value = tree(json);
    if let Ok(given) = from_value::<Feedback>(value.clone()) {
        match given.checked() {
            Ok(f) => {
                assert!((1..=MAX_ID_BYTES).contains(&f.chunk_id.len()) && !f.namespace().is_empty());
                assert_eq!(f.rating.is_some(), f.kind == FeedbackKind::Rating);
                assert!(f.rating.is_none_or(|r| (0.0..=1.0).contains(&r)), "a rating of {:?}", f.rating);
                assert_eq!(f.correction.is_some(), f.kind == FeedbackKind::Correction);
                assert!(f.domain.is_none_or(|d| (1..=128).contains(&d.len())));
            }
            Err(e) => assert!(["INVALID_ARGUMENT", "INVALID_ID"].contains(&e.code()), "{}", e.code()),
        }
    }
    if let Ok(given) = from_value::<TrainingExample>(value) {
        match given.checked() {
            Ok(e) => assert!(e.preferred != e.rejected && !e.query.trim().is_empty()),
            Err(e) => assert!(["INVALID_ARGUMENT", "INVALID_ID"].contains(&e.code()), "{}", e.code()),
        }
    }
}
