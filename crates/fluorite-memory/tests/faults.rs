//! A failed fsync poisons, a full disk is survived (P5, P6). `fluorite-torture` lets every single operation fail.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use common::dice::Dice;
use common::history::{Contents, contents};
use common::{chunk, get, open_sim, put};
use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{CancelToken, SearchFilter, WriteOptions};

#[test]
fn after_a_failed_fsync_writes_are_refused_and_reads_go_on() {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, 1 << 20).unwrap();
    put(&e, "a", "1");
    disk.fail_at(disk.ops() + 2, Fault::Eio); // the write, then its fsync
    let failed = e.store(vec![chunk("a", "2")], WriteOptions::default()).wait().unwrap_err();
    assert_eq!(failed.code(), "POISONED");
    for _ in 0..2 {
        assert_eq!(e.store(vec![chunk("b", "1")], WriteOptions::default()).wait().unwrap_err().code(), "POISONED");
        assert_eq!(e.delete("default", "a").wait().unwrap_err().code(), "POISONED");
        assert_eq!(e.delete_where(SearchFilter::default(), true).wait().unwrap_err().code(), "POISONED");
        assert_eq!(e.flush(false).wait().unwrap_err().code(), "POISONED");
        assert_eq!(e.optimize(CancelToken::default(), None).wait().unwrap_err().code(), "POISONED");
        assert_eq!(get(&e, "a").as_deref(), Some("1"));
    }
    assert_eq!(e.health().unwrap().status, "failed");
    let disk = disk.restart();
    let e = open_sim(&disk, 1 << 20).unwrap();
    assert!(["1", "2"].contains(&get(&e, "a").unwrap().as_str()));
    put(&e, "b", "2");
    assert_eq!(e.health().unwrap().status, "ok");
}

#[test]
fn a_full_disk_fails_writes_alone_and_is_left_without_a_restart() {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, 64 << 10).unwrap();
    let mut dice = Dice::new(1);
    let mut noise = move |n: usize| (0..n).map(|_| char::from(b'a' + dice.below(26) as u8)).collect::<String>();
    let mut stored = Contents::new();
    disk.set_capacity(3 << 20);
    let mut fill = |stored: &mut Contents, prefix: &str| {
        let mut size = 4_000;
        for i in 0..9_000 {
            let (id, content) = (format!("{prefix}{i}"), noise(size));
            match e.store(vec![chunk(&id, &content)], WriteOptions::default()).wait() {
                Ok(_) => drop(stored.insert(id, content)),
                Err(error) => {
                    assert_eq!(error.code(), "NO_SPACE", "{error}");
                    if size == 0 {
                        return i; // not even an empty chunk finds room
                    }
                    size /= 8;
                }
            };
            while e.step() {}
        }
        panic!("the disk never fills up");
    };
    assert!(fill(&mut stored, "a") > 100);
    assert_eq!(contents(&e).unwrap(), stored);
    // deletes go on, however often writers take what room there is
    for round in 0..20 {
        let id = stored.keys().next().unwrap().clone();
        assert!(e.delete("default", &id).wait().unwrap_or_else(|e| panic!("delete {round} on a full disk: {e}")));
        stored.remove(&id);
        fill(&mut stored, &format!("again{round}-"));
    }
    assert_eq!(contents(&e).unwrap(), stored);
    // deleting half and compacting makes room
    let half: Vec<String> = stored.keys().step_by(2).cloned().collect();
    for id in half {
        assert!(e.delete("default", &id).wait().unwrap());
        stored.remove(&id);
    }
    while e.step() {}
    let optimized = e.optimize(CancelToken::default(), None);
    while e.step() {}
    optimized.wait().unwrap();
    assert!(fill(&mut stored, "b") > 50, "compaction made no room");
    assert_eq!(contents(&e).unwrap(), stored);
    // and so does a larger disk
    disk.set_capacity(6 << 20);
    assert!(fill(&mut stored, "c") > 200);
    let disk = disk.restart();
    drop(e);
    let e = open_sim(&disk, 64 << 10).unwrap();
    assert_eq!(contents(&e).unwrap(), stored);
    assert!(e.verify(CancelToken::default(), None).wait().unwrap().ok);
}
