//! One frozen graph of codes and of other graphs.

use std::path::Path;
use std::sync::Arc;

use super::build::build;
use super::calibrate::{Step, calibrate};
use super::codes::{Code, Codes};
use super::file;
use super::freeze::{Frozen, freeze, insert};
use super::held::HeldOut;
use super::join::{Part, join};
use super::mapped::Graph;
use super::twins::Twins;
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::vfs::Vfs;

/// Links of a node.
const WIDTH: usize = 32;
/// Rows given to hnsw_rs at a time: it holds some 2 KB a row, and its cost a row grows with the graph; larger graphs are joined.
const BASE_ROWS: usize = 8_192;
/// Graphs joined at a time.
const JOINED: usize = 4;

/// What a graph is made of.
pub(crate) enum Source {
    /// Rows in no graph yet.
    Codes(Codes),
    /// A graph, and which of its nodes live on.
    Graph(Arc<Graph>, Vec<bool>),
}

impl Source {
    /// Parts of about equal size, none above what is built at a time.
    pub fn divide<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
        let parts = rows.len().div_ceil(BASE_ROWS).max(1);
        rows.chunks(rows.len().div_ceil(parts).max(1))
    }

    /// Units of work, for progress: about the same time each.
    pub fn work(&self) -> u64 {
        match self {
            Self::Codes(codes) => codes.scales.len() as u64 * 4,
            Self::Graph(_, live) => live.len() as u64,
        }
    }
}

/// A graph ready to be written.
pub(crate) struct Made {
    pub frozen: Frozen,
    steps: Vec<Step>,
}

impl Made {
    /// Writes it, durably. `sequences`: of each node.
    #[allow(clippy::too_many_arguments)] // what identifies the graph
    pub fn write(
        &self,
        vfs: &dyn Vfs,
        path: &Path,
        store_id: u128,
        model: u64,
        dims: usize,
        sequences: &[u64],
        cancel: &CancelToken,
    ) -> Result<u64> {
        file::write(vfs, path, store_id, model, dims, &self.frozen, sequences, &self.steps, cancel)
    }
}

/// A graph on its way: in memory, or a file that is joined for the first time.
enum Stage {
    Frozen(Frozen),
    Mapped { graph: Arc<Graph>, live: Vec<bool>, origin: Vec<u32> },
}

impl Stage {
    fn nodes(&self) -> usize {
        match self {
            Self::Frozen(f) => f.origin.len(),
            Self::Mapped { graph, .. } => graph.view().len(),
        }
    }

    /// The number of each node's row.
    fn into_origin(self) -> Vec<u32> {
        match self {
            Self::Frozen(Frozen { origin, .. }) | Self::Mapped { origin, .. } => origin,
        }
    }
}

/// Makes one graph. `origin` of the result counts the rows of all sources in turn, dead nodes left out. Runs on the pool it
/// is called in. Memory: about 2 KB a vector of the result, and 20 MB.
pub(crate) fn make(sources: Vec<Source>, cancel: &CancelToken, tick: &(dyn Fn(usize) + Sync)) -> Result<Made> {
    let twins = Twins::of(&sources);
    let mut held = HeldOut::of(twins.walked());
    let mut stages = Vec::with_capacity(sources.len());
    let mut first = 0;
    for source in sources {
        match source {
            Source::Codes(codes) => {
                let (codes, numbers) = held.split(&codes, &twins, &mut first);
                let codes = Arc::new(codes);
                let rough = build(&codes, cancel, &|n| tick(n * 4))?;
                let codes = Arc::unwrap_or_clone(codes);
                let mut frozen = freeze(codes, rough.links, &rough.high, WIDTH, cancel)?;
                frozen.origin.iter_mut().for_each(|o| *o = numbers[*o as usize]);
                stages.push(Stage::Frozen(frozen));
            }
            Source::Graph(graph, lives) => {
                let walked = graph.view().len();
                let (mut origin, mut live) = (vec![u32::MAX; walked], vec![false; walked]);
                for node in (0..lives.len() as u32).filter(|node| lives[*node as usize]) {
                    if twins.is_walked(first) {
                        // a live twin takes a dead node's place
                        let at = graph.walked_for(node) as usize;
                        origin[at] = first;
                        live[at] = !held.take(first, || graph.codes().code(node));
                    }
                    first += 1;
                }
                stages.push(Stage::Mapped { graph, live, origin });
            }
        }
    }
    // the smallest first, so that few nodes are looked up in many graphs
    while stages.len() > 1 || matches!(stages.first(), Some(Stage::Mapped { .. })) {
        stages.sort_by_key(|s| std::cmp::Reverse(s.nodes()));
        let rest = stages.split_off(stages.len().saturating_sub(JOINED));
        stages.push(Stage::Frozen(join_stages(rest, cancel, tick)?));
    }
    let mut frozen = match stages.pop() {
        Some(Stage::Frozen(frozen)) => frozen,
        _ => Frozen::default(),
    };
    let queries: Vec<Code> = held.rows.iter().map(|(_, code)| code.clone()).collect();
    let steps = calibrate(&frozen.view(), &queries, cancel)?;
    insert(&mut frozen, held.rows, cancel)?;
    twins.attach(&mut frozen);
    Ok(Made { frozen, steps })
}

fn join_stages(stages: Vec<Stage>, cancel: &CancelToken, tick: &(dyn Fn(usize) + Sync)) -> Result<Frozen> {
    let all: Vec<Vec<bool>> = stages
        .iter()
        .map(|s| match s {
            Stage::Frozen(f) => vec![true; f.origin.len()],
            Stage::Mapped { live, .. } => live.clone(),
        })
        .collect();
    let parts: Vec<Part<'_>> = stages
        .iter()
        .zip(&all)
        .map(|(s, live)| match s {
            Stage::Frozen(f) => Part { graph: f.view(), live },
            Stage::Mapped { graph, .. } => Part { graph: graph.view(), live },
        })
        .collect();
    let joined = join(&parts, cancel, tick)?;
    drop(parts);
    let numbers: Vec<Vec<u32>> = stages.into_iter().map(Stage::into_origin).collect(); // the rest of them makes room
    let mut frozen = freeze(joined.codes, joined.rough.links, &joined.rough.high, WIDTH, cancel)?;
    for o in &mut frozen.origin {
        let (part, node) = joined.origin[*o as usize];
        *o = numbers[part as usize][node as usize];
    }
    Ok(frozen)
}
