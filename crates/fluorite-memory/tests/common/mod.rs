//! Engines for tests.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // each test file uses a part; a test that fails may panic

pub mod bytes;
pub mod dice;
pub mod history;
pub mod reading;
pub mod vectors;

use std::path::Path;
use std::sync::Arc;

use fluorite_memory::vfs::{SimVfs, Vfs};
use fluorite_memory::{ChunkInput, EncryptionKey, Engine, EngineConfig, Executor, ManualClock, Platform, WriteOptions};

/// A real store without a model.
pub fn open(path: &Path) -> Engine {
    Engine::open(config(path)).unwrap()
}

/// Settings of `open`.
pub fn config(path: &Path) -> EngineConfig {
    // any test of this folder can be run on encrypted stores: FLUORITE_TEST_ENCRYPTED=1
    let encryption_key = std::env::var_os("FLUORITE_TEST_ENCRYPTED").map(|_| key(1));
    EngineConfig { enable_ml: false, num_threads: Some(2), cache_size_mb: 16, encryption_key, ..EngineConfig::new(path) }
}

/// A key of this number.
pub fn key(number: u8) -> EncryptionKey {
    EncryptionKey::new(&[number; 32]).unwrap()
}

/// A deterministic engine on a simulated disk.
pub fn open_sim(disk: &SimVfs, segment_bytes: u64) -> fluorite_memory::Result<Engine> {
    open_sim_at(disk, segment_bytes, Arc::new(ManualClock::at(1_700_000_000_000)))
}

/// The same with a clock of the test's.
pub fn open_sim_at(disk: &SimVfs, segment_bytes: u64, clock: Arc<ManualClock>) -> fluorite_memory::Result<Engine> {
    open_sim_with(disk, EngineConfig { segment_bytes, ..config(Path::new("/store")) }, clock)
}

/// One that makes graphs of so many vectors, and text segments of so many chunks.
pub fn open_sim_graphs(disk: &SimVfs, segment_bytes: u64, graph_rows: usize) -> fluorite_memory::Result<Engine> {
    open_sim_graphs_at(disk, segment_bytes, graph_rows, Arc::new(ManualClock::at(1_700_000_000_000)))
}

/// The same with a clock of the test's.
pub fn open_sim_graphs_at(
    disk: &SimVfs,
    segment_bytes: u64,
    graph_rows: usize,
    clock: Arc<ManualClock>,
) -> fluorite_memory::Result<Engine> {
    let config = EngineConfig { segment_bytes, graph_rows, text_rows: graph_rows, ..config(Path::new("/store")) };
    open_sim_with(disk, config, clock)
}

/// Reads what another engine of the same disk writes.
pub fn open_sim_reader(disk: &SimVfs) -> fluorite_memory::Result<Engine> {
    let config = EngineConfig { read_only: true, ..config(Path::new("/store")) };
    open_sim_with(disk, config, Arc::new(ManualClock::at(1_700_000_000_000)))
}

/// With these settings.
pub fn open_sim_with(disk: &SimVfs, config: EngineConfig, clock: Arc<ManualClock>) -> fluorite_memory::Result<Engine> {
    Engine::open_on(config, platform(Arc::new(disk.clone()), clock))
}

/// The inline stepper on this disk, without a model.
pub fn platform(vfs: Arc<dyn Vfs>, clock: Arc<ManualClock>) -> Platform {
    Platform { vfs, clock, executor: Executor::inline(), embedder: Box::new(|| Ok(None)), new_store: (7, 11) }
}

/// A chunk with an id.
pub fn chunk(id: &str, content: &str) -> ChunkInput {
    ChunkInput::text(content).with_id(id)
}

/// Stores one chunk and waits.
pub fn put(engine: &Engine, id: &str, content: &str) {
    engine.store(vec![chunk(id, content)], WriteOptions::default()).wait().unwrap();
}

/// The content of a chunk, if there is one.
pub fn get(engine: &Engine, id: &str) -> Option<String> {
    let found = engine.get_many("default", vec![id.into()]).wait().unwrap();
    found[0].as_ref().map(|r| r.chunk.text().into_owned())
}
