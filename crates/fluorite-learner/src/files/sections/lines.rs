//! Entries told by their lines, for texts that no parser reads: templates of configurations, JSON with comments, unfinished files.

use super::tree::Entry;

/// The keys of the outermost level that has several, in order.
pub(super) fn entries(text: &str, language: &str) -> Vec<Entry> {
    let key_of: fn(&str, usize) -> Option<String> = match language {
        "toml" => |line, _| line.starts_with('[').then(|| line.trim_matches(['[', ']', ' ']).to_owned()),
        "json" => |line, indent| json_key(line, indent),
        _ => yaml_key,
    };
    let indents = lines(text).filter_map(|(_, l)| key_of(l.trim_start(), 0).map(|_| indent(l)));
    let mut counts = std::collections::BTreeMap::new();
    indents.for_each(|i| *counts.entry(i).or_insert(0usize) += 1);
    let level = counts.iter().find(|(_, n)| **n > 1).or(counts.first_key_value()).map_or(0, |(i, _)| *i);
    let at_level = |(at, line): (usize, &str)| {
        let key = (indent(line) == level).then(|| key_of(line.trim_start(), level)).flatten()?;
        Some(Entry { key, start: at, children: Vec::new() })
    };
    lines(text).filter_map(at_level).collect()
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
