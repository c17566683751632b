//! What a chunk says it is about: the phrases its label is made from.

use fluorite_memory::Chunk;
use serde_json::{Map, Value};

/// Names of one list that count.
const MOST_NAMES: usize = 64;
/// Bytes of a text without a name that are read.
const MOST_TEXT: usize = 4 << 10;

/// A phrase, and where it stands: what a person chose as a label counts as it is.
pub enum Phrase<'c> {
    /// A tag or a framework.
    Label(&'c str),
    /// A name, a title, a heading, a path, or text.
    Text(&'c str),
    /// A name in code: its humps are words.
    Symbol(&'c str),
}

/// Gives the phrases of a chunk: tags, frameworks, and of its metadata `name`, `title`, `headings`, `symbols`, `section`, `context` and
/// `path`. Only what has no name is told by its text (`content`).
pub fn phrases<'c>(chunk: &'c Chunk, content: &'c str, take: &mut impl FnMut(Phrase<'c>)) {
    let a = &chunk.attributes;
    a.tags.iter().chain(&a.frameworks).for_each(|label| take(Phrase::Label(label)));
    let mut named = false;
    let texts = ["name", "title", "section", "context"].into_iter().filter_map(|key| a.metadata.get(key)?.as_str());
    for text in texts.chain(listed(&a.metadata, "headings")).filter(|t| !t.trim().is_empty()) {
        named = true;
        take(Phrase::Text(text));
    }
    for symbol in listed(&a.metadata, "symbols") {
        named = true;
        take(Phrase::Symbol(symbol));
    }
    if let Some(path) = a.metadata.get("path").and_then(Value::as_str) {
        named = true;
        let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
        take(Phrase::Text(folders));
        take(Phrase::Text(file.rsplit_once('.').map_or(file, |(stem, _)| stem)));
    }
    if !named {
        take(Phrase::Text(&content[..content.floor_char_boundary(MOST_TEXT)]));
    }
}

/// A list of strings, or of objects with a `name`.
fn listed<'a>(metadata: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a str> {
    let list = metadata.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().take(MOST_NAMES).filter_map(|v| v.as_str().or_else(|| v.get("name")?.as_str()))
}
