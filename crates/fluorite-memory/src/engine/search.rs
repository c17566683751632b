//! Searching: candidates of both legs, fused, loaded. Scores are described in `docs/search.md`.

use std::collections::HashMap;
use std::sync::Arc;

use fluorite_ml::vector::dot_f32;

use super::api::INLINE_COMPARED;
use super::read::LogVectors;
use super::shared::Shared;
use super::state::State;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::feedback::{Seen, apply};
use crate::index::{QueryTerms, RowSet, TextQuery, VectorSource, to_unit};
use crate::metrics::{Laps, Stage};
use crate::mutants::mutant;
use crate::options::{SearchFilter, SearchMode, SearchOptions};
use crate::report::SearchHit;
use crate::search::{Candidate, DEPTH, Judged, Legs, Question, Ranked, Weights, diversify, rank};

/// Candidates each leg contributes, at least.
const LEG_DEPTH: usize = DEPTH;
/// Times a search takes in what was written since, before it goes on without.
const CATCH_UPS: usize = 32;
/// Most content an inline search hands over.
const INLINE_BYTES: usize = 256 << 10;
const DAY_MS: i64 = 24 * 3_600_000;

/// A query ready to run.
#[derive(Default)]
pub struct Prepared<'a> {
    /// What the text index is asked, and what it gives away.
    pub words: Option<(&'a QueryTerms, &'a Question)>,
    pub vector: Option<&'a [f32]>,
    /// Rows that are no answer.
    pub without: Option<&'a RowSet>,
}

/// Cosine as a score: negative counts as 0.
fn clipped(cosine: f32) -> f32 {
    cosine.clamp(0.0, 1.0)
}

/// A hit of one leg, whose score is the leg's.
fn single(row: u32, similarity: Option<f32>, lexical: f32) -> Ranked {
    let score = similarity.unwrap_or_else(|| to_unit(lexical));
    Ranked { candidate: Candidate { row, similarity, lexical }, score, explain: Vec::new() }
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
        for _ in 0..CATCH_UPS {
            if query.words.is_some() {
                self.catch_up_text()?;
            }
            cancel.check()?;
            let state = self.state.read();
            // a chunk replaced since would be found by neither version's words: its old one is dead, its new one not indexed
            if query.words.is_none() || self.text.is_caught_up() {
                return Ok(self.search_state(&state, query, options, false)?.unwrap_or_default());
            }
        }
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
        let near_ones = if mutant!("filter_ignored_by_vectors") { &state.live } else { allowed };
        let mut laps = Laps::start();
        let wanted = options.limit() + options.offset();
        let source = LogVectors(state);
        let reach = wanted + query.without.map_or(0, RowSet::len);
        let deep = reach.max(LEG_DEPTH);
        let near = match query.vector {
            None => None,
            Some(vector) => {
                let depth = if query.words.is_some() || options.mmr_lambda.is_some() { deep } else { reach };
                let mut near = match &state.vectors {
                    None => Vec::new(),
                    Some(v) if options.exact == Some(true) => v.search_exact(vector, depth, near_ones, &source)?,
                    Some(v) => {
                        let most = if at_once { INLINE_COMPARED * 2 } else { usize::MAX };
                        match v.search_within(vector, depth, near_ones, options.effort(), &source, most)? {
                            Some(near) => near,
                            None => return Ok(None),
                        }
                    }
                };
                near.iter_mut().for_each(|(_, cosine)| *cosine = clipped(*cosine));
                laps.lap(Stage::Vector);
                Some(near)
            }
        };
        let mut ranked: Vec<Ranked> = match query.words {
            None => near.unwrap_or_default().into_iter().map(|(row, cosine)| single(row, Some(cosine), 0.0)).collect(),
            Some((terms, question)) => {
                let own;
                let counted = match alone(options) {
                    None => &state.live,
                    Some(namespace) if options.filter.as_ref() == Some(&namespace) => allowed,
                    Some(namespace) => {
                        own = self.select(state, &namespace)?;
                        &own
                    }
                };
                let index = self.text.index.read();
                let text = index.query(terms, counted)?;
                let by_words = text.search(allowed, deep)?;
                laps.lap(Stage::Text);
                if query.vector.is_none() && options.rerank == Some(false) {
                    by_words.into_iter().map(|(row, raw)| single(row, None, raw)).collect()
                } else {
                    let candidates = joined(near.as_deref(), &by_words, &text, query.vector, &source)?;
                    let legs = Legs {
                        vector: near.map(|n| n.into_iter().map(|(_, cosine)| cosine).collect()),
                        lexical: by_words.into_iter().map(|(_, raw)| raw).collect(),
                        best_possible: text.best_possible(),
                    };
                    drop(index);
                    let ranked = self.judge(state, question, candidates, &legs, options);
                    laps.lap(Stage::Fuse);
                    ranked
                }
            }
        };
        // before they are compared with each other: what is no answer makes nothing else redundant
        if let Some(without) = query.without {
            ranked.retain(|r| !without.contains(r.candidate.row));
        }
        let ranked = match options.mmr_lambda {
            Some(lambda) => varied(ranked, wanted, lambda, &source),
            None => ranked,
        };
        laps.skip();
        let hits = self.hits(state, ranked, options, at_once)?;
        laps.lap(Stage::Load);
        if hits.is_some() && !options.unobserved {
            laps.record(&self.metrics);
        }
        Ok(hits)
    }

    /// Ranks the candidates of both legs.
    fn judge(
        &self,
        state: &State,
        question: &Question,
        candidates: Vec<Candidate>,
        legs: &Legs,
        options: &SearchOptions,
    ) -> Vec<Ranked> {
        let plain;
        let weights = if options.rerank == Some(false) {
            plain = Weights { signals: Default::default(), ..Weights::bundled().clone() };
            &plain
        } else {
            Weights::bundled()
        };
        let ranker = Arc::clone(&self.feedback.ranker.read());
        let wanted = options.rerank != Some(false) && options.learned != Some(false);
        let learned = if wanted { ranker.weights(options.domain.as_deref()) } else { None };
        let mut seen = Seen::new();
        let today = self.clock.wall_ms() / DAY_MS;
        let load = |row: u32| {
            let r = state.row(row)?;
            // a damaged chunk is ranked by its scores; reading it as a hit says CORRUPT
            let chunk = self.load(state, r).ok()?;
            let usage = r.usage.load(std::sync::atomic::Ordering::Relaxed);
            if learned.is_some() {
                seen.insert(row, (Arc::clone(&chunk), usage));
            }
            Some(Judged { age_days: today - chunk.updated_at / DAY_MS, chunk, usage })
        };
        let explain = options.explain == Some(true);
        let mut ranked = rank(question, candidates, legs, weights, explain || learned.is_some(), load);
        if let Some(learned) = learned {
            let tallies = self.tallies();
            apply(learned, &tallies.read(), &seen, weights.score.rank, &mut ranked);
            if !explain {
                ranked.iter_mut().for_each(|hit| hit.explain.clear());
            }
        }
        ranked
    }

    fn hits(&self, state: &State, ranked: Vec<Ranked>, options: &SearchOptions, at_once: bool) -> Result<Option<Vec<SearchHit>>> {
        let least = options.min_score.unwrap_or(0.0);
        let bare = options.fields.as_ref().is_some_and(Vec::is_empty);
        let mut out = Vec::with_capacity(options.limit().min(ranked.len()));
        let mut inline_bytes = 0;
        if bare {
            let chosen = ranked.iter().skip(options.offset()).take(options.limit());
            chosen.for_each(|h| self.expect_names(state, h.candidate.row));
        }
        let chosen = ranked.into_iter().filter(|h| h.score >= least).skip(options.offset()).take(options.limit());
        for Ranked { candidate: Candidate { row, similarity, lexical }, score, explain: mut parts } in chosen {
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
            let lexical_score = (lexical > 0.0).then(|| to_unit(lexical));
            let explain = (options.explain == Some(true)).then(|| {
                parts.extend(similarity.map(|s| ("similarity", s)));
                parts.extend(lexical_score.map(|l| ("lexical_score", l)));
                parts
            });
            out.push(SearchHit {
                id,
                namespace,
                score,
                similarity,
                lexical_score,
                pending: self.embedder.is_some() && !state.embedded.contains(row),
                truncated: r.truncated,
                explain,
                record,
            });
        }
        Ok(Some(out))
    }
}

