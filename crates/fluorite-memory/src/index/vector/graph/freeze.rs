//! From candidate links to a graph for walking: links both ways, pruned for diversity, every node reachable, near nodes
//! near in memory.
//!
//! Pruning is the neighbour selection of Malkov and Yashunin (HNSW, 2018, algorithm 4) with the slack of Subramanya et al.
//! (DiskANN, 2019), over the links of both directions; hnsw_rs itself drops the farthest reverse link.

use rayon::prelude::*;

use super::codes::{Code, Codes, CodesRef};
use super::twins::Crowd;
use super::walk::{END, GraphRef};
use crate::cancel::CancelToken;
use crate::error::Result;

/// A candidate is dropped when a kept one is nearer to it than the node is, by this factor (of squared distances).
const SLACK: f32 = 1.1;
/// Candidates looked at per node, the nearest.
const MOST_CANDIDATES: usize = 192;
/// One node in this many is an entry ...
const NODES_PER_ENTRY: usize = 256;
/// ... but at most this many: comparing a query with all of them costs some 30 us.
const MOST_ENTRIES: usize = 4_096;
/// One entry in this many is chosen for being far from the others.
const FAR_IN: usize = 4;
/// Rows looked at for each of those.
const FAR_SAMPLE: usize = 32;
/// Rows of which entries are added when they lie in a group far from all others, at most ...
const COVER_SAMPLE: usize = 65_536;
/// ... that is, when the nearest entry is so many times as far (in 1 - cosine) as half as many rows as a node has links.
const FAR: f32 = 16.0;
/// An entry added serves a row when it is nearer than the entries before by this factor.
const COVERED: f32 = 4.0;
/// Candidates of the walk that finds an unreached node a neighbour.
const REPAIR_EF: usize = 64;
/// Candidates of the walk that finds an inserted row its neighbours.
const INSERT_EF: usize = 128;

/// A graph in memory, nodes in their final order.
#[derive(Debug, Default)]
pub(crate) struct Frozen {
    pub codes: Codes,
    pub width: usize,
    pub links: Vec<u32>,
    pub entries: usize,
    /// Node -> number of the row in the input.
    pub origin: Vec<u32>,
    /// The twins of each node that has some: nodes behind those with links.
    pub crowds: Vec<Crowd>,
}

impl Frozen {
    /// Nodes that are walked.
    pub fn walked(&self) -> usize {
        self.crowds.first().map_or(self.codes.scales.len(), |crowd| crowd[1] as usize)
    }

    /// What is walked.
    pub fn view(&self) -> GraphRef<'_> {
        let codes = self.codes.view().first(self.walked());
        GraphRef { codes, width: self.width, links: &self.links, entries: self.entries }
    }
}

/// Freezes. `links`: candidates of each row; `high`: rows by their fitness as an entry. Runs on the pool it is called in.
pub(crate) fn freeze(codes: Codes, mut links: Vec<Vec<u32>>, high: &[u32], width: usize, cancel: &CancelToken) -> Result<Frozen> {
    symmetrise(&mut links);
    cancel.check()?;
    let view = codes.view();
    // each list goes as soon as it is pruned: at a million nodes all of them are most of the memory
    let pruned: Vec<Vec<u32>> = links
        .into_par_iter()
        .enumerate()
        .map(|(node, to)| cancel.check().map(|()| prune(view, node as u32, &to, width)))
        .collect::<Result<_>>()?;
    cancel.check()?;
    let entries = cover(view, &pruned, width, choose_entries(view, high));
    let order = arrange(&pruned, &entries);
    let entries = entries.len();
    cancel.check()?;
    let mut frozen = renumber(codes, pruned, order, entries, width);
    reach(&mut frozen, cancel)?;
    Ok(frozen)
}

/// Where walks set out: rows that reached up high, which are a random sample, and rows far from all of those, so that no
/// cluster is without one: the links of a large cluster's nodes all stay inside it.
fn choose_entries(codes: CodesRef<'_>, high: &[u32]) -> Vec<u32> {
    let count = codes.len();
    let wanted = (count / NODES_PER_ENTRY).clamp(1, MOST_ENTRIES).min(count);
    let mut entries = high[..(wanted - wanted / FAR_IN).min(high.len())].to_vec();
    let sample = (wanted / FAR_IN * FAR_SAMPLE).min(count);
    let rows: Vec<u32> = (0..sample).map(|i| (i * count / sample.max(1)) as u32).collect();
    let nearest = |row: &u32| entries.iter().map(|e| codes.cosine(*row, *e)).fold(f32::MIN, f32::max);
    let mut near: Vec<f32> = rows.par_iter().map(nearest).collect();
    while entries.len() < wanted {
        let Some((at, _)) = near.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)) else { break };
        if near[at] == f32::INFINITY {
            break; // all of the sample is taken
        }
        let chosen = rows[at];
        entries.push(chosen);
        near.iter_mut().zip(&rows).for_each(|(near, row)| *near = near.max(codes.cosine(*row, chosen)));
        near[at] = f32::INFINITY;
    }
    let mut met = std::collections::HashSet::new();
    entries.retain(|e| met.insert(*e));
    entries
}

