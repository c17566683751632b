//! A store that is only read here, while another engine writes it: what is seen is what was written, at every moment, and no
//! byte changes (T8).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::dice::{Dice, from_env};
use common::history::{Contents, contents};
use common::vectors::{bare, own_contents_find, settle, tagged, vector_of};
use common::{chunk, config, get, open_sim_graphs, open_sim_reader, open_sim_with, platform, put};
use fluorite_memory::vfs::{Fault, Mapped, OpenMode, SimVfs, Vfs, VfsFile, VfsLock};
use fluorite_memory::{
    CancelToken, ChunkInput, Durability, Engine, EngineConfig, Event, EventOptions, Feedback, ListOptions, ManualClock, Platform,
    Query, SearchFilter, SearchMode, SearchOptions, TrainOptions, WriteOptions,
};

const SEGMENT: u64 = 3_000;
const START: i64 = 1_700_000_000_000;
/// Vectors that become a graph, chunks whose text is sealed.
const ROWS: usize = 5;

fn input(id: &str, content: &str) -> ChunkInput {
    ChunkInput { embedding: Some(vector_of(content)), tags: Some(vec![id.into()]), ..chunk(id, content) }
}

fn refresh(reader: &Engine) -> bool {
    reader.refresh().wait().unwrap()
}

/// Everything a reader answers, compared with what is in the store: listing, ids, counts, vectors, words, filters.
fn answers(reader: &Engine) -> Result<Contents, String> {
    let found = contents(reader)?;
    own_contents_find(reader, found.iter())?;
    for (id, content) in &found {
        let ask = |query, filter| {
            let options = SearchOptions { filter, mode: None, limit: Some(1_000), ..bare() };
            let hits = reader.search(query, options).wait().map_err(|e| format!("search: {e}"))?;
            Ok::<_, String>(hits.into_iter().map(|h| h.id).collect::<Vec<_>>())
        };
        let by_words = ask(Query::Text(content.clone()), None)?;
        if !by_words.contains(id) || by_words.iter().any(|id| !found.contains_key(id)) {
            return Err(format!("the words of {id} find {by_words:?}"));
        }
        let by_tag = ask(Query::Vector(vector_of(content)), Some(tagged(id)))?;
        if by_tag != [id.as_str()] {
            return Err(format!("the tag of {id} finds {by_tag:?}"));
        }
    }
    Ok(found)
}

/// What may be seen, and what was.
#[derive(Default)]
struct Seen {
    before: Contents,
    /// The operation under way may have happened.
    after: Option<Contents>,
    looks: u64,
    torn: u64,
    wrong: Option<String>,
}

impl Seen {
    fn check(&mut self, when: &str, found: Result<Contents, String>) {
        self.looks += 1;
        let wrong = match found {
            Err(e) => Some(e),
            Ok(found) if found == self.before => None,
            Ok(found) if Some(&found) == self.after.as_ref() => {
                self.torn += 1;
                None
            }
            Ok(found) => Some(format!("{found:?}, neither {:?} nor {:?}", self.before, self.after)),
        };
        if let Some(wrong) = wrong {
            self.wrong.get_or_insert_with(|| format!("{when}: {wrong}"));
        }
    }
}

/// A writer at work on a simulated disk. Before each change of the disk, and in the middle of each write, readers look.
struct Work {
    disk: SimVfs,
    seen: Arc<Mutex<Seen>>,
    writer: Option<Engine>,
    dice: Dice,
    writes: u64,
}

impl Work {
    fn new(seed: u64) -> Self {
        let disk = SimVfs::new(seed);
        let writer = open_sim_graphs(&disk, SEGMENT, ROWS).unwrap();
        Self { disk, seen: Arc::default(), writer: Some(writer), dice: Dice::new(seed), writes: 0 }
    }

    /// One reader that stays and looks one time in `often`, and one in ten times a new one.
    fn watch(&self, seed: u64, often: u64) -> Engine {
        let staying = open_sim_reader(&self.disk).unwrap();
        let (reader, disk, seen) = (staying.clone(), self.disk.clone(), Arc::clone(&self.seen));
        let dice = Mutex::new(Dice::new(seed ^ 0xabc));
        self.disk.before_changes(Some(Arc::new(move || {
            let mut dice = dice.lock().unwrap();
            if !dice.once_in(often) {
                return;
            }
            let (when, found) = if dice.once_in(10) {
                let opened = open_sim_reader(&disk).map_err(|e| format!("open: {e}"));
                ("a new reader", opened.and_then(|e| answers(&e)))
            } else {
                let refreshed = reader.refresh().wait().map_err(|e| format!("refresh: {}: {e}", e.code()));
                (
                    "the reader that stays",
                    refreshed.and_then(|_| if dice.once_in(3) { answers(&reader) } else { contents(&reader) }),
                )
            };
            if dice.once_in(4) {
                while reader.step() {}
            }
            seen.lock().unwrap().check(when, found);
        })));
        staying
    }

