//! Labels from the terms that tell a cluster from the others: c-TF-IDF (Grootendorst 2022), each term once a chunk.

use std::collections::{BTreeMap, HashMap, HashSet};

use fluorite_memory::Chunk;

use crate::about::phrases;
use crate::report::Term;
use crate::terms::terms;

/// Terms of a cluster that are told, and those its label is made of.
const TERMS: usize = 10;
const LABEL: usize = 3;
/// How much more often a term that tells a cluster is in its chunks than in those of the others.
const MORE_OFTEN: f64 = 2.0;
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

    /// The most distinctive terms of each cluster, best first: of those that its chunks hold more often than the others' do, no word
    /// twice.
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
            let (here, elsewhere) = (f64::from((*chunks).max(1)), (everything - f64::from(*chunks)).max(1.0));
            let tells = |term: &str, n: u32| f64::from(n) / here > MORE_OFTEN * (total(term) - f64::from(n)) / elsewhere;
            if scored.iter().any(|(_, term, n)| tells(term, *n)) {
                scored.retain(|(_, term, n)| tells(term, *n)); // else there is one cluster, or clusters that words do not tell apart
            }
            // a pair with a word of all clusters says no more than its other word
            let telling: HashSet<&str> = scored.iter().map(|(_, term, _)| *term).collect();
            scored.retain(|(_, term, _)| term.split(' ').all(|word| telling.contains(word)));
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
                pair.1.contains(' ') && pair.1.split(' ').any(|w| w == *term) && f64::from(pair.2) >= PAIR * f64::from(*n)
            };
            // pairs are in the order of their scores, as all terms are
            let pairs = scored.iter().filter(|_| !term.contains(' ')).filter(stands_for).map(|pair| pair.1);
            let new = pairs.chain([*term]).find_map(|term| {
                let written = self.written(term);
                let parts: Vec<String> = term.split(' ').map(squashed).chain([squashed(&written)]).collect();
                let said = parts.iter().any(|part| used.iter().any(|u| alike(part, u)));
                (!said).then_some((written, parts))
            });
            let Some((written, parts)) = new else { continue };
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
