//! Sealed text through the engine: found before and after, deleted for good, the same answers whatever is sealed.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::dice::Dice;
use common::vectors::settle;
use common::{chunk, config};
use fluorite_memory::{
    CancelToken, Durability, Engine, EngineConfig, OneOrMany, Query, SearchFilter, SearchMode, SearchOptions, TextIndexStats,
    WriteOptions,
};

const WORDS: u64 = 60;

/// A word of its own for each number, that no other number's is part of.
fn word(kind: char, number: u64) -> String {
    let letters = number.to_string().bytes().map(|b| char::from(b"bcdfghjklm"[usize::from(b - b'0')])).collect::<String>();
    format!("{kind}{letters}x")
}

fn words(dice: &mut Dice) -> String {
    let n = 3 + dice.below(20);
    // squared: a few words are everywhere, most are rare
    (0..n).map(|_| word('t', dice.below(WORDS) * dice.below(WORDS) / WORDS) + " ").collect()
}

fn options(namespace: &str) -> SearchOptions {
    let filter = SearchFilter { namespace: Some(OneOrMany::One(namespace.into())), ..SearchFilter::default() };
    SearchOptions {
        limit: Some(1_000),
        mode: Some(SearchMode::Lexical),
        rerank: Some(false), // BM25 alone: ranking knows when a chunk was stored
        filter: if namespace.is_empty() { None } else { Some(filter) },
        fields: Some(Vec::new()),
        ..SearchOptions::default()
    }
}

type Answer = Vec<(String, String, u32)>;

fn ask(engine: &Engine, query: &str, namespace: &str) -> Answer {
    let hits = engine.search(Query::Text(query.into()), options(namespace)).wait().unwrap();
    let mut found: Answer = hits.into_iter().map(|h| (h.namespace, h.id, h.score.to_bits())).collect();
    // rows may be numbered otherwise in another store: ties are compared as sets
    found.sort();
    found
}

fn answers(engine: &Engine) -> Vec<Answer> {
    let queries = [vec![3], vec![0, 1], vec![17, 2, 40], vec![59, 5, 1_000], vec![33]];
    let queries = queries.map(|q| q.into_iter().map(|n| word('t', n) + " ").collect::<String>());
    queries.iter().flat_map(|q| ["", "default", "other"].map(|n| ask(engine, q, n))).collect()
}

fn text(engine: &Engine) -> TextIndexStats {
    engine.stats().wait().unwrap().text_index
}

/// Says where two stores differ, and how many hits there are.
fn same(found: &[Answer], expected: &[Answer], when: &str) {
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let odd: Vec<_> = found
            .iter()
            .filter(|h| !expected.contains(h))
            .chain(expected.iter().filter(|h| !found.contains(h)))
            .take(4)
            .collect();
        assert!(found == expected, "{when}: query {i}: {} hits, not {}: {odd:?}", found.len(), expected.len());
        assert!(found.len() < 1_000, "cut: ties may differ");
    }
}

struct Model {
    dice: Dice,
    live: BTreeMap<(String, String), String>,
}

impl Model {
    fn put(&mut self, engine: &Engine, count: u64, ids: u64) {
        let inputs: Vec<_> = (0..count)
            .map(|_| {
                let id = format!("c{}", self.dice.below(ids));
                let namespace = if self.dice.once_in(4) { "other" } else { "default" };
                let content = words(&mut self.dice);
                let mut input = chunk(&id, &content);
                input.namespace = Some(namespace.into());
                self.live.insert((namespace.into(), id), content);
                input
            })
            .collect();
        for part in inputs.chunks(100) {
            let o = WriteOptions { durability: Some(Durability::Buffered), ..WriteOptions::default() };
            engine.store(part.to_vec(), o).wait().unwrap();
        }
    }

    fn delete(&mut self, engine: &Engine, count: u64) {
        for _ in 0..count {
            let at = self.dice.below(self.live.len() as u64) as usize;
            let (namespace, id) = self.live.keys().nth(at).unwrap().clone();
            assert!(engine.delete(&namespace, &id).wait().unwrap());
            self.live.remove(&(namespace, id));
        }
    }