    /// Runs an operation that leads to `after`; false when the store is poisoned and what it did is not known.
    fn run(&mut self, after: Contents, op: impl FnOnce(&Engine) -> fluorite_memory::Result<()>) -> bool {
        self.seen.lock().unwrap().after = Some(after);
        let done = op(self.writer.as_ref().unwrap());
        let mut seen = self.seen.lock().unwrap();
        match done {
            Ok(()) => seen.before = seen.after.take().unwrap(),
            Err(e) if e.code() == "POISONED" => return false,
            Err(_) => seen.after = None,
        }
        true
    }

    fn step(&mut self) -> bool {
        let before = self.seen.lock().unwrap().before.clone();
        let mut after = before.clone();
        match self.dice.below(12) {
            0 | 1 => {
                let id = format!("c{}", self.dice.below(12));
                after.remove(&id);
                self.run(after, |e| e.delete("default", &id).wait().map(drop))
            }
            2 => self.run(before, |e| e.flush(false).wait()),
            3 => self.run(before, |e| {
                let done = e.optimize(CancelToken::default(), None);
                while e.step() {}
                done.wait().map(drop)
            }),
            4 | 5 => {
                settle(self.writer.as_ref().unwrap());
                true
            }
            _ => {
                let count = if self.dice.once_in(3) { 2 + self.dice.below(4) } else { 1 };
                let mut chunks = Vec::new();
                for _ in 0..count {
                    self.writes += 1;
                    let id = format!("c{}", self.dice.below(12));
                    let content = format!("write{} {}", self.writes, "padding ".repeat(self.dice.below(30) as usize));
                    after.insert(id.clone(), content.clone());
                    chunks.push(input(&id, &content));
                }
                let durability = if self.dice.once_in(4) { Durability::Buffered } else { Durability::Sync };
                let o = WriteOptions { durability: Some(durability), ..WriteOptions::default() };
                self.run(after, |e| e.store(chunks, o).wait().map(drop))
            }
        }
    }

    fn reopen(&mut self, kill: bool) {
        if kill {
            std::mem::forget(self.writer.take());
            self.disk.clear_faults();
            self.disk.drop_locks();
        } else if let Some(writer) = self.writer.take() {
            writer.shutdown().wait().unwrap();
        }
        self.writer = Some(open_sim_graphs(&self.disk, SEGMENT, ROWS).unwrap());
        let found = contents(self.writer.as_ref().unwrap()).unwrap();
        let mut seen = self.seen.lock().unwrap();
        seen.check("reopened", Ok(found.clone()));
        (seen.before, seen.after) = (found, None);
    }
}

fn interleaved(seed: u64, steps: u64, faults: bool) -> (u64, u64, u64) {
    let mut work = Work::new(seed);
    let reader = work.watch(seed, 3);
    for step in 0..steps {
        if faults && work.dice.once_in(12) {
            let at = work.disk.ops() + 1 + work.dice.below(12);
            let fault = if work.dice.once_in(2) { Fault::NoSpace } else { Fault::Eio };
            if work.dice.once_in(3) { work.disk.fail_from(at, fault) } else { work.disk.fail_at(at, fault) }
        }
        let sure = work.step();
        if !sure || work.dice.once_in(25) {
            let kill = !sure || work.dice.once_in(2);
            work.disk.clear_faults();
            work.reopen(kill);
        } else if work.dice.once_in(3) {
            work.disk.clear_faults();
        }
        let looked = reader.refresh().wait().map_err(|e| format!("refresh: {}: {e}", e.code()));
        let mut seen = work.seen.lock().unwrap();
        seen.check("between two operations", looked.and_then(|_| answers(&reader)));
        if let Some(wrong) = &seen.wrong {
            panic!("FLUORITE_SEED={seed}, step {step}: {wrong}");
        }
    }
    let health = reader.health().unwrap();
    assert_eq!(health.status, "ok", "seed {seed}: {health:?}");
    let follow = reader.stats().wait().unwrap().follow.unwrap();
    let seen = work.seen.lock().unwrap();
    (seen.looks, seen.torn, follow.reloads)
}

