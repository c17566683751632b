//! The power goes while an index is saved: what was found before is found after, at once and when it is built again (P7).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::collections::HashSet;

use common::vectors::{Model, Vectors, bare, index, settle};
use common::{chunk, open_sim_graphs};
use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{CancelToken, Durability, Engine, Query, SearchMode, SearchOptions, WriteOptions};

const SEGMENT: u64 = 64 << 10;
const ROWS: usize = 150;
const SUBJECTS: [&str; 6] = ["kettle", "mountain", "violin", "harbor", "pepper", "lantern"];

/// Recall of ten against a scan, over these queries.
fn recall(engine: &Engine, queries: &[Vec<f32>]) -> f32 {
    let ask = |query: &Vec<f32>, exact| {
        let o = SearchOptions { exact: Some(exact), ..bare() };
        let hits = engine.search(Query::Vector(query.clone()), o).wait().unwrap();
        hits.into_iter().map(|h| h.id).collect::<HashSet<_>>()
    };
    let (mut hits, mut all) = (0, 0);
    for query in queries {
        let truth = ask(query, true);
        hits += ask(query, false).intersection(&truth).count();
        all += truth.len();
    }
    hits as f32 / all as f32
}

/// Ids the words find.
fn words(engine: &Engine) -> Vec<Vec<String>> {
    let ask = |word: &str| {
        let o = SearchOptions { limit: Some(1_000), mode: Some(SearchMode::Lexical), ..bare() };
        let mut ids: Vec<String> = engine.search(Query::Text(word.into()), o).wait().unwrap().into_iter().map(|h| h.id).collect();
        ids.sort();
        ids
    };
    SUBJECTS.into_iter().map(ask).collect()
}

#[test]
fn a_crash_while_an_index_is_saved_loses_no_recall() {
    let disk = SimVfs::new(9);
    let mut model = Model::new(9, 16);
    let queries: Vec<Vec<f32>> = {
        let mut vectors = Vectors::new(77, 16);
        (0..40).map(|_| vectors.next()).collect()
    };
    let engine = open_sim_graphs(&disk, SEGMENT, ROWS).unwrap();
    for part in 0..4 {
        model.put(&engine, part * 120..part * 120 + 120);
        settle(&engine);
    }
    for i in 0..60 {
        let o = WriteOptions { durability: Some(Durability::Buffered), ..WriteOptions::default() };
        engine.store(vec![chunk(&format!("w{i}"), &format!("{} number {i}", SUBJECTS[i % 6]))], o).wait().unwrap();
    }
    engine.flush(false).wait().unwrap();
    let graphs = index(&engine).graphs;
    assert!(graphs > 0);
    let (before, found) = (recall(&engine, &queries), words(&engine));
    assert!(before > 0.9 && found.iter().all(|ids| ids.len() == 10), "{before} {found:?}");
    let ready = disk.crash(1); // all of it is durable
    drop(engine);
    let mut calls = 0;
    for n in 1.. {
        let disk = ready.restart();
        let engine = open_sim_graphs(&disk, SEGMENT, ROWS).unwrap();
        disk.fail_from(disk.ops() + n, Fault::PowerLoss);
        // joins the graphs and the text segments, and saves both lists, the id table and the filters
        let done = engine.optimize(CancelToken::default(), None);
        settle(&engine);
        let whole = done.wait().is_ok() && engine.shutdown().wait().is_ok();
        let after = disk.crash(n);
        drop(engine);
        let engine = open_sim_graphs(&after, SEGMENT, ROWS).unwrap_or_else(|e| panic!("call {n}: {e}"));
        for when in ["opened", "settled"] {
            let now = recall(&engine, &queries);
            assert!(now >= before - 0.005, "call {n}, {when}: recall {now}, {before} before");
            assert_eq!(words(&engine), found, "call {n}, {when}");
            settle(&engine);
        }
        assert_eq!(engine.health().unwrap().status, "ok", "call {n}");
        assert_eq!(index(&engine).graph_vectors + index(&engine).scanned, 480, "call {n}");
        if whole {
            calls = n;
            break;
        }
    }
    eprintln!("{calls} calls of saving, recall {before} before");
    assert!(calls > 20);
}
