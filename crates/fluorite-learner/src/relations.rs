//! Questions about frameworks, answered from what a store holds.
//!
//! Owns: reading what chunks use, putting templates together again from their chunks. In: an engine. Out: relationships and patterns with
//! the ids of the chunks they rest on.

use std::collections::BTreeSet;

use fluorite_memory::{CancelToken, Chunk, Engine, Error, OneOrMany, Result, SearchFilter};
use serde_json::Value;

use crate::each::each_chunk;
use crate::frameworks::{Baskets, FrameworkRelationship, canonical};
use crate::pattern::{Member, Pattern, Sketch, extract, families, normal_tokens};
use crate::render::restored;
use crate::shown::shown;
use crate::spike::{SpikeFile, SpikeTemplate};

/// Most frameworks asked for at once, and most answers.
const MOST_GIVEN: usize = 16;
const MOST_ANSWERS: usize = 1_000;
/// Chunks that patterns of two frameworks are drawn from.
const MOST_CHUNKS: usize = 2_000;

/// What goes with the given frameworks (any spelling), best first: by the share of chunks with the given ones that also use it.
///
/// Learned from the chunks of `namespace` (`default` when absent): what learning found them to use, else their `frameworks`. Blocks.
/// Cost: reads every chunk of the namespace.
/// # Errors
/// `INVALID_ARGUMENT` for no or too many frameworks, `ABORTED`, and whatever the engine reports.
pub fn suggest_frameworks(
    engine: &Engine,
    namespace: Option<&str>,
    frameworks: &[String],
    limit: usize,
    cancel: &CancelToken,
) -> Result<Vec<FrameworkRelationship>> {
    if frameworks.is_empty() || frameworks.len() > MOST_GIVEN {
        return Err(Error::argument(format!("frameworks must name 1 to {MOST_GIVEN} frameworks")));
    }
    if limit == 0 || limit > MOST_ANSWERS {
        return Err(Error::argument(format!("limit must be 1 to {MOST_ANSWERS}; it is {limit}")));
    }
    let given: BTreeSet<String> = frameworks.iter().map(|f| named(f)).collect::<Result<_>>()?;
    let mut baskets = Baskets::default();
    each_chunk(engine, in_namespace(namespace), cancel, &mut |chunk| {
        baskets.add(&chunk.id, &uses_of(chunk));
        Ok(())
    })?;
    Ok(baskets.related(&given.into_iter().collect::<Vec<_>>(), limit))
}

/// How two frameworks (any spelling) are used together: one pattern for each family of chunks that use both, the largest first, then the
/// best. A chunk like no other is a pattern of its own. `metadata.members` are the ids it rests on.
///
/// Blocks. Cost: as `suggest_frameworks`, and a comparison of the chunks found, at most 2,000.
/// # Errors
/// As `suggest_frameworks`.
pub fn integration_patterns(
    engine: &Engine,
    namespace: Option<&str>,
    pair: (&str, &str),
    limit: usize,
    cancel: &CancelToken,
) -> Result<Vec<Pattern>> {
    if limit == 0 || limit > MOST_ANSWERS {
        return Err(Error::argument(format!("limit must be 1 to {MOST_ANSWERS}; it is {limit}")));
    }
    let (a, b) = (named(pair.0)?, named(pair.1)?);
    if a == b {
        return Err(Error::argument(format!("{:?} and {:?} are the same framework: name two", shown(pair.0), shown(pair.1))));
    }
    let mut members = Vec::new();
    each_chunk(engine, in_namespace(namespace), cancel, &mut |chunk| {
        let uses = uses_of(chunk);
        if members.len() < MOST_CHUNKS && uses.contains(&a) && uses.contains(&b) {
            let (id, quality) = (chunk.id.clone(), chunk.attributes.quality_score);
            members.push(Member { id, template: template_of(chunk), quality, uses });
        }
        Ok(())
    })?;
    members.sort_by(|x, y| x.id.cmp(&y.id));
    let sketches: Vec<Option<Sketch>> = members.iter().map(|m| Sketch::of(&normal_tokens(&m.template))).collect();
    let found = families(&sketches).families;
    let placed: BTreeSet<usize> = found.iter().flatten().copied().collect();
    let alone = (0..members.len()).filter(|i| !placed.contains(i)).map(|i| vec![i]);
    let mut patterns: Vec<(usize, Pattern)> = Vec::new();
    for family in found.iter().cloned().chain(alone) {
        cancel.check()?;
        let of: Vec<Member> = family.iter().filter_map(|i| members.get(*i).cloned()).collect();
        patterns.extend(extract(&of).map(|p| (of.len(), p)));
    }
    patterns.sort_by(|(n, x), (m, y)| m.cmp(n).then(y.quality_score.total_cmp(&x.quality_score)).then(x.id.cmp(&y.id)));
    patterns.truncate(limit);
    Ok(patterns.into_iter().map(|(_, p)| p).collect())
}

fn in_namespace(namespace: Option<&str>) -> SearchFilter {
    let namespace = namespace.unwrap_or(fluorite_memory::DEFAULT_NAMESPACE).to_owned();
    SearchFilter { namespace: Some(OneOrMany::One(namespace)), ..SearchFilter::default() }
}

fn named(framework: &str) -> Result<String> {
    let refused = || format!("{:?} is no framework: languages and empty names are not counted", shown(framework));
    canonical(framework).ok_or_else(|| Error::argument(refused()))
}

/// What learning found a chunk to use, else what it says of itself. Patterns repeat what their members use: they do not count.
pub(crate) fn uses_of(chunk: &Chunk) -> BTreeSet<String> {
    if chunk.attributes.chunk_type == fluorite_memory::ChunkType::Pattern {
        return BTreeSet::new();
    }
    match chunk.attributes.metadata.get("uses") {
        Some(Value::Array(found)) => found.iter().filter_map(|v| canonical(v.as_str()?)).collect(), // by the names of today
        _ => chunk.attributes.frameworks.iter().filter_map(|f| canonical(f)).collect(),
    }
}

/// The template of a chunk; one file of its text for what is no template.
fn template_of(chunk: &Chunk) -> SpikeTemplate {
    let files = restored(chunk).unwrap_or_else(|_| {
        let path = chunk.attributes.source.clone().unwrap_or_else(|| chunk.id.clone());
        vec![SpikeFile { path, template: chunk.text().into_owned() }]
    });
    let text = |key: &str| chunk.attributes.metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    SpikeTemplate {
        id: text("spike_id").unwrap_or_else(|| chunk.id.clone()),
        name: text("name").unwrap_or_else(|| chunk.id.clone()),
        version: None,
        stack: chunk.attributes.frameworks.clone(),
        tags: chunk.attributes.tags.clone(),
        description: None,
        params: Vec::new(),
        files,
        patches: Vec::new(),
    }
}
