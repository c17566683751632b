//! Text to terms.

use super::{script, stem::stem, stop::is_stop_word};
use crate::mutants::mutant;

/// Version of what `for_each_term` gives and of how fields are weighed: raise it with every change, so that sealed text of
/// another tokenizer is built again.
pub const TOKENIZER_VERSION: u32 = 2;
/// Longer terms are cut to this many bytes (at a character's end).
pub const MAX_TERM_BYTES: usize = 64;
/// Longer words without a separator are data, not identifiers: they are not split.
const MAX_SPLIT_BYTES: usize = 64;

const OTHER: u8 = 0;
const LOWER: u8 = 1;
const UPPER: u8 = 2;
const DIGIT: u8 = 4;
const WIDE: u8 = 8; // not ASCII

const CLASS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = match i as u8 {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            0x80.. => WIDE,
            _ => OTHER,
        };
        i += 1;
    }
    table
};

/// Calls `each` with every term of the text, in order, the same for documents and queries.
///
/// * Words are lowercased; plain English ones lose `-s`, `-ing`, `-ed`, `-e`; stop words are left out.
/// * Identifiers give their parts and the whole without separators: `getUserName`, `get_user_name` and `get-user-name`
///   all give `get`, `user`, `nam`, `getusernam`; `utf8` gives `utf`, `8`, `utf8`; `1.2.3` keeps its points.
/// * Paths and calls give their components: `src/auth/login.ts` is `src`, `auth`, `login`, `ts`.
/// * Chinese, Japanese and Korean text gives pairs of neighbouring characters, or the character when it stands alone.
///
/// Two buffers are allocated per call, nothing per term. 4 to 8 ns per byte.
pub fn for_each_term(text: &str, each: &mut impl FnMut(&str)) {
    let mut out = Output { term: String::with_capacity(2 * MAX_TERM_BYTES), each };
    let mut whole = String::with_capacity(2 * MAX_TERM_BYTES);
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match CLASS[byte as usize] {
            OTHER => at + 1,
            WIDE => match char_at(text, at) {
                Some(c) if script::is_cjk(c) => pairs(text, at, &mut out),
                Some(c) if script::is_word(c) => compound(text, at, &mut whole, &mut out),
                Some(c) => at + c.len_utf8(),
                None => return,
            },
            _ => compound(text, at, &mut whole, &mut out),
        };
    }
}

/// Where terms go: lowercased in a reused buffer, stopped, stemmed, cut.
struct Output<'a, F> {
    term: String,
    each: &'a mut F,
}

impl<F: FnMut(&str)> Output<'_, F> {
    /// A word or part of one; `seen` are the classes of its characters, or more.
    fn word(&mut self, word: &str, seen: u8) {
        self.term.clear();
        push_lower(&mut self.term, word, seen);
        if seen & (DIGIT | WIDE) == 0 {
            if is_stop_word(&self.term) {
                return;
            }
            stem(&mut self.term);
        }
        (self.each)(&self.term);
    }

    fn whole(&mut self, whole: &mut String) {
        cut(whole);
        if whole.bytes().all(|b| b.is_ascii_lowercase()) {
            stem(whole);
        }
        (self.each)(whole);
    }
}

/// A run of letters and digits.
struct Word {
    end: usize,
    /// Classes that occur.
    seen: u8,
    /// Whether it has an inner boundary: a change of case (beyond a capital at the start) or between letters and digits.
    mixed: bool,
}

fn word(text: &str, start: usize) -> Word {
    let bytes = text.as_bytes();
    let (mut end, mut seen, mut uppers) = (start, 0, 0);
    let starts_upper = char_at(text, start).is_some_and(char::is_uppercase);
    while let Some(&byte) = bytes.get(end) {
        match CLASS[byte as usize] {
            OTHER => break,
            WIDE => match char_at(text, end) {
                Some(c) if script::is_word(c) && !script::is_cjk(c) => {
                    let upper = c.is_uppercase();
                    uppers += usize::from(upper);
                    seen |= WIDE | if upper { UPPER } else { LOWER };
                    end += c.len_utf8();
                }
                _ => break,
            },
            class => {
                uppers += usize::from(class == UPPER);
                seen |= class;
                end += 1;
            }
        }
    }
    let letters = seen & (LOWER | UPPER);
    let mixed = (seen & DIGIT != 0 && letters != 0) || (letters == LOWER | UPPER && !(uppers == 1 && starts_upper));
    Word { end, seen, mixed: mixed && end - start <= MAX_SPLIT_BYTES }
}

