//! What two chunks have in common: one text inside the other, or lines of one file.

use super::block::{Block, Lines};

/// A text with every run of white space as one space, and a space at both ends: words are compared, not indentation.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for word in text.split_whitespace() {
        out.push(' ');
        out.push_str(word);
    }
    out.push(' ');
    out
}

/// What is left of a block beside one that is there already.
#[derive(Debug, Clone, PartialEq)]
pub enum Left {
    /// They share no line.
    All,
    /// These lines of it are not in the other.
    Part(Lines, String),
    /// Nothing that could be told apart.
    Nothing,
}

/// Compares two blocks of one file by their lines. Lines are taken away only where both texts have them alike.
pub fn beside(weaker: &Block, there: &Block) -> Left {
    let (Some(a), Some(b)) = (weaker.lines, there.lines) else { return Left::All };
    let (first, last) = (a.first.max(b.first), a.last.min(b.last));
    if first > last {
        return Left::All;
    }
    let shared = (lines_of(weaker, first, last), lines_of(there, first, last));
    match shared {
        (Some(mine), Some(its)) if mine == its => {}
        // a line that was cut in two parts is the end of one and the start of the other
        _ if first == last => return Left::All,
        _ => return Left::Nothing, // another version of these lines
    }
    let kept = match (a.first < first, a.last > last) {
        (true, false) => Lines { first: a.first, last: first - 1 },
        (false, true) => Lines { first: last + 1, last: a.last },
        (false, false) => return Left::Nothing,
        (true, true) => return Left::All, // it holds the other, which is found by its text
    };
    match lines_of(weaker, kept.first, kept.last) {
        Some(text) if text.iter().any(|line| !line.trim().is_empty()) => Left::Part(kept, text.join("\n")),
        _ => Left::Nothing,
    }
}

/// These lines of a block, when it has as many as it says.
fn lines_of(block: &Block, first: u64, last: u64) -> Option<Vec<&str>> {
    let own = block.lines?;
    let all: Vec<&str> = block.text.split('\n').collect();
    // blank lines behind the text are not kept
    if all.len() as u64 > own.last - own.first + 1 {
        return None;
    }
    let at = |line: u64| usize::try_from(line - own.first).ok();
    (at(first)?..=at(last)?).map(|i| Some(all.get(i).copied().unwrap_or("").trim_end_matches('\r'))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: u64, text: &str) -> Block {
        let lines = Some(Lines { first, last: first + text.split('\n').count() as u64 - 1 });
        Block { id: "x".into(), path: Some("f".into()), language: None, lines, text: text.into(), truncated: false }
    }

    #[test]
    fn words_count_not_spaces() {
        assert_eq!(folded(" a\n\tb  "), " a b ");
        assert!(folded("x {\n  a\n}").contains(&folded("a")));
        assert!(!folded("concatenate").contains(&folded("cat")));
    }

    #[test]
    fn shared_lines_are_said_once() {
        let there = block(10, "a\nb\nc");
        assert_eq!(beside(&block(13, "d"), &there), Left::All);
        assert_eq!(beside(&block(12, "c\nd\ne"), &there), Left::Part(Lines { first: 13, last: 14 }, "d\ne".into()));
        assert_eq!(beside(&block(8, "y\nz\na"), &there), Left::Part(Lines { first: 8, last: 9 }, "y\nz".into()));
        assert_eq!(beside(&block(10, "a\nb\nc"), &there), Left::Nothing);
        assert_eq!(beside(&block(11, "other\nc\nd"), &there), Left::Nothing, "another version of line 11");
        assert_eq!(beside(&block(12, "half of line 12"), &there), Left::All, "cut within the line");
        assert_eq!(beside(&Block { lines: None, ..block(10, "a") }, &there), Left::All);
        assert_eq!(beside(&block(12, "c\n \n"), &there), Left::Nothing, "only blank lines are new");
    }
}
