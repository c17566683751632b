//! A store on a simulated disk that cuts long texts, and what has to be true of it.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses a part; a test that fails may panic

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use fluorite_learner::StructureSplitter;
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    ChunkInput, Engine, EngineConfig, Executor, ListOptions, ManualClock, Platform, Record, TextSplitter, WriteOptions,
};

/// Texts by id.
pub type Texts = HashMap<String, String>;

pub fn config(read_only: bool) -> EngineConfig {
    EngineConfig {
        enable_ml: false,
        auto_split: true,
        splitter: Some(TextSplitter::new(StructureSplitter)),
        models_paths: vec![Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../models")],
        num_threads: Some(1),
        segment_bytes: 32 << 10,
        text_rows: 64,
        refresh_interval_ms: 0,
        read_only,
        ..EngineConfig::new(Path::new("/store"))
    }
}

pub fn open_with(disk: &SimVfs, config: EngineConfig) -> fluorite_memory::Result<Engine> {
    open_at(disk, config, Arc::new(ManualClock::at(1_700_000_000_000)))
}

pub fn open_at(disk: &SimVfs, config: EngineConfig, clock: Arc<ManualClock>) -> fluorite_memory::Result<Engine> {
    let (vfs, executor) = (Arc::new(disk.clone()), Executor::inline());
    Engine::open_on(config, Platform { vfs, clock, executor, embedder: Box::new(|| Ok(None)), new_store: (7, 11) })
}

pub fn open(disk: &SimVfs) -> Engine {
    open_with(disk, config(false)).unwrap()
}

pub fn put(engine: &Engine, id: &str, text: &str) -> u32 {
    let chunk = ChunkInput::text(text).with_id(id);
    let stored = engine.store(vec![chunk], WriteOptions::default()).wait().unwrap();
    assert_eq!((stored.stored, stored.ids), (1, vec![Some(id.to_owned())]));
    stored.split.first().map_or(1, |s| s.parts)
}

pub fn get(engine: &Engine, id: &str) -> Option<Record> {
    engine.get_many("default", vec![id.into()]).wait().unwrap().remove(0)
}

/// All rows, in the order they were stored.
pub fn rows(engine: &Engine) -> Vec<Record> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = engine.list(ListOptions::default(), cursor).wait().unwrap();
        all.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

/// What the rows say is stored: whole chunks, and texts of which every piece is there, once.
pub fn texts(engine: &Engine) -> Result<Texts, String> {
    let mut found = Texts::new();
    let mut pieces: HashMap<String, Vec<(u64, u64, String)>> = HashMap::new();
    for r in rows(engine) {
        let (id, text, m) = (r.chunk.id.clone(), r.chunk.text().into_owned(), &r.chunk.attributes.metadata);
        match m.get("parent").and_then(|p| p.as_str()) {
            Some(parent) => {
                let number = |key: &str| m[key].as_u64().unwrap();
                assert_eq!(id, format!("{parent}#{}", number("part")));
                pieces.entry(parent.to_owned()).or_default().push((number("part"), number("parts"), text));
            }
            None => _ = found.insert(id, text),
        }
    }
    for (id, mut all) in pieces {
        all.sort();
        let parts = all.len() as u64;
        let told: Vec<(u64, u64)> = all.iter().map(|(part, parts, _)| (*part, *parts)).collect();
        if told != (1..=parts).map(|part| (part, parts)).collect::<Vec<_>>() || parts < 2 {
            return Err(format!("pieces of {id:?}: {told:?}"));
        }
        if found.insert(id.clone(), all.into_iter().map(|(.., text)| text).collect()).is_some() {
            return Err(format!("{id:?} is stored whole and in pieces"));
        }
    }
    Ok(found)
}

/// Every row and every answer agrees with these texts.
pub fn agrees(engine: &Engine, ids: &[&str], wanted: &Texts) -> Result<(), String> {
    let found = texts(engine)?;
    if found != *wanted {
        let short = |t: &Texts| t.iter().map(|(id, text)| (id.clone(), text.len())).collect::<Vec<_>>();
        return Err(format!("stored {:?}, wanted {:?}", short(&found), short(wanted)));
    }
    let read = engine.get_many("default", ids.iter().map(|id| (*id).to_owned()).collect()).wait().map_err(|e| e.to_string())?;
    for (id, r) in ids.iter().zip(read) {
        if r.map(|r| r.chunk.text().into_owned()).as_ref() != wanted.get(*id) {
            return Err(format!("{id:?} reads differently"));
        }
    }
    Ok(())
}
