//! What fails behind the calls is typed, stays, is explained by `health`, and leaves everything else working.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::vectors::{settle, vector_of};
use common::{chunk, config, get, open_sim, open_sim_graphs, platform, put};
use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{
    CancelToken, ChunkInput, EmbedMode, Engine, EngineConfig, Error, ManualClock, Platform, Query, SearchMode, SearchOptions,
    WriteOptions,
};

fn found(e: &Engine, query: Query, mode: Option<SearchMode>) -> Vec<String> {
    let o = SearchOptions { mode, limit: Some(100), ..SearchOptions::default() };
    e.search(query, o).wait().unwrap().into_iter().map(|h| h.id).collect()
}

#[test]
fn a_failed_fsync_refuses_every_write_until_the_store_is_reopened() {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, 1 << 20).unwrap();
    put(&e, "a", "kept words");
    disk.fail_at(disk.ops() + 2, Fault::Eio); // the write goes through, its fsync does not
    let first = e.store(vec![chunk("b", "lost words")], WriteOptions::default()).wait().unwrap_err();
    assert_eq!(first.code(), "POISONED");
    for _ in 0..2 {
        let refused = [
            e.store(vec![chunk("c", "x")], WriteOptions::default()).wait().err(),
            e.delete("default", "a").wait().err(),
            e.optimize(CancelToken::default(), None).wait().err(),
            e.flush(false).wait().err(),
            e.check_writable().err(),
        ];
        for r in refused {
            let r = r.unwrap();
            assert!(r.code() == "POISONED" && r.to_string().contains("reopen it"), "{r}");
        }
        let health = e.health().unwrap();
        assert_eq!((health.status, health.storage.status, health.index.status), ("failed", "failed", "ok"));
        assert!(health.storage.detail.unwrap().contains("reopen the store"));
        assert_eq!(get(&e, "a").as_deref(), Some("kept words"));
        assert_eq!(found(&e, Query::Text("words".into()), None), ["a"]);
    }
    drop(e);
    let e = open_sim(&disk, 1 << 20).unwrap();
    assert_eq!(e.health().unwrap().status, "ok");
    put(&e, "c", "goes on");
}

/// An embedder that panics on some texts.
struct Panicking(AtomicUsize);

impl fluorite_ml::Embedder for Panicking {
    fn model_id(&self) -> &str {
        "panicking"
    }
    fn dimensions(&self) -> usize {
        16
    }
    fn max_tokens(&self) -> usize {
        256
    }
    fn embed(&self, text: &str) -> fluorite_ml::Result<fluorite_ml::Embedding> {
        self.0.fetch_add(1, Ordering::Relaxed);
        assert!(!text.contains("boom"), "planted");
        let mut values = vector_of(text);
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        values.iter_mut().for_each(|v| *v /= length);
        Ok(fluorite_ml::Embedding { values, tokens: 3, truncated: false })
    }
    fn tokenizer(&self) -> Option<&fluorite_ml::Tokenizer> {
        None
    }
}

#[test]
fn a_panic_behind_a_write_is_told_and_holds_nobody_up() {
    let disk = SimVfs::new(1);
    let base = platform(Arc::new(disk), Arc::new(ManualClock::at(1_700_000_000_000)));
    let embedder: Arc<dyn fluorite_ml::Embedder> = Arc::new(Panicking(AtomicUsize::new(0)));
    let platform = Platform { embedder: Box::new(|| Ok(Some(embedder))), ..base };
    let e = Engine::open_on(EngineConfig { enable_ml: true, ..config(Path::new("/store")) }, platform).unwrap();
    let behind = || WriteOptions { embed: Some(EmbedMode::Background), ..WriteOptions::default() };
    let texts = ["first words", "boom words", "last words"];
    let chunks = texts.iter().enumerate().map(|(i, t)| chunk(&format!("c{i}"), t)).collect();
    e.store(chunks, behind()).wait().unwrap();
    let flushed = e.flush(true);
    // the inline stepper runs the job on this thread: the pool contains the panic, here the test does
    let mut panics = 0;
    loop {
        match catch_unwind(AssertUnwindSafe(|| e.step())) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => panics += 1,
        }
    }
    assert_eq!(panics, 1);
    flushed.wait().unwrap(); // nothing waits any more
    let health = e.health().unwrap();
    assert_eq!((health.status, health.embedder.status), ("degraded", "degraded"), "{health:?}");
    assert!(health.embedder.detail.unwrap().contains("could not be embedded"));
    let stats = e.stats().wait().unwrap();
    assert_eq!((stats.vectors, stats.pending), (2, 1));
    // what is intact is found: by words all, by meaning those with a vector; the one without says so
    let mut by_words = found(&e, Query::Text("words".into()), Some(SearchMode::Lexical));
    by_words.sort();
    assert_eq!(by_words, ["c0", "c1", "c2"]);
    let hits = e.search(Query::Text("words".into()), SearchOptions::default()).wait().unwrap();
    assert!(hits.iter().all(|h| h.pending == (h.id == "c1")));
}