#[test]
fn a_reader_sees_a_state_of_the_writer_whenever_it_looks() {
    let first = from_env("FLUORITE_SEED", 1);
    let (mut looks, mut torn, mut reloads) = (0, 0, 0);
    for seed in first..first + from_env("FLUORITE_SEEDS", 4) {
        let (a, b, c) = interleaved(seed, 60, false);
        (looks, torn, reloads) = (looks + a, torn + b, reloads + c);
    }
    eprintln!("{looks} looks, {torn} saw an operation before its caller was told, {reloads} whole states");
    assert!(torn > 3 && reloads > 10);
}

#[test]
fn a_reader_sees_a_state_of_a_writer_whose_disk_fails() {
    let first = from_env("FLUORITE_SEED", 1);
    for seed in first..first + from_env("FLUORITE_SEEDS", 4) {
        interleaved(seed ^ 0x5eed, 60, true);
    }
}

/// The reader's view of a disk on which the writer goes on between any two of its calls.
#[derive(Clone)]
struct Between {
    disk: SimVfs,
    act: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Between {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Between")
    }
}

#[derive(Debug)]
struct Watched(Box<dyn VfsFile>, Between);

impl VfsFile for Watched {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<()> {
        (self.1.act)();
        self.0.read_at(buf, offset)
    }
    fn write_at(&self, _: &[u8], _: u64) -> std::io::Result<()> {
        panic!("a reader writes")
    }
    fn sync(&self) -> std::io::Result<()> {
        panic!("a reader syncs")
    }
    fn set_len(&self, _: u64) -> std::io::Result<()> {
        panic!("a reader cuts")
    }
    fn len(&self) -> std::io::Result<u64> {
        (self.1.act)();
        self.0.len()
    }
}

impl Vfs for Between {
    fn create_dir_all(&self, path: &Path) -> std::io::Result<()> {
        panic!("a reader makes {path:?}")
    }
    fn open(&self, path: &Path, mode: OpenMode) -> std::io::Result<Box<dyn VfsFile>> {
        assert_eq!(mode, OpenMode::Read, "{path:?}");
        (self.act)();
        Ok(Box::new(Watched(self.disk.open(path, mode)?, self.clone())))
    }
    fn map(&self, path: &Path, len: u64) -> std::io::Result<Mapped> {
        (self.act)();
        self.disk.map(path, len)
    }
    fn rename(&self, from: &Path, _: &Path) -> std::io::Result<()> {
        panic!("a reader renames {from:?}")
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        panic!("a reader removes {path:?}")
    }
    fn list(&self, path: &Path) -> std::io::Result<Vec<String>> {
        (self.act)();
        self.disk.list(path)
    }
    fn sync_dir(&self, path: &Path) -> std::io::Result<()> {
        panic!("a reader syncs {path:?}")
    }
    fn lock(&self, path: &Path, _: &str) -> std::io::Result<Option<Box<dyn VfsLock>>> {
        panic!("a reader locks {path:?}")
    }
}

/// The writer goes on while the reader looks: what was acknowledged before a refresh is there after it, and what is there is a
/// state the writer had.
#[test]
fn a_refresh_sees_what_was_acknowledged_before_it_while_the_writer_goes_on() {
    let first = from_env("FLUORITE_SEED", 1);
    let mut reloads = 0;
    for seed in first..first + from_env("FLUORITE_SEEDS", 4) {
        let work = Arc::new(Mutex::new(Work::new(seed)));
        let states = Arc::new(Mutex::new(vec![Contents::new()]));
        let dice = Mutex::new(Dice::new(seed ^ 0x777));
        let (w, s) = (Arc::clone(&work), Arc::clone(&states));
        let act: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            if dice.lock().unwrap().once_in(10) {
                let mut work = w.lock().unwrap();
                assert!(work.step());
                let now = work.seen.lock().unwrap().before.clone();
                s.lock().unwrap().push(now);
            }
        });
        let between = Between { disk: work.lock().unwrap().disk.clone(), act };
        let settings = EngineConfig { read_only: true, ..config(Path::new("/store")) };
        let reader = Engine::open_on(settings, platform(Arc::new(between), Arc::new(ManualClock::at(START)))).unwrap();
        for round in 0..15 {
            let known = states.lock().unwrap().len() - 1;
            if let Err(e) = reader.refresh().wait() {
                panic!("FLUORITE_SEED={seed}, round {round}: {}: {e}", e.code());
            }
            let found = answers(&reader).unwrap_or_else(|e| panic!("FLUORITE_SEED={seed}, round {round}: {e}"));
            let states = states.lock().unwrap();
            assert!(
                states[known..].contains(&found),
                "FLUORITE_SEED={seed}, round {round}: {found:?} not in {:?}",
                &states[known..]
            );
        }
        reloads += reader.stats().wait().unwrap().follow.unwrap().reloads;
    }
    assert!(reloads > 4, "{reloads}");
}

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
