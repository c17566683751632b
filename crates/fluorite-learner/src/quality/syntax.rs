//! Does a file of a template parse?

use fluorite_chunking::{Language, broken_share, by_path};

use crate::spike::{Part, parts};

/// Largest file that is parsed; a longer one is not judged.
const MOST_BYTES: usize = 256 << 10;

/// 0 (no) to 1 (yes); `None` when nothing here can tell. Placeholders are read as their defaults, else as `x`.
pub(super) fn soundness(path: &str, template: &str, default: &dyn Fn(&str) -> Option<String>) -> Option<f32> {
    if template.len() > MOST_BYTES || template.trim().is_empty() {
        return None;
    }
    let language = by_path(path)?.language;
    let mut text = String::with_capacity(template.len());
    for part in parts(template) {
        match part {
            Part::Text(t) => text.push_str(t),
            Part::Name(name) => text.push_str(&default(name).unwrap_or_else(|| "x".into())),
        }
    }
    let yes = |ok: bool| Some(f32::from(u8::from(ok)));
    match language {
        "json" => yes(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() || text.contains("//")),
        "toml" => yes(toml::from_str::<toml::Table>(&text).is_ok()),
        _ => broken_share(&text, Language::detect(&text, Some(path))).map(|broken| 1.0 - (4.0 * broken).min(1.0)),
    }
}