/// Words joined by `_`, `-` or a decimal point: the parts of each, each, and the whole. Returns where to go on.
fn compound<F: FnMut(&str)>(text: &str, start: usize, whole: &mut String, out: &mut Output<'_, F>) -> usize {
    let first = word(text, start);
    emit(text, start, &first, out);
    let mut end = first.end;
    let mut joined = false;
    while let Some(next) = joint(text, end) {
        let following = word(text, next);
        emit(text, next, &following, out);
        if !joined {
            joined = true;
            whole.clear();
            push_lower(whole, text.get(start..end).unwrap_or_default(), first.seen);
        }
        if whole.len() <= MAX_TERM_BYTES {
            if text.as_bytes().get(end) == Some(&b'.') {
                whole.push('.');
            }
            push_lower(whole, text.get(next..following.end).unwrap_or_default(), following.seen);
        }
        end = following.end;
    }
    if joined {
        out.whole(whole);
    }
    contraction(text.as_bytes(), end)
}

/// The start of the word joined to the one that ends here: behind underscores, one hyphen, or a point between digits.
fn joint(text: &str, end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let starts_word = |at: usize| match CLASS[*bytes.get(at)? as usize] {
        OTHER => None,
        WIDE => char_at(text, at).filter(|c| script::is_word(*c) && !script::is_cjk(*c)).map(|_| at),
        _ => Some(at),
    };
    match bytes.get(end)? {
        b'_' => starts_word(end + bytes.get(end..)?.iter().take_while(|b| **b == b'_').count()),
        b'-' => starts_word(end + 1),
        b'.' => {
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            (digit(end.checked_sub(1)?) && digit(end + 1)).then_some(end + 1)
        }
        _ => None,
    }
}

/// Skips `'s`, `'t`, `'ll` and the like behind a word.
fn contraction(bytes: &[u8], end: usize) -> usize {
    let start = match bytes.get(end..) {
        Some([b'\'', ..]) => end + 1,
        Some([0xE2, 0x80, 0x99, ..]) => end + 3, // ’
        _ => return end,
    };
    let letters = bytes.get(start..).unwrap_or_default().iter().take_while(|b| CLASS[**b as usize] != OTHER).take(3).count();
    let plain = bytes.get(start..start + letters).is_some_and(|l| l.iter().all(u8::is_ascii_lowercase));
    if (1..=2).contains(&letters) && plain { start + letters } else { end }
}

/// The parts of a word that has several, and the word.
fn emit<F: FnMut(&str)>(text: &str, start: usize, found: &Word, out: &mut Output<'_, F>) {
    let Some(word) = text.get(start..found.end) else { return };
    if found.mixed && !is_hex(word, found.seen) {
        let mut part = 0;
        let mut before = (OTHER, 0); // class and start of the character before
        let mut rest = word.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let class = class_of(c);
            let boundary = match (before.0, class) {
                (OTHER, _) => false,
                (UPPER, LOWER) => {
                    // `HTTPServer` breaks before `S`, `URLs` nowhere, `Http` neither.
                    let plural = c == 's' && rest.peek().is_none_or(|(_, n)| class_of(*n) != LOWER);
                    if before.1 > part && !plural {
                        out.part(word, part, before.1, found.seen);
                        part = before.1;
                    }
                    false
                }
                (old, new) => old != new,
            };
            if boundary {
                out.part(word, part, at, found.seen);
                part = at;
            }
            before = (class, at);
        }
        if part == 0 {
            return out.word(word, found.seen);
        }
        out.part(word, part, word.len(), found.seen);
    }
    out.word(word, found.seen);
}

impl<F: FnMut(&str)> Output<'_, F> {
    /// A part of an identifier; a single letter says nothing.
    fn part(&mut self, word: &str, start: usize, end: usize, seen: u8) {
        let Some(part) = word.get(start..end) else { return };
        let digits = part.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if digits || part.len() > 1 {
            self.word(part, if digits { DIGIT } else { seen & !DIGIT });
        }
    }
}

/// Hashes and the like: 16 hexadecimal digits or more, letters and digits.
fn is_hex(word: &str, seen: u8) -> bool {
    seen & DIGIT != 0 && word.len() >= 16 && word.bytes().all(|b| b.is_ascii_hexdigit())
}

fn class_of(c: char) -> u8 {
    match u8::try_from(c) {
        Ok(b) if b.is_ascii() => CLASS[b as usize],
        _ if c.is_uppercase() => UPPER,
        _ => LOWER,
    }
}

/// Pairs of neighbouring characters in a run of CJK text. Returns its end.
fn pairs<F: FnMut(&str)>(text: &str, start: usize, out: &mut Output<'_, F>) -> usize {
    let (mut before, mut end) = (start, start);
    let mut count = 0;
    for c in text.get(start..).unwrap_or_default().chars().take_while(|c| script::is_cjk(*c)) {
        let at = end;
        end += c.len_utf8();
        count += 1;
        if count > 1 {
            (out.each)(text.get(before..end).unwrap_or_default());
        }
        before = at;
    }
    if count == 1 {
        (out.each)(text.get(start..end).unwrap_or_default());
    }
    end
}

