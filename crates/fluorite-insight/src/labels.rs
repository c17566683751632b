//! Labels from the terms that tell a cluster from the others: c-TF-IDF (Grootendorst 2022), each term once a chunk.

use std::collections::{BTreeMap, HashMap, HashSet};

use fluorite_memory::Chunk;

use crate::about::phrases;
use crate::report::Term;
use crate::terms::terms;

/// Terms of a cluster that are told, and those its label is made of.
const TERMS: usize = 10;
const LABEL: usize = 3;
/// How much more often a term that tells a cluster is in its chunks than in all.
const MORE_OFTEN: f64 = 1.2;
/// Share of a word's chunks that a pair with it must be in to stand for it.
const PAIR: f64 = 0.6;
/// Best terms that are looked at.
const LOOKED_AT: usize = 200;

/// Terms of clusters, gathered chunk by chunk.
#[derive(Default)]
pub struct Words {
    /// By cluster: in how many chunks a term occurs.
    clusters: Vec<BTreeMap<String, u32>>,
    /// By cluster: chunks.
    chunks: Vec<u32>,
    /// How a term is written, and how often.
    spelled: HashMap<String, BTreeMap<String, u32>>,
}

impl Words {
    /// For so many clusters.
    pub fn new(clusters: usize) -> Self {
        Self { clusters: vec![BTreeMap::new(); clusters], chunks: vec![0; clusters], spelled: HashMap::new() }
    }

    /// Takes in what a chunk of a cluster is about.
    pub fn add(&mut self, cluster: usize, chunk: &Chunk) {
        let content = chunk.text();
        let mut seen = HashSet::new();
        phrases(chunk, &content, &mut |phrase| {
            terms(&phrase, &mut |term| {
                if !seen.contains(&term.key) {
                    *self.spelled.entry(term.key.clone()).or_default().entry(term.text).or_default() += 1;
                    seen.insert(term.key);
                }
            });
        });
        if let (Some(words), Some(chunks)) = (self.clusters.get_mut(cluster), self.chunks.get_mut(cluster)) {
            *chunks += 1;
            seen.into_iter().for_each(|term| *words.entry(term).or_default() += 1);
        }
    }

    /// The most distinctive terms of each cluster, best first: of those that its chunks hold more often than chunks do everywhere, no
    /// word twice.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // scores
    pub fn terms(&self) -> Vec<Vec<Term>> {
        let mut everywhere: HashMap<&str, f64> = HashMap::new();
        let mut all = 0.0;
        for (term, n) in self.clusters.iter().flatten() {
            *everywhere.entry(term).or_default() += f64::from(*n);
            all += f64::from(*n);
        }
        let average = all / self.clusters.len().max(1) as f64;
        let everything = f64::from(self.chunks.iter().sum::<u32>()).max(1.0);
        let of_cluster = |(words, chunks): (&BTreeMap<String, u32>, &u32)| {
            let own: f64 = words.values().map(|n| f64::from(*n)).sum::<f64>().max(1.0);
            let total = |term: &str| everywhere.get(term).copied().unwrap_or(1.0);
            let score = |term: &str, n: u32| f64::from(n) / own * (1.0 + average / total(term)).ln();
            let mut scored: Vec<(f64, &str, u32)> = words.iter().map(|(t, n)| (score(t, *n), t.as_str(), *n)).collect();
            scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
            let tells = |term: &str, n: u32| f64::from(n) / f64::from((*chunks).max(1)) > MORE_OFTEN * total(term) / everything;
            if scored.iter().any(|(_, term, n)| tells(term, *n)) {
                scored.retain(|(_, term, n)| tells(term, *n)); // else there is one cluster, or clusters that words do not tell apart
            }
            // a pair with a word of all clusters says no more than its other word; `next.js` is one word
            let telling: HashSet<&str> = scored.iter().map(|(_, term, _)| *term).collect();
            scored.retain(|(_, term, _)| term.split(' ').all(|word| telling.contains(word)) || self.written(term).contains('.'));
            scored.truncate(LOOKED_AT);
            self.chosen(&scored)
        };
        self.clusters.iter().zip(&self.chunks).map(of_cluster).collect()
    }

    /// Of terms, best first, those that say something the ones before do not: a pair takes the place of the words it is made of.
    #[allow(clippy::cast_possible_truncation)] // scores
    fn chosen(&self, scored: &[(f64, &str, u32)]) -> Vec<Term> {
        let mut out: Vec<Term> = Vec::new();
        let mut used: Vec<String> = Vec::new();
        for (score, term, n) in scored {
            if out.len() == TERMS {
                break;
            }
            let stands_for = |pair: &&(f64, &str, u32)| {
                pair.1.split(' ').count() == 2
                    && pair.1.split(' ').any(|w| w == *term)
                    && f64::from(pair.2) >= PAIR * f64::from(*n)
            };
            let best = |a: &&(f64, &str, u32), b: &&(f64, &str, u32)| a.0.total_cmp(&b.0);
            let term = if term.contains(' ') {
                *term
            } else {
                scored.iter().filter(stands_for).max_by(best).map_or(*term, |pair| pair.1)
            };
            let written = self.written(term);
            let parts: Vec<String> = term.split(' ').map(squashed).chain([squashed(&written)]).collect();
            if parts.iter().any(|part| used.iter().any(|u| alike(part, u))) {
                continue;
            }
            used.extend(parts);
            out.push(Term { term: written, score: *score as f32 });
        }
        out
    }

    /// As it is most often written; the first by name of equals.
    fn written(&self, term: &str) -> String {
        let most = self.spelled.get(term).and_then(|s| s.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))));
        most.map_or_else(|| term.to_owned(), |(word, _)| word.clone())
    }
}

/// Letters and digits alone: `next.js` is `nextjs`.
fn squashed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Does one of two terms begin with the other?
fn alike(a: &str, b: &str) -> bool {
    let long = |s: &str| s.chars().count() > 2 || !s.is_ascii();
    a == b || (long(a) && long(b) && (a.starts_with(b) || b.starts_with(a)))
}

/// A label: the first three terms.
pub fn label(terms: &[Term]) -> String {
    terms.iter().take(LABEL).map(|t| t.term.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use fluorite_memory::Attributes;
    use serde_json::json;

    use super::*;

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
            let about = json!({ "name": format!("Next.js Rate Limiting {i}"), "symbols": [{ "name": "slidingWindow" }] });
            words.add(0, &chunk(code, &about, &["minimal", "redis"]));
            let about = json!({ "title": format!("Kafka の 重複排除 {i}"), "path": "queues/kafka-dedup.md" });
            words.add(1, &chunk(code, &about, &["minimal"]));
        }
        let labels = shown(&words);
        for word in ["const", "export", "async", "handler", "minimal", "sharp", "md"] {
            assert!(labels.iter().all(|l| !l.contains(word)), "{labels:?}");
        }
        for (cluster, of) in [(0, ["rate limiting", "sliding window"]), (1, ["kafka", "重複排除"])] {
            let terms: Vec<String> = words.terms()[cluster].iter().map(|t| t.term.clone()).collect();
            assert!(of.iter().all(|t| terms.iter().any(|term| term.contains(t))), "{terms:?}");
        }
        // no word twice: neither beside the pair it is part of, nor in two pairs
        for terms in words.terms() {
            let all: Vec<&str> = terms.iter().flat_map(|t| t.term.split([' ', '-', '.'])).collect();
            assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "{all:?}");
        }
    }
}
