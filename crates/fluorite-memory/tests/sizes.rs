//! Very many tiny chunks, and chunks of exactly the size that is allowed.
//!
//! `FLUORITE_CHUNKS` sets how many: 100,000.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use common::dice::from_env;
use common::{chunk, config, get, open, open_sim};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{ChunkInput, Durability, Engine, EngineConfig, Query, SearchOptions, WriteOptions};

#[test]
fn very_many_tiny_chunks() {
    let many = from_env("FLUORITE_CHUNKS", 100_000);
    let root = tempfile::tempdir().unwrap();
    let engine = open(root.path());
    let all: Vec<u64> = (0..many).collect();
    let buffered = || WriteOptions { durability: Some(Durability::Buffered), ..WriteOptions::default() };
    for part in all.chunks(2_000) {
        let inputs: Vec<ChunkInput> = part.iter().map(|i| chunk(&format!("c{i}"), &format!("t{i}"))).collect();
        assert_eq!(engine.store(inputs, buffered()).wait().unwrap().stored, part.len() as u64);
    }
    engine.flush(false).wait().unwrap();
    let check = |engine: &Engine| {
        assert_eq!(engine.stats().wait().unwrap().chunks, many);
        for i in [0, 1, many / 2, many - 1] {
            assert_eq!(get(engine, &format!("c{i}")), Some(format!("t{i}")));
            let hits = engine.search(Query::Text(format!("t{i}")), SearchOptions::default()).wait().unwrap();
            assert_eq!(hits[0].id, format!("c{i}"));
        }
        assert_eq!(get(engine, &format!("c{many}")), None);
    };
    check(&engine);
    assert!(engine.delete("default", "c0").wait().unwrap());
    engine.store(vec![chunk("c0", "t0")], WriteOptions::default()).wait().unwrap();
    engine.shutdown().wait().unwrap();
    let engine = open(root.path());
    check(&engine);
    engine.shutdown().wait().unwrap();
}

#[test]
fn the_largest_chunk_is_stored_and_one_byte_more_is_refused_before_any_write() {
    let most = 10_000;
    let root = tempfile::tempdir().unwrap();
    let engine = Engine::open(EngineConfig { max_chunk_size: most, ..config(root.path()) }).unwrap();
    for (id, size) in [("empty", 0), ("one", 1), ("less", most - 1), ("most", most)] {
        engine.store(vec![chunk(id, &"x".repeat(size))], WriteOptions::default()).wait().unwrap();
        assert_eq!(get(&engine, id).unwrap().len(), size);
    }
    let seen = |engine: &Engine| engine.stats().wait().unwrap();
    let before = (seen(&engine).chunks, seen(&engine).disk_bytes);
    let more = || chunk("more", &"x".repeat(most + 1));
    for chunks in [vec![more()], vec![chunk("in", "x"), more()], vec![more(), chunk("in", "x")]] {
        let refused = engine.store(chunks, WriteOptions::default()).wait().unwrap_err();
        assert_eq!(refused.code(), "CHUNK_TOO_LARGE");
        assert!(refused.to_string().contains("more") && refused.to_string().contains("10001"), "{refused}");
    }
    assert_eq!((seen(&engine).chunks, seen(&engine).disk_bytes), before);
    assert_eq!((get(&engine, "more"), get(&engine, "in")), (None, None));
    engine.shutdown().wait().unwrap();
    let engine = open(root.path());
    assert_eq!(get(&engine, "empty").as_deref(), Some(""));
    assert_eq!(get(&engine, "most").unwrap().len(), most);
    engine.shutdown().wait().unwrap();
}

#[test]
fn a_refused_chunk_touches_no_disk() {
    let disk = SimVfs::new(1);
    let engine = open_sim(&disk, 1 << 20).unwrap();
    let before = disk.ops();
    let refused = engine.store(vec![chunk("big", &"x".repeat((1 << 20) + 1))], WriteOptions::default()).wait();
    assert_eq!(refused.unwrap_err().code(), "CHUNK_TOO_LARGE");
    assert_eq!(disk.ops(), before);
}
