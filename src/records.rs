//! Chunks and hits out, as flat arrays in a fixed order; the facade makes object literals of them (lib/facade/records.ts).

use fluorite_memory::{Attributes, Chunk, FIELDS, PageCursor, Record, SearchHit};

use crate::error::Fail;
use crate::raw::{Env, Js};
use crate::time::iso_millis;

/// Which fields are wanted: bit `i` is `FIELDS[i]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted(u32);

impl Wanted {
    pub(crate) const ALL: Self = Self(u32::MAX);

    /// All when absent.
    pub(crate) fn of(fields: Option<&[String]>) -> Self {
        let Some(fields) = fields else { return Self::ALL };
        let bit = |f: &String| FIELDS.iter().position(|k| k == f).map_or(0, |i| 1 << i);
        Self(fields.iter().map(bit).fold(0, |a, b| a | b))
    }
}

/// Elements of a record: the id, then `FIELDS`.
const WIDTH: usize = 19;

/// A stored version and what changes by reading it.
struct Parts<'c> {
    chunk: &'c Chunk,
    usage_count: u32,
    accessed_at: i64,
}

pub(crate) fn record<'e>(env: Env<'e>, r: &Record, wanted: Wanted) -> Result<Js<'e>, Fail> {
    let list = env.list(WIDTH)?;
    fill(env, list, &Parts { chunk: &r.chunk, usage_count: r.usage_count, accessed_at: r.accessed_at }, wanted)?;
    Ok(list)
}

/// An older version: it has no reads of its own.
pub(crate) fn version<'e>(env: Env<'e>, chunk: &Chunk) -> Result<Js<'e>, Fail> {
    let list = env.list(WIDTH)?;
    fill(env, list, &Parts { chunk, usage_count: 0, accessed_at: chunk.updated_at }, Wanted::ALL)?;
    Ok(list)
}

/// `undefined` would be a hole; `null` says that there is none.
pub(crate) fn maybe<'e>(env: Env<'e>, r: Option<&Record>) -> Result<Js<'e>, Fail> {
    r.map_or_else(|| env.null(), |r| record(env, r, Wanted::ALL))
}

fn fill<'e>(env: Env<'e>, list: Js<'e>, parts: &Parts<'_>, wanted: Wanted) -> Result<(), Fail> {
    let c = parts.chunk;
    let Attributes { frameworks, tags, quality_score, chunk_type, memory_type, language, source, metadata, pinned } =
        &c.attributes;
    let time = |millis| env.of_text(&iso_millis(millis));
    let optional = |s: &Option<String>| s.as_ref().map_or_else(|| env.null(), |s| env.of_text(s));
    env.put(list, 0, env.of_text(&c.id)?)?;
    for (i, name) in FIELDS.iter().enumerate() {
        if wanted.0 & (1 << i) == 0 {
            continue;
        }
        let value = match *name {
            "content" => env.of_utf8(&c.content)?,
            "frameworks" => env.texts(frameworks)?,
            "tags" => env.texts(tags)?,
            "quality_score" => env.of_number(decimal(*quality_score))?,
            "chunk_type" => env.of_text(&word(chunk_type))?,
            "memory_type" => env.of_text(&word(memory_type))?,
            "language" => optional(language)?,
            "source" => optional(source)?,
            "namespace" => env.of_text(&c.namespace)?,
            // JSON text: JSON.parse defines "__proto__" as data where setting a property would not.
            "metadata" if metadata.is_empty() => continue,
            "metadata" => env.of_text(&json(metadata)?)?,
            "pinned" => env.of_bool(*pinned)?,
            "created_at" => time(c.created_at)?,
            "updated_at" => time(c.updated_at)?,
            "accessed_at" => time(parts.accessed_at)?,
            "expires_at" => c.expires_at.map_or_else(|| env.null(), time)?,
            "usage_count" => env.of_count(parts.usage_count.into())?,
            "version" => env.of_count(c.version.into())?,
            "content_hash" => env.of_text(&format!("{:032x}", c.content_hash))?,
            _ => continue,
        };
        env.put(list, i + 1, value)?;
    }
    Ok(())
}