    /// What a store answers that was only ever given what lives, and never seals.
    fn expected(&self) -> Vec<Answer> {
        let root = tempfile::tempdir().unwrap();
        let engine = Engine::open(EngineConfig { text_rows: usize::MAX, ..config(root.path()) }).unwrap();
        let inputs: Vec<_> = self
            .live
            .iter()
            .map(|((namespace, id), content)| {
                let mut input = chunk(id, content);
                input.namespace = Some(namespace.clone());
                input
            })
            .collect();
        engine.store(inputs, WriteOptions::default()).wait().unwrap();
        let found = answers(&engine);
        assert_eq!(text(&engine).segments, 0);
        engine.shutdown().wait().unwrap();
        found
    }

    fn check(&self, engine: &Engine, when: &str) {
        same(&answers(engine), &self.expected(), when);
    }
}

fn wait_until(engine: &Engine, what: &str, done: impl Fn(&TextIndexStats) -> bool) {
    for _ in 0..3_000 {
        if done(&text(engine)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: {:?}", text(engine));
}

fn files(root: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(root.join("index")).unwrap().map(|f| f.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|p| p.extension().is_some_and(|e| e == "text")).collect();
    found.sort();
    found
}

fn settings(root: &Path) -> EngineConfig {
    EngineConfig { text_rows: 200, segment_bytes: 64 << 10, ..config(root) }
}

#[test]
fn sealed_joined_and_reopened_stores_answer_as_one_that_never_seals() {
    let root = tempfile::tempdir().unwrap();
    let engine = Engine::open(settings(root.path())).unwrap();
    let mut model = Model { dice: Dice::new(5), live: BTreeMap::new() };
    model.put(&engine, 900, 100_000);
    model.check(&engine, "just stored");
    wait_until(&engine, "sealed and joined", |t| t.in_memory < 200 && t.segments > 0 && t.building.is_none());
    model.check(&engine, "sealed");
    model.delete(&engine, 100);
    model.put(&engine, 400, 900);
    model.check(&engine, "deleted and overwritten");
    wait_until(&engine, "sealed again", |t| t.in_memory < 200 && t.building.is_none());
    model.check(&engine, "sealed again");
    engine.shutdown().wait().unwrap();
    let engine = Engine::open(settings(root.path())).unwrap();
    let opened = text(&engine);
    assert!(opened.segments > 0 && opened.segment_chunks > 700, "{opened:?}");
    model.check(&engine, "reopened");
    assert!(text(&engine).in_memory < 200);
    model.delete(&engine, 500);
    engine.optimize(CancelToken::default(), None).wait().unwrap();
    let joined = text(&engine);
    assert_eq!((joined.segments, joined.in_memory), (1, 0), "{joined:?}");
    assert_eq!(files(root.path()).len(), 1);
    model.check(&engine, "optimized");
    model.put(&engine, 300, 3_000); // rows that compaction freed are used again
    model.check(&engine, "rows used again");
    engine.shutdown().wait().unwrap();
    let engine = Engine::open(settings(root.path())).unwrap();
    model.check(&engine, "reopened at last");
    assert_eq!(engine.health().unwrap().index.status, "ok");
    assert!(engine.verify(CancelToken::default(), None).wait().unwrap().ok);
    engine.shutdown().wait().unwrap();
}

#[test]
fn what_is_stored_is_found_at_once_and_what_is_deleted_never_again() {
    let root = tempfile::tempdir().unwrap();
    let engine = Engine::open(EngineConfig { text_rows: 32, ..settings(root.path()) }).unwrap();
    let find = |word: &str| ask(&engine, word, "").len();
    let mut there = [true; 600];
    for i in 0..600usize {
        let number = i as u64;
        engine
            .store(vec![chunk(&format!("a{i}"), &format!("{} shared", word('u', number)))], WriteOptions::default())
            .wait()
            .unwrap();
        assert_eq!(find(&word('u', number)), 1, "{i}");
        if let Some(old) = i.checked_sub(50).filter(|_| i % 3 == 0) {
            assert!(engine.delete("default", &format!("a{old}")).wait().unwrap());
            there[old] = false;
            assert_eq!(find(&word('u', old as u64)), 0, "{old}");
        }
        if let Some(old) = i.checked_sub(57).filter(|_| i % 7 == 0) {
            let content = format!("{} shared", word('r', old as u64));
            engine.store(vec![chunk(&format!("a{old}"), &content)], WriteOptions::default()).wait().unwrap();
            there[old] = false;
            assert_eq!((find(&word('u', old as u64)), find(&word('r', old as u64))), (0, 1), "{old}");
        }
    }
    wait_until(&engine, "sealed", |t| t.segments > 0 && t.in_memory < 64 && t.building.is_none());
    for (i, there) in there.into_iter().enumerate() {
        assert_eq!(find(&word('u', i as u64)), usize::from(there), "{i}");
    }
    engine.shutdown().wait().unwrap();
}

#[test]
fn searches_and_writes_go_on_while_text_is_sealed() {
    let root = tempfile::tempdir().unwrap();
    let engine = Engine::open(EngineConfig { text_rows: 100, ..settings(root.path()) }).unwrap();
    let steady: Vec<_> = (0..20).map(|i| chunk(&format!("s{i}"), "steady words")).collect();
    engine.store(steady.clone(), WriteOptions::default()).wait().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let hits = ask(&engine, "steady", "");
                // one that is overwritten right now is found by its old words or its new ones
                assert_eq!(hits.len(), 20);
            }
        });
        for round in 0..60 {
            let inputs = (0..50).map(|i| chunk(&format!("r{}", (round * 37 + i) % 900), &format!("noise {round} {i}"))).collect();
            engine.store(inputs, WriteOptions::default()).wait().unwrap();
            engine.store(vec![steady[round % 20].clone()], WriteOptions::default()).wait().unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    wait_until(&engine, "sealed", |t| t.segments > 0 && t.building.is_none());
    assert_eq!(ask(&engine, "steady", "").len(), 20);
    engine.shutdown().wait().unwrap();
}

