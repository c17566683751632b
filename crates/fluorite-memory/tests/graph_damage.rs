//! Damaged, missing and stray graph files: the store opens, answers right, builds them again, and health says so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::path::{Path, PathBuf};

use common::dice::Dice;
use common::vectors::{Model, bare, index, optimize, settle};
use common::{config, get, open_sim_graphs};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{CancelToken, Engine, EngineConfig, Query, SearchOptions};

const SEGMENT: u64 = 32 << 10;
const ROWS: usize = 100;

fn open(disk: &SimVfs) -> Engine {
    open_sim_graphs(disk, SEGMENT, ROWS).unwrap()
}

/// A closed store with two graphs and some vectors in neither.
fn store(seed: u64) -> (SimVfs, Model) {
    let disk = SimVfs::new(seed);
    let mut model = Model::new(seed, 16);
    let engine = open(&disk);
    for part in 0..6 {
        model.put(&engine, part * 100..part * 100 + 100);
        settle(&engine);
    }
    model.put(&engine, 0..30);
    model.delete(&engine, 30..60);
    settle(&engine);
    assert_eq!(index(&engine).graphs, 2, "{:?}", index(&engine));
    model.own_vectors_find(&engine, "made");
    engine.shutdown().wait().unwrap();
    (disk.restart(), model)
}

fn in_index(disk: &SimVfs) -> Vec<PathBuf> {
    disk.files().into_iter().map(|f| f.0).filter(|p| p.starts_with("/store/index")).collect()
}

/// A file with checksums of its own, which `health` tells of.
fn is_checked(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "graph" || e == "text")
}

/// The store without a file.
fn without(disk: &SimVfs, gone: impl Fn(&Path) -> bool) -> SimVfs {
    let copy = SimVfs::new(3);
    for (path, _) in disk.files().into_iter().filter(|(p, _)| !gone(p)) {
        copy.write_file(&path, &disk.read_file(&path).unwrap()).unwrap();
    }
    copy
}

/// Runs what waits; what health said was wrong with the index meanwhile.
fn settle_watching(engine: &Engine) -> Option<String> {
    let mut seen = engine.health().unwrap().index.detail;
    while engine.step() {
        seen = seen.or(engine.health().unwrap().index.detail);
    }
    seen
}

/// Opens; all is found at once and after everything that waits is done; then there are whole graphs, also the next time.
fn recovers(disk: &SimVfs, model: &Model, what: &str, noticed: bool) {
    let engine = open(disk);
    model.own_vectors_find(&engine, what);
    model.dead_ones_stay_dead(&engine, what);
    let seen = settle_watching(&engine);
    model.own_vectors_find(&engine, what);
    let stats = index(&engine);
    assert_eq!(stats.graph_vectors + stats.scanned, model.live.len() as u64, "{what}: {stats:?}");
    assert!(stats.scanned < ROWS as u64 && stats.graphs > 0, "{what}: {stats:?}");
    assert_eq!(seen.is_some(), noticed, "{what}: {seen:?}");
    assert!(seen.is_none_or(|detail| detail.contains("built again")), "{what}");
    assert_eq!(engine.health().unwrap().status, "ok", "{what}: it was built again");
    engine.shutdown().wait().unwrap();
    let engine = open(&disk.restart());
    settle(&engine);
    assert_eq!(engine.health().unwrap().status, "ok", "{what}");
    assert_eq!(index(&engine).built, 0, "{what}");
    model.own_vectors_find(&engine, what);
}

#[test]
fn a_missing_file() {
    let (disk, model) = store(1);
    for path in in_index(&disk) {
        recovers(&without(&disk, |p| p == path), &model, &format!("without {path:?}"), is_checked(&path));
    }
    recovers(&without(&disk, |p| p.starts_with("/store/index")), &model, "without index/", false);
}

#[test]
fn a_file_cut_off() {
    let (disk, model) = store(2);
    for path in in_index(&disk) {
        let bytes = disk.read_file(&path).unwrap();
        for length in [0, 1, 100, 4_095, 4_096, 5_000, bytes.len() / 2, bytes.len().saturating_sub(4_096), bytes.len() - 1] {
            if length < bytes.len() && is_checked(&path) {
                let copy = disk.restart();
                copy.write_file(&path, &bytes[..length]).unwrap();
                // the end of a graph's last page holds nothing
                let padded = length + 1 == bytes.len() && path.extension().is_some_and(|e| e == "graph");
                recovers(&copy, &model, &format!("{path:?} cut to {length}"), !padded);
            }
        }
    }
    for name in ["graphs", "texts", "ids"] {
        let path = Path::new("/store/index").join(name);
        let bytes = disk.read_file(&path).unwrap();
        for length in [0, 7, bytes.len() / 2, bytes.len() - 1] {
            let copy = disk.restart();
            copy.write_file(&path, &bytes[..length]).unwrap();
            recovers(&copy, &model, &format!("{path:?} cut to {length}"), false);
        }
    }
}

