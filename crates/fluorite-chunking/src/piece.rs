//! What comes out: pieces and what is known of each.

use std::ops::Range;

use crate::lines::Lines;
use crate::pack::Packed;

/// Most names of a scope: the innermost ones are kept.
const MOST_SCOPES: usize = 16;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Bytes of the text; character boundaries. Begins with its indentation, has no white space at the end.
    pub range: Range<usize>,
    /// First line, from 1.
    pub start_line: usize,
    /// Last line, included.
    pub end_line: usize,
    /// Tokens by the counter.
    pub tokens: usize,
    /// How the text was cut.
    pub kind: PieceKind,
    /// What the piece defines, in order: what has its name in the piece, not counting the part repeated by overlap.
    pub symbols: Vec<Symbol>,
    /// Names of what the start of the piece (after overlap) lies in, outermost first; the innermost 16.
    pub scope: Vec<String>,
    /// Headings the start of the piece (after overlap) lies under, outermost first, one it begins with included.
    pub headings: Vec<String>,
}

/// How a text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// By syntax, or by lines.
    Code,
    /// By sections and blocks.
    Markdown,
    /// By paragraphs and sentences.
    Prose,
}

impl PieceKind {
    /// `code`, `markdown` or `prose`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Markdown => "markdown",
            Self::Prose => "prose",
        }
    }
}

/// Something with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// As written, at most 256 bytes (longer ones are left out).
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum SymbolKind {
    Function,
    Class,
    Method,
    Interface,
    Type,
    Enum,
    Struct,
    Trait,
    Module,
    Constant,
}

impl SymbolKind {
    /// Its name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Class => "class",
            Self::Method => "method",
            Self::Interface => "interface",
            Self::Type => "type",
            Self::Enum => "enum",
            Self::Struct => "struct",
            Self::Trait => "trait",
            Self::Module => "module",
            Self::Constant => "constant",
        }
    }

    /// Does it hold methods rather than functions?
    pub(crate) fn is_type(self) -> bool {
        matches!(self, Self::Class | Self::Interface | Self::Enum | Self::Struct | Self::Trait)
    }
}

/// A definition: what the code says of one symbol. Those without a kind only enclose others (Rust's `impl`).
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) range: Range<usize>,
    /// Where its name is.
    pub(crate) name_at: usize,
    pub(crate) name: String,
    pub(crate) kind: Option<SymbolKind>,
}

/// A heading of Markdown.
#[derive(Debug)]
pub(crate) struct Heading {
    pub(crate) at: usize,
    pub(crate) level: u32,
    pub(crate) text: String,
}

/// What is known of a text; definitions and headings in order, definitions nested.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) definitions: Vec<Definition>,
    pub(crate) headings: Vec<Heading>,
}

impl Outline {
    /// Pieces with what is known of each: one walk over both.
    pub(crate) fn label(&self, packed: Vec<Packed>, lines: &Lines, kind: PieceKind) -> Vec<Piece> {
        let mut symbols: Vec<&Definition> = self.definitions.iter().filter(|d| d.kind.is_some()).collect();
        symbols.sort_by_key(|d| d.name_at);
        let mut opened = self.definitions.iter().filter(|d| d.kind != Some(SymbolKind::Constant)).peekable();
        let mut headings = self.headings.iter().peekable();
        let (mut inside, mut under): (Vec<&Definition>, Vec<&Heading>) = (Vec::new(), Vec::new());
        let mut pieces = Vec::with_capacity(packed.len());
        for p in packed {
            while let Some(d) = opened.next_if(|d| d.range.start < p.first) {
                inside.retain_from_end(|open| open.range.end <= d.range.start);
                inside.push(d);
            }
            inside.retain_from_end(|open| open.range.end <= p.first);
            while let Some(h) = headings.next_if(|h| h.at <= p.first) {
                under.retain_from_end(|above| above.level >= h.level);
                under.push(h);
            }
            let from = symbols.partition_point(|d| d.name_at < p.first);
            let own = symbols.iter().skip(from).take_while(|d| d.name_at < p.range.end);
            let own = own.filter_map(|d| Some(Symbol { name: d.name.clone(), kind: d.kind? }));
            let mut scope: Vec<String> = inside.iter().rev().take(MOST_SCOPES).map(|d| d.name.clone()).collect();
            scope.reverse();
            pieces.push(Piece {
                start_line: lines.line(p.range.start) + 1,
                end_line: lines.line(p.range.end.saturating_sub(1)) + 1,
                tokens: p.tokens,
                kind,
                symbols: own.collect(),
                scope,
                headings: under.iter().map(|h| h.text.clone()).collect(),
                range: p.range,
            });
        }
        pieces
    }
}

/// A stack that lets go from its end.
trait RetainFromEnd<T> {
    /// Pops while `done`.
    fn retain_from_end(&mut self, done: impl Fn(&T) -> bool);
}

impl<T> RetainFromEnd<T> for Vec<T> {
    fn retain_from_end(&mut self, done: impl Fn(&T) -> bool) {
        while self.last().is_some_and(&done) {
            self.pop();
        }
    }
}
