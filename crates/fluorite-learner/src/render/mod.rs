//! Renders a learned template: files with their placeholders filled in.
//!
//! Owns: values for placeholders (`fill`), paths that stay inside (`path`). Must not know: folders; it writes nothing. In: a chunk of a
//! spike template and parameters. Out: paths and contents, or an error that names what is missing.

mod fill;
mod path;

use fluorite_memory::{Chunk, ChunkType, Error, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::shown::shown;
use crate::spike::{SpikeFile, SpikeParam};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenderedFile {
    /// Relative path with `/`: never absolute, never out of the folder it is written to.
    pub path: String,
    /// Its text.
    pub content: String,
}

/// A rendered template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rendered {
    /// Id of the chunk.
    pub id: String,
    /// The files, in the template's order.
    pub files: Vec<RenderedFile>,
    /// The value of every declared parameter.
    pub params: Map<String, Value>,
}

/// Renders the template of a chunk that `learn_from_spikes` stored. Parameters not given have their declared defaults.
/// # Errors
/// `INVALID_ARGUMENT`: the chunk is no template; a parameter is unknown, required and missing, or no text, number or boolean; a placeholder
/// is declared nowhere and not given; a path would be absolute, leave the folder, or be that of another file.
pub fn render_spike(chunk: &Chunk, params: &Map<String, Value>) -> Result<Rendered> {
    let (declared, paths) = template_of(chunk)?;
    let text = chunk.text();
    let templates = sections(&text, &paths).map_err(|path| lost(chunk, &path))?;
    let values = fill::values(&declared, params)?;
    let mut used = std::collections::BTreeSet::new();
    let mut files: Vec<RenderedFile> = Vec::with_capacity(paths.len());
    for (name, template) in paths.iter().zip(templates) {
        let path = path::checked(&fill::fill(name, name, &values, &mut used)?)?;
        if files.iter().any(|f| f.path.to_lowercase() == path.to_lowercase()) {
            return Err(Error::argument(format!("two files of the template would be {:?}: give other values", shown(&path))));
        }
        files.push(RenderedFile { path, content: fill::fill(name, template, &values, &mut used)? });
    }
    if let Some(odd) = params.keys().find(|k| !used.contains(*k) && !declared.iter().any(|d| d.name == **k)) {
        let known: Vec<&str> = declared.iter().map(|d| d.name.as_str()).collect();
        return Err(Error::argument(format!(
            "unknown parameter {:?}: the template has {}",
            shown(odd),
            if known.is_empty() { "none".into() } else { known.join(", ") }
        )));
    }
    let params = declared.iter().filter_map(|d| Some((d.name.clone(), Value::String(values.get(&d.name)?.clone())))).collect();
    Ok(Rendered { id: chunk.id.clone(), files, params })
}

/// The files of the template a chunk was made of, placeholders and all.
pub(crate) fn restored(chunk: &Chunk) -> Result<Vec<SpikeFile>> {
    let (_, paths) = template_of(chunk)?;
    let text = chunk.text();
    let templates = sections(&text, &paths).map_err(|path| lost(chunk, &path))?;
    Ok(paths.iter().zip(templates).map(|(path, t)| SpikeFile { path: path.clone(), template: t.to_owned() }).collect())
}

fn lost(chunk: &Chunk, path: &str) -> Error {
    Error::argument(format!(
        "the text of {:?} has no file {path:?} any more (a correction took it out): learn the template again",
        chunk.id
    ))
}

/// Parameters and paths, from the chunk's metadata.
fn template_of(chunk: &Chunk) -> Result<(Vec<SpikeParam>, Vec<String>)> {
    let refused = || {
        Error::argument(format!(
            "{:?} is no spike template that can be rendered: learn it with learnFromSpikes (again, when an older release did)",
            chunk.id
        ))
    };
    if chunk.attributes.chunk_type != ChunkType::SpikeTemplate {
        return Err(refused());
    }
    let template = chunk.attributes.metadata.get("template").ok_or_else(refused)?;
    let part = |name: &str| template.get(name).cloned().unwrap_or(Value::Array(Vec::new()));
    let params = serde_json::from_value(part("params")).map_err(|_| refused())?;
    Ok((params, serde_json::from_value(part("files")).map_err(|_| refused())?))
}

/// The text of each file: behind its line `--- <path>`, up to that of the next. The first path that has none is the error.
fn sections<'a>(text: &'a str, paths: &[String]) -> std::result::Result<Vec<&'a str>, String> {
    let mut starts = Vec::with_capacity(paths.len());
    let mut at = 0;
    for path in paths {
        let line = format!("\n--- {path}\n");
        let found = text[at..].find(&line).ok_or_else(|| path.clone())? + at;
        starts.push((found, found + line.len()));
        at = found + line.len() - 1;
    }
    let end = |i: usize| starts.get(i + 1).map_or(text.len(), |(next, _)| *next);
    Ok(starts.iter().enumerate().map(|(i, (_, from))| text[*from..end(i).max(*from)].trim_end_matches('\n')).collect())
}