#[test]
fn a_flipped_bit() {
    let (disk, model) = store(3);
    let mut dice = Dice::new(3);
    let (mut noticed, mut unused) = (0, 0);
    for path in in_index(&disk) {
        let bytes = disk.read_file(&path).unwrap();
        for round in 0..16 {
            let at = if round < 3 { dice.below(208) } else { dice.below(bytes.len() as u64) } as usize % bytes.len();
            let mut bad = bytes.clone();
            bad[at] ^= 1 << dice.below(8);
            let copy = disk.restart();
            copy.write_file(&path, &bad).unwrap();
            let what = format!("{path:?} flipped at {at} of {}", bytes.len());
            let engine = open(&copy);
            model.dead_ones_stay_dead(&engine, &what); // before it is verified
            let seen = settle_watching(&engine).is_some();
            assert_eq!(engine.health().unwrap().status, "ok", "{what}: it was built again");
            drop(engine);
            if is_checked(&path) {
                noticed += u32::from(seen);
                unused += u32::from(!seen);
            } else {
                assert!(!seen, "{what}");
            }
            model.own_vectors_find(&open_settled(&copy.restart()), &what);
        }
    }
    eprintln!("{noticed} noticed, {unused} between two sections");
    assert!(noticed > 16);
}

fn open_settled(disk: &SimVfs) -> Engine {
    let engine = open(disk);
    settle(&engine);
    engine
}

/// A graph that is damaged where only `verify` looks is not joined into a new one, which would make the damage look whole.
#[test]
fn damage_is_not_joined_into_another_graph() {
    let root = tempfile::tempdir().unwrap();
    let settings = || EngineConfig { graph_rows: 20_000, ..config(root.path()) };
    let mut model = Model::new(4, 16);
    let engine = Engine::open(EngineConfig { graph_rows: 1_500, ..settings() }).unwrap();
    model.put(&engine, 0..1_500);
    engine.optimize(CancelToken::default(), None).wait().unwrap();
    engine.shutdown().wait().unwrap();
    let graph = std::fs::read_dir(root.path().join("index"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "graph"))
        .unwrap();
    let mut bytes = std::fs::read(&graph).unwrap();
    let codes = bytes.len() - 1_500 * 64;
    bytes[codes..].chunks_mut(64).step_by(2).for_each(|row| row[..16].reverse());
    std::fs::remove_file(&graph).unwrap();
    std::fs::write(&graph, bytes).unwrap();
    let engine = Engine::open(EngineConfig { graph_rows: 1_000, ..settings() }).unwrap();
    model.put(&engine, 1_500..1_600);
    engine.optimize(CancelToken::default(), None).wait().unwrap();
    model.own_vectors_find(&engine, "optimized");
    assert_eq!(engine.health().unwrap().index.status, "ok"); // it has been built again
    engine.shutdown().wait().unwrap();
    let engine = Engine::open(settings()).unwrap();
    model.own_vectors_find(&engine, "reopened");
    engine.shutdown().wait().unwrap();
}

