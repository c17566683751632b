//! Encryption at rest: nothing readable in the folder, only the right key opens, damage and exchange are typed errors.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::Path;
use std::sync::Arc;

use common::dice::Dice;
use common::{chunk, config, get, key, open_sim_with};
use fluorite_memory::crypt::{Encryption, Vault};
use fluorite_memory::log::{Frame, Manifest, Segment, decode_record, encode_tombstone, scan_segment};
use fluorite_memory::vfs::{OpenMode, SimVfs, Vfs};
use fluorite_memory::{
    CancelToken, EncryptionKey, Engine, EngineConfig, Error, Feedback, FeedbackKind, ManualClock, Query, SalvageOptions,
    SalvageReport, SearchMode, SearchOptions, SnapshotOptions, WriteOptions, salvage_on,
};

const ROWS: usize = 30;
const CHUNKS: usize = 100;
/// Nothing compresses or stems these.
const CONTENT: &str = "qzxvkwjphqzmbgdt";
const ID: &str = "wqpzmvxkcjhgtrbd";
const TAG: &str = "kzvbqwjxmtphgdcr";
const META: &str = "xjkqvzwbpmhtgcdr";
const QUERY: &str = "vhzkqxjwmbptgdrc";

fn open_with(disk: &SimVfs, encryption_key: Option<EncryptionKey>) -> Result<Engine, Error> {
    let config = EngineConfig {
        encryption_key,
        segment_bytes: 16 << 10,
        graph_rows: ROWS,
        text_rows: ROWS,
        ..config(Path::new("/store"))
    };
    open_sim_with(disk, config, Arc::new(ManualClock::at(1_700_000_000_000)))
}

fn signs(n: usize) -> Vec<f32> {
    let mut dice = Dice::new(n as u64);
    (0..64).map(|_| if dice.once_in(2) { 0.125 } else { -0.125 }).collect()
}

fn settle(engine: &Engine) {
    while engine.step() {}
}

