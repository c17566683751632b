//! One graph from rows of the head and older graphs: copied, built, frozen, written, listed, installed.
//!
//! Only the copy and the installation hold a lock. A kill before the list is replaced leaves a file nothing names; after it,
//! the new graph is the one that is opened. The log is made durable before the list: a graph never knows a chunk that a
//! power cut may take back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::events::{Event, IndexKind};
use super::queue::Op;
use super::shared::Shared;
use super::state::{NONE, State};
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::executor::lower_priority;
use crate::index::graph::{Codes, Made, Source, make};
use crate::index::{Graph, GraphInfo, LayeredIndex};
use crate::mutants::mutant;
use crate::options::ProgressFn;
use crate::pending::pending;

/// Niceness of builders nobody waits for: calls, the event loop and the pool come first.
const BACKGROUND_NICE: i32 = 15;
const FOREGROUND_NICE: i32 = 5;

/// A row and the sequence number of the chunk version it stood for.
type RowOf = (u32, u64);

/// What goes into the new graph.
pub struct GraphJob {
    /// Rows of the head with their sequence numbers.
    rows: Vec<RowOf>,
    graphs: Vec<GraphInfo>,
}

impl GraphJob {
    /// The first `most` live rows of the head, and these graphs.
    pub fn new(state: &State, vectors: &LayeredIndex, most: usize, graphs: Vec<GraphInfo>) -> Self {
        let rows = vectors.head_rows().both(&state.embedded).take(most);
        Self { rows: rows.filter_map(|row| Some((row, state.row(row)?.sequence))).collect(), graphs }
    }
}

impl GraphJob {
    /// A graph that does not match its checksums, and how.
    pub fn damaged(&self, cancel: &CancelToken) -> Result<Option<(u32, Error)>> {
        for info in self.graphs.iter().filter(|info| !info.graph.is_verified()) {
            match info.graph.verify(cancel) {
                Ok(()) => {}
                Err(e @ Error::Corrupt { .. }) => return Ok(Some((info.graph.number(), e))),
                Err(e) => return Err(e),
            }
        }
        Ok(None)
    }
}

/// Builds and installs; the number of vectors in the new graph.
pub fn run(
    shared: &Arc<Shared>,
    job: &GraphJob,
    waited_for: bool,
    cancel: &CancelToken,
    progress: Option<&ProgressFn>,
) -> Result<u64> {
    let purges = shared.purges.load(Ordering::Acquire);
    let Copied { sources, origin, dims } = copy(shared, job)?;
    let total: u64 = sources.iter().map(Source::work).sum();
    let (done, started) = (AtomicU64::new(0), shared.clock.monotonic_ms());
    let tick = |n: usize| {
        let done = (done.fetch_add(n as u64, Ordering::Relaxed) + n as u64).min(total);
        shared.graphing.lock().progress = Some((done, total));
        shared.report_progress(progress, "graph", done, Some(total), started);
        shared.end_cancelled();
    };
    if origin.is_empty() {
        return list_and_install(shared, job, None, &[], purges); // all of it died
    }
    let pool = builders(shared, waited_for)?;
    let made = pool.install(|| make(sources, cancel, &tick))?;
    let number = shared.graphing.lock().list.take_number(&*shared.vfs, &shared.index_dir());
    let nodes: Vec<RowOf> = made.frozen.origin.iter().map(|o| origin[*o as usize]).collect();
    let path = shared.index_dir().join(Graph::file_name(number));
    let written = write(shared, &made, number, dims, &nodes, cancel)
        .and_then(|graph| list_and_install(shared, job, Some(graph), &nodes, purges));
    match &written {
        Ok(rows) => {
            let duration_ms = u64::try_from(shared.clock.monotonic_ms() - started).unwrap_or(0);
            shared.events.publish(vec![Event::IndexBuilt { kind: IndexKind::Vector, rows: *rows, duration_ms }]);
        }
        Err(_) => shared.remove_for_good(path),
    }
    written
}

/// What a graph is built of.
struct Copied {
    sources: Vec<Source>,
    /// The row and sequence number behind each of their rows in turn.
    origin: Vec<RowOf>,
    dims: usize,
}