/// The namespaces of the filter by themselves: their rows' statistics count, so that a namespace ranks as a store of its own would.
fn alone(options: &SearchOptions) -> Option<SearchFilter> {
    let namespace = options.filter.as_ref()?.namespace.clone()?;
    Some(SearchFilter { namespace: Some(namespace), ..SearchFilter::default() })
}

/// What either leg found, with the scores of both.
fn joined(
    near: Option<&[(u32, f32)]>,
    by_words: &[(u32, f32)],
    text: &TextQuery<'_>,
    vector: Option<&[f32]>,
    source: &LogVectors<'_>,
) -> Result<Vec<Candidate>> {
    let mut raw: HashMap<u32, f32> = by_words.iter().copied().collect();
    let near = near.unwrap_or_default();
    let mut out: Vec<Candidate> = near
        .iter()
        .map(|(row, cosine)| Candidate { row: *row, similarity: Some(*cosine), lexical: raw.remove(row).unwrap_or(0.0) })
        .collect();
    let unscored: Vec<u32> = out.iter().filter(|c| c.lexical == 0.0).map(|c| c.row).collect();
    let mut scores = text.score_rows(&unscored)?.into_iter();
    for c in out.iter_mut().filter(|c| c.lexical == 0.0) {
        c.lexical = scores.next().unwrap_or(0.0);
    }
    for (row, lexical) in by_words.iter().filter(|(row, _)| raw.contains_key(row)) {
        let similarity = match vector {
            Some(v) => source.cosine(*row, v)?.map(clipped),
            None => None,
        };
        out.push(Candidate { row: *row, similarity, lexical: *lexical });
    }
    Ok(out)
}

/// Chooses hits that differ, by the cosines of their vectors; what has no vector is like nothing.
fn varied(ranked: Vec<Ranked>, wanted: usize, lambda: f32, source: &LogVectors<'_>) -> Vec<Ranked> {
    let mut vectors = Vec::with_capacity(ranked.len());
    for hit in &ranked {
        let mut values = Vec::new();
        if source.read(hit.candidate.row, &mut values).is_err() {
            values.clear(); // a damaged vector is like nothing; the search that met it has noted it
        }
        vectors.push(values);
    }
    let scores: Vec<f32> = ranked.iter().map(|h| h.score).collect();
    let alike = |a: usize, b: usize| {
        let (a, b) = (&vectors[a], &vectors[b]);
        if a.is_empty() || a.len() != b.len() { 0.0 } else { clipped(dot_f32(a, b)) }
    };
    let chosen = diversify(&scores, wanted, lambda, alike);
    let mut ranked: Vec<Option<Ranked>> = ranked.into_iter().map(Some).collect();
    chosen.into_iter().filter_map(|at| ranked.get_mut(at)?.take()).collect()
}
