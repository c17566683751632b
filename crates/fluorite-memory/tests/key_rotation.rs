//! Another key for an encrypted store: from one moment on the new one opens it and the old one does not, wherever the power
//! goes; in the end nothing needs the older data key.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use common::dice::Dice;
use common::{chunk, config, get, key, open_sim_with};
use fluorite_memory::crypt::{Encryption, load_keys};
use fluorite_memory::log::{Manifest, segment_name};
use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{
    CancelToken, EncryptionKey, Engine, EngineConfig, Error, Feedback, FeedbackKind, ManualClock, OptimizeReport, Query,
    SearchOptions, SnapshotOptions, WriteOptions,
};

const ROWS: usize = 20;
const CHUNKS: usize = 50;

fn open_at(disk: &SimVfs, path: &str, key: EncryptionKey, read_only: bool) -> Result<Engine, Error> {
    let config = EngineConfig {
        encryption_key: Some(key),
        segment_bytes: 8 << 10,
        graph_rows: ROWS,
        text_rows: ROWS,
        read_only,
        ..config(Path::new(path))
    };
    open_sim_with(disk, config, Arc::new(ManualClock::at(1_700_000_000_000)))
}

fn open(disk: &SimVfs, key: EncryptionKey) -> Result<Engine, Error> {
    open_at(disk, "/store", key, false)
}

fn vector(n: usize) -> Vec<f32> {
    let mut dice = Dice::new(n as u64);
    (0..16).map(|_| dice.below(2_001) as f32 - 1_000.0).collect()
}

fn settle(engine: &Engine) {
    while engine.step() {}
}

/// A store with graphs, text segments, feedback and a dictionary, and what it holds.
fn filled(disk: &SimVfs) -> BTreeMap<String, String> {
    let engine = open(disk, key(1)).unwrap();
    let mut held = BTreeMap::new();
    for n in 0..CHUNKS {
        let (id, text) = (format!("c{n}"), format!("chunk number {n} of a store whose key is changed"));
        let mut c = chunk(&id, &text);
        c.embedding = Some(vector(n));
        engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        held.insert(id, text);
    }
    assert!(engine.delete("default", "c7").wait().unwrap());
    held.remove("c7");
    let said = Feedback {
        chunk_id: "c3".into(),
        namespace: None,
        query: Some("which key".into()),
        kind: FeedbackKind::Success,
        rating: None,
        correction: None,
        domain: None,
        comment: None,
    };
    engine.add_feedback(vec![said]).wait().unwrap();
    settle(&engine);
    engine.shutdown().wait().unwrap();
    held
}

fn rotate(engine: &Engine, key: EncryptionKey) -> Result<OptimizeReport, Error> {
    let done = engine.rotate_key(key, CancelToken::default(), None);
    settle(engine);
    done.wait()
}

fn check(engine: &Engine, held: &BTreeMap<String, String>, what: &str) {
    for (id, text) in held {
        assert_eq!(get(engine, id).as_ref(), Some(text), "{what}");
    }
    assert_eq!(get(engine, "c7"), None, "{what}");
    let hits = engine.search(Query::Vector(vector(5)), SearchOptions::default()).wait().unwrap();
    assert_eq!(hits[0].id, "c5", "{what}");
    assert_eq!(engine.feedback_stats().wait().unwrap().events, 1, "{what}");
    let report = engine.verify_deep(CancelToken::default(), None).wait().unwrap();
    assert!(report.ok, "{what}: {:?}", report.damaged);
}

fn encryption(disk: &SimVfs) -> Encryption {
    Manifest::load(disk, Path::new("/store")).unwrap().unwrap().encryption.unwrap()
}

/// Files sealed whole with another data key than this one.
fn sealed_otherwise(disk: &SimVfs, generation: u32) -> Vec<String> {
    let whole =
        |p: &Path| ["/store/dict", "/store/index", "/store/feedback"].iter().any(|d| p.starts_with(d)) && !p.ends_with("events");
    let files = disk.files().into_iter().map(|(p, _)| p).filter(|p| whole(p));
    files.filter(|p| disk.read_file(p).unwrap()[..4] != generation.to_le_bytes()).map(|p| p.display().to_string()).collect()
}

