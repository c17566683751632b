//! One chunk as it stands in a context: a heading that says where it is from, and its text.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::options::ContextFormat;

/// Lines of a file, first and last included, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    pub first: u64,
    pub last: u64,
}

/// What is written of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub id: String,
    pub path: Option<String>,
    pub language: Option<String>,
    pub lines: Option<Lines>,
    /// The text it is a piece of: its lines are of that, whatever else comes from this path.
    pub whole: Option<String>,
    /// Without line ends behind it.
    pub text: String,
    /// Its end was cut off to fit.
    pub truncated: bool,
}

impl Block {
    /// The block in this format, with the line end behind it.
    pub fn render(&self, format: ContextFormat) -> String {
        let mut out = String::with_capacity(self.text.len() + 128);
        out.push_str(match format {
            ContextFormat::Markdown => "## ",
            ContextFormat::Plain => "--- ",
        });
        if let Some(path) = &self.path {
            out.push_str(&one_line(path));
            match self.lines {
                Some(l) if l.first == l.last => write!(out, ":{}", l.first),
                Some(l) => write!(out, ":{}-{}", l.first, l.last),
                None => Ok(()),
            }
            .unwrap_or(()); // a String takes everything
            out.push(' ');
        }
        out.push('[');
        out.push_str(&one_line(&self.id));
        out.push(']');
        if self.truncated {
            out.push_str(" (truncated)");
        }
        out.push_str("\n\n");
        match format {
            ContextFormat::Markdown => {
                let fence = fence(&self.text);
                let language = self.language.as_deref().filter(|l| is_language(l)).unwrap_or_default();
                for part in [&fence, language, "\n", &self.text, "\n", &fence, "\n"] {
                    out.push_str(part);
                }
            }
            ContextFormat::Plain => {
                out.push_str(&self.text);
                out.push('\n');
            }
        }
        out
    }
}

/// Text that may hold anything, as part of a heading.
fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(breaks) { Cow::Owned(text.replace(breaks, " ")) } else { Cow::Borrowed(text) }
}

/// Could it stand behind a fence? Anything else would be read as something else.
fn is_language(name: &str) -> bool {
    !name.is_empty() && name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-#._".contains(&b))
}

/// Longer than any run of backticks inside, three at least.
fn fence(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat((longest + 1).max(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(id: &str, text: &str) -> Block {
        Block { id: id.into(), path: None, language: None, lines: None, whole: None, text: text.into(), truncated: false }
    }

    #[test]
    fn heading_and_fence() {
        let lines = Some(Lines { first: 3, last: 9 });
        let b = Block { path: Some("src/a.ts".into()), language: Some("typescript".into()), lines, ..block("a", "let x") };
        assert_eq!(b.render(ContextFormat::Markdown), "## src/a.ts:3-9 [a]\n\n```typescript\nlet x\n```\n");
        assert_eq!(b.render(ContextFormat::Plain), "--- src/a.ts:3-9 [a]\n\nlet x\n");
        let one = Block { lines: Some(Lines { first: 3, last: 3 }), truncated: true, ..b };
        assert!(one.render(ContextFormat::Plain).starts_with("--- src/a.ts:3 [a] (truncated)\n"));
        assert_eq!(block("b", "text").render(ContextFormat::Markdown), "## [b]\n\n```\ntext\n```\n");
    }

    #[test]
    fn nothing_inside_ends_the_block() {
        for (text, ticks) in [("a", 3), ("``", 3), ("```", 4), ("x ````` y ```", 6), (&"`".repeat(40), 41)] {
            let out = block("a", text).render(ContextFormat::Markdown);
            let fences: Vec<_> = out.lines().filter(|l| !l.is_empty() && l.bytes().all(|b| b == b'`') && *l != text).collect();
            assert_eq!(fences, vec!["`".repeat(ticks); 2], "{text}");
        }
        let hostile = Block { path: Some("a\r\n# b\u{2028}c".into()), language: Some("js\n```".into()), ..block("i\nd", "x") };
        assert_eq!(hostile.render(ContextFormat::Markdown), "## a  # b c [i d]\n\n```\nx\n```\n");
    }
}
