//! Packing: never over the budget, the same for the same, nothing said twice.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{Block, Candidate, Lines, Packer};
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::options::{ContextFormat, ContextOrder};
use crate::report::Context;

/// Two special tokens, one for each run of letters or digits, one for each sign.
fn words(text: &str) -> Result<usize> {
    let signs = text.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace()).count();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).count();
    Ok(2 + signs + words)
}

/// One for every three bytes begun, spaces too: a whole has fewer than its parts, or more than a text cut shorter.
fn bytes(text: &str) -> Result<usize> {
    Ok(text.len().div_ceil(3) + text.len() / 50)
}

type Counter = fn(&str) -> Result<usize>;

fn pack(found: &[Candidate], budget: usize, format: ContextFormat, order: ContextOrder, count: Counter) -> Context {
    let packer = Packer { budget, format, order, count: &count, cancel: &CancelToken::default() };
    packer.pack(found.iter().cloned().map(Ok)).unwrap()
}

fn plain(found: &[Candidate], budget: usize) -> Context {
    pack(found, budget, ContextFormat::Plain, ContextOrder::Stable, words)
}

fn candidate(id: &str, path: Option<&str>, first: Option<u64>, text: &str) -> Candidate {
    let lines = first.map(|first| Lines { first, last: first + text.matches('\n').count() as u64 });
    let block = Block {
        id: id.into(),
        path: path.map(Into::into),
        language: None,
        lines,
        whole: None,
        text: text.into(),
        truncated: false,
    };
    Candidate { namespace: "n".into(), score: 0.5, content_hash: xxhash_rust::xxh3::xxh3_128(text.as_bytes()), block }
}

#[test]
fn lines_of_two_texts_from_one_place_are_not_compared() {
    let of = |whole: &str, id: &str, text: &str| {
        let mut c = candidate(id, Some("slack"), Some(1), text);
        c.block.whole = Some(whole.into());
        c
    };
    let found = [of("x", "x#1", "first one says\nthis"), of("y", "y#1", "second one says\nthat")];
    assert_eq!(ids(&plain(&found, 100)), ["x#1", "y#1"]);
    let file = [candidate("a", Some("slack"), Some(1), "other version\nof it"), found[0].clone()];
    assert_eq!(ids(&plain(&file, 100)), ["a"], "lines of a file");
}

fn free(id: &str, text: &str) -> Candidate {
    candidate(id, None, None, text)
}

fn ids(c: &Context) -> Vec<&str> {
    c.chunk_ids.iter().map(String::as_str).collect()
}

fn some_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let text = prop_oneof!["[a-f `#\\n]{0,120}", "[a-c]{1,3}(\\n[a-c]{1,3}){0,20}", "(\\PC|\\s){0,60}"];
    let one = (text, 0usize..3, proptest::option::of(1u64..30), 0u8..2);
    proptest::collection::vec(one, 0..25).prop_map(|all| {
        let make = |(i, (text, path, first, ns)): (usize, (String, usize, Option<u64>, u8))| {
            let mut c = candidate(&format!("c{i}"), [None, Some("a.rs"), Some("b.rs")][path], first, text.trim_end());
            c.namespace = format!("n{ns}");
            c.score = 1.0 / (i + 1) as f32;
            c
        };
        all.into_iter().enumerate().map(make).collect()
    })
}

proptest! {
    #[test]
    fn never_over_budget_and_the_same_again(found in some_candidates(), budget in 1usize..400, markdown: bool, stable: bool, odd: bool) {
        let format = if markdown { ContextFormat::Markdown } else { ContextFormat::Plain };
        let order = if stable { ContextOrder::Stable } else { ContextOrder::Relevance };
        let count: Counter = if odd { bytes } else { words };
        let made = pack(&found, budget, format, order, count);
        prop_assert!(made.tokens <= budget);
        prop_assert_eq!(made.tokens, if made.text.is_empty() { 0 } else { count(&made.text).unwrap() });
        prop_assert_eq!(made.text.is_empty(), made.chunks.is_empty());
        prop_assert_eq!(&made, &pack(&found, budget, format, order, count));
        let distinct: HashSet<_> = made.chunks.iter().map(|c| (&c.namespace, &c.id)).collect();
        prop_assert_eq!(distinct.len(), made.chunks.len());
        prop_assert!(made.chunks.iter().filter(|c| c.truncated).count() <= 1);
        if !odd {
            prop_assert_eq!(made.tokens, made.chunks.iter().map(|c| c.tokens).sum::<usize>() + if made.chunks.is_empty() { 0 } else { 2 });
        }
        // in stable order the scores do not matter: the same choice gives the same bytes
        if stable && made.chunks.iter().all(|c| !c.truncated) {
            let chosen: HashSet<&str> = made.chunk_ids.iter().map(String::as_str).collect();
            let mut again: Vec<Candidate> = found.iter().filter(|c| chosen.contains(c.block.id.as_str())).cloned().collect();
            if again.iter().all(|c| c.block.lines.is_none()) {
                again.reverse();
                again.iter_mut().for_each(|c| c.score = 0.1);
                prop_assert_eq!(pack(&again, budget, format, order, count).text, made.text);
            }
        }
    }
}

