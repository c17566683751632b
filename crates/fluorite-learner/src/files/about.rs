//! What a file says it is about: its first comment, or its title.

/// Most bytes of it.
const MOST: usize = 240;
/// Lines that are looked at.
const LINES: usize = 60;
/// Words of comments that say nothing about the file.
const EMPTY: [&str; 6] = ["copyright", "license", "licence", "eslint", "@ts-", "coding:"];

/// A sentence or two; `None` when the file says nothing. `code`: whether comments are looked for; else a Markdown title.
pub(crate) fn about(text: &str, code: bool) -> Option<String> {
    let lines = || text.lines().take(LINES).map(str::trim_start).skip_while(|l| l.starts_with("#!"));
    let found: Vec<&str> = if code {
        let inner: Vec<&str> = lines().filter_map(|l| l.strip_prefix("//!")).collect();
        if inner.is_empty() { first_comment(lines()) } else { inner }
    } else {
        lines().filter_map(|l| l.strip_prefix("# ")).take(1).collect()
    };
    let mut plain = String::new();
    for word in found.iter().take_while(|l| !l.trim_start().starts_with("```")).flat_map(|l| l.split_whitespace()) {
        plain.push_str(if plain.is_empty() { "" } else { " " });
        plain.push_str(word);
    }
    plain.truncate(plain.floor_char_boundary(MOST));
    let lower = plain.to_lowercase();
    (!plain.is_empty() && !EMPTY.iter().any(|w| lower.contains(w))).then_some(plain)
}

/// Lines of the comment a file begins with, without their marks.
fn first_comment<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut found = Vec::new();
    let mut quoted = false; // inside a Python docstring
    for line in lines.skip_while(|l| l.is_empty() || l.starts_with("<?php")) {
        let fence = ["\"\"\"", "'''"].into_iter().find(|f| line.contains(f));
        if quoted || (found.is_empty() && fence.is_some_and(|f| line.starts_with(f))) {
            let closed = fence.is_some_and(|f| quoted || line.matches(f).count() > 1);
            found.push(line.trim_matches(['"', '\'']));
            quoted = !closed;
            if closed {
                break;
            }
            continue;
        }
        let marks = ["///", "//", "/**", "/*", "*/", "*", "#"];
        let Some(said) = marks.into_iter().find_map(|m| line.strip_prefix(m)).filter(|s| !s.starts_with('[')) else { break };
        found.push(said.trim_end_matches("*/"));
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn the_first_comment_or_title_says_it() {
        for (text, code, said) in [
            ("//! Carts.\n//!\n//! What is in them.\nuse x;\n", true, "Carts. What is in them."),
            ("#!/usr/bin/env node\n// Adds up.\n// Twice.\nlet a;\n// not this\n", true, "Adds up. Twice."),
            ("/**\n * Adds up.\n */\nfunction a() {}\n", true, "Adds up."),
            ("\"\"\"Adds up.\"\"\"\nimport x\n", true, "Adds up."),
            ("\"\"\"Adds\nup.\n\"\"\"\nimport x\n", true, "Adds up."),
            ("# Adds up.\nimport x\n", true, "Adds up."),
            ("//! Carts.\n//! ```\n//! let code = 1;\n//! ```\n", true, "Carts."),
            ("text\n# The shop\n# Another\n", false, "The shop"),
        ] {
            assert_eq!(about(text, code).as_deref(), Some(said), "{text}");
        }
    }

    #[test]
    fn what_says_nothing_gives_nothing() {
        for text in [
            "",
            "fn a() {}\n// late\n",
            "// Copyright 2020 Somebody\nfn a() {}\n",
            "/* eslint-disable */\nlet a;\n",
            "#[derive(A)]\n",
        ] {
            assert_eq!(about(text, true), None, "{text}");
        }
        assert_eq!(about("no title\n", false), None);
        assert_eq!(about(&format!("// {}\n", "é".repeat(300)), true).unwrap().len(), MOST);
    }
}
