//! A query's text, made ready for both legs.

use std::borrow::Cow;

use super::Query;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::index::QueryTerms;
use crate::query::is_blank;
use crate::search::Question;

/// Longest query in bytes: about 10,000 words.
pub const MAX_QUERY_BYTES: usize = 64 << 10;
/// Software terms are looked up in this much of a query.
const MOST_EXPANDED: usize = 4 << 10;

/// What is asked of each index.
pub struct Asked<'a> {
    /// For the text index: the query's terms with other words for them, and the English of its software terms.
    pub words: QueryTerms,
    /// For the model: English, which is all that ours reads.
    pub meaning: Cow<'a, str>,
    /// What the text gives away.
    pub question: Question,
}

/// Refuses a text that asks for nothing, for every call that takes a query; `name` leads the message.
pub fn check_asked(name: &str, text: &str) -> Result<()> {
    if is_blank(text) {
        return Err(Error::argument(format!(
            "{name} is blank (nothing but white space and invisible characters): say in words what to look for"
        )));
    }
    Ok(())
}

impl Query {
    /// [`check_asked`] of a text.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        match self {
            Self::Text(text) => check_asked(name, text),
            Self::Vector(_) => Ok(()),
        }
    }
}

impl Shared {
    /// Reads a query.
    pub fn ask<'a>(&self, text: &'a str) -> Result<Asked<'a>> {
        if text.len() > MAX_QUERY_BYTES {
            let found = text.len();
            return Err(Error::argument(format!(
                "the query has {found} bytes, the limit is {MAX_QUERY_BYTES}: search with its most telling part, or with a vector"
            )));
        }
        let start = &text[..text.floor_char_boundary(MOST_EXPANDED)];
        let others = self.lexicon.alternatives(start);
        let Some(found) = self.lexicon.expand(start).filter(|e| !e.english.is_empty()) else {
            let words = QueryTerms::with(text, &others);
            return Ok(Asked { words, meaning: text.into(), question: Question::new(text, &[]) });
        };
        let words = QueryTerms::with(&format!("{text} {}", found.english.join(" ")), &others);
        let question = Question::new(text, &found.english);
        // an embedder of the caller may read these languages
        let meaning = if self.config.embedder.is_some() { text.into() } else { found.text.clone().into() };
        Ok(Asked { words, meaning, question })
    }
}
