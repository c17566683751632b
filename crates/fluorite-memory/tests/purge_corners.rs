//! Purges beside other work: a vector that is late, a process that is idle.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::bytes::places;
use common::dice::Dice;
use common::{chunk, config, platform};
use fluorite_memory::vfs::{SimVfs, Vfs};
use fluorite_memory::{
    CancelToken, Clock, DeleteOptions, EmbedMode, Engine, EngineConfig, Executor, ManualClock, Platform, Query, SearchOptions,
    SystemClock, WriteOptions,
};

const PURGE: DeleteOptions = DeleteOptions { purge: true };
const PATIENCE: Duration = Duration::from_secs(60);

fn settings(rows: usize) -> EngineConfig {
    EngineConfig { segment_bytes: 24 << 10, graph_rows: rows, text_rows: rows, ..config(Path::new("/store")) }
}

/// With threads of its own, the committer among them.
fn threaded(vfs: Arc<dyn Vfs>, clock: Arc<dyn Clock>, rows: usize) -> Engine {
    let executor = Executor::pool(2).unwrap();
    let platform = Platform { vfs, clock, executor, embedder: Box::new(|| Ok(None)), new_store: (7, 11) };
    Engine::open_on(settings(rows), platform).unwrap()
}

/// Asks again and again, without any other call of the engine.
fn until(engine: &Engine, done: impl Fn(&fluorite_memory::EngineStats) -> bool) {
    let started = std::time::Instant::now();
    while !done(&engine.stats().wait().unwrap()) {
        assert!(started.elapsed() < PATIENCE, "it does not happen by itself");
        std::thread::yield_now();
    }
}

/// Everything written is indexed: the committer has nothing to do.
fn rest(engine: &Engine) {
    engine.search(Query::Text("nothing of that".into()), SearchOptions::default()).wait().unwrap();
    engine.flush(true).wait().unwrap();
    until(engine, |s| s.pending == 0);
}

#[test]
fn an_idle_process_purges_what_was_deleted_before() {
    let disk = SimVfs::new(1);
    let engine = threaded(Arc::new(disk), Arc::new(SystemClock::default()), 1_000);
    common::put(&engine, "a", "a secret");
    common::put(&engine, "b", "stays");
    assert!(engine.delete("default", "a").wait().unwrap());
    rest(&engine);
    assert!(!engine.delete_with("default", "a", PURGE).wait().unwrap());
    until(&engine, |s| s.purge_pending == 0);
    assert_eq!(engine.stats().wait().unwrap().versions, 1);
}

/// Stands still; once it leaps, hours pass with every look.
#[derive(Debug, Default)]
struct Leaping {
    now: AtomicI64,
    leaps: AtomicBool,
}

impl Clock for Leaping {
    fn wall_ms(&self) -> i64 {
        1_700_000_000_000 + self.now.load(Ordering::Relaxed)
    }
    fn monotonic_ms(&self) -> i64 {
        let step = if self.leaps.load(Ordering::Relaxed) { 7_200_000 } else { 0 };
        self.now.fetch_add(step, Ordering::Relaxed) + step
    }
}

#[test]
fn an_idle_process_notices_the_end_of_a_chunks_time_and_purges_it() {
    let (disk, clock) = (SimVfs::new(2), Arc::new(Leaping::default()));
    let engine = threaded(Arc::new(disk), Arc::clone(&clock) as Arc<dyn Clock>, 1_000);
    common::put(&engine, "b", "stays");
    let mut c = chunk("a", "a secret of an hour");
    c.ttl_seconds = Some(0.2);
    engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    rest(&engine);
    assert_eq!(engine.stats().wait().unwrap().versions, 2);
    clock.leaps.store(true, Ordering::Relaxed);
    until(&engine, |s| s.versions == 1 && s.purge_pending == 0);
}

type Action = Mutex<Option<Box<dyn FnOnce() + Send>>>;

/// An embedder beside which something happens.
struct Slow(Arc<Action>, Vec<f32>);