/// Adds entries for groups of rows so near to each other that their links stay inside, however far the other rows are: a
/// walk that sets out elsewhere would not find them.
fn cover(codes: CodesRef<'_>, links: &[Vec<u32>], width: usize, mut entries: Vec<u32>) -> Vec<u32> {
    let (count, group) = (codes.len(), width / 2);
    let most = (count / group.max(1)).min(MOST_ENTRIES);
    let sample = count.min(COVER_SAMPLE);
    let rows = (0..sample).map(|i| (i * count / sample) as u32);
    let away = |row: u32, from: &[u32]| from.iter().map(|e| 1.0 - codes.cosine(row, *e)).fold(f32::MAX, f32::min);
    let lost = |row: u32| {
        let away = away(row, &entries);
        let near = |to: &[u32]| to.iter().any(|to| (1.0 - codes.cosine(row, *to)) * FAR < away);
        (near(&links[row as usize]) && in_group(codes, links, row, away / FAR, group)).then_some((row, away))
    };
    let lost: Vec<(u32, f32)> = rows.collect::<Vec<_>>().into_par_iter().filter_map(lost).collect();
    let first = entries.len();
    for (row, before) in lost {
        if entries.len() >= most {
            break;
        }
        if away(row, &entries[first..]) * COVERED >= before {
            entries.push(row);
        }
    }
    entries
}

/// Whether this many rows lie within a distance of a row: its neighbours, and theirs.
fn in_group(codes: CodesRef<'_>, links: &[Vec<u32>], row: u32, within: f32, count: usize) -> bool {
    let near = |to: &&u32| 1.0 - codes.cosine(row, **to) < within;
    let mut met: Vec<u32> = links[row as usize].iter().filter(near).copied().collect();
    for at in 0..met.len() {
        met.extend(links[met[at] as usize].iter().filter(|to| **to != row).filter(near));
    }
    met.sort_unstable();
    met.dedup();
    met.len() >= count
}

/// Adds rows to a frozen graph, as an HNSW grows: each is linked with the diverse nearest a walk finds, and they with it.
/// Meant for few rows: they come last in the order. `rows`: number in the input, and code.
pub(crate) fn insert(frozen: &mut Frozen, rows: Vec<(u32, Code)>, cancel: &CancelToken) -> Result<()> {
    let width = frozen.width;
    for (origin, code) in rows {
        let near: Vec<u32> = frozen.view().walk(&code, INSERT_EF, None).found.into_iter().map(|(n, _)| n).collect();
        let node = frozen.origin.len() as u32;
        frozen.codes.push(&code.values, code.scale);
        frozen.origin.push(origin);
        frozen.links.resize(frozen.links.len() + width, END);
        let mut to = prune(frozen.codes.view(), node, &near, width);
        if to.is_empty() && node > 0 {
            to.push(0);
        }
        for &n in &to {
            let mut back: Vec<u32> = frozen.view().links_of(n).collect();
            back.push(node);
            if back.len() > width {
                back = prune(frozen.codes.view(), n, &back, width);
            }
            set_links(frozen, n, &back);
        }
        set_links(frozen, node, &to);
    }
    frozen.entries = frozen.entries.max(1).min(frozen.origin.len());
    reach(frozen, cancel)
}

fn set_links(frozen: &mut Frozen, node: u32, to: &[u32]) {
    let slots = &mut frozen.links[node as usize * frozen.width..][..frozen.width];
    slots.fill(END);
    slots.iter_mut().zip(to).for_each(|(slot, to)| *slot = *to);
}

/// Adds every link's way back.
fn symmetrise(links: &mut [Vec<u32>]) {
    let before: Vec<usize> = links.iter().map(Vec::len).collect();
    for node in 0..links.len() {
        for i in 0..before[node] {
            let to = links[node][i] as usize;
            if to != node {
                links[to].push(node as u32);
            }
        }
    }
}