#[test]
fn a_damaged_graph_and_damaged_text_cost_nothing_but_the_time_to_build_them() {
    let disk = SimVfs::new(1);
    let word = |n: u8| format!("q{}{}", char::from(b'a' + n / 20), char::from(b'a' + n % 20));
    let contents: Vec<String> = (0..40).map(|n| format!("{} common", word(n))).collect();
    {
        let e = open_sim_graphs(&disk, 4_096, 10).unwrap();
        for (n, content) in contents.iter().enumerate() {
            let input = ChunkInput { embedding: Some(vector_of(content)), ..chunk(&format!("c{n}"), content) };
            e.store(vec![input], WriteOptions::default()).wait().unwrap();
        }
        settle(&e);
        e.shutdown().wait().unwrap();
    }
    let index: Vec<_> = disk.files().into_iter().map(|f| f.0).filter(|p| p.starts_with("/store/index")).collect();
    let damaged = index.iter().filter(|p| p.extension().is_some_and(|e| e == "graph" || e == "text"));
    for path in damaged {
        let mut bytes = disk.read_file(path).unwrap();
        bytes[4_100] ^= 0x10;
        disk.write_file(path, &bytes).unwrap();
    }
    let reader = common::open_sim_reader(&disk).unwrap(); // first: a writer removes what is damaged
    let e = open_sim_graphs(&disk, 4_096, 10).unwrap();
    for engine in [&e, &reader] {
        let told = engine.health().unwrap();
        assert_eq!((told.status, told.index.status), ("degraded", "degraded"), "{told:?}");
        for (n, content) in contents.iter().enumerate() {
            assert_eq!(found(engine, Query::Vector(vector_of(content)), None)[0], format!("c{n}"));
            assert_eq!(found(engine, Query::Text(word(n as u8)), Some(SearchMode::Lexical)), [format!("c{n}")]);
        }
        assert_eq!(found(engine, Query::Text("common".into()), Some(SearchMode::Lexical)).len(), 40);
    }
    settle(&e);
    assert_eq!(e.health().unwrap().status, "ok", "built again: {:?}", e.health());
    reader.refresh().wait().unwrap();
    assert_eq!(reader.health().unwrap().status, "ok", "{:?}", reader.health());
}

#[test]
fn a_damaged_record_is_left_out_and_told() {
    let disk = SimVfs::new(1);
    {
        let e = open_sim(&disk, 1_000).unwrap();
        for n in 0..20 {
            put(&e, &format!("c{n}"), &format!("number{n} common {}", "text ".repeat(n)));
        }
        e.shutdown().wait().unwrap();
    }
    let path = Path::new("/store/log/00000001.seg");
    let mut bytes = disk.read_file(path).unwrap();
    let at = bytes.windows(7).position(|w| w == b"number3").unwrap_or(300);
    bytes[at] ^= 0x10;
    disk.write_file(path, &bytes).unwrap();
    let e = open_sim(&disk, 1_000).unwrap();
    settle(&e);
    let some = found(&e, Query::Text("common".into()), Some(SearchMode::Lexical));
    assert!(some.len() == 19, "{some:?}");
    let health = e.health().unwrap();
    assert!(health.status == "degraded" && health.index.detail.unwrap().contains("not indexed"));
    let all: Vec<Result<_, Error>> = (0..20).map(|n| e.get_many("default", vec![format!("c{n}")]).wait()).collect();
    assert_eq!(all.iter().filter(|r| r.as_ref().is_err_and(|e| e.code() == "CORRUPT")).count(), 1);
    assert!(!e.verify(CancelToken::default(), None).wait().unwrap().ok);
}
