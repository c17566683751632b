//! Salvage: whatever is damaged, every chunk it saves is one that was stored, everything that lies outside the damage is saved,
//! and what was deleted stays deleted. Never a crash, never a byte written into the source.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::dice::{Dice, from_env};
use common::{chunk, config, open_sim_at};
use fluorite_memory::log::{Manifest, RecordView, Segment, scan_segment, segment_name};
use fluorite_memory::vfs::{SimVfs, Vfs};
use fluorite_memory::{
    CancelToken, Engine, Executor, ListOptions, ManualClock, Platform, SalvageOptions, SalvageReport, WriteOptions, salvage_on,
};

const NOW: i64 = 1_700_000_000_000;

type Files = BTreeMap<PathBuf, Vec<u8>>;
type Contents = BTreeMap<String, String>;

/// Where a version's record lies.
struct Spot {
    file: PathBuf,
    from: usize,
    to: usize,
    /// Its chunk and version; `None` for a delete.
    version: (String, Option<u32>),
}

struct Store {
    files: Files,
    /// What it holds.
    now: Contents,
    /// Every content a chunk ever had.
    ever: BTreeMap<String, BTreeSet<String>>,
    spots: Vec<Spot>,
}

fn put(e: &Engine, store: &mut Store, chunks: &[(&str, String)]) {
    let inputs = chunks.iter().map(|(id, text)| {
        let mut c = chunk(id, text);
        if id.starts_with('v') {
            c.embedding = Some(common::vectors::vector_of(text));
        }
        c.namespace = id.starts_with('n').then(|| "elsewhere".into());
        c
    });
    e.store(inputs.collect(), WriteOptions::default()).wait().unwrap();
    for (id, text) in chunks {
        store.now.insert((*id).into(), text.clone());
        store.ever.entry((*id).into()).or_default().insert(text.clone());
    }
}

fn delete(e: &Engine, store: &mut Store, id: &str) {
    assert!(e.delete("default", id).wait().unwrap());
    store.now.remove(id);
}

/// `sealed`: many small segments. `compacted`: some of them rewritten, with tombstones that must stay.
fn make(sealed: bool, compacted: bool) -> Store {
    let disk = SimVfs::new(1);
    let clock = Arc::new(ManualClock::at(NOW));
    let e = open_sim_at(&disk, if sealed { 400 } else { 1 << 20 }, clock).unwrap();
    let mut s = Store { files: Files::new(), now: Contents::new(), ever: BTreeMap::new(), spots: Vec::new() };
    put(&e, &mut s, &[("a", "the first a".into()), ("v1", "with a vector".into()), ("gone", "deleted later".into())]);
    put(&e, &mut s, &[("b", "b FGRP imitates a group FGRP".into()), ("long", "abcdefgh ".repeat(60))]);
    put(&e, &mut s, &[("a", "the second a, a longer one".into())]);
    delete(&e, &mut s, "gone");
    put(&e, &mut s, &[("n1", "in another namespace".into()), ("v2", "another vector".into())]);
    e.get_many("default", vec!["a".into(), "b".into()]).wait().unwrap();
    e.flush(false).wait().unwrap();
    put(&e, &mut s, &[("back", "was there".into())]);
    delete(&e, &mut s, "back");
    put(&e, &mut s, &[("back", "is back".into()), ("a", "the third a".into())]);
    if compacted {
        common::vectors::optimize(&e);
        put(&e, &mut s, &[("after", "behind the compaction".into())]);
        delete(&e, &mut s, "b");
    }
    e.shutdown().wait().unwrap();
    let unused = |p: &Path| p.ends_with("RESERVE") || p.ends_with("LOCK");
    let paths = disk.files().into_iter().map(|(p, _)| p).filter(|p| !unused(p));
    s.files = paths.map(|p| (p.clone(), disk.read_file(&p).unwrap())).collect();
    let manifest = Manifest::load(&disk, Path::new("/store")).unwrap().unwrap();
    for number in manifest.sealed.iter().map(|s| s.number).chain([manifest.live]) {
        let file = Path::new("/store/log").join(segment_name(number));
        let bytes = &s.files[&file];
        let segment =
            Segment::sealed(&disk, Path::new("/store/log"), number, bytes.len() as u64, manifest.id().unwrap()).unwrap();
        scan_segment(&segment, bytes, 0, |r| {
            let version = match r.view {
                RecordView::Chunk(c) => Some((c.id.to_owned(), Some(c.version))),
                RecordView::Tombstone { id, .. } => Some((id.to_owned(), None)),
                _ => None,
            };
            if let Some(version) = version {
                let from = r.location.offset as usize;
                s.spots.push(Spot { file: file.clone(), from, to: from + r.location.length as usize, version });
            }
            Ok(())
        })
        .unwrap();
    }
    s
}

