//! How wide a walk must be for a recall: measured on the graph itself, once, when it is frozen.
//!
//! The queries are vectors held out of the graph while it was built; they are inserted afterwards (`insert`). Nodes of the
//! graph as queries would tell another story: with a node left out of its own search the links it carried are missing, with
//! it left in, it leads straight to its neighbours.
//!
//! Questions are not like what is stored, and where many vectors are nearly the same, one held out has a walk end at once
//! among its like. So the same is measured with noise added, and the lower recall counts.

use rayon::prelude::*;

use super::codes::Code;
use super::walk::GraphRef;
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::index::top::TopK;

/// Widths tried.
const LADDER: [u32; 15] = [10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896, 1_280];
/// Above this recall no wider walk is tried.
const ENOUGH: f32 = 0.999;
/// Length of the noise added to a query of length 1: a cosine of 0.9. At this most vectors' neighbours stay the same.
const NOISE: f32 = 0.5;
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

/// Measures with these queries and with noisy ones like them. Runs on the pool it is called in. Cost: two scans of all codes
/// for each query, and 30 walks.
pub(crate) fn calibrate(graph: &GraphRef<'_>, queries: &[Code], cancel: &CancelToken) -> Result<Vec<Step>> {
    let mut noise = Noise(queries.len() as u64);
    let used = |q: &Code| q.values.iter().rposition(|v| *v != 0).map_or(0, |last| last + 1);
    let dims = queries.iter().map(used).max().unwrap_or(0);
    let noisy: Vec<Code> = queries.iter().map(|q| noise.added(q, dims)).collect();
    let sets = [Asked::new(graph, queries, cancel)?, Asked::new(graph, &noisy, cancel)?];
    let mut steps = Vec::with_capacity(MOST_STEPS);
    for ef in LADDER {
        let [near, off] = [sets[0].step(graph, ef, cancel)?, sets[1].step(graph, ef, cancel)?];
        let step = Step { recall_10: near.recall_10.min(off.recall_10), recall_100: near.recall_100.min(off.recall_100), ..near };
        steps.push(step);
        if step.recall_10 >= ENOUGH && step.recall_100 >= ENOUGH {
            break;
        }
    }
    Ok(steps)
}

/// Queries and what is nearest to them.
struct Asked<'a> {
    queries: &'a [Code],
    truth: Vec<Vec<(u32, f32)>>,
}

impl<'a> Asked<'a> {
    fn new(graph: &GraphRef<'_>, queries: &'a [Code], cancel: &CancelToken) -> Result<Self> {
        let truth = queries.par_iter().map(|q| nearest(graph, q, cancel)).collect::<Result<Vec<_>>>()?;
        Ok(Self { queries, truth })
    }

    fn step(&self, graph: &GraphRef<'_>, ef: u32, cancel: &CancelToken) -> Result<Step> {
        let Self { queries, truth } = self;
        let found = queries.par_iter().zip(truth).map(|(q, truth)| {
            cancel.check()?;
            let walked = graph.walk(q, ef as usize, None);
            Ok((walked.compared, hits(&walked.found, truth, FEW), hits(&walked.found, truth, MANY)))
        });
        let found = found.collect::<Result<Vec<(usize, usize, usize)>>>()?;
        let sum = found.iter().fold((0, 0, 0), |s, f| (s.0 + f.0, s.1 + f.1, s.2 + f.2));
        let of = |k: usize| truth.iter().map(|t| t.len().min(k)).sum::<usize>().max(1) as f32;
        Ok(Step {
            ef,
            compared: (sum.0 / queries.len().max(1)) as u32,
            recall_10: sum.1 as f32 / of(FEW),
            recall_100: sum.2 as f32 / of(MANY),
        })
    }
}

/// SplitMix64: the same noise every time.
struct Noise(u64);

impl Noise {
    /// Uniform, -1 to 1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// The vector with as much noise as it says.
    fn added(&mut self, code: &Code, dims: usize) -> Code {
        let noise: Vec<f32> = code.values[..dims].iter().map(|_| self.next()).collect();
        let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
        let values: Vec<f32> = code.values.iter().map(|v| f32::from(*v)).collect();
        let share = NOISE * length(&values) / length(&noise).max(f32::MIN_POSITIVE);
        let mut noisy: Vec<f32> = values.iter().zip(&noise).map(|(v, n)| v + share * n).collect();
        if fluorite_ml::vector::normalize(&mut noisy) { Code::of(&noisy) } else { code.clone() }
    }
}

/// The exact nearest of a query, by code.
fn nearest(graph: &GraphRef<'_>, query: &Code, cancel: &CancelToken) -> Result<Vec<(u32, f32)>> {
    const BLOCK: usize = 4_096;
    cancel.check()?;
    let mut top = TopK::new(MANY);
    let mut products = vec![0; BLOCK];
    for (block, rows) in graph.codes.values.chunks(BLOCK * graph.codes.stride).enumerate() {
        let count = fluorite_ml::vector::scan_i8(&query.values, rows, graph.codes.stride, &mut products);
        for (i, product) in products[..count].iter().enumerate() {
            let node = (block * BLOCK + i) as u32;
            top.offer(node, *product as f32 * graph.codes.scales[node as usize] * query.scale);
        }
    }
    Ok(top.into_best_first())
}

/// How many of the first `k` found are as near as the `k`th true one: of equals, any will do.
fn hits(found: &[(u32, f32)], truth: &[(u32, f32)], k: usize) -> usize {
    let truth = &truth[..truth.len().min(k)];
    let Some((_, least)) = truth.last() else { return 0 };
    found.iter().take(truth.len()).filter(|(_, cosine)| cosine >= least).count()
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
        return steps.last().map_or(ef.saturating_mul(16), |s| (s.compared as usize).saturating_mul(ef) / (s.ef as usize).max(1));
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
