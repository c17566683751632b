//! Failing input and output: typed errors, nothing acknowledged lost, a failed fsync poisons, a full disk is survived (P5, P6).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use common::dice::Dice;
use common::history::{Contents, contents};
use common::vectors::{own_contents_find, vector_of};
use common::{chunk, get, open_sim, open_sim_graphs, put};
use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{CancelToken, Durability, Engine, Error, SearchFilter, SetFilter, WriteOptions};

const SEGMENT: u64 = 900;
/// Vectors that become a graph: graphs are built and joined in every round.
const GRAPH_ROWS: usize = 3;

/// One run of the workload: what was acknowledged, and what a poisoned write may have left.
#[derive(Default)]
struct Run {
    acked: Contents,
    /// The write that was under way when the store was poisoned may be found at the next open.
    perhaps: Option<Contents>,
    poisoned: bool,
    errors: u64,
}

impl Run {
    fn note<T>(&mut self, what: &str, result: Result<T, Error>, after: Contents) -> Result<(), String> {
        match result {
            Ok(_) if self.poisoned => return Err(format!("{what} went through on a poisoned store")),
            Ok(_) => self.acked = after,
            Err(e) => {
                self.errors += 1;
                match e.code() {
                    "POISONED" => {
                        if !self.poisoned {
                            self.perhaps = Some(after);
                        }
                        self.poisoned = true;
                    }
                    code if self.poisoned => return Err(format!("{what} on a poisoned store: {code}: {e}")),
                    "IO" | "NO_SPACE" => {}
                    code => return Err(format!("{what}: {code}: {e}")),
                }
            }
        }
        Ok(())
    }

    fn store(&mut self, e: &Engine, chunks: &[(&str, String)], durability: Durability) -> Result<(), String> {
        let mut after = self.acked.clone();
        after.extend(chunks.iter().map(|(id, c)| ((*id).to_owned(), c.clone())));
        let inputs = chunks
            .iter()
            .map(|(id, c)| {
                let mut input = chunk(id, c);
                input.tags = id.starts_with('t').then(|| vec!["t".into()]);
                input.embedding = Some(vector_of(c));
                input
            })
            .collect();
        let done = e.store(inputs, WriteOptions { durability: Some(durability), ..WriteOptions::default() }).wait();
        self.note("store", done, after)
    }

    fn delete(&mut self, e: &Engine, id: &str) -> Result<(), String> {
        let mut after = self.acked.clone();
        let there = after.remove(id).is_some();
        let done = e.delete("default", id).wait();
        if done.as_ref().is_ok_and(|found| *found != there) {
            return Err(format!("delete of {id} says {}", !there));
        }
        self.note("delete", done, after)
    }

    /// The fixed workload. Errors of the store are noted; a violation is returned.
    fn work(&mut self, e: &Engine, reads_fail: bool) -> Result<(), String> {
        for round in 0..4 {
            for i in 0..5 {
                let durability = if i == 3 { Durability::Buffered } else { Durability::Sync };
                self.store(e, &[(&format!("c{i}"), format!("round {round} of chunk {i} {}", "text ".repeat(i)))], durability)?;
            }
            self.store(
                e,
                &[("t1", format!("t1 in {round}")), ("t2", format!("t2 in {round}")), ("c0", "batch".into())],
                Durability::Sync,
            )?;
            let _ = e.get_many("default", vec!["c1".into(), "t1".into()]).wait();
            self.delete(e, if round % 2 == 0 { "c2" } else { "nothing" })?;
            let now = self.acked.clone();
            self.note("flush", e.flush(false).wait(), now)?;
            while e.step() {}
            if round == 1 && !reads_fail {
                let tags = Some(SetFilter { any: Some(vec!["t".into()]), ..SetFilter::default() });
                let mut after = self.acked.clone();
                after.retain(|id, _| !id.starts_with('t'));
                let done = e.delete_where(SearchFilter { tags, ..SearchFilter::default() }, false).wait();
                self.note("delete_where", done, after)?;
            }
            if round == 2 {
                let optimized = e.optimize(CancelToken::default(), None);
                while e.step() {}
                let now = self.acked.clone();
                self.note("optimize", optimized.wait(), now)?;
            }
            if !reads_fail {
                let found = contents(e)?;
                if found != self.acked {
                    return Err(format!("reads differ from what was acknowledged: {found:?} not {:?}", self.acked));
                }
                own_contents_find(e, found.iter().filter(|(id, _)| *id != "more"))?;
            }
        }
        Ok(())
    }

