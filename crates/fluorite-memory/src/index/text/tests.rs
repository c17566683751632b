//! The text index in memory against BM25 written down plainly, and searches people make.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::index::RowSet;

fn head(docs: &[&str]) -> (TextIndex, RowSet) {
    let mut head = TextIndex::new();
    for (row, text) in docs.iter().enumerate() {
        head.insert(row as u32, &Digest::of(&[(text, Field::Body)]));
    }
    (head, RowSet::below(docs.len() as u32))
}

fn found(docs: &[&str], query: &str) -> Vec<u32> {
    let (head, live) = head(docs);
    head.search(query, &live, &live, 10).unwrap().into_iter().map(|(row, _)| row).collect()
}

#[test]
fn the_sentence_asked_for_comes_first() {
    let docs = [
        "Tailwind utility classes for responsive grids",
        "A rate limiter with a sliding window in Redis",
        "The BFF pattern: a backend for frontend that gathers several services for one client",
        "Use the repository pattern to hide the database behind an interface",
        "Frontend tests with a headless browser",
    ];
    assert_eq!(found(&docs, "What is a backend for frontend (BFF)?")[0], 2);
    assert_eq!(found(&docs, "hiding databases")[0], 3);
}

#[test]
fn identifiers_are_found_by_their_words_and_whole() {
    let docs = ["fn getUserRepository() {}", "let x = user_repository;", "class OrderService", "the user list"];
    assert_eq!(found(&docs, "user repository"), [0, 1, 3]);
    assert_eq!(found(&docs, "getUserRepository")[0], 0);
    assert_eq!(found(&docs, "UserRepository")[..1], [1]);
    assert_eq!(found(&docs, "orders"), [2]);
}

#[test]
fn japanese_and_korean_match_by_pairs() {
    let docs = ["ユーザー認証を実装する", "データベースの設定", "사용자 인증 미들웨어", "캐시 설정 방법"];
    assert_eq!(found(&docs, "認証の実装"), [0]);
    assert_eq!(found(&docs, "データベース"), [1]);
    assert_eq!(found(&docs, "인증을 추가"), [2]);
    assert_eq!(found(&docs, "캐시"), [3]);
}

#[test]
fn nothing_matches_nothing() {
    let docs = ["one text", "two texts"];
    assert_eq!(found(&docs, "absent"), [0_u32; 0]);
    assert_eq!(found(&docs, "the of"), [0_u32; 0]);
    assert_eq!(found(&docs, ""), [0_u32; 0]);
    assert_eq!(found(&[], "one"), [0_u32; 0]);
    let (head, live) = head(&docs);
    assert_eq!(head.search("one", &live, &live, 0).unwrap(), []);
    assert_eq!(head.search("one", &RowSet::new(), &live, 3).unwrap(), []);
    assert_eq!(head.search("one", &RowSet::from_iter([1]), &live, 3).unwrap(), []);
}

#[test]
fn ties_go_to_the_lower_row_and_k_cuts() {
    let (head, live) = head(&["same words"; 9]);
    let rows: Vec<u32> = head.search("words", &live, &live, 4).unwrap().into_iter().map(|(row, _)| row).collect();
    assert_eq!(rows, [0, 1, 2, 3]);
}

#[test]
fn a_name_counts_more_than_the_body() {
    let mut head = TextIndex::new();
    head.insert(0, &Digest::of(&[("retry helper", Field::Body), ("other thing", Field::Name)]));
    head.insert(1, &Digest::of(&[("other thing", Field::Body), ("retry helper", Field::Name)]));
    let live = RowSet::below(2);
    assert_eq!(head.search("retry", &live, &live, 2).unwrap()[0].0, 1);
}

#[test]
fn a_reused_row_holds_only_its_new_text() {
    let (mut head, mut live) = head(&["old words", "kept words"]);
    let fresh = head.search("kept words", &live, &live, 9).unwrap();
    head.set_dead(0);
    live.remove(0);
    assert_eq!(head.search("old", &live, &live, 9).unwrap(), []);
    head.forget(&RowSet::from_iter([0]));
    head.insert(0, &Digest::of(&[("new text", Field::Body)]));
    live.insert(0);
    assert_eq!(head.search("old", &live, &live, 9).unwrap(), []);
    assert_eq!(head.search("new", &live, &live, 9).unwrap()[0].0, 0);
    head.set_dead(0);
    head.forget(&RowSet::from_iter([0]));
    head.insert(0, &Digest::of(&[("old words", Field::Body)]));
    assert_eq!(head.search("kept words", &live, &live, 9).unwrap(), fresh);
    head.forget(&RowSet::below(2));
    assert!(head.is_empty());
    assert_eq!(head.search("kept", &live, &live, 9).unwrap(), []);
}

