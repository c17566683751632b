//! What is like a stored chunk: searched by its vector, or by its rarest words when it has none.

use std::collections::{HashMap, HashSet};

use fluorite_ml::vector::dot_f32;

use super::pieces::{Pieces, PutPieces, Seen};
use super::read::LogVectors;
use super::search::Prepared;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::index::{QueryTerms, RowSet, for_each_term};
use crate::options::{OneOrMany, SearchMode, SearchOptions};
use crate::report::SearchHit;
use crate::search::Question;
use crate::whole;

/// Bytes of a content whose words are weighed.
const MOST_TEXT: usize = 32 << 10;
/// Words that stand for a content.
const MOST_WORDS: usize = 32;
/// Longest word in bytes; text without spaces is cut into pieces of this.
const LONGEST_WORD: usize = 64;

/// What is searched by: a chunk, or a text that is stored in pieces.
struct Origin {
    vector: Option<Vec<f32>>,
    /// Its text, when it is to be searched by words.
    text: Option<String>,
    /// Rows that are no answer: its own, or those of its pieces.
    own: RowSet,
}

impl Shared {
    /// The chunk of this id, or the whole.
    fn origin(&self, namespace: &str, id: &str, mode: Option<SearchMode>) -> Result<Origin> {
        let by_words = |has_vector: bool| !has_vector || mode.is_some_and(|m| m != SearchMode::Vector);
        {
            let state = self.state.read();
            if let Some((row, r)) = state.find(self.key(namespace, id)) {
                let mut values = Vec::new();
                let has_vector = LogVectors(&state).read(row, &mut values)?;
                let text = if by_words(has_vector) { Some(self.load_aside(&state, r)?.text().into_owned()) } else { None };
                let mut own = RowSet::new();
                own.insert(row);
                return Ok(Origin { vector: has_vector.then_some(values), text, own });
            }
        }
        let (seen, put) = (Seen::new(), PutPieces::new());
        let mut pieces = Pieces { shared: self, seen: &seen, put: &put }.live(namespace, id, 0);
        pieces.retain(|piece| piece.findable);
        let state = self.state.read();
        let (mut sum, mut text, mut read, mut own) = (Vec::new(), String::new(), Vec::new(), RowSet::new());
        let mut parts = None;
        for piece in &pieces {
            let Some((row, r)) = state.find(piece.target.key) else { continue };
            if LogVectors(&state).read(row, &mut read)? {
                let length = dot_f32(&read, &read).sqrt().max(f32::MIN_POSITIVE);
                sum.resize(read.len().max(sum.len()), 0.0);
                sum.iter_mut().zip(&read).for_each(|(s, v)| *s += v / length);
            }
            if parts.is_none() || text.len() < MOST_TEXT {
                let chunk = self.load_aside(&state, r)?;
                parts = parts.or_else(|| whole::place(&chunk).map(|place| place.parts as usize));
                text.push_str(&chunk.text());
            }
            own.insert(row);
        }
        if parts != Some(own.len()) {
            return Err(Error::NotFound { what: format!("chunk {id:?} of namespace {namespace:?}") });
        }
        let has_vector = sum.iter().any(|x| *x != 0.0);
        Ok(Origin { vector: has_vector.then_some(sum), text: by_words(has_vector).then_some(text), own })
    }

    /// Hits like a stored chunk, without it; of a text in pieces those like the mean of its pieces, without them. Older versions
    /// are never among them: no search returns those.
    pub fn related(&self, namespace: &str, id: &str, options: &SearchOptions) -> Result<Vec<SearchHit>> {
        self.expire_due();
        let Origin { vector, text, own } = self.origin(namespace, id, options.mode)?;
        let words = text.map(|t| self.rarest_words(&t)).transpose()?.filter(|w| !w.is_empty());
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
        let mut options = options.clone();
        let filter = options.filter.get_or_insert_default();
        filter.namespace.get_or_insert_with(|| OneOrMany::One(namespace.to_owned()));
        options.rerank.get_or_insert(false); // the words are no question: what a question gives away would mislead
        let question = words.as_deref().map(|w| Question::new(w, &[]));
        let terms = words.as_deref().map(QueryTerms::new);
        let query = Prepared { words: terms.as_ref().zip(question.as_ref()), vector: vector.as_deref(), without: Some(&own) };
        self.run_search(&query, &options, &options.cancel)
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