fn fill(engine: &Engine) {
    for n in 0..CHUNKS {
        let mut c = chunk(&format!("{ID}{n}"), &format!("{CONTENT} number {n} of them"));
        c.tags = Some(vec![TAG.into()]);
        c.metadata = Some(serde_json::Map::from_iter([("k".into(), META.into())]));
        c.embedding = Some(signs(n));
        engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    let said = Feedback {
        chunk_id: format!("{ID}3"),
        namespace: None,
        query: Some(QUERY.into()),
        kind: FeedbackKind::Success,
        rating: None,
        correction: None,
        domain: None,
        comment: None,
    };
    engine.add_feedback(vec![said]).wait().unwrap();
    assert!(engine.delete("default", &format!("{ID}{}", CHUNKS - 1)).wait().unwrap());
    settle(engine);
}

fn optimize(engine: &Engine) {
    let done = engine.optimize(CancelToken::default(), None);
    settle(engine);
    done.wait().unwrap();
}

fn read_all(engine: &Engine) {
    for n in 0..CHUNKS - 1 {
        assert_eq!(get(engine, &format!("{ID}{n}")).unwrap(), format!("{CONTENT} number {n} of them"));
    }
    let options = SearchOptions { mode: Some(SearchMode::Lexical), limit: Some(200), ..SearchOptions::default() };
    assert_eq!(engine.search(Query::Text(CONTENT.into()), options).wait().unwrap().len(), CHUNKS - 1);
    let hits = engine.search(Query::Vector(signs(5)), SearchOptions::default()).wait().unwrap();
    assert_eq!(hits[0].id, format!("{ID}5"));
    assert_eq!(engine.feedback_stats().wait().unwrap().events, 1);
}

/// Where something of what was stored can be read.
fn readable(disk: &SimVfs) -> Vec<String> {
    let values: Vec<u8> = signs(5).iter().flat_map(|v| v.to_le_bytes()).collect();
    let codes: Vec<u8> = signs(5).iter().map(|v| if *v > 0.0 { 127 } else { -127i8 as u8 }).collect();
    let mut wanted: Vec<Vec<u8>> = [CONTENT, ID, TAG, META, QUERY].map(|s| s.as_bytes()[..12].to_vec()).into();
    wanted.extend([values, codes]);
    let found = |bytes: &[u8]| wanted.iter().any(|w| bytes.windows(w.len()).any(|b| b == w));
    disk.files().into_iter().filter(|(p, _)| found(&disk.read_file(p).unwrap())).map(|(p, _)| p.display().to_string()).collect()
}

#[test]
fn nothing_in_the_folder_can_be_read() {
    let plain = SimVfs::new(1);
    let engine = open_with(&plain, None).unwrap();
    fill(&engine);
    optimize(&engine);
    engine.shutdown().wait().unwrap();
    let kinds: String = readable(&plain).concat();
    // terms lie in pieces in their dictionary: of text segments only the names are looked at, below
    for kind in [".seg", ".graph", "events"] {
        assert!(kinds.contains(kind), "the look finds it where it is: {kinds}");
    }

    let disk = SimVfs::new(1);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    assert_eq!(readable(&disk), Vec::<String>::new());
    optimize(&engine);
    assert_eq!(readable(&disk), Vec::<String>::new());
    read_all(&engine);
    assert!(engine.stats().wait().unwrap().encrypted);
    assert!(engine.verify(CancelToken::default(), None).wait().unwrap().ok);
    engine.shutdown().wait().unwrap();
    assert_eq!(readable(&disk), Vec::<String>::new());
    let names: String = disk.files().into_iter().map(|(p, _)| p.display().to_string()).collect();
    for kind in [".seg", ".graph", ".text", "events", "index/ids", "index/filters"] {
        assert!(names.contains(kind), "{names}");
    }
    let engine = open_with(&disk, Some(key(1))).unwrap();
    settle(&engine);
    read_all(&engine);
}

#[test]
fn what_is_sealed_survives_power_loss() {
    let disk = SimVfs::new(2);
    fill(&open_with(&disk, Some(key(1))).unwrap());
    for seed in 0..8 {
        let engine = open_with(&disk.crash(seed), Some(key(1))).unwrap();
        settle(&engine);
        read_all(&engine);
    }
}

#[test]
fn only_the_right_key_opens_and_none_is_told() {
    let disk = SimVfs::new(3);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    assert!(!format!("{engine:?}{:?}", config(Path::new("x"))).contains("1, 1, 1"));
    engine.shutdown().wait().unwrap();
    let before = disk.files();
    let code = |k: Option<EncryptionKey>| {
        let e = open_with(&disk, k).unwrap_err();
        assert!(!e.to_string().contains("0202"));
        e.code()
    };
    assert_eq!(code(Some(key(2))), "KEY_WRONG");
    assert_eq!(code(None), "KEY_REQUIRED");
    assert_eq!(disk.files(), before, "a refused open changes nothing");
    let plain = SimVfs::new(4);
    fill(&open_with(&plain, None).unwrap());
    let e = open_with(&plain.restart(), Some(key(1))).unwrap_err();
    assert_eq!(e.code(), "NOT_ENCRYPTED");
}

/// A bit anywhere, or a file in another's place: a typed error, or what was stored.
#[test]
fn damage_and_exchange_are_noticed() {
    let disk = SimVfs::new(5);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    optimize(&engine);
    engine.shutdown().wait().unwrap();
    let files: Vec<_> =
        disk.files().into_iter().filter(|(p, n)| *n > 0 && !p.ends_with("RESERVE") && !p.ends_with("LOCK")).collect();
    let check = |disk: &SimVfs, what: &str| match open_with(disk, Some(key(1))) {
        Err(e) => assert!(matches!(e.code(), "CORRUPT" | "KEY_WRONG" | "UNSUPPORTED_FORMAT"), "{what}: {e}"),
        Ok(engine) => {
            settle(&engine);
            for n in 0..CHUNKS - 1 {
                match engine.get_many("default", vec![format!("{ID}{n}")]).wait() {
                    Ok(found) => {
                        let text = found[0].as_ref().map(|r| r.chunk.text().into_owned());
                        assert_eq!(text, Some(format!("{CONTENT} number {n} of them")), "{what}");
                    }
                    Err(e) => assert_eq!(e.code(), "CORRUPT", "{what}: {e}"),
                }
            }
        }
    };
    let mut dice = Dice::new(6);
    for (path, length) in &files {
        for _ in 0..6 {
            let bad = disk.restart();
            let mut bytes = bad.read_file(path).unwrap();
            let bit = dice.below(length * 8);
            bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
            bad.write_file(path, &bytes).unwrap();
            check(&bad, &format!("bit {bit} of {path:?}"));
        }
    }
    for (path, _) in &files {
        let bad = disk.restart();
        let (other, _) = &files[dice.below(files.len() as u64) as usize];
        bad.write_file(path, &disk.read_file(other).unwrap()).unwrap();
        if !path.ends_with("MANIFEST") {
            check(&bad, &format!("{other:?} in the place of {path:?}"));
        }
    }
}

#[test]
fn a_reader_needs_the_key_and_follows_with_it() {
    let disk = SimVfs::new(8);
    let writer = open_with(&disk, Some(key(1))).unwrap();
    fill(&writer);
    let read = |disk: &SimVfs, encryption_key| {
        let config = EngineConfig { read_only: true, encryption_key, ..config(Path::new("/store")) };
        open_sim_with(disk, config, Arc::new(ManualClock::at(1_700_000_000_000)))
    };
    let before: Vec<_> = disk.files().into_iter().map(|(p, _)| (disk.read_file(&p).unwrap(), p)).collect();
    assert_eq!(read(&disk, None).unwrap_err().code(), "KEY_REQUIRED");
    assert_eq!(read(&disk, Some(key(2))).unwrap_err().code(), "KEY_WRONG");
    let reader = read(&disk, Some(key(1))).unwrap();
    settle(&reader);
    read_all(&reader);
    assert!(reader.stats().wait().unwrap().encrypted);
    let after: Vec<_> = disk.files().into_iter().map(|(p, _)| (disk.read_file(&p).unwrap(), p)).collect();
    assert!(before == after, "a reader changes no byte");

    // appended to the live segment, then in segments and derived files that were not there
    common::put(&writer, "late", "written behind the reader");
    assert!(reader.refresh().wait().unwrap());
    assert_eq!(get(&reader, "late").as_deref(), Some("written behind the reader"));
    assert!(writer.delete("default", "late").wait().unwrap());
    optimize(&writer);
    assert!(reader.refresh().wait().unwrap());
    assert_eq!(get(&reader, "late"), None);
    settle(&reader);
    read_all(&reader);

    let plain = SimVfs::new(9);
    fill(&open_with(&plain, None).unwrap());
    assert_eq!(read(&plain, Some(key(1))).unwrap_err().code(), "NOT_ENCRYPTED");
}

#[test]
fn the_bound_of_rows_is_told() {
    let disk = SimVfs::new(7);
    let config = EngineConfig { encryption_key: Some(key(1)), encrypted_rows: 10, ..config(Path::new("/store")) };
    let engine = open_sim_with(&disk, config, Arc::new(ManualClock::at(1_700_000_000_000))).unwrap();
    for n in 0..10 {
        common::put(&engine, &format!("c{n}"), "text");
    }
    let one_more = || engine.store(vec![chunk("more", "text")], WriteOptions::default()).wait();
    assert_eq!(one_more().unwrap_err().code(), "ENCRYPTED_STORE_FULL");
    assert!(engine.delete("default", "c1").wait().unwrap());
    settle(&engine);
    optimize(&engine);
    one_more().unwrap();
}

fn verified(engine: &Engine) {
    let report = engine.verify_deep(CancelToken::default(), None).wait().unwrap();
    assert!(report.ok, "{:?}", report.damaged);
}

fn open_in(disk: &SimVfs, path: &str, encryption_key: Option<EncryptionKey>) -> Result<Engine, Error> {
    let config = EngineConfig { encryption_key, graph_rows: ROWS, text_rows: ROWS, ..config(Path::new(path)) };
    open_sim_with(disk, config, Arc::new(ManualClock::at(1_700_000_000_000)))
}

#[test]
fn a_snapshot_is_encrypted_with_the_same_key() {
    let disk = SimVfs::new(11);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    optimize(&engine);
    for (to, link) in [("/copy", false), ("/linked", true)] {
        let options = SnapshotOptions { link: Some(link) };
        let report = engine.snapshot(to.into(), options, CancelToken::default(), None).wait().unwrap();
        let here = disk.files().into_iter().filter(|(p, _)| p.starts_with(to)).count();
        assert_eq!(here as u64, report.files);
        assert_eq!(readable(&disk), Vec::<String>::new());
        assert_eq!(open_in(&disk, to, None).unwrap_err().code(), "KEY_REQUIRED");
        assert_eq!(open_in(&disk, to, Some(key(2))).unwrap_err().code(), "KEY_WRONG");
        let copy = open_in(&disk, to, Some(key(1))).unwrap();
        settle(&copy);
        read_all(&copy);
        verified(&copy);
        let stats = copy.stats().wait().unwrap();
        assert_eq!((stats.vector_index.built, stats.text_index.built), (0, 0), "derived files came along, and open");
        copy.shutdown().wait().unwrap();
    }
    verified(&engine);
}

/// Salvages `/store` into `/saved` of the same disk.
fn save(disk: &SimVfs, options: &SalvageOptions) -> Result<SalvageReport, Error> {
    let clock = ManualClock::at(1_700_000_000_000);
    salvage_on(disk, Path::new("/store"), Path::new("/saved"), &clock, (99, 77), options, None)
}

#[test]
fn a_salvage_needs_the_key_and_keeps_it_unless_told_otherwise() {
    let disk = SimVfs::new(12);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    engine.shutdown().wait().unwrap();
    let with = |encryption_key| SalvageOptions { encryption_key, ..SalvageOptions::default() };
    assert_eq!(save(&disk.restart(), &with(None)).unwrap_err().code(), "KEY_REQUIRED");
    assert_eq!(save(&disk.restart(), &with(Some(key(2)))).unwrap_err().code(), "KEY_WRONG");
    let both = SalvageOptions { new_encryption_key: Some(key(2)), decrypt: true, ..with(Some(key(1))) };
    assert_eq!(save(&disk.restart(), &both).unwrap_err().code(), "INVALID_ARGUMENT");
    let saved = |options: &SalvageOptions, damage: &dyn Fn(&SimVfs), opens: Option<EncryptionKey>| {
        let disk = disk.restart();
        damage(&disk);
        let report = save(&disk, options).unwrap();
        assert_eq!((report.chunks, report.lost), (CHUNKS as u64 - 1, 0), "{:?}", report.damaged);
        assert_eq!(readable(&disk).is_empty(), opens.is_some());
        let engine = open_in(&disk, "/saved", opens).unwrap();
        settle(&engine);
        read_all(&engine);
        verified(&engine);
        report
    };
    assert!(saved(&with(Some(key(1))), &|_| (), Some(key(1))).ok);
    let new = SalvageOptions { new_encryption_key: Some(key(2)), ..with(Some(key(1))) };
    assert!(saved(&new, &|_| (), Some(key(2))).ok);
    assert!(saved(&SalvageOptions { decrypt: true, ..with(Some(key(1))) }, &|_| (), None).ok);
    // without MANIFEST the copy of the keys opens what is there; without both nothing does, and that is said
    let remove = |disk: &SimVfs, names: &[&str]| names.iter().for_each(|n| disk.remove(&Path::new("/store").join(n)).unwrap());
    assert!(!saved(&with(Some(key(1))), &|d| remove(d, &["MANIFEST"]), Some(key(1))).ok);
    let bare = disk.restart();
    remove(&bare, &["MANIFEST", "KEYS"]);
    assert_eq!(save(&bare, &with(Some(key(1)))).unwrap_err().code(), "CORRUPT");
    // what was plain is not opened with a key by mistake, and can be encrypted on purpose
    let plain = SimVfs::new(13);
    let engine = open_with(&plain, None).unwrap();
    fill(&engine);
    engine.shutdown().wait().unwrap();
    assert_eq!(save(&plain.restart(), &with(Some(key(1)))).unwrap_err().code(), "NOT_ENCRYPTED");
    let encrypts = SalvageOptions { new_encryption_key: Some(key(2)), ..SalvageOptions::default() };
    assert!(save(&plain, &encrypts).unwrap().ok);
    let engine = open_in(&plain, "/saved", Some(key(2))).unwrap();
    settle(&engine);
    read_all(&engine);
    assert!(readable(&plain).iter().all(|p| p.starts_with("/store")));
}

/// Damage of a sealed segment costs what it hit, as in a plain store.
#[test]
fn a_salvage_reads_on_behind_damage() {
    let disk = SimVfs::new(14);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    engine.shutdown().wait().unwrap();
    let mut segments: Vec<_> = disk.files().into_iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "seg")).collect();
    segments.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let (path, length) = &segments[0];
    let mut bytes = disk.read_file(path).unwrap();
    let middle = (*length / 2) as usize;
    bytes[middle..middle + 8].fill(0xa5);
    disk.write_file(path, &bytes).unwrap();
    let report = save(&disk, &SalvageOptions { encryption_key: Some(key(1)), ..SalvageOptions::default() }).unwrap();
    assert!(!report.ok && report.chunks + 2 >= CHUNKS as u64 - 1, "{report:?}");
    let engine = open_in(&disk, "/saved", Some(key(1))).unwrap();
    settle(&engine);
    verified(&engine);
}

