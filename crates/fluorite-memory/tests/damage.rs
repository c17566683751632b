//! Damaged files: a typed error or a recovered older state, never other content, never a panic (P3).
//!
//! `FLUORITE_BITS` = 8 flips every bit instead of one per byte. Not recognisable by design (docs/format.md): damage in what
//! was written last before a kill looks like a torn tail.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::dice::{Dice, from_env};
use common::history::Contents;
use common::{chunk, config, open_sim};
use fluorite_memory::log::{Manifest, segment_name};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{CancelToken, Engine, EngineConfig, ListOptions, Query, Result, SearchOptions, WriteOptions};

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A store as files, and everything that was ever true of it.
struct Store {
    name: &'static str,
    segment_bytes: u64,
    files: Files,
    states: Vec<Contents>,
    versions: BTreeMap<String, BTreeSet<String>>,
}

struct Maker {
    engine: Engine,
    states: Vec<Contents>,
}

impl Maker {
    fn put(&mut self, chunks: &[(&str, &str)]) {
        let mut state = self.states.last().unwrap().clone();
        let mut inputs = Vec::new();
        for (id, content) in chunks {
            let mut c = chunk(id, content);
            if id.starts_with('v') {
                c.embedding = Some(vec![content.len() as f32, 1.0, 2.0]);
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

/// `sealed`: several segments. `optimized`: compacted at the end. `closed`: shut down, not killed.
fn make(name: &'static str, sealed: bool, optimized: bool, closed: bool) -> Store {
    let disk = SimVfs::new(1);
    let segment_bytes = if sealed { 500 } else { 1 << 20 };
    let engine = open_sim(&disk, segment_bytes).unwrap();
    let mut m = Maker { engine, states: vec![Contents::new()] };
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
    let disk = if closed {
        m.engine.shutdown().wait().unwrap();
        disk
    } else {
        disk.restart()
    };
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, content) in m.states.iter().flatten() {
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
    assert!(files.values().map(Vec::len).sum::<usize>() < 20 << 10);
    Store { name, segment_bytes, files, states: m.states, versions }
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
}

impl Store {
    fn live(&self) -> PathBuf {
        let manifest = Manifest::load(&self.disk(), Path::new("/store")).unwrap().unwrap();
        Path::new("/store/log").join(segment_name(manifest.live))
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
        disk.set_capacity(100 << 10);
        disk
    }

    /// Opens a disk and reads everything. Content that never was is a panic.
    fn look(&self, engine: Result<Engine>, what: &dyn Fn() -> String) -> Option<Seen> {
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
        for query in [Query::Text("version longer vector group".into()), Query::Vector(vec![20.0, 1.0, 2.0])] {
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
        drop(engine.shutdown().wait()); // the disk may be too full for a snapshot
        Some(seen)
    }

    fn look_at(&self, disk: &SimVfs, what: &dyn Fn() -> String) -> Option<Seen> {
        self.look(open_sim(disk, self.segment_bytes), what)
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

fn stores() -> Vec<Store> {
    vec![
        make("killed", false, false, false),
        make("closed", false, false, true),
        make("sealed, killed", true, false, false),
        make("sealed, closed", true, false, true),
        make("optimized, killed", true, true, false),
        make("optimized, closed", true, true, true),
    ]
}

#[test]
fn every_file_cut_at_every_byte() {
    let (mut cuts, mut opened) = (0, 0);
    for store in stores() {
        let whole = store.disk();
        let live = store.live();
        for (path, bytes) in &store.files {
            for length in 0..bytes.len() {
                let what = || format!("{}: {path:?} cut to {length} of {}", store.name, bytes.len());
                let disk = whole.restart();
                disk.write_file(path, &bytes[..length]).unwrap();
                cuts += 1;
                let Some(seen) = store.look_at(&disk, &what) else { continue };
                opened += 1;
                assert!(seen.verified && seen.broken.is_empty(), "{}: {seen:?}", what());
                if *path == live {
                    assert!(store.states.contains(&seen.found), "{}: not a prefix: {:?}", what(), seen.found);
                } else {
                    store.latest(&seen, &what);
                }
            }
        }
    }
    eprintln!("{cuts} cuts, {opened} opened");
}

/// Files that only save reading the log.
fn is_derived(path: &Path) -> bool {
    path.ends_with("ids") || path.ends_with("filters")
}

#[test]
fn every_missing_file() {
    for store in stores() {
        for path in store.files.keys() {
            let what = || format!("{}: without {path:?}", store.name);
            let disk = SimVfs::new(1);
            for (p, bytes) in store.files.iter().filter(|(p, _)| *p != path) {
                disk.write_file(p, bytes).unwrap();
            }
            disk.set_capacity(100 << 10);
            let seen = store.look_at(&disk, &what);
            assert_eq!(seen.is_some(), is_derived(path), "{}", what());
            if let Some(seen) = seen {
                assert_eq!((&seen.found, seen.verified), (store.now(), true), "{}", what());
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_every_byte_of_every_file() {
    let all_bits = from_env("FLUORITE_BITS", 1) >= 8;
    let mut dice = Dice::new(8);
    let (mut flips, mut refused, mut answered, mut verified, mut recovered) = (0, 0, 0, 0, 0);
    for store in stores() {
        let whole = store.disk();
        let live_path = store.live();
        for (path, bytes) in &store.files {
            let live = *path == live_path;
            for at in 0..bytes.len() {
                let one = dice.below(8) as u8;
                for bit in if all_bits { 0..8 } else { one..one + 1 } {
                    let what = || format!("{}: {path:?} bit {bit} of byte {at} of {}", store.name, bytes.len());
                    let mut bad = bytes.clone();
                    bad[at] ^= 1 << bit;
                    let disk = whole.restart();
                    disk.write_file(path, &bad).unwrap();
                    flips += 1;
                    let Some(seen) = store.look_at(&disk, &what) else {
                        refused += 1;
                        continue;
                    };
                    store.latest_or_tail_cut(&seen, live, &what);
                    if !seen.broken.is_empty() {
                        answered += 1;
                        assert!(!seen.verified, "{}: verify does not see what reading sees", what());
                    } else if !seen.verified {
                        verified += 1;
                    } else {
                        // the index is derived and was built again; the tail was cut
                        assert!(is_derived(path) || (live && seen.cut > 0), "{}: nobody noticed", what());
                        recovered += 1;
                    }
                }
            }
        }
    }
    eprintln!(
        "{flips} flips: {refused} refused, {answered} answered by reads, {verified} by verify alone, {recovered} recovered"
    );
}

/// After a shutdown the closing group proves the last data group, also when the snapshot is lost.
#[test]
fn after_a_shutdown_damage_in_the_last_group_is_corrupt() {
    for mut store in stores().into_iter().filter(|s| s.name.ends_with("closed")) {
        store.files.retain(|p, _| !p.ends_with("ids"));
        let (live, whole) = (store.live(), store.disk());
        let bytes = store.files[&live].clone();
        for at in 0..bytes.len() {
            let what = || format!("{}: byte {at} of {}", store.name, bytes.len());
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            let disk = whole.restart();
            disk.write_file(&live, &bad).unwrap();
            let seen = store.look_at(&disk, &what);
            let closing = at >= bytes.len() - fluorite_memory::log::GROUP_HEADER;
            assert_eq!(seen.is_some(), closing, "{}", what());
            if let Some(seen) = seen {
                assert_eq!(seen.found, *store.now(), "{}", what());
            }
        }
    }
}

#[test]
fn junk_behind_the_end_of_every_file() {
    let mut dice = Dice::new(64);
    for store in stores() {
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
                match store.look_at(&disk, &what) {
                    None => assert!(path.ends_with("MANIFEST"), "{}", what()),
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
#[test]
fn damage_on_a_real_disk() {
    let mut dice = Dice::new(5);
    let root = tempfile::tempdir().unwrap();
    for store in [make("sealed, closed", true, false, true), make("optimized, killed", true, true, false)] {
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
            let engine = Engine::open(EngineConfig { segment_bytes: store.segment_bytes, ..config(&dir) });
            match store.look(engine, &what) {
                Some(seen) if cut && *path == store.live() => assert!(store.states.contains(&seen.found), "{}", what()),
                Some(seen) => store.latest_or_tail_cut(&seen, *path == store.live(), &what),
                None => {}
            }
        }
    }
}
