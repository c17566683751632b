//! Leftovers of a crash and files of others in the folder: the store opens, takes away what is its own, touches nothing else.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::path::PathBuf;

use common::history::contents;
use common::vectors::settle;
use common::{chunk, config, open_sim_graphs, put};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{Engine, WriteOptions};

/// What a crash leaves.
const OWN: [&str; 9] = [
    "MANIFEST.tmp",
    "dict/00000001.tmp",
    "index/ids.tmp",
    "index/filters.tmp",
    "index/graphs.tmp",
    "index/000900.graph",
    "index/000901.text",
    "feedback/weights.tmp",
    "log/00000099.seg",
];
/// What somebody else put there.
const OTHERS: [&str; 5] = ["notes.txt", ".DS_Store", "index/README", "log/backup.seg.old", "dict/LICENSE"];

#[test]
fn leftovers_go_and_other_files_stay() {
    for junk in [&b""[..], b"half of something", &[0; 5_000]] {
        let disk = SimVfs::new(1);
        let engine = open_sim_graphs(&disk, 2_000, 8).unwrap();
        for i in 0..30 {
            let mut c = chunk(&format!("c{i}"), &format!("text number {i}"));
            c.embedding = Some(vec![i as f32, 1.0, 3.0]);
            engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        }
        settle(&engine);
        engine.shutdown().wait().unwrap();
        let disk = disk.restart();
        let at = |name: &&str| PathBuf::from("/store").join(name);
        OWN.iter().chain(&OTHERS).for_each(|name| disk.write_file(at(name), junk).unwrap());
        let engine = open_sim_graphs(&disk, 2_000, 8).unwrap();
        assert_eq!(contents(&engine).unwrap().len(), 30);
        put(&engine, "more", "after the leftovers");
        settle(&engine);
        assert_eq!(engine.health().unwrap().status, "ok");
        for name in &OWN {
            assert!(disk.read_file(at(name)).is_none(), "{name} is still there");
        }
        for name in &OTHERS {
            assert_eq!(disk.read_file(at(name)).as_deref(), Some(junk), "{name} was touched");
        }
    }
}

/// A lock file of a dead process and half a reserve are no obstacle, also on files of this machine.
#[test]
fn what_a_dead_process_left_does_not_stop_the_next() {
    let root = tempfile::tempdir().unwrap();
    let engine = Engine::open(config(root.path())).unwrap();
    put(&engine, "a", "1");
    engine.shutdown().wait().unwrap();
    std::fs::write(root.path().join("LOCK"), "4194304 of another time\n").unwrap();
    std::fs::write(root.path().join("RESERVE"), [0; 77]).unwrap();
    for name in OWN.iter().filter(|n| !n.starts_with("feedback")) {
        std::fs::write(root.path().join(name), "leftover").unwrap();
    }
    let engine = Engine::open(config(root.path())).unwrap();
    assert_eq!(contents(&engine).unwrap().len(), 1);
    assert_eq!(std::fs::metadata(root.path().join("RESERVE")).unwrap().len(), 1 << 20);
    assert_eq!(std::fs::read_to_string(root.path().join("LOCK")).unwrap(), std::process::id().to_string());
    engine.shutdown().wait().unwrap();
}