    fn fits(&self, found: &Contents) -> Result<(), String> {
        if *found == self.acked || self.perhaps.as_ref() == Some(found) {
            Ok(())
        } else {
            Err(format!("found {found:?}, acknowledged {:?}", self.acked))
        }
    }
}

/// The workload with a fault at operation `n`; false when the fault was never reached.
fn with_fault(n: u64, fault: Fault, for_ever: bool, reads: bool) -> Result<bool, String> {
    let disk = SimVfs::new(n);
    disk.count_reads(reads);
    if for_ever {
        disk.fail_from(n, fault)
    } else {
        disk.fail_at(n, fault)
    }
    let mut run = Run::default();
    match open_sim_graphs(&disk, SEGMENT, GRAPH_ROWS) {
        Err(e) if matches!(e.code(), "IO" | "NO_SPACE") => {}
        Err(e) => return Err(format!("open: {}: {e}", e.code())),
        Ok(engine) => {
            run.work(&engine, reads)?;
            if for_ever && disk.ops() >= n {
                // the disk is well again: the same handle writes, unless it is poisoned
                disk.clear_faults();
                let errors = run.errors;
                run.store(&engine, &[("well", "again".into())], Durability::Sync)?;
                if !run.poisoned && run.errors > errors {
                    return Err("writes do not resume on a healthy disk".into());
                }
            }
            let killed = disk.restart();
            let lost_power = disk.crash(n);
            if let Err(e) = engine.shutdown().wait()
                && !matches!(e.code(), "IO" | "NO_SPACE" | "POISONED")
            {
                return Err(format!("shutdown: {}: {e}", e.code()));
            }
            for (how, disk) in [("kill", killed), ("power loss", lost_power), ("shutdown", disk.restart())] {
                disk.clear_faults();
                reopened(&disk, &run, how != "power loss").map_err(|e| format!("after {how}: {e}"))?;
            }
            return Ok(disk.ops() >= n);
        }
    }
    let disk = disk.restart();
    let engine = open_sim_graphs(&disk, SEGMENT, GRAPH_ROWS).map_err(|e| format!("open after a failed open: {e}"))?;
    Run::default().work(&engine, reads)?;
    Ok(true)
}

/// A store that met a fault opens again, holds what was acknowledged, takes writes, and survives power loss after that.
fn reopened(disk: &SimVfs, run: &Run, all: bool) -> Result<(), String> {
    let engine = open_sim_graphs(disk, SEGMENT, GRAPH_ROWS).map_err(|e| format!("open: {e}"))?;
    let mut found = contents(&engine)?;
    // power loss may take buffered writes with it; those of the workload are flushed soon: `power_loss.rs` judges them
    if all || run.errors == 0 {
        run.fits(&found)?;
    }
    own_contents_find(&engine, found.iter())?;
    while engine.step() {}
    own_contents_find(&engine, found.iter())?;
    put(&engine, "more", "after all");
    found.insert("more".into(), "after all".into());
    let disk = disk.crash(1);
    drop(engine);
    let engine = open_sim_graphs(&disk, SEGMENT, GRAPH_ROWS).map_err(|e| format!("open after power loss behind it: {e}"))?;
    let kept = contents(&engine)?;
    if kept != found {
        return Err(format!("power loss after the reopening: {kept:?}, not {found:?}"));
    }
    Ok(())
}

fn sweep(fault: Fault, for_ever: bool, reads: bool) {
    for n in 1..100_000 {
        match with_fault(n, fault, for_ever, reads) {
            Ok(true) => {}
            Ok(false) => {
                eprintln!("{fault:?} for_ever {for_ever} reads {reads}: {} operations", n - 1);
                assert!(n > 100);
                return;
            }
            Err(e) => panic!("{fault:?} at operation {n}, for_ever {for_ever}, reads {reads}: {e}"),
        }
    }
}

#[test]
fn an_error_once() {
    sweep(Fault::Eio, false, false);
}

#[test]
fn errors_for_ever() {
    sweep(Fault::Eio, true, false);
}

#[test]
fn no_space_once() {
    sweep(Fault::NoSpace, false, false);
}

#[test]
fn no_space_for_ever() {
    sweep(Fault::NoSpace, true, false);
}

#[test]
fn a_failing_read_once() {
    sweep(Fault::Eio, false, true);
}

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
