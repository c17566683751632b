//! T2: power loss at any operation, and that a disk which forgets a sync is found out.

use std::path::Path;

use fluorite_memory::vfs::SyncKind;
use fluorite_torture::common::dice::from_env;
use fluorite_torture::power::{Dropped, live_through, live_through_encrypted, run};
use fluorite_torture::{Options, trace};

#[test]
fn nothing_acknowledged_is_lost() {
    let report = run(&Options::new(from_env("FLUORITE_SEEDS", 200), from_env("FLUORITE_SEED", 0), ""));
    report.assert_clean();
    assert!(report.figure("graphs_built") > 100 && report.figure("text_segments_built") > 100);
}

#[test]
fn nothing_acknowledged_is_lost_of_an_encrypted_store() {
    let first = from_env("FLUORITE_SEED", 0);
    for seed in first..first + from_env("FLUORITE_SEEDS", 200).div_ceil(8) {
        if let Err(e) = live_through_encrypted(seed) {
            panic!("FLUORITE_SEED={seed} FLUORITE_SEEDS=1: {e}");
        }
    }
}

/// The engine asks the disk for nothing that the seed does not decide: a violation can be seen again.
#[test]
fn a_seed_names_one_history_of_the_whole_engine() {
    let report = trace::run(&Options::new(1, from_env("FLUORITE_SEED", 1), ""));
    report.assert_clean();
    assert!(report.figure("calls_compared") > 1_000);
}

/// The harness finds a disk that does not store what it is told to.
fn finds(name: &str, dropped: Dropped) {
    let found = (0..200).find_map(|seed| live_through(seed, Some(dropped)).err().map(|e| (seed, e)));
    match found {
        Some((seed, e)) => eprintln!("{name}: found with seed {seed}: {}", e.chars().take(160).collect::<String>()),
        None => panic!("{name}: not found within 200 seeds"),
    }
}

fn file(kind: SyncKind, path: &Path, extension: &str) -> bool {
    kind == SyncKind::File && path.extension().is_some_and(|e| e == extension)
}

#[test]
fn a_dropped_fsync_of_the_log_is_found() {
    finds("fsync of the log", |kind, path| file(kind, path, "seg"));
}

/// Until it is verified a damaged graph may miss what it holds: it must be durable before the list names it.
#[test]
fn a_dropped_fsync_of_a_graph_is_found() {
    finds("fsync of a graph", |kind, path| file(kind, path, "graph"));
}

/// A damaged text segment is never searched, but `health` tells of it: it must be durable before the list names it.
#[test]
fn a_dropped_fsync_of_a_text_segment_is_found() {
    finds("fsync of a text segment", |kind, path| file(kind, path, "text"));
}

#[test]
fn a_dropped_sync_of_the_log_folder_is_found() {
    finds("sync of log/", |kind, path| kind == SyncKind::Dir && path.ends_with("log"));
}

#[test]
fn a_dropped_fsync_of_the_manifest_is_found() {
    finds("fsync of MANIFEST.tmp", |kind, path| kind == SyncKind::File && path.ends_with("MANIFEST.tmp"));
}

#[test]
fn a_dropped_fsync_of_feedback_is_found() {
    finds("fsync of feedback", |kind, path| kind == SyncKind::File && path.ends_with("feedback/events"));
}
