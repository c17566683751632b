//! `snapshot`: a store of its own that has exactly what was acknowledged at one moment, while writing goes on.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use common::dice::Dice;
use common::vectors::{own_contents_find, settle, vector_of};
use common::{chunk, config, get, open_sim, open_sim_graphs, put};
use fluorite_memory::vfs::{Fault, SimVfs, Vfs};
use fluorite_memory::{
    CancelToken, Engine, EngineConfig, Executor, ListOptions, ManualClock, Platform, Progress, SnapshotOptions, SnapshotReport,
    WriteOptions,
};

fn snapshot(e: &Engine, to: &Path) -> fluorite_memory::Result<SnapshotReport> {
    e.snapshot(to.into(), SnapshotOptions::default(), CancelToken::default(), None).wait()
}

fn all(e: &Engine) -> BTreeMap<String, String> {
    let (mut found, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page = e.list(ListOptions::default(), cursor).wait().unwrap();
        found.extend(page.records.iter().map(|r| (r.chunk.id.clone(), r.chunk.text().into_owned())));
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

fn open_at(disk: &SimVfs, path: &str) -> Engine {
    let platform = Platform {
        vfs: Arc::new(disk.clone()),
        clock: Arc::new(ManualClock::at(1_700_000_000_000)),
        executor: Executor::inline(),
        embedder: Box::new(|| Ok(None)),
        new_store: (7, 11),
    };
    Engine::open_on(EngineConfig { graph_rows: 40, text_rows: 40, ..config(Path::new(path)) }, platform).unwrap()
}

#[test]
fn a_copy_has_everything_with_its_indexes_and_lives_on_by_itself() {
    let disk = SimVfs::new(1);
    let e = open_sim_graphs(&disk, 4_000, 40).unwrap();
    let texts: Vec<String> = (0..120).map(|i| format!("text number {i} of the store")).collect();
    for (i, text) in texts.iter().enumerate() {
        let mut c = chunk(&format!("c{i}"), text);
        c.embedding = Some(vector_of(text));
        e.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    settle(&e);
    for _ in 0..3 {
        e.get_many("default", vec!["c7".into()]).wait().unwrap();
    }
    e.delete("default", "c0").wait().unwrap();
    let before = all(&e);
    let report = snapshot(&e, Path::new("/copies/one")).unwrap();
    put(&e, "later", "not in the copy");
    put(&e, "c1", "changed since");
    assert_eq!((report.chunks, report.linked), (119, 0));
    let here = |p: &Path| p.starts_with("/copies/one");
    let files: Vec<_> = disk.files().into_iter().filter(|(p, _)| here(p)).collect();
    assert_eq!(files.len() as u64, report.files, "{files:?}");
    assert!(disk.files().iter().all(|(p, _)| !p.to_string_lossy().contains(".part")));

    let copy = open_at(&disk, "/copies/one");
    assert_eq!(all(&copy), before);
    let stats = copy.stats().wait().unwrap();
    assert!(stats.vector_index.graphs > 0 && stats.text_index.segments > 0, "{stats:?}");
    assert_eq!((stats.vector_index.built, stats.text_index.built), (0, 0), "the derived files came along");
    assert_eq!(copy.health().unwrap().status, "ok");
    let check = copy.verify_deep(CancelToken::default(), None).wait().unwrap();
    assert!(check.ok, "{:?}", check.damaged);
    own_contents_find(&copy, before.iter()).unwrap();
    let read = copy.get_many("default", vec!["c7".into()]).wait().unwrap();
    assert_eq!(read[0].as_ref().unwrap().usage_count, 4, "read counters came along");
    put(&copy, "own", "of the copy");
    assert_eq!((get(&e, "own"), get(&copy, "later")), (None, None));
    copy.shutdown().wait().unwrap();
    assert_eq!(get(&e, "later").as_deref(), Some("not in the copy"));
    assert!(e.verify_deep(CancelToken::default(), None).wait().unwrap().ok);
}

/// Each write changes both chunks of a pair in one batch, under a counter; an oracle knows which were acknowledged before the call
/// and which were begun when it ended. A copy that is of one moment has every pair whole, every writer at one of its states in
/// between.
#[test]
fn while_writers_write_the_copy_is_of_one_moment() {
    const WRITERS: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let e = Engine::open(EngineConfig { segment_bytes: 40_000, ..config(&folder.path().join("store")) }).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let begun: Arc<Vec<AtomicU64>> = Arc::new((0..WRITERS).map(|_| AtomicU64::new(0)).collect());
    let done: Arc<Vec<AtomicU64>> = Arc::new((0..WRITERS).map(|_| AtomicU64::new(0)).collect());
    let threads: Vec<_> = (0..WRITERS)
        .map(|w| {
            let (e, stop, begun, done) = (e.clone(), Arc::clone(&stop), Arc::clone(&begun), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut dice = Dice::new(w as u64);
                let mut n = 0;
                while !stop.load(Ordering::SeqCst) {
                    n += 1;
                    begun[w].store(n, Ordering::SeqCst);
                    let text = format!("{n} {}", "x".repeat(dice.below(900) as usize));
                    let pair = vec![chunk(&format!("{w}a"), &text), chunk(&format!("{w}b"), &text)];
                    e.store(pair, WriteOptions { atomic: Some(true), ..WriteOptions::default() }).wait().unwrap();
                    // a chunk that is there for odd counts only
                    if n % 2 == 0 {
                        assert!(e.delete("default", &format!("{w}odd")).wait().unwrap());
                    } else {
                        put(&e, &format!("{w}odd"), &n.to_string());
                    }
                    done[w].store(n, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let optimizing = e.clone();
    let mut last = [0; WRITERS];
    for round in 0..8 {
        let wanted: Vec<u64> = last.iter().map(|n| n + 5).collect();
        while done.iter().zip(&wanted).any(|(d, w)| d.load(Ordering::SeqCst) < *w) {
            std::thread::yield_now();
        }
        let compacting = (round % 2 == 1).then(|| optimizing.optimize(CancelToken::default(), None));
        let to = folder.path().join(format!("copy-{round}"));
        let before: Vec<u64> = done.iter().map(|n| n.load(Ordering::SeqCst)).collect();
        let o = SnapshotOptions { link: Some(round % 3 == 0) };
        let report = e.snapshot(to.clone(), o, CancelToken::default(), None).wait().unwrap();
        let after: Vec<u64> = begun.iter().map(|n| n.load(Ordering::SeqCst)).collect();
        assert!(report.linked == 0 || round % 3 == 0, "{report:?}"); // how many segments are sealed by now is the machine's affair
        if let Some(compacting) = compacting {
            compacting.wait().unwrap();
        }
        let copy = Engine::open(config(&to)).unwrap();
        let found = all(&copy);
        assert_eq!(found.len() as u64, report.chunks);
        for w in 0..WRITERS {
            let count = |id: String| found.get(&id).map_or(0, |t| t.split(' ').next().unwrap().parse::<u64>().unwrap());
            let (a, b) = (count(format!("{w}a")), count(format!("{w}b")));
            assert_eq!(found.get(&format!("{w}a")), found.get(&format!("{w}b")), "a batch was torn");
            assert!(before[w] <= a && a <= after[w], "writer {w} is at {a}, acknowledged {}, begun {}", before[w], after[w]);
            let odd = count(format!("{w}odd"));
            // the store or delete behind the pair is there or not: nothing older, nothing newer
            let allowed = if a % 2 == 1 { [a, 0] } else { [0, a - 1] };
            assert!(allowed.contains(&odd), "writer {w}: pair {a}, odd {odd}");
            last[w] = b;
        }
        let check = copy.verify_deep(CancelToken::default(), None).wait().unwrap();
        assert!(check.ok, "round {round}: {:?}", check.damaged);
        copy.shutdown().wait().unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    threads.into_iter().for_each(|t| t.join().unwrap());
    e.shutdown().wait().unwrap();
}

#[test]
fn linked_files_are_never_changed_by_either_store() {
    let folder = tempfile::tempdir().unwrap();
    let (store, to) = (folder.path().join("store"), folder.path().join("copy"));
    let e = Engine::open(EngineConfig { segment_bytes: 5_000, ..config(&store) }).unwrap();
    for i in 0..60 {
        put(&e, &format!("c{i}"), &format!("{i} {}", "text ".repeat(40)));
    }
    let o = SnapshotOptions { link: Some(true) };
    let report = e.snapshot(to.clone(), o, CancelToken::default(), None).wait().unwrap();
    assert!(report.linked > 0 || !cfg!(unix), "{report:?}");
    let copy = Engine::open(config(&to)).unwrap();
    let expected = all(&copy);
    for i in 0..60 {
        put(&e, &format!("c{i}"), "changed in the store");
    }
    e.optimize(CancelToken::default(), None).wait().unwrap();
    e.shutdown().wait().unwrap();
    assert_eq!(all(&copy), expected);
    for i in 0..30 {
        assert!(copy.delete("default", &format!("c{i}")).wait().unwrap());
    }
    copy.optimize(CancelToken::default(), None).wait().unwrap();
    copy.shutdown().wait().unwrap();
    let e = Engine::open(config(&store)).unwrap();
    assert!(all(&e).values().all(|t| t == "changed in the store"));
    assert!(e.verify_deep(CancelToken::default(), None).wait().unwrap().ok);
    e.shutdown().wait().unwrap();
}

#[test]
fn targets_that_are_not_empty_or_lie_in_the_store_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let e = Engine::open(config(&store)).unwrap();
    put(&e, "a", "text");
    let full = folder.path().join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("file"), "kept").unwrap();
    for to in [full.clone(), full.join("file"), store.clone(), store.join("inside"), store.join("log")] {
        assert_eq!(snapshot(&e, &to).unwrap_err().code(), "INVALID_ARGUMENT", "{to:?}");
    }
    assert_eq!(std::fs::read(full.join("file")).unwrap(), b"kept");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert_eq!(snapshot(&e, &empty).unwrap().chunks, 1);
    let entries = |p: &Path| std::fs::read_dir(p).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(entries(folder.path()).len(), 3, "{:?}", entries(folder.path()));
    e.shutdown().wait().unwrap();
}

#[test]
fn a_cancelled_copy_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let e = Engine::open(config(&folder.path().join("store"))).unwrap();
    put(&e, "a", &"text ".repeat(1_000));
    let cancel = CancelToken::default();
    let (told, seen) = (cancel.clone(), Arc::new(Mutex::new(0)));
    let count = Arc::clone(&seen);
    let progress = Arc::new(move |p: Progress| {
        assert_eq!(p.phase, "snapshot");
        *count.lock().unwrap() += 1;
        told.cancel();
    });
    let to = folder.path().join("copy");
    let e2 = e.snapshot(to.clone(), SnapshotOptions::default(), cancel, Some(progress)).wait().unwrap_err();
    assert_eq!((e2.code(), *seen.lock().unwrap()), ("ABORTED", 1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing beside the store");
    assert_eq!(snapshot(&e, &to).unwrap().chunks, 1);
    e.shutdown().wait().unwrap();
}

/// Every operation of a copy fails once: it either is complete or leaves nothing, and the store is none the worse.
#[test]
fn a_failing_disk_leaves_a_whole_copy_or_none() {
    let build = || {
        let disk = SimVfs::new(3);
        let e = open_sim(&disk, 600).unwrap();
        for i in 0..6 {
            put(&e, &format!("c{i}"), &format!("content {i} {}", "z".repeat(200)));
        }
        (disk, e)
    };
    let (disk, e) = build();
    let from = disk.ops();
    snapshot(&e, Path::new("/copy")).unwrap();
    let ops = disk.ops() - from;
    let mut failed = 0;
    for fault in [Fault::NoSpace, Fault::Eio] {
        for op in 1..=ops {
            let (disk, e) = build();
            disk.fail_at(disk.ops() + op, fault);
            let result = snapshot(&e, Path::new("/copy"));
            disk.clear_faults();
            let there = disk.files().iter().any(|(p, _)| p.starts_with("/copy"));
            match result {
                Ok(_) => assert!(there, "op {op}"),
                Err(_) => {
                    failed += 1;
                    // a rename that was made and reported as failed stands as it is: a whole copy
                    let whole = there && all(&open_at(&disk, "/copy")).len() == 6;
                    assert!(!there || whole, "op {op} {fault:?}");
                }
            }
            assert_eq!(all(&e).len(), 6, "op {op}");
        }
    }
    assert!(failed > 20, "{failed}");
}

#[test]
fn power_loss_leaves_a_whole_copy_or_none() {
    let disk = SimVfs::new(5);
    let e = open_sim(&disk, 600).unwrap();
    for i in 0..6 {
        put(&e, &format!("c{i}"), &format!("content {i} {}", "z".repeat(200)));
    }
    let from = disk.ops();
    snapshot(&e, Path::new("/copy")).unwrap();
    let ops = disk.ops() - from;
    let mut whole = 0;
    for op in 1..=ops {
        for seed in 0..4 {
            let disk = SimVfs::new(5);
            let e = open_sim(&disk, 600).unwrap();
            for i in 0..6 {
                put(&e, &format!("c{i}"), &format!("content {i} {}", "z".repeat(200)));
            }
            disk.fail_at(disk.ops() + op, Fault::PowerLoss);
            let result = snapshot(&e, Path::new("/copy"));
            let disk = disk.crash(seed);
            if disk.files().iter().any(|(p, _)| p.starts_with("/copy")) {
                assert_eq!(all(&open_at(&disk, "/copy")).len(), 6, "op {op} seed {seed}");
                whole += 1;
            } else {
                assert!(result.is_err(), "op {op} seed {seed}: acknowledged and gone");
            }
            assert_eq!(all(&open_at(&disk, "/store")).len(), 6);
        }
    }
    assert!(whole > 0);
    let disk = disk.crash(1);
    assert_eq!(all(&open_at(&disk, "/copy")).len(), 6, "acknowledged: it survives");
}

#[test]
fn a_damaged_segment_is_not_copied_silently() {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, 600).unwrap();
    for i in 0..6 {
        put(&e, &format!("c{i}"), &format!("content {i} {}", "z".repeat(200)));
    }
    let path = Path::new("/store/log/00000001.seg");
    let mut bytes = disk.read_file(path).unwrap();
    bytes[200] ^= 1;
    disk.write_file(path, &bytes).unwrap();
    let e2 = snapshot(&e, Path::new("/copy")).unwrap_err();
    assert_eq!(e2.code(), "CORRUPT");
    assert!(disk.files().iter().all(|(p, _)| p.starts_with("/store")));
    assert!(disk.is_vacant(Path::new("/copy")).unwrap());
}

/// Also what is acknowledged and on no disk yet (durability `buffered`), and read counters that are in memory alone.
#[test]
fn what_is_acknowledged_and_not_durable_is_in_the_copy() {
    let disk = SimVfs::new(1);
    let e = open_at(&disk, "/store");
    put(&e, "a", "durable");
    let buffered = WriteOptions { durability: Some(fluorite_memory::Durability::Buffered), ..WriteOptions::default() };
    e.store(vec![chunk("b", "acknowledged"), chunk("c", "as well")], buffered).wait().unwrap();
    e.get_many("default", vec!["b".into()]).wait().unwrap();
    let report = snapshot(&e, Path::new("/copy")).unwrap();
    assert_eq!(report.chunks, 3);
    let copy = open_at(&disk.crash(1), "/copy");
    assert_eq!(all(&copy), all(&e));
    let read = copy.get_many("default", vec!["b".into()]).wait().unwrap();
    assert_eq!(read[0].as_ref().map(|r| r.usage_count), Some(2));
}
