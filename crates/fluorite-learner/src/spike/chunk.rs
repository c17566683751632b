//! A template as a chunk.

use std::fmt::Write as _;

use fluorite_memory::{ChunkInput, ChunkType, MAX_ID_BYTES, MemoryType};
use serde_json::{Map, Value, json};

use super::language;
use super::template::{SpikeParam, SpikeTemplate};

/// Version of the layout below; chunks of another one are written anew by the next run.
pub(crate) const LAYOUT: u64 = 2;

impl SpikeTemplate {
    /// The chunk of this template, read from `file` (relative path with `/`).
    ///
    /// Its id is `spike:<id>` when the file is `<id>.json` in the folder itself and `spike:<id>@<path without .json>`
    /// otherwise, so that two files with one spike id stay two chunks. Name, description, stack and tags come first in
    /// the text: an embedding model reads its beginning only. `metadata.template` keeps what rendering needs beside the text. No quality
    /// is given.
    #[must_use]
    pub fn to_chunk(&self, file: &str) -> ChunkInput {
        let mut chunk = ChunkInput::text(&self.text());
        chunk.id = Some(self.chunk_id(file));
        chunk.frameworks = Some(distinct(&self.stack));
        chunk.tags = Some(distinct(&self.tags));
        chunk.chunk_type = Some(ChunkType::SpikeTemplate);
        chunk.memory_type = Some(MemoryType::LongTerm);
        chunk.language = language::guess(self.files.iter().map(|f| (f.path.as_str(), f.template.len()))).map(str::to_owned);
        chunk.source = Some(file.to_owned());
        chunk.metadata = Some(self.metadata());
        chunk
    }

    fn chunk_id(&self, file: &str) -> String {
        let stem = file.strip_suffix(".json").unwrap_or(file);
        let id = self.id.trim();
        let full = if stem == id { format!("spike:{id}") } else { format!("spike:{id}@{stem}") };
        if full.len() <= MAX_ID_BYTES {
            return full;
        }
        let hash = format!("~{:032x}", xxhash_rust::xxh3::xxh3_128(full.as_bytes()));
        format!("{}{hash}", &full[..full.floor_char_boundary(MAX_ID_BYTES - hash.len())])
    }

    fn metadata(&self) -> Map<String, Value> {
        let mut m = Map::new();
        m.insert("spike_id".into(), json!(self.id));
        m.insert("name".into(), json!(self.name));
        if let Some(version) = &self.version {
            m.insert("version".into(), json!(version));
        }
        m.insert("params".into(), self.params.iter().map(|p| json!(p.name)).collect());
        m.insert("files".into(), json!(self.files.len()));
        let paths: Vec<&str> = self.files.iter().map(|f| f.path.as_str()).collect();
        let mut template = json!({ "params": self.params, "files": paths });
        if !self.patches.is_empty() {
            template["patches"] = json!(self.patches);
        }
        m.insert("template".into(), template);
        m.insert("layout".into(), json!(LAYOUT));
        m
    }

    fn text(&self) -> String {
        let mut out = format!("{}\n", self.name.trim());
        if let Some(d) = self.description.as_deref().map(str::trim).filter(|d| !d.is_empty()) {
            out.push_str(d);
            out.push('\n');
        }
        line(&mut out, "Stack", distinct(&self.stack).into_iter());
        line(&mut out, "Tags", distinct(&self.tags).into_iter());
        line(&mut out, "Parameters", self.params.iter().map(parameter));
        line(&mut out, "Files", self.files.iter().map(|f| f.path.clone()));
        for f in &self.files {
            let _ = write!(out, "\n--- {}\n{}\n", f.path, f.template.trim_end()); // a String takes every write
        }
        out
    }
}

fn line(out: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        let _ = writeln!(out, "{title}: {}", items.join(", ")); // a String takes every write
    }
}

fn parameter(p: &SpikeParam) -> String {
    let mut out = p.name.clone();
    match &p.default {
        Some(Value::String(s)) => out = format!("{out} = {s}"),
        Some(v) if !v.is_null() => out = format!("{out} = {v}"),
        _ => {}
    }
    if let Some(d) = p.description.as_deref().filter(|d| !d.is_empty()) {
        out = format!("{out} ({d})");
    }
    out
}

/// Trimmed, without empty ones, each once whatever its case; the first spelling stays.
fn distinct(items: &[String]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let trimmed = items.iter().map(|s| s.trim()).filter(|s| !s.is_empty());
    trimmed.filter(|s| seen.insert(s.to_lowercase())).map(str::to_owned).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    fn spike() -> SpikeTemplate {
        serde_json::from_str(
            r##"{"id":"bun-hi","name":"Bun こんにちは","version":"1.0.0","stack":["Bun"," bun","TypeScript",""],"tags":["http","http"],
            "description":"Says hi.","params":[{"name":"port","default":"3000","description":"where"},{"name":"n"}],
            "files":[{"path":"{{n}}/a.ts","template":"serve({{port}})\n"},{"path":"README.md","template":"# hi"}]}"##,
        )
        .unwrap()
    }

    #[test]
    fn the_text_begins_with_what_it_is_about() {
        let text = String::from_utf8(spike().to_chunk("bun-hi.json").content.0).unwrap();
        assert_eq!(
            text,
            "Bun こんにちは\nSays hi.\nStack: Bun, TypeScript\nTags: http\nParameters: port = 3000 (where), n\n\
             Files: {{n}}/a.ts, README.md\n\n--- {{n}}/a.ts\nserve({{port}})\n\n--- README.md\n# hi\n"
        );
    }

    #[test]
    fn the_chunk_says_where_it_came_from() {
        let c = spike().to_chunk("bun-hi.json");
        assert_eq!((c.source.as_deref(), c.language.as_deref()), (Some("bun-hi.json"), Some("typescript")));
        assert_eq!(c.frameworks.unwrap(), ["Bun", "TypeScript"]);
        assert_eq!((c.chunk_type, c.quality_score), (Some(ChunkType::SpikeTemplate), None));
        let m = Value::Object(c.metadata.unwrap());
        assert_eq!(
            (&m["spike_id"], &m["version"], &m["params"], &m["files"]),
            (&json!("bun-hi"), &json!("1.0.0"), &json!(["port", "n"]), &json!(2))
        );
    }

    #[test]
    fn files_with_one_spike_id_stay_apart() {
        let s = spike();
        let ids = ["bun-hi.json", "bun-hi-fixed.json", "old/bun-hi.json"].map(|f| s.to_chunk(f).id.unwrap());
        assert_eq!(ids, ["spike:bun-hi", "spike:bun-hi@bun-hi-fixed", "spike:bun-hi@old/bun-hi"]);
    }

    #[test]
    fn long_ids_are_cut_and_stay_different() {
        let mut s = spike();
        s.id = "あ".repeat(400);
        let (a, b) = (s.to_chunk("a.json").id.unwrap(), s.to_chunk("b.json").id.unwrap());
        assert!(a != b && a.len() <= MAX_ID_BYTES && b.len() <= MAX_ID_BYTES);
    }
}