#[test]
fn nothing_gives_nothing() {
    for found in [vec![], vec![free("a", ""), free("b", " \n ")], vec![free("a", "too many words for this")]] {
        let made = plain(&found, 5);
        assert_eq!((made.text.as_str(), made.tokens, made.chunks.len()), ("", 0, 0));
    }
}

#[test]
fn what_does_not_fit_is_skipped_for_what_does() {
    let long = "w ".repeat(50);
    let found = [free("best", "one two three"), free("long", &long), free("short", "four five")];
    let made = plain(&found, 30);
    assert_eq!(ids(&made), ["best", "short"]);
    assert!(made.chunks.iter().all(|c| !c.truncated));
}

#[test]
fn the_best_is_cut_at_a_line_end() {
    let lines: Vec<String> = (10..60).map(|i| format!("line number {i}")).collect();
    let found = [candidate("best", Some("f"), Some(10), &lines.join("\n")), free("short", "x")];
    let made = plain(&found, 40);
    let [cut] = made.chunks.as_slice() else { panic!("{made:?}") };
    let kept = (cut.end_line.unwrap() - 9) as usize;
    assert!(cut.truncated && cut.start_line == Some(10) && (5..50).contains(&kept), "{cut:?}");
    assert_eq!(made.text, format!("--- f:10-{} [best] (truncated)\n\n{}\n", 9 + kept, lines[..kept].join("\n")));
    assert!(words(&made.text).unwrap() + 3 > 40 - 3, "a line more would fit");
}

#[test]
fn a_long_first_line_is_cut_at_a_word_end() {
    let made = plain(&[free("best", &"word ".repeat(500))], 40);
    assert!(made.chunks[0].truncated && made.text.ends_with("word word\n"), "{}", made.text);
    assert!(made.tokens > 35);
    let made = plain(&[free("best", &"a-".repeat(500)), free("next", "b")], 40);
    assert_eq!(ids(&made), ["next"], "no place to cut");
}

#[test]
fn nothing_is_said_twice() {
    let found = [
        free("a", "let x = 1;"),
        free("same", "let x = 1;"),
        free("inside", "x = 1;"),
        free("holds", "fn f() {\n    let x = 1;\n}"),
        free("other", "let y = 2;"),
    ];
    assert_eq!(ids(&plain(&found, 200)), ["holds", "other"]);
    assert_eq!(ids(&plain(&found, 16)), ["a"], "the one that holds it does not fit");
    let (file, again) = ("l1\nl2\nl3\nl4", "l3\nl4\nl5\nl6");
    let pieces = [candidate("1", Some("f"), Some(1), file), candidate("2", Some("f"), Some(3), again)];
    let made = plain(&pieces, 200);
    assert_eq!(made.text, "--- f:1-4 [1]\n\nl1\nl2\nl3\nl4\n\n--- f:5-6 [2]\n\nl5\nl6\n");
    assert_eq!((made.chunks[1].start_line, made.chunks[1].end_line), (Some(5), Some(6)));
    let mut elsewhere = pieces.clone();
    elsewhere[1].namespace = "m".into();
    assert!(plain(&elsewhere, 200).text.contains("f:3-6"), "another namespace is another file");
}

#[test]
fn stable_order_is_by_place_and_relevance_by_rank() {
    let found = [
        candidate("z", Some("b"), Some(1), "one"),
        candidate("y", Some("a"), Some(9), "two"),
        candidate("x", Some("a"), Some(1), "three"),
        free("w", "four"),
    ];
    assert_eq!(ids(&plain(&found, 200)), ["w", "x", "y", "z"]);
    let by_rank = pack(&found, 200, ContextFormat::Plain, ContextOrder::Relevance, words);
    assert_eq!(ids(&by_rank), ["z", "y", "x", "w"]);
}
