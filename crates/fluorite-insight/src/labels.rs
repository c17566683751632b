//! Labels from the words that tell a cluster from the others: c-TF-IDF (Grootendorst 2022), each word once a text.

use std::collections::{BTreeMap, HashMap, HashSet};

use fluorite_memory::index::for_each_term;

use crate::report::Term;

/// Bytes of a text that are read.
const MOST_TEXT: usize = 4 << 10;
/// Words of a cluster that are told, and those its label is made of.
const TERMS: usize = 10;
const LABEL: usize = 3;
/// How much more often a word that tells a cluster is in its texts than in all.
const MORE_OFTEN: f64 = 1.2;

/// Words of clusters, gathered text by text.
#[derive(Default)]
pub struct Words {
    /// By cluster: in how many texts a term occurs.
    clusters: Vec<BTreeMap<String, u32>>,
    /// By cluster: texts.
    texts: Vec<u32>,
    /// How a term is written, and how often.
    spelled: HashMap<String, BTreeMap<String, u32>>,
}

impl Words {
    /// For so many clusters.
    pub fn new(clusters: usize) -> Self {
        Self { clusters: vec![BTreeMap::new(); clusters], texts: vec![0; clusters], spelled: HashMap::new() }
    }

    /// Takes the words of a text of a cluster in.
    pub fn add(&mut self, cluster: usize, text: &str) {
        let text = &text[..text.floor_char_boundary(MOST_TEXT)];
        let mut seen = HashSet::new();
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
            let mut terms: Vec<String> = Vec::new();
            for_each_term(word, &mut |t| terms.push(t.to_owned()));
            if let [term] = terms.as_slice() {
                let spelled = self.spelled.entry(term.clone()).or_default();
                *spelled.entry(word.to_lowercase()).or_default() += 1;
            }
            seen.extend(terms.into_iter().filter(|t| t.chars().count() > 1 && t.chars().any(char::is_alphabetic)));
        }
        if let (Some(words), Some(texts)) = (self.clusters.get_mut(cluster), self.texts.get_mut(cluster)) {
            *texts += 1;
            seen.into_iter().for_each(|term| *words.entry(term).or_default() += 1);
        }
    }

    /// The most distinctive words of each cluster, best first: of those that its texts hold more often than texts do everywhere.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // scores
    pub fn terms(&self) -> Vec<Vec<Term>> {
        let mut everywhere: HashMap<&str, f64> = HashMap::new();
        let mut all = 0.0;
        for (term, n) in self.clusters.iter().flatten() {
            *everywhere.entry(term).or_default() += f64::from(*n);
            all += f64::from(*n);
        }
        let average = all / self.clusters.len().max(1) as f64;
        let everything = f64::from(self.texts.iter().sum::<u32>()).max(1.0);
        let of_cluster = |(words, texts): (&BTreeMap<String, u32>, &u32)| {
            let own: f64 = words.values().map(|n| f64::from(*n)).sum::<f64>().max(1.0);
            let mut scored: Vec<(f64, &str)> = words
                .iter()
                .map(|(term, n)| {
                    let total = everywhere.get(term.as_str()).copied().unwrap_or(1.0);
                    (f64::from(*n) / own * (1.0 + average / total).ln(), term.as_str())
                })
                .collect();
            scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
            let tells = |term: &str| {
                let (here, total) = (words.get(term).copied().unwrap_or(0), everywhere.get(term).copied().unwrap_or(0.0));
                f64::from(here) / f64::from((*texts).max(1)) > MORE_OFTEN * total / everything
            };
            if scored.iter().any(|(_, term)| tells(term)) {
                scored.retain(|(_, term)| tells(term)); // else there is one cluster, or clusters that words do not tell apart
            }
            scored.truncate(TERMS);
            scored.into_iter().map(|(score, term)| Term { term: self.written(term), score: score as f32 }).collect()
        };
        self.clusters.iter().zip(&self.texts).map(of_cluster).collect()
    }

    /// As it is most often written; the first by name of equals.
    fn written(&self, term: &str) -> String {
        let most = self.spelled.get(term).and_then(|s| s.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))));
        most.map_or_else(|| term.to_owned(), |(word, _)| word.clone())
    }
}

/// A label: the first three words.
pub fn label(terms: &[Term]) -> String {
    terms.iter().take(LABEL).map(|t| t.term.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_cluster_come_before_words_of_all() {
        let mut words = Words::new(2);
        for i in 0..10 {
            words.add(0, &format!("import common function painting oils {i}"));
            words.add(1, &format!("import common function databases indexing {i}"));
        }
        let terms = words.terms();
        let of = |c: usize| terms[c].iter().take(2).map(|t| t.term.as_str()).collect::<Vec<_>>();
        assert_eq!(of(0), ["oils", "painting"], "{terms:?}");
        assert_eq!(of(1), ["databases", "indexing"], "{terms:?}");
        assert_eq!(label(&terms[0]), "oils, painting", "what all have tells nothing");
    }

    #[test]
    fn a_text_that_repeats_itself_counts_once() {
        let mut words = Words::new(1);
        words.add(0, &"spam ".repeat(500));
        (0..3).for_each(|_| words.add(0, "garden"));
        assert_eq!(words.terms()[0][0].term, "garden");
        assert!(Words::new(3).terms().iter().all(Vec::is_empty));
    }
}