fn copy(shared: &Shared, job: &GraphJob) -> Result<Copied> {
    let state = shared.state.read();
    let Some(vectors) = &state.vectors else { return Err(Error::Aborted) };
    let mut origin = Vec::new();
    let mut sources = Vec::new();
    let fresh: Vec<RowOf> = job
        .rows
        .iter()
        .copied()
        .filter(|(row, sequence)| {
            let same = state.row(*row).is_some_and(|r| r.sequence == *sequence);
            same && state.embedded.contains(*row) && vectors.head_rows().contains(*row)
        })
        .collect();
    for part in Source::divide(&fresh) {
        let rows: Vec<u32> = part.iter().map(|(row, _)| *row).collect();
        let codes: Codes = vectors.head_codes(&rows);
        origin.extend_from_slice(part);
        sources.push(Source::Codes(codes));
    }
    for info in &job.graphs {
        let Some(rows) = vectors.rows_of(info.graph.number()) else { continue }; // given up since
        let live: Vec<bool> = rows.iter().map(|row| state.embedded.contains(*row)).collect();
        let kept = rows.iter().filter(|row| state.embedded.contains(**row));
        origin.extend(kept.map(|row| (*row, state.row(*row).map_or(0, |r| r.sequence))));
        sources.push(Source::Graph(Arc::clone(&info.graph), live));
    }
    Ok(Copied { sources, origin, dims: vectors.dims() })
}

/// Threads for one job: rayon's global pool would outlive the store.
fn builders(shared: &Shared, waited_for: bool) -> Result<rayon::ThreadPool> {
    let threads = shared.executor.threads().max(1);
    let (threads, nice) = if waited_for { (threads, FOREGROUND_NICE) } else { (threads.div_ceil(2), BACKGROUND_NICE) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("fluorite-graph-{i}"))
        .start_handler(move |_| lower_priority(nice))
        .build()
        .map_err(|e| Error::internal(format!("cannot start threads: {e}")))
}

fn write(shared: &Shared, made: &Made, number: u32, dims: usize, nodes: &[RowOf], cancel: &CancelToken) -> Result<Graph> {
    let sequences: Vec<u64> = nodes.iter().map(|(_, sequence)| *sequence).collect();
    let (dir, model) = (shared.index_dir(), shared.model_hash());
    made.write(&*shared.vfs, &dir.join(Graph::file_name(number)), shared.store_id, model, dims, &sequences, cancel)?;
    let graph = Graph::open(&*shared.vfs, &dir, number, shared.store_id, model)?;
    graph.verify(cancel)?;
    Ok(graph)
}

/// The log first, then the list, then memory, then the old files go. `purges`: how many there had been when the job began.
fn list_and_install(shared: &Arc<Shared>, job: &GraphJob, graph: Option<Graph>, nodes: &[RowOf], purges: u64) -> Result<u64> {
    let (settler, flushed) = pending();
    shared.submit(shared.queue.place(), Op::Flush { settle: Box::new(move |r| settler.settle(r)) });
    flushed.wait()?;
    let _listing = shared.listing.lock();
    let old: Vec<u32> = job.graphs.iter().map(|info| info.graph.number()).collect();
    let lives = |state: &State, (row, sequence): &RowOf| {
        state.embedded.contains(*row) && state.row(*row).is_some_and(|r| r.sequence == *sequence)
    };
    // what died while it was built may have been purged: then nothing tells any more which node that was
    let suspect = shared.purges.load(Ordering::Acquire) != purges && !mutant!("purge_beside_a_build_missed") && {
        let state = shared.state.read();
        !nodes.iter().all(|row| lives(&state, row))
    };
    let list = {
        let mut list = shared.graphing.lock().list.clone();
        list.graphs.retain(|n| !old.contains(n));
        list.purge.retain(|n| !old.contains(n));
        let number = graph.as_ref().map(Graph::number);
        list.graphs.extend(number);
        list.purge.extend(number.filter(|_| suspect));
        list
    };
    list.save(&*shared.vfs, &shared.index_dir())?;
    {
        let mut graphing = shared.graphing.lock();
        (graphing.list.graphs, graphing.list.purge) = (list.graphs, list.purge);
        graphing.built += 1;
    }
    let mut state = shared.state.write();
    let rows: Vec<u32> = nodes.iter().map(|row| if lives(&state, row) { row.0 } else { NONE }).collect();
    if let Some(vectors) = &mut state.vectors {
        if let Some(graph) = graph.filter(|g| g.dims() == vectors.dims()) {
            vectors.install(Arc::new(graph), rows);
        }
        for number in &old {
            vectors.remove(*number);
        }
    }
    drop(state);
    let _ = shared.unlist_former(); // this one, when vectors of other dimensions came meanwhile; else the next look tries again
    for number in old {
        shared.remove_for_good(shared.index_dir().join(Graph::file_name(number)));
    }
    Ok(nodes.len() as u64)
}
