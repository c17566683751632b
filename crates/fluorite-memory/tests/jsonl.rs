//! Chunks as JSON lines: out and in again is the same to the byte; in twice changes nothing.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::Path;
use std::sync::Arc;

use common::vectors::vector_of;
use common::{chunk, config, get, put};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    Engine, Executor, ExportOptions, ImportOptions, ImportReport, ManualClock, OnError, Platform, WriteOptions,
};

const NOW: i64 = 1_700_000_000_000;

fn open(disk: &SimVfs, clock: &Arc<ManualClock>) -> Engine {
    let platform = Platform {
        vfs: Arc::new(disk.clone()),
        clock: Arc::clone(clock) as _,
        executor: Executor::inline(),
        embedder: Box::new(|| Ok(None)),
        new_store: (7, 11),
    };
    Engine::open_on(config(Path::new("/store")), platform).unwrap()
}

fn export(e: &Engine, embeddings: bool) -> String {
    let (mut out, mut cursor) = (Vec::new(), None);
    loop {
        let o = ExportOptions { embeddings: Some(embeddings), ..ExportOptions::default() };
        let page = e.export_page(o, cursor).wait().unwrap();
        out.extend_from_slice(&page.lines);
        cursor = page.next;
        if cursor.is_none() {
            return String::from_utf8(out).unwrap();
        }
    }
}

fn import(e: &Engine, lines: &str) -> ImportReport {
    e.import_lines(lines.as_bytes().to_vec(), 1, ImportOptions::default()).wait().unwrap()
}

fn made(clock: &Arc<ManualClock>) -> Engine {
    let e = open(&SimVfs::new(1), clock);
    let mut odd = chunk("odd \"id\" \u{2028}", "text with \"quotes\", \u{65e5}\u{672c}\u{8a9e}, \u{0}\r\nand lines");
    odd.tags = Some(vec!["a".into(), "b".into()]);
    odd.metadata = serde_json::from_str("{\"deep\":{\"list\":[1,\"two\",null,-0.5]},\"big\":9007199254740993}").ok();
    odd.quality_score = Some(0.3);
    odd.pinned = Some(true);
    odd.embedding = Some(vector_of("odd"));
    let mut mortal = chunk("mortal", "ends");
    mortal.ttl_seconds = Some(3_600.0);
    let mut bytes = chunk("bytes", "");
    bytes.content.0 = vec![1, 255, 0, 10, 13];
    let mut other = chunk("same", "two");
    other.namespace = Some("n2".into());
    other.language = Some("english".into());
    other.source = Some("a/b.md".into());
    e.store(vec![odd, chunk("same", "one"), other, mortal, bytes, chunk("empty", "")], WriteOptions::default()).wait().unwrap();
    clock.advance(5_000);
    put(&e, "same", "one, changed");
    for _ in 0..3 {
        e.get_many("default", vec!["same".into(), "mortal".into()]).wait().unwrap();
    }
    e
}

#[test]
fn out_and_in_and_out_is_the_same_to_the_byte() {
    let clock = Arc::new(ManualClock::at(NOW));
    let first = export(&made(&clock), true);
    assert_eq!(first.lines().count(), 6);
    clock.advance(60_000);
    let disk = SimVfs::new(2);
    let e = open(&disk, &clock);
    let report = import(&e, &first);
    assert_eq!((report.lines, report.stored, report.failed, report.vectors), (6, 6, 0, 1), "{report:?}");
    assert_eq!(export(&e, true), first);
    assert_eq!(e.stats().wait().unwrap().model.id.as_deref(), Some("supplied"));
    // and it survives: the counters too
    e.shutdown().wait().unwrap();
    let e = open(&disk, &clock);
    assert_eq!(export(&e, true), first);
    // a second time changes nothing, not even a counter
    let again = import(&e, &first);
    assert_eq!((again.stored, again.unchanged, again.vectors), (0, 6, 0), "{again:?}");
    assert_eq!(export(&e, true), first);
    assert!(!export(&e, false).contains("embedding"));
}

#[test]
fn a_part_of_a_file_and_then_all_of_it_is_all_of_it_once() {
    let clock = Arc::new(ManualClock::at(NOW));
    let lines: String = (0..300).map(|i| format!("{{\"content\":\"chunk number {i}\"}}\n")).collect();
    let e = open(&SimVfs::new(1), &clock);
    let cut = lines.len() * 2 / 3;
    let part = import(&e, &lines[..cut]);
    assert_eq!(part.failed, 1, "the last line is cut: {part:?}");
    let rest = import(&e, &lines);
    assert_eq!((part.stored + rest.stored, rest.unchanged), (300, part.stored));
    assert_eq!(e.stats().wait().unwrap().chunks, 300);
}

