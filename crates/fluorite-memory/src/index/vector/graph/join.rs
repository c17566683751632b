//! One graph of several: the live nodes of all, each linked as before and with what walks find near it in the others.

use rayon::prelude::*;

use super::build::Rough;
use super::codes::{Codes, CodesRef};
use super::freeze::prune;
use super::walk::GraphRef;
use crate::cancel::CancelToken;
use crate::error::Result;

/// Candidates of a walk in another graph.
const EF: usize = 100;
/// Links taken from them.
const TAKEN: usize = 48;

/// A graph to be joined, and which of its nodes are to live on.
pub(crate) struct Part<'a> {
    pub graph: GraphRef<'a>,
    pub live: &'a [bool],
}

/// What a join makes: codes and candidate links for `freeze`, and where each row came from.
pub(crate) struct Joined {
    pub codes: Codes,
    pub rough: Rough,
    /// Part and node of each row.
    pub origin: Vec<(u32, u32)>,
}

/// Joins. Nodes of all parts but the largest are looked up in every other part; the way back comes with freezing, as it
/// does when an HNSW grows by insertion. Cost: a walk per such node and other part.
pub(crate) fn join(parts: &[Part<'_>], cancel: &CancelToken, tick: &(dyn Fn(usize) + Sync)) -> Result<Joined> {
    let stride = parts.iter().map(|p| p.graph.codes.stride).max().unwrap_or(0);
    let mut codes = Codes { stride, ..Codes::default() };
    let mut origin = Vec::new();
    let mut numbers: Vec<Vec<u32>> = Vec::new();
    for (p, part) in parts.iter().enumerate() {
        let mut of = vec![u32::MAX; part.graph.len()];
        for node in (0..part.graph.len() as u32).filter(|n| part.live[*n as usize]) {
            of[node as usize] = origin.len() as u32;
            codes.push(part.graph.codes.row(node), part.graph.codes.scales[node as usize]);
            origin.push((p as u32, node));
        }
        numbers.push(of);
    }
    let largest = parts.iter().enumerate().max_by_key(|(_, p)| p.graph.len()).map_or(0, |(i, _)| i as u32);
    let (view, width) = (codes.view(), parts.iter().map(|p| p.graph.width).max().unwrap_or(0));
    let links = origin
        .par_iter()
        .enumerate()
        .map(|(row, &(p, node))| {
            cancel.check()?;
            let mut to = kept_links(&parts[p as usize], &numbers[p as usize], node);
            if p != largest {
                let code = parts[p as usize].graph.codes.code(node);
                for (q, other) in parts.iter().enumerate().filter(|(q, _)| *q as u32 != p) {
                    let found = other.graph.walk(&code, EF, None).found;
                    to.extend(found.iter().map(|(n, _)| numbers[q][*n as usize]).filter(|n| *n != u32::MAX).take(TAKEN));
                }
                tick(1);
            }
            // as an insertion into an HNSW selects them: what is left for the way back is small
            Ok(prune(view, row as u32, &to, width))
        })
        .collect::<Result<Vec<Vec<u32>>>>()?;
    let high = entries(parts, &numbers, codes.view());
    Ok(Joined { codes, rough: Rough { links, high }, origin })
}

/// The links of a node to live nodes, and through dead ones to their live neighbours.
fn kept_links(part: &Part<'_>, numbers: &[u32], node: u32) -> Vec<u32> {
    let mut out = Vec::with_capacity(part.graph.width * 2);
    for to in part.graph.links_of(node) {
        if part.live[to as usize] {
            out.push(numbers[to as usize]);
        } else {
            out.extend(part.graph.links_of(to).filter(|t| *t != node && part.live[*t as usize]).map(|t| numbers[t as usize]));
        }
    }
    out
}

/// The parts' entries, in turn, so that a prefix of them is spread over all parts as their sizes are.
fn entries(parts: &[Part<'_>], numbers: &[Vec<u32>], codes: CodesRef<'_>) -> Vec<u32> {
    let mut high: Vec<(f64, u32)> = Vec::new();
    for (part, numbers) in parts.iter().zip(numbers) {
        let live: Vec<u32> = (0..part.graph.entries).map(|e| numbers[e]).filter(|n| *n != u32::MAX).collect();
        let share = part.graph.len().max(1) as f64;
        high.extend(live.iter().enumerate().map(|(i, n)| (i as f64 / share, *n)));
    }
    high.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut out: Vec<u32> = high.into_iter().map(|(_, n)| n).collect();
    if out.is_empty() {
        out.extend(0..codes.len().min(1) as u32);
    }
    out
}
