//! Damaged files: a typed error or a recovered older state, never other content, never a panic (P3).
//!
//! Not recognisable by design (docs/format.md): damage in what was written last before a kill looks like a torn tail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluorite_memory::log::{Manifest, save_dictionary, segment_name, train_dictionary};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, Engine, EngineConfig, Feedback, FeedbackKind, ListOptions, Query, Result, SearchOptions, WriteOptions,
};

use crate::common::dice::Dice;
use crate::common::history::Contents;
use crate::common::vectors::{settle, vector_of};
use crate::common::{chunk, config, open_sim_graphs};
use crate::{Options, Report};

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A store as files, and everything that was ever true of it.
pub struct Store {
    /// What it is.
    pub name: &'static str,
    segment_bytes: u64,
    /// Rows of a graph and of a text segment.
    rows: usize,
    /// Feedback that was given.
    feedback: u64,
    files: Files,
    states: Vec<Contents>,
    versions: BTreeMap<String, BTreeSet<String>>,
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
const NO_ROWS: usize = 8_192;

/// `sealed`: several segments. `optimized`: compacted at the end. `closed`: shut down, not killed.
fn make(name: &'static str, sealed: bool, optimized: bool, closed: bool) -> Store {
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
fn make_rich(name: &'static str, closed: bool) -> Store {
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

/// What came of an open store.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// Readable chunks.
    found: Contents,
    /// Chunks that answered with an error.
    broken: BTreeSet<String>,
    /// `verify` found damage, or said why it cannot tell.
    verified: bool,
    /// Bytes cut from the tail.
    cut: u64,
    /// Feedback is missing or known to be damaged, or the file does not open.
    feedback_hurt: bool,
    /// Feedback that is there.
    feedback: u64,
}

impl Store {
    fn live(&self) -> PathBuf {
        let manifest = Manifest::load(&self.disk(), Path::new("/store")).unwrap().unwrap();
        Path::new("/store/log").join(segment_name(manifest.live))
    }

    fn bytes(&self) -> u64 {
        self.files.values().map(|b| b.len() as u64).sum()
    }

    fn now(&self) -> &Contents {
        self.states.last().unwrap()
    }

    /// A disk of these files, without room for a reserve.
    fn disk(&self) -> SimVfs {
        let disk = SimVfs::new(1);
        for (path, bytes) in &self.files {
            disk.write_file(path, bytes).unwrap();
        }
        disk.set_capacity(self.bytes() + (60 << 10));
        disk
    }

    /// Opens a disk and reads everything. Content that never was is a panic.
    fn look(&self, engine: Result<Engine>, rebuild: bool, what: &dyn Fn() -> String) -> Option<Seen> {
        let typed = |e: &fluorite_memory::Error| {
            assert!(["CORRUPT", "UNSUPPORTED_FORMAT", "IO"].contains(&e.code()), "{}: {}: {e}", what(), e.code());
        };
        let engine = match engine {
            Ok(engine) => engine,
            Err(e) => {
                typed(&e);
                return None;
            }
        };
        let mut seen = Seen::default();
        for (id, versions) in &self.versions {
            match engine.get_many("default", vec![id.clone()]).wait() {
                Ok(found) => {
                    if let Some(r) = &found[0] {
                        let content = r.chunk.text().into_owned();
                        assert!(versions.contains(&content), "{}: {id} never was {content:?}", what());
                        seen.found.insert(id.clone(), content);
                    }
                }
                Err(e) => {
                    typed(&e);
                    seen.broken.insert(id.clone());
                }
            }
            match engine.history("default", id).wait() {
                Ok(kept) => {
                    for c in kept {
                        assert!(versions.contains(&*c.text()), "{}: {id} never was {:?}", what(), c.text());
                    }
                }
                Err(e) => typed(&e),
            }
        }
        match engine.list(ListOptions::default(), None).wait() {
            Ok(page) => {
                let listed: Contents = page.records.iter().map(|r| (r.chunk.id.clone(), r.chunk.text().into_owned())).collect();
                assert_eq!(listed, seen.found, "{}: the listing", what());
            }
            Err(e) => typed(&e),
        }
        for query in [Query::Text("version longer vector group common".into()), Query::Vector(vector_of("any"))] {
            match engine.search(query, SearchOptions::default()).wait() {
                Ok(hits) => {
                    for h in hits {
                        let content = h.record.unwrap().chunk.text().into_owned();
                        assert_eq!(seen.found.get(&h.id), Some(&content), "{}: a hit", what());
                    }
                }
                Err(e) if e.code() == "DIMENSION_MISMATCH" => {} // history ends before the first vector
                Err(e) => typed(&e),
            }
        }
        seen.verified = match engine.verify(CancelToken::default(), None).wait() {
            Ok(report) => report.ok,
            Err(e) => {
                typed(&e);
                false
            }
        };
        seen.cut = engine.stats().wait().unwrap().recovered_tail_bytes;
        match engine.feedback_stats().wait() {
            Ok(f) => {
                assert!(f.events + f.damaged <= self.feedback + 2, "{}: {f:?}", what());
                seen.feedback = f.events;
                seen.feedback_hurt = f.damaged > 0;
            }
            Err(e) => {
                typed(&e);
                seen.feedback_hurt = true;
            }
        }
        if rebuild && self.rows < NO_ROWS {
            self.built_again(&engine, &seen, what);
        }
        drop(engine.shutdown().wait()); // the disk may be too full for a snapshot
        Some(seen)
    }

    /// A damaged index finds everything again once what waits is done.
    fn built_again(&self, engine: &Engine, seen: &Seen, what: &dyn Fn() -> String) {
        settle(engine);
        for (id, content) in seen.found.iter().filter(|(id, _)| id.starts_with('v')) {
            let hits = engine.search(Query::Vector(vector_of(content)), SearchOptions { limit: Some(1), ..Default::default() });
            let hits = hits.wait().unwrap_or_else(|e| panic!("{}: {e}", what()));
            assert!(
                hits.first().is_some_and(|h| h.id == *id),
                "{}: the vector of {id} finds {:?}",
                what(),
                hits.first().map(|h| &h.id)
            );
        }
        let hits = engine.search(Query::Text("common".into()), SearchOptions { limit: Some(1_000), ..Default::default() });
        let hits: BTreeSet<String> =
            hits.wait().unwrap_or_else(|e| panic!("{}: {e}", what())).into_iter().map(|h| h.id).collect();
        let wanted = seen.found.iter().filter(|(_, c)| c.contains("common")).map(|(id, _)| id.clone()).collect();
        assert_eq!(hits, wanted, "{}: found by a word", what());
    }

    /// `rebuild`: a damaged index is built again and judged too.
    fn look_at(&self, disk: &SimVfs, path: &Path, rebuild: bool, what: &dyn Fn() -> String) -> Option<Seen> {
        self.look(open_sim_graphs(disk, self.segment_bytes, self.rows), rebuild && is_derived(path), what)
    }

    /// All that can be read is the latest; a chunk that answers with an error was hit itself.
    fn latest(&self, seen: &Seen, what: &dyn Fn() -> String) {
        for (id, content) in self.now() {
            if !seen.broken.contains(id) {
                assert_eq!(seen.found.get(id), Some(content), "{}: {id}", what());
            }
        }
        for id in seen.found.keys() {
            assert!(self.now().contains_key(id), "{}: {id} is back", what());
        }
    }

    /// Latest, or without the last group, which the open had to cut from the tail.
    fn latest_or_tail_cut(&self, seen: &Seen, live: bool, what: &dyn Fn() -> String) {
        if live && seen.cut > 0 {
            assert!(seen.broken.is_empty(), "{}: {seen:?}", what());
            assert!(self.states.iter().rev().take(2).any(|s| *s == seen.found), "{}: {:?}", what(), seen.found);
        } else {
            self.latest(seen, what);
        }
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

/// The bytes that are looked at: every one, or (not `all`) of long runs of zeros, which pad pages, one in a hundred.
fn places(bytes: &[u8], all: bool) -> Vec<usize> {
    let mut zeros = 0;
    let padding: Vec<bool> = bytes
        .iter()
        .map(|b| {
            zeros = if *b == 0 { zeros + 1 } else { 0 };
            zeros > 24
        })
        .collect();
    (0..bytes.len()).filter(|at| all || !padding[*at] || at % 101 == 0).collect()
}

/// Cuts every file at every byte (`all`: also within the padding of pages).
#[must_use]
pub fn truncate(options: &Options, all: bool) -> Report {
    let mut report = Report::begin("truncate", options, u64::MAX);
    for store in stores(if all { 2 } else { 1 }) {
        let whole = store.disk();
        let live = store.live();
        for (path, bytes) in &store.files {
            for length in places(bytes, all) {
                if !report.goes_on() {
                    report.add("stopped_early", 1);
                    return report.end();
                }
                let what = || format!("{}: {path:?} cut to {length} of {}", store.name, bytes.len());
                report.cycle(what, |report| {
                    let disk = whole.restart();
                    disk.write_file(path, &bytes[..length]).unwrap();
                    report.add("cuts", 1);
                    let Some(seen) = store.look_at(&disk, path, all || length % 40 == 0, &what) else { return Ok(()) };
                    report.add("opened", 1);
                    assert!(seen.verified && seen.broken.is_empty(), "{}: {seen:?}", what());
                    if *path == live {
                        assert!(store.states.contains(&seen.found), "{}: not a prefix: {:?}", what(), seen.found);
                    } else {
                        store.latest(&seen, &what);
                    }
                    Ok(())
                });
            }
        }
    }
    report.end()
}

/// Flips one bit of every byte of every file, or (`all`) each of the eight.
#[must_use]
pub fn flips(options: &Options, all: bool) -> Report {
    let mut report = Report::begin("flips", options, u64::MAX);
    let mut dice = Dice::new(options.seed);
    for store in stores(if all { 2 } else { 1 }) {
        let whole = store.disk();
        let live_path = store.live();
        for (path, bytes) in &store.files {
            let live = *path == live_path;
            for at in places(bytes, all) {
                let one = dice.below(8) as u8;
                for bit in if all { 0..8 } else { one..one + 1 } {
                    if !report.goes_on() {
                        report.add("stopped_early", 1);
                        return report.end();
                    }
                    let what = || format!("{}: {path:?} bit {bit} of byte {at} of {}", store.name, bytes.len());
                    report.cycle(what, |report| {
                        let mut bad = bytes.clone();
                        bad[at] ^= 1 << bit;
                        let disk = whole.restart();
                        disk.write_file(path, &bad).unwrap();
                        report.add("flips", 1);
                        let Some(seen) = store.look_at(&disk, path, all || at % 40 == 0, &what) else {
                            report.add("refused", 1);
                            return Ok(());
                        };
                        store.latest_or_tail_cut(&seen, live, &what);
                        if !seen.broken.is_empty() {
                            report.add("answered_by_reads", 1);
                            assert!(!seen.verified, "{}: verify does not see what reading sees", what());
                        } else if !seen.verified {
                            report.add("seen_by_verify_alone", 1);
                        } else {
                            // an index is derived and was built again; the tail was cut; damaged feedback is counted
                            let told = is_derived(path) || (live && seen.cut > 0) || (is_feedback(path) && seen.lost(&store));
                            assert!(told, "{}: nobody noticed: {seen:?}", what());
                            report.add("recovered", 1);
                        }
                        Ok(())
                    });
                }
            }
        }
    }
    report.end()
}

impl Seen {
    /// A damaged event is told of, or taken for a torn end.
    fn lost(&self, store: &Store) -> bool {
        self.feedback_hurt || self.feedback + 1 == store.feedback
    }
}

/// Feedback is no chunk: losing it costs the learned ranking.
fn is_feedback(path: &Path) -> bool {
    path.starts_with("/store/feedback")
}

/// Files that only save reading the log.
fn is_derived(path: &Path) -> bool {
    path.starts_with("/store/index")
}

/// Each file is missing once.
pub fn every_missing_file() {
    for store in stores(2) {
        for path in store.files.keys() {
            let what = || format!("{}: without {path:?}", store.name);
            let disk = SimVfs::new(1);
            for (p, bytes) in store.files.iter().filter(|(p, _)| *p != path) {
                disk.write_file(p, bytes).unwrap();
            }
            disk.set_capacity(store.bytes() + (60 << 10));
            let seen = store.look_at(&disk, path, true, &what);
            assert_eq!(seen.is_some(), is_derived(path) || is_feedback(path), "{}", what());
            if let Some(seen) = seen {
                assert_eq!((&seen.found, seen.verified), (store.now(), true), "{}", what());
            }
        }
    }
}

/// After a shutdown the closing group proves the last data group, also when the snapshot is lost.
pub fn after_a_shutdown_damage_in_the_last_group_is_corrupt() {
    for mut store in stores(2).into_iter().filter(|s| s.name.ends_with("closed")) {
        store.files.retain(|p, _| !p.ends_with("ids"));
        let (live, whole) = (store.live(), store.disk());
        let bytes = store.files[&live].clone();
        for at in 0..bytes.len() {
            let what = || format!("{}: byte {at} of {}", store.name, bytes.len());
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            let disk = whole.restart();
            disk.write_file(&live, &bad).unwrap();
            let seen = store.look_at(&disk, &live, false, &what);
            let closing = at >= bytes.len() - fluorite_memory::log::GROUP_HEADER;
            assert_eq!(seen.is_some(), closing, "{}", what());
            if let Some(seen) = seen {
                assert_eq!(seen.found, *store.now(), "{}", what());
            }
        }
    }
}

/// 1 to 64 bytes of junk behind each file.
pub fn junk_behind_the_end_of_every_file() {
    let mut dice = Dice::new(64);
    for store in stores(2) {
        let whole = store.disk();
        let live = store.live();
        for (path, bytes) in &store.files {
            for n in 1..=64 {
                let mut longer = bytes.clone();
                longer.extend((0..n).map(|_| dice.next() as u8));
                if n % 3 == 0 {
                    longer[bytes.len()..].iter_mut().zip(b"FGRP").for_each(|(b, m)| *b = *m);
                }
                if n % 5 == 0 {
                    longer[bytes.len()..].fill(0);
                }
                let what = || format!("{}: {path:?} with {n} bytes of junk", store.name);
                let disk = whole.restart();
                disk.write_file(path, &longer).unwrap();
                match store.look_at(&disk, path, n == 64, &what) {
                    None => assert!(path.ends_with("MANIFEST") || path.starts_with("/store/dict"), "{}", what()),
                    Some(seen) => {
                        assert_eq!(seen.found, *store.now(), "{}", what());
                        assert!(seen.verified, "{}", what());
                        if *path == live {
                            assert_eq!(seen.cut, n, "{}", what());
                        }
                    }
                }
            }
        }
    }
}

/// A handful of the same on files of this machine, read through maps.
pub fn damage_on_a_real_disk() {
    let mut dice = Dice::new(5);
    let root = tempfile::tempdir().unwrap();
    for store in [
        make("sealed, closed", true, false, true),
        make("optimized, killed", true, true, false),
        make_rich("rich, killed", false),
    ] {
        for round in 0..60 {
            let dir = root.path().join(format!("{}{round}", store.name.len()));
            for (path, bytes) in &store.files {
                let real = dir.join(path.strip_prefix("/store").unwrap());
                std::fs::create_dir_all(real.parent().unwrap()).unwrap();
                std::fs::write(real, bytes).unwrap();
            }
            let (path, bytes) = store.files.iter().nth(dice.below(store.files.len() as u64) as usize).unwrap();
            let at = dice.below(bytes.len() as u64) as usize;
            let mut bad = bytes.clone();
            let cut = dice.once_in(2);
            if cut {
                bad.truncate(at);
            } else {
                bad[at] ^= 1 << dice.below(8);
            }
            std::fs::write(dir.join(path.strip_prefix("/store").unwrap()), bad).unwrap();
            let what = || format!("{}: {path:?} on a real disk, byte {at}, cut {cut}", store.name);
            let engine = Engine::open(EngineConfig {
                segment_bytes: store.segment_bytes,
                graph_rows: store.rows,
                text_rows: store.rows,
                ..config(&dir)
            });
            match store.look(engine, false, &what) {
                Some(seen) if cut && *path == store.live() => assert!(store.states.contains(&seen.found), "{}", what()),
                Some(seen) => store.latest_or_tail_cut(&seen, *path == store.live(), &what),
                None => {}
            }
        }
    }
}
