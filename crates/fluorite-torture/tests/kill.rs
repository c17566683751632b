//! T1, T8: kill -9, and death at any call that changes the disk.

use std::io::{BufRead, BufReader};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fluorite_memory::{Engine, Error, WriteOptions};
use fluorite_torture::child::{Task, settings};
use fluorite_torture::common::chunk;
use fluorite_torture::common::dice::from_env;
use fluorite_torture::kill::{When, graphs, plain, run, spawn};
use fluorite_torture::{Options, Report};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fluorite-torture");

/// One test at a time: a child inherits, from its fork to its exec, the locks of stores this process has open just then.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn options(cycles: u64) -> Options {
    Options::new(from_env("FLUORITE_CYCLES", cycles), from_env("FLUORITE_SEED", 1), PROGRAM)
}

fn clean(report: &Report) {
    report.assert_clean();
    assert!(report.figure("acknowledged") > report.cycles);
}

#[test]
fn nothing_acknowledged_is_lost_by_kill() {
    let _alone = alone();
    let report = plain(&options(300), When::Killed);
    clean(&report);
    assert!(report.figure("at_open") * 20 > report.cycles);
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_while_graphs_are_built() {
    let _alone = alone();
    let report = graphs(&options(100), When::Killed);
    clean(&report);
    assert!(report.figure("opens_with_graphs") > 50 && report.figure("opens_with_text_segments") > 50);
}

#[test]
fn nothing_acknowledged_is_lost_by_death_at_a_call() {
    let _alone = alone();
    clean(&run(&options(150), When::AtCall));
}

#[test]
fn a_second_process_is_told_who_holds_the_store_until_the_holder_dies() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("store");
    let mut holder = spawn(PROGRAM.as_ref(), &Task { dir: dir.clone(), hold: true, ..Task::default() });
    let mut out = BufReader::new(holder.stdout.take().unwrap());
    let mut line = String::new();
    while !line.ends_with("@r\n") {
        assert!(out.read_line(&mut line).unwrap() > 0, "the holder ended: {line}");
    }
    let started = Instant::now();
    let refused = Engine::open(settings(&dir, 0)).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    match refused {
        Error::StoreLocked { pid, .. } => assert_eq!(pid, holder.id()),
        e => panic!("{}: {e}", e.code()),
    }
    holder.kill().unwrap();
    holder.wait().unwrap();
    let engine = Engine::open(settings(&dir, 0)).unwrap();
    engine.store(vec![chunk("mine", "now")], WriteOptions::default()).wait().unwrap();
    engine.shutdown().wait().unwrap();
}