#[test]
fn what_differs_is_stored_again_and_vectors_of_another_model_are_not_taken() {
    let clock = Arc::new(ManualClock::at(NOW));
    let lines = export(&made(&clock), true);
    let e = open(&SimVfs::new(2), &clock);
    import(&e, &lines);
    put(&e, "same", "changed here");
    e.delete("default", "empty").wait().unwrap();
    let report = import(&e, &lines);
    assert_eq!((report.stored, report.unchanged), (2, 4));
    assert_eq!(get(&e, "same").as_deref(), Some("one, changed"));
    // the names of the models differ
    let other = lines.replace("\"model\":\"supplied\"", "\"model\":\"another@0123456789abcdef\"");
    let forced = ImportOptions { force: Some(true), ..ImportOptions::default() };
    let report = e.import_lines(other.as_bytes().to_vec(), 1, forced).wait().unwrap();
    assert_eq!((report.stored, report.vectors, report.vectors_dropped), (6, 0, 1));
    // a store without a model takes that of the lines, whole
    let e = open(&SimVfs::new(3), &clock);
    assert_eq!(import(&e, &other).vectors, 1);
    assert_eq!(e.stats().wait().unwrap().model.id.as_deref(), Some("another@0123456789abcdef"));
    assert_eq!(export(&e, true), other);
    // a vector comes to a chunk that has none
    let e = open(&SimVfs::new(4), &clock);
    let bare = ImportOptions { embeddings: Some(false), ..ImportOptions::default() };
    assert_eq!(e.import_lines(lines.as_bytes().to_vec(), 1, bare).wait().unwrap().vectors, 0);
    let report = import(&e, &lines);
    assert_eq!((report.stored, report.unchanged, report.vectors), (1, 5, 1));
}

#[test]
fn bad_lines_are_numbered_and_abort_stops_at_the_first() {
    let clock = Arc::new(ManualClock::at(NOW));
    let e = open(&SimVfs::new(1), &clock);
    let text = "{\"id\":\"a\",\"content\":\"x\"}\n\n[1]\n{\"id\":\"\",\"content\":\"x\"}\n{\"id\":\"b\",\"content\":\"y\"}";
    let report = e.import_lines(text.into(), 11, ImportOptions::default()).wait().unwrap();
    assert_eq!((report.lines, report.stored, report.failed), (4, 2, 2));
    assert_eq!(report.bad.iter().map(|b| b.line).collect::<Vec<_>>(), [13, 14]);
    assert!(report.bad[1].reason.starts_with("INVALID_ID"), "{:?}", report.bad);
    let abort = ImportOptions { on_error: Some(OnError::Abort), ..ImportOptions::default() };
    let e2 = e.import_lines(text.into(), 11, abort).wait().unwrap_err();
    assert!(e2.to_string().contains("line 13"), "{e2}");
    let defaults = |text: &str| ImportOptions { defaults: serde_json::from_str(text).ok(), ..ImportOptions::default() };
    let wrong = e.import_lines(Vec::new(), 1, defaults("{\"colour\":\"red\"}")).wait().unwrap_err();
    assert!(wrong.to_string().contains("defaults"), "{wrong}");
    let report =
        e.import_lines(b"{\"content\":\"z\",\"id\":\"c\"}".to_vec(), 1, defaults("{\"namespace\":\"n\"}")).wait().unwrap();
    assert_eq!(report.stored, 1);
    assert!(e.get_many("n", vec!["c".into()]).wait().unwrap()[0].is_some());
    let only = ImportOptions { namespace: Some("own".into()), ..ImportOptions::default() };
    let two = "{\"id\":\"d\",\"content\":\"z\",\"namespace\":\"n\"}\n{\"id\":\"d\",\"content\":\"z\"}";
    let report = e.import_lines(two.into(), 1, only).wait().unwrap();
    assert_eq!((report.stored, report.bad.len(), report.bad[0].line), (1, 1, 1));
    assert!(e.get_many("own", vec!["d".into()]).wait().unwrap()[0].is_some());
}

#[test]
fn every_page_of_an_export_is_whole() {
    let clock = Arc::new(ManualClock::at(NOW));
    let e = open(&SimVfs::new(1), &clock);
    for part in 0..7 {
        let chunks = (part * 100..part * 100 + 100).map(|n| chunk(&format!("c{n}"), &format!("chunk {n}"))).collect();
        e.store(chunks, WriteOptions::default()).wait().unwrap();
    }
    let lines = export(&e, false);
    let ids: std::collections::BTreeSet<String> =
        lines.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((lines.lines().count(), ids.len()), (700, 700));
}