#[test]
fn the_new_key_opens_the_old_one_does_not_and_nothing_needs_it() {
    let disk = SimVfs::new(1);
    let mut held = filled(&disk);
    let engine = open(&disk, key(1)).unwrap();
    settle(&engine);
    for round in 2..=4u8 {
        let wrapped = encryption(&disk);
        let report = rotate(&engine, key(round)).unwrap();
        assert!(report.segments_rewritten > 0);
        let now = encryption(&disk);
        assert_eq!((now.keys.len(), now.keys[0].generation), (1, u32::from(round)), "the older data keys are given up");
        assert_eq!(load_keys(&disk, Path::new("/store")).unwrap().unwrap().1, now, "in the copy too");
        assert_ne!(wrapped, now);
        assert_eq!(sealed_otherwise(&disk, u32::from(round)), Vec::<String>::new());
        assert!(!engine.stats().wait().unwrap().key_rotation_pending);
        common::put(&engine, &format!("after{round}"), "stored behind the rotation");
        held.insert(format!("after{round}"), "stored behind the rotation".into());
        check(&engine, &held, "rotated");
        let other = disk.restart();
        assert_eq!(open(&other, key(round - 1)).unwrap_err().code(), "KEY_WRONG");
        let again = open(&other, key(round)).unwrap();
        let stats = again.stats().wait().unwrap();
        assert_eq!((stats.vector_index.built, stats.text_index.built), (0, 0), "derived files open with the new key");
        settle(&again);
        check(&again, &held, "opened again");
    }
    engine.shutdown().wait().unwrap();
}

/// The power goes at every operation of a rotation; then what is left opens with one key, and the rest is done.
#[test]
fn power_may_go_at_any_moment() {
    let disk = SimVfs::new(2);
    let held = filled(&disk);
    let (mut old, mut resumed) = (0, 0);
    for n in 1.. {
        let disk = disk.restart();
        let engine = open(&disk, key(1)).unwrap();
        disk.fail_from(disk.ops() + n, Fault::PowerLoss);
        let whole = rotate(&engine, key(2)).is_ok();
        let after = disk.crash(n);
        drop(engine);
        let right = match open(&after, key(2)) {
            Ok(engine) => engine,
            Err(e) => {
                assert_eq!(e.code(), "KEY_WRONG", "operation {n}: {e}");
                assert!(!whole, "operation {n}");
                old += 1;
                let engine = open(&after, key(1)).unwrap_or_else(|e| panic!("operation {n}: neither key opens: {e}"));
                check(&engine, &held, &format!("operation {n}, the old key"));
                continue;
            }
        };
        assert_eq!(open(&after.restart(), key(1)).unwrap_err().code(), "KEY_WRONG", "operation {n}");
        resumed += u32::from(right.stats().wait().unwrap().key_rotation_pending);
        settle(&right);
        check(&right, &held, &format!("operation {n}"));
        assert!(!right.stats().wait().unwrap().key_rotation_pending, "operation {n}: the rest is done behind the open");
        assert_eq!(encryption(&after).keys.len(), 1, "operation {n}");
        assert_eq!(sealed_otherwise(&after, 2), Vec::<String>::new(), "operation {n}");
        right.shutdown().wait().unwrap();
        let again = open(&after, key(2)).unwrap();
        settle(&again);
        check(&again, &held, &format!("operation {n}, once more"));
        if whole {
            break;
        }
    }
    assert!(old > 2 && resumed > 20, "{old} {resumed}");
}

