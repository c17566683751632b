//! The shape of a spike template file.

use serde::{Deserialize, Serialize};

/// A small, named piece of working code with parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpikeTemplate {
    /// Stable name, usually the file's stem.
    pub id: String,
    /// Title, in any language.
    pub name: String,
    /// Version of the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Frameworks and languages it uses.
    #[serde(default)]
    pub stack: Vec<String>,
    /// Labels; `generated` marks boilerplate.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Values for the placeholders `{{ name }}`.
    #[serde(default)]
    pub params: Vec<SpikeParam>,
    /// Files it writes; a few templates have none.
    #[serde(default)]
    pub files: Vec<SpikeFile>,
    /// Changes to existing files, as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<serde_json::Value>,
}

/// One placeholder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpikeParam {
    /// Name between the braces.
    pub name: String,
    /// Value when the caller gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// The caller must give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One file of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpikeFile {
    /// Path with placeholders.
    pub path: String,
    /// Text with placeholders; files may call it `content`.
    #[serde(alias = "content")]
    pub template: String,
}

impl SpikeTemplate {
    /// Boilerplate that a generator wrote (tag `generated`).
    #[must_use]
    pub fn is_generated(&self) -> bool {
        self.tags.iter().any(|t| t == "generated")
    }

    /// Why this cannot be used although its JSON fits, if so.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.id.trim().is_empty() {
            return Some("its id is empty");
        }
        if self.name.trim().is_empty() {
            return Some("its name is empty");
        }
        if self.files.iter().any(|f| f.path.trim().is_empty()) {
            return Some("one of its files has an empty path");
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn both_names_of_the_text_are_read_and_unknown_keys_ignored() {
        let t: SpikeTemplate = serde_json::from_str(
            r#"{"id":"a","name":"A","extra":1,"files":[{"path":"p","content":"c"},{"path":"q","template":"t"}]}"#,
        )
        .unwrap();
        assert_eq!((t.files[0].template.as_str(), t.files[1].template.as_str()), ("c", "t"));
        assert!(t.stack.is_empty() && !t.is_generated());
    }

    #[test]
    fn a_file_needs_a_text() {
        assert!(serde_json::from_str::<SpikeTemplate>(r#"{"id":"a","name":"A","files":[{"path":"p"}]}"#).is_err());
    }

    #[test]
    fn empty_names_are_faults() {
        let t: SpikeTemplate = serde_json::from_str(r#"{"id":" ","name":"A"}"#).unwrap();
        assert_eq!(t.fault(), Some("its id is empty"));
    }
}
