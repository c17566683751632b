//! `verify`, shallow and deep: an undamaged store is all sound, and damage anywhere is found, named, and said what to do about.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::vectors::{optimize, settle, vector_of};
use common::{chunk, open_sim_graphs};
use fluorite_memory::vfs::{SimVfs, replace};
use fluorite_memory::{CancelToken, Damage, Engine, Feedback, VerifyReport, WriteOptions};

fn deep(engine: &Engine) -> VerifyReport {
    engine.verify_deep(CancelToken::default(), None).wait().unwrap()
}

/// A store with everything a store has: dead versions, deletes, graphs, text segments, filters, an id table, feedback.
fn make() -> SimVfs {
    let disk = SimVfs::new(1);
    let e = open_sim_graphs(&disk, 6_000, 40).unwrap();
    for round in 0..3 {
        for part in 0..10 {
            let inputs = (0..10).map(|i| {
                let n = part * 10 + i;
                let text = format!("the chunk number {n} of round {round} speaks of words{n} and of things{}", n % 7);
                let mut c = chunk(&format!("c{n}"), &text);
                c.embedding = Some(vector_of(&text));
                c.tags = Some(vec![format!("t{}", n % 5)]);
                c
            });
            e.store(inputs.collect(), WriteOptions::default()).wait().unwrap();
        }
        settle(&e);
    }
    for n in [3, 30, 77] {
        assert!(e.delete("default", &format!("c{n}")).wait().unwrap());
    }
    let said: Feedback = serde_json::from_str(r#"{"chunk_id":"c1","kind":"success","query":"words"}"#).unwrap();
    for _ in 0..2 {
        e.add_feedback(vec![said.clone()]).wait().unwrap();
    }
    optimize(&e);
    e.shutdown().wait().unwrap();
    disk
}

/// A disk with these files and nothing else.
fn copy(disk: &SimVfs) -> SimVfs {
    let copy = SimVfs::new(1);
    for (path, _) in disk.files().into_iter().filter(|(p, _)| !p.ends_with("RESERVE") && !p.ends_with("LOCK")) {
        copy.write_file(&path, &disk.read_file(&path).unwrap()).unwrap();
    }
    copy
}

fn open(disk: &SimVfs) -> Engine {
    let e = open_sim_graphs(disk, 6_000, 40).unwrap();
    settle(&e);
    e
}

fn names(report: &VerifyReport) -> Vec<&str> {
    report.damaged.iter().map(|d| d.file.as_str()).collect()
}

#[test]
fn a_sound_store_is_sound_deeply() {
    let disk = make();
    let e = open(&disk);
    let report = deep(&e);
    assert!(report.ok && report.deep, "{:?}", report.damaged);
    let have = |name: &str| disk.files().iter().any(|(p, _)| p.to_string_lossy().ends_with(name));
    assert!(have(".graph") && have(".text") && have("index/ids") && have("index/filters") && have("feedback/events"));
    assert_eq!((report.vectors, report.texts), (97, 97), "{report:?}");
    assert!(report.versions >= 97, "deleted ones until they are compacted: {report:?}");
    assert!(report.files >= 7 && report.records >= 2 * 97, "{report:?}");
    let shallow = e.verify(CancelToken::default(), None).wait().unwrap();
    assert!(shallow.ok && !shallow.deep && shallow.versions == 0);
    assert_eq!(shallow.records, report.records);
    // while there are writes, deletes, older versions and chunks that are in no derived file yet
    e.store(vec![chunk("c1", "another text"), chunk("new", "x")], WriteOptions::default()).wait().unwrap();
    assert!(e.delete("default", "c2").wait().unwrap());
    let report = deep(&e);
    assert!(report.ok, "{:?}", report.damaged);
    let cancelled = CancelToken::default();
    cancelled.cancel();
    assert_eq!(e.verify_deep(cancelled, None).wait().unwrap_err().code(), "ABORTED");
}

/// The store is open when a byte of a file goes bad.
fn flipped(made: &SimVfs, file: &Path, at: usize) -> VerifyReport {
    let disk = copy(made);
    let e = open(&disk);
    let mut bytes = disk.read_file(file).unwrap();
    bytes[at] ^= 1;
    disk.write_file(file, &bytes).unwrap();
    deep(&e)
}

#[test]
fn a_flipped_byte_of_any_file_is_found_in_that_file() {
    let disk = make();
    let unused = |p: &Path| p.ends_with("RESERVE") || p.ends_with("LOCK");
    let files: Vec<(PathBuf, u64)> = disk.files().into_iter().filter(|(p, _)| !unused(p)).collect();
    for (file, length) in files {
        let name = file.strip_prefix("/store").unwrap().to_string_lossy().into_owned();
        let bytes = disk.read_file(&file).unwrap();
        for step in 0..7 {
            let at = (length as usize - 1) * step / 6;
            // between sections lie zeros that nothing reads
            if bytes[at] == 0 && (name.ends_with(".graph") || name.ends_with(".text")) {
                continue;
            }
            // the last event cannot be told from one whose writing was never finished
            if name == "feedback/events" && at > length as usize / 2 {
                continue;
            }
            let report = flipped(&disk, &file, at);
            assert!(!report.ok, "{name} at {at} of {length} was not noticed");
            assert!(names(&report).iter().all(|n| *n == name), "{name} at {at}: {:?}", report.damaged);
            let Damage { lost, remedy, what, .. } = &report.damaged[0];
            assert!(!lost.is_empty() && !remedy.is_empty() && !what.is_empty(), "{:?}", report.damaged);
        }
    }
}

#[test]
fn the_report_says_which_bytes_and_how_many_chunks() {
    let disk = copy(&make());
    let e = open(&disk);
    let file = disk.files().into_iter().map(|(p, _)| p).find(|p| p.extension().is_some_and(|e| e == "seg")).unwrap();
    let mut bytes = disk.read_file(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 300].fill(0);
    disk.write_file(&file, &bytes).unwrap();
    for report in [deep(&e), e.verify(CancelToken::default(), None).wait().unwrap()] {
        let d = report.damaged.iter().find(|d| d.length > 0).unwrap();
        let end = d.offset + d.length;
        assert!(d.offset <= middle as u64 && end >= middle as u64 + 300 && d.length < 2_000, "{d:?}");
        assert!(d.lost.contains("chunks"), "{d:?}");
        assert!(d.remedy.contains("salvage"), "{d:?}");
        assert!(report.records > 100, "what lies behind the hole is read all the same");
    }
}

/// Files whose checksums hold and that say something else than the log: of another moment, or of another store.
#[test]
fn derived_files_that_do_not_fit_the_log_are_found() {
    let old = make();
    let e = open(&old);
    for n in 0..20 {
        let mut c = chunk(&format!("c{n}"), &format!("another text of {n}"));
        c.embedding = Some(vector_of(&format!("another {n}")));
        c.tags = Some(vec!["other".into()]);
        e.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    e.shutdown().wait().unwrap();

    // tags that are not those of the chunks, under a right checksum
    let disk = copy(&old);
    let path = Path::new("/store/index/filters");
    let mut body = disk.read_file(path).unwrap().split_off(20);
    let quality = body.windows(4).position(|w| w == 0.5f32.to_le_bytes()).unwrap();
    body[quality..quality + 4].copy_from_slice(&0.75f32.to_le_bytes());
    replace(&disk, Path::new("/store/index"), "filters", b"FLUOFLT1", 1, &body).unwrap();
    let report = deep(&open(&disk));
    assert_eq!(names(&report), ["index/filters"], "{:?}", report.damaged);
    assert!(report.damaged[0].what.contains("1 chunks"), "{:?}", report.damaged);

    // a row of the id table that lost a chunk
    let disk = copy(&old);
    let e = open(&disk);
    let path = Path::new("/store/index/ids");
    let mut body = disk.read_file(path).unwrap().split_off(20);
    let last = body.len() - 3;
    body[last] ^= 0x01;
    replace(&disk, Path::new("/store/index"), "ids", b"FLUOIDS1", 2, &body).unwrap();
    let report = deep(&e);
    assert!(names(&report).iter().all(|n| *n == "index/ids"), "{:?}", report.damaged);

    // of graphs and text segments every node and document is compared: those of another store's chunks are not these
    let disk = copy(&old);
    let e = open(&disk);
    let (mut graphs, mut texts) = (0, 0);
    for (path, _) in disk.files() {
        let mut bytes = disk.read_file(&path).unwrap();
        let name = path.to_string_lossy().into_owned();
        if name.ends_with(".graph") {
            let codes = u64::from_le_bytes(bytes[80 + 5 * 24..88 + 5 * 24].try_into().unwrap()) as usize;
            let length = u64::from_le_bytes(bytes[88 + 5 * 24..96 + 5 * 24].try_into().unwrap()) as usize;
            bytes[codes] = bytes[codes].wrapping_add(1);
            let crc = crc32c(&bytes[codes..codes + length]);
            bytes[96 + 5 * 24..100 + 5 * 24].copy_from_slice(&crc.to_le_bytes());
            graphs += 1;
        } else if name.ends_with(".text") {
            let at = 64 + 80; // lengths
            let offset = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
            let length = u64::from_le_bytes(bytes[at + 8..at + 16].try_into().unwrap()) as usize;
            bytes[offset] = bytes[offset].wrapping_add(1);
            let crc = crc32c(&bytes[offset..offset + length]);
            bytes[at + 16..at + 20].copy_from_slice(&crc.to_le_bytes());
            texts += 1;
        } else {
            continue;
        }
        let crc = crc32c(&bytes[..4_092]);
        bytes[4_092..4_096].copy_from_slice(&crc.to_le_bytes());
        disk.write_file(&path, &bytes).unwrap();
    }
    let report = deep(&e);
    assert!(graphs > 0 && texts > 0);
    let damaged = report.damaged.iter().map(|d| d.what.as_str()).collect::<Vec<_>>();
    assert_eq!(damaged.iter().filter(|w| w.contains("nodes are not those")).count(), graphs.min(1), "{damaged:?}");
    assert_eq!(damaged.iter().filter(|w| w.contains("documents have other words")).count(), texts, "{damaged:?}");
}

/// CRC-32C, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0u32, |crc, b| (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { (c >> 1) ^ 0x82f6_3b78 } else { c >> 1 }))
}

#[test]
fn a_missing_manifest_and_a_missing_dictionary_are_told() {
    let disk = copy(&make());
    let e = open(&disk);
    let manifest = disk.read_file("/store/MANIFEST").unwrap();
    fluorite_memory::vfs::Vfs::remove(&disk, Path::new("/store/MANIFEST")).unwrap();
    let report = deep(&e);
    assert_eq!(names(&report), ["MANIFEST"]);
    assert!(report.damaged[0].lost.contains("will not open"));
    disk.write_file("/store/MANIFEST", &manifest).unwrap();
    assert!(deep(&e).ok);
    let _ = Arc::new(e);
}