fn disk_of(files: &Files) -> SimVfs {
    let disk = SimVfs::new(1);
    for (path, bytes) in files {
        disk.write_file(path, bytes).unwrap();
    }
    disk
}

/// Salvages a disk's store, and opens what came of it.
fn run(disk: &SimVfs, what: &dyn Fn() -> String) -> Option<(SalvageReport, Contents, u64)> {
    let before: Vec<_> = disk.files().into_iter().map(|(p, _)| (p.clone(), disk.read_file(&p))).collect();
    let (from, to) = (Path::new("/store"), Path::new("/saved"));
    let clock = ManualClock::at(NOW);
    let result = salvage_on(disk, from, to, &clock, (99, 77), &SalvageOptions::default(), None);
    for (path, bytes) in before {
        assert_eq!(disk.read_file(&path), bytes, "{}: {path:?} was changed", what());
    }
    let report = match result {
        Ok(report) => report,
        Err(e) => {
            assert!(disk.files().iter().all(|(p, _)| p.starts_with("/store")), "{}: left something behind", what());
            assert!(["NOT_FOUND", "UNSUPPORTED_FORMAT"].contains(&e.code()), "{}: {e}", what());
            return None;
        }
    };
    let platform = Platform {
        vfs: Arc::new(disk.clone()),
        clock: Arc::new(ManualClock::at(NOW)),
        executor: Executor::inline(),
        embedder: Box::new(|| Ok(None)),
        new_store: (7, 11),
    };
    let e = Engine::open_on(config(to), platform).unwrap_or_else(|e| panic!("{}: the new store: {e}", what()));
    let check = e.verify_deep(CancelToken::default(), None).wait().unwrap();
    assert!(check.ok, "{}: {:?}", what(), check.damaged);
    let mut found = Contents::new();
    let mut cursor = None;
    loop {
        let page = e.list(ListOptions::default(), cursor).wait().unwrap();
        found.extend(page.records.iter().map(|r| (r.chunk.id.clone(), r.chunk.text().into_owned())));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let vectors = e.stats().wait().unwrap().vectors;
    assert_eq!((report.chunks, report.vectors), (found.len() as u64, vectors), "{}", what());
    Some((report, found, vectors))
}

impl Store {
    /// What must hold when bytes `from..to` of `file` were damaged.
    fn judge(
        &self,
        damaged: Option<(&Path, usize, usize)>,
        result: Option<(SalvageReport, Contents, u64)>,
        what: &dyn Fn() -> String,
    ) {
        let Some((report, found, _)) = result else { panic!("{}: nothing was saved", what()) };
        for (id, text) in &found {
            assert!(self.ever.get(id).is_some_and(|ever| ever.contains(text)), "{}: {id} never was {text:?}", what());
        }
        let hit: Vec<&Spot> = match damaged {
            None => Vec::new(),
            Some((file, from, to)) => self.spots.iter().filter(|s| s.file == file && s.from < to && from < s.to).collect(),
        };
        let touched = |id: &String| hit.iter().any(|s| s.version.0 == *id);
        for (id, text) in self.now.iter().filter(|(id, _)| !touched(id)) {
            assert_eq!(found.get(id), Some(text), "{}: {id} lies outside the damage; {report:?}", what());
        }
        for id in found.keys().filter(|id| !self.now.contains_key(*id)) {
            let tombstone = hit.iter().any(|s| s.version == (id.clone(), None));
            assert!(tombstone && !report.warnings.is_empty(), "{}: {id} is back; {report:?}", what());
        }
        let in_log = damaged.is_some_and(|(file, ..)| file.starts_with("/store/log"));
        assert!(!in_log || !report.ok, "{}: the damage is not reported", what());
    }
}

#[test]
fn an_undamaged_store_is_saved_whole() {
    for (sealed, compacted) in [(false, false), (true, false), (true, true)] {
        let store = make(sealed, compacted);
        let (report, found, vectors) = run(&disk_of(&store.files), &|| "whole".into()).unwrap();
        assert_eq!(found, store.now);
        assert!(report.ok && report.damages == 0 && report.warnings.is_empty(), "{report:?}");
        assert_eq!((vectors, report.stepped_back, report.lost), (2, 0, 0));
        assert!(report.deleted > 0 || compacted);
    }
}

#[test]
fn damage_at_every_byte_costs_what_lies_there_alone() {
    let bits = from_env("FLUORITE_BITS", 1) as u32;
    let mut runs = 0;
    for (sealed, compacted) in [(false, false), (true, true)] {
        let store = make(sealed, compacted);
        for (file, bytes) in &store.files {
            for at in 0..bytes.len() {
                for bit in 0..bits {
                    let mut files = store.files.clone();
                    files.get_mut(file).unwrap()[at] ^= 1 << ((at as u32 + bit) % 8);
                    let what = || format!("{file:?} at {at}, sealed {sealed}");
                    store.judge(Some((file, at, at + 1)), run(&disk_of(&files), &what), &what);
                    runs += 1;
                }
            }
        }
    }
    eprintln!("{runs} damaged bytes");
}

#[test]
fn files_cut_off_anywhere_or_gone_cost_what_is_not_there() {
    let store = make(true, false);
    for (file, bytes) in &store.files {
        for at in (0..bytes.len()).step_by(7) {
            let mut files = store.files.clone();
            files.get_mut(file).unwrap().truncate(at);
            let what = || format!("{file:?} cut at {at}");
            store.judge(Some((file, at, usize::MAX)), run(&disk_of(&files), &what), &what);
        }
        let mut files = store.files.clone();
        files.remove(file);
        let what = || format!("{file:?} gone");
        store.judge(Some((file, 0, usize::MAX)), run(&disk_of(&files), &what), &what);
    }
}

#[test]
fn holes_and_several_damages_never_give_other_content() {
    let rounds: u64 = from_env("FLUORITE_SEEDS", 200);
    for seed in 0..rounds {
        let mut dice = Dice::new(seed);
        let store = make(dice.below(2) == 0, dice.below(2) == 0);
        let mut files = store.files.clone();
        for _ in 0..1 + dice.below(4) {
            if files.is_empty() {
                break;
            }
            let file = files.keys().nth(dice.below(files.len() as u64) as usize).unwrap().clone();
            let bytes = files.get_mut(&file).unwrap();
            let from = dice.below(bytes.len() as u64) as usize;
            let to = (from + 1 + dice.below(300) as usize).min(bytes.len());
            for b in &mut bytes[from..to] {
                *b = if dice.below(2) == 0 { 0 } else { dice.next() as u8 };
            }
            if dice.below(5) == 0 {
                files.remove(&file);
            }
        }
        let what = || format!("seed {seed}");
        if let Some((_, found, _)) = run(&disk_of(&files), &what) {
            for (id, text) in found {
                assert!(store.ever.get(&id).is_some_and(|ever| ever.contains(&text)), "seed {seed}: {id} never was {text:?}");
            }
        }
    }
}

#[test]
fn lost_versions_are_stepped_back_over_and_told() {
    let store = make(false, false);
    let third = store.spots.iter().find(|s| s.version == ("a".into(), Some(3))).unwrap();
    let mut files = store.files.clone();
    let last = third.to - 1;
    files.get_mut(&third.file).unwrap()[last] ^= 1;
    let (report, found, _) = run(&disk_of(&files), &|| "a".into()).unwrap();
    assert_eq!(found["a"], "the second a, a longer one");
    assert_eq!(report.damaged.len(), 1);
    let d = &report.damaged[0];
    assert_eq!((d.file.as_str(), d.offset), ("log/00000001.seg", third.from as u64));
    assert!(!report.ok && d.lost.contains("1 records"), "{d:?}");
    assert!(report.warnings.iter().any(|w| w.contains("older")), "{:?}", report.warnings);
}

#[test]
fn the_id_table_knows_deletes_and_newer_versions_whose_records_are_gone() {
    let store = make(true, false);
    for (id, kept) in [("gone", None), ("a", Some("the second a, a longer one"))] {
        let version = if id == "a" { Some(3) } else { None };
        let spot = store.spots.iter().find(|s| s.version == (id.into(), version)).unwrap();
        let mut files = store.files.clone();
        files.get_mut(&spot.file).unwrap()[spot.from + 9] ^= 4;
        let (report, found, _) = run(&disk_of(&files), &|| id.into()).unwrap();
        assert_eq!(found.get(id).map(String::as_str), kept, "{report:?}");
        if id == "a" {
            assert_eq!(
                (report.stepped_back, report.stepped_back_chunks[0].version, report.stepped_back_chunks[0].lost_version),
                (1, 2, 3)
            );
        } else {
            assert_eq!(report.deletes_from_index, 1);
        }
        // without the table the delete is unknown
        files.retain(|p, _| !p.ends_with("ids"));
        let (report, found, _) = run(&disk_of(&files), &|| id.into()).unwrap();
        assert!(found.contains_key(id));
        assert!(report.warnings.iter().any(|w| w.contains("may be back")));
    }
}

#[test]
fn without_a_manifest_every_chunk_and_supplied_vectors_are_saved() {
    for sealed in [false, true] {
        let store = make(sealed, sealed);
        let mut files = store.files.clone();
        files.retain(|p, _| !p.ends_with("MANIFEST"));
        let (report, found, vectors) = run(&disk_of(&files), &|| "no manifest".into()).unwrap();
        assert_eq!((found, vectors), (store.now.clone(), 2));
        assert!(!report.ok && report.damaged.iter().any(|d| d.file == "MANIFEST"));
        // and all headers: the salt follows from the groups
        for (_, bytes) in files.iter_mut().filter(|(p, _)| p.extension().is_some_and(|e| e == "seg")) {
            bytes[..64].fill(0);
        }
        let (_, found, vectors) = run(&disk_of(&files), &|| "no headers".into()).unwrap();
        assert_eq!((found, vectors), (store.now.clone(), 2));
    }
}

#[test]
fn a_lost_dictionary_costs_what_it_compressed() {
    let disk = SimVfs::new(1);
    let e = common::open_sim(&disk, 1 << 20).unwrap();
    let text = |i: usize| {
        format!("export function handler{i}(request, response) {{ return response.json({{ id: {i}, ok: true }}) }} // {i}")
    };
    for part in (0..1_200).collect::<Vec<_>>().chunks(100) {
        let inputs = part.iter().map(|i| chunk(&format!("c{i}"), &text(*i))).collect();
        e.store(inputs, WriteOptions::default()).wait().unwrap();
    }
    common::vectors::settle(&e);
    assert!(e.stats().wait().unwrap().dictionary_id > 0, "no dictionary was trained");
    e.store(vec![chunk("c5", &text(5_000)), chunk("new", &text(6_000))], WriteOptions::default()).wait().unwrap();
    e.shutdown().wait().unwrap();
    let whole = run(&disk, &|| "whole".into()).unwrap();
    assert_eq!((whole.0.ok, whole.1.len()), (true, 1_201));
    disk.remove_dir_all(Path::new("/saved")).unwrap();
    disk.remove(Path::new("/store/dict/00000001")).unwrap();
    let (report, found, _) = run(&disk, &|| "no dictionary".into()).unwrap();
    assert_eq!(report.dictionaries_missing, [1]);
    assert_eq!((found.get("c5"), found.get("new")), (Some(&text(5)), None), "the version before, and nothing");
    assert_eq!((report.stepped_back, report.lost), (1, 1));
    let d = report.damaged.iter().find(|d| d.lost.contains("\"new\"")).unwrap();
    assert!(d.lost.contains("dictionary is missing"), "{d:?}");
}

#[test]
fn times_reads_and_expiry_are_kept() {
    let disk = SimVfs::new(1);
    let clock = Arc::new(ManualClock::at(NOW - 10_000));
    let e = open_sim_at(&disk, 1 << 20, Arc::clone(&clock)).unwrap();
    let mut mortal = chunk("mortal", "ends in time");
    mortal.ttl_seconds = Some(5.0);
    let mut later = chunk("later", "ends later");
    later.ttl_seconds = Some(500.0);
    e.store(vec![mortal, later, chunk("read", "often")], WriteOptions::default()).wait().unwrap();
    for _ in 0..3 {
        e.get_many("default", vec!["read".into()]).wait().unwrap();
    }
    e.shutdown().wait().unwrap();
    let (report, found, _) = run(&disk, &|| "times".into()).unwrap();
    assert_eq!((found.keys().map(String::as_str).collect::<Vec<_>>(), report.expired), (vec!["later", "read"], 1));
    let platform = Platform {
        vfs: Arc::new(disk.clone()),
        clock: Arc::new(ManualClock::at(NOW)),
        executor: Executor::inline(),
        embedder: Box::new(|| Ok(None)),
        new_store: (7, 11),
    };
    let saved = Engine::open_on(config(Path::new("/saved")), platform).unwrap();
    let records = saved.get_many("default", vec!["later".into(), "read".into()]).wait().unwrap();
    let (later, read) = (records[0].as_ref().unwrap(), records[1].as_ref().unwrap());
    assert_eq!((later.chunk.created_at, later.chunk.expires_at), (NOW - 10_000, Some(NOW + 490_000)));
    assert_eq!(read.usage_count, 4, "three, and this one");
}

#[test]
fn targets_that_are_not_empty_and_folders_that_are_no_store_are_refused() {
    let store = make(false, false);
    let disk = disk_of(&store.files);
    disk.write_file("/full/file", b"x").unwrap();
    let clock = ManualClock::at(NOW);
    let run = |from: &str, to: &str| {
        salvage_on(&disk, Path::new(from), Path::new(to), &clock, (1, 2), &SalvageOptions::default(), None).unwrap_err().code()
    };
    assert_eq!(run("/store", "/full"), "INVALID_ARGUMENT");
    assert_eq!(run("/full", "/saved"), "NOT_FOUND");
    assert_eq!(run("/nowhere", "/saved"), "NOT_FOUND");
    let cancelled = SalvageOptions::default();
    cancelled.cancel.cancel();
    let e = salvage_on(&disk, Path::new("/store"), Path::new("/saved"), &clock, (1, 2), &cancelled, None).unwrap_err();
    assert_eq!(e.code(), "ABORTED");
    assert!(disk.files().iter().all(|(p, _)| p.starts_with("/store") || p.starts_with("/full")));
    let held = disk.lock(Path::new("/store/LOCK"), "1").unwrap();
    assert_eq!(run("/store", "/saved"), "STORE_LOCKED");
    drop(held);
}
