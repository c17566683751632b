//! Searches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::Engine;
use super::read::bounded;
use crate::cancel::CancelToken;
use crate::chunk::check_id;
use crate::engine::Query;
use crate::engine::ask::check_asked;
use crate::engine::budget::within_budget;
use crate::engine::context::build_context;
use crate::engine::prepare::{check_namespace, check_vector};
use crate::engine::search::Prepared;
use crate::engine::shared::Shared;
use crate::engine::similar::{Documents, check_top, rank};
use crate::error::{Error, Result};
use crate::history::{Asked, Entry};
use crate::index::LayeredIndex;
use crate::metrics::Stage;
use crate::options::{ContextOptions, SearchMode, SearchOptions};
use crate::pending::{Pending, pending};
use crate::report::{Context, RankedDocument, SearchHit};

/// Vector searches that compare at most this many codes run at once on the calling thread (about 20 ns each).
pub(in crate::engine) const INLINE_COMPARED: usize = 5_000;
/// ... with a filter, over at most this many rows: what the filter costs is not known before it is evaluated.
const INLINE_FILTERED: usize = 5_000;
/// ... when they load at most this many chunks.
const INLINE_HITS: usize = 50;

impl Engine {
    /// Best hits, best first. A blank text is `INVALID_ARGUMENT`, here and in every call that takes a query.
    pub fn search(&self, query: Query, options: SearchOptions) -> Pending<Vec<SearchHit>> {
        let options = match query.check("query").and_then(|()| options.checked()) {
            Ok(o) => o,
            Err(e) => return Pending::ready(Err(e)),
        };
        self.on_pool(move |shared| {
            let asked = asked_by(shared, &query);
            observed(shared, Asked::Search, asked.as_deref(), None, &options, || {
                within_budget(shared, &options, |o| one_search(shared, query, o))
            })
        })
    }

    /// A vector search when it can be done at once on this thread; `None` = ask `search`.
    pub fn search_inline(&self, query: &[f32], options: &SearchOptions) -> Option<Result<Vec<SearchHit>>> {
        let shared = &self.0.shared;
        let started = Instant::now();
        let small =
            options.limit() + options.offset() <= INLINE_HITS && options.exact != Some(true) && options.budget_tokens.is_none();
        // writing the history down may wait for the disk
        if !small
            || shared.history.is_some()
            || self.0.closed.load(Ordering::Acquire)
            || !shared.is_loaded(options.filter.is_some())
        {
            return None;
        }
        if shared.clock.monotonic_ms() >= shared.next_deadline.load(Ordering::Acquire) {
            return None;
        }
        let state = shared.state.try_read()?;
        let k = options.limit() + options.offset();
        let cheap = |v: &LayeredIndex| v.is_resident() && v.estimate(k, options.effort()) <= INLINE_COMPARED;
        if !state.vectors.as_ref().is_none_or(cheap) || (options.filter.is_some() && state.rows.len() > INLINE_FILTERED) {
            return None;
        }
        let mut vector = query.to_vec();
        if let Err(e) = check_mode(options).and_then(|()| check_vector(&mut vector, shared.dimensions())) {
            return Some(Err(e));
        }
        let found = shared
            .search_state(&state, &Prepared { words: None, vector: Some(&vector), without: None }, options, true)
            .transpose()?;
        if found.is_ok() {
            shared.metrics.record(Stage::Total, started.elapsed());
        }
        Some(found)
    }

    /// Many queries with the same options, in parallel; results in the order of the queries.
    pub fn search_many(&self, queries: Vec<Query>, options: SearchOptions) -> Pending<Vec<Vec<SearchHit>>> {
        let asked = queries.iter().enumerate().try_for_each(|(i, query)| query.check(&format!("queries.{i}")));
        let options = match asked.and_then(|()| options.checked()) {
            Ok(o) => Arc::new(o),
            Err(e) => return Pending::ready(Err(e)),
        };
        let handed = AtomicUsize::new(0);
        self.fan_out(queries, None, "search", options.cancel.clone(), move |shared, query| {
            let asked = asked_by(shared, &query);
            let hits = observed(shared, Asked::Search, asked.as_deref(), None, &options, || {
                within_budget(shared, &options, |o| one_search(shared, query, o))
            })?;
            let bytes: usize = hits.iter().filter_map(|h| h.record.as_ref()).map(|r| r.chunk.content.len()).sum();
            bounded(handed.fetch_add(bytes, Ordering::Relaxed) + bytes)?;
            Ok(hits)
        })
    }