impl fluorite_ml::Embedder for Slow {
    fn model_id(&self) -> &str {
        "slow"
    }
    fn dimensions(&self) -> usize {
        64
    }
    fn max_tokens(&self) -> usize {
        256
    }
    fn embed(&self, text: &str) -> fluorite_ml::Result<fluorite_ml::Embedding> {
        let mut values = vec![0.125; 64];
        if text.contains("secret") {
            values.clone_from(&self.1);
            let action = self.0.lock().unwrap().take();
            action.into_iter().for_each(|act| act());
        }
        Ok(fluorite_ml::Embedding { values, tokens: 3, truncated: false })
    }
    fn tokenizer(&self) -> Option<&fluorite_ml::Tokenizer> {
        None
    }
}

#[test]
fn a_vector_that_comes_after_the_purge_of_its_chunk_is_not_kept() {
    let mut dice = Dice::new(4);
    let secret: Vec<f32> = (0..64).map(|_| if dice.once_in(2) { 0.125 } else { -0.125 }).collect();
    let (disk, action) = (SimVfs::new(4), Arc::new(Action::default()));
    let base = platform(Arc::new(disk.clone()), Arc::new(ManualClock::at(1_700_000_000_000)));
    let embedder: Arc<dyn fluorite_ml::Embedder> = Arc::new(Slow(Arc::clone(&action), secret.clone()));
    let platform = Platform { embedder: Box::new(|| Ok(Some(embedder))), ..base };
    let engine = Arc::new(Engine::open_on(EngineConfig { enable_ml: true, ..settings(1_000) }, platform).unwrap());
    let mut noise = move || -> String { (0..900).map(|_| char::from(b'a' + dice.below(26) as u8)).collect() };
    let texts: Vec<String> = (0..120).map(|_| noise()).collect();
    let (early, late) = texts.split_at(60);
    let (beside, early) = (Arc::clone(&engine), early.to_vec());
    *action.lock().unwrap() = Some(Box::new(move || {
        assert!(beside.delete_with("default", "x", PURGE).wait().unwrap());
        early.iter().enumerate().for_each(|(n, t)| common::put(&beside, &format!("e{n}"), t)); // its segment is full
    }));
    let behind = WriteOptions { embed: Some(EmbedMode::Background), ..WriteOptions::default() };
    engine.store(vec![chunk("x", "the secret")], behind).wait().unwrap();
    let settle = || while engine.step() {};
    settle();
    assert!(action.lock().unwrap().is_none(), "it was embedded");
    late.iter().enumerate().for_each(|(n, t)| common::put(&engine, &format!("l{n}"), t));
    settle();
    let done = engine.optimize(CancelToken::default(), None);
    settle();
    done.wait().unwrap();
    let bytes: Vec<u8> = secret.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(places(&disk, &bytes), Vec::<String>::new());
    assert_eq!(engine.stats().wait().unwrap().purge_pending, 0);
}