/// Hits without chunks are flat (id, score, id, score, ...); with chunks each is a record and what the search says of it.
pub(crate) fn hits<'e>(env: Env<'e>, hits: &[SearchHit], wanted: Wanted, bare: bool) -> Result<Js<'e>, Fail> {
    if bare {
        let list = env.list(hits.len() * 2)?;
        for (i, hit) in hits.iter().enumerate() {
            env.put(list, 2 * i, env.of_text(&hit.id)?)?;
            env.put(list, 2 * i + 1, env.of_number(decimal(hit.score))?)?;
        }
        return Ok(list);
    }
    env.list_of(hits, |env, hit| {
        let list = env.list(WIDTH + 6)?;
        let number = |n: Option<f32>| n.map_or_else(|| env.null(), |n| env.of_number(decimal(n)));
        match &hit.record {
            Some(r) => {
                fill(env, list, &Parts { chunk: &r.chunk, usage_count: r.usage_count, accessed_at: r.accessed_at }, wanted)?
            }
            None => env.put(list, 0, env.of_text(&hit.id)?)?,
        }
        env.put(list, WIDTH, env.of_number(decimal(hit.score))?)?;
        env.put(list, WIDTH + 1, number(hit.similarity)?)?;
        env.put(list, WIDTH + 2, number(hit.lexical_score)?)?;
        env.put(list, WIDTH + 3, env.of_bool(hit.pending)?)?;
        env.put(list, WIDTH + 4, env.of_bool(hit.truncated)?)?;
        if let Some(parts) = &hit.explain {
            let map: serde_json::Map<String, serde_json::Value> =
                parts.iter().map(|(name, n)| ((*name).to_owned(), decimal(*n).into())).collect();
            env.put(list, WIDTH + 5, env.of_text(&json(&map)?)?)?;
        }
        Ok(list)
    })
}

/// What each error says.
pub(crate) fn messages<'e>(env: Env<'e>, errors: &[fluorite_memory::Error]) -> Result<Js<'e>, Fail> {
    env.list_of(errors, |env, e| env.of_text(&e.to_string()))
}

/// Where a listing goes on; the facade hands it back as it is.
#[allow(clippy::cast_precision_loss)] // times and counts are far below 2^53
pub(crate) fn cursor<'e>(env: Env<'e>, c: &PageCursor) -> Result<Js<'e>, Fail> {
    let list = env.list(6)?;
    env.put(list, 0, env.of_text(&c.namespace)?)?;
    env.put(list, 1, env.of_text(&c.id)?)?;
    env.put(list, 2, env.of_count(c.sequence)?)?;
    env.put(list, 3, env.of_number(c.updated_at as f64)?)?;
    env.put(list, 4, env.of_count(c.delivered)?)?;
    env.put(list, 5, env.of_count(c.upto)?)?;
    Ok(list)
}

/// The cursor of `cursor`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole numbers that came from these types
pub(crate) fn to_cursor<'e>(env: Env<'e>, v: Js<'e>) -> Result<PageCursor, Fail> {
    let at = |i| env.element(v, i).map_err(Fail::argument);
    let text = |i| env.text(at(i)?).map(crate::raw::Text::lossy);
    Ok(PageCursor {
        namespace: text(0)?,
        id: text(1)?,
        sequence: env.number(at(2)?)? as u64,
        updated_at: env.number(at(3)?)? as i64,
        delivered: env.number(at(4)?)? as u64,
        upto: env.number(at(5)?)? as u64,
    })
}

/// The `f64` that prints like the `f32`: 0.8, not 0.800000011920929.
pub(crate) fn decimal(x: f32) -> f64 {
    (f64::from(x) * 1e7).round() / 1e7
}

fn word(unit_variant: &impl serde::Serialize) -> String {
    serde_json::to_value(unit_variant).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// JSON text of a report or of metadata.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Fail> {
    serde_json::to_string(value).map_err(|e| fluorite_memory::Error::internal(e.to_string()).into())
}
