//! Vectors in graphs: all found, at the recall promised, whatever is built, joined, deleted or overwritten meanwhile.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::dice::Dice;
use common::vectors::{Model, bare, in_namespace, index, optimize, settle};
use common::{chunk, config, open_sim_graphs};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, Engine, EngineConfig, OptimizeReport, Pending, ProgressFn, Query, SearchOptions, VectorIndexStats, WriteOptions,
};

const SEGMENT: u64 = 256 << 10;

#[test]
fn each_of_10_000_chunks_is_found_by_its_own_vector() {
    let root = tempfile::tempdir().unwrap();
    let settings = || EngineConfig { graph_rows: 20_000, ..config(root.path()) };
    let mut model = Model::new(1, 32);
    let engine = Engine::open(settings()).unwrap();
    model.put(&engine, 0..10_000);
    model.own_vectors_find(&engine, "scanned");
    assert_eq!(index(&engine).graphs, 0);
    engine.shutdown().wait().unwrap();
    let engine = Engine::open(EngineConfig { graph_rows: 8_192, ..settings() }).unwrap();
    engine.optimize(CancelToken::default(), None).wait().unwrap(); // or the background has built it already
    let stats = index(&engine);
    assert_eq!((stats.graphs, stats.graph_vectors, stats.scanned), (1, 10_000, 0), "{stats:?}");
    model.own_vectors_find(&engine, "in one graph");
    engine.shutdown().wait().unwrap();
    let engine = Engine::open(settings()).unwrap();
    model.own_vectors_find(&engine, "reopened");
    let stats = index(&engine);
    assert_eq!((stats.graphs, stats.graph_vectors, stats.scanned, stats.built), (1, 10_000, 0, 0), "{stats:?}");
    engine.shutdown().wait().unwrap();
}

#[test]
fn recall_holds_through_deletes_updates_compaction_and_reopening() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, SEGMENT, 600).unwrap();
    let mut model = Model::new(2, 24);
    let mut dice = Dice::new(2);
    for part in 0..6 {
        model.put(&engine, part * 700..(part + 1) * 700);
        settle(&engine);
    }
    let stats = index(&engine);
    eprintln!("{stats:?}");
    assert!(stats.graphs >= 1 && stats.built >= 3 && stats.graph_vectors >= 3_600, "{stats:?}");
    model.recall(&engine, "stored", 40, 0.97);
    let mut gone = Vec::new();
    let mut changed = Vec::new();
    for n in 0..4_200 {
        match dice.below(10) {
            0..=2 => gone.push(n),
            3..=4 => changed.push(n),
            _ => {}
        }
    }
    model.delete(&engine, gone);
    model.dead_ones_stay_dead(&engine, "deleted");
    model.recall(&engine, "deleted", 40, 0.97);
    model.put(&engine, changed);
    model.dead_ones_stay_dead(&engine, "updated, not yet built");
    settle(&engine);
    model.dead_ones_stay_dead(&engine, "updated");
    model.own_vectors_find(&engine, "updated");
    model.recall(&engine, "updated", 40, 0.97);
    optimize(&engine);
    model.dead_ones_stay_dead(&engine, "compacted");
    model.own_vectors_find(&engine, "compacted");
    model.recall(&engine, "compacted", 40, 0.97);
    model.put(&engine, 5_000..5_300); // in rows that were freed
    model.dead_ones_stay_dead(&engine, "rows used again");
    engine.shutdown().wait().unwrap();
    let engine = open_sim_graphs(&disk.restart(), SEGMENT, 600).unwrap();
    model.dead_ones_stay_dead(&engine, "reopened");
    model.own_vectors_find(&engine, "reopened");
    model.recall(&engine, "reopened", 40, 0.97);
    settle(&engine);
    model.own_vectors_find(&engine, "reopened and settled");
}