/// The diverse nearest of the candidates, best first.
pub(super) fn prune(codes: CodesRef<'_>, node: u32, candidates: &[u32], width: usize) -> Vec<u32> {
    let mut near: Vec<(f32, u32)> = candidates.iter().filter(|c| **c != node).map(|&c| (codes.cosine(node, c), c)).collect();
    near.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    near.dedup_by_key(|n| n.1);
    near.truncate(MOST_CANDIDATES);
    let mut kept: Vec<u32> = Vec::with_capacity(width);
    let mut passed = Vec::new();
    for &(cosine, c) in &near {
        if kept.len() == width {
            break;
        }
        let away = 1.0 - cosine;
        if kept.iter().all(|&k| (1.0 - codes.cosine(c, k)) * SLACK >= away) {
            kept.push(c);
        } else {
            passed.push(c);
        }
    }
    let fill = (width / 2).saturating_sub(kept.len());
    kept.extend(passed.into_iter().take(fill));
    kept
}

/// The rows in their new order: the entries, then breadth first from them, what is not reached last.
fn arrange(links: &[Vec<u32>], entries: &[u32]) -> Vec<u32> {
    let mut met = vec![false; links.len()];
    let mut order = Vec::with_capacity(links.len());
    for &e in entries {
        if !std::mem::replace(&mut met[e as usize], true) {
            order.push(e);
        }
    }
    let mut at = 0;
    let mut rest = 0..links.len() as u32;
    loop {
        while at < order.len() {
            for &to in &links[order[at] as usize] {
                if !std::mem::replace(&mut met[to as usize], true) {
                    order.push(to);
                }
            }
            at += 1;
        }
        match rest.find(|n| !met[*n as usize]) {
            Some(n) => {
                met[n as usize] = true;
                order.push(n);
            }
            None => return order,
        }
    }
}

fn renumber(codes: Codes, links: Vec<Vec<u32>>, order: Vec<u32>, entries: usize, width: usize) -> Frozen {
    let mut place = vec![END; order.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old as usize] = new as u32;
    }
    let mut out = Frozen {
        codes: Codes {
            stride: codes.stride,
            values: Vec::with_capacity(codes.values.len()),
            scales: Vec::with_capacity(order.len()),
        },
        width,
        links: vec![END; order.len() * width],
        entries,
        origin: Vec::new(),
        crowds: Vec::new(),
    };
    let view = codes.view();
    for (new, old) in order.iter().enumerate() {
        out.codes.push(view.row(*old), codes.scales[*old as usize]);
        for (slot, to) in out.links[new * width..][..width].iter_mut().zip(&links[*old as usize]) {
            *slot = place[*to as usize];
        }
    }
    out.origin = order;
    out
}

/// Links every node that no walk can meet from a near one that walks do meet. No link that is the only known way to a node
/// is given up for it, so that one round is enough.
fn reach(frozen: &mut Frozen, cancel: &CancelToken) -> Result<()> {
    let mut ways = ways(&frozen.view());
    for node in 0..ways.len() as u32 {
        if ways[node as usize] != END {
            continue;
        }
        cancel.check()?;
        // walks meet only what is met: neither this node nor one that links to it
        let near = frozen.view().walk(&frozen.codes.view().code(node), REPAIR_EF, None).found;
        let links = |n: u32| &frozen.links[n as usize * frozen.width..][..frozen.width];
        // a free slot takes nothing from anyone; else the last link goes that is not the way to its node
        let free = |n: u32| links(n).iter().position(|to| *to == END);
        let spare = |n: u32| links(n).iter().rposition(|to| ways[*to as usize] != n);
        let of = |slot: &dyn Fn(u32) -> Option<usize>| near.iter().find_map(|(n, _)| Some((*n, slot(*n)?)));
        let anywhere = || (0..node).find_map(|n| Some((n, free(n).or_else(|| spare(n))?)));
        if let Some((n, slot)) = of(&free).or_else(|| of(&spare)).or_else(anywhere) {
            frozen.links[n as usize * frozen.width + slot] = node;
            meet(&frozen.view(), n, node, &mut ways);
        }
    }
    Ok(())
}

/// From which node each was met first; `END` for those no walk can meet.
fn ways(graph: &GraphRef<'_>) -> Vec<u32> {
    let mut ways = vec![END; graph.len()];
    (0..graph.entries as u32).for_each(|entry| meet(graph, entry, entry, &mut ways));
    ways
}

/// Meets a node from another, and all that can be met from it.
fn meet(graph: &GraphRef<'_>, from: u32, node: u32, ways: &mut [u32]) {
    let mut queue = vec![(from, node)];
    while let Some((from, node)) = queue.pop() {
        if ways[node as usize] == END {
            ways[node as usize] = from;
            queue.extend(graph.links_of(node).filter(|to| ways[*to as usize] == END).map(|to| (node, to)));
        }
    }
}
