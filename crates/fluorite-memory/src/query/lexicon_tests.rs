//! The lists themselves, sample questions with what they give, and hostile text.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    common,
    fold::fold,
    lexicon::{LISTS, Lexicon},
    script::{Script, is_cjk},
};

/// English text and share covered in hundredths.
fn expanded(query: &str) -> (String, u32) {
    let lexicon = Lexicon::bundled();
    let expansion = lexicon.expand(query).unwrap();
    (expansion.text, (expansion.covered * 100.0).round() as u32)
}

fn check(samples: &str) {
    let lines: Vec<&str> = samples.trim().lines().collect();
    assert_eq!(lines.len() % 2, 0);
    for pair in lines.chunks(2) {
        let (text, covered) = expanded(pair[0]);
        assert_eq!(format!("{covered} {text}").trim(), pair[1].trim(), "{}", pair[0]);
    }
}

#[test]
fn lists_are_sorted_unique_and_clean() {
    for (list, at_least) in LISTS.into_iter().zip([1_200, 1_200, 900]) {
        let terms: Vec<&str> = list.lines().map(|line| line.split_once('\t').unwrap().0).collect();
        assert!(terms.len() >= at_least);
        assert!(terms.is_sorted_by(|a, b| a < b), "sorted and unique");
        let spaceless: HashSet<String> = terms.iter().map(|term| term.replace(' ', "")).collect();
        assert!(spaceless.len() * 10 > terms.len() * 9, "spelling variants stay few");
        for line in list.lines() {
            let (term, english) = line.split_once('\t').unwrap();
            let folded: String = fold(term).iter().map(char::to_ascii_lowercase).collect();
            assert_eq!(folded, term, "{line}");
            assert!(
                term.trim() == term && !term.contains("  ") && term.chars().any(|c| Script::of(c) != Script::Other),
                "{line}"
            );
            let words: Vec<&str> = english.split('|').collect();
            assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len(), "{line}");
            for word in words {
                let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || " -./#+".contains(c);
                assert!(!word.is_empty() && word.trim() == word && word.chars().all(fine), "{line}");
            }
        }
    }
}

#[test]
fn korean_endings_hide_no_term() {
    for line in LISTS[1].lines() {
        let term: Vec<char> = line.split('\t').next().unwrap().chars().collect();
        assert!(!common::is_ending(&term), "{line}");
    }
    assert!(common::ENDINGS.split_whitespace().all(|ending| ending.chars().count() <= common::MAX_ENDING));
}

#[test]
fn every_term_is_found_alone() {
    let lexicon = Lexicon::bundled();
    for list in LISTS {
        for line in list.lines() {
            let (term, _) = line.split_once('\t').unwrap();
            let expansion = lexicon.expand(term).unwrap();
            assert_eq!(expansion.covered, 1.0, "{line}");
            assert!(!expansion.english.is_empty(), "{line}");
        }
    }
}

#[test]
fn japanese() {
    check(include_str!("samples/ja.txt"));
}

#[test]
fn korean() {
    check(include_str!("samples/ko.txt"));
}

#[test]
fn chinese() {
    check(include_str!("samples/zh.txt"));
}

#[test]
fn other_text_is_left_alone() {
    let lexicon = Lexicon::bundled();
    for query in ["", "how to retry a failed payment", "où est la clé ?", "привет", "useState()", "🙂"] {
        assert_eq!(lexicon.expand(query), None, "{query}");
    }
}

#[test]
fn first_words_of_all_terms_come_before_second_ones() {
    let lexicon = Lexicon::bundled();
    let expansion = lexicon.expand("認証のテストと認証").unwrap();
    assert_eq!(expansion.english, ["authentication", "test", "testing"]);
    assert_eq!(expansion.text, "authentication test authentication");
}

#[test]
fn han_text_is_read_in_its_own_language() {
    assert_eq!(expanded("部署の一覧").0, "department list");
    assert_eq!(expanded("部署前端").0, "deploy frontend");
}

#[test]
fn own_terms_override_and_are_checked() {
    let lexicon =
        Lexicon::with([("フルオライト", "fluorite"), ("認証", " Auth Guard | authn "), ("社内 API", "internal api")]).unwrap();
    let text = |query: &str| lexicon.expand(query).unwrap().text;
    assert_eq!(text("フルオライトの認証"), "fluorite Auth Guard");
    assert_eq!(text("社内ＡＰＩの制限"), "internal api limit");
    assert_eq!(text("多要素認証"), "multi-factor authentication", "a longer bundled term wins");
    for (term, english) in [("cache", "cache"), ("", "cache"), ("認証", ""), ("認証", " | "), ("認証", "認可")] {
        let message = Lexicon::with([(term, english)]).unwrap_err().to_string();
        assert!(message.contains("lexicon"), "{message}");
    }
}

#[test]
fn long_text_of_one_kind_is_read_through() {
    let lexicon = Lexicon::bundled();
    for part in ["認証未知語", "가나다라", "ユーザーホゲ", "的", "ー", "ﾞ", "\u{1161}", "、", "서버 ", "a認"]
    {
        let expansion = lexicon.expand(&part.repeat(100_000)).unwrap();
        assert!(!expansion.text.chars().any(is_cjk), "{part}");
    }
}

/// Characters that meet every branch, beside any others.
fn letters() -> impl Strategy<Value = String> {
    let near =
        "[a-cA-C0-9 .|\tー々、。・ｱ-ﾟぁ-んァ-ヶ一-三認証検索実装数据库登录가-갛서버웹을ᄀ-다-ᅣᆨ-ᆪ\u{3099}\u{309A}Ａ-Ｃ！　]{0,40}";
    prop_oneof![near, any::<String>()]
}

proptest! {
    #[test]
    fn any_text_gives_text_without_cjk(query in letters()) {
        let lexicon = Lexicon::bundled();
        let expansion = lexicon.expand(&query);
        prop_assert_eq!(expansion.is_some(), query.chars().any(is_cjk));
        if let Some(expansion) = expansion {
            prop_assert!(!expansion.text.chars().any(is_cjk));
            prop_assert!((0.0..=1.0).contains(&expansion.covered));
            prop_assert_eq!(expansion.english.iter().collect::<HashSet<_>>().len(), expansion.english.len());
            prop_assert!(expansion.text.trim() == expansion.text && !expansion.text.contains("  "));
        }
    }

    #[test]
    fn spelling_widths_do_not_matter(query in "[ァ-ヶー認証 a-z]{0,20}") {
        let wide: String = query.chars().map(|c| match c {
            'a'..='z' => char::from_u32(c as u32 - 0x61 + 0xFF41).unwrap(),
            ' ' => '\u{3000}',
            c => c,
        }).collect();
        let lexicon = Lexicon::bundled();
        if let Some(expansion) = lexicon.expand(&query) {
            prop_assert_eq!(Some(expansion), lexicon.expand(&wide));
        }
    }
}