/// A row that is overwritten, compacted away and used again while a graph of it is built is not taken from that graph.
/// Planted bug known to be caught: `install` without comparing sequence numbers (stale graph after update).
#[test]
fn what_changes_while_a_graph_is_built_is_not_taken_from_it() {
    let root = tempfile::tempdir().unwrap();
    let engine = Engine::open(EngineConfig { graph_rows: 3_000, segment_bytes: SEGMENT, ..config(root.path()) }).unwrap();
    let mut model = Model::new(3, 16);
    model.put(&engine, 0..2_900);
    let (job, started, go_on) = held(&engine, 2_900, &mut model);
    started.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(index(&engine).building.is_some());
    // a search sees what is stored now, the build goes on
    model.put(&engine, (0..3_000).filter(|n| n % 3 == 0));
    model.delete(&engine, (0..3_000).filter(|n| n % 3 == 1));
    model.dead_ones_stay_dead(&engine, "while it is built");
    model.own_vectors_find(&engine, "while it is built");
    compacted(&engine, &mut model);
    assert!(index(&engine).building.is_some());
    go_on.send(()).unwrap();
    assert!(job.wait().unwrap().vectors_indexed > 0);
    let stats = index(&engine);
    assert!(stats.graphs == 1 && stats.scanned >= 1_000 && stats.graph_vectors < 2_000, "{stats:?}");
    model.dead_ones_stay_dead(&engine, "behind it");
    model.own_vectors_find(&engine, "behind it");
    engine.shutdown().wait().unwrap();
    let engine = Engine::open(EngineConfig { graph_rows: 3_000, segment_bytes: SEGMENT, ..config(root.path()) }).unwrap();
    model.dead_ones_stay_dead(&engine, "reopened");
    model.own_vectors_find(&engine, "reopened");
    engine.shutdown().wait().unwrap();
}

type Held = (Pending<OptimizeReport>, Receiver<()>, Sender<()>);

/// Stores up to 3,000 chunks and starts an `optimize` that waits, with its rows copied, until it is told to go on.
fn held(engine: &Engine, from: usize, model: &mut Model) -> Held {
    model.put(engine, from..3_000);
    let (started, has_started) = channel();
    let (go_on, told) = channel::<()>();
    let gate = Mutex::new(Some((started, told)));
    let progress: ProgressFn = Arc::new(move |p| {
        if p.phase == "graph"
            && let Some((started, told)) = gate.lock().unwrap().take()
        {
            started.send(()).unwrap();
            told.recv().unwrap();
        }
    });
    (engine.optimize(CancelToken::default(), Some(progress)), has_started, go_on)
}

/// Lets the background compact what is mostly dead, and stores chunks that take the freed rows.
fn compacted(engine: &Engine, model: &mut Model) {
    let versions = |e: &Engine| e.stats().wait().unwrap().versions;
    let before = versions(engine);
    // segments that are mostly dead go by themselves when writes pause
    for n in 3_000.. {
        if versions(engine) < before || n == 3_400 {
            break;
        }
        model.put(engine, n..n + 1);
    }
    model.put(engine, 4_000..4_200);
}

#[test]
fn graphs_are_built_and_joined_by_themselves() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, 1 << 20, 100).unwrap();
    let mut model = Model::new(4, 16);
    model.put(&engine, 0..99);
    settle(&engine);
    let stats = index(&engine);
    assert_eq!((stats.graphs, stats.scanned, stats.built), (0, 99, 0), "{stats:?}");
    model.put(&engine, 99..100);
    settle(&engine);
    let stats = index(&engine);
    assert_eq!((stats.graphs, stats.scanned, stats.graph_vectors, stats.built), (1, 0, 100, 1), "{stats:?}");
    let mut seen = Vec::new();
    for n in 1..24 {
        model.put(&engine, n * 100..n * 100 + 100);
        settle(&engine);
        let stats = index(&engine);
        assert_eq!((stats.scanned, stats.graph_vectors), (0, n as u64 * 100 + 100));
        assert_eq!(stats.built, n as u64 + 1, "one build a hundred: {stats:?}");
        assert!(stats.graphs <= 4, "{stats:?}");
        assert_eq!(stats.graphs, files(&disk).len() as u64);
        seen.push(stats.graphs);
    }
    eprintln!("graphs after each hundred: {seen:?}");
    assert!(seen.contains(&1) && seen.contains(&2) && seen.windows(2).any(|w| w[1] < w[0]));
    model.own_vectors_find(&engine, "built behind");
    // a graph that is mostly dead is built again without its dead
    model.delete(&engine, (0..2_400).filter(|n| n % 4 != 0));
    settle(&engine);
    let bytes = index(&engine).graph_bytes;
    model.put(&engine, 0..1);
    settle(&engine);
    let stats = index(&engine);
    assert!(stats.graph_bytes <= bytes && stats.built > 24, "{stats:?}");
    model.own_vectors_find(&engine, "mostly dead");
    model.dead_ones_stay_dead(&engine, "mostly dead");
    assert_eq!(engine.health().unwrap().status, "ok");
    engine.shutdown().wait().unwrap();
}

