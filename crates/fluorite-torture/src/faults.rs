//! Failing input and output: typed errors, nothing acknowledged lost, a failed fsync poisons, a full disk is survived (P5, P6).

use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{CancelToken, Durability, Engine, Error, Feedback, FeedbackKind, SearchFilter, SetFilter, WriteOptions};

use crate::common::history::{Contents, contents};
use crate::common::vectors::{own_contents_find, vector_of};
use crate::common::{chunk, open_sim_graphs, put};
use crate::{Options, Report};

const SEGMENT: u64 = 900;
/// Vectors that become a graph: graphs are built and joined in every round.
const GRAPH_ROWS: usize = 3;

/// How operations fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// What the failing operation does.
    pub fault: Fault,
    /// That operation and all after it.
    pub for_ever: bool,
    /// Reads count and may fail too.
    pub reads: bool,
    /// Rounds of the workload: 2 is enough for every kind of operation.
    pub rounds: usize,
}

/// Every plan of the sweep.
pub const PLANS: [(&str, Fault, bool, bool); 9] = [
    ("EIO once", Fault::Eio, false, false),
    ("EIO for ever", Fault::Eio, true, false),
    ("ENOSPC once", Fault::NoSpace, false, false),
    ("ENOSPC for ever", Fault::NoSpace, true, false),
    ("EINTR once, reads too", Fault::Interrupted, false, true),
    ("EINTR for ever", Fault::Interrupted, true, false),
    ("short once, reads too", Fault::Short, false, true),
    ("short for ever, reads too", Fault::Short, true, true),
    ("EIO once, reads too", Fault::Eio, false, true),
];

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

    /// Feedback; what it says is judged by `power`.
    fn judge(&mut self, e: &Engine) -> Result<(), String> {
        let (chunk_id, query, kind) = ("c1".into(), Some("text".into()), FeedbackKind::Success);
        let (namespace, rating, correction, domain, comment) = (None, None, None, None, None);
        let now = self.acked.clone();
        let done =
            e.add_feedback(vec![Feedback { chunk_id, namespace, query, kind, rating, correction, domain, comment }]).wait();
        if matches!(&done, Err(e) if e.code() == "NOT_FOUND") {
            return Ok(()); // storing it failed
        }
        self.note("feedback", done, now)
    }

    /// The fixed workload. Errors of the store are noted; a violation is returned.
    fn work(&mut self, e: &Engine, rounds: usize, reads_fail: bool) -> Result<(), String> {
        for round in 0..rounds {
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
            self.judge(e)?;
            while e.step() {}
            if round + 3 == rounds.max(3) && !reads_fail {
                let tags = Some(SetFilter { any: Some(vec!["t".into()]), ..SetFilter::default() });
                let mut after = self.acked.clone();
                after.retain(|id, _| !id.starts_with('t'));
                let done = e.delete_where(SearchFilter { tags, ..SearchFilter::default() }, false).wait();
                self.note("delete_where", done, after)?;
            }
            if round == rounds / 2 {
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
///
/// # Errors
/// A violation of the promises.
pub fn with_fault(n: u64, plan: Plan) -> Result<bool, String> {
    let Plan { fault, for_ever, reads, rounds } = plan;
    // these are not failures: nothing of them may be seen
    let harmless = fault == Fault::Short || (fault == Fault::Interrupted && !for_ever);
    let disk = SimVfs::new(n);
    disk.count_reads(reads);
    if for_ever {
        disk.fail_from(n, fault)
    } else {
        disk.fail_at(n, fault)
    }
    let mut run = Run::default();
    match open_sim_graphs(&disk, SEGMENT, GRAPH_ROWS) {
        Err(e) if matches!(e.code(), "IO" | "NO_SPACE") && !harmless => {}
        Err(e) => return Err(format!("open: {}: {e}", e.code())),
        Ok(engine) => {
            run.work(&engine, rounds, reads && !harmless)?;
            if harmless && run.errors > 0 {
                return Err(format!("{} calls failed", run.errors));
            }
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
    Run::default().work(&engine, rounds, reads)?;
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

/// Every operation, the first to the last, fails once in a cycle of its own; `every` second, third ... of them for a quick look.
#[must_use]
pub fn run(options: &Options, rounds: usize, only: Option<&str>) -> Report {
    let mut report = Report::begin("faults", options, u64::MAX);
    for (name, fault, for_ever, reads) in PLANS.into_iter().filter(|p| only.is_none_or(|o| p.0 == o)) {
        let mut n = options.seed.max(1);
        let mut reached = true;
        while reached && report.goes_on() {
            let plan = Plan { fault, for_ever, reads, rounds };
            let again = || format!("{name} at operation {n} of {rounds} rounds");
            report.cycle(again, |_| {
                reached = with_fault(n, plan)?;
                Ok(())
            });
            n += 1;
        }
        report.add(name, n.saturating_sub(2));
    }
    report.end()
}
