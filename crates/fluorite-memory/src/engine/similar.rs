//! Ranking texts that are not stored.

use fluorite_ml::vector::dot_f32;

use super::shared::Shared;
use crate::error::{Error, Result};
use crate::report::RankedDocument;

/// Most documents of a call.
pub const MOST_DOCUMENTS: usize = 10_000;
/// Most bytes of all documents of a call.
pub const MOST_DOCUMENT_BYTES: usize = 16 << 20;
/// Documents returned when the caller does not say.
const DEFAULT_TOP: usize = 10;

/// The documents of a `semantic_search`, within its limits.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    texts: Vec<String>,
    bytes: usize,
}

impl Documents {
    /// Adds one. `INVALID_ARGUMENT` beyond [`MOST_DOCUMENTS`] or [`MOST_DOCUMENT_BYTES`].
    pub fn push(&mut self, text: String) -> Result<()> {
        if self.texts.len() == MOST_DOCUMENTS {
            return Err(Error::argument(format!(
                "documents: at most {MOST_DOCUMENTS} texts are ranked in one call; rank them in parts, or store them and use searchSimilar"
            )));
        }
        self.bytes += text.len();
        if self.bytes > MOST_DOCUMENT_BYTES {
            return Err(Error::argument(format!(
                "documents: more than {MOST_DOCUMENT_BYTES} bytes in one call; rank them in parts, or store them and use searchSimilar"
            )));
        }
        self.texts.push(text);
        Ok(())
    }

    /// The texts in order.
    #[must_use]
    pub fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// How many are wanted: 10 when absent.
pub fn check_top(top_k: Option<usize>) -> Result<usize> {
    let top = top_k.unwrap_or(DEFAULT_TOP);
    if (1..=MOST_DOCUMENTS).contains(&top) {
        return Ok(top);
    }
    Err(Error::argument(format!("top_k must be 1 to {MOST_DOCUMENTS}; it is {top}")))
}

impl Shared {
    /// Ranking needs the model.
    pub fn check_ranking(&self) -> Result<()> {
        if self.embedder.is_some() {
            return Ok(());
        }
        Err(Error::Embedding(fluorite_ml::Error::EmbeddingFailed {
            message: "ranking by meaning needs the model: open with enable_ml: true, or store the texts and search them by words"
                .into(),
        }))
    }
}

/// The best documents, best first, ties to the earlier one. `vectors` are unit: the query's, then each document's.
pub fn rank(texts: &[String], vectors: &[Vec<f32>], top: usize) -> Vec<RankedDocument> {
    let Some((query, documents)) = vectors.split_first() else { return Vec::new() };
    let mut scored: Vec<(usize, f32)> =
        documents.iter().enumerate().map(|(i, v)| (i, dot_f32(query, v).clamp(0.0, 1.0))).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1)); // stable
    scored.truncate(top);
    let ranked = |(i, score): (usize, f32)| {
        let content = texts.get(i)?.clone();
        Some(RankedDocument { document_index: i, document_content: content, similarity_score: score })
    };
    scored.into_iter().filter_map(ranked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_first_ties_to_the_earlier_negative_is_zero() {
        let texts: Vec<String> = ["same", "against", "half", "same"].map(String::from).into();
        let vectors = [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.5, 0.866], [1.0, 0.0]].map(Vec::from);
        let ranked = rank(&texts, &vectors, 10);
        assert_eq!(ranked.iter().map(|r| r.document_index).collect::<Vec<_>>(), [0, 3, 2, 1]);
        assert_eq!(ranked[2].document_content, "half");
        assert_eq!(ranked[3].similarity_score, 0.0);
        assert_eq!(rank(&texts, &vectors, 1).len(), 1);
        assert!(rank(&[], &[], 5).is_empty());
    }

    #[test]
    fn documents_have_limits() {
        let mut many = Documents::default();
        for _ in 0..MOST_DOCUMENTS {
            many.push(String::new()).unwrap();
        }
        assert_eq!(many.push(String::new()).unwrap_err().code(), "INVALID_ARGUMENT");
        let mut large = Documents::default();
        large.push("x".repeat(MOST_DOCUMENT_BYTES)).unwrap();
        assert!(large.push("x".into()).unwrap_err().to_string().contains("in parts"));
        assert!(check_top(Some(0)).is_err() && check_top(Some(10_001)).is_err());
        assert_eq!(check_top(None).unwrap(), 10);
    }
}
