//! The TOML file as a source.

use std::io::Read;
use std::path::{Path, PathBuf};

use fluorite_memory::{Error, Result};

use super::layer::Layer;
use crate::mark::without_mark;

/// Largest configuration file.
const MAX_BYTES: u64 = 1 << 20;

/// Where and what: never the line itself, which may be that of a key.
fn place(text: &str, e: &toml::de::Error) -> String {
    let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {}, column {column}: {}", before.matches('\n').count() + 1, e.message().replace('\n', "; "))
}

/// Reads the file; relative paths in it start at its folder.
pub(super) fn read(path: &Path) -> Result<Layer> {
    let fault = |what: &str| Error::config(format!("configuration file {path:?}: {what}"));
    let remedy = "correct config_path or FLUORITE_CONFIG";
    let metadata = std::fs::metadata(path).map_err(|e| fault(&format!("{e}; {remedy}")))?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(fault(&format!("it must be a regular file of at most {MAX_BYTES} bytes; {remedy}")));
    }
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| fault(&e.to_string()))?;
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|e| fault(&e.to_string()))?;
    let text = without_mark(&text);
    let tree: toml::Value = toml::from_str::<toml::Table>(text).map_err(|e| fault(&place(text, &e)))?.into();
    let mut layer = Layer::read(tree.into()).map_err(|e| fault(&e.to_string()))?;
    if layer.config_path.is_some() {
        return Err(fault("config_path cannot stand in the file itself; leave it out"));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    for p in [&mut layer.memory_path, &mut layer.models_path, &mut layer.spike_templates_path] {
        *p = p.take().map(|p: PathBuf| folder.join(p));
    }
    layer.history_dir = layer.history_dir.map(|p| if p.starts_with("~") { p } else { folder.join(p) });
    Ok(layer)
}
