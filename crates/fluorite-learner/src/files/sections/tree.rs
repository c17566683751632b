//! The tree of a catalog, put together from the marks a parser meets.

/// Deeper entries are text of those above them.
const MAX_DEPTH: usize = 6;
/// Longest key in bytes.
const MOST_KEY: usize = 64;
/// Members that name an item of a list, the best first.
const NAMES: [&str; 5] = ["id", "name", "key", "title", "slug"];

/// An entry of a mapping, or an item of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its key; of an item its name, else its number from 1.
    pub(super) key: String,
    /// Where it begins, in bytes: at its line where nothing else stands before it.
    pub(super) start: usize,
    pub(super) children: Vec<Entry>,
}

enum Kind {
    List,
    /// With the key that waits for its value.
    Mapping(Option<(String, usize)>),
}

struct Frame {
    kind: Kind,
    start: usize,
    entries: Vec<Entry>,
    /// With its place among `NAMES`.
    name: Option<(usize, String)>,
}

/// Takes marks in the order of the text.
pub(super) struct Builder<'t> {
    text: &'t str,
    stack: Vec<Frame>,
    documents: Vec<Entry>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, stack: Vec::new(), documents: Vec::new() }
    }

    pub(super) fn open(&mut self, mapping: bool, at: usize) {
        let kind = if mapping { Kind::Mapping(None) } else { Kind::List };
        self.stack.push(Frame { kind, start: at, entries: Vec::new(), name: None });
    }

    pub(super) fn close(&mut self) {
        if let Some(frame) = self.stack.pop() {
            let children = if self.stack.len() < MAX_DEPTH { frame.entries } else { Vec::new() };
            self.node(None, frame.start, children, frame.name.map(|(_, name)| name));
        }
    }

    pub(super) fn scalar(&mut self, text: &str, at: usize) {
        self.node(Some(text), at, Vec::new(), None);
    }

    /// The entries of the one document; of several, the documents.
    pub(super) fn entries(mut self) -> Vec<Entry> {
        match (self.documents.len(), self.documents.pop()) {
            (1, Some(only)) => only.children,
            (_, last) => {
                self.documents.extend(last);
                self.documents
            }
        }
    }

    fn node(&mut self, scalar: Option<&str>, at: usize, children: Vec<Entry>, name: Option<String>) {
        let start = self.line_of(at);
        let Some(frame) = self.stack.last_mut() else {
            let key = (self.documents.len() + 1).to_string();
            return self.documents.push(Entry { key, start, children });
        };
        match &mut frame.kind {
            Kind::List => {
                let key = name.unwrap_or_else(|| (frame.entries.len() + 1).to_string());
                frame.entries.push(Entry { key, start, children });
            }
            Kind::Mapping(waiting) => match waiting.take() {
                None => *waiting = Some((short(scalar.unwrap_or("?")), start)),
                Some((key, start)) => {
                    let text = scalar.filter(|t| !t.is_empty() && t.len() <= MOST_KEY);
                    if let (Some(text), Some(rank)) = (text, NAMES.iter().position(|n| *n == key))
                        && frame.name.as_ref().is_none_or(|(best, _)| rank < *best)
                    {
                        frame.name = Some((rank, text.to_owned()));
                    }
                    frame.entries.push(Entry { key, start, children });
                }
            },
        }
    }

    /// The start of the line when nothing but dashes stands before, with the comments above it; else the place itself.
    fn line_of(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        let mut start = before.rfind('\n').map_or(0, |n| n + 1);
        if !before[start..].bytes().all(|b| matches!(b, b' ' | b'\t' | b'-' | b'?')) {
            return at;
        }
        while let Some(above) = self.text[..start].strip_suffix('\n') {
            let line = above.rfind('\n').map_or(0, |n| n + 1);
            if !above[line..].trim_start().starts_with('#') {
                break;
            }
            start = line;
        }
        start
    }
}

fn short(key: &str) -> String {
    key[..key.floor_char_boundary(MOST_KEY)].to_owned()
}
