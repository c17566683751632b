//! Stores as files, and everything that was ever true of them: what is damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluorite_memory::log::{Manifest, save_dictionary, segment_name, train_dictionary};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{CancelToken, Engine, Feedback, FeedbackKind, WriteOptions};

use crate::common::history::Contents;
use crate::common::vectors::{settle, vector_of};
use crate::common::{chunk, open_sim_graphs};

pub(super) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A store as files, and everything that was ever true of it.
pub struct Store {
    /// What it is.
    pub name: &'static str,
    pub(super) segment_bytes: u64,
    /// Rows of a graph and of a text segment.
    pub(super) rows: usize,
    /// Feedback that was given.
    pub(super) feedback: u64,
    pub(super) files: Files,
    /// Everything that was ever true, the oldest first.
    pub(super) states: Vec<Contents>,
    pub(super) versions: BTreeMap<String, BTreeSet<String>>,
}

struct Maker {
    engine: Engine,
    states: Vec<Contents>,
    feedback: u64,
}

impl Maker {
    fn put(&mut self, chunks: &[(&str, &str)]) {
        let mut state = self.states.last().unwrap().clone();
        let mut inputs = Vec::new();
        for (id, content) in chunks {
            let mut c = chunk(id, content);
            if id.starts_with('v') {
                c.embedding = Some(vector_of(content));
            }
            c.tags = Some(vec!["tag".into()]);
            inputs.push(c);
            state.insert((*id).into(), (*content).into());
        }
        self.engine.store(inputs, WriteOptions::default()).wait().unwrap();
        self.states.push(state);
    }

    fn delete(&mut self, id: &str) {
        let mut state = self.states.last().unwrap().clone();
        assert!(state.remove(id).is_some());
        assert!(self.engine.delete("default", id).wait().unwrap());
        self.states.push(state);
    }
}

/// Rows of a graph and of a text segment in a store that makes neither.
pub(super) const NO_ROWS: usize = 8_192;

/// `sealed`: several segments. `optimized`: compacted at the end. `closed`: shut down, not killed.
pub(super) fn make(name: &'static str, sealed: bool, optimized: bool, closed: bool) -> Store {
    let disk = SimVfs::new(1);
    let segment_bytes = if sealed { 500 } else { 1 << 20 };
    let engine = open_sim_graphs(&disk, segment_bytes, NO_ROWS).unwrap();
    let mut m = Maker { engine, states: vec![Contents::new()], feedback: 0 };
    m.put(&[("a", "the first version of a"), ("v1", "a chunk with a vector")]);
    m.put(&[("b", "b says something FGRP that looks like a group")]);
    m.put(&[("a", "the second version of a, which is longer than the first: much longer, longer, longer, longer")]);
    m.put(&[("c", "c will be deleted"), ("d", "d in the batch"), ("v2", "a vector in the batch")]);
    m.delete("c");
    m.put(&[("v1", "another chunk with another vector")]);
    m.engine.get_many("default", vec!["a".into(), "d".into()]).wait().unwrap();
    m.engine.flush(false).wait().unwrap();
    m.put(&[("e", &"abcdefgh ".repeat(20))]);
    m.delete("d");
    m.put(&[("d", "d is back")]);
    if optimized {
        let done = m.engine.optimize(CancelToken::default(), None);
        while m.engine.step() {}
        assert!(done.wait().unwrap().segments_rewritten > 1);
        m.put(&[("f", "after the compaction"), ("a", "the third version of a")]);
        m.delete("b");
    }
    m.end(disk, name, segment_bytes, NO_ROWS, closed)
}

