//! What a text or a template uses.

use std::collections::BTreeSet;

use fluorite_chunking::by_path;

use super::names::canonical;
use crate::spike::SpikeTemplate;

/// Lines of a file that imports are looked for in.
const MOST_LINES: usize = 400;
/// Names one text can give.
const MOST_NAMES: usize = 64;

/// Canonical names: of the stack, the imports and the dependency files of a template.
pub(crate) fn of_template(t: &SpikeTemplate) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = t.stack.iter().filter_map(|s| canonical(s)).collect();
    for f in &t.files {
        out.extend(of_text(&f.path, &f.template));
    }
    out
}

/// Canonical names of what a file imports, or lists as dependencies.
pub(crate) fn of_text(path: &str, text: &str) -> BTreeSet<String> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let found: Vec<String> = match name {
        "package.json" => {
            let listed = json_keys(text, &["dependencies", "devDependencies", "peerDependencies"]);
            listed.iter().filter_map(|name| package(name)).collect()
        }
        "composer.json" => {
            json_keys(text, &["require", "require-dev"]).iter().map(|p| p.rsplit('/').next().unwrap_or(p).to_owned()).collect()
        }
        "Cargo.toml" | "pyproject.toml" => toml_keys(text),
        "requirements.txt" => text.lines().take(MOST_LINES).filter_map(requirement).collect(),
        "go.mod" => text
            .lines()
            .take(MOST_LINES)
            .filter_map(|l| last_segment(l.trim().strip_prefix("require ").unwrap_or(l.trim())))
            .collect(),
        _ => imports(by_path(path).map_or("", |k| k.language), text),
    };
    found.iter().filter_map(|s| canonical(s)).take(MOST_NAMES).collect()
}

