//! A context for a query: found here, packed by `crate::context`.

use std::sync::Arc;

use super::Query;
use super::api::{asked_by, observed, one_search};
use super::shared::Shared;
use crate::chunk::Chunk;
use crate::context::{Block, Candidate, Lines, Packer};
use crate::error::Result;
use crate::history::Asked;
use crate::options::{ContextOptions, SearchOptions};
use crate::report::{Context, SearchHit};
use crate::search::path_of;
use crate::whole;

/// The best chunks for a query, packed. `budget` and `search` are those of `options`, checked.
pub fn build_context(
    shared: &Arc<Shared>,
    query: Query,
    budget: usize,
    search: &SearchOptions,
    options: &ContextOptions,
) -> Result<Context> {
    let counter = shared.token_counter()?;
    let asked = asked_by(shared, &query);
    let hits = observed(shared, Asked::Context, asked.as_deref(), None, search, || one_search(shared, query, search))?;
    let packer = Packer {
        budget,
        format: options.format.unwrap_or_default(),
        order: options.order.unwrap_or_default(),
        count: &|text| counter.count(text),
        cancel: &search.cancel,
    };
    // read as they are needed: most of what is found does not fit
    packer.pack(hits.iter().filter_map(|hit| shared.candidate(hit).transpose()))
}

impl Shared {
    /// The chunk of a hit as it is now; `None` when it is gone, or is not text.
    fn candidate(&self, hit: &SearchHit) -> Result<Option<Candidate>> {
        let state = self.state.read();
        let Some((_, r)) = state.find(self.key(&hit.namespace, &hit.id)) else { return Ok(None) };
        let chunk = self.load(&state, r)?;
        drop(state);
        let Ok(text) = std::str::from_utf8(&chunk.content) else { return Ok(None) };
        let text = text.trim_end();
        let block = Block {
            id: chunk.id.clone(),
            path: path_of(&chunk).map(str::to_owned),
            language: chunk.attributes.language.as_deref().map(str::to_lowercase),
            lines: lines(&chunk, text),
            whole: whole::place(&chunk).map(|p| p.parent.to_owned()),
            text: text.to_owned(),
            truncated: false,
        };
        Ok(Some(Candidate { namespace: chunk.namespace.clone(), score: hit.score, content_hash: chunk.content_hash, block }))
    }
}

/// `metadata.start_line` and `metadata.end_line`; a missing end is as far as the text goes.
fn lines(chunk: &Chunk, text: &str) -> Option<Lines> {
    let m = &chunk.attributes.metadata;
    let number = |key| m.get(key).and_then(number);
    let first = number("start_line").filter(|n| *n > 0)?;
    let last = number("end_line").unwrap_or(first + text.matches('\n').count() as u64);
    (last >= first).then_some(Lines { first, last })
}

/// JavaScript's numbers come as either.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // in range
fn number(v: &serde_json::Value) -> Option<u64> {
    let whole = |n: f64| (n.fract() == 0.0 && (0.0..=u32::MAX.into()).contains(&n)).then_some(n as u64);
    whole(v.as_f64()?)
}
