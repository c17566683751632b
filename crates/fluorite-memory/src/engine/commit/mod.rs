//! The committer: turns ops into groups, writes them with one fsync, applies them, settles their callers.
//!
//! Owns: the loop (here), one write with what it changes (`pass`, and what goes into it: `put`, `delete`, `late`), the log as it
//! is written (`writer`), what may enter it (`admit`). In: ops in order. Out: groups on disk, effects in memory, settled callers.

mod admit;
mod delete;
mod late;
mod pass;
mod put;
mod replaced;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::pass::Pass;
pub use self::writer::Writer;
use super::queue::{Op, Settle};
use super::shared::Shared;

/// Flush interval of `durability: buffered`.
pub const FLUSH_INTERVAL: Duration = Duration::from_millis(100);
/// How often a store that is written all the time looks for something to compact.
const COMPACTION_LOOK: Duration = Duration::from_secs(1);
const MOST_OPS: usize = 1_024;
/// Rows the text index may be behind before it takes part in a load that does not pause.
const MOST_BEHIND: usize = 262_144;
/// A group is written when it reaches this size, whatever still waits.
const GROUP_BYTES: usize = 8 << 20;

/// The committer thread's loop. Indexing waits for a moment without writes: while a load runs, it would take its cores.
pub fn run(shared: &Arc<Shared>) {
    let mut dirty_since: Option<Instant> = None;
    let mut looked = Instant::now();
    loop {
        let dirty = shared.writer.lock().as_ref().is_some_and(|w| w.live.synced() < w.live.end());
        dirty_since = dirty.then(|| dirty_since.unwrap_or_else(Instant::now));
        let timeout = match dirty_since {
            Some(t) => Some(FLUSH_INTERVAL.saturating_sub(t.elapsed())),
            None if shared.text.behind() > 0 => Some(FLUSH_INTERVAL),
            // what is due waits for a pause as well, and another compaction may run: no faster than this
            None => shared.purge_wait().map(|ms| Duration::from_millis(ms).max(FLUSH_INTERVAL)),
        };
        let Some(ops) = shared.queue.wait(MOST_OPS, timeout) else { return };
        let idle = ops.is_empty();
        process(shared, ops);
        if dirty_since.is_some_and(|t| t.elapsed() >= FLUSH_INTERVAL) {
            dirty_since = None;
            with_writer(shared, |shared, w| drop(w.sync(shared))); // a failure poisons: the next call is told
        }
        if idle || shared.text.behind() > MOST_BEHIND {
            shared.schedule_background();
        } else if looked.elapsed() >= COMPACTION_LOOK {
            // writes that never pause must not keep dead segments alive
            looked = Instant::now();
            let work = Arc::clone(shared);
            shared.executor.spawn_background(move || work.compact_if_worthwhile());
        }
    }
}

/// Runs everything that is ready on the calling thread (the inline stepper's committer).
pub fn drain(shared: &Arc<Shared>) {
    loop {
        let ops = shared.queue.take(MOST_OPS);
        if ops.is_empty() {
            return;
        }
        process(shared, ops);
    }
}

fn with_writer(shared: &Shared, f: impl FnOnce(&Shared, &mut Writer)) {
    if let Some(w) = shared.writer.lock().as_mut() {
        f(shared, w);
    }
}

fn process(shared: &Arc<Shared>, ops: Vec<Op>) {
    let mut guard = shared.writer.lock();
    let Some(w) = guard.as_mut() else { return }; // closed: dropped settlers report
    shared.expire_due(); // a chunk whose time is up is stored anew, not overwritten
    let mut pass = Pass::default();
    for op in ops {
        let alone = matches!(op, Op::DeleteWhere { .. } | Op::Exclusive(_));
        if alone || pass.bytes.len() >= GROUP_BYTES {
            std::mem::take(&mut pass).finish(shared, w);
        }
        match op {
            Op::Skip => {}
            Op::Put { chunks, durability, settle } => pass.put(shared, w, chunks, durability, settle),
            Op::Delete { targets, purge, settle } => pass.delete(shared, w, targets, purge, true, settle),
            Op::Vectors { items, settle } => pass.vectors(shared, w, items, settle),
            Op::Flush { settle } => {
                pass.usage(shared, w);
                pass.sync = true;
                pass.outcomes.push(settle);
            }
            Op::DeleteWhere { filter, purge, settle } => match shared.matching_targets(&filter) {
                Ok(targets) => {
                    let told: Settle<Vec<bool>> =
                        Box::new(|r| settle(r.map(|found| found.into_iter().filter(|f| *f).count() as u64)));
                    pass.delete(shared, w, targets, purge, false, told);
                }
                Err(e) => settle(Err(e)),
            },
            Op::Exclusive(f) => f(shared, w),
        }
    }
    pass.finish(shared, w);
}
