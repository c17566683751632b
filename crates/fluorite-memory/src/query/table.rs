//! A list of terms with their English, found by the first two characters.

use std::{borrow::Cow, collections::HashMap, ops::Range};

/// Terms of one list. Twelve bytes per term beside the text itself.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Lines of `term<TAB>english`.
    text: Cow<'static, str>,
    /// Grouped by head, in a group the longest term first.
    lines: Vec<Line>,
    heads: HashMap<[char; 2], Range<u32>>,
}

/// Offsets into the table's text.
#[derive(Debug, Clone, Copy)]
struct Line {
    start: u32,
    tab: u32,
    end: u32,
}

/// A term at the start of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit<'t> {
    /// The term as listed.
    pub term: &'t str,
    /// Its English: alternatives separated by `|`; empty for a word that says nothing.
    pub english: &'t str,
    /// Characters of the text it takes.
    pub taken: usize,
}

impl Table {
    /// Reads lines of `term<TAB>english`; a line without a tab is a word that says nothing. Terms are folded and lower case.
    pub(super) fn parse(text: Cow<'static, str>) -> Self {
        let (mut lines, mut start) = (Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let end = start + line.trim_end_matches('\n').len();
            if end > start {
                let tab = text[start..end].find('\t').map_or(end, |tab| start + tab);
                lines.push(Line { start: start as u32, tab: tab as u32, end: end as u32 }); // texts stay far below 4 GiB
            }
            start += line.len();
        }
        let key = |line: &Line| {
            let term = &text[line.start as usize..line.tab as usize];
            (head(term.chars()), std::cmp::Reverse(term.chars().filter(|c| *c != ' ').count()))
        };
        lines.sort_by_cached_key(key);
        let mut heads: HashMap<[char; 2], Range<u32>> = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            heads.entry(key(line).0).or_insert(at as u32..at as u32).end = at as u32 + 1;
        }
        Self { text, lines, heads }
    }

    /// The longest term at the start of `text` that `allowed` accepts. One hash look-up for terms of two characters or more,
    /// one for terms of one, and a comparison for each term that starts with the same two.
    pub(super) fn longest(&self, text: &[char], allowed: impl Fn(&Hit<'_>) -> bool) -> Option<Hit<'_>> {
        let [first, second] = head(text.iter().copied());
        [[first, second], [first, '\0']]
            .into_iter()
            .take(if second == '\0' { 1 } else { 2 })
            .filter_map(|head| self.heads.get(&head))
            .flat_map(|group| &self.lines[group.start as usize..group.end as usize])
            .find_map(|line| {
                let (term, english) = self.parts(*line);
                let hit = Hit { term, english, taken: taken(term, text)? };
                allowed(&hit).then_some(hit)
            })
    }

    /// Every term with its English, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|line| self.parts(*line))
    }

    fn parts(&self, line: Line) -> (&str, &str) {
        let at = |from: u32, to: u32| &self.text[from as usize..to as usize];
        (at(line.start, line.tab), at((line.tab + 1).min(line.end), line.end))
    }
}

/// The first two characters that are not spaces, in lower case.
fn head(chars: impl Iterator<Item = char>) -> [char; 2] {
    let mut letters = chars.take(3).filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase());
    [letters.next().unwrap_or('\0'), letters.next().unwrap_or('\0')]
}

/// How many characters at the start of `text` spell the term. Its spaces may be missing in the text; the text may have one
/// between Latin and other letters; the ー that ends many loan words may be missing or too many.
fn taken(term: &str, text: &[char]) -> Option<usize> {
    let (mut at, mut last, mut length) = (0, None, 0);
    let mut letters = term.chars().peekable();
    while let Some(letter) = letters.next() {
        let found = text.get(at).copied();
        if letter == ' ' {
            at += usize::from(found == Some(' '));
        } else {
            let seam = found == Some(' ') && last.is_some_and(|last: char| last != ' ' && last.is_ascii() != letter.is_ascii());
            at += usize::from(seam);
            if text.get(at).map(char::to_ascii_lowercase) != Some(letter) {
                return (letter == 'ー' && letters.peek().is_none() && length >= LOAN_WORD).then_some(at);
            }
            at += 1;
            length += 1;
        }
        last = Some(letter);
    }
    let longer = length >= LOAN_WORD && text.get(at) == Some(&'ー') && matches!(last, Some('ァ'..='ヺ'));
    Some(at + usize::from(longer))
}

/// Characters from which a Katakana word keeps its meaning when the ー at its end is left out (サーバ, ユーザ).
const LOAN_WORD: usize = 3;