/// What is purged while a graph of it is being built, and compacted away before the build ends, is not in that graph for good.
/// The build stands in its caller's progress callback meanwhile: nothing else may wait for that.
#[test]
fn what_is_purged_and_compacted_while_a_graph_is_built_leaves_it() {
    let mut dice = Dice::new(5);
    let mut signs = || -> Vec<f32> { (0..64).map(|_| if dice.once_in(2) { 0.125 } else { -0.125 }).collect() };
    let (disk, clock) = (SimVfs::new(5), Arc::new(ManualClock::at(1_700_000_000_000)));
    let engine = threaded(Arc::new(disk.clone()), Arc::clone(&clock) as Arc<dyn Clock>, 100);
    let secret = signs();
    for n in 0..100 {
        let mut c = chunk(&format!("c{n}"), "text");
        c.embedding = Some(signs());
        engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    rest(&engine);
    let mut c = chunk("x", "a secret");
    c.embedding = Some(secret.clone());
    engine.optimize(CancelToken::default(), None).wait().unwrap();
    // one more is no work for the background, but for `optimize`
    engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    let (started, has_started) = std::sync::mpsc::channel();
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(Some((started, told)));
    let progress: fluorite_memory::ProgressFn = Arc::new(move |p| {
        if p.phase == "graph"
            && let Some((started, told)) = gate.lock().unwrap().take()
        {
            started.send(()).unwrap();
            let _ = told.recv(); // the sender goes with the test that fails
        }
    });
    let job = engine.optimize(CancelToken::default(), Some(progress));
    has_started.recv_timeout(PATIENCE).unwrap();
    assert!(engine.delete_with("default", "x", PURGE).wait().unwrap());
    clock.advance(60_001); // `optimize` was a purge too: the background waits a minute
    common::put(&engine, "y", "a write has the committer look at the clock");
    until(&engine, |s| s.versions == 101); // the log has dropped it
    assert_eq!(engine.search(Query::Text("text".into()), SearchOptions::default()).wait().unwrap().len(), 10);
    assert!(engine.stats().wait().unwrap().purge_pending > 0, "what is built still has it");
    go_on.send(()).unwrap();
    job.wait().unwrap();
    engine.optimize(CancelToken::default(), None).wait().unwrap();
    assert_eq!(engine.stats().wait().unwrap().purge_pending, 0);
    let codes: Vec<u8> = secret.iter().map(|v| if *v > 0.0 { 127 } else { -127i8 as u8 }).collect();
    assert_eq!(places(&disk, &codes), Vec::<String>::new());
    engine.shutdown().wait().unwrap();
}

/// A graph of vectors of other dimensions, all of which are gone, is no longer used: it goes, with what was purged of it.
#[test]
fn a_graph_of_former_dimensions_goes_and_with_it_what_it_holds() {
    for purged in [false, true] {
        let mut dice = Dice::new(6);
        let mut vector = |dims: usize| -> Vec<f32> { (0..dims).map(|_| if dice.once_in(2) { 0.125 } else { -0.125 }).collect() };
        let disk = SimVfs::new(6);
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let engine = common::open_sim_graphs_at(&disk, 24 << 10, 40, clock).unwrap();
        let settle = || while engine.step() {};
        let secret = vector(64);
        for n in 0..40 {
            let mut c = chunk(&format!("c{n}"), "text");
            c.embedding = Some(if n == 7 { secret.clone() } else { vector(64) });
            engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        }
        settle();
        assert_eq!(engine.stats().wait().unwrap().vector_index.graphs, 1);
        (0..40).for_each(|n| assert!(engine.delete("default", &format!("c{n}")).wait().unwrap()));
        for n in 0..5 {
            let mut c = chunk(&format!("d{n}"), "text");
            c.embedding = Some(vector(16));
            engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        }
        if purged {
            engine.delete_with("default", "c7", PURGE).wait().unwrap();
        }
        settle();
        let done = engine.optimize(CancelToken::default(), None);
        settle();
        done.wait().unwrap();
        let codes: Vec<u8> = secret.iter().map(|v| if *v > 0.0 { 127 } else { -127i8 as u8 }).collect();
        assert_eq!(places(&disk, &codes), Vec::<String>::new());
        let left: Vec<_> = disk.files().into_iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "graph")).collect();
        assert_eq!(left, Vec::new());
        let report = engine.verify_deep(CancelToken::default(), None);
        settle();
        assert!(report.wait().unwrap().ok);
    }
}

/// When `optimize` has resolved, no power cut brings a file back that held something purged.
#[test]
fn a_purge_is_durable() {
    for seed in 0..20 {
        let disk = SimVfs::new(seed);
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let engine = common::open_sim_graphs_at(&disk, 24 << 10, 20, clock).unwrap();
        let settle = || while engine.step() {};
        for n in 0..30 {
            let mut c = chunk(&format!("c{n}"), if n == 7 { "the canary is bcdfghjklm" } else { "text" });
            c.embedding = Some((0..64).map(|i| if n == 7 && i % 3 == 0 { 0.125 } else { -0.125 }).collect());
            engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        }
        settle();
        assert!(engine.delete_with("default", "c7", PURGE).wait().unwrap());
        let done = engine.optimize(CancelToken::default(), None);
        settle();
        done.wait().unwrap();
        let left = disk.crash(seed);
        let codes: Vec<u8> = (0..64).map(|i| if i % 3 == 0 { 127 } else { -127i8 as u8 }).collect();
        for wanted in [&b"bcdfghjklm"[..], &codes] {
            let holds = |path: &Path| left.read_file(path).unwrap().windows(wanted.len()).any(|w| w == wanted);
            let found: Vec<_> = left.files().into_iter().map(|(path, _)| path).filter(|path| holds(path)).collect();
            assert_eq!(found, Vec::<std::path::PathBuf>::new(), "seed {seed}");
        }
    }
}
