//! Labels of made-up clusters.

use std::collections::HashSet;

use fluorite_memory::{Attributes, Chunk};
use serde_json::json;

use crate::labels::{Words, label};

/// A chunk with this text and metadata.
fn chunk(text: &str, metadata: &serde_json::Value, tags: &[&str]) -> Chunk {
    let attributes = Attributes {
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        metadata: metadata.as_object().cloned().unwrap_or_default(),
        ..Attributes::default()
    };
    let (id, namespace) = ("c".to_owned(), "default".to_owned());
    let content = text.as_bytes().to_vec();
    let (created_at, updated_at, expires_at, version, content_hash, sequence) = (0, 0, None, 1, 0, 1);
    Chunk { id, namespace, content, attributes, created_at, updated_at, expires_at, version, content_hash, sequence }
}

fn shown(words: &Words) -> Vec<String> {
    words.terms().iter().map(|terms| label(terms)).collect()
}

#[test]
fn words_of_one_cluster_come_before_words_of_all() {
    let mut words = Words::new(2);
    for i in 0..10 {
        words.add(0, &chunk(&format!("import common function oils. painting {i}"), &json!({}), &[]));
        words.add(1, &chunk(&format!("import common function databases. replicas {i}"), &json!({}), &[]));
    }
    assert_eq!(shown(&words), ["oils, painting", "databases, replicas"]);
}

#[test]
fn a_text_that_repeats_itself_counts_once() {
    let mut words = Words::new(1);
    words.add(0, &chunk(&"spam ".repeat(500), &json!({}), &[]));
    (0..3).for_each(|_| words.add(0, &chunk("garden", &json!({}), &[])));
    assert_eq!(words.terms()[0][0].term, "garden");
    assert!(Words::new(3).terms().iter().all(Vec::is_empty));
}

#[test]
fn a_label_says_what_chunks_are_about_not_how_they_are_written() {
    let mut words = Words::new(2);
    let code = "export const handler = async () => { await sharp.png(); return null }";
    for i in 0..6 {
        let about = json!({ "name": format!("Rate Limiting in Next.js {i}"), "symbols": [{ "name": "slidingWindow" }] });
        words.add(0, &chunk(code, &about, &["minimal", "redis"]));
        let about = json!({ "title": format!("Kafka の 重複排除 {i}"), "path": "queues/kafka-dedup.md" });
        words.add(1, &chunk(code, &about, &["minimal"]));
    }
    let labels = shown(&words);
    for word in ["const", "export", "async", "handler", "minimal", "sharp", "md"] {
        assert!(labels.iter().all(|l| !l.contains(word)), "{labels:?}");
    }
    for (cluster, of) in [(0, ["rate limiting", "sliding window", "next.js"]), (1, ["kafka", "重複排除", "queues"])] {
        let terms: Vec<String> = words.terms()[cluster].iter().map(|t| t.term.clone()).collect();
        assert!(of.iter().all(|t| terms.iter().any(|term| term.contains(t))), "{terms:?}");
    }
    // no word twice: neither beside the pair it is part of, nor in two pairs
    for terms in words.terms() {
        let all: Vec<&str> = terms.iter().flat_map(|t| t.term.split([' ', '-'])).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "{all:?}");
    }
}
