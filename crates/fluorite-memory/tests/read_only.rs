//! A store that is only read here: no byte changes, what the writer does comes along, and what cannot be followed is told (T8).
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::history::contents;
use common::reading::{ROWS, SEGMENT, START, answers, input, refresh};
use common::vectors::{settle, tagged, vector_of};
use common::{chunk, config, get, open_sim_graphs, open_sim_reader, open_sim_with, platform, put};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, ChunkInput, Engine, EngineConfig, Event, EventOptions, Feedback, ListOptions, ManualClock, Platform, Query,
    SearchFilter, SearchMode, SearchOptions, TrainOptions, WriteOptions,
};

/// Files with length, moment of the last change, and content.
fn files(dir: &Path) -> Vec<(PathBuf, std::time::SystemTime, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let (path, meta) = (entry.path(), entry.metadata().unwrap());
        if meta.is_dir() {
            all.push((path.clone(), meta.modified().unwrap(), Vec::new()));
            all.extend(files(&path));
        } else {
            all.push((path.clone(), meta.modified().unwrap(), std::fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

fn reading(dir: &Path) -> EngineConfig {
    EngineConfig { read_only: true, refresh_interval_ms: 0, ..config(dir) }
}

fn said(id: &str) -> Feedback {
    serde_json::from_value(serde_json::json!({ "chunk_id": id, "kind": "success", "query": "chunk", "domain": "general" }))
        .unwrap()
}

/// Every call there is; those that write are refused.
fn use_everything(reader: &Engine) {
    let page = reader.list(ListOptions::default(), None).wait().unwrap();
    assert!(!page.records.is_empty());
    assert!(get(reader, "c1").is_some());
    assert!(!reader.history("default", "c1").wait().unwrap().is_empty());
    for mode in [None, Some(SearchMode::Lexical)] {
        let o = SearchOptions { mode, filter: Some(tagged("c1")), explain: Some(true), ..SearchOptions::default() };
        assert_eq!(reader.search(Query::Text("chunk".into()), o).wait().unwrap().len(), 1);
    }
    assert!(!reader.search(Query::Vector(vector_of("chunk 1")), SearchOptions::default()).wait().unwrap().is_empty());
    assert!(!reader.find_related("default", "c1", SearchOptions::default()).wait().unwrap().is_empty());
    assert!(reader.verify(CancelToken::default(), None).wait().unwrap().ok);
    assert!(reader.feedback_stats().wait().unwrap().events > 0);
    assert_eq!(reader.health().unwrap().status, "ok", "{:?}", reader.health());
    reader.flush(false).wait().unwrap();
    let stats = reader.stats().wait().unwrap();
    assert!(stats.follow.is_some() && stats.disk_bytes > 0);
    let refused = [
        ("store", reader.store(vec![chunk("new", "x")], WriteOptions::default()).wait().err()),
        ("delete", reader.delete("default", "c1").wait().err()),
        ("delete_where", reader.delete_where(SearchFilter::default(), true).wait().err()),
        ("optimize", reader.optimize(CancelToken::default(), None).wait().err()),
        ("feedback", reader.add_feedback(vec![said("c1")]).wait().err()),
        ("train", reader.train_incremental(Vec::new(), TrainOptions::default()).wait().err()),
        ("flush embedded", reader.flush(true).wait().err()),
        ("check", reader.check_writable().err()),
    ];
    for (what, e) in refused {
        let e = e.unwrap_or_else(|| panic!("{what} went through"));
        assert_eq!(e.code(), "READ_ONLY", "{what}: {e}");
        assert!(e.to_string().contains("without read_only"), "{what}: {e}");
    }
    assert!(get(reader, "new").is_none());
}

#[test]
fn a_reader_changes_no_byte_and_makes_no_file() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("store");
    let settings = EngineConfig { segment_bytes: 20_000, graph_rows: 50, text_rows: 50, ..config(&dir) };
    let writer = Engine::open(settings.clone()).unwrap();
    for part in 0..6 {
        let chunks =
            (part * 50..(part + 1) * 50).map(|n| input(&format!("c{n}"), &format!("chunk {n} {}", "text ".repeat(20)))).collect();
        writer.store(chunks, WriteOptions::default()).wait().unwrap();
    }
    writer.add_feedback(vec![said("c1"), said("c2")]).wait().unwrap();
    writer.optimize(CancelToken::default(), None).wait().unwrap();
    put(&writer, "last", "not sealed");
    writer.shutdown().wait().unwrap();
    // what a kill leaves: a torn end of the live segment, a file nobody names, half a replacement
    let live = std::fs::read_dir(dir.join("log")).unwrap().map(|e| e.unwrap().path()).max().unwrap();
    let mut torn = std::fs::read(&live).unwrap();
    torn.extend_from_slice(b"FGRP and the beginning of a group");
    std::fs::write(&live, torn).unwrap();
    std::fs::write(dir.join("log/00009999.seg"), b"stray").unwrap();
    std::fs::write(dir.join("index/ids.tmp"), b"stray").unwrap();
    for part in [&dir, &dir.join("log"), &dir.join("index"), &dir.join("feedback"), &dir.join("dict")] {
        let mut rights = std::fs::metadata(part).unwrap().permissions();
        rights.set_readonly(true); // root may write all the same
        std::fs::set_permissions(part, rights).unwrap();
    }
    let before = files(&dir);
    let reader = Engine::open(EngineConfig { read_only: true, refresh_interval_ms: 1, ..settings }).unwrap();
    use_everything(&reader);
    assert!(!reader.refresh().wait().unwrap());
    assert_eq!(get(&reader, "last").as_deref(), Some("not sealed"));
    reader.shutdown().wait().unwrap();
    assert_eq!(reader.refresh().wait().unwrap_err().code(), "CLOSED");
    let after = files(&dir);
    assert_eq!(before.len(), after.len());
    for (b, a) in before.iter().zip(&after) {
        assert!(b == a, "{:?} has changed", b.0);
    }
    #[allow(clippy::permissions_set_readonly_false)] // for the removal of the folder
    for part in [&dir, &dir.join("log"), &dir.join("index"), &dir.join("feedback"), &dir.join("dict")] {
        let mut rights = std::fs::metadata(part).unwrap().permissions();
        rights.set_readonly(false);
        std::fs::set_permissions(part, rights).unwrap();
    }
}

#[test]
fn a_missing_store_is_told_and_not_made() {
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("no/store");
    for dir in [&missing, &root.path().to_path_buf()] {
        let e = Engine::open(reading(dir)).unwrap_err();
        assert!(e.code() == "NOT_FOUND" && e.to_string().contains("open it for writing first"), "{}: {e}", e.code());
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }
}

#[test]
fn readers_and_a_writer_of_one_process() {
    let root = tempfile::tempdir().unwrap();
    let writer = Engine::open(config(root.path())).unwrap();
    put(&writer, "a", "one");
    let (one, two) = (Engine::open(reading(root.path())).unwrap(), Engine::open(reading(root.path())).unwrap());
    assert_eq!(get(&one, "a").as_deref(), Some("one"));
    put(&writer, "b", "two");
    assert_eq!(get(&one, "b"), None, "nobody looked");
    assert!(one.refresh().wait().unwrap());
    assert_eq!(get(&two, "b").as_deref(), Some("two"), "readers of a process share what was read");
    assert!(!two.refresh().wait().unwrap());
    assert!(!writer.refresh().wait().unwrap());
    let other = Engine::open(EngineConfig { refresh_interval_ms: 5, ..reading(root.path()) }).unwrap_err();
    assert_eq!(other.code(), "INVALID_CONFIG");
    one.shutdown().wait().unwrap();
    writer.shutdown().wait().unwrap();
    assert_eq!(get(&two, "a").as_deref(), Some("one"), "after the writer");
    let writer = Engine::open(config(root.path())).unwrap();
    put(&writer, "c", "three");
    two.refresh().wait().unwrap();
    assert_eq!(get(&two, "c").as_deref(), Some("three"));
}

#[test]
fn what_is_written_comes_by_itself_and_listeners_are_told() {
    let root = tempfile::tempdir().unwrap();
    let writer = Engine::open(config(root.path())).unwrap();
    put(&writer, "a", "one");
    let reader = Engine::open(EngineConfig { refresh_interval_ms: 10, ..reading(root.path()) }).unwrap();
    let (tx, rx) = std::sync::mpsc::channel();
    let told = reader.subscribe(EventOptions::default(), move || tx.send(()).unwrap()).unwrap();
    put(&writer, "b", "two");
    assert!(writer.delete("default", "a").wait().unwrap());
    let mut heard = Vec::new();
    while heard.len() < 2 {
        rx.recv_timeout(Duration::from_secs(20)).unwrap();
        heard.extend(told.take(9));
    }
    let b = Event::ChunkStored { id: "b".into(), namespace: "default".into(), version: 1 };
    assert_eq!(*heard[0], b);
    assert_eq!(*heard[1], Event::ChunkDeleted { id: "a".into(), namespace: "default".into() });
    assert_eq!((get(&reader, "a"), get(&reader, "b").as_deref()), (None, Some("two")));
}

#[test]
fn listeners_hear_what_came_with_a_whole_state() {
    let disk = SimVfs::new(1);
    let writer = open_sim_graphs(&disk, 600, 1_000).unwrap();
    for n in 0..12 {
        put(&writer, &format!("c{n}"), &"text ".repeat(20));
    }
    let reader = open_sim_reader(&disk).unwrap();
    let told = reader.subscribe(EventOptions::default(), || {}).unwrap();
    for n in 0..10 {
        assert!(writer.delete("default", &format!("c{n}")).wait().unwrap());
    }
    put(&writer, "new", &"more ".repeat(100));
    put(&writer, "newer", &"more ".repeat(100));
    let done = writer.optimize(CancelToken::default(), None);
    settle(&writer);
    done.wait().unwrap();
    assert!(refresh(&reader));
    assert!(reader.stats().wait().unwrap().follow.unwrap().reloads > 0);
    let mut heard: Vec<String> = told
        .take(99)
        .iter()
        .map(|e| match &**e {
            Event::ChunkStored { id, .. } => format!("+{id}"),
            Event::ChunkDeleted { id, .. } => format!("-{id}"),
            other => format!("{:?}", other.kind()),
        })
        .collect();
    heard.sort();
    let mut expected: Vec<String> = (0..10).map(|n| format!("-c{n}")).collect();
    expected.extend(["+new".into(), "+newer".into()]);
    expected.sort();
    assert_eq!(heard, expected);
}

#[test]
fn counters_and_lifetimes_are_the_writers() {
    let disk = SimVfs::new(1);
    let clock = Arc::new(ManualClock::at(START));
    let writer = open_sim_with(&disk, config(Path::new("/store")), Arc::clone(&clock)).unwrap();
    let short = ChunkInput { ttl_seconds: Some(60.0), ..chunk("short", "lived") };
    writer.store(vec![short, chunk("read", "often")], WriteOptions::default()).wait().unwrap();
    let settings = EngineConfig { read_only: true, ..config(Path::new("/store")) };
    let reader = open_sim_with(&disk, settings, Arc::clone(&clock)).unwrap();
    let count = |e: &Engine| e.get_many("default", vec!["read".into()]).wait().unwrap()[0].as_ref().unwrap().usage_count;
    assert_eq!((count(&reader), count(&reader)), (0, 0), "a reader counts nothing");
    count(&writer);
    writer.flush(false).wait().unwrap();
    assert!(refresh(&reader));
    assert_eq!(count(&reader), 1);
    let late = ChunkInput { ttl_seconds: Some(90.0), ..chunk("late", "lived longer") };
    writer.store(vec![late], WriteOptions::default()).wait().unwrap();
    assert!(refresh(&reader) && get(&reader, "short").is_some() && get(&reader, "late").is_some());
    clock.advance(61_000);
    assert!(get(&reader, "short").is_none() && get(&reader, "late").is_some(), "without a look");
    clock.advance(30_000);
    assert!(get(&reader, "late").is_none());
    assert!(!refresh(&reader));
}

#[test]
fn dictionaries_are_followed() {
    let disk = SimVfs::new(1);
    let writer = open_sim_graphs(&disk, 64 << 20, 100_000).unwrap();
    put(&writer, "first", "before");
    let reader = open_sim_reader(&disk).unwrap();
    let text =
        |n: usize| format!("export function handler{n}(request: Request): Response {{ return new Response({n}) }} {}", n * 7919);
    for part in 0..12 {
        let chunks = (part * 100..(part + 1) * 100).map(|n| chunk(&format!("c{n}"), &text(n))).collect();
        writer.store(chunks, WriteOptions::default()).wait().unwrap();
        settle(&writer);
        refresh(&reader);
    }
    assert_eq!(writer.stats().wait().unwrap().dictionary_id, 1);
    assert_eq!(reader.stats().wait().unwrap().dictionary_id, 1);
    assert_eq!(contents(&reader).unwrap(), contents(&writer).unwrap());
}

#[test]
fn damage_is_told_until_it_is_mended_and_what_was_read_is_served() {
    let disk = SimVfs::new(1);
    let writer = open_sim_graphs(&disk, 64 << 20, 1_000).unwrap();
    put(&writer, "a", "one");
    let reader = open_sim_reader(&disk).unwrap();
    let before = disk.read_file("/store/log/00000001.seg").unwrap().len();
    put(&writer, "b", "two");
    put(&writer, "c", "three");
    put(&writer, "d", "four");
    let whole = disk.read_file("/store/log/00000001.seg").unwrap();
    let mut damaged = whole.clone();
    damaged[before + 60] ^= 1;
    disk.write_file("/store/log/00000001.seg", &damaged).unwrap();
    for _ in 0..2 {
        assert_eq!(reader.refresh().wait().unwrap_err().code(), "CORRUPT");
        let health = reader.health().unwrap();
        let detail = health.storage.detail.unwrap();
        assert!(health.status == "degraded" && detail.contains("the log is not followed"), "{detail}");
        assert_eq!((get(&reader, "a").as_deref(), get(&reader, "b")), (Some("one"), None));
    }
    disk.write_file("/store/log/00000001.seg", &whole).unwrap();
    assert!(refresh(&reader));
    assert_eq!(reader.health().unwrap().status, "ok");
    assert_eq!(get(&reader, "d").as_deref(), Some("four"));
}

#[test]
fn a_store_in_the_place_of_another_is_not_taken_for_it() {
    let disk = SimVfs::new(1);
    put(&open_sim_graphs(&disk, 1_000, 1_000).unwrap(), "a", "one");
    let reader = open_sim_reader(&disk).unwrap();
    let other = SimVfs::new(2);
    let platform = Platform { new_store: (8, 12), ..platform(Arc::new(other.clone()), Arc::new(ManualClock::at(START))) };
    let second = Engine::open_on(config(Path::new("/store")), platform).unwrap();
    put(&second, "z", "another");
    second.shutdown().wait().unwrap();
    for (path, _) in other.files() {
        disk.write_file(&path, &other.read_file(&path).unwrap()).unwrap();
    }
    assert_eq!(reader.refresh().wait().unwrap_err().code(), "NOT_FOUND");
    assert_eq!(get(&reader, "z"), None);
    assert_eq!(reader.health().unwrap().status, "degraded");
}

/// A write that failed is cut off, and another takes its place and its sequence numbers: longer, shorter, of the same length.
#[test]
fn what_was_cut_off_goes_again() {
    for other in ["a text that is longer", "x", "then"] {
        let disk = SimVfs::new(1);
        let writer = open_sim_graphs(&disk, 64 << 20, 1_000).unwrap();
        put(&writer, "a", "one");
        let (path, reader) = (Path::new("/store/log/00000001.seg"), open_sim_reader(&disk).unwrap());
        let elsewhere = disk.restart();
        put(&writer, "b", "gone");
        assert!(refresh(&reader));
        assert_eq!(get(&reader, "b").as_deref(), Some("gone"));
        put(&open_sim_graphs(&elsewhere, 64 << 20, 1_000).unwrap(), "c", other);
        disk.write_file(path, &elsewhere.read_file(path).unwrap()).unwrap();
        assert!(refresh(&reader));
        assert_eq!((get(&reader, "b"), get(&reader, "c").as_deref()), (None, Some(other)));
        assert_eq!(contents(&reader).unwrap().len(), 2);
    }
}

#[test]
fn a_look_after_a_long_time_finds_everything() {
    let disk = SimVfs::new(1);
    let writer = open_sim_graphs(&disk, SEGMENT, ROWS).unwrap();
    let store = |n: usize, text: &str| writer.store(vec![input(&format!("c{n}"), text)], WriteOptions::default()).wait().unwrap();
    store(0, "the first");
    let reader = open_sim_reader(&disk).unwrap();
    for n in 0..60 {
        store(n % 40, &format!("number{n} {}", "padding ".repeat(20)));
        if n % 7 == 0 {
            settle(&writer);
        }
    }
    let done = writer.optimize(CancelToken::default(), None);
    settle(&writer);
    done.wait().unwrap();
    assert!(refresh(&reader));
    assert_eq!(answers(&reader).unwrap(), contents(&writer).unwrap());
}

#[test]
fn graphs_and_text_of_the_writer_are_taken_over() {
    let disk = SimVfs::new(1);
    let writer = open_sim_graphs(&disk, 64 << 20, ROWS).unwrap();
    let chunks = (0..20).map(|n| input(&format!("c{n}"), &format!("number{n}"))).collect();
    writer.store(chunks, WriteOptions::default()).wait().unwrap();
    let reader = open_sim_reader(&disk).unwrap();
    settle(&writer);
    let made = writer.stats().wait().unwrap();
    assert!(made.vector_index.graph_vectors > 0 && made.text_index.segment_chunks > 0);
    assert!(refresh(&reader), "no chunk is new, but the files are");
    let taken = reader.stats().wait().unwrap();
    assert_eq!(taken.vector_index.graph_vectors, made.vector_index.graph_vectors);
    assert_eq!(taken.text_index.segment_chunks, made.text_index.segment_chunks);
    assert_eq!((taken.vector_index.scanned, taken.text_index.in_memory), (made.vector_index.scanned, made.text_index.in_memory));
    assert_eq!(answers(&reader).unwrap().len(), 20);
}
