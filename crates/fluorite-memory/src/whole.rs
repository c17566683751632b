//! A text that is stored in pieces.
//!
//! Owns: what its pieces are called (`<id>#1` ... `<id>#n`), what their metadata says, and how the whole is put together again. Must not
//! know: where a text is cut (a [`crate::Splitter`] says), how chunks are stored. In: a chunk, or pieces. Out: metadata, the whole.
//!
//! A chunk is a piece when its id and `metadata.parent`, `part`, `parts` agree; one that is merely called `x#2` is none. The caller's
//! metadata is on every piece; members of it that a piece has words of its own for wait in `metadata.whole` of the first piece.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::chunk::Chunk;

/// Most pieces of one text.
pub(crate) const MOST_PARTS: u32 = 20_000;

const PARENT: &str = "parent";
const PART: &str = "part";
const PARTS: &str = "parts";
/// The caller's own members of these names, on the first piece.
const WHOLE: &str = "whole";
/// What a piece may say of its place in the text.
const OWN: [&str; 6] = ["start_line", "end_line", "symbols", "scope", "headings", CONTEXT];
const CONTEXT: &str = "context";

/// Which piece of which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// Id of the whole.
    pub(crate) parent: &'a str,
    /// From 1.
    pub(crate) part: u32,
    /// How many there are.
    pub(crate) parts: u32,
}

/// Id of a piece.
pub(crate) fn piece_id(id: &str, part: u32) -> String {
    format!("{id}#{part}")
}

/// The place of a chunk that is a piece.
pub(crate) fn place(chunk: &Chunk) -> Option<Place<'_>> {
    let metadata = &chunk.attributes.metadata;
    let parent = metadata.get(PARENT)?.as_str()?;
    // numbers that came from JavaScript are of the other kind
    let number = |key| metadata.get(key)?.as_f64().filter(|n| n.fract() == 0.0 && (1.0..=f64::from(MOST_PARTS)).contains(n));
    let (part, parts) = (number(PART)? as u32, number(PARTS)? as u32);
    (part <= parts && chunk.id.strip_prefix(parent) == Some(&format!("#{part}"))).then_some(Place { parent, part, parts })
}

fn is_own(key: &str) -> bool {
    [PARENT, PART, PARTS, WHOLE].contains(&key) || OWN.contains(&key)
}

