//! Searching: candidates of both legs, fused, loaded. Scores are described in `docs/search.md`.

use std::collections::HashMap;

use super::read::LogVectors;
use super::shared::Shared;
use super::state::State;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::index::{RowSet, VectorIndex, VectorSource, to_unit};
use crate::options::{SearchFilter, SearchMode, SearchOptions};
use crate::report::SearchHit;

/// Candidates each leg contributes, at least.
const LEG_DEPTH: usize = 100;
/// Most content an inline search hands over.
const INLINE_BYTES: usize = 256 << 10;
/// Weight of the vector leg in `hybrid`.
const VECTOR_SHARE: f32 = 0.5;

/// A query ready to run.
pub struct Prepared<'a> {
    pub words: Option<&'a str>,
    pub vector: Option<&'a [f32]>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Legs {
    similarity: Option<f32>,
    lexical: Option<f32>,
}

/// Cosine as a score: negative counts as 0.
fn clipped(cosine: f32) -> f32 {
    cosine.clamp(0.0, 1.0)
}

impl Legs {
    /// One score in [0, 1]. A chunk whose vector is still to come is judged by its words alone.
    fn score(self, hybrid: bool) -> f32 {
        match (self.similarity, self.lexical) {
            (Some(s), Some(l)) if hybrid => VECTOR_SHARE * s + (1.0 - VECTOR_SHARE) * l,
            (Some(s), None) if hybrid => VECTOR_SHARE * s,
            (Some(s), _) => s,
            (None, l) => l.unwrap_or(0.0),
        }
    }
}

impl Shared {
    /// Which legs a text query uses here.
    pub fn text_mode(&self, wanted: Option<SearchMode>) -> Result<SearchMode> {
        match (wanted, self.embedder.is_some()) {
            (None, true) => Ok(SearchMode::Hybrid),
            (None | Some(SearchMode::Lexical), _) => Ok(SearchMode::Lexical),
            (Some(mode), true) => Ok(mode),
            (Some(mode), false) => Err(Error::argument(format!(
                "mode {} needs the model: open with enable_ml: true, search by a vector, or use mode lexical",
                if mode == SearchMode::Vector { "vector" } else { "hybrid" }
            ))),
        }
    }

    /// Runs a prepared query. `words` and `vector` both given is hybrid.
    pub fn run_search(&self, query: &Prepared<'_>, options: &SearchOptions, cancel: &CancelToken) -> Result<Vec<SearchHit>> {
        match &options.filter {
            Some(f) if *f != SearchFilter::default() => self.ensure_loaded()?,
            _ => self.ensure_vectors()?,
        }
        self.expire_due();
        if query.words.is_some() {
            self.catch_up_text()?;
        }
        cancel.check()?;
        let state = self.state.read();
        Ok(self.search_state(&state, query, options, false)?.unwrap_or_default())
    }

    /// Runs a prepared query on the state as it is. With `at_once`, `None` when a chunk would have to be waited for.
    pub fn search_state(
        &self,
        state: &State,
        query: &Prepared<'_>,
        options: &SearchOptions,
        at_once: bool,
    ) -> Result<Option<Vec<SearchHit>>> {
        let selected;
        let allowed: &RowSet = match &options.filter {
            None => &state.live,
            Some(f) if *f == SearchFilter::default() => &state.live,
            Some(f) => {
                selected = self.select(state, f)?;
                &selected
            }
        };
        let wanted = options.limit() + options.offset();
        let hybrid = query.words.is_some() && query.vector.is_some();
        let depth = if hybrid { wanted.max(LEG_DEPTH) } else { wanted };
        let source = LogVectors(state);
        let mut legs: HashMap<u32, Legs> = HashMap::new();
        if let Some(vector) = query.vector {
            let near = match &state.vectors {
                None => Vec::new(),
                Some(v) if options.exact == Some(true) => v.search_exact(vector, depth, allowed, &source)?,
                Some(v) => v.search(vector, depth, allowed, options.effort(), &source)?,
            };
            if !hybrid {
                let scored = near.into_iter().map(|(row, cos)| (row, Legs { similarity: Some(clipped(cos)), lexical: None }));
                return self.hits(state, scored.collect(), options, false, at_once);
            }
            for (row, cos) in near {
                legs.entry(row).or_default().similarity = Some(clipped(cos));
            }
        }
        if let Some(words) = query.words {
            let index = self.text.index.read();
            for (row, raw) in index.search(words, allowed, &state.live, depth)? {
                legs.entry(row).or_default().lexical = Some(to_unit(raw));
            }
        }
        if let Some(vector) = query.vector {
            for (row, l) in legs.iter_mut().filter(|(_, l)| l.similarity.is_none()) {
                l.similarity = source.cosine(*row, vector)?.map(clipped);
            }
        }
        let mut scored: Vec<(u32, Legs)> = legs.into_iter().collect();
        scored.sort_by(|(ra, a), (rb, b)| b.score(hybrid).total_cmp(&a.score(hybrid)).then(ra.cmp(rb)));
        self.hits(state, scored, options, hybrid, at_once)
    }

    fn hits(
        &self,
        state: &State,
        scored: Vec<(u32, Legs)>,
        options: &SearchOptions,
        hybrid: bool,
        at_once: bool,
    ) -> Result<Option<Vec<SearchHit>>> {
        let least = options.min_score.unwrap_or(0.0);
        let bare = options.fields.as_ref().is_some_and(Vec::is_empty);
        let mut out = Vec::with_capacity(options.limit().min(scored.len()));
        let mut inline_bytes = 0;
        if bare {
            scored.iter().skip(options.offset()).take(options.limit()).for_each(|(row, _)| self.expect_names(state, *row));
        }
        let chosen = scored.into_iter().filter(|(_, l)| l.score(hybrid) >= least).skip(options.offset()).take(options.limit());
        for (row, legs) in chosen {
            let Some(r) = state.row(row) else { continue };
            let record = match (bare, at_once) {
                (true, _) => None,
                (false, false) => Some(self.record(r, self.load(state, r)?)),
                (false, true) => {
                    let Some(chunk) = self.cache.try_get(r.sequence) else { return Ok(None) };
                    inline_bytes += chunk.content.len();
                    if inline_bytes > INLINE_BYTES {
                        return Ok(None); // making strings of it would hold the caller's thread
                    }
                    Some(self.record(r, chunk))
                }
            };
            let (namespace, id) = match &record {
                Some(found) => (found.chunk.namespace.clone(), found.chunk.id.clone()),
                None => self.names(state, r)?,
            };
            let explain = (options.explain == Some(true)).then(|| {
                let mut parts = Vec::with_capacity(4);
                parts.extend(legs.similarity.map(|s| ("similarity", s)));
                parts.extend(legs.lexical.map(|l| ("lexical_score", l)));
                if hybrid {
                    parts.push(("vector_weight", if legs.similarity.is_some() { VECTOR_SHARE } else { 0.0 }));
                    parts.push(("lexical_weight", if legs.similarity.is_some() { 1.0 - VECTOR_SHARE } else { 1.0 }));
                }
                parts
            });
            out.push(SearchHit {
                id,
                namespace,
                score: legs.score(hybrid),
                similarity: legs.similarity,
                lexical_score: legs.lexical,
                pending: self.embedder.is_some() && !state.embedded.contains(row),
                truncated: r.truncated,
                explain,
                record,
            });
        }
        Ok(Some(out))
    }
}