    /// Chunks most like a stored one, best first, without it: by its vector (mode `vector`), or by the 32 rarest words of its
    /// content when it has none. They are of its own namespace unless the filter names one. Of a text that is stored in pieces: by
    /// the mean of their vectors, without the pieces.
    /// Errors: `NOT_FOUND` when there is no such chunk. Cost: that of a search by a vector, with as many hits more as it has pieces.
    pub fn find_related(&self, namespace: &str, id: &str, options: SearchOptions) -> Pending<Vec<SearchHit>> {
        let checked = check_id(id).and_then(|()| check_namespace(namespace)).and_then(|()| options.checked());
        let options = match checked {
            Ok(o) => o,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (namespace, id) = (namespace.to_owned(), id.to_owned());
        self.on_pool(move |shared| {
            observed(shared, Asked::Related, None, Some((&namespace, &id)), &options, || {
                within_budget(shared, &options, |o| shared.related(&namespace, &id, o))
            })
        })
    }

    /// The best chunks for a query as one text of at most `budget_tokens`, by the model's tokenizer. Needs the model's folder for
    /// the tokenizer, not the model. Cost: a search, and 1 to 2 us per byte of the text for counting it.
    pub fn build_context(&self, query: Query, options: ContextOptions) -> Pending<Context> {
        let (budget, search) = match query.check("query").and_then(|()| options.checked()) {
            Ok(checked) => checked,
            Err(e) => return Pending::ready(Err(e)),
        };
        self.on_pool(move |shared| build_context(shared, query, budget, &search, &options))
    }

    /// Ranks texts by meaning, best first; nothing is stored. `top_k` is 10 when absent.
    /// Errors: `EMBEDDING_FAILED` without the model. Cost: 2 to 28 ms of processor time a text that is not in the embedding cache.
    pub fn semantic_search(
        &self,
        query: String,
        documents: Documents,
        top_k: Option<usize>,
        cancel: CancelToken,
    ) -> Pending<Vec<RankedDocument>> {
        let asked = check_asked("query", &query).and_then(|()| check_top(top_k));
        let top = match asked.and_then(|top| self.0.shared.check_ranking().map(|()| top)) {
            Ok(top) => top,
            Err(e) => return Pending::ready(Err(e)),
        };
        let documents = documents.into_texts();
        let embedded = self.embed(std::iter::once(query).chain(documents.iter().cloned()).collect(), cancel, None);
        let (settler, done) = pending();
        embedded.on_settle(move |r| settler.settle(r.map(|vectors| rank(&documents, &vectors, top))));
        done
    }
}

/// A vector query knows no other mode.
fn check_mode(options: &SearchOptions) -> Result<()> {
    match options.mode {
        None | Some(SearchMode::Vector) => Ok(()),
        Some(_) => Err(Error::argument("a vector query is always mode vector: give text for words")),
    }
}

/// The text of a query, kept when there is a history to write it into.
pub(in crate::engine) fn asked_by(shared: &Shared, query: &Query) -> Option<String> {
    match query {
        Query::Text(text) if shared.history.is_some() => Some(text.clone()),
        _ => None,
    }
}

/// A search of a caller, not of the engine for itself: timed, and written into the history when there is one.
pub(in crate::engine) fn observed(
    shared: &Arc<Shared>,
    kind: Asked,
    query: Option<&str>,
    related_to: Option<(&str, &str)>,
    options: &SearchOptions,
    run: impl FnOnce() -> Result<Vec<SearchHit>>,
) -> Result<Vec<SearchHit>> {
    let started = Instant::now();
    let hits = run()?;
    let took = started.elapsed();
    shared.metrics.record(Stage::Total, took);
    if let Some(history) = &shared.history {
        let (mode, filter) = (options.mode, options.filter.as_ref());
        let entry = Entry { kind, query, related_to, mode, filter, took_ms: (took.as_secs_f64() * 1e6).round() / 1e3 };
        history.write(shared.clock.wall_ms(), &entry, &hits);
    }
    Ok(hits)
}

pub(in crate::engine) fn one_search(shared: &Arc<Shared>, query: Query, options: &SearchOptions) -> Result<Vec<SearchHit>> {
    let cancel = &options.cancel;
    match query {
        Query::Vector(mut vector) => {
            check_mode(options)?;
            check_vector(&mut vector, shared.dimensions())?;
            shared.run_search(&Prepared { words: None, vector: Some(&vector), without: None }, options, cancel)
        }
        Query::Text(text) => {
            let mode = shared.text_mode(options.mode)?;
            let asked = shared.ask(&text)?;
            let vector = if mode == SearchMode::Lexical { None } else { Some(shared.embed_query(&asked.meaning, options)?) };
            let words = (mode != SearchMode::Vector).then_some((&asked.words, &asked.question));
            shared.run_search(&Prepared { words, vector: vector.as_deref(), without: None }, options, cancel)
        }
    }
}
