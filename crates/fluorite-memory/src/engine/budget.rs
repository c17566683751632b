//! Hits within a budget of tokens.

use super::shared::Shared;
use crate::context::measure;
use crate::error::Result;
use crate::options::SearchOptions;
use crate::report::SearchHit;

/// Searches, and keeps from the best hit on what fits into `budget_tokens`, when there is one.
pub fn within_budget(
    shared: &Shared,
    options: &SearchOptions,
    search: impl FnOnce(&SearchOptions) -> Result<Vec<SearchHit>>,
) -> Result<Vec<SearchHit>> {
    let Some(mut left) = options.budget_tokens else { return search(options) };
    let counter = shared.token_counter()?;
    let bare = options.fields.as_ref().is_some_and(Vec::is_empty);
    let found = if bare { search(&SearchOptions { fields: None, ..options.clone() })? } else { search(options)? };
    let mut kept = Vec::with_capacity(found.len());
    for mut hit in found {
        options.cancel.check()?;
        let Some(record) = &hit.record else { continue };
        let Some(tokens) = measure(&|text| counter.count(text), &record.chunk.text(), left)? else { continue };
        left -= tokens;
        if bare {
            hit.record = None;
        }
        kept.push(hit);
    }
    Ok(kept)
}
