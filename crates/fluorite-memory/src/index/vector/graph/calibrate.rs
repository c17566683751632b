//! How wide a walk must be for a recall: measured on the graph itself, once, when it is frozen.
//!
//! Sampled nodes are the queries, each left out of its own search (the walk passes it over, the truth leaves it out), so
//! that they stand for queries the graph has not seen.

use rayon::prelude::*;

use super::walk::GraphRef;
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::index::top::TopK;

/// Nodes sampled.
const QUERIES: usize = 300;
/// Widths tried.
const LADDER: [u32; 15] = [10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896, 1_280];
/// Above this recall no wider walk is tried.
const ENOUGH: f32 = 0.999;
const FEW: usize = 10;
const MANY: usize = 100;

/// What walks of one width found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Step {
    pub ef: u32,
    /// Vectors compared, on average.
    pub compared: u32,
    /// Recall of the nearest 10 and 100.
    pub recall_10: f32,
    pub recall_100: f32,
}

/// Most steps a calibration has.
pub(crate) const MOST_STEPS: usize = LADDER.len();

/// Measures. Runs on the pool it is called in. Cost: a scan of all codes for each of 300 nodes, and a few thousand walks.
pub(crate) fn calibrate(graph: &GraphRef<'_>, cancel: &CancelToken) -> Result<Vec<Step>> {
    let nodes = graph.len();
    let sample: Vec<u32> = (0..nodes.min(QUERIES)).map(|i| (i * nodes / nodes.min(QUERIES)) as u32).collect();
    let truth = sample.par_iter().map(|&q| nearest(graph, q, cancel)).collect::<Result<Vec<_>>>()?;
    let mut steps = Vec::with_capacity(MOST_STEPS);
    for ef in LADDER {
        let found = sample.par_iter().zip(&truth).map(|(&q, truth)| {
            cancel.check()?;
            let walked = graph.walk(&graph.codes.code(q), ef as usize, None, Some(q));
            Ok((walked.compared, hits(&walked.found, truth, FEW), hits(&walked.found, truth, MANY)))
        });
        let found = found.collect::<Result<Vec<(usize, usize, usize)>>>()?;
        let sum = found.iter().fold((0, 0, 0), |s, f| (s.0 + f.0, s.1 + f.1, s.2 + f.2));
        let of = |k: usize| truth.iter().map(|t| t.len().min(k)).sum::<usize>().max(1) as f32;
        let step = Step {
            ef,
            compared: (sum.0 / sample.len().max(1)) as u32,
            recall_10: sum.1 as f32 / of(FEW),
            recall_100: sum.2 as f32 / of(MANY),
        };
        steps.push(step);
        if step.recall_10 >= ENOUGH && step.recall_100 >= ENOUGH {
            break;
        }
    }
    Ok(steps)
}

/// The exact nearest of a node among the others, by code.
fn nearest(graph: &GraphRef<'_>, query: u32, cancel: &CancelToken) -> Result<Vec<(u32, f32)>> {
    const BLOCK: usize = 4_096;
    cancel.check()?;
    let code = graph.codes.row(query);
    let mut top = TopK::new(MANY);
    let mut products = vec![0; BLOCK];
    for (block, rows) in graph.codes.values.chunks(BLOCK * graph.codes.stride).enumerate() {
        let count = fluorite_ml::vector::scan_i8(code, rows, graph.codes.stride, &mut products);
        for (i, product) in products[..count].iter().enumerate() {
            let node = (block * BLOCK + i) as u32;
            if node != query {
                top.offer(node, *product as f32 * graph.codes.scales[node as usize]);
            }
        }
    }
    Ok(top.into_best_first())
}

/// How many of the first `k` true ones are among the first `k` found. A node as near as the last true one counts.
fn hits(found: &[(u32, f32)], truth: &[(u32, f32)], k: usize) -> usize {
    let truth = &truth[..truth.len().min(k)];
    found.iter().take(truth.len()).filter(|f| truth.iter().any(|t| t.0 == f.0)).count()
}

/// The width for `k` hits at this recall, by interpolation between the steps; the widest when none reaches it.
pub(crate) fn width_for(steps: &[Step], k: usize, recall: f32) -> usize {
    let few = width_at(steps, recall, |s| s.recall_10);
    if k <= FEW {
        return few.max(k);
    }
    let many = width_at(steps, recall, |s| s.recall_100).max(few);
    let wide = if k <= MANY { few + (many - few) * (k - FEW) / (MANY - FEW) } else { many * k / MANY };
    wide.max(k)
}

fn width_at(steps: &[Step], recall: f32, of: impl Fn(&Step) -> f32) -> usize {
    let Some(at) = steps.iter().position(|s| of(s) >= recall) else {
        return steps.last().map_or(FEW, |s| s.ef as usize);
    };
    let step = &steps[at];
    match at.checked_sub(1).map(|before| &steps[before]) {
        None => step.ef as usize,
        Some(before) => {
            let share = (recall - of(before)) / (of(step) - of(before)).max(f32::EPSILON);
            let wide = before.ef as f32 + share.clamp(0.0, 1.0) * (step.ef - before.ef) as f32;
            wide.ceil() as usize
        }
    }
}

/// Vectors a walk of this width compares, about.
pub(crate) fn compared_at(steps: &[Step], ef: usize) -> usize {
    let Some(after) = steps.iter().position(|s| s.ef as usize >= ef) else {
        return steps.last().map_or(ef * 16, |s| s.compared as usize * ef / (s.ef as usize).max(1));
    };
    let step = &steps[after];
    match after.checked_sub(1).map(|before| &steps[before]) {
        None => step.compared as usize,
        Some(before) => {
            let span = (step.ef - before.ef).max(1) as usize;
            before.compared as usize + (step.compared.saturating_sub(before.compared)) as usize * (ef - before.ef as usize) / span
        }
    }
}