#[test]
fn a_lost_copy_of_the_keys_is_told_and_made_again() {
    let disk = SimVfs::new(15);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    verified(&engine);
    let path = Path::new("/store/KEYS");
    let before = disk.read_file(path).unwrap();
    disk.write_file(path, &before[..before.len() - 1]).unwrap();
    let report = engine.verify(CancelToken::default(), None).wait().unwrap();
    assert_eq!((report.ok, report.damaged[0].file.as_str()), (false, "KEYS"));
    engine.shutdown().wait().unwrap();
    let engine = open_with(&disk, Some(key(1))).unwrap();
    assert_eq!(disk.read_file(path).unwrap(), before);
    verified(&engine);
}

/// Bytes that were sealed: the wrapped keys aside, what lies behind a generation.
fn nonces(disk: &SimVfs) -> Vec<Vec<u8>> {
    let manifest = Manifest::load(disk, Path::new("/store")).unwrap().unwrap();
    let mut found = Vec::new();
    for (path, length) in disk.files() {
        let bytes = disk.read_file(&path).unwrap();
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if folder == "log" {
            let number = name[..8].parse().unwrap();
            let opened = manifest.encryption.as_ref().unwrap().open(&key(1), manifest.id().unwrap()).unwrap().unwrap();
            let vault = Vault::new(Arc::new(disk.clone()) as Arc<dyn Vfs>, opened);
            let segment = Segment::sealed(&vault, Path::new("/store/log"), number, length, manifest.id().unwrap()).unwrap();
            scan_segment(&segment, &bytes, 0, |r| {
                let at = r.location.offset as usize + 18 + 4;
                found.push(bytes[at..at + 24].to_vec());
                Ok(())
            })
            .unwrap();
        } else if ["dict", "index", "feedback"].contains(&folder) && name != "events" {
            found.push(bytes[4..28].to_vec());
        }
    }
    found
}

