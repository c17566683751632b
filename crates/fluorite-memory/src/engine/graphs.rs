//! When vectors become graphs, and when graphs are joined. The work itself is `graph_job`.
//!
//! The head becomes a graph when it holds `graph_rows` vectors; graphs are joined while the smaller ones together reach a
//! quarter of the next larger one, so that a million vectors lie in about four; a graph that is mostly dead is joined with
//! itself. One job at a time, on threads of its own.

use std::sync::Arc;

use super::graph_job::{GraphJob, run};
use super::graph_list::GraphList;
use super::queue::Settle;
use super::shared::Shared;
use super::state::State;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::index::{Graph, GraphInfo};
use crate::mutants::mutant;
use crate::options::ProgressFn;

/// Graphs are joined when the smaller ones together hold the next larger one's rows divided by this.
const RATIO: usize = 4;
/// Rows of the head that one background job takes: what arrives meanwhile is scanned.
const MOST_ROWS: usize = 1 << 17;

/// An `optimize` behind a job that runs: what cancels it, and what goes on with it.
struct Waiting(CancelToken, Box<dyn FnOnce(Result<()>) + Send>);

/// What is being built, and what waits for it.
#[derive(Default)]
pub struct Graphing {
    running: bool,
    /// How many purges there had been when the running job began.
    pub began: Option<u64>,
    /// Stops the running job when nobody waits for it.
    behind: Option<CancelToken>,
    waiting: Vec<Waiting>,
    pub list: GraphList,
    /// Why the background kind gave up.
    pub failure: Option<String>,
    /// What was wrong with a graph, until its vectors are in another.
    pub damage: Option<String>,
    /// Done, total.
    pub progress: Option<(u64, u64)>,
    /// Graphs built since the open.
    pub built: u64,
}

impl Graphing {
    /// Ends a job that nobody waits for: the store closes, or `optimize` does the same and more, with all threads.
    pub fn stop_behind(&self) {
        if let Some(cancel) = &self.behind {
            cancel.cancel();
        }
    }

    /// Nothing runs yet. `damage`: of a listed graph that could not be opened.
    pub fn new(list: GraphList, damage: Option<String>) -> Self {
        Self { list, damage, ..Self::default() }
    }
}

/// Held while a job runs; its end, however it comes, lets the next one start.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        let waiting = {
            let mut graphing = self.0.graphing.lock();
            graphing.running = false;
            graphing.began = None;
            graphing.behind = None;
            graphing.progress = None;
            std::mem::take(&mut graphing.waiting)
        };
        for Waiting(_, next) in waiting {
            next(Ok(()));
        }
    }
}

impl Shared {
    /// Background: builds or joins when that is due.
    pub fn graph_if_due(self: &Arc<Self>) {
        if self.stop.is_cancelled()
            || self.check_poison().is_err()
            || self.graphing.lock().failure.is_some()
            || !self.unloaded.vectors.lock().is_empty()
        // who loads them is waited for: nobody else would look again
        {
            return;
        }
        self.drop_unreadable();
        let _ = self.drop_former(); // a full disk: the next look tries again, and `optimize` tells
        let due = self.due(&self.state.read(), false);
        let Some(job) = due else {
            self.graphing.lock().damage = None; // all that was in a damaged graph is where it is to be
            return;
        };
        let shared = Arc::clone(self);
        let told = move |r: Result<u64>| match r {
            Ok(_) => shared.graph_if_due(),
            Err(Error::Aborted | Error::Closed) => {}
            Err(e) => shared.graphing.lock().failure = Some(e.to_string()),
        };
        self.start_graph(false, Some(job), CancelToken::default(), None, Box::new(told));
    }

    /// Puts all vectors into one graph, when there are enough for one; the number of vectors it holds.
    pub fn graph_all(self: &Arc<Self>, cancel: CancelToken, progress: Option<ProgressFn>, settle: Settle<u64>) {
        self.start_graph(true, None, cancel, progress, settle);
    }

    fn start_graph(
        self: &Arc<Self>,
        all: bool,
        job: Option<GraphJob>,
        cancel: CancelToken,
        progress: Option<ProgressFn>,
        settle: Settle<u64>,
    ) {
        {
            let mut graphing = self.graphing.lock();
            if graphing.running {
                if all {
                    graphing.stop_behind();
                    let (shared, token) = (Arc::clone(self), cancel.clone());
                    let next = move |r: Result<()>| match r {
                        Ok(()) => shared.start_graph(all, job, cancel, progress, settle),
                        Err(e) => settle(Err(e)),
                    };
                    graphing.waiting.push(Waiting(token, Box::new(next)));
                }
                return; // the end of the running job looks for the next
            }
            if !all && self.stop.is_cancelled() {
                return; // `close` has looked for a job to stop already
            }
            graphing.running = true;
            graphing.began = Some(self.purges.load(std::sync::atomic::Ordering::Acquire));
            graphing.behind = (!all).then(|| cancel.clone());
        }
        let running = Running(Arc::clone(self));
        let shared = Arc::clone(self);
        let work = move || {
            let result = shared.whole_job(all, job, &cancel).and_then(|job| match job {
                Some(job) => run(&shared, &job, all, &cancel, progress.as_ref()),
                None => Ok(0),
            });
            if result.is_ok() {
                let mut graphing = shared.graphing.lock();
                graphing.failure = None;
                if all {
                    graphing.damage = None;
                }
            }
            drop(running);
            if all && result.is_err() {
                shared.schedule_background(); // it stopped what was being built behind
            }
            settle(result);
        };
        // dropped unrun when there is no thread: the settle's owner is told INTERNAL
        if !self.executor.spawn_long("graph", work) && all {
            self.schedule_background();
        }
    }

