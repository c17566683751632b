//! Catalogs: YAML, JSON and TOML cut by entries.

use fluorite_learner::catalog_ranges;

use super::support::text;

pub const TOKENS: &[&str] = &[
    "- ", ": ", "&a ", "*a", "|\n", ">-\n", "---\n", "[", "]", "{", "}", "\"", "'", "\"\"\"", "[[a]]\n", "\r\n", "#", "? ",
    "!!str ", "  ", "<<: ",
];

/// First byte: language and length. Promise: the sections in order are the text; else a refusal with words (a bomb of aliases).
pub fn run(data: &[u8]) {
    let Some((&how, rest)) = data.split_first() else { return };
    let (text, language) = (text(rest), ["yaml", "json", "toml"][usize::from(how) % 3]);
    let most = 1 + usize::from(how / 3) * 4;
    match catalog_ranges(&text, language, most) {
        Ok((ranges, unparsed)) => {
            let mut at = 0;
            for r in ranges {
                assert!(r.start == at && r.end > r.start, "section {r:?} after byte {at}");
                assert!(text.get(r.clone()).is_some(), "section {r:?} cuts a character");
                at = r.end;
            }
            assert_eq!(at, text.len(), "the sections are not the whole text");
            assert!(unparsed.is_none_or(|why| !why.is_empty()));
        }
        Err(why) => assert!(language == "yaml" && !why.is_empty(), "{language}: {why}"),
    }
}
