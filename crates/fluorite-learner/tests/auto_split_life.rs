//! A text in pieces through its life: versions, reads, deletes, purges, copies, other settings, events.
#![allow(clippy::unwrap_used)] // a test that fails may panic

#[path = "../../fluorite-memory/tests/common/bytes.rs"]
mod bytes;
#[path = "common/splits.rs"]
mod splits;

use std::sync::Arc;

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, ChunkInput, DeleteOptions, Engine, EngineConfig, Event, EventOptions, ExportOptions, ImportOptions, ManualClock,
    SearchFilter, WriteOptions,
};
use splits::{Texts, config, get, open, open_at, open_with, put, rows, texts};

fn long(word: &str) -> String {
    format!("{word} and what belongs to it, said at length.\n\n").repeat(60)
}

fn optimize(engine: &Engine) {
    let done = engine.optimize(CancelToken::default(), None);
    while engine.step() {}
    done.wait().unwrap();
}

#[test]
fn versions_count_on_and_history_has_them_whole() {
    let disk = SimVfs::new(1);
    let mut engine = open(&disk);
    let all = [long("one"), "two".to_owned(), long("three") + &long("more"), long("four"), "five".to_owned()];
    let mut born = None;
    for (i, text) in all.iter().enumerate() {
        put(&engine, "x", text);
        let read = get(&engine, "x").unwrap();
        assert_eq!((read.chunk.version, read.usage_count), (i as u32 + 1, i as u32 + 1));
        assert_eq!(*born.get_or_insert(read.chunk.created_at), read.chunk.created_at);
        if i == 2 {
            engine.shutdown().wait().unwrap();
            engine = open(&disk.restart());
        }
    }
    let told = |e: &Engine| -> Vec<(u32, String)> {
        let versions = e.history("default", "x").wait().unwrap();
        versions.iter().map(|c| (c.version, c.text().into_owned())).collect()
    };
    assert_eq!(told(&engine), (1..).zip(all.clone()).collect::<Vec<_>>());
    assert!(engine.delete("default", "x").wait().unwrap());
    assert!(!engine.delete("default", "x").wait().unwrap());
    assert_eq!((told(&engine).len(), rows(&engine).len()), (5, 0));
    put(&engine, "x", &all[0]);
    assert_eq!(told(&engine).last(), Some(&(6, all[0].clone())));
}

#[test]
fn a_purge_leaves_no_byte_of_any_piece_old_or_new() {
    for (first, then) in
        [(long("s3cret"), "short".to_owned()), (long("s3cret") + &long("s3cret"), long("other")), (long("s3cret"), String::new())]
    {
        let disk = SimVfs::new(1);
        let engine = open(&disk);
        put(&engine, "x", &first);
        if !then.is_empty() {
            put(&engine, "x", &then);
        }
        put(&engine, "keep", &long("kept"));
        put(&engine, "x#77", "s3parate");
        // also with a hole, and after an ordinary delete
        assert!(engine.delete("default", if then.is_empty() { "x#1" } else { "x" }).wait().unwrap());
        engine.delete_with("default", "x", DeleteOptions { purge: true }).wait().unwrap();
        assert!(engine.history("default", "x").wait().unwrap().is_empty());
        optimize(&engine);
        assert_eq!(bytes::places(&disk, b"s3cret"), Vec::<String>::new());
        let kept = Texts::from([("keep".into(), long("kept")), ("x#77".into(), "s3parate".into())]);
        assert_eq!(texts(&engine).unwrap(), kept);
    }
}

#[test]
fn a_purge_finds_what_compaction_dropped_before_it() {
    for (first, then) in [
        (long("s3cret"), "short".to_owned()),
        ("s3cret".into(), long("other")),
        (long("s3cret"), long("s3cret") + &long("s3cret")),
    ] {
        let disk = SimVfs::new(1);
        let engine = open_with(&disk, EngineConfig { text_rows: 4, segment_bytes: 2_000, ..config(false) }).unwrap();
        for i in 0..30 {
            put(&engine, &format!("other{i}"), &format!("number {i} of many"));
        }
        put(&engine, "x", &first);
        optimize(&engine);
        put(&engine, "x", &then);
        optimize(&engine);
        assert!(engine.delete_with("default", "x", DeleteOptions { purge: true }).wait().unwrap());
        optimize(&engine);
        assert_eq!(engine.stats().wait().unwrap().purge_pending, 0);
        assert_eq!(bytes::places(&disk, b"s3cret"), Vec::<String>::new());
        assert_eq!(rows(&engine).len(), 30);
    }
}

