//! Other words: the list itself, and what is found of it.

use std::collections::HashSet;

use super::thesaurus::{LIST, key};
use crate::query::Lexicon;

fn found(lexicon: &Lexicon, query: &str) -> Vec<(String, Vec<String>)> {
    let of = |a: crate::index::Alternatives<'_>| (a.of, a.words.iter().map(|w| (*w).to_owned()).collect());
    lexicon.alternatives(query).into_iter().map(of).collect()
}

#[test]
fn the_list_is_sorted_plain_and_says_nothing_twice() {
    let (mut last, mut keys) = ("", HashSet::new());
    for line in LIST.lines() {
        let (term, words) = line.split_once('\t').unwrap();
        assert!(line.is_ascii() && !line.bytes().any(|b| b.is_ascii_uppercase()), "{line}");
        assert!(term > last, "{line}");
        last = term;
        assert!((1..=6).contains(&words.split('|').count()), "{line}");
        assert!(words.split('|').all(|w| !w.trim().is_empty() && w != term), "{line}");
        keys.insert(key(term));
    }
    assert!(keys.len() > 4_000);
}

#[test]
fn words_and_phrases_are_found_by_their_stems_longest_first() {
    let bundled = Lexicon::bundled();
    let of = |query: &str| found(&bundled, query).into_iter().map(|(of, _)| of).collect::<Vec<_>>();
    assert_eq!(of("Deleting folders, and quickly"), ["Deleting", "folders"]);
    assert_eq!(of("what happens in a power cut"), ["power cut"]);
    let (_, words) = found(&bundled, "deleted").remove(0);
    assert!(words.contains(&"remove".to_owned()), "{words:?}");
    assert!(found(&bundled, "").is_empty() && found(&bundled, "認証の実装").is_empty());
}

#[test]
fn identifiers_have_no_other_words_and_end_a_phrase() {
    let bundled = Lexicon::bundled();
    for query in ["delete_folder", "deleteFolder", "delete2", "power_cut", "the is of"] {
        assert!(found(&bundled, query).is_empty(), "{query}");
    }
    assert!(found(&bundled, "power x1 cut").iter().all(|(of, _)| of != "power cut"));
}

#[test]
fn own_words_replace_the_bundled_and_are_checked() {
    let lexicon = Lexicon::with([("Delete", "nuke | zap"), ("golden  path", "happy path"), ("認証", "auth")]).unwrap();
    assert_eq!(found(&lexicon, "deletes")[0].1, ["nuke", "zap"]);
    assert_eq!(found(&lexicon, "on the golden path"), [("golden path".to_owned(), vec!["happy path".to_owned()])]);
    assert_eq!(lexicon.expand("認証").unwrap().text, "auth");
    for (term, words) in [("delete", "deletes"), ("a b c d", "x"), ("...", "x"), ("delete", ""), ("delete", "削除")] {
        assert!(Lexicon::with([(term, words)]).unwrap_err().to_string().contains("lexicon"), "{term}");
    }
}

#[test]
fn a_long_query_finds_a_bounded_number() {
    assert!(found(&Lexicon::bundled(), &"delete folder ".repeat(100_000)).len() <= 64);
}
