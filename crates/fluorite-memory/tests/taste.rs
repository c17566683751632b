//! Feedback that says nothing of relevance: what one domain likes, whatever was asked, must not rank the searches of others.
#![allow(clippy::unwrap_used)] // a test

mod common;

use common::{chunk, open};
use fluorite_memory::{
    ChunkInput, DomainTraining, Engine, Feedback, FeedbackKind, Query, SearchOptions, Taken, TrainOptions, WriteOptions,
};

const TOPICS: usize = 24;
const EACH: usize = 10;
/// Topics that are spoken of.
const TAUGHT: usize = 20;

/// Of letters alone: a word is one term.
fn word(kind: &str, n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    format!("{kind}{}{}k", letter(n / 26), letter(n))
}

/// Two topics share a word.
fn topic(n: usize) -> String {
    format!("{} {} project notes", word("alpha", n), word("bravo", n / 2))
}

/// Ten chunks a topic, whose first sentence is the topic: it finds those ten. Every second is tagged `loved`, every third `tested`.
fn library(engine: &Engine) {
    let one = |n: usize| {
        let tags = [(2, "loved"), (3, "tested")].into_iter().filter(|(every, _)| n.is_multiple_of(*every));
        ChunkInput {
            tags: Some(tags.map(|(_, tag)| tag.to_owned()).collect()),
            ..chunk(&n.to_string(), &format!("{}. What is {}", topic(n / EACH), word("own", n)))
        }
    };
    engine.store((0..TOPICS * EACH).map(one).collect(), WriteOptions::default()).wait().unwrap();
}

fn search(engine: &Engine, query: String, domain: Option<&str>, limit: usize) -> Vec<usize> {
    let o = SearchOptions { limit: Some(limit), domain: domain.map(str::to_owned), ..SearchOptions::default() };
    engine.search(Query::Text(query), o).wait().unwrap().into_iter().map(|h| h.id.parse().unwrap()).collect()
}

/// Share of all chunks that their topic finds among the first ten.
fn found(engine: &Engine, domain: Option<&str>) -> f64 {
    let all = TOPICS * EACH;
    let hits = (0..all).filter(|n| search(engine, topic(*n / EACH), domain, 10).contains(n)).count();
    hits as f64 / all as f64
}

/// Says of the first `limit` hits of each topic whether they are `good`, and trains.
fn teach(engine: &Engine, domain: &str, limit: usize, good: impl Fn(usize, usize) -> bool, o: TrainOptions) -> DomainTraining {
    for t in 0..TAUGHT {
        let judge = |n: usize| Feedback {
            chunk_id: n.to_string(),
            namespace: None,
            query: Some(topic(t)),
            kind: if good(t, n) { FeedbackKind::Success } else { FeedbackKind::Failure },
            rating: None,
            correction: None,
            domain: Some(domain.to_owned()),
            comment: None,
        };
        let hits = search(engine, topic(t), None, limit);
        engine.add_feedback(hits.into_iter().map(judge).collect()).wait().unwrap();
    }
    engine.train_incremental(Vec::new(), o).wait().unwrap().domains.remove(0)
}

/// Everything tagged `loved` is good, whatever was asked.
fn teach_a_taste(engine: &Engine, o: TrainOptions) -> DomainTraining {
    teach(engine, "taste", 60, |_, n| n.is_multiple_of(2), o)
}

fn orders(engine: &Engine, domain: Option<&str>) -> Vec<Vec<usize>> {
    (0..TOPICS).map(|t| search(engine, topic(t), domain, 30)).collect()
}

#[test]
fn a_taste_ranks_the_searches_of_its_domain_alone() {
    // protection is about other domains: without it, too, chunks must be found
    for protection in [None, Some(0.0)] {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        library(&engine);
        let before = orders(&engine, None);
        assert!(found(&engine, None) > 0.99, "the library is not what this test needs");
        let told = teach_a_taste(&engine, TrainOptions { protection, ..TrainOptions::default() });
        assert!(told.applied, "{told:?}");
        let own = found(&engine, Some("taste"));
        assert!(own < 0.7, "the taste is about relevance, then this test shows nothing: {own}");
        assert!(found(&engine, None) > 0.97, "a taste hides what is asked for: {told:?}");
        assert!(found(&engine, Some("another")) > 0.97);
        let shared = told.shared.unwrap();
        let rejected = shared.rejected.unwrap();
        assert!(shared.taken != Taken::All && shared.reason.is_some(), "{shared:?}");
        assert_eq!(shared.known_items, (TOPICS * EACH / 2) as u64);
        assert!(shared.bundled.hit_at_10 > 0.99 && shared.kept.hit_at_10 > 0.97, "{shared:?}");
        assert!(rejected.hit_at_10 < 0.7 && rejected.mrr < shared.kept.mrr, "{shared:?}");
        if shared.taken == Taken::None {
            assert_eq!(orders(&engine, None), before);
        }
        let stats = engine.feedback_stats().wait().unwrap();
        assert_eq!(stats.domains[0].shared, shared.taken);
        engine.shutdown().wait().unwrap();
        let engine = open(dir.path());
        assert!(found(&engine, None) > 0.97, "after a reopen");
    }
}

#[test]
fn a_domain_taught_later_is_not_held_to_the_taste() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    library(&engine);
    teach_a_taste(&engine, TrainOptions::default());
    // of what was asked for, the tested ones
    let told = teach(&engine, "work", 15, |t, n| n / EACH == t && n.is_multiple_of(3), TrainOptions::default());
    assert!(told.applied && told.accuracy_after > Some(0.99), "{told:?}");
    for t in TAUGHT..TOPICS {
        let hits = search(&engine, topic(t), Some("work"), 3);
        assert!(hits.iter().all(|n| n / EACH == t && n.is_multiple_of(3)), "topic {t}: {hits:?}");
    }
    for domain in [None, Some("another")] {
        let found = found(&engine, domain);
        assert!(found > 0.97, "{domain:?}: {found}");
    }
    assert!(found(&engine, Some("taste")) < 0.7, "the first domain is as it was");
}