#[test]
fn what_has_ended_does_not_come_back_beside_what_took_its_place() {
    for then in [None, Some("short".to_owned()), Some(long("x"))] {
        let (disk, clock) = (SimVfs::new(1), Arc::new(ManualClock::at(1_700_000_000_000)));
        let engine = open_at(&disk, config(false), Arc::clone(&clock)).unwrap();
        let ending = ChunkInput { ttl_seconds: Some(60.0), ..ChunkInput::text(&long("ending").repeat(2)).with_id("x") };
        engine.store(vec![ending], WriteOptions::default()).wait().unwrap();
        assert!(get(&engine, "x").is_some());
        clock.advance(61_000);
        assert!(get(&engine, "x").is_none() && rows(&engine).is_empty());
        match &then {
            Some(text) => _ = put(&engine, "x", text),
            None => assert!(!engine.delete("default", "x").wait().unwrap()),
        }
        engine.shutdown().wait().unwrap();
        // the wall clock is set back
        let engine = open(&disk.restart());
        assert_eq!(texts(&engine).unwrap(), then.iter().map(|text| ("x".to_owned(), text.clone())).collect());
        assert_eq!(get(&engine, "x").map(|r| r.chunk.text().into_owned()), then);
    }
}

#[test]
fn rows_go_out_and_in_as_they_are() {
    let engine = open(&SimVfs::new(1));
    put(&engine, "x", &long("one"));
    put(&engine, "y", "short");
    let page = engine.export_page(ExportOptions::default(), None).wait().unwrap();
    assert_eq!(page.chunks as usize, rows(&engine).len());
    let other = open(&SimVfs::new(2));
    put(&other, "x", "what was there before");
    put(&other, "y", &long("longer").repeat(2));
    let import = |e: &Engine| e.import_lines(page.lines.clone(), 1, ImportOptions::default()).wait().unwrap();
    assert_eq!(import(&other).stored, page.chunks);
    assert_eq!(texts(&other).unwrap(), texts(&engine).unwrap());
    assert_eq!(import(&other).unchanged, page.chunks);
    // over a longer text
    put(&other, "x", &long("longer").repeat(3));
    import(&other);
    assert_eq!(texts(&other).unwrap(), texts(&engine).unwrap());
    assert_eq!(get(&other, "x").unwrap().chunk.text(), long("one"));
}

#[test]
fn what_was_stored_in_pieces_is_one_chunk_without_the_setting_too() {
    let disk = SimVfs::new(1);
    let engine = open(&disk);
    put(&engine, "x", &long("one"));
    put(&engine, "y", &long("two"));
    engine.shutdown().wait().unwrap();
    let off = EngineConfig { auto_split: false, splitter: None, ..config(false) };
    let engine = open_with(&disk.restart(), off).unwrap();
    assert_eq!(get(&engine, "x").unwrap().chunk.text(), long("one"));
    assert_eq!(put(&engine, "x", &long("uncut")), 1);
    assert!(engine.delete("default", "y").wait().unwrap());
    assert_eq!(texts(&engine).unwrap(), Texts::from([("x".into(), long("uncut"))]));
}

#[test]
fn events_and_filters_are_about_pieces() {
    let engine = open(&SimVfs::new(1));
    let events = engine.subscribe(EventOptions::default(), || {}).unwrap();
    let parts = put(&engine, "x", &long("one"));
    put(&engine, "x", "short");
    let told: Vec<String> = events
        .take(usize::MAX)
        .iter()
        .filter_map(|e| match &**e {
            Event::ChunkStored { id, version, .. } => Some(format!("+{id}@{version}")),
            Event::ChunkDeleted { id, .. } => Some(format!("-{id}")),
            _ => None,
        })
        .collect();
    let stored = (1..=parts).map(|i| format!("+x#{i}@1"));
    let gone = (1..=parts).map(|i| format!("-x#{i}"));
    assert_eq!(told, stored.chain(["+x@2".to_owned()]).chain(gone).collect::<Vec<_>>());
    put(&engine, "x", &long("one"));
    let of = serde_json::json!({ "parent": "x" }).as_object().unwrap().clone();
    let filter = SearchFilter { metadata: Some(of), ..SearchFilter::default() };
    assert_eq!(engine.delete_where(filter, false).wait().unwrap(), u64::from(parts));
    assert!(get(&engine, "x").is_none());
}
