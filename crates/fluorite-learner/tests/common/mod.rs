//! An engine on a folder of its own, words only, and a folder to learn beside it.

use std::path::PathBuf;
use std::sync::Arc;

use fluorite_memory::{Chunk, Engine, EngineConfig, ListOptions};

/// A test file adds what it needs.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub engine: Engine,
}

impl Bench {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("learned")).unwrap();
        let engine = Engine::open(EngineConfig { enable_ml: false, ..EngineConfig::new(dir.path().join("store")) }).unwrap();
        Self { dir, engine }
    }

    /// The folder to learn.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("learned")
    }

    /// Writes a file below it.
    pub fn raw(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// All chunks, by id.
    pub fn chunks(&self) -> Vec<Arc<Chunk>> {
        let (mut out, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.engine.list(ListOptions::default(), cursor).wait().unwrap();
            out.extend(page.records.into_iter().map(|r| r.chunk));
            cursor = page.next;
            if cursor.is_none() {
                out.sort_by(|a, b| a.id.cmp(&b.id));
                return out;
            }
        }
    }

    pub fn ids(&self) -> Vec<String> {
        self.chunks().iter().map(|c| c.id.clone()).collect()
    }

    /// Ids, contents and attributes of a namespace.
    pub fn contents(&self, namespace: &str) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
        let chunks = self.chunks();
        let of = chunks.iter().filter(|c| c.namespace == namespace);
        of.map(|c| (c.id.clone(), c.content.clone(), c.attributes.clone())).collect()
    }
}
