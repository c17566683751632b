//! Metrics: every call is counted once in the stages it went through, figures are those of the store, accuracy is what its
//! definition says, and the text for Prometheus is well formed.
#![allow(clippy::unwrap_used)] // a test

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{chunk, open, put};
use fluorite_memory::{
    CancelToken, ChunkInput, Durability, Engine, LearningCount, Metrics, MetricsOptions, OneOrMany, Query, SearchFilter,
    SearchMode, SearchOptions, TrainOptions, WriteOptions,
};

fn metrics(engine: &Engine) -> Metrics {
    engine.metrics(MetricsOptions::default()).wait().unwrap()
}

fn counts(engine: &Engine) -> BTreeMap<&'static str, u64> {
    let all = metrics(engine).latency;
    for (stage, l) in &all {
        assert!(
            l.p50_seconds <= l.p95_seconds && l.p95_seconds <= l.p99_seconds && l.p99_seconds <= l.max_seconds,
            "{stage}: {l:?}"
        );
        assert!(l.buckets.is_sorted_by(|a, b| a.le_seconds < b.le_seconds && a.count <= b.count), "{stage}: {l:?}");
        assert_eq!(l.buckets.last().map_or(0, |b| b.count), l.count, "{stage}");
        assert!(l.sum_seconds <= l.max_seconds * l.count as f64 + 1e-9, "{stage}: {l:?}");
    }
    all.into_iter().map(|(stage, l)| (stage, l.count)).collect()
}

fn with_vector(id: &str, vector: [f32; 4]) -> ChunkInput {
    ChunkInput { embedding: Some(vector.to_vec()), ..chunk(id, &format!("chunk {id}")) }
}

fn text(query: &str) -> Query {
    Query::Text(query.into())
}

#[test]
fn every_call_is_counted_once_in_its_stages() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    for i in 0..5u8 {
        engine.store(vec![with_vector(&i.to_string(), [1.0, f32::from(i), 0.0, 0.0])], WriteOptions::default()).wait().unwrap();
    }
    let stored = counts(&engine);
    assert_eq!((stored["store"], stored["total"], stored["model"]), (5, 0, 0));
    assert!((1..=5).contains(&stored["commit"]) && (1..=stored["commit"]).contains(&stored["fsync"]), "{stored:?}");
    for _ in 0..7 {
        engine.search(text("chunk"), SearchOptions::default()).wait().unwrap();
    }
    let vector = Query::Vector(vec![1.0, 0.0, 0.0, 0.0]);
    engine.search_many(vec![vector.clone(), vector.clone(), text("chunk")], SearchOptions::default()).wait_err_free();
    let inline = engine.search_inline(&[1.0, 0.0, 0.0, 0.0], &SearchOptions::default()).unwrap().unwrap();
    assert_eq!(inline.len(), 5);
    engine.find_related("default", "0", SearchOptions::default()).wait().unwrap();
    let n = counts(&engine);
    // 7 by words, 3 of searchMany (1 by words), 1 inline, 1 related
    assert_eq!((n["total"], n["text"], n["fuse"], n["vector"], n["load"], n["embed"]), (12, 8, 8, 4, 12, 0), "{n:?}");
    assert!(n["wait"] > stored["wait"]);

    // what fails, and what the engine asks itself, is no search of a caller
    let refused = SearchOptions { mode: Some(SearchMode::Vector), ..SearchOptions::default() };
    assert!(engine.search(text("chunk"), refused).wait().is_err());
    let cancel = CancelToken::default();
    cancel.cancel();
    assert!(engine.search(text("chunk"), SearchOptions { cancel, ..SearchOptions::default() }).wait().is_err());
    engine.metrics(MetricsOptions { accuracy: Some(true), ..MetricsOptions::default() }).wait().unwrap();
    engine.train_incremental(Vec::new(), TrainOptions::default()).wait().unwrap();
    let after = counts(&engine);
    for stage in ["total", "text", "fuse", "vector", "load"] {
        assert_eq!(after[stage], n[stage], "{stage}");
    }

    // buffered writes are committed now and synced later
    let o = WriteOptions { durability: Some(Durability::Buffered), ..WriteOptions::default() };
    engine.store(vec![chunk("later", "x")], o).wait().unwrap();
    let buffered = counts(&engine);
    assert_eq!((buffered["store"], buffered["commit"] - after["commit"]), (6, 1));
    engine.flush(false).wait().unwrap();
    assert!(counts(&engine)["fsync"] > after["fsync"]);
    assert_eq!(engine.store(vec![chunk("", "no id")], WriteOptions::default()).wait().unwrap_err().code(), "INVALID_ID");
    assert_eq!(counts(&engine)["store"], 6, "a refused call stored nothing");
}

