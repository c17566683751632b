//! Japanese, Korean and Chinese software terms in English.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::LazyLock,
};

use super::{
    common,
    fold::fold,
    reader::Reader,
    script::{Script, is_cjk},
    table::{Hit, Table},
    text::Text,
    thesaurus,
};
use crate::index::Alternatives;
use crate::{Error, Result};

/// The lists in `lexicon/`, written for this project: one `term<TAB>english` a line, English alternatives separated by `|`
/// with the most usual first, sorted, without words of general grammar.
pub(super) const LISTS: [&str; 3] =
    [include_str!("../../lexicon/ja.tsv"), include_str!("../../lexicon/ko.tsv"), include_str!("../../lexicon/zh.tsv")];

static BUNDLED: LazyLock<Bundled> = LazyLock::new(Bundled::parse);

struct Bundled {
    japanese: Table,
    korean: Table,
    chinese: Table,
    common: Table,
    /// Han characters by the lists that use them: Japanese 1, Chinese 2.
    han: HashMap<char, u8>,
}

impl Bundled {
    fn parse() -> Self {
        let [japanese, korean, chinese] = LISTS.map(|list| Table::parse(Cow::Borrowed(list)));
        let mut han: HashMap<char, u8> = HashMap::new();
        for (table, bit) in [(&japanese, 1), (&chinese, 2)] {
            for c in table.iter().flat_map(|(term, _)| term.chars()).filter(|c| Script::of(*c) == Script::Han) {
                *han.entry(c).or_default() |= bit;
            }
        }
        Self { japanese, korean, chinese, common: Table::parse(Cow::Borrowed(common::WORDS)), han }
    }

    /// Whether text is Japanese where a Han word could be either: it has kana, or more characters that only Japanese uses.
    fn is_japanese(&self, text: &[char]) -> bool {
        let mut votes = 0_i64;
        for c in text {
            match Script::of(*c) {
                Script::Hiragana | Script::Katakana => return true,
                Script::Han => match self.han.get(c) {
                    Some(1) => votes += 1,
                    Some(2) => votes -= 1,
                    _ => {}
                },
                _ => {}
            }
        }
        votes > 0
    }
}

/// Software terms of Japanese, Korean and Chinese with their English words.
///
/// An English-only embedding model and an index of English code see nothing in `認証の実装`; they do in what
/// [`Lexicon::expand`] makes of it. The bundled lists are parsed once per process, on first use (a few milliseconds).
#[derive(Debug, Default)]
pub struct Lexicon {
    extra: Table,
    english: thesaurus::Own,
}

/// A query with what the lexicon knows of it in English.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion<'l> {
    /// English words for the terms found, distinct: the most usual word of each term in the order of the query, then the
    /// second ones, and so on. A word may be several (`rate limit`). Latin words of the query are not among them.
    pub english: Vec<&'l str>,
    /// The query in English: terms replaced by their most usual word, everything that is not Chinese, Japanese or Korean
    /// kept in its place, the rest left out. Has no character of those scripts, and may be empty.
    pub text: String,
    /// Share, 0 to 1, of the query's Han, Katakana and Hangul characters that belong to terms found, not counting particles
    /// and words that say nothing in any software question. A query with Hiragana alone has 1 if any term was found, else 0.
    pub covered: f32,
}

impl Lexicon {
    /// The bundled lists alone.
    pub fn bundled() -> Self {
        Self::default()
    }

    /// The bundled lists and a user's own pairs of term and English words, alternatives separated by `|`. An own pair
    /// overrides a bundled one with the same term, and a later own pair an earlier one. A term without a Chinese, Japanese or
    /// Korean letter is an English word or a phrase of up to three, and its pair gives other words for it.
    ///
    /// Errors: `InvalidArgument` when a term has no word, or its English is empty or has a letter of these scripts.
    pub fn with<T: AsRef<str>, E: AsRef<str>>(extra: impl IntoIterator<Item = (T, E)>) -> Result<Self> {
        let mut terms: HashMap<String, String> = HashMap::new();
        let mut own = thesaurus::Own::new();
        for (term, english) in extra {
            let (term, english) = (term.as_ref(), english.as_ref());
            let folded: String = fold(term).iter().map(char::to_ascii_lowercase).collect();
            let key = folded.split_whitespace().collect::<Vec<_>>().join(" ");
            let words = english.split('|').map(|word| word.split_whitespace().collect::<Vec<_>>().join(" "));
            let words = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("|");
            if words.is_empty() || words.chars().any(is_cjk) {
                return Err(Error::InvalidArgument {
                    message: format!("lexicon: {term:?} needs English words as its second part, got {english:?}"),
                });
            }
            if key.chars().any(|c| Script::of(c) != Script::Other) {
                terms.insert(key, words);
                continue;
            }
            let key = thesaurus::key(term);
            let words: Vec<&str> = words.split('|').filter(|word| thesaurus::key(word) != key).collect();
            if words.is_empty() {
                return Err(Error::InvalidArgument {
                    message: format!("lexicon: {term:?} needs other words than itself, got {english:?}"),
                });
            }
            if key.trim().is_empty() || key.split(' ').count() > thesaurus::LONGEST {
                return Err(Error::InvalidArgument {
                    message: format!(
                        "lexicon: {term:?} must be one to three English words, or a Chinese, Japanese or Korean term"
                    ),
                });
            }
            own.insert(key, words.join("|"));
        }
        let mut lines = String::new();
        for (term, words) in &terms {
            let _ = writeln!(lines, "{term}\t{words}"); // writing to a string does not fail
        }
        Ok(Self { extra: Table::parse(Cow::Owned(lines)), english: own })
    }

