//! The language of a text.

use std::str::FromStr;

use crate::error::ChunkingError;
use crate::extension;
use crate::piece::PieceKind;

/// Lines looked at to tell Markdown from prose.
const DETECT_LINES: usize = 200;

/// A language, as far as cutting tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// TypeScript without JSX.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// JavaScript, with or without JSX.
    JavaScript,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// Java.
    Java,
    /// PHP, with or without the opening tag.
    Php,
    /// C#.
    CSharp,
    /// Ruby.
    Ruby,
    /// Code of a language without a grammar here, or configuration: cut at blank lines and lines.
    Code,
    /// Markdown (CommonMark, tables, front matter).
    Markdown,
    /// Prose and anything else.
    Text,
}

/// Names and short forms. Languages without a grammar are in the table of extensions.
const NAMES: &[(&str, Language)] = &[
    ("typescript", Language::TypeScript),
    ("tsx", Language::Tsx),
    ("javascript", Language::JavaScript),
    ("python", Language::Python),
    ("rust", Language::Rust),
    ("go", Language::Go),
    ("java", Language::Java),
    ("php", Language::Php),
    ("csharp", Language::CSharp),
    ("ruby", Language::Ruby),
    ("code", Language::Code),
    ("markdown", Language::Markdown),
    ("text", Language::Text),
];
const SHORT: &[(&str, Language)] = &[
    ("ts", Language::TypeScript),
    ("js", Language::JavaScript),
    ("jsx", Language::JavaScript),
    ("py", Language::Python),
    ("rs", Language::Rust),
    ("golang", Language::Go),
    ("c#", Language::CSharp),
    ("cs", Language::CSharp),
    ("rb", Language::Ruby),
    ("md", Language::Markdown),
    ("prose", Language::Text),
];

impl FromStr for Language {
    type Err = ChunkingError;

    /// By name in any case (`typescript`, `ts`, `c#`); known languages without a grammar are [`Language::Code`].
    fn from_str(name: &str) -> Result<Self, ChunkingError> {
        let lower = if name.len() <= 32 { name.to_lowercase() } else { String::new() };
        if let Some((_, language)) = NAMES.iter().chain(SHORT).find(|(n, _)| *n == lower) {
            return Ok(*language);
        }
        if extension::is_language(&lower) {
            return Ok(Self::Code);
        }
        let known = NAMES.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", ");
        Err(ChunkingError::Language { given: name.chars().take(64).collect(), known })
    }
}

impl Language {
    /// Its name: what [`FromStr`] takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, l)| *l == self).map_or("text", |(n, _)| n)
    }

    /// How it is cut.
    #[must_use]
    pub fn kind(self) -> PieceKind {
        match self {
            Self::Markdown => PieceKind::Markdown,
            Self::Text => PieceKind::Prose,
            _ => PieceKind::Code,
        }
    }

    /// By the extension of the path, else Markdown or prose by the look of the text.
    #[must_use]
    pub fn detect(text: &str, path: Option<&str>) -> Self {
        if let Some(known) = path.and_then(extension::by_path) {
            return match known.language {
                "typescript" if path.is_some_and(|p| p.to_ascii_lowercase().ends_with(".tsx")) => Self::Tsx,
                name => NAMES.iter().find(|(n, _)| *n == name).map_or(Self::Code, |(_, l)| *l),
            };
        }
        if looks_like_markdown(text) { Self::Markdown } else { Self::Text }
    }
}

/// Two marks of Markdown at line starts, or one fence. One `#` line alone may be a comment.
fn looks_like_markdown(text: &str) -> bool {
    let mut marks = 0;
    for line in text.lines().take(DETECT_LINES) {
        let line = line.get(..200.min(line.len())).unwrap_or(line).trim_end();
        let hashes = line.bytes().take_while(|b| *b == b'#').count();
        let heading = (1..=6).contains(&hashes) && line.as_bytes().get(hashes) == Some(&b' ');
        let item = ["- ", "* ", "+ ", "> ", "| "].iter().any(|m| line.trim_start().starts_with(m));
        let inline = line.contains("](") || line.contains("**");
        marks += usize::from(heading) * 2 + usize::from(item || inline);
        if line.starts_with("```") || line.starts_with("~~~") || marks >= 3 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_then_path_then_look() {
        for (_, language) in NAMES {
            assert_eq!(language.name().parse::<Language>().ok(), Some(*language));
        }
        assert_eq!("TS".parse::<Language>().ok(), Some(Language::TypeScript));
        assert_eq!("kotlin".parse::<Language>().ok(), Some(Language::Code));
        assert!("klingon".parse::<Language>().is_err());
        assert_eq!(Language::detect("", Some("src/a.TSX")), Language::Tsx);
        assert_eq!(Language::detect("", Some("a/b.cs")), Language::CSharp);
        assert_eq!(Language::detect("# not code", Some("x.kt")), Language::Code);
        assert_eq!(Language::detect("# Title\n\ntext\n\n- one\n", None), Language::Markdown);
        assert_eq!(Language::detect("Some prose.\nMore - of it.", Some("LICENSE")), Language::Text);
    }
}