#[test]
fn rows_far_apart_are_found() {
    let mut head = TextIndex::new();
    let rows = [0, 4_095, 4_096, 1_000_000];
    for row in rows {
        head.insert(row, &Digest::of(&[("far away", Field::Body)]));
    }
    let live = RowSet::from_iter(rows);
    let found: Vec<u32> = head.search("away", &live, &live, 9).unwrap().into_iter().map(|(row, _)| row).collect();
    assert_eq!(found, rows);
}

type Doc = Vec<(String, Field)>;

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![Just(Field::Body), Just(Field::Name), Just(Field::Tags), Just(Field::Path)]
}

fn doc() -> impl Strategy<Value = Doc> {
    let text = vec(prop_oneof!["[p-z]", Just("the".to_owned()), Just("pqRs".to_owned())], 0..12).prop_map(|w| w.join(" "));
    vec((text, field()), 0..3)
}

fn terms(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for_each_term(text, &mut |t| all.push(t.to_owned()));
    all
}

/// BM25 in f64 over the documents of `statistics`, as the textbook has it; hits among `allowed`.
fn oracle(docs: &BTreeMap<u32, Doc>, query: &str, allowed: &RowSet, statistics: &RowSet) -> Vec<(u32, f64)> {
    let bags: BTreeMap<u32, (BTreeMap<String, f64>, f64)> = docs
        .iter()
        .filter(|(row, _)| statistics.contains(**row))
        .map(|(&row, doc)| {
            let (mut bag, mut length) = (BTreeMap::new(), 0.0);
            for (text, field) in doc {
                for term in terms(text) {
                    *bag.entry(term).or_insert(0.0) += f64::from(field.weight());
                    length += 1.0;
                }
            }
            (row, (bag, length))
        })
        .collect();
    let n = bags.len() as f64;
    let average = bags.values().map(|(_, length)| length).sum::<f64>() / n;
    let mut scores = BTreeMap::new();
    for term in terms(query).into_iter().collect::<BTreeSet<_>>() {
        let df = bags.values().filter(|(bag, _)| bag.contains_key(&term)).count() as f64;
        let idf = (1.0 + (n - df + 0.5) / (df + 0.5)).ln();
        for (&row, (bag, length)) in bags.iter().filter(|(row, _)| allowed.contains(**row)) {
            if let Some(tf) = bag.get(&term) {
                *scores.entry(row).or_insert(0.0) += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / average));
            }
        }
    }
    scores.into_iter().collect()
}

fn check(head: &TextIndex, docs: &BTreeMap<u32, Doc>, query: &str, allowed: &RowSet, statistics: &RowSet) {
    let hits = head.search(query, allowed, statistics, usize::MAX).unwrap();
    let expected = oracle(docs, query, allowed, statistics);
    assert_eq!(hits.len(), expected.len(), "{query:?}");
    assert!(hits.windows(2).all(|w| w[0].1 > w[1].1 || (w[0].1 == w[1].1 && w[0].0 < w[1].0)));
    let hits: BTreeMap<u32, f32> = hits.into_iter().collect();
    for (row, score) in expected {
        assert!((f64::from(hits[&row]) - score).abs() < 1e-4, "row {row}: {} is not {score}", hits[&row]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn equals_the_textbook_over_live_rows(
        texts in vec(doc(), 1..30),
        // What happens to a row: 0 and 1 it lives, 2 it dies unannounced, 3 it is set dead, 4 forgotten, 5 reused.
        fates in vec(0u8..6, 30),
        again in vec(doc(), 30),
        part in vec(any::<bool>(), 30),
        query in "([p-z] ){0,5}(pqRs)?",
    ) {
        let mut head = TextIndex::new();
        let mut docs = BTreeMap::new();
        for (i, doc) in texts.into_iter().enumerate() {
            let row = i as u32 * 700; // several windows
            let parts: Vec<_> = doc.iter().map(|(t, f)| (t.as_str(), *f)).collect();
            head.insert(row, &Digest::of(&parts));
            docs.insert(row, doc);
        }
        let rows: Vec<u32> = docs.keys().copied().collect();
        let fate = |wanted: u8| rows.iter().zip(&fates).filter(move |(_, f)| **f >= wanted).map(|(r, _)| *r);
        fate(3).for_each(|row| head.set_dead(row));
        head.forget(&fate(4).collect());
        fate(2).for_each(|row| { docs.remove(&row); });
        for (row, doc) in fate(5).zip(again) {
            let parts: Vec<_> = doc.iter().map(|(t, f)| (t.as_str(), *f)).collect();
            head.insert(row, &Digest::of(&parts));
            docs.insert(row, doc);
        }
        let live: RowSet = docs.keys().copied().collect();
        let some: RowSet = live.iter().zip(&part).filter(|(_, p)| **p).map(|(r, _)| r).collect();
        check(&head, &docs, &query, &live, &live);
        check(&head, &docs, &query, &some, &live);
        check(&head, &docs, &query, &some, &some); // statistics of a namespace
    }
}
