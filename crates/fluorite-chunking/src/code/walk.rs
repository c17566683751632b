//! One walk over a tree, without recursion: a tree may be as deep as the text is long.

use tree_sitter::{Node, Tree, TreeCursor};

use super::definitions::Rules;
use crate::cuts::{Cut, DEEPEST, GLUED, INLINE, STRUCTURE};
use crate::language::Language;
use crate::lines::Lines;
use crate::piece::{Definition, Outline};

/// Lines of at most this many bytes are not cut within by syntax.
const LONG_LINE: usize = 256;

/// What a walk finds.
pub(super) struct Walked {
    pub(super) cuts: Vec<Cut>,
    pub(super) outline: Outline,
    /// Bytes under the outermost nodes that did not parse.
    pub(super) broken_bytes: usize,
}

/// The children of one node, as far as they were visited.
#[derive(Default, Clone, Copy)]
struct Siblings {
    /// Is there one before that is more than a comment?
    begun: bool,
    /// A comment or an attribute, alone on its line, that ends on this row.
    describes: Option<usize>,
}

pub(super) fn walk(text: &str, language: Language, tree: &Tree, lines: &Lines) -> Walked {
    let rules = Rules::of(language, &tree.language());
    let mut found = Walked { cuts: Vec::new(), outline: Outline::default(), broken_bytes: 0 };
    let mut cursor = tree.walk();
    let mut levels = vec![Siblings::default()];
    // Definitions the cursor is in: their index and end.
    let mut inside: Vec<usize> = Vec::new();
    let mut broken_until = 0;
    loop {
        let node = cursor.node();
        let range = node.byte_range();
        while inside
            .last()
            .and_then(|i| found.outline.definitions.get(*i))
            .is_some_and(|d: &Definition| d.range.end <= range.start)
        {
            inside.pop();
        }
        if node.is_error() && range.start >= broken_until {
            found.broken_bytes += range.len();
            broken_until = range.end;
        }
        if let Some(level) = levels.last().copied() {
            let (cut, level) = place(text, node, levels_depth(&levels), level, lines);
            found.cuts.extend(cut);
            if let Some(last) = levels.last_mut() {
                *last = level;
            }
        }
        let enclosing = inside.last().and_then(|i| found.outline.definitions.get(*i));
        if let Some(definition) = rules.definition(node, enclosing, text) {
            inside.push(found.outline.definitions.len());
            found.outline.definitions.push(definition);
        }
        if cursor.goto_first_child() {
            levels.push(Siblings::default());
        } else if !advance(&mut cursor, &mut levels) {
            return found;
        }
    }
}

fn levels_depth(levels: &[Siblings]) -> u32 {
    u32::try_from(levels.len()).unwrap_or(DEEPEST).min(DEEPEST)
}

/// To the next node that was not visited; false at the end.
fn advance(cursor: &mut TreeCursor<'_>, levels: &mut Vec<Siblings>) -> bool {
    loop {
        if cursor.goto_next_sibling() {
            return true;
        }
        if !cursor.goto_parent() {
            return false;
        }
        levels.pop();
    }
}

/// The cut before a node, if any, and what the node says of its siblings.
fn place(text: &str, node: Node<'_>, depth: u32, mut level: Siblings, lines: &Lines) -> (Option<Cut>, Siblings) {
    if !node.is_named() {
        return (None, level);
    }
    let at = node.start_byte();
    let begins = lines.begun_by(at);
    let described = level.describes.take() == Some(node.start_position().row);
    let (first, remark) = (!level.begun && !described, is_remark(node));
    let cut = match begins {
        Some(start) if described => Some(Cut { at: start, rank: GLUED }),
        Some(start) if !first && !is_body(node) => Some(Cut { at: start, rank: STRUCTURE + depth }),
        None if !first && lines.is_long(at, LONG_LINE, text) => Some(Cut { at, rank: INLINE + depth }),
        _ => None,
    };
    if remark && begins.is_some() {
        let end = node.end_position();
        // Line comments of some grammars end with their line.
        level.describes = Some(if end.column == 0 { end.row } else { end.row + 1 });
    }
    // A comment counts as begun: what follows after a blank line is cut from it.
    level.begun = true;
    (cut, level)
}

/// What describes the next sibling.
fn is_remark(node: Node<'_>) -> bool {
    let kind = node.kind();
    kind.contains("comment") || matches!(kind, "attribute_item" | "decorator" | "attribute_list" | "preproc_region")
}

/// The part of a construct that holds its statements: not cut from its head.
fn is_body(node: Node<'_>) -> bool {
    let kind = node.kind();
    kind.contains("block") && !kind.contains("comment") || kind.contains("body") || kind.ends_with("_list") || kind == "then"
}
