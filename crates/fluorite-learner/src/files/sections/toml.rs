//! TOML: read strictly, then its headers and keys by line, those inside of values left out.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::tree::Entry;

/// Entries of a TOML text: root keys, then tables with their keys.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let table = DeTable::parse(text).map_err(|e| {
        let line = e.span().map_or(1, |s| text.get(..s.start).unwrap_or(text).matches('\n').count() + 1);
        format!("it is no TOML: {} (line {line})", e.message())
    })?;
    let mut values = Vec::new();
    table.get_ref().values().for_each(|v| long_values(v, text, &mut values));
    values.sort_by_key(|r| r.start);
    let inside = |at: usize| values.get(values.partition_point(|r| r.start < at).wrapping_sub(1)).is_some_and(|r| at < r.end);
    let mut out: Vec<Entry> = Vec::new();
    let mut tables = false;
    let (mut at, mut comments) = (0, None);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let shown = line.trim();
        if inside(start) {
            continue;
        }
        if shown.starts_with('#') {
            comments.get_or_insert(start);
            continue;
        }
        let start = comments.take().unwrap_or(start);
        if shown.starts_with('[') {
            tables = true;
            let key = shown.split(']').next().unwrap_or(shown).trim_matches(['[', ' ']).to_owned();
            out.push(Entry { key, start, children: Vec::new() });
        } else if let Some((key, _)) = shown.split_once('=') {
            let entry = Entry { key: key.trim().trim_matches(['"', '\'']).to_owned(), start, children: Vec::new() };
            match out.last_mut().filter(|_| tables) {
                Some(table) => table.children.push(entry),
                None => out.push(entry),
            }
        }
    }
    Ok(out)
}

/// Places of values that go over several lines.
fn long_values(value: &Spanned<DeValue<'_>>, text: &str, out: &mut Vec<Range<usize>>) {
    let span = value.span();
    match value.get_ref() {
        // a table of its own header has values with places of their own
        DeValue::Table(t) => t.values().for_each(|v| long_values(v, text, out)),
        DeValue::Array(a)
            if a.iter().any(|v| matches!(v.get_ref(), DeValue::Table(_))) && !text[span.clone()].starts_with("[\n") =>
        {
            a.iter().for_each(|v| long_values(v, text, out));
        }
        _ => {
            if text.get(span.clone()).is_some_and(|t| t.contains('\n')) {
                out.push(span);
            }
        }
    }
}