/// Graph files on the simulated disk.
fn files(disk: &SimVfs) -> Vec<String> {
    let name = |p: std::path::PathBuf| p.file_name().unwrap().to_string_lossy().into_owned();
    disk.files().into_iter().map(|(p, _)| name(p)).filter(|n| n.ends_with(".graph")).collect()
}

#[test]
fn a_small_namespace_among_a_big_one_answers_as_a_store_of_its_own() {
    let (disk, own_disk) = (SimVfs::new(1), SimVfs::new(2));
    let engine = open_sim_graphs(&disk, SEGMENT, 300).unwrap();
    let own = open_sim_graphs(&own_disk, SEGMENT, 10_000).unwrap();
    let mut model = Model::new(5, 16);
    for part in 0..10 {
        model.put(&engine, part * 200..part * 200 + 200);
        let small: Vec<_> = (0..10)
            .map(|i| {
                let mut input = chunk(&format!("s{part}-{i}"), "small");
                input.namespace = Some("small".into());
                input.embedding = Some(model.vectors.next());
                input
            })
            .collect();
        engine.store(small.clone(), WriteOptions::default()).wait().unwrap();
        own.store(small, WriteOptions::default()).wait().unwrap();
        settle(&engine);
    }
    assert!(index(&engine).graphs >= 1 && index(&own).graphs == 0);
    let ask = |e: &Engine, query: &[f32]| {
        let o = SearchOptions { filter: Some(in_namespace("small")), ..bare() };
        let hits = e.search(Query::Vector(query.to_vec()), o).wait().unwrap();
        hits.into_iter().map(|h| (h.id, h.similarity.unwrap().to_bits())).collect::<Vec<_>>()
    };
    for _ in 0..100 {
        let query = model.vectors.next();
        let found = ask(&engine, &query);
        assert_eq!(found.len(), 10);
        assert_eq!(found, ask(&own, &query));
    }
}

/// Stats of a store at work, polled until they are as wanted.
fn until(engine: &Engine, wanted: impl Fn(&VectorIndexStats) -> bool) -> VectorIndexStats {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let stats = index(engine);
        if wanted(&stats) {
            return stats;
        }
        assert!(Instant::now() < deadline, "{stats:?}");
        std::thread::yield_now();
    }
}

#[test]
fn closing_while_a_graph_is_built_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let settings = || EngineConfig { graph_rows: 4_000, ..config(root.path()) };
    let mut model = Model::new(8, 16);
    let engine = Engine::open(settings()).unwrap();
    model.put(&engine, 0..4_000);
    until(&engine, |s| s.building.is_some() || s.graphs > 0);
    let started = Instant::now();
    engine.shutdown().wait().unwrap();
    eprintln!("closed in {:?}", started.elapsed());
    let index_dir = root.path().join("index");
    let left = || -> Vec<String> {
        let names = std::fs::read_dir(&index_dir).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|n| n.ends_with(".graph")).collect()
    };
    let closed_with = left().len();
    // a file nothing names goes, whatever it holds
    std::fs::write(index_dir.join("000777.graph"), b"junk").unwrap();
    let engine = Engine::open(settings()).unwrap();
    assert!(!left().contains(&"000777.graph".to_owned()));
    model.own_vectors_find(&engine, "reopened");
    let stats = until(&engine, |s| s.graphs == 1 && s.building.is_none());
    assert_eq!((stats.graph_vectors, stats.scanned), (4_000, 0), "closed with {closed_with} graphs: {stats:?}");
    model.own_vectors_find(&engine, "built");
    engine.shutdown().wait().unwrap();
}

