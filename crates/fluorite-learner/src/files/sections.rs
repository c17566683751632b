//! Sections of YAML, JSON and TOML, told by their lines: nothing is parsed or expanded, so that no file can be a bomb.

use std::ops::Range;

/// A section: its bytes and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) range: Range<usize>,
    pub(super) key: Option<String>,
}

/// The sections of a catalog, in order; together they are the text. One without a key is what comes before the first.
pub(super) fn of(text: &str, language: &str) -> Vec<Section> {
    let key_of: fn(&str, usize) -> Option<String> = match language {
        "toml" => |line, _| line.starts_with('[').then(|| line.trim_matches(['[', ']', ' ']).to_owned()),
        "json" => |line, indent| json_key(line, indent),
        _ => yaml_key,
    };
    // the keys of the outermost level that has several
    let indents = lines(text).filter_map(|(_, l)| key_of(l.trim_start(), 0).map(|_| indent(l)));
    let mut counts = std::collections::BTreeMap::new();
    indents.for_each(|i| *counts.entry(i).or_insert(0usize) += 1);
    let level = counts.iter().find(|(_, n)| **n > 1).or(counts.first_key_value()).map_or(0, |(i, _)| *i);
    let mut out: Vec<Section> = Vec::new();
    for (at, line) in lines(text) {
        let key = (indent(line) == level).then(|| key_of(line.trim_start(), level)).flatten();
        if let (Some(last), true) = (out.last_mut(), key.is_some()) {
            last.range.end = at;
        }
        if key.is_some() || out.is_empty() {
            out.push(Section { range: at..text.len(), key });
        }
    }
    out.retain(|s| !s.range.is_empty());
    out
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |l| {
        at += l.len();
        (at - l.len(), l.trim_end())
    })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn yaml_key(line: &str, _: usize) -> Option<String> {
    let line = line.strip_prefix("- ").unwrap_or(line);
    let (key, rest) = line.split_once(':')?;
    let key = key.trim_matches(['"', '\'']);
    let plain = !key.is_empty() && key.len() <= 128 && !key.starts_with(['#', '{', '[', '&', '*', '!', '|', '>', ' ']);
    (plain && (rest.is_empty() || rest.starts_with(' '))).then(|| key.to_owned())
}

fn json_key(line: &str, _: usize) -> Option<String> {
    let (key, rest) = line.strip_prefix('"')?.split_once('"')?;
    rest.trim_start().starts_with(':').then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, language: &str) -> Vec<Option<String>> {
        let found = of(text, language);
        assert_eq!(found.iter().map(|s| &text[s.range.clone()]).collect::<String>(), text);
        found.into_iter().map(|s| s.key).collect()
    }

    fn some(keys: &[&str]) -> Vec<Option<String>> {
        keys.iter().map(|k| Some((*k).to_owned())).collect()
    }

    #[test]
    fn catalogs_fall_into_their_outermost_keys() {
        assert_eq!(keys("name: a\nuse:\n  x: 1\n  y: 2\nend: z\n", "yaml"), some(&["name", "use", "end"]));
        assert_eq!(keys("all:\n  - id: a\n    b: 1\n  - id: b\n    b: 2\n", "yaml")[1..], some(&["id", "id"]));
        assert_eq!(keys("{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 2\n  }\n}\n", "json")[1..], some(&["a", "b"]));
        assert_eq!(keys("x = 1\n[a]\ny = 1\n[b.c]\n[[d]]\n", "toml")[1..], some(&["a", "b.c", "d"]));
        assert_eq!(keys("just text", "yaml"), [None]);
        assert!(of("", "json").is_empty());
    }
}
