//! Terms of a query and of a chunk.

use xxhash_rust::xxh3::xxh3_64;

use super::{field::Field, tokens::for_each_term};
use crate::index::hash::ByHash;

/// What an alternative word counts beside the word that was asked for.
const ALTERNATIVE: f32 = 0.6;
/// An alternative that more than one in so many rows hold tells nothing.
const TELLING: usize = 10;
/// In fewer rows any word tells something.
const FEW_ROWS: usize = 5;

/// Other words for a word or phrase of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives<'l> {
    /// The word or phrase, as it was asked.
    pub of: String,
    /// Words and phrases that say the same.
    pub words: Vec<&'l str>,
}

/// A term that is looked up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QueryTerm {
    pub(super) hash: u64,
    text: Box<str>,
    /// A row gets the best share of each group of terms, not their sum: they say the same.
    pub(super) group: u32,
    /// It stands in for another word.
    pub(super) alternative: bool,
}

impl QueryTerm {
    /// What it counts when so many of the documents hold it, whose weight as a term is `weight`; `None` when nothing.
    pub(super) fn counts(&self, frequency: usize, documents: usize, weight: f32) -> Option<f32> {
        match self.alternative {
            _ if frequency == 0 => None,
            false => Some(weight),
            true if frequency > FEW_ROWS.max(documents / TELLING) => None,
            true => Some(weight * ALTERNATIVE),
        }
    }
}

/// A query's distinct terms with their alternatives, group by group, in the order in which their shares of a score are added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueryTerms(Vec<QueryTerm>);

impl QueryTerms {
    /// The terms of a text; said twice they count once. Cost: 4 to 8 ns a byte and an allocation a term.
    #[must_use]
    pub fn new(query: &str) -> Self {
        Self::with(query, &[])
    }

    /// The terms of a text, and other words for some of them. An alternative of one word joins its group; those of a phrase are
    /// a group of their own. Words of the query itself are no alternatives.
    #[must_use]
    pub fn with(query: &str, others: &[Alternatives<'_>]) -> Self {
        let mut seen: ByHash<Box<str>> = ByHash::default();
        for_each_term(query, &mut |term| {
            seen.entry(xxh3_64(term.as_bytes())).or_insert_with(|| term.into());
        });
        let mut own: Vec<(u64, Box<str>)> = seen.into_iter().collect();
        own.sort_unstable_by_key(|(hash, _)| *hash);
        let place = |hash: u64| own.binary_search_by_key(&hash, |(h, _)| *h);
        let mut joined: Vec<Vec<(u64, Box<str>)>> = vec![Vec::new(); own.len()];
        for Alternatives { of, words } in others {
            let mut asked = Vec::new();
            for_each_term(of, &mut |term| asked.extend(place(xxh3_64(term.as_bytes()))));
            let group = match asked[..] {
                [one] => one,
                _ => joined.len(),
            };
            if group == joined.len() {
                joined.push(Vec::new());
            }
            let members = &mut joined[group];
            for word in words {
                for_each_term(word, &mut |term| {
                    let hash = xxh3_64(term.as_bytes());
                    if place(hash).is_err() && members.iter().all(|(h, _)| *h != hash) {
                        members.push((hash, term.into()));
                    }
                });
            }
        }
        let mut own = own.into_iter();
        let mut terms = Vec::new();
        for (group, alternatives) in (0..).zip(joined) {
            let term = |alternative| move |(hash, text)| QueryTerm { hash, text, group, alternative };
            terms.extend(own.next().map(term(false)));
            terms.extend(alternatives.into_iter().map(term(true)));
        }
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
        self.0.iter().map(|term| &*term.text)
    }

    pub(super) fn all(&self) -> &[QueryTerm] {
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

/// What a term that is in a document so often adds to the document's sum.
pub(super) fn term_sum(hash: u64, frequency: u8) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&hash.to_le_bytes(), u64::from(frequency))
}

impl Digest {
    /// A number that stands for all terms and their counts: equal to that of a text segment's document with the same.
    pub(crate) fn sum(&self) -> u64 {
        self.terms.iter().fold(0, |sum, (hash, count)| sum.wrapping_add(term_sum(*hash, *count)))
    }

    /// Terms in all, unweighed.
    pub(crate) fn length(&self) -> u32 {
        self.length
    }

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
    #[test]
    fn alternatives_join_the_word_they_stand_for() {
        let of = |of: &str, words: &[&'static str]| Alternatives { of: of.to_owned(), words: words.to_vec() };
        let terms = QueryTerms::with(
            "delete after a power cut",
            &[of("delete", &["remove", "erase", "power"]), of("power cut", &["crash", "power loss"])],
        );
        let groups = |terms: &QueryTerms| {
            let mut groups: Vec<Vec<String>> = Vec::new();
            for t in terms.all() {
                if groups.len() <= t.group as usize {
                    groups.push(Vec::new());
                }
                groups[t.group as usize].push(format!("{}{}", t.text, if t.alternative { "?" } else { "" }));
            }
            groups.sort();
            groups
        };
        assert_eq!(
            groups(&terms),
            [vec!["after"], vec!["crash?", "loss?"], vec!["cut"], vec!["delet", "remov?", "eras?"], vec!["power"]]
        );
        assert_eq!(QueryTerms::with("x", &[]), QueryTerms::new("x"));
        let counts =
            |alternative, frequency| QueryTerm { hash: 0, text: "".into(), group: 0, alternative }.counts(frequency, 10_000, 2.0);
        assert_eq!([counts(false, 0), counts(true, 0), counts(true, 1_001)], [None; 3]);
        assert_eq!([counts(false, 9_000), counts(true, 1_000)], [Some(2.0), Some(1.2)]);
    }
}
