//! Terms of a query and of a chunk.

use xxhash_rust::xxh3::xxh3_64;

use super::{field::Field, tokens::for_each_term};
use crate::index::hash::ByHash;

/// A query's distinct terms, in the order in which their shares of a score are added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryTerms(Vec<(u64, Box<str>)>);

impl QueryTerms {
    /// The terms of a text; said twice they count once. Cost: 4 to 8 ns a byte and an allocation a term.
    #[must_use]
    pub fn new(query: &str) -> Self {
        let mut seen: ByHash<Box<str>> = ByHash::default();
        for_each_term(query, &mut |term| {
            seen.entry(xxh3_64(term.as_bytes())).or_insert_with(|| term.into());
        });
        let mut terms: Vec<_> = seen.into_iter().collect();
        terms.sort_unstable_by_key(|(hash, _)| *hash);
        Self(terms)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The terms as the tokenizer made them: lowercased, stemmed.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, term)| &**term)
    }

    pub(super) fn hashed(&self) -> &[(u64, Box<str>)] {
        &self.0
    }
}

/// What the index keeps of a chunk's texts; made outside its lock.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    /// Distinct terms with their weighed counts.
    pub(super) terms: Vec<(u64, u8)>,
    /// Terms in all, unweighed.
    pub(super) length: u32,
}

impl Digest {
    /// Of these texts. Cost: tokenising, about 10 µs a KB.
    #[must_use]
    pub fn of(parts: &[(&str, Field)]) -> Self {
        let mut found: Vec<(u64, u8)> = Vec::new();
        for (text, field) in parts {
            let weight = field.weight();
            for_each_term(text, &mut |term| found.push((xxh3_64(term.as_bytes()), weight)));
        }
        let length = u32::try_from(found.len()).unwrap_or(u32::MAX);
        found.sort_unstable_by_key(|&(hash, _)| hash);
        let mut terms: Vec<(u64, u8)> = Vec::with_capacity(found.len());
        for (hash, weight) in found {
            match terms.last_mut() {
                Some((last, sum)) if *last == hash => *sum = sum.saturating_add(weight),
                _ => terms.push((hash, weight)),
            }
        }
        Self { terms, length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_distinct_and_weighed() {
        let terms = QueryTerms::new("words of words, and getWords");
        let mut all: Vec<&str> = terms.iter().collect();
        all.sort_unstable();
        assert_eq!(all, ["get", "getword", "word"]);
        let digest = Digest::of(&[("words of words", Field::Body), ("word", Field::Name)]);
        assert_eq!((digest.terms.len(), digest.terms[0].1, digest.length), (1, 5, 3));
        assert_eq!(Digest::of(&[(&"word ".repeat(300), Field::Body)]).terms[0].1, 255);
    }
}
