//! `optimize` and graphs: it builds what there is to build and no more, and ends when it is told to.
#![allow(clippy::unwrap_used)] // a test that fails may panic

mod common;

use std::sync::{Arc, Mutex};

use common::vectors::{Model, index, optimize, settle};
use common::{chunk, open_sim_graphs};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{CancelToken, OptimizeReport, ProgressFn, WriteOptions};

const SEGMENT: u64 = 256 << 10;

/// Graph files on the simulated disk.
fn files(disk: &SimVfs) -> Vec<String> {
    let name = |p: std::path::PathBuf| p.file_name().unwrap().to_string_lossy().into_owned();
    disk.files().into_iter().map(|(p, _)| name(p)).filter(|n| n.ends_with(".graph")).collect()
}

#[test]
fn a_second_optimize_builds_nothing() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, SEGMENT, 200).unwrap();
    let mut model = Model::new(6, 16);
    for part in 0..5 {
        model.put(&engine, part * 150..part * 150 + 150);
        settle(&engine);
    }
    assert_eq!(optimize(&engine), 750);
    assert_eq!(optimize(&engine), 0);
    let built = index(&engine).built;
    // dead rows, in the head and in the graph, do not make it start again and again
    model.put(&engine, 0..20);
    model.put(&engine, 10..30);
    model.delete(&engine, [700, 25]);
    assert_eq!(optimize(&engine), 748);
    assert_eq!(optimize(&engine), 0);
    assert_eq!((index(&engine).built, index(&engine).graphs), (built + 1, 1));
    // too few vectors for a graph stay scanned
    let small = open_sim_graphs(&SimVfs::new(2), SEGMENT, 200).unwrap();
    Model::new(6, 16).put(&small, 0..199);
    assert_eq!(optimize(&small), 0);
    model.own_vectors_find(&engine, "twice");
}

#[test]
fn a_cancelled_optimize_leaves_all_as_it_was() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, SEGMENT, 400).unwrap();
    let mut model = Model::new(7, 16);
    for part in 0..3 {
        model.put(&engine, part * 300..part * 300 + 300);
        settle(&engine);
    }
    model.put(&engine, 0..50);
    settle(&engine);
    let before = files(&disk);
    for after in [0, 3, 700] {
        let cancel = CancelToken::default();
        let stop = cancel.clone();
        let progress: ProgressFn = Arc::new(move |p| {
            if p.phase == "graph" && p.done > after {
                stop.cancel();
            }
        });
        settle(&engine);
        let done = engine.optimize(cancel, Some(progress));
        settle(&engine);
        assert_eq!(done.wait().unwrap_err().code(), "ABORTED");
        assert_eq!(files(&disk), before);
        model.own_vectors_find(&engine, "cancelled");
    }
    assert_eq!(engine.health().unwrap().status, "ok");
    assert_eq!(optimize(&engine), 900);
    model.own_vectors_find(&engine, "optimized");
}

#[test]
fn a_dead_row_in_the_head_is_no_work_for_optimize() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, 1 << 20, 200).unwrap();
    let mut model = Model::new(9, 16);
    let fat = |model: &mut Model, n: usize| {
        let mut input = model.input(n);
        let text: String = (0..4_000).map(|i| char::from(b'a' + ((i * i + n * 7) % 26) as u8)).collect();
        input.content = chunk("", &text).content;
        engine.store(vec![input], WriteOptions::default()).wait().unwrap();
    };
    (0..300).for_each(|n| fat(&mut model, n));
    optimize(&engine);
    assert_eq!((index(&engine).graphs, index(&engine).graph_vectors), (1, 300));
    (300..310).for_each(|n| fat(&mut model, n));
    model.delete(&engine, [305]);
    assert_eq!(optimize(&engine), 309);
    for again in 0..3 {
        assert_eq!(optimize(&engine), 0, "{again}");
    }
    // what is dead makes no graph either
    let few = open_sim_graphs(&SimVfs::new(2), 1 << 20, 200).unwrap();
    let mut model = Model::new(9, 16);
    model.put(&few, 0..199);
    settle(&few);
    model.put(&few, 0..50);
    settle(&few); // behind the calls nothing has compacted: the dead rows are still in the head
    assert_eq!(index(&few).graphs, 0);
    let done = few.optimize(CancelToken::default(), None);
    settle(&few);
    assert_eq!((done.wait().unwrap().vectors_indexed, index(&few).graphs), (0, 0));
}

#[test]
fn a_cancelled_optimize_hands_over_to_the_background() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, SEGMENT, 400).unwrap();
    let mut model = Model::new(10, 16);
    settle(&engine);
    let cancel = CancelToken::default();
    let stop = cancel.clone();
    let progress: ProgressFn = Arc::new(move |p| {
        if p.phase == "graph" {
            stop.cancel();
        }
    });
    model.put(&engine, 0..900);
    let done = engine.optimize(cancel, Some(progress));
    settle(&engine);
    assert_eq!(done.wait().unwrap_err().code(), "ABORTED");
    assert_eq!((index(&engine).graph_vectors, index(&engine).scanned), (900, 0));
}

#[test]
fn an_optimize_that_waits_for_another_can_be_cancelled() {
    let disk = SimVfs::new(1);
    let engine = open_sim_graphs(&disk, SEGMENT, 400).unwrap();
    let mut model = Model::new(11, 16);
    settle(&engine);
    model.put(&engine, 0..900);
    let cancel = CancelToken::default();
    let stop = cancel.clone();
    let progress: ProgressFn = Arc::new(move |p| {
        if p.phase == "graph" {
            stop.cancel();
        }
    });
    let ended = Arc::new(Mutex::new(Vec::new()));
    let tell = |name: &'static str| {
        let ended = Arc::clone(&ended);
        move |r: fluorite_memory::Result<_>| {
            ended.lock().unwrap().push((name, r.map(|_: OptimizeReport| ()).map_err(|e| e.code())))
        }
    };
    engine.optimize(CancelToken::default(), Some(progress)).on_settle(tell("first"));
    engine.optimize(cancel, None).on_settle(tell("second"));
    settle(&engine);
    // told at once, not when its turn would have come
    assert_eq!(*ended.lock().unwrap(), [("second", Err("ABORTED")), ("first", Ok(()))]);
    assert_eq!(index(&engine).graph_vectors, 900);
}
