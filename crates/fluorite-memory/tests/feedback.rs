//! Feedback: kept, never met by searches, corrections with history, training.
#![allow(clippy::unwrap_used)] // a test

mod common;

use common::{chunk, get, open, open_sim, put};
use fluorite_memory::vfs::{OpenMode, RealVfs, SimVfs, Vfs};
use fluorite_memory::{
    Engine, Feedback, FeedbackKind, ListOptions, Query, SearchFilter, SearchOptions, TrainOptions, TrainingExample, WriteOptions,
};

fn about(id: &str, kind: FeedbackKind) -> Feedback {
    Feedback {
        chunk_id: id.into(),
        namespace: None,
        query: None,
        kind,
        rating: None,
        correction: None,
        domain: None,
        comment: None,
    }
}

fn events(engine: &Engine) -> u64 {
    engine.feedback_stats().wait().unwrap().events
}

fn hits(engine: &Engine, query: &str, options: SearchOptions) -> Vec<String> {
    engine.search(Query::Text(query.into()), options).wait().unwrap().into_iter().map(|h| h.id).collect()
}

#[test]
fn feedback_survives_and_nobody_meets_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    put(&engine, "a", "a text about zebras");
    let given =
        Feedback { query: Some("zebras".into()), comment: Some("zebras zebras".into()), ..about("a", FeedbackKind::Success) };
    engine.add_feedback(vec![given.clone(), about("a", FeedbackKind::Usage)]).wait().unwrap();
    engine.shutdown().wait().unwrap();
    let engine = open(dir.path());
    engine.add_feedback(vec![given]).wait().unwrap();
    assert_eq!(events(&engine), 3);
    assert_eq!(hits(&engine, "zebras", SearchOptions::default()), ["a"]);
    assert_eq!(engine.list(ListOptions::default(), None).wait().unwrap().records.len(), 1);
    let stats = engine.stats().wait().unwrap();
    assert_eq!((stats.chunks, stats.versions), (1, 1));
    assert_eq!(engine.delete_where(SearchFilter::default(), true).wait().unwrap(), 1);
    assert!(engine.verify(fluorite_memory::CancelToken::default(), None).wait().unwrap().ok);
    assert_eq!(events(&engine), 3);
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_of_the_call_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    put(&engine, "a", "x");
    let refused = [
        (about("b", FeedbackKind::Success), "NOT_FOUND"),
        (about("", FeedbackKind::Success), "INVALID_ID"),
        (Feedback { namespace: Some("other".into()), ..about("a", FeedbackKind::Usage) }, "NOT_FOUND"),
        (about("a", FeedbackKind::Rating), "INVALID_ARGUMENT"),
        (Feedback { rating: Some(1.5), ..about("a", FeedbackKind::Rating) }, "INVALID_ARGUMENT"),
        (Feedback { rating: Some(f32::NAN), ..about("a", FeedbackKind::Rating) }, "INVALID_ARGUMENT"),
        (Feedback { rating: Some(0.5), ..about("a", FeedbackKind::Usage) }, "INVALID_ARGUMENT"),
        (about("a", FeedbackKind::Correction), "INVALID_ARGUMENT"),
        (Feedback { correction: Some("y".into()), ..about("a", FeedbackKind::Success) }, "INVALID_ARGUMENT"),
        (Feedback { correction: Some("y".repeat(2 << 20)), ..about("a", FeedbackKind::Correction) }, "CHUNK_TOO_LARGE"),
        (Feedback { query: Some(" ".into()), ..about("a", FeedbackKind::Usage) }, "INVALID_ARGUMENT"),
        (Feedback { domain: Some(String::new()), ..about("a", FeedbackKind::Usage) }, "INVALID_ARGUMENT"),
        (Feedback { comment: Some("c".repeat(5_000)), ..about("a", FeedbackKind::Usage) }, "INVALID_ARGUMENT"),
    ];
    for (f, code) in refused {
        let e = engine.add_feedback(vec![about("a", FeedbackKind::Success), f.clone()]).wait().unwrap_err();
        assert_eq!(e.code(), code, "{f:?}: {e}");
    }
    assert_eq!(events(&engine), 0);
    assert_eq!(engine.add_feedback(vec![about("a", FeedbackKind::Usage); 1_001]).wait().unwrap_err().code(), "INVALID_ARGUMENT");
    engine.shutdown().wait().unwrap();
    assert_eq!(engine.add_feedback(vec![about("a", FeedbackKind::Usage)]).wait().unwrap_err().code(), "CLOSED");
}

