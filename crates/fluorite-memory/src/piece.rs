//! A chunk as a piece of a larger text: what its metadata says of the place it was cut from.
//!
//! Keys as `chunkText` gives them (`symbols`, `scope`, `headings`) with the `path` of the file, a sentence or two about the whole
//! in `context`, and `name` or `title`.
//! Other keys and other types are left alone: metadata belongs to the caller.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::chunk::Chunk;

/// Bytes put before the text that the model reads: about a quarter of what it reads at all.
const MOST_BEFORE: usize = 320;
/// Names of one list that count.
const MOST_NAMES: usize = 64;

/// `metadata.path`, when it says something.
pub(crate) fn path(metadata: &Map<String, Value>) -> Option<&str> {
    metadata.get("path")?.as_str().filter(|p| !p.is_empty())
}

/// What the whole is about: `metadata.context`.
pub(crate) fn context(metadata: &Map<String, Value>) -> Option<&str> {
    metadata.get("context")?.as_str().filter(|c| !c.is_empty())
}

/// Names the piece defines or goes by: `metadata.symbols`, `name`, `title`.
pub(crate) fn names(metadata: &Map<String, Value>) -> impl Iterator<Item = &str> {
    listed(metadata, "symbols").chain(["name", "title"].into_iter().filter_map(|key| metadata.get(key)?.as_str()))
}

/// What the piece lies in, outermost first: `metadata.headings`, `metadata.scope`.
pub(crate) fn surroundings(metadata: &Map<String, Value>) -> impl Iterator<Item = &str> {
    listed(metadata, "headings").chain(listed(metadata, "scope"))
}

/// A list of strings, or of objects with a `name`.
fn listed<'a>(metadata: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a str> {
    let list = metadata.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().take(MOST_NAMES).filter_map(|v| v.as_str().or_else(|| v.get("name")?.as_str()))
}

impl Chunk {
    /// What the model reads of it: its content; of a piece of a larger text (`metadata.path` or `metadata.context`) before that the
    /// path, what the whole is about and what the piece lies in, for a few lines of code do not say by themselves what they are for.
    pub(crate) fn meaning(&self) -> Cow<'_, str> {
        let metadata = &self.attributes.metadata;
        let (path, context) = (path(metadata), context(metadata));
        if path.is_none() && context.is_none() {
            return self.text();
        }
        let mut before = path.map_or(String::new(), |p| format!("{p}:"));
        for part in context.into_iter().chain(surroundings(metadata)) {
            before.push(' ');
            before.push_str(part);
        }
        let mut before = before.trim().to_owned();
        before.truncate(before.floor_char_boundary(MOST_BEFORE));
        Cow::Owned(format!("{before}\n{}", self.text()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chunk(metadata: Value) -> Chunk {
        let mut chunk = crate::search::test_chunk("fn add() {}");
        chunk.attributes.metadata = metadata.as_object().unwrap().clone();
        chunk
    }

    #[test]
    fn a_piece_of_a_file_is_read_with_its_place() {
        let piece =
            json!({ "path": "src/cart.rs", "scope": ["Cart"], "headings": ["Shop"], "symbols": [{ "name": "add" }, "sum"] });
        let piece = chunk(piece);
        assert_eq!(piece.meaning(), "src/cart.rs: Shop Cart\nfn add() {}");
        assert_eq!(names(&piece.attributes.metadata).collect::<Vec<_>>(), ["add", "sum"]);
        let told = chunk(json!({ "path": "a.md", "context": "All about carts.", "headings": ["Shop"] }));
        assert_eq!(told.meaning(), "a.md: All about carts. Shop\nfn add() {}");
        assert_eq!(chunk(json!({ "context": "Chat of Monday" })).meaning(), "Chat of Monday\nfn add() {}");
        let long = chunk(json!({ "path": "é".repeat(1_000) }));
        assert_eq!(long.meaning().lines().next().unwrap().len(), MOST_BEFORE);
        assert!(long.meaning().ends_with("\nfn add() {}"));
    }

    #[test]
    fn other_chunks_and_other_types_are_left_alone() {
        for metadata in
            [json!({}), json!({ "path": "" }), json!({ "path": 7, "scope": "x", "context": "" }), json!({ "scope": ["A"] })]
        {
            assert_eq!(chunk(metadata).meaning(), "fn add() {}");
        }
        let odd = chunk(json!({ "path": "p", "scope": [1, null, ["x"]], "symbols": { "name": "x" }, "name": 3 }));
        assert_eq!(odd.meaning(), "p:\nfn add() {}");
        assert_eq!(names(&odd.attributes.metadata).count(), 0);
    }
}