#[test]
fn a_damaged_segment_is_built_again_and_health_says_so() {
    let root = tempfile::tempdir().unwrap();
    let mut model = Model { dice: Dice::new(9), live: BTreeMap::new() };
    let engine = Engine::open(settings(root.path())).unwrap();
    model.put(&engine, 900, 100_000);
    engine.optimize(CancelToken::default(), None).wait().unwrap();
    engine.shutdown().wait().unwrap();
    let [file] = &files(root.path())[..] else { panic!("{:?}", files(root.path())) };
    let whole = std::fs::read(file).unwrap();
    let list = root.path().join("index/texts");
    let listed = std::fs::read(&list).unwrap();
    let expected = model.expected();
    let places = [0, 9, 13, 20, 33, 41, 49, 53, 70, 90, 4_090, 4_100, whole.len() / 2, whole.len() - 60];
    let places = places.map(Some).into_iter().chain([None]);
    for at in places {
        for old in files(root.path()) {
            std::fs::remove_file(old).unwrap();
        }
        match at {
            Some(at) => {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x10;
                std::fs::write(file, bytes).unwrap();
            }
            None => std::fs::write(file, &whole[..whole.len() / 3]).unwrap(),
        }
        std::fs::write(&list, &listed).unwrap();
        let engine = Engine::open(settings(root.path())).unwrap();
        same(&answers(&engine), &expected, &format!("damaged at {at:?}"));
        // health says so until then: `graph_damage.rs` sees it
        let health = engine.health().unwrap().index;
        assert!(health.detail.is_none_or(|detail| detail.contains("built again")));
        wait_until(&engine, "built again", |t| t.segment_chunks > 500 && t.building.is_none());
        same(&answers(&engine), &expected, &format!("built again after {at:?}"));
        assert!(text(&engine).built > 0, "{at:?}");
        engine.shutdown().wait().unwrap();
        let engine = Engine::open(settings(root.path())).unwrap();
        assert_eq!(engine.health().unwrap().index.status, "ok", "{at:?}");
        assert!(text(&engine).segment_chunks > 500);
        engine.shutdown().wait().unwrap();
    }
    // without the list, or without the file: nothing wrong, built again
    std::fs::remove_file(&list).unwrap();
    let engine = Engine::open(settings(root.path())).unwrap();
    same(&answers(&engine), &expected, "without the list");
    assert_eq!(engine.health().unwrap().index.status, "ok");
    wait_until(&engine, "built again", |t| t.segment_chunks > 500 && t.building.is_none());
    engine.shutdown().wait().unwrap();
}