#[test]
fn no_nonce_is_used_twice() {
    let disk = SimVfs::new(16);
    let engine = open_with(&disk, Some(key(1))).unwrap();
    fill(&engine);
    optimize(&engine);
    common::put(&engine, "late", "in the live segment");
    engine.shutdown().wait().unwrap();
    let mut found = nonces(&disk);
    let all = found.len();
    found.sort();
    found.dedup();
    assert!(all > 2 * CHUNKS && found.len() == all, "{} of {all}", found.len());
}

/// A record put elsewhere, with checksums put right: its segment, kind and sequence number are sealed along.
#[test]
fn a_record_opens_in_its_place_alone() {
    let disk: Arc<dyn Vfs> = Arc::new(SimVfs::new(17));
    let encryption = Encryption::create(&key(1), 7).unwrap();
    let vault = Vault::new(disk, encryption.open(&key(1), 7).unwrap().unwrap());
    let (salt, mut record) = (5, Vec::new());
    let here = Frame::new(salt, 3, &vault);
    encode_tombstone(&mut record, &here, 42, 1_000, "default", "x");
    let opens = |record: &[u8], frame: &Frame| decode_record(record, frame, &mut Vec::new()).is_ok();
    assert!(opens(&record, &here));
    assert!(!opens(&record, &Frame::new(salt, 4, &vault)), "in another segment");
    for at in [8, 9, 10, 17] {
        let mut bad = record.clone();
        bad[at] ^= 1; // kind, flags, sequence number
        let crc = crc32c::crc32c_append(salt, &bad[4..]);
        bad[..4].copy_from_slice(&crc.to_le_bytes());
        assert!(!opens(&bad, &here), "byte {at} of its head");
    }
    // a file under another's name
    let write = |path: &str| {
        let file = vault.open(Path::new(path), OpenMode::Create).unwrap();
        file.write_at(b"sealed whole", 0).unwrap();
        file.sync().unwrap();
    };
    let read = |path: &str| {
        let file = vault.open(Path::new(path), OpenMode::Read).unwrap();
        file.read_at(&mut [0; 12], 0)
    };
    for dir in ["/s/index", "/s/dict"] {
        vault.create_dir_all(Path::new(dir)).unwrap();
    }
    write("/s/index/one.tmp");
    vault.rename(Path::new("/s/index/one.tmp"), Path::new("/s/index/one")).unwrap();
    read("/s/index/one").unwrap();
    for elsewhere in ["/s/index/two", "/s/dict/one"] {
        write("/s/index/one");
        vault.rename(Path::new("/s/index/one"), Path::new(elsewhere)).unwrap();
        read(elsewhere).unwrap_err();
    }
}
