//! YAML by its parser's events: aliases are counted, never followed, so that a bomb costs what its text does.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, Span};

use super::tree::{Builder, Entry};

/// Nodes that aliases may add to those of the text itself, beside ten times as many.
const ALIASED: u64 = 100_000;

pub(super) enum Refused {
    Broken(String),
    /// It would fill the memory of whoever reads it.
    Bomb(String),
}

/// Entries of a YAML text.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, Refused> {
    let lines = Lines::of(text);
    let mut tree = Builder::new(text);
    let mut nodes = Nodes::default();
    for event in Parser::new_from_str(text) {
        let (event, Span { start, .. }) = event.map_err(|e| {
            let at = e.marker();
            Refused::Broken(format!("it is no YAML: {} (line {}, column {})", e.info(), at.line(), at.col() + 1))
        })?;
        match event {
            Event::MappingStart(anchor, _) => {
                nodes.open(anchor);
                tree.open(true, lines.byte(start));
            }
            Event::SequenceStart(anchor, _) => {
                nodes.open(anchor);
                tree.open(false, lines.byte(start));
            }
            Event::MappingEnd | Event::SequenceEnd => {
                nodes.close();
                tree.close();
            }
            Event::Scalar(value, _, anchor, _) => {
                nodes.open(anchor);
                nodes.close();
                tree.scalar(&value, lines.byte(start));
            }
            Event::Alias(anchor) => {
                nodes.alias(anchor);
                tree.scalar("", lines.byte(start));
            }
            _ => {}
        }
        let most = nodes.own.saturating_mul(10).saturating_add(ALIASED);
        if nodes.all > most {
            return Err(Refused::Bomb(format!(
                "its aliases would make more than {most} nodes of its {}: it is left out; write out what they stand for, or part the file",
                nodes.own
            )));
        }
    }
    Ok(tree.entries())
}

/// Counts nodes as if aliases were followed.
#[derive(Default)]
struct Nodes {
    own: u64,
    all: u64,
    /// Anchors of the nodes that are open, and what had been counted before each.
    open: Vec<(usize, u64)>,
    anchors: HashMap<usize, u64>,
}

impl Nodes {
    fn open(&mut self, anchor: usize) {
        self.open.push((anchor, self.all));
        self.own += 1;
        self.all = self.all.saturating_add(1);
    }

    fn close(&mut self) {
        if let Some((anchor, before)) = self.open.pop().filter(|(anchor, _)| *anchor > 0) {
            self.anchors.insert(anchor, self.all - before);
        }
    }

    /// An anchor that is not closed yet stands within itself: without end.
    fn alias(&mut self, anchor: usize) {
        self.own += 1;
        self.all = self.all.saturating_add(self.anchors.get(&anchor).copied().unwrap_or(u64::MAX));
    }
}

/// Where lines begin, as YAML counts them: the parser gives places by line and character.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends = |i: usize| bytes[i] == b'\n' || bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n');
        Self { text, starts: std::iter::once(0).chain((0..bytes.len()).filter(|i| ends(*i)).map(|i| i + 1)).collect() }
    }

    fn byte(&self, at: Marker) -> usize {
        let Some(start) = self.starts.get(at.line().saturating_sub(1)) else { return self.text.len() };
        let line = &self.text[*start..];
        start + line.char_indices().nth(at.col()).map_or(line.len(), |(i, _)| i)
    }
}