/// An operation fails once: the call says so, and everything acknowledged before and behind it opens with one of the keys.
#[test]
fn a_failing_disk_leaves_one_key() {
    let disk = SimVfs::new(3);
    let held = filled(&disk);
    let whole = {
        let disk = disk.restart();
        let engine = open(&disk, key(1)).unwrap();
        let before = disk.ops();
        rotate(&engine, key(2)).unwrap();
        disk.ops() - before
    };
    // all of the first step, and samples of the rest
    let moments = (1..=whole).filter(|n| *n <= 30 || n % 4 == 0);
    for (n, fault) in moments.flat_map(|n| [(n, Fault::Eio), (n, Fault::NoSpace)]) {
        let disk = disk.restart();
        let engine = open(&disk, key(1)).unwrap();
        disk.fail_at(disk.ops() + n, fault);
        let done = rotate(&engine, key(2));
        disk.clear_faults();
        let mut held = held.clone();
        let what = format!("operation {n}, {fault:?}, {:?}", done.as_ref().err());
        if engine.store(vec![chunk("later", "stored behind it")], WriteOptions::default()).wait().is_ok() {
            held.insert("later".into(), "stored behind it".into());
        }
        settle(&engine);
        drop(engine);
        let after = disk.crash(n);
        let engine = match (open(&after, key(2)), done.is_ok()) {
            (Ok(engine), _) => engine,
            (Err(e), true) => panic!("{what}: {e}"),
            (Err(e), false) => {
                assert_eq!(e.code(), "KEY_WRONG", "{what}");
                open(&after, key(1)).unwrap_or_else(|e| panic!("{what}: neither key opens: {e}"))
            }
        };
        settle(&engine);
        check(&engine, &held, &what);
    }
}

#[test]
fn what_cannot_be_rotated_says_why() {
    let plain = SimVfs::new(4);
    let config = EngineConfig { encryption_key: None, ..config(Path::new("/store")) };
    let engine = open_sim_with(&plain, config, Arc::new(ManualClock::at(1_700_000_000_000))).unwrap();
    assert_eq!(rotate(&engine, key(2)).unwrap_err().code(), "NOT_ENCRYPTED");
    let disk = SimVfs::new(5);
    let held = filled(&disk);
    let reader = open_at(&disk, "/store", key(1), true).unwrap();
    assert_eq!(rotate(&reader, key(2)).unwrap_err().code(), "READ_ONLY");
    let writer = open(&disk, key(1)).unwrap();
    settle(&writer);
    // a copy made before keeps its key
    writer.snapshot("/copy".into(), SnapshotOptions::default(), CancelToken::default(), None).wait().unwrap();
    rotate(&writer, key(2)).unwrap();
    let copy = open_at(&disk, "/copy", key(1), false).unwrap();
    settle(&copy);
    check(&copy, &held, "the copy");
    // a reader is told, and serves what it had
    assert_eq!(reader.refresh().wait().unwrap_err().code(), "KEY_WRONG");
    assert_eq!(get(&reader, "c5").as_ref(), held.get("c5"));
    let reader = open_at(&disk, "/store", key(2), true).unwrap();
    settle(&reader);
    check(&reader, &held, "a new reader");
    let stopped = CancelToken::default();
    stopped.cancel();
    let done = writer.rotate_key(key(3), stopped, None);
    settle(&writer);
    assert_eq!(done.wait().unwrap_err().code(), "ABORTED");
    assert_eq!(open_at(&disk.restart(), "/store", key(3), true).unwrap_err().code(), "KEY_WRONG");
}

/// Damage keeps the older data key: what it sealed may still be read, or salvaged.
#[test]
fn damage_keeps_the_older_key_and_is_told() {
    let disk = SimVfs::new(6);
    let held = filled(&disk);
    let manifest = Manifest::load(&disk, Path::new("/store")).unwrap().unwrap();
    let path = Path::new("/store/log").join(segment_name(manifest.sealed[0].number));
    let mut bytes = disk.read_file(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    disk.write_file(&path, &bytes).unwrap();
    let engine = open(&disk, key(1)).unwrap();
    settle(&engine);
    assert_eq!(rotate(&engine, key(2)).unwrap_err().code(), "CORRUPT");
    assert_eq!(encryption(&disk).keys.len(), 2);
    assert!(engine.stats().wait().unwrap().key_rotation_pending);
    engine.shutdown().wait().unwrap();
    bytes[middle] ^= 1;
    disk.write_file(&path, &bytes).unwrap();
    let engine = open(&disk, key(2)).unwrap();
    settle(&engine);
    check(&engine, &held, "the file is restored");
    assert_eq!(encryption(&disk).keys.len(), 1, "and the rotation gone on with");
}