/// Metadata of a piece: the caller's, then what is said of this piece (`own`), then its place.
pub(crate) fn piece_metadata(caller: &Map<String, Value>, own: Map<String, Value>, place: Place<'_>) -> Map<String, Value> {
    let said = |k: &str| k == CONTEXT && caller.contains_key(CONTEXT); // the caller knows better what it is about
    let hidden: Map<String, Value> = caller.iter().filter(|(k, _)| is_own(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let mut all: Map<String, Value> =
        caller.iter().filter(|(k, _)| !is_own(k) || said(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
    all.extend(own.into_iter().filter(|(k, _)| OWN.contains(&k.as_str()) && !said(k)));
    all.insert(PARENT.into(), place.parent.into());
    all.insert(PART.into(), place.part.into());
    all.insert(PARTS.into(), place.parts.into());
    if place.part == 1 && !hidden.is_empty() {
        all.insert(WHOLE.into(), Value::Object(hidden));
    }
    all
}

/// The caller's metadata, from that of the first piece.
fn caller_metadata(first: &Map<String, Value>) -> Map<String, Value> {
    let mut all: Map<String, Value> = first.iter().filter(|(k, _)| !is_own(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
    if let Some(Value::Object(hidden)) = first.get(WHOLE) {
        all.extend(hidden.iter().filter(|(k, _)| is_own(k)).map(|(k, v)| (k.clone(), v.clone())));
    }
    all
}

/// The whole of all its pieces, in order; `None` when one is missing or of another text.
pub(crate) fn assemble(pieces: &[Arc<Chunk>]) -> Option<Chunk> {
    let first = pieces.first()?;
    let id = place(first)?.parent.to_owned();
    let parts = u32::try_from(pieces.len()).ok()?;
    let fits = |(i, c): (usize, &Arc<Chunk>)| {
        let wanted = Place { parent: &id, part: i as u32 + 1, parts };
        c.namespace == first.namespace && place(c) == Some(wanted)
    };
    if !pieces.iter().enumerate().all(fits) {
        return None;
    }
    let content: Vec<u8> = pieces.iter().flat_map(|c| c.content.iter().copied()).collect();
    let mut attributes = first.attributes.clone();
    attributes.metadata = caller_metadata(&first.attributes.metadata);
    Some(Chunk {
        id,
        namespace: first.namespace.clone(),
        content_hash: xxhash_rust::xxh3::xxh3_128(&content),
        content,
        attributes,
        created_at: pieces.iter().map(|c| c.created_at).min()?,
        updated_at: pieces.iter().map(|c| c.updated_at).max()?,
        expires_at: pieces.iter().filter_map(|c| c.expires_at).min(),
        version: pieces.iter().map(|c| c.version).max()?,
        sequence: pieces.iter().map(|c| c.sequence).max()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(v: Value) -> Map<String, Value> {
        v.as_object().unwrap().clone()
    }

    fn piece(id: &str, content: &str, metadata: Map<String, Value>) -> Arc<Chunk> {
        let mut chunk = crate::search::test_chunk(content);
        chunk.id = id.to_owned();
        chunk.attributes.metadata = metadata;
        Arc::new(chunk)
    }

    #[test]
    fn only_what_agrees_is_a_piece() {
        let told = |id: &str, v: Value| {
            let chunk = piece(id, "x", map(v));
            place(&chunk).map(|p| (p.parent.to_owned(), p.part, p.parts))
        };
        let good = json!({ "parent": "x#1", "part": 2, "parts": 3 });
        assert_eq!(told("x#1#2", good.clone()), Some(("x#1".into(), 2, 3)));
        let floats = json!({ "parent": "x", "part": 2.0, "parts": 3.0 });
        assert_eq!(told("x#2", floats), Some(("x".into(), 2, 3)));
        for (id, v) in [
            ("x#2", json!({})),
            ("x#2", good),
            ("x#02", json!({ "parent": "x", "part": 2, "parts": 3 })),
            ("x#0", json!({ "parent": "x", "part": 0, "parts": 3 })),
            ("x#4", json!({ "parent": "x", "part": 4, "parts": 3 })),
            ("x#2", json!({ "parent": "x", "part": "2", "parts": 3 })),
            ("x#2", json!({ "parent": "x", "part": 2.5, "parts": 3 })),
            ("x#2", json!({ "parent": "y", "part": 2, "parts": 3 })),
            ("x#1", json!({ "parent": "x", "part": 1, "parts": 4_294_967_297_u64 })),
            ("x#1", json!({ "parent": "x", "part": 1, "parts": MOST_PARTS + 1 })),
        ] {
            assert_eq!(told(id, v.clone()), None, "{id} {v}");
        }
    }

    #[test]
    fn the_callers_metadata_comes_back_whatever_it_is_called() {
        for caller in [
            json!({}),
            json!({ "k": 1, "deep": { "parent": 1 } }),
            json!({ "parent": "mine", "part": "a", "parts": null, "whole": { "whole": 1 }, "context": "c", "symbols": 7 }),
            json!({ "whole": 3, "start_line": 100 }),
        ] {
            let caller = map(caller);
            let own = || map(json!({ "start_line": 1, "end_line": 2, "symbols": ["s"], "other": 1 }));
            let of = |part| piece_metadata(&caller, own(), Place { parent: "x", part, parts: 2 });
            assert_eq!((&of(2)["parent"], &of(2)["start_line"]), (&json!("x"), &json!(1)));
            assert!(of(1).get("other").is_none() || caller.contains_key("other"));
            let whole = assemble(&[piece("x#1", "a", of(1)), piece("x#2", "b", of(2))]).unwrap();
            assert_eq!((whole.id.as_str(), whole.text().as_ref(), &whole.attributes.metadata), ("x", "ab", &caller));
        }
    }

    #[test]
    fn a_whole_with_a_hole_is_none() {
        let of = |part, parts| {
            piece(&piece_id("x", part), "a", piece_metadata(&Map::new(), Map::new(), Place { parent: "x", part, parts }))
        };
        assert!(assemble(&[of(1, 2), of(2, 2)]).is_some());
        for pieces in [vec![], vec![of(1, 2)], vec![of(2, 2), of(1, 2)], vec![of(1, 2), of(2, 3)], vec![of(1, 3), of(3, 3)]] {
            assert!(assemble(&pieces).is_none());
        }
    }
}