/// A store with every kind of file: a dictionary, several segments, graphs, text segments, saved filters, feedback.
pub(super) fn make_rich(name: &'static str, closed: bool) -> Store {
    let (rows, segment_bytes) = (5, 2_500);
    let disk = SimVfs::new(1);
    drop(open_sim_graphs(&disk, segment_bytes, rows).unwrap().shutdown());
    let samples: Vec<Vec<u8>> =
        (0..400).map(|i| format!("sample {i} says that content {} is common", i * 7).into_bytes()).collect();
    let dictionary = train_dictionary(&samples, 600).unwrap();
    let root = Path::new("/store");
    save_dictionary(&disk, &root.join("dict"), 1, &dictionary).unwrap();
    let mut manifest = Manifest::load(&disk, root).unwrap().unwrap();
    manifest.dictionaries.push(1);
    manifest.save(&disk, root).unwrap();
    let disk = disk.restart();
    let mut m =
        Maker { engine: open_sim_graphs(&disk, segment_bytes, rows).unwrap(), states: vec![Contents::new()], feedback: 0 };
    for i in 0..8 {
        let text = |n: usize| format!("says that content {} is common {}", i * 10 + n, "indeed ".repeat(i));
        m.put(&[(&format!("v{i}"), &text(1)), (&format!("a{i}"), &text(2)), (&format!("v2{i}"), &text(3))]);
        m.put(&[(&format!("v{i}"), &text(4))]);
        if i % 3 == 1 {
            m.delete(&format!("v2{i}"));
        }
        m.judge(&format!("v{i}"));
        if i % 4 == 3 {
            settle(&m.engine);
        }
    }
    let done = m.engine.optimize(CancelToken::default(), None);
    settle(&m.engine);
    done.wait().unwrap();
    m.put(&[("v1", "a later version of v1"), ("a9", "not in any index file")]);
    m.delete("v22");
    m.end(disk, name, segment_bytes, rows, closed)
}

impl Maker {
    fn judge(&mut self, id: &str) {
        let (chunk_id, query, kind) = (id.to_owned(), Some("common content".into()), FeedbackKind::Success);
        let (namespace, rating, correction, domain, comment) = (None, None, None, None, None);
        let feedback = Feedback { chunk_id, namespace, query, kind, rating, correction, domain, comment };
        self.engine.add_feedback(vec![feedback]).wait().unwrap();
        self.feedback += 1;
    }

    /// The store as files.
    fn end(self, disk: SimVfs, name: &'static str, segment_bytes: u64, rows: usize, closed: bool) -> Store {
        let disk = if closed {
            self.engine.shutdown().wait().unwrap();
            disk
        } else {
            disk.restart()
        };
        let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, content) in self.states.iter().flatten() {
            versions.entry(id.clone()).or_default().insert(content.clone());
        }
        let unused = |p: &Path| p.ends_with("RESERVE") || p.ends_with("LOCK");
        let files: Files = disk
            .files()
            .into_iter()
            .map(|(p, _)| p)
            .filter(|p| !unused(p))
            .map(|p| (p.clone(), disk.read_file(&p).unwrap()))
            .collect();
        Store { name, segment_bytes, rows, feedback: self.feedback, files, states: self.states, versions }
    }
}

impl Store {
    /// Shut down, not killed: MANIFEST says how long the log is.
    pub(super) fn is_closed(&self) -> bool {
        self.name.ends_with("closed")
    }

    pub(super) fn live(&self) -> PathBuf {
        let manifest = Manifest::load(&self.disk(), Path::new("/store")).unwrap().unwrap();
        Path::new("/store/log").join(segment_name(manifest.live))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|b| b.len() as u64).sum()
    }

    pub(super) fn now(&self) -> &Contents {
        self.states.last().unwrap()
    }

    /// A disk of these files, without room for a reserve.
    pub(super) fn disk(&self) -> SimVfs {
        let disk = SimVfs::new(1);
        for (path, bytes) in &self.files {
            disk.write_file(path, bytes).unwrap();
        }
        disk.set_capacity(self.bytes() + (60 << 10));
        disk
    }
}

/// The stores that are damaged. `rich`: also those with every kind of file, one or both.
#[must_use]
pub fn stores(rich: usize) -> Vec<Store> {
    let mut all = vec![
        make("killed", false, false, false),
        make("closed", false, false, true),
        make("sealed, killed", true, false, false),
        make("sealed, closed", true, false, true),
        make("optimized, killed", true, true, false),
        make("optimized, closed", true, true, true),
    ];
    let names = [("rich, killed", false), ("rich, closed", true)];
    all.extend(names.into_iter().take(rich).map(|(name, closed)| make_rich(name, closed)));
    all
}