    /// Other words for the English words of a query, own ones instead of the bundled. Linear; callers cut long queries.
    #[must_use]
    pub fn alternatives(&self, query: &str) -> Vec<Alternatives<'_>> {
        thesaurus::alternatives(&self.english, query)
    }

    /// What the lexicon knows of a query, or `None` when it has no Chinese, Japanese or Korean character.
    ///
    /// The longest terms are taken from left to right; a character that starts none is passed over, which leaves particles
    /// and inflections out. Cost: linear in the query; callers cut long ones.
    pub fn expand(&self, query: &str) -> Option<Expansion<'_>> {
        if query.is_ascii() || !query.chars().any(is_cjk) {
            return None;
        }
        let text = fold(query);
        let japanese = BUNDLED.is_japanese(&text);
        let mut reader = Reader::new(&text, japanese);
        let (mut out, mut found) = (Text::default(), Vec::new());
        let (mut known, mut unknown) = (0_usize, 0_usize);
        while let Some(c) = reader.peek() {
            let script = Script::of(c);
            let ending = reader.ending(script);
            let longer = |hit: &Hit<'_>| ending.is_none_or(|ending| hit.taken > ending);
            if let Some(hit) = self.longest(&reader, script, japanese).filter(longer) {
                match hit.english.split('|').next() {
                    Some(usual) if !usual.is_empty() => {
                        out.word(usual);
                        found.push(hit.english);
                        known += reader.ahead(hit.taken).iter().filter(|c| Script::of(**c).is_content()).count();
                    }
                    _ => out.gap(),
                }
                reader.take(hit.taken);
            } else if let Some(ending) = ending {
                out.gap();
                reader.take(ending);
            } else {
                match script {
                    Script::Other if c.is_whitespace() || is_cjk(c) => out.gap(),
                    Script::Other => out.character(c),
                    _ => out.gap(),
                }
                unknown += usize::from(script.is_content());
                reader.pass(script);
            }
        }
        let covered = match known + unknown {
            0 => f32::from(u8::from(!found.is_empty())),
            all => known as f32 / all as f32,
        };
        Some(Expansion { english: by_rank(&found), text: out.finish(), covered })
    }

    /// The term at the reader's place: the longest of the user's, the language's and of the words without meaning, of equals
    /// the first in this order. For Han text both languages are asked, and its own wins among equals.
    fn longest<'l>(&'l self, reader: &Reader<'_>, script: Script, japanese: bool) -> Option<Hit<'l>> {
        if !reader.may_start(script) {
            return None;
        }
        let ask = |table: &'l Table| table.longest(reader.rest(), |hit| reader.allows(hit, script));
        let bundled: &'static Bundled = &BUNDLED;
        let longer = |best: Hit<'l>, next: Hit<'l>| if next.taken > best.taken { next } else { best };
        let listed = match script {
            Script::Hangul => ask(&bundled.korean),
            Script::Hiragana | Script::Katakana => ask(&bundled.japanese),
            Script::Han => {
                let (own, other) = (&bundled.japanese, &bundled.chinese);
                let (own, other) = if japanese { (own, other) } else { (other, own) };
                [ask(own), ask(other)].into_iter().flatten().reduce(longer)
            }
            Script::Other => [&bundled.japanese, &bundled.korean, &bundled.chinese].into_iter().find_map(ask),
        };
        [ask(&self.extra), listed, ask(&bundled.common)].into_iter().flatten().reduce(longer)
    }
}

/// Distinct words of the terms found: first all first alternatives, then all second ones.
fn by_rank<'l>(found: &[&'l str]) -> Vec<&'l str> {
    let (mut words, mut seen) = (Vec::with_capacity(found.len()), HashSet::new());
    let mut terms: Vec<_> = found.iter().map(|english| english.split('|')).collect();
    while !terms.is_empty() {
        terms.retain_mut(|alternatives| {
            let next = alternatives.next();
            words.extend(next.filter(|word| seen.insert(*word)));
            next.is_some()
        });
    }
    words
}
