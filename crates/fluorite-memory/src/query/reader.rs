//! A place in a query, and what may be a term there.

use super::{common, script::Script, table::Hit};

/// Katakana letters from which a term is found inside an unknown word, or with one letter of another word behind it.
const FREE_KATAKANA: usize = 4;
/// Hangul syllables from which a term is found inside an unknown word.
const FREE_HANGUL: usize = 3;

/// A place in a folded text.
pub(super) struct Reader<'t> {
    text: &'t [char],
    at: usize,
    /// Script of the letter just before, if it belongs to no term.
    loose: Option<Script>,
    /// Whether Han text is Japanese, which sets its grammar off with Hiragana; Chinese writes it among the words.
    japanese: bool,
}

impl<'t> Reader<'t> {
    /// The start of a text, Japanese or not.
    pub(super) fn new(text: &'t [char], japanese: bool) -> Self {
        Self { text, at: 0, loose: None, japanese }
    }

    /// The character at the place.
    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    /// Everything from the place on.
    pub(super) fn rest(&self) -> &'t [char] {
        &self.text[self.at..]
    }

    /// The next `count` characters.
    pub(super) fn ahead(&self, count: usize) -> &'t [char] {
        &self.text[self.at..self.at + count]
    }

    /// Goes behind a term.
    pub(super) fn take(&mut self, count: usize) {
        self.at += count;
        self.loose = None;
    }

    /// Goes behind a character of the script given that belongs to no term.
    pub(super) fn pass(&mut self, script: Script) {
        self.at += 1;
        self.loose = Some(script);
    }

    /// Whether a term may start here: at any East Asian letter, and where a Latin word or a number starts.
    pub(super) fn may_start(&self, script: Script) -> bool {
        let is_latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        script != Script::Other || (is_latin(self.peek()) && !is_latin(self.before()))
    }

    /// Whether a term spelled here is one, not a part of a longer word that no list has.
    pub(super) fn allows(&self, hit: &Hit<'_>, script: Script) -> bool {
        let letters = hit.term.chars().filter(|c| *c != ' ').count();
        let behind = &self.text[self.at + hit.taken..];
        let loose = self.loose == Some(script);
        if behind.first().is_some_and(char::is_ascii_alphanumeric) && self.text[self.at + hit.taken - 1].is_ascii_alphanumeric() {
            return false;
        }
        match script {
            Script::Han if letters > 1 => true,
            Script::Han if hit.english.is_empty() && !self.japanese => !loose,
            Script::Han => !(loose || of(behind.first()) == Some(Script::Han)),
            Script::Katakana => letters >= FREE_KATAKANA || !(loose || run(behind, Script::Katakana, 2) == 1),
            Script::Hangul if letters == 1 => !loose && (of(behind.first()) != Some(Script::Hangul) || ending(behind).is_some()),
            Script::Hangul => letters >= FREE_HANGUL || !loose,
            Script::Hiragana | Script::Other => true,
        }
    }

    /// Syllables of the Korean particle or ending that takes the rest of the word, after a term, a Latin word or alone.
    pub(super) fn ending(&self, script: Script) -> Option<usize> {
        if script == Script::Hangul && self.loose != Some(Script::Hangul) { ending(self.rest()) } else { None }
    }

    fn before(&self) -> Option<char> {
        self.at.checked_sub(1).map(|at| self.text[at])
    }
}

fn of(c: Option<&char>) -> Option<Script> {
    c.map(|c| Script::of(*c))
}

/// Letters of a script at the start of a text, counted up to a bound.
fn run(text: &[char], script: Script, most: usize) -> usize {
    text.iter().take(most).take_while(|c| Script::of(**c) == script).count()
}

fn ending(text: &[char]) -> Option<usize> {
    let length = run(text, Script::Hangul, common::MAX_ENDING + 1);
    common::is_ending(&text[..length]).then_some(length)
}