    /// Tells those of the waiting calls that were cancelled.
    pub fn end_cancelled(&self) {
        let cancelled: Vec<Waiting> = self.graphing.lock().waiting.extract_if(.., |w| w.0.is_cancelled()).collect();
        for Waiting(_, next) in cancelled {
            next(Err(Error::Aborted));
        }
    }

    /// Takes damaged vectors out of the index, when searches have met some.
    fn drop_unreadable(&self) {
        let any = !self.state.read().unreadable.lock().rows.is_empty();
        if any {
            self.state.write().drop_unreadable();
        }
    }

    /// Forgets graphs of vectors of other dimensions: all of those are gone, and the index holds them no more.
    fn drop_former(&self) -> Result<()> {
        if self.reader.is_some() || self.former().is_empty() {
            return Ok(());
        }
        let _listing = self.listing.lock();
        self.unlist_former()
    }

    /// Takes them out of the list and removes their files. `listing` is held.
    pub fn unlist_former(&self) -> Result<()> {
        let former = self.former();
        if former.is_empty() || mutant!("former_graph_kept") {
            return Ok(());
        }
        let mut list = self.graphing.lock().list.clone();
        list.graphs.retain(|n| !former.contains(n));
        list.purge.retain(|n| !former.contains(n));
        list.save(&*self.vfs, &self.index_dir())?;
        {
            let mut graphing = self.graphing.lock();
            (graphing.list.graphs, graphing.list.purge) = (list.graphs, list.purge);
        }
        for number in former {
            self.remove_for_good(self.index_dir().join(Graph::file_name(number)));
        }
        Ok(())
    }

    /// Listed graphs that the index does not hold; between two changes of the list there is none but those.
    fn former(&self) -> Vec<u32> {
        let held: Vec<u32> = self.state.read().vectors.iter().flat_map(|v| v.graphs()).map(|i| i.graph.number()).collect();
        self.graphing.lock().list.graphs.iter().copied().filter(|n| !held.contains(n)).collect()
    }

    /// The job, once all graphs it reads are known to be whole: damage must not get a fresh checksum.
    fn whole_job(self: &Arc<Self>, all: bool, mut job: Option<GraphJob>, cancel: &CancelToken) -> Result<Option<GraphJob>> {
        loop {
            if all {
                self.ensure_loaded()?;
                self.drop_unreadable();
                self.drop_former()?;
                job = self.due(&self.state.read(), true);
            }
            let damaged = job.as_ref().map_or(Ok(None), |job| job.damaged(cancel))?;
            match damaged {
                None => return Ok(job),
                Some((number, e)) => self.give_up_graph(number, &e),
            }
            if !all {
                return Ok(None); // its vectors are loaded again, and then looked at again
            }
        }
    }

    /// What is to be built now. `all`: everything into one graph.
    fn due(&self, state: &State, all: bool) -> Option<GraphJob> {
        let vectors = state.vectors.as_ref()?;
        let mut graphs: Vec<GraphInfo> = vectors.graphs().collect();
        graphs.sort_by_key(|g| std::cmp::Reverse(g.graph.nodes()));
        let live = |g: &GraphInfo| vectors.rows_of(g.graph.number()).map_or(0, |rows| alive(state, rows));
        let head = vectors.head_rows().and_len(&state.embedded); // what died there leaves it with compaction
        let purge = self.graphing.lock().list.purge.clone();
        let purge: Vec<GraphInfo> = graphs.iter().filter(|g| purge.contains(&g.graph.number())).cloned().collect();
        if all {
            let enough = head + graphs.iter().map(live).sum::<usize>() >= self.config.graph_rows.max(1);
            let tidy = matches!(&graphs[..], [one] if head == 0 && live(one) * 10 >= one.graph.nodes() * 9);
            if (!enough || tidy) && !purge.is_empty() {
                return Some(GraphJob::new(state, vectors, 0, purge));
            }
            if !enough || tidy {
                return None;
            }
            return Some(GraphJob::new(state, vectors, usize::MAX, graphs));
        }
        if head >= self.config.graph_rows.max(1) {
            let taken = head.min(MOST_ROWS);
            return Some(GraphJob::new(state, vectors, MOST_ROWS, mergeable(graphs, taken)));
        }
        let dead = graphs.iter().find(|g| live(g) * 2 < g.graph.nodes()).or(purge.first()).cloned();
        let joined = mergeable(graphs, 0);
        match (joined.len() > 1, dead) {
            (true, _) => Some(GraphJob::new(state, vectors, 0, joined)),
            (false, Some(dead)) => Some(GraphJob::new(state, vectors, 0, vec![dead])),
            (false, None) => None,
        }
    }
}

/// Rows that are still live and have their vector.
pub fn alive(state: &State, rows: &[u32]) -> usize {
    rows.iter().filter(|row| state.embedded.contains(**row)).count()
}

/// The smaller graphs that, with `added` rows, have grown to a part of the next larger one.
fn mergeable(largest_first: Vec<GraphInfo>, added: usize) -> Vec<GraphInfo> {
    let mut sum = added;
    let mut out: Vec<GraphInfo> = Vec::new();
    for info in largest_first.into_iter().rev() {
        if sum > 0 && sum * RATIO < info.graph.nodes() {
            break;
        }
        sum += info.graph.nodes();
        out.push(info);
    }
    out
}