#[test]
fn a_correction_is_a_new_version_with_everything_else_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let mut c = chunk("a", "the wrong zebra");
    c.tags = Some(vec!["t".into()]);
    c.frameworks = Some(vec!["hono".into()]);
    c.metadata = serde_json::json!({ "file_hash": "1" }).as_object().cloned();
    (c.source, c.quality_score, c.ttl_seconds) = (Some("a.md".into()), Some(0.9), Some(3_600.0));
    engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    let before = engine.history("default", "a").wait().unwrap().remove(0);
    engine
        .add_feedback(vec![Feedback { correction: Some("the right lion".into()), ..about("a", FeedbackKind::Correction) }])
        .wait()
        .unwrap();
    let versions = engine.history("default", "a").wait().unwrap();
    assert_eq!(versions.iter().map(|v| v.text().into_owned()).collect::<Vec<_>>(), ["the wrong zebra", "the right lion"]);
    assert_eq!(versions[1].attributes, before.attributes);
    let later = versions[1].expires_at.unwrap() - before.expires_at.unwrap();
    assert!((0..600_000).contains(&later), "the time to live went on, not anew: {later} ms");
    assert!(hits(&engine, "zebra", SearchOptions::default()).is_empty());
    assert_eq!(hits(&engine, "lion", SearchOptions::default()), ["a"]);
    assert_eq!(events(&engine), 1);
}

#[test]
fn acknowledged_feedback_survives_power_loss() {
    for lost in 0..40 {
        let disk = SimVfs::new(lost);
        let engine = open_sim(&disk, 1 << 20).unwrap();
        put(&engine, "a", "x");
        for _ in 0..3 {
            engine.add_feedback(vec![about("a", FeedbackKind::Success)]).wait().unwrap();
        }
        let after = disk.crash(lost);
        drop(engine);
        let engine = open_sim(&after, 1 << 20).unwrap();
        assert_eq!(events(&engine), 3, "seed {lost}");
        engine.add_feedback(vec![about("a", FeedbackKind::Success)]).wait().unwrap();
        assert_eq!((events(&engine), get(&engine, "a").as_deref()), (4, Some("x")));
    }
}

#[test]
fn damage_costs_the_event_it_hits_and_a_torn_end_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("feedback/events");
    let engine = open(dir.path());
    put(&engine, "a", "x");
    for i in 0..3 {
        let comment = Some(format!("number {i}"));
        engine.add_feedback(vec![Feedback { comment, ..about("a", FeedbackKind::Success) }]).wait().unwrap();
    }
    engine.shutdown().wait().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let at = whole.windows(8).position(|w| w == b"number 1").unwrap();
    for flip in [at, at + 7] {
        let mut damaged = whole.clone();
        damaged[flip] ^= 1;
        std::fs::write(&file, &damaged).unwrap();
        let engine = open(dir.path());
        let stats = engine.feedback_stats().wait().unwrap();
        assert_eq!((stats.events, stats.damaged), (2, 1));
        engine.shutdown().wait().unwrap();
    }
    for cut in (whole.len() - 40)..whole.len() {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let engine = open(dir.path());
        let stats = engine.feedback_stats().wait().unwrap();
        assert_eq!((stats.events, stats.damaged), (2, 0), "cut at {cut}");
        engine.add_feedback(vec![about("a", FeedbackKind::Usage)]).wait().unwrap();
        engine.shutdown().wait().unwrap();
        let engine = open(dir.path());
        assert_eq!(events(&engine), 3);
        engine.shutdown().wait().unwrap();
    }
}

#[test]
fn damaged_weights_cost_the_learned_ranking_alone() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    put(&engine, "a", "zebra");
    engine.shutdown().wait().unwrap();
    std::fs::create_dir_all(dir.path().join("feedback")).unwrap();
    std::fs::write(dir.path().join("feedback/weights"), b"FLUOWGT1 and then nonsense").unwrap();
    let engine = open(dir.path());
    assert_eq!(hits(&engine, "zebra", SearchOptions::default()), ["a"]);
    assert_eq!(engine.health().unwrap().index.status, "degraded");
}

/// Forty chunks on one subject; the user wants those tagged `wanted`, which are a little worse by their words.
fn library(engine: &Engine) -> Vec<Feedback> {
    let chunks = (0..40).map(|i| {
        let filler = if i % 2 == 0 { "and more words beside them that say little" } else { "" };
        let mut c = chunk(&format!("c{i:02}"), &format!("topic{} retry request backoff {filler}", i % 10));
        c.tags = (i % 2 == 0).then(|| vec!["wanted".to_owned()]);
        c
    });
    engine.store(chunks.collect(), WriteOptions::default()).wait().unwrap();
    let said = |topic: usize| {
        let query = Some(format!("topic{topic} retry request"));
        (0..40).filter(move |i| i % 10 == topic || i % 10 == topic + 1).map(move |i| {
            let kind = if i % 2 == 0 { FeedbackKind::Success } else { FeedbackKind::Failure };
            Feedback { query: query.clone(), ..about(&format!("c{i:02}"), kind) }
        })
    };
    (0..9).flat_map(said).collect()
}

