//! What two chunks have in common: one text inside the other, or lines of one file.

use super::block::{Block, Lines};

/// Bytes that must be alike for a shared text within lines.
const LEAST_SHARED: usize = 16;

/// Blank lines a text may have had behind it.
const MOST_BLANK: usize = 64;

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
        // cut within lines, or another version of them
        _ => return parted(weaker, there, a, b).unwrap_or(Left::Nothing),
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

/// Two pieces that were cut within a line and share the text between the cuts.
fn parted(weaker: &Block, there: &Block, a: Lines, b: Lines) -> Option<Left> {
    let (lines, rest) = if a.first >= b.first {
        let rest = weaker.text.get(common(&there.text, &weaker.text)?..)?;
        (Lines { first: (b.last + u64::from(rest.starts_with('\n'))).min(a.last), last: a.last }, rest)
    } else {
        let rest = weaker.text.get(..weaker.text.len() - common(&weaker.text, &there.text)?)?;
        (Lines { first: a.first, last: b.first - u64::from(rest.ends_with('\n')) }, rest)
    };
    let text = rest.trim_start_matches('\n').trim_end();
    (!text.trim_start().is_empty()).then(|| Left::Part(lines, text.to_owned()))
}

/// Bytes of the longest end of one text that is the start of the other.
fn common(before: &str, behind: &str) -> Option<usize> {
    let start = behind.get(..behind.floor_char_boundary(LEAST_SHARED)).filter(|s| s.len() > LEAST_SHARED / 2)?;
    let at =
        before.match_indices(start).map(|(at, _)| at).find(|at| before.get(*at..).is_some_and(|end| behind.starts_with(end)))?;
    Some(before.len() - at)
}

/// These lines of a block, when it has as many as it says.
fn lines_of(block: &Block, first: u64, last: u64) -> Option<Vec<&str>> {
    let own = block.lines?;
    let all: Vec<&str> = block.text.split('\n').collect();
    // blank lines behind the text are not kept; more of them than this are no lines of a file
    if all.len() as u64 > own.last - own.first + 1 || last - own.first > (all.len() + MOST_BLANK) as u64 {
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
        Block { id: "x".into(), path: Some("f".into()), language: None, lines, whole: None, text: text.into(), truncated: false }
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
        let (huge, text) = (Some(Lines { first: 1, last: u64::from(u32::MAX) }), block(1, "a b"));
        assert_eq!(beside(&Block { lines: huge, ..text.clone() }, &Block { lines: huge, ..text }), Left::Nothing);
        let (before, behind) = ("first line\nthe quick brown fox jumps\nover", "brown fox jumps\nover the lazy dog\nlast line");
        let (before, behind) = (block(1, before), block(2, behind));
        assert_eq!(beside(&behind, &before), Left::Part(Lines { first: 3, last: 4 }, " the lazy dog\nlast line".into()));
        assert_eq!(beside(&before, &behind), Left::Part(Lines { first: 1, last: 2 }, "first line\nthe quick".into()));
        assert_eq!(beside(&Block { lines: None, ..block(10, "a") }, &there), Left::All);
        assert_eq!(beside(&block(12, "c\n \n"), &there), Left::Nothing, "only blank lines are new");
    }
}