trait WaitErrFree {
    fn wait_err_free(self);
}
impl<T: Send + 'static> WaitErrFree for fluorite_memory::Pending<Vec<T>> {
    fn wait_err_free(self) {
        assert_eq!(self.wait().unwrap().len(), 3);
    }
}

#[test]
fn quality_is_that_of_the_live_chunks() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let scored = |id: &str, q: f32| ChunkInput { quality_score: Some(q), ..chunk(id, "x") };
    let scores = [0.0, 0.09, 0.1, 0.35, 0.5, 0.7, 0.7, 0.95, 1.0];
    let chunks: Vec<ChunkInput> = scores.iter().enumerate().map(|(i, q)| scored(&i.to_string(), *q)).collect();
    engine.store(chunks, WriteOptions::default()).wait().unwrap();
    let q = metrics(&engine).quality;
    assert_eq!((q.chunks, q.histogram), (9, [2, 1, 0, 1, 0, 1, 0, 2, 0, 2]));
    assert!((q.mean - scores.iter().map(|q| f64::from(*q)).sum::<f64>() / 9.0).abs() < 1e-9);
    engine.store(vec![scored("0", 0.99)], WriteOptions::default()).wait().unwrap();
    engine.delete("default", "8").wait().unwrap();
    assert_eq!(
        metrics(&engine).quality.histogram,
        [1, 1, 0, 1, 0, 1, 0, 2, 0, 2],
        "an old version and a deleted chunk do not count"
    );
    engine.shutdown().wait().unwrap();
    let engine = open(dir.path());
    assert_eq!(metrics(&engine).quality.histogram, [1, 1, 0, 1, 0, 1, 0, 2, 0, 2], "after a reopen");
}

#[test]
fn figures_of_memory_and_learning() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    put(&engine, "a", &"some text ".repeat(1_000));
    let m = metrics(&engine);
    let on_disk: u64 = walk(dir.path());
    assert_eq!(m.memory.disk_bytes, on_disk);
    assert_eq!((m.chunks, m.threads, m.memory.mapped_bytes), (1, 2, 0), "the live segment is not mapped");
    assert!(m.memory.index_bytes > 0 && m.uptime_seconds > 0.0);
    if cfg!(target_os = "linux") {
        assert_eq!(m.memory.mapped_resident_bytes, Some(0));
        assert!(m.memory.process_rss_bytes > 0);
    }
    assert_eq!(m.learning.runs, 0);
    let run = LearningCount { files: 30, stored: 20, removed: 1, invalid: 2, took: Duration::from_secs(3), failed: false };
    engine.count_learning(&run);
    engine.count_learning(&LearningCount { files: 10, took: Duration::from_secs(1), failed: true, ..LearningCount::default() });
    let l = metrics(&engine).learning;
    assert_eq!((l.runs, l.failed_runs, l.files, l.stored, l.removed, l.invalid), (2, 1, 40, 20, 1, 2));
    assert_eq!((l.seconds, l.files_per_second, l.last_files_per_second), (4.0, 10.0, 10.0));
}

fn walk(dir: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap());
    entries.map(|e| if e.file_type().unwrap().is_dir() { walk(&e.path()) } else { e.metadata().unwrap().len() }).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn mapped_files_that_were_read_are_resident() {
    let dir = tempfile::tempdir().unwrap();
    let config =
        fluorite_memory::EngineConfig { segment_bytes: 64 << 10, enable_compression: false, ..common::config(dir.path()) };
    let engine = Engine::open(config).unwrap();
    (0..8).for_each(|i| put(&engine, &i.to_string(), &"words ".repeat(10_000)));
    assert!(engine.verify(CancelToken::default(), None).wait().unwrap().ok); // reads every page
    let m = metrics(&engine).memory;
    let resident = m.mapped_resident_bytes.unwrap();
    assert!(m.mapped_bytes > 400 << 10, "{m:?}");
    // part of what was read may have been given back; no map is longer than its file, but for the last page
    assert!(resident > 64 << 10 && resident <= m.mapped_bytes + (8 << 12), "{m:?}");
}