/// Planted bug known to be caught: a graph taken however far its sequence numbers go (`last_sequence` not compared).
#[test]
fn a_graph_newer_than_the_log_never_comes_back() {
    for kept in [60, 100, 119] {
        let disk = SimVfs::new(5);
        let mut model = Model::new(5, 16);
        let engine = open_sim_graphs(&disk, 1 << 20, 120).unwrap();
        let live = &disk.files().into_iter().map(|f| f.0).find(|p| p.extension().is_some_and(|e| e == "seg")).unwrap();
        let mut cut = 0;
        for n in 0..120 {
            if n == kept {
                cut = disk.read_file(live).unwrap().len();
            }
            model.put(&engine, n..n + 1);
        }
        settle(&engine);
        assert_eq!(index(&engine).graphs, 1);
        let lost = disk.restart();
        drop(engine);
        let bytes = lost.read_file(live).unwrap();
        lost.write_file(live, &bytes[..cut]).unwrap();
        for n in kept..120 {
            let id = format!("c{n}");
            let vector = model.live.remove(&id).unwrap();
            model.dead.push((id, vector));
        }
        let engine = open_sim_graphs(&lost, 1 << 20, 120).unwrap();
        assert_eq!(index(&engine).graphs, 0, "{kept}");
        assert_eq!(engine.health().unwrap().index.status, "degraded");
        model.own_vectors_find(&engine, "cut");
        model.dead_ones_stay_dead(&engine, "cut");
        // other chunks get the sequence numbers the graph knows
        model.put(&engine, (kept..120).map(|n| n + 1_000));
        assert!(get(&engine, "c119").is_none());
        model.dead_ones_stay_dead(&engine, "reused");
        let again = lost.restart();
        drop(engine);
        let engine = open_sim_graphs(&again, 1 << 20, 1_000).unwrap();
        assert_eq!(index(&engine).graphs, 0);
        model.own_vectors_find(&engine, "reopened");
        model.dead_ones_stay_dead(&engine, "reopened");
    }
}

#[test]
fn stray_files_go_and_their_numbers_are_not_used_again() {
    let (disk, mut model) = store(6);
    let path = |n: u32| PathBuf::from(format!("/store/index/{n:06}.graph"));
    let some = in_index(&disk).into_iter().find(|p| p.extension().is_some_and(|e| e == "graph")).unwrap();
    disk.write_file(path(900), &disk.read_file(&some).unwrap()).unwrap(); // whole, but not listed
    disk.write_file(path(901), b"junk").unwrap();
    disk.write_file("/store/index/000902.graph.tmp", b"junk").unwrap();
    let engine = open(&disk);
    let left = in_index(&disk);
    assert!(left.iter().all(|p| !p.to_string_lossy().contains("00090")), "{left:?}");
    assert_eq!(index(&engine).graphs, 2);
    model.put(&engine, 700..800);
    settle(&engine);
    optimize(&engine);
    assert!(in_index(&disk).contains(&path(902)) || in_index(&disk).contains(&path(903)), "{:?}", in_index(&disk));
    model.own_vectors_find(&engine, "stray");
    assert_eq!(engine.health().unwrap().status, "ok");
}

/// One vector's record is damaged in the log while its code is whole in a graph: searches and `optimize` go on without it.
#[test]
fn a_damaged_vector_in_the_log_is_left_out() {
    let (disk, model) = store(7);
    let (id, vector) = model.live.iter().find(|(id, _)| id.as_str() == "c77").map(|(i, v)| (i.clone(), v.clone())).unwrap();
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    let found = |bytes: &[u8]| {
        let near = |at: usize, v: f32| {
            let value = f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            (value - v / length).abs() < 1e-6
        };
        (0..bytes.len().saturating_sub(64)).find(|at| (0..16).all(|i| near(at + i * 4, vector[i])))
    };
    let (path, at) = disk
        .files()
        .into_iter()
        .filter(|(p, _)| p.extension().is_some_and(|e| e == "seg"))
        .find_map(|(p, _)| found(&disk.read_file(&p).unwrap()).map(|at| (p, at)))
        .unwrap();
    let mut bytes = disk.read_file(&path).unwrap();
    bytes[at + 9] ^= 0x40;
    disk.write_file(&path, &bytes).unwrap();
    let engine = open(&disk);
    assert!(index(&engine).graphs > 0);
    let check = |when: &str| {
        for exact in [false, true] {
            for limit in [1, 10, 100] {
                let o = SearchOptions { limit: Some(limit), exact: Some(exact), ..bare() };
                let hits = engine.search(Query::Vector(vector.clone()), o).wait().unwrap();
                assert_eq!(hits.len(), limit, "{when}");
                assert!(hits.iter().all(|h| h.id != id), "{when}");
            }
        }
        let health = engine.health().unwrap().index;
        assert_eq!(health.status, "degraded", "{when}");
        assert!(health.detail.unwrap().contains("not indexed"), "{when}");
    };
    check("opened");
    settle(&engine);
    check("checked");
    assert!(get(&engine, &id).is_some());
    optimize(&engine);
    check("optimized");
    let mut others = Model::new(7, 16);
    others.live = model.live.iter().filter(|(other, _)| **other != id).map(|(i, v)| (i.clone(), v.clone())).collect();
    others.own_vectors_find(&engine, "the others");
    assert_eq!(index(&engine).graph_vectors + index(&engine).scanned, others.live.len() as u64);
}
