//! Catalogs (YAML, JSON, TOML) as a tree of named parts.
//!
//! In: a text. Out: entries with the places where they begin; nothing is expanded or converted. What does not parse is told by its lines.

mod json;
mod lines;
mod toml;
mod tree;
mod yaml;

use std::ops::Range;

use tree::Entry;

/// What a catalog came to.
pub(super) struct Catalog {
    entries: Vec<Entry>,
    /// Why it was told by its lines.
    pub(super) unparsed: Option<String>,
}

/// A part of a catalog that becomes a chunk, or several if it is still too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) range: Range<usize>,
    /// Dotted path of every entry in it.
    pub(super) keys: Vec<String>,
}

/// Reads a catalog. `Err`: why it is left out altogether.
pub(super) fn read(text: &str, language: &str) -> Result<Catalog, String> {
    let parsed = match language {
        "json" => json::entries(text),
        "toml" => toml::entries(text),
        _ => match yaml::entries(text) {
            Err(yaml::Refused::Bomb(why)) => return Err(why),
            Err(yaml::Refused::Broken(why)) => Err(why),
            Ok(entries) => Ok(entries),
        },
    };
    Ok(match parsed {
        Ok(entries) => Catalog { entries, unparsed: None },
        Err(why) => Catalog { entries: lines::entries(text, language), unparsed: Some(why) },
    })
}

/// Where a catalog is cut, and why it was told by its lines; for the fuzzer.
pub(super) fn ranges(text: &str, language: &str, most: usize) -> Result<(Vec<Range<usize>>, Option<String>), String> {
    let catalog = read(text, language)?;
    Ok((catalog.sections(text, most).into_iter().map(|s| s.range).collect(), catalog.unparsed))
}

impl Catalog {
    /// Sections of at most `most` bytes where that can be had by cutting between entries, in order; together they are the text. Small
    /// neighbours are one section up to half of that.
    pub(super) fn sections(&self, text: &str, most: usize) -> Vec<Section> {
        let mut out = Vec::new();
        cut(&self.entries, 0..text.len(), "", most, &mut out);
        out.retain(|s| !s.range.is_empty());
        out
    }
}