fn imports(language: &str, text: &str) -> Vec<String> {
    let lines = text.lines().take(MOST_LINES).map(str::trim);
    match language {
        "typescript" | "javascript" | "svelte" | "vue" | "astro" => lines.flat_map(javascript).collect(),
        "python" => lines.flat_map(python).collect(),
        "rust" => {
            lines.filter_map(|l| l.strip_prefix("use ")?.split("::").next().map(|w| w.trim_end_matches(';').to_owned())).collect()
        }
        "go" => lines
            .filter(|l| l.contains('"') && l.contains('.') && l.contains('/'))
            .filter_map(|l| last_segment(l.split('"').nth(1)?))
            .collect(),
        "php" => lines.filter_map(|l| l.strip_prefix("use ")?.split(['\\', ';', ' ']).next().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Packages of `import ... from 'x'`, `import 'x'`, `require('x')`, `import('x')`.
fn javascript(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    for mark in ["from ", "require(", "import(", "import "] {
        for (at, _) in line.match_indices(mark) {
            let rest = line[at + mark.len()..].trim_start();
            let Some(quote @ ('\'' | '"')) = rest.chars().next() else { continue };
            let Some(name) = rest[1..].split(quote).next() else { continue };
            out.extend(package(name));
        }
    }
    out
}

/// The package of an import path; relative ones and parts of the platform are none.
fn package(path: &str) -> Option<String> {
    if path.starts_with(['.', '/', '~', '#', '$', '{']) || path.starts_with("@/") || path.contains(':') {
        return None;
    }
    let mut parts = path.split('/');
    let first = parts.next().filter(|p| !p.is_empty())?;
    if !first.starts_with('@') {
        return Some(first.to_owned());
    }
    let whole = format!("{first}/{}", parts.next()?);
    // a scope whose package is not known stands for its packages: @radix-ui/react-dialog is radix-ui
    let known = canonical(&whole)?;
    Some(if known == whole.trim_start_matches('@').to_lowercase() { first.trim_start_matches('@').to_owned() } else { whole })
}

fn python(line: &str) -> Vec<String> {
    if let Some(rest) = line.strip_prefix("from ") {
        let module = rest.split_whitespace().next().filter(|_| rest.contains(" import "));
        return module.and_then(|m| m.split('.').next()).filter(|m| !m.is_empty()).map(str::to_owned).into_iter().collect();
    }
    let Some(rest) = line.strip_prefix("import ") else { return Vec::new() };
    rest.split(',').filter_map(|m| m.split_whitespace().next()?.split('.').next().map(str::to_owned)).collect()
}

fn json_keys(text: &str, lists: &[&str]) -> Vec<String> {
    let Ok(serde_json::Value::Object(all)) = serde_json::from_str(text) else { return Vec::new() };
    lists.iter().filter_map(|l| all.get(*l)?.as_object()).flat_map(|o| o.keys().cloned()).collect()
}

fn toml_keys(text: &str) -> Vec<String> {
    let Ok(all) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let table = |v: Option<&toml::Value>| v.and_then(toml::Value::as_table).map(|t| t.keys().cloned().collect::<Vec<_>>());
    let listed = all.get("project").and_then(|p| p.get("dependencies")).and_then(toml::Value::as_array);
    let poetry = all.get("tool").and_then(|t| t.get("poetry")).and_then(|p| p.get("dependencies"));
    let listed = listed.into_iter().flatten().filter_map(|v| requirement(v.as_str()?));
    [all.get("dependencies"), all.get("dev-dependencies"), poetry].into_iter().filter_map(table).flatten().chain(listed).collect()
}

/// `name[extra]==1.0 # note` without all but the name.
fn requirement(line: &str) -> Option<String> {
    let name = line.trim().split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).next()?;
    (!name.is_empty() && !line.trim().starts_with(['#', '-'])).then(|| name.to_owned())
}

/// The last part of a path that is no version.
fn last_segment(path: &str) -> Option<String> {
    let path = path.split_whitespace().next()?;
    let parts: Vec<&str> = path.split('/').collect();
    let named = parts.iter().rev().find(|p| !(p.starts_with('v') && p[1..].bytes().all(|b| b.is_ascii_digit())))?;
    (parts.len() > 1).then(|| (*named).to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    fn used(path: &str, text: &str) -> Vec<String> {
        of_text(path, text).into_iter().collect()
    }

    #[test]
    fn imports_of_many_languages() {
        let ts = "import NextAuth from 'next-auth';\nimport { a } from \"@radix-ui/react-dialog\";\nconst x = require('pg'); import './a.css';\nimport fs from 'node:fs';\nconst y = await import('@/lib/z');";
        assert_eq!(used("a.ts", ts), ["next-auth", "postgresql", "radix-ui"]);
        assert_eq!(used("a.py", "import os, redis\nfrom fastapi.responses import X\nfrom . import y"), ["fastapi", "redis"]);
        assert_eq!(used("a.rs", "use tokio::sync::mpsc;\nuse std::fmt;\nuse crate::x;"), ["tokio"]);
        assert_eq!(
            used("a.go", "import (\n \"fmt\"\n \"github.com/gin-gonic/gin\"\n \"github.com/go-chi/chi/v5\"\n)"),
            ["chi", "gin"]
        );
    }

    #[test]
    fn dependency_files() {
        assert_eq!(
            used("package.json", r#"{"dependencies":{"next":"1"},"devDependencies":{"vitest":"1"}}"#),
            ["nextjs", "vitest"]
        );
        assert_eq!(used("x/requirements.txt", "fastapi[all]>=1\n# note\n-r x\nredis"), ["fastapi", "redis"]);
        assert_eq!(used("Cargo.toml", "[dependencies]\naxum = \"1\""), ["axum"]);
        assert_eq!(used("pyproject.toml", "[project]\ndependencies = [\"flask>=1\"]"), ["flask"]);
        assert_eq!(used("go.mod", "module x\nrequire github.com/labstack/echo/v4 v4.1.0"), ["echo"]);
        assert!(used("package.json", "{").is_empty());
    }

    #[test]
    fn a_template_uses_its_stack_and_its_files() {
        let t = serde_json::from_str(
            r#"{"id":"a","name":"A","stack":["Next.js","ts"],"files":[{"path":"a.ts","template":"import { z } from 'zod'"}]}"#,
        )
        .unwrap();
        assert_eq!(of_template(&t).into_iter().collect::<Vec<_>>(), ["nextjs", "zod"]);
    }
}