#[test]
fn one_step_after_the_other_gives_the_same() {
    let (disk, mut model) = (fluorite_memory::vfs::SimVfs::new(3), Model { dice: Dice::new(4), live: BTreeMap::new() });
    let engine = common::open_sim_graphs(&disk, 32 << 10, 40).unwrap();
    for round in 0..12 {
        model.put(&engine, 60, 300);
        model.delete(&engine, 10);
        for _ in 0..model.dice.below(20) {
            let _ = engine.step();
        }
        model.check(&engine, &format!("round {round}"));
    }
    settle(&engine);
    let stats = text(&engine);
    assert!(stats.segments > 0 && stats.built > 2, "{stats:?}");
    model.check(&engine, "settled");
    engine.shutdown().wait().unwrap();
    let engine = common::open_sim_graphs(&disk, 32 << 10, 40).unwrap();
    model.check(&engine, "reopened");
    engine.shutdown().wait().unwrap();
}

/// Saved filter entries: used, and exact; without them, or with a damaged or an older file, the same from the log.
#[test]
fn filters_are_the_same_whether_they_were_saved_or_not() {
    let root = tempfile::tempdir().unwrap();
    let settings = || EngineConfig { segment_bytes: 16 << 10, ..settings(root.path()) };
    let tagged = |engine: &Engine| -> Vec<Vec<String>> {
        let ids = |filter: SearchFilter| {
            let o = SearchOptions { filter: Some(filter), ..options("") };
            let hits = engine.search(Query::Text("shared".into()), o).wait().unwrap();
            let mut ids: Vec<String> = hits.into_iter().map(|h| h.id).collect();
            ids.sort();
            ids
        };
        let tag = |t: &str| common::vectors::tagged(t);
        let source = |s: &str| SearchFilter { source: Some(vec![s.into()]), ..SearchFilter::default() };
        let quality = SearchFilter { min_quality: Some(0.5), ..SearchFilter::default() };
        let late = SearchFilter { created_after: Some(fluorite_memory::Moment::Millis(0.0)), ..SearchFilter::default() };
        vec![ids(tag("t1")), ids(tag("T3")), ids(tag("none")), ids(source("src/7.rs")), ids(quality), ids(late)]
    };
    let put = |engine: &Engine, from: usize, to: usize, round: usize| {
        let inputs = (from..to).map(|i| {
            let mut c = chunk(&format!("c{i}"), &format!("shared text {i} {round} {}", "padding ".repeat(20)));
            c.tags = Some(vec![format!("t{}", (i + round) % 5)]);
            c.source = Some(format!("src/{i}.rs"));
            c
        });
        engine.store(inputs.collect(), WriteOptions::default()).wait().unwrap();
    };
    let engine = Engine::open(settings()).unwrap();
    put(&engine, 0, 400, 0);
    put(&engine, 100, 150, 1);
    for i in 200..230 {
        assert!(engine.delete("default", &format!("c{i}")).wait().unwrap());
    }
    let expected = tagged(&engine);
    engine.shutdown().wait().unwrap();
    let file = root.path().join("index/filters");
    let (saved, list) = (std::fs::read(&file).unwrap(), |engine: &Engine| tagged(engine));
    let engine = Engine::open(settings()).unwrap();
    assert_eq!(list(&engine), expected, "saved");
    put(&engine, 390, 420, 2);
    assert!(engine.delete("default", "c7").wait().unwrap());
    let expected = tagged(&engine);
    engine.optimize(CancelToken::default(), None).wait().unwrap();
    assert_eq!(tagged(&engine), expected, "compacted");
    put(&engine, 500, 560, 3); // rows that compaction freed
    let expected = tagged(&engine);
    engine.shutdown().wait().unwrap();
    let newest = std::fs::read(&file).unwrap();
    assert_ne!(newest, saved);
    let mut flipped = newest.clone();
    flipped[newest.len() / 2] ^= 1;
    for (what, bytes) in [("newest", Some(newest)), ("older", Some(saved)), ("flipped", Some(flipped)), ("none", None)] {
        match bytes {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let engine = Engine::open(settings()).unwrap();
        assert_eq!(tagged(&engine), expected, "{what}");
        assert_eq!(engine.health().unwrap().status, "ok", "{what}");
        engine.shutdown().wait().unwrap();
    }
}
