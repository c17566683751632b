//! Repairs JSON whose strings were not escaped.
//!
//! A search over readings of the text, cheapest first: a quote ends its string if everything behind it still reads as
//! JSON, otherwise it is text. The result is a list of edits, and the edited text is read by the strict parser, so that
//! a repair can never mean anything else than the JSON it stands for; well-formed JSON needs no edit.
//! Guards keep a repair from swallowing structure: only the long free texts may hold unescaped quotes, never together
//! with raw line breaks, and never over a member that looks like a neighbour of theirs.

mod between;
mod string;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::edits::{Edit, Why, apply, describe};

/// Bytes looked at per byte of text before the search gives up.
const EFFORT: usize = 64;
/// Structural changes (brackets, commas, string ends) in one text.
const MAX_BOLD: u8 = 2;
/// The text as well-formed JSON and a description of what was changed; `Err` is the furthest place reached and why.
/// Costs at most 128 looks at each byte.
pub fn repair_json(text: &str) -> Result<(String, String), (usize, String)> {
    let mut furthest = (0, "no value".to_owned());
    for bold in [0, MAX_BOLD] {
        let mut search = Search::new(text, bold);
        match search.run() {
            Ok(()) => {
                let fixed = apply(text, &search.edits).ok_or_else(|| (0, "edits do not fit the text".to_owned()))?;
                return Ok((fixed, describe(&search.edits)));
            }
            Err(e) => furthest = e,
        }
    }
    Err(furthest)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Expect {
    FirstKey,
    Key,
    Colon,
    FirstValue,
    Value,
    Next,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    object: bool,
    expect: Expect,
    key: (usize, usize),
}

#[derive(Debug, Clone, Copy)]
struct Text {
    start: usize,
    key: bool,
    quotes: bool,
    breaks: bool,
}

/// Where a reading stands; the part of the state that a choice restores.
#[derive(Debug, Clone)]
struct Reading {
    at: usize,
    stack: Vec<Frame>,
    string: Option<Text>,
    done: bool,
    bold: u8,
}

/// End of a string: its place, the bold changes left, and the brackets open around it.
type StringEnd = (usize, u8, Vec<(bool, Expect)>);

/// Another reading, to be tried when the present one fails.
struct Choice {
    reading: Reading,
    edits: usize,
    edit: Edit,
}

struct Search<'a> {
    text: &'a str,
    bytes: &'a [u8],
    now: Reading,
    edits: Vec<Edit>,
    choices: Vec<Choice>,
    failed: HashSet<StringEnd>,
    looks: usize,
    furthest: (usize, &'static str),
}

type Step = Result<bool, &'static str>;

impl<'a> Search<'a> {
    fn new(text: &'a str, bold: u8) -> Self {
        let mut s = Self {
            text,
            bytes: text.as_bytes(),
            now: Reading { at: 0, stack: Vec::new(), string: None, done: false, bold },
            edits: Vec::new(),
            choices: Vec::new(),
            failed: HashSet::new(),
            looks: text.len().saturating_mul(EFFORT).saturating_add(1024),
            furthest: (0, "no value"),
        };
        if text.starts_with('\u{feff}') {
            s.edits.push(Edit::remove(0, 3, Why::ByteOrderMark));
            s.now.at = 3;
        }
        s
    }

    fn run(&mut self) -> Result<(), (usize, String)> {
        loop {
            let step = if self.now.string.is_some() { self.in_string() } else { self.between() };
            let reason = match step {
                Ok(true) => return Ok(()),
                Ok(false) if self.looks > 0 => continue,
                Ok(false) => return Err((self.furthest.0, "too many ways to read it".into())),
                Err(reason) => reason,
            };
            if self.now.at >= self.furthest.0 {
                self.furthest = (self.now.at, reason);
            }
            let Some(other) = self.choices.pop() else { return Err((self.furthest.0, self.furthest.1.to_owned())) };
            self.now = other.reading;
            self.edits.truncate(other.edits);
            self.edits.push(other.edit);
        }
    }

    fn choice(&mut self, reading: Reading, edit: Edit) {
        let edits = self.edits.partition_point(|e| e.at < edit.at);
        self.choices.push(Choice { reading, edits, edit });
    }

    /// A structural change on the present reading, while they last.
    fn boldly(&mut self, edit: Edit, reason: &'static str) -> Step {
        self.now.bold = self.now.bold.checked_sub(1).ok_or(reason)?;
        self.edits.push(edit);
        Ok(false)
    }
}