fn push_lower(to: &mut String, word: &str, seen: u8) {
    if seen & WIDE == 0 {
        let from = to.len();
        to.push_str(word.get(..MAX_TERM_BYTES).unwrap_or(word));
        if seen & UPPER != 0
            && let Some(added) = to.get_mut(from..)
        {
            added.make_ascii_lowercase();
        }
    } else {
        for c in word.chars().flat_map(char::to_lowercase).take(MAX_TERM_BYTES) {
            to.push(c);
        }
        cut(to);
    }
}

fn cut(term: &mut String) {
    if term.len() > MAX_TERM_BYTES && !mutant!("term_of_any_length") {
        term.truncate(term.floor_char_boundary(MAX_TERM_BYTES));
    }
}

fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(text: &str) -> String {
        let mut all = Vec::new();
        for_each_term(text, &mut |t| all.push(t.to_owned()));
        all.join(" ")
    }

    #[test]
    fn identifiers_give_parts_and_the_whole() {
        for name in [
            "getUserRepository",
            "GetUserRepository",
            "get_user_repository",
            "get-user-repository",
            "GET_USER_REPOSITORY",
            "__get__user_repository()",
        ] {
            let found = terms(name);
            assert_eq!(found, "get user repository getuserrepository", "{name}");
        }
        assert_eq!(terms("HTTPServer"), "http server httpserver");
        assert_eq!(terms("parseURLs"), "pars url parseurl");
        assert_eq!(terms("URLs"), "url");
        assert_eq!(terms("XMLHttpRequest2"), "xml http request 2 xmlhttprequest2");
        assert_eq!(terms("iPhone"), "phon iphon");
        assert_eq!(terms("utf8 SHA256"), "utf 8 utf8 sha 256 sha256");
        assert_eq!(terms("userRepo_test"), "user repo userrepo test userrepotest");
        assert_eq!(terms("ÉtatInitial"), "état initial étatinitial");
    }

    #[test]
    fn paths_and_numbers() {
        assert_eq!(terms("src/auth/user_repository.ts:12"), "src auth user repository userrepository ts 12");
        assert_eq!(terms("a::b.c(d)"), "b c d");
        assert_eq!(terms("v1.2.3"), "1 v1 2 3 v1.2.3");
        assert_eq!(terms("3.14 2026-01-31"), "3 14 3.14 2026 01 31 20260131");
        assert_eq!(terms("end. 5"), "end 5");
    }

    #[test]
    fn prose_is_stemmed_and_stopped() {
        assert_eq!(terms("The caches are being checked, and we don't see the user's keys."), "cach be check don see user key");
        assert_eq!(terms("it’s Anna’s"), "anna");
    }

    #[test]
    fn cjk_gives_pairs() {
        assert_eq!(terms("認証する"), "認証 証す する");
        assert_eq!(terms("木"), "木");
        assert_eq!(terms("사용자 인증을"), "사용 용자 인증 증을");
        assert_eq!(terms("APIキー・設定v2"), "api キー 設定 2 v2");
        assert_eq!(terms("データベース"), "デー ータ タベ ベー ース");
    }

    #[test]
    fn data_is_not_split_and_terms_are_cut() {
        assert_eq!(terms("da39a3ee5e6b4b0d3255bfef95601890afd80709"), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        let blob = "aB3".repeat(100);
        assert_eq!(terms(&blob), blob.to_lowercase()[..64]);
        let wide = "é".repeat(100);
        assert_eq!(terms(&wide), "é".repeat(32));
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(terms(""), "");
        assert_eq!(terms("!? … 🎉 the a"), "");
    }

    proptest! {
        #[test]
        fn any_text_gives_short_lowercase_terms(text in "(\\PC|[a-zA-Z0-9_.'-]|[ぁ-ん가-힣漢字]){0,80}") {
            for_each_term(&text, &mut |t| {
                assert!(!t.is_empty() && t.len() <= MAX_TERM_BYTES, "{t:?}");
                assert!(!t.bytes().any(|b| b.is_ascii_uppercase()), "{t:?}");
            });
        }

        #[test]
        fn a_text_is_found_in_itself_beside_others(text in "[a-zA-Z0-9_.]{1,20}", more in "[a-z ]{0,20}") {
            let all = terms(&format!("{more} {text} {more}"));
            let all: Vec<_> = all.split(' ').collect();
            for term in terms(&text).split(' ').filter(|t| !t.is_empty()) {
                prop_assert!(all.contains(&term), "{} of {} is not in {:?}", term, text, all);
            }
        }
    }
}