#[test]
fn training_is_measured_kept_when_better_and_survives() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let said = library(&engine);
    let query = "topic9 retry backoff";
    let plain = hits(&engine, query, SearchOptions::default());
    let nothing = engine.train_incremental(Vec::new(), TrainOptions::default()).wait().unwrap();
    assert!(!nothing.applied && nothing.accuracy_before.is_none());
    engine.add_feedback(said).wait().unwrap();
    assert_eq!(hits(&engine, query, SearchOptions::default()), plain, "feedback alone ranks nothing");
    let report = engine.train_incremental(Vec::new(), TrainOptions::default()).wait().unwrap();
    let d = &report.domains[0];
    assert!(report.applied && d.held_out_queries >= 2 && d.queries >= 6, "{report:?}");
    assert!(report.accuracy_after.unwrap() > report.accuracy_before.unwrap() + 0.2, "{report:?}");
    // here the user likes what the query does not name: that ranks the searches of the domain alone
    assert_eq!(hits(&engine, query, SearchOptions::default()), plain, "{report:?}");
    let general = SearchOptions { domain: Some("general".into()), ..SearchOptions::default() };
    let learned = hits(&engine, query, general.clone());
    assert_ne!(learned, plain);
    let even = |id: &String| id[1..].parse::<u32>().unwrap() % 2 == 0;
    assert!(learned.iter().take(5).all(even), "{learned:?}");
    let without = SearchOptions { learned: Some(false), ..general.clone() };
    assert_eq!(hits(&engine, query, without), plain);
    let explained = SearchOptions { explain: Some(true), ..general.clone() };
    let found = engine.search(Query::Text(query.into()), explained).wait().unwrap();
    assert!(found[0].explain.as_ref().unwrap().iter().any(|(n, v)| *n == "learned" && *v > 0.0));
    assert!(found.windows(2).all(|w| w[0].score >= w[1].score) && found.iter().all(|h| (0.0..=1.0).contains(&h.score)));
    let again = engine.train_incremental(Vec::new(), TrainOptions::default()).wait().unwrap();
    assert!(!again.applied && again.domains.is_empty(), "nothing new: {again:?}");
    engine.shutdown().wait().unwrap();
    let engine = open(dir.path());
    assert_eq!(hits(&engine, query, general), learned);
}

#[test]
fn weights_that_are_no_better_are_thrown_away() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let mut said = library(&engine);
    // a coin decides: nothing can be learned from it
    let mut dice = common::dice::Dice::new(7);
    said.iter_mut().for_each(|f| f.kind = if dice.below(2) == 0 { FeedbackKind::Success } else { FeedbackKind::Failure });
    engine.add_feedback(said).wait().unwrap();
    let plain = hits(&engine, "topic1 retry", SearchOptions::default());
    let report = engine.train_incremental(Vec::new(), TrainOptions::default()).wait().unwrap();
    let d = &report.domains[0];
    assert!(!report.applied && d.accuracy_after.unwrap() <= d.accuracy_before.unwrap() && d.reason.is_some(), "{report:?}");
    assert_eq!(report.accuracy_after, report.accuracy_before);
    assert_eq!(hits(&engine, "topic1 retry", SearchOptions::default()), plain);
    let few = vec![TrainingExample {
        query: "x".into(),
        preferred: "c01".into(),
        rejected: "c02".into(),
        namespace: None,
        domain: Some("few".into()),
    }];
    let report = engine.train_incremental(few, TrainOptions::default()).wait().unwrap();
    assert!(report.domains[0].reason.as_ref().unwrap().contains("too little"), "{report:?}");
}

#[test]
fn training_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let said = library(&engine);
    engine.add_feedback(said).wait().unwrap();
    let options = TrainOptions::default();
    options.cancel.cancel();
    assert_eq!(engine.train_incremental(Vec::new(), options).wait().unwrap_err().code(), "ABORTED");
    let wrong = TrainOptions { protection: Some(-1.0), ..TrainOptions::default() };
    assert_eq!(engine.train_incremental(Vec::new(), wrong).wait().unwrap_err().code(), "INVALID_ARGUMENT");
    assert!(RealVfs.open(&dir.path().join("feedback/weights"), OpenMode::Read).is_err());
}