/// Supplied vectors may have other dimensions once all former ones are gone; the graphs of those go too.
#[test]
fn vectors_of_other_dimensions_take_over() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, 1 << 20, 100).unwrap();
    let mut old = Model::new(9, 16);
    old.put(&engine, 0..150);
    settle(&engine);
    assert_eq!(index(&engine).graphs, 1);
    old.delete(&engine, 0..150);
    let mut new = Model::new(10, 24);
    new.put(&engine, 0..150);
    settle(&engine);
    new.own_vectors_find(&engine, "stored");
    assert_eq!(index(&engine).graphs, 1);
    engine.shutdown().wait().unwrap();
    let disk = disk.restart();
    let engine = open_sim_graphs(&disk, 1 << 20, 100).unwrap();
    new.own_vectors_find(&engine, "reopened");
    settle(&engine);
    new.own_vectors_find(&engine, "settled");
    assert_eq!((index(&engine).graphs, files(&disk).len()), (1, 1));
}

/// The same while a graph of the former vectors waits to be built, or joined.
#[test]
fn vectors_of_other_dimensions_take_over_at_any_step() {
    for steps in 0..12 {
        let disk = SimVfs::new(1);
        let engine = open_sim_graphs(&disk, 1 << 20, 60).unwrap();
        let mut old = Model::new(11, 16);
        old.put(&engine, 0..60);
        settle(&engine);
        old.put(&engine, 60..130);
        (0..steps).for_each(|_| _ = engine.step());
        old.delete(&engine, 0..130);
        let mut new = Model::new(12, 24);
        new.put(&engine, 0..70);
        settle(&engine);
        new.own_vectors_find(&engine, "settled");
        assert_eq!((index(&engine).graphs, index(&engine).scanned), (1, 0), "after {steps} steps");
        let disk = disk.restart();
        let engine = open_sim_graphs(&disk, 1 << 20, 60).unwrap();
        settle(&engine);
        new.own_vectors_find(&engine, "reopened");
        assert_eq!((index(&engine).graphs, files(&disk).len()), (1, 1), "after {steps} steps");
    }
}

/// Chunks with equal vectors: all are found, through deletes, joins and reopening.
#[test]
fn a_text_stored_many_times_is_found_as_often() {
    let disk = SimVfs::new(1);
    let mut engine = open_sim_graphs(&disk, 1 << 20, 300).unwrap();
    let mut vectors = common::vectors::Vectors::new(13, 24);
    let texts: Vec<Vec<f32>> = (0..40).map(|_| vectors.next()).collect();
    let id = |text: usize, copy: usize| format!("t{text}-{copy}");
    for copy in 0..30 {
        let input = |(text, vector): (usize, &Vec<f32>)| {
            let mut input = chunk(&id(text, copy), "a text");
            input.embedding = Some(vector.clone());
            input
        };
        engine.store(texts.iter().enumerate().map(input).collect(), WriteOptions::default()).wait().unwrap();
        settle(&engine);
    }
    let check = |engine: &Engine, left: &dyn Fn(usize) -> bool, when: &str| {
        for (text, vector) in texts.iter().enumerate() {
            let o = SearchOptions { limit: Some(30), ..bare() };
            let hits = engine.search(Query::Vector(vector.clone()), o).wait().unwrap();
            let mut found: Vec<String> = hits.into_iter().filter(|h| h.similarity.unwrap() > 0.999_99).map(|h| h.id).collect();
            let mut wanted: Vec<String> = (0..30).filter(|copy| left(*copy)).map(|copy| id(text, copy)).collect();
            found.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{when}: text {text}");
        }
    };
    assert!(index(&engine).graphs >= 1);
    check(&engine, &|_| true, "stored");
    for copy in (0..30).filter(|copy| copy % 2 == 0) {
        (0..40).for_each(|text| assert!(engine.delete("default", &id(text, copy)).wait().unwrap()));
    }
    let odd = |copy: usize| copy % 2 == 1;
    check(&engine, &odd, "half deleted");
    settle(&engine);
    engine.shutdown().wait().unwrap();
    engine = open_sim_graphs(&disk.restart(), 1 << 20, 300).unwrap();
    check(&engine, &odd, "reopened");
    settle(&engine);
    optimize(&engine);
    assert_eq!((index(&engine).graphs, index(&engine).graph_vectors), (1, 600));
    check(&engine, &odd, "optimized");
}
