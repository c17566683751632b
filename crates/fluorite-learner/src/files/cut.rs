//! A file's text as chunks.

use std::collections::HashMap;

use fluorite_chunking::{CharacterSize, ChunkingOptions, Language, by_path, chunk_text};
use fluorite_memory::{ChunkInput, ChunkType};
use serde_json::{Map, Value, json};

use super::about::about;
use super::sections;
use crate::frameworks::of_text;

/// Version of the layout below; files of another one are learned anew by the next run.
pub(super) const LAYOUT: u64 = 3;
/// Longest anchor in bytes.
const MOST_ANCHOR: usize = 120;

/// The chunks of a file, in order; `anchor` names each within its file, the same as long as its symbol, heading or key is.
pub(super) struct Cut {
    pub(super) anchor: String,
    pub(super) chunk: ChunkInput,
}

/// A file in pieces.
pub(super) struct Cuts {
    pub(super) cuts: Vec<Cut>,
    /// Why a catalog was told by its lines.
    pub(super) unparsed: Option<String>,
}

/// Cuts a file: code by function and class, Markdown by section, catalogs by key, the rest by paragraph. `Err`: why it cannot be.
pub(super) fn cut(path: &str, text: &str, max_tokens: usize) -> Result<Cuts, String> {
    let known = by_path(path);
    let language = known.map(|k| k.language);
    let catalog = language.filter(|l| matches!(*l, "yaml" | "json" | "toml"));
    let (pieces, unparsed) = match catalog {
        Some(language) => catalog_pieces(path, text, language, max_tokens)?,
        None => (plain_pieces(path, text, 0, 0, None, max_tokens)?, None),
    };
    let frameworks: Vec<String> = of_text(path, text).into_iter().collect();
    let chunk_type = match (known, language) {
        (_, Some("markdown" | "html")) | (None, _) => ChunkType::Documentation,
        (Some(k), _) if !k.code => ChunkType::Configuration,
        _ if is_test(path) => ChunkType::Testing,
        _ => ChunkType::Component,
    };
    let parts = pieces.len();
    let context = match language {
        Some("markdown") => about(text, false),
        _ => about(text, known.is_some_and(|k| k.code)),
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    let one = |(part, mut p): (usize, Piece)| {
        let n = seen.entry(p.anchor.clone()).or_insert(0);
        *n += 1;
        let anchor = if *n == 1 { p.anchor } else { format!("{}~{n}", p.anchor) };
        let mut chunk = ChunkInput::text(&p.text);
        p.metadata.extend([
            ("path".to_owned(), json!(path)),
            ("part".to_owned(), json!(part)),
            ("parts".to_owned(), json!(parts)),
            ("layout".to_owned(), json!(LAYOUT)),
        ]);
        p.metadata.extend(context.iter().map(|c| ("context".to_owned(), json!(c))));
        chunk.metadata = Some(p.metadata);
        chunk.frameworks = Some(frameworks.clone());
        chunk.language = language.map(str::to_owned);
        chunk.source = Some(path.to_owned());
        chunk.chunk_type = Some(chunk_type);
        Cut { anchor, chunk }
    };
    Ok(Cuts { cuts: pieces.into_iter().enumerate().map(one).collect(), unparsed })
}

fn is_test(path: &str) -> bool {
    path.to_lowercase().split(['/', '.', '_', '-']).any(|p| matches!(p, "test" | "tests" | "spec" | "specs"))
}

struct Piece {
    text: String,
    anchor: String,
    metadata: Map<String, Value>,
}

/// What is known of a piece, as metadata: `symbols`, `scope`, `headings`, each only where there are any.
pub(crate) fn outline(p: &fluorite_chunking::Piece) -> Map<String, Value> {
    let mut metadata = Map::new();
    if !p.symbols.is_empty() {
        let symbols: Vec<Value> = p.symbols.iter().map(|s| json!({ "name": s.name, "kind": s.kind.name() })).collect();
        metadata.insert("symbols".into(), json!(symbols));
    }
    if !p.scope.is_empty() {
        metadata.insert("scope".into(), json!(p.scope));
    }
    if !p.headings.is_empty() {
        metadata.insert("headings".into(), json!(p.headings));
    }
    metadata
}

/// Pieces of a text that begins at a line and byte of its file, below a key of a catalog.
fn plain_pieces(
    path: &str,
    text: &str,
    line: usize,
    index: usize,
    key: Option<&str>,
    max_tokens: usize,
) -> Result<Vec<Piece>, String> {
    let language = key.is_some().then_some(Language::Code);
    let options = ChunkingOptions { max_tokens, language, path: Some(path.to_owned()), ..ChunkingOptions::default() };
    let found = chunk_text(text, &options, &CharacterSize).map_err(|e| e.to_string())?;
    let one = |(i, p): (usize, fluorite_chunking::Piece)| {
        let mut metadata = outline(&p);
        metadata.insert("start_line".into(), json!(line + p.start_line));
        metadata.insert("end_line".into(), json!(line + p.end_line));
        let key = key.filter(|k| !k.is_empty());
        if let Some(key) = key {
            metadata.insert("section".into(), json!(key));
        }
        let named = p.symbols.first().map(|s| s.name.as_str()).or(p.headings.last().map(String::as_str)).or(key);
        let mut anchor = named.map_or_else(|| format!("part {}", index + i + 1), str::to_owned);
        anchor.truncate(anchor.floor_char_boundary(MOST_ANCHOR));
        Piece { text: text[p.range].to_owned(), anchor, metadata }
    };
    Ok(found.into_iter().enumerate().map(one).collect())
}

/// Sections of a catalog, and why it was told by its lines if it was.
fn catalog_pieces(path: &str, text: &str, language: &str, max_tokens: usize) -> Result<(Vec<Piece>, Option<String>), String> {
    let catalog = sections::read(text, language)?;
    let mut out = Vec::new();
    let mut line = 0;
    for section in catalog.sections(text, max_tokens * 4) {
        let part = &text[section.range];
        out.extend(plain_pieces(path, part, line, out.len(), Some(&section.keys.join(", ")), max_tokens)?);
        line += part.matches('\n').count();
    }
    Ok((out, catalog.unparsed))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn code_is_cut_by_definition_with_path_and_lines() {
        let body = "    let total = input.iter().map(|x| x * 2).sum::<u32>();\n".repeat(8);
        let text = format!("//! Totals.\nuse axum::Router;\n\nfn first() {{\n{body}}}\n\nfn second() {{\n{body}}}\n");
        let cuts = cut("src/a.rs", &text, 150).unwrap().cuts;
        let anchors: Vec<&str> = cuts.iter().map(|c| c.anchor.as_str()).collect();
        assert_eq!(anchors, ["first", "second"]);
        let second = &cuts[1].chunk;
        let m = second.metadata.as_ref().unwrap();
        assert_eq!((&m["start_line"], &m["end_line"], &m["parts"]), (&json!(15), &json!(24), &json!(2)));
        assert_eq!(m["context"], json!("Totals."));
        assert_eq!((second.language.as_deref(), second.frameworks.clone()), (Some("rust"), Some(vec!["axum".to_owned()])));
    }

    #[test]
    fn catalogs_are_cut_by_section_and_keep_their_lines() {
        let long = "  - item that says something\n".repeat(20);
        let text = format!("name: x\nfirst:\n{long}second:\n{long}");
        let cuts = cut("a.yaml", &text, 200).unwrap().cuts;
        let sections: Vec<_> = cuts.iter().map(|c| c.chunk.metadata.as_ref().unwrap()["section"].clone()).collect();
        assert_eq!(sections, [json!("name"), json!("first"), json!("second")]);
        assert_eq!(cuts[2].chunk.metadata.as_ref().unwrap()["start_line"], json!(23));
        assert_eq!(cuts[2].chunk.chunk_type, Some(ChunkType::Configuration));
    }

    #[test]
    fn equal_names_are_numbered_and_nothing_gives_nothing() {
        let cuts = cut("a.md", &format!("# A\n\n{0}\n\n# A\n\n{0}\n", "word ".repeat(100)), 150).unwrap().cuts;
        assert_eq!(cuts.iter().map(|c| c.anchor.as_str()).collect::<Vec<_>>(), ["A", "A~2"]);
        assert!(cut("a.txt", " \n", 200).unwrap().cuts.is_empty());
    }
}