/// Three families by tag, each with words of its own, and chunks that share no label.
fn families(engine: &Engine) {
    let words = ["roses bloom in june", "engines burn diesel", "rivers reach the sea"];
    for (family, sentence) in words.iter().enumerate() {
        for i in 0..4 {
            let mut c = chunk(&format!("f{family}-{i}"), &format!("{sentence} number{family}x{i}. More text."));
            c.tags = Some(vec![format!("family{family}"), "everything".into(), "generated".into()]);
            engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        }
    }
    for i in 0..3 {
        let mut c = chunk(&format!("alone{i}"), &format!("unlike{i} anything{i}"));
        c.tags = Some(vec![format!("only{i}"), "generated".into()]);
        engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
}

#[test]
fn accuracy_is_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    families(&engine);
    let ask = |o: MetricsOptions| engine.metrics(MetricsOptions { accuracy: Some(true), ..o }).wait();
    assert_eq!(metrics(&engine).accuracy, None);
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let on_progress: fluorite_memory::ProgressFn = Arc::new(move |p| sink.lock().unwrap().push((p.phase, p.done, p.total)));
    let a = ask(MetricsOptions { on_progress: Some(on_progress), ..MetricsOptions::default() }).unwrap().accuracy.unwrap();
    assert_eq!((a.sampled, a.measured, a.mode, a.seed), (15, 12, "lexical", 0), "chunks without a relative do not count: {a:?}");
    assert_eq!((a.hit_at_10, a.known_item_hit_at_10), (1.0, 1.0));
    // 3 of the 14 others are relatives
    let chance = 1.0 - (0..10).map(|i| f64::from(11 - i) / f64::from(14 - i)).product::<f64>();
    assert!((a.chance - chance).abs() < 1e-9, "{a:?}, by hand {chance}");
    assert_eq!(told.lock().unwrap().last(), Some(&("accuracy", 15, Some(15))));
    assert_eq!(metrics(&engine).accuracy.as_ref(), Some(&a), "what was measured last is told");

    // a sample is the same for the same seed
    let half = |seed| {
        let o = MetricsOptions { sample: Some(5), seed: Some(seed), ..MetricsOptions::default() };
        let a = ask(o).unwrap().accuracy.unwrap();
        (a.sampled, a.measured, a.known_item_mrr.to_bits())
    };
    assert_eq!(half(3), half(3));
    assert!((0..8).map(half).collect::<std::collections::HashSet<_>>().len() > 1, "every seed gave the same sample");

    // headlines that say nothing of the family find nothing of it
    let ns = |n: &str| SearchFilter { namespace: Some(OneOrMany::One(n.into())), ..SearchFilter::default() };
    for i in 0..30 {
        let word: String = [i / 6, i % 6, i / 5].iter().map(|d| (b'a' + *d as u8) as char).chain("qzk".chars()).collect();
        let mut c = chunk(&i.to_string(), &word);
        (c.namespace, c.tags) = (Some("noise".into()), Some(vec![format!("pair{}", i / 2)]));
        engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    let o = MetricsOptions { filter: Some(ns("noise")), ..MetricsOptions::default() };
    let a = ask(o).unwrap().accuracy.unwrap();
    assert_eq!((a.sampled, a.measured, a.hit_at_10, a.known_item_hit_at_10), (30, 30, 0.0, 1.0));
    assert!((a.chance - 10.0 / 29.0).abs() < 1e-9);

    for (sample, code) in [(0, "INVALID_ARGUMENT"), (10_001, "INVALID_ARGUMENT")] {
        assert_eq!(ask(MetricsOptions { sample: Some(sample), ..MetricsOptions::default() }).unwrap_err().code(), code);
    }
    let cancel = CancelToken::default();
    cancel.cancel();
    assert_eq!(ask(MetricsOptions { cancel, ..MetricsOptions::default() }).unwrap_err().code(), "ABORTED");
}

#[test]
fn an_empty_store_has_metrics() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let m = engine.metrics(MetricsOptions { accuracy: Some(true), ..MetricsOptions::default() }).wait().unwrap();
    let a = m.accuracy.as_ref().unwrap();
    assert_eq!((m.chunks, m.quality.mean, a.sampled, a.hit_at_10, a.chance), (0, 0.0, 0, 0.0, 0.0));
    assert!(m.prometheus().contains("fluorite_chunks 0\n"));
}
