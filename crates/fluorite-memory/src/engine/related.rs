//! What is like a stored chunk: searched by its vector, or by its rarest words when it has none.

use std::collections::{HashMap, HashSet};

use super::read::LogVectors;
use super::search::Prepared;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::index::{QueryTerms, for_each_term};
use crate::options::{OneOrMany, SearchMode, SearchOptions};
use crate::report::SearchHit;
use crate::search::Question;

/// Bytes of a content whose words are weighed.
const MOST_TEXT: usize = 32 << 10;
/// Words that stand for a content.
const MOST_WORDS: usize = 32;
/// Longest word in bytes; text without spaces is cut into pieces of this.
const LONGEST_WORD: usize = 64;

impl Shared {
    /// Hits like a stored chunk, without it. Older versions are never among them: no search returns those.
    pub fn related(&self, namespace: &str, id: &str, options: &SearchOptions) -> Result<Vec<SearchHit>> {
        self.expire_due();
        let (vector, chunk) = {
            let state = self.state.read();
            let (row, r) = state
                .find(self.key(namespace, id))
                .ok_or_else(|| Error::NotFound { what: format!("chunk {id:?} of namespace {namespace:?}") })?;
            let mut values = Vec::new();
            let has_vector = LogVectors(&state).read(row, &mut values)?;
            let by_words = !has_vector || options.mode.is_some_and(|m| m != SearchMode::Vector);
            (has_vector.then_some(values), if by_words { Some(self.load_aside(&state, r)?) } else { None })
        };
        let words = chunk.map(|c| self.rarest_words(&c.text())).transpose()?.filter(|w| !w.is_empty());
        let (words, vector) = match (options.mode, vector) {
            (None, Some(v)) | (Some(SearchMode::Vector), Some(v)) => (None, Some(v)),
            (Some(SearchMode::Hybrid), Some(v)) => (words, Some(v)),
            (None | Some(SearchMode::Lexical), _) => (words, None),
            (Some(_), None) => {
                return Err(Error::argument(format!(
                    "chunk {id:?} has no vector: wait for it with flush({{ embedded: true }}), or leave mode out to search by its words"
                )));
            }
        };
        if words.is_none() && vector.is_none() {
            return Ok(Vec::new()); // nothing to search by
        }
        let mut wider = options.clone();
        (wider.limit, wider.offset) = (Some(options.offset() + options.limit() + 1), None);
        let filter = wider.filter.get_or_insert_default();
        filter.namespace.get_or_insert_with(|| OneOrMany::One(namespace.to_owned()));
        wider.rerank.get_or_insert(false); // the words are no question: what a question gives away would mislead
        let question = words.as_deref().map(|w| Question::new(w, &[]));
        let terms = words.as_deref().map(QueryTerms::new);
        let query = Prepared { words: terms.as_ref().zip(question.as_ref()), vector: vector.as_deref() };
        let found = self.run_search(&query, &wider, &options.cancel)?;
        let others = found.into_iter().filter(|h| h.id != id || h.namespace != namespace);
        Ok(others.skip(options.offset()).take(options.limit()).collect())
    }

    /// The words of a text that fewest chunks hold, of those that at least two do: one finds the chunk itself alone.
    fn rarest_words(&self, text: &str) -> Result<String> {
        self.catch_up_text()?;
        let text = text.get(..text.floor_char_boundary(MOST_TEXT)).unwrap_or_default();
        let terms = QueryTerms::new(text);
        let state = self.state.read();
        let index = self.text.index.read();
        let weighed_terms = index.query(&terms, &state.live)?;
        let holders: HashMap<&str, usize> = weighed_terms.frequencies().filter(|(_, rows)| *rows >= 2).collect();
        let mut seen = HashSet::new();
        let mut weighed: Vec<(usize, &str)> = Vec::new();
        for word in words(text).filter(|w| seen.insert(*w)) {
            let mut rarest = None;
            for_each_term(word, &mut |term| rarest = holders.get(term).copied().into_iter().chain(rarest).min());
            weighed.extend(rarest.map(|rows| (rows, word)));
        }
        weighed.sort_by_key(|(holders, _)| *holders); // stable: the earlier word first
        weighed.truncate(MOST_WORDS);
        Ok(weighed.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" "))
    }
}

/// Runs of letters, digits, `_` and `-`, cut to the longest word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let runs = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).filter(|run| !run.is_empty());
    runs.flat_map(|run| {
        let mut rest = run;
        std::iter::from_fn(move || {
            let (word, more) = rest.split_at(rest.floor_char_boundary(LONGEST_WORD));
            rest = more;
            (!word.is_empty()).then_some(word)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_and_bounded() {
        assert_eq!(words("get_user(a-b, 'x')  é\n").collect::<Vec<_>>(), ["get_user", "a-b", "x", "é"]);
        assert_eq!(words("").count() + words(" (;) ").count(), 0);
        let long = "語".repeat(100);
        let cut: Vec<_> = words(&long).collect();
        assert_eq!(cut.concat(), long);
        assert!(cut.iter().all(|w| w.len() <= LONGEST_WORD));
    }
}