fn cut(entries: &[Entry], whole: Range<usize>, path: &str, most: usize, out: &mut Vec<Section>) {
    let first = out.len();
    for (i, entry) in entries.iter().enumerate() {
        // what stands before the first entry is its own
        let start = if i == 0 { whole.start } else { entry.start.clamp(whole.start, whole.end) };
        let end = entries.get(i + 1).map_or(whole.end, |next| next.start.clamp(start, whole.end));
        let key = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
        let small = |s: &&mut Section| end - s.range.start <= most / 2;
        if end - start > most && !entry.children.is_empty() {
            cut(&entry.children, start..end, &key, most, out);
        } else if let Some(last) = out.get_mut(first..).and_then(<[Section]>::last_mut).filter(small) {
            last.range.end = end;
            last.keys.push(key);
        } else {
            out.push(Section { range: start..end, keys: vec![key] });
        }
    }
    if entries.is_empty() {
        out.push(Section { range: whole, keys: path.split_terminator('\0').map(str::to_owned).collect() });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    /// Keys of the sections; the sections are the text.
    fn keys(text: &str, language: &str, most: usize) -> Vec<String> {
        let catalog = read(text, language).unwrap();
        assert_eq!(catalog.unparsed, None);
        let found = catalog.sections(text, most);
        assert_eq!(found.iter().map(|s| &text[s.range.clone()]).collect::<String>(), text);
        found.into_iter().map(|s| s.keys.join(", ")).collect()
    }

    #[test]
    fn yaml_falls_into_entries_and_long_ones_into_theirs() {
        assert_eq!(keys("name: a\nuse:\n  x: 1\n  y: 2\nend: z\n", "yaml", 10), ["name", "use.x", "use.y", "end"]);
        assert_eq!(keys("name: a\nuse:\n  x: 1\n  y: 2\nend: z\n", "yaml", 200), ["name, use, end"]);
        let list = "all:\n  - id: a\n    b: 1\n  - b: 2\n    name: \"the b\"\n  - {b: 3}\n";
        assert_eq!(keys(list, "yaml", 30), ["all.a", "all.the b", "all.3"]);
        // what looks like a key in a text is none, and comments stand with what they are about
        let text = "# about a\na: |\n  key: no\n  b: no\n# about b\nb: >-\n  c: no\n";
        assert_eq!(keys(text, "yaml", 35), ["a", "b"]);
        let sections = read(text, "yaml").unwrap().sections(text, 35);
        assert!(text[sections[1].range.clone()].starts_with("# about b\n"));
        assert_eq!(keys("a: 1\n---\nb: 22222222222\nc: 1\n", "yaml", 16), ["1", "2.b", "2.c"]);
        assert_eq!(keys("日本: 語語語\n\"次 の\": [1, 2]\n", "yaml", 20), ["日本", "次 の"]);
        assert_eq!(keys("just text", "yaml", 200), [""]);
        assert_eq!(keys("a: 1\r\nb: 2\r\n", "yaml", 6), ["a", "b"]);
    }

    #[test]
    fn json_and_toml_fall_into_entries() {
        assert_eq!(
            keys("{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\"}\", \"\\\"\"],\n    \"d\": 2\n  }\n}\n", "json", 40),
            ["a", "b.c", "b.d"]
        );
        assert_eq!(keys("[{\"name\": \"x\", \"a\": 1}, {\"a\": 2}]", "json", 26), ["x", "2"]);
        assert_eq!(keys("x = 1\n[a]\ny = 1\n[b.c]\n[[d]]\nz = [\n[1],\n]\n", "toml", 12), ["x", "a", "b.c", "d.z"]);
        assert_eq!(keys("[a]\ns = \"\"\"\n[no]\nk = 1\n\"\"\"\nt = 1\n[b]\n", "toml", 40), ["a", "b"]);
        assert!(read("", "json").unwrap().sections("", 8).is_empty());
    }

    #[test]
    fn what_does_not_parse_is_told_by_its_lines() {
        for (text, language, why) in [
            ("// c\n{\n  \"a\": 1,\n  \"b\": 2,\n}\n", "json", "line 1"),
            ("a: {{ .Values.x }\nb: 1\n", "yaml", "line"),
            ("a: 1\nb: [\n", "yaml", "line"),
            ("[a]\nx = \n[b]\n", "toml", "line 2"),
        ] {
            let catalog = read(text, language).unwrap();
            assert!(catalog.unparsed.as_ref().unwrap().contains(why), "{text}: {:?}", catalog.unparsed);
            let sections = catalog.sections(text, 8);
            assert_eq!(sections.iter().map(|s| &text[s.range.clone()]).collect::<String>(), text);
            assert_eq!(sections.last().unwrap().keys, ["b"], "{text}");
        }
    }

    #[test]
    fn a_bomb_is_refused_and_honest_aliases_are_not() {
        let level = |c: char| format!("{c}: &{c} [*{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}]\n", (c as u8 - 1) as char);
        let bomb = format!("a: &a [x, x, x, x, x, x, x, x]\n{}", ('b'..='i').map(level).collect::<String>());
        assert!(read(&bomb, "yaml").err().unwrap().contains("aliases"));
        let honest = format!("base: &base {{a: 1, b: 2}}\n{}", (0..200).map(|i| format!("k{i}: *base\n")).collect::<String>());
        assert_eq!(read(&honest, "yaml").unwrap().sections(&honest, 1 << 20).len(), 1);
        let itself = read("a: &a [*a]\n", "yaml");
        assert!(itself.is_err() || itself.is_ok_and(|c| c.unparsed.is_some()));
        assert!(read(&"[".repeat(100_000), "yaml").unwrap().unparsed.is_some());
        assert!(read(&"- ".repeat(20_000), "yaml").is_ok());
    }
}
