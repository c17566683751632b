//! The Rust road end to end: configuration, engine with the model, learning from the sample spikes, searching.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails may panic

use std::path::{Path, PathBuf};

use fluorite_learner::{Config, LearnOptions, LearningPipeline};
use fluorite_memory::{ChunkInput, Engine, EngineConfig, Query, SearchMode, SearchOptions, WriteOptions};

fn root() -> PathBuf {
    // asked when it runs: a build folder may serve several checkouts
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap().into()
}

fn config(dir: &Path) -> EngineConfig {
    Config::new(dir).engine_config(Some(&root().join("models")), vec![root().join("runtime")])
}

#[test]
fn spikes_are_learned_once_and_found_by_meaning() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(config(dir.path())).expect("run `npm run setup` once: the test needs the ONNX Runtime library");
    let pipeline = LearningPipeline::with_engine(engine.clone(), Config::new(dir.path()).learning);
    let options = || LearnOptions {
        path: Some(root().join("examples/spikes")),
        embed: Some(fluorite_memory::EmbedMode::Background),
        ..LearnOptions::default()
    };
    let first = pipeline.learn_from_spikes_with(options()).wait().unwrap();
    assert!(first.stored > 250 && first.repaired.len() >= 3, "{} stored, {} repaired", first.stored, first.repaired.len());
    let second = pipeline.learn_from_spikes_with(options()).wait().unwrap();
    assert_eq!((second.stored, second.updated, second.removed), (0, 0, 0));
    assert_eq!(engine.stats().wait().unwrap().chunks, first.stored);
    let chunk = ChunkInput::text("Keeping the browser's state when the user comes back to the page").with_id("mine");
    engine.store(vec![chunk], WriteOptions::default()).wait().unwrap();
    let query = Query::Text("remember what somebody typed after a reload".into());
    let hits = engine
        .search(query, SearchOptions { mode: Some(SearchMode::Vector), limit: Some(5), ..SearchOptions::default() })
        .wait()
        .unwrap();
    assert!(hits.iter().any(|h| h.id == "mine"), "{:?}", hits.iter().map(|h| &h.id).collect::<Vec<_>>());
    drop(pipeline);
    engine.shutdown().wait().unwrap();
}
