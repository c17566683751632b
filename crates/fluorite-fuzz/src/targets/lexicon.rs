//! The lexicon of software terms.

use fluorite_memory::Lexicon;

use super::support::text;

pub const TOKENS: &[&str] =
    &["認証", "データベース", "인증", "数据库", "の", "を", "\t", "|", "\n", "ー", "\u{3099}", "Ａ", "ｱ", "API", "\u{20000}"];

/// Lines with a tab are own terms, the others the query. Promise: English without a character of those scripts, a share from
/// 0 to 1, distinct words; terms that do not fit are refused.
pub fn run(data: &[u8]) {
    let text = text(data);
    let (own, query): (Vec<&str>, Vec<&str>) = text.lines().partition(|l| l.contains('\t'));
    let pairs = own.iter().filter_map(|l| l.split_once('\t'));
    let lexicon = match Lexicon::with(pairs) {
        Ok(lexicon) => lexicon,
        Err(e) => {
            assert_eq!(e.code(), "INVALID_ARGUMENT");
            Lexicon::bundled()
        }
    };
    let query = query.join("\n");
    let Some(found) = lexicon.expand(&query) else { return };
    assert!(!query.is_ascii() && (0.0..=1.0).contains(&found.covered), "covered {}", found.covered);
    let foreign = |c: char| matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
    assert!(!found.text.contains(foreign), "{:?}", found.text);
    let mut words = found.english.clone();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), found.english.len(), "a word twice: {:?}", found.english);
    assert!(words.iter().all(|w| !w.is_empty() && !w.contains(foreign)), "{words:?}");
}
