//! All vectors of a store: a head that is scanned, and frozen graphs that are walked.

use std::cell::Cell;
use std::sync::Arc;

use fluorite_ml::vector::prefetch_line;

use super::exact::{Candidate, Nearest, best, kept, search_exact, unit_query};
use super::graph::{Code, Codes, Graph};
use super::{Effort, ExactScan, VectorIndex, VectorSource};
use crate::error::{Error, Result};
use crate::index::{rows::RowSet, top::TopK};
use crate::mutants::mutant;

/// No row, or no graph.
const NONE: u32 = u32::MAX;
/// What a comparison on a walk costs, in comparisons of rows picked one by one: the heap, the visited set, the links.
const WALK_COST: f32 = 1.6;
/// Exact values read for `k` hits, about: the codes' error moves a vector by a few places.
fn read_for(k: usize) -> usize {
    k + k.max(14)
}

/// Nodes gathered at a time.
const GATHER: usize = 64;

/// A graph and which rows its nodes are now.
#[derive(Debug)]
struct Slot {
    graph: Arc<Graph>,
    /// Node -> row; `NONE` when the row is gone.
    rows: Vec<u32>,
    present: RowSet,
    /// Rows of nodes that are walked; empty when all are.
    walked: RowSet,
}

/// Where a row's vector is.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Number of the graph.
    graph: u32,
    node: u32,
}

const NOWHERE: Place = Place { graph: NONE, node: 0 };

/// Finds near rows in a scanned head and in frozen graphs, as one.
///
/// Cost of a search: about 14 ns a row of the head, 20 to 80 us a graph of up to a million nodes, a read of the exact
/// values per candidate kept. Heap: 12 bytes a row in a graph, 388 a row (of 384 dimensions) in the head.
#[derive(Debug, Default)]
pub struct LayeredIndex {
    dims: usize,
    head: ExactScan,
    slots: Vec<Slot>,
    places: Vec<Place>,
}

/// A graph as the engine sees it.
#[derive(Debug, Clone)]
pub struct GraphInfo {
    /// The graph.
    pub graph: Arc<Graph>,
    /// Nodes that are still rows.
    pub rows: usize,
}

impl LayeredIndex {
    /// An empty index for vectors of this many dimensions.
    #[must_use]
    pub fn new(dims: usize) -> Self {
        Self { dims, head: ExactScan::new(dims), ..Self::default() }
    }

    /// Whether the row has a vector here.
    #[must_use]
    pub fn has(&self, row: u32) -> bool {
        self.head.has(row) || self.place(row).graph != NONE
    }

    /// Values per vector.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// The rows of the head.
    #[must_use]
    pub fn head_rows(&self) -> &RowSet {
        self.head.rows()
    }

    /// The graphs, in no order.
    pub fn graphs(&self) -> impl Iterator<Item = GraphInfo> + '_ {
        self.slots.iter().map(|s| GraphInfo { graph: Arc::clone(&s.graph), rows: s.present.len() })
    }

    /// The row of each node of a graph.
    #[must_use]
    pub fn rows_of(&self, number: u32) -> Option<&[u32]> {
        self.slots.iter().find(|s| s.graph.number() == number).map(|s| s.rows.as_slice())
    }

    /// Copies of the codes of rows of the head, in this order. Rows not in the head are left out.
    #[must_use]
    pub(crate) fn head_codes(&self, rows: &[u32]) -> Codes {
        let mut codes = Codes::new(self.dims);
        for row in rows {
            if let Some((values, scale)) = self.head.code(*row) {
                codes.push(values, scale);
            }
        }
        codes
    }

    /// Takes in a graph; `rows`: the row of each node, `u32::MAX` for nodes that are gone. What the head or other graphs
    /// held of these rows is forgotten there.
    pub fn install(&mut self, graph: Arc<Graph>, rows: Vec<u32>) {
        let number = graph.number();
        let present: RowSet = rows.iter().copied().filter(|r| *r != NONE).collect();
        self.forget(&present);
        let highest = rows.iter().copied().filter(|r| *r != NONE).max();
        if let Some(row) = highest
            && self.places.len() <= row as usize
        {
            self.places.resize(row as usize + 1, NOWHERE);
        }
        for (node, row) in rows.iter().enumerate().filter(|(_, r)| **r != NONE) {
            self.places[*row as usize] = Place { graph: number, node: node as u32 };
        }
        let all = graph.view().len();
        let walked = if all < rows.len() { rows[..all].iter().copied().filter(|r| *r != NONE).collect() } else { RowSet::new() };
        self.slots.push(Slot { graph, rows, present, walked });
        self.slots.sort_by_key(|s| std::cmp::Reverse(s.graph.nodes()));
    }

    /// Drops a graph. Rows that were still in it have no vector here any more; they are returned.
    pub fn remove(&mut self, number: u32) -> RowSet {
        let Some(at) = self.slots.iter().position(|s| s.graph.number() == number) else { return RowSet::new() };
        let slot = self.slots.remove(at);
        for row in slot.present.iter() {
            self.places[row as usize] = NOWHERE;
        }
        slot.present
    }

    fn place(&self, row: u32) -> Place {
        self.places.get(row as usize).copied().unwrap_or(NOWHERE)
    }

    fn check(&self, query: &[f32]) -> Result<()> {
        if query.len() == self.dims || self.dims == 0 || self.is_empty() {
            Ok(())
        } else {
            Err(Error::DimensionMismatch { expected: self.dims, found: query.len() })
        }
    }

    /// As [`search`](VectorIndex::search), reading the exact values of every allowed row that has a vector.
    ///
    /// # Errors
    /// Those of [`search`](VectorIndex::search).
    pub fn search_exact(&self, query: &[f32], k: usize, allowed: &RowSet, source: &dyn VectorSource) -> Result<Vec<(u32, f32)>> {
        self.check(query)?;
        let mut rows = self.head.rows().clone();
        self.slots.iter().for_each(|s| rows.or(&s.present));
        rows.and(allowed);
        search_exact(query, k, &rows, source)
    }

    /// Rows a search of this kind compares the query with when all rows are allowed, about: what it costs.
    #[must_use]
    pub fn estimate(&self, k: usize, effort: Effort) -> usize {
        let graphs = self.slots.iter().map(|s| s.plan(k, s.present.len(), s.live_share(), effort).cost(&s.graph));
        graphs.fold(self.head.len() / 2 + read_for(k) * 4, usize::saturating_add)
    }

    /// As [`search`](VectorIndex::search); `None` when it would compare more than about `most` rows.
    ///
    /// # Errors
    /// Those of [`search`](VectorIndex::search).
    pub fn search_within(
        &self,
        query: &[f32],
        k: usize,
        allowed: &RowSet,
        effort: Effort,
        source: &dyn VectorSource,
        most: usize,
    ) -> Result<Option<Vec<(u32, f32)>>> {
        self.check(query)?;
        let unit = unit_query(query)?;
        if k == 0 || self.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let plan = |s: &Slot| {
            let count = s.present.and_len(allowed);
            s.plan(k, count, s.share(count, allowed), effort)
        };
        let plans: Vec<Plan> = self.slots.iter().map(plan).collect();
        let costs = plans.iter().zip(&self.slots).map(|(plan, slot)| plan.cost(&slot.graph));
        if most < usize::MAX && costs.fold(self.head.len() / 2, usize::saturating_add) > most {
            return Ok(None);
        }
        let code = Code::of(&unit);
        let mut left = most; // for both rounds
        let mut within = true;
        let hits = best(&unit, k, source, |keep| {
            let mut top = TopK::new(keep);
            let scale = self.head.offer_candidates(&unit, allowed, &mut top);
            let mut all = true;
            for (slot, plan) in self.slots.iter().zip(&plans) {
                let plan = if keep > kept(k) { plan.wider(keep) } else { *plan };
                within = within && slot.search(&code, plan, allowed, &self.places, &mut top, &mut left);
                all = all && matches!(plan, Plan::Skip | Plan::Gather { .. });
            }
            let candidate = |(row, about)| Candidate { row, about, scale: self.scale(row) };
            let candidates: Vec<_> = top.into_best_first().into_iter().map(candidate).collect();
            // who names a width gets no wider walk
            let all = !within || matches!(effort, Effort::Width(_)) || (all && candidates.len() < keep);
            Nearest { all, candidates, scale }
        })?;
        Ok(within.then_some(hits))
    }

    /// The scale of a row's code.
    fn scale(&self, row: u32) -> f32 {
        let Place { graph, node } = self.place(row);
        let slot = self.slots.iter().find(|s| s.graph.number() == graph);
        slot.map_or_else(|| self.head.scale(row), |s| s.graph.codes().scales[node as usize])
    }

    /// Whether all graphs are known to be whole and in memory.
    #[must_use]
    pub fn is_resident(&self) -> bool {
        self.slots.iter().all(|s| s.graph.is_verified())
    }
}

impl Effort {
    fn width(self, graph: &Graph, k: usize) -> usize {
        match self {
            Self::Recall(target) => graph.width_for(k, target),
            Self::Width(ef) => ef.max(k),
        }
    }
}

/// How a graph is searched.
#[derive(Debug, Clone, Copy)]
enum Plan {
    /// No row of it is allowed.
    Skip,
    /// All are: a walk of this width.
    Walk(usize),
    /// Some are: a walk that goes on until it has found this many of them, or has compared as many vectors as there are.
    Admit { ef: usize, count: usize, about: usize },
    /// So few that all are compared.
    Gather { count: usize },
}

impl Plan {
    /// For this many finds.
    fn wider(self, found: usize) -> Self {
        match self {
            Self::Walk(ef) => Self::Walk(ef.max(found)),
            Self::Admit { ef, count, about } => Self::Admit { ef: ef.max(found), count, about },
            other => other,
        }
    }

    /// Rows compared, about; those picked one by one count twice.
    fn cost(&self, graph: &Graph) -> usize {
        let entries = graph.entries(); // compared row after row, at a quarter of the price
        match *self {
            Self::Skip => 0,
            Self::Walk(ef) => graph.compared_at(ef).saturating_sub(entries) * 2 + entries / 2,
            Self::Admit { about, .. } => about.saturating_sub(entries).saturating_mul(2) + entries / 2,
            Self::Gather { count } => count,
        }
    }
}

/// Takes what was compared off what may be; false when nothing is left.
fn spend(left: &mut usize, compared: usize) -> bool {
    *left = left.saturating_sub(compared);
    *left > 0
}

impl Slot {
    /// The rows with the code of a walked node.
    fn rows_of(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let nodes = std::iter::once(node).chain(self.graph.twins(node));
        nodes.filter_map(|node| self.rows.get(node as usize).copied())
    }

    /// The share of allowed rows among the nodes; among those that are walked when that is less.
    fn share(&self, count: usize, allowed: &RowSet) -> f32 {
        let (all, walked) = (self.graph.nodes(), self.graph.view().len());
        let share = count as f32 / all as f32;
        if walked == all { share } else { share.min(self.walked.and_len(allowed) as f32 / walked as f32) }
    }

    /// The same when all rows are allowed.
    fn live_share(&self) -> f32 {
        self.share(self.present.len(), &self.present)
    }

    /// How to search when so many rows of it are allowed. `share`: of the nodes.
    fn plan(&self, k: usize, count: usize, share: f32, effort: Effort) -> Plan {
        if count == 0 {
            return Plan::Skip;
        }
        let ef = effort.width(&self.graph, k);
        let nodes = self.graph.nodes();
        if count == nodes && count > ef {
            return Plan::Walk(ef);
        }
        // the narrower the filter, the farther the walk goes for as many hits; comparing all that match is the other way
        // what matches may lie elsewhere than what calibration searched for: wider walks, the more so the less matches
        let ef = (ef as f32 / (share * share)).ceil() as usize;
        let about = self.graph.compared_at(ef) as f32 / share;
        if about * WALK_COST < count as f32 { Plan::Admit { ef, count, about: about as usize } } else { Plan::Gather { count } }
    }

    /// Offers the nearest of the allowed rows. False when that would compare more than `left`, which becomes less.
    fn search(&self, query: &Code, plan: Plan, allowed: &RowSet, places: &[Place], top: &mut TopK, left: &mut usize) -> bool {
        match plan {
            Plan::Skip => true,
            Plan::Walk(ef) => {
                let walked = self.graph.walk(query, ef);
                walked.found.into_iter().for_each(|(node, cosine)| self.offer(node, cosine, allowed, top));
                spend(left, walked.compared)
            }
            Plan::Admit { ef, count, .. } => {
                let looks = Cell::new(count); // twins in search of one that is allowed
                let admit = |node: u32| {
                    let mut rows = self.rows_of(node).take(looks.get().max(1)).enumerate();
                    let found = rows.find(|(_, row)| allowed.contains(*row) || mutant!("deleted_row_of_a_graph"));
                    let looked = found.map_or_else(|| self.graph.twins(node).len(), |(twins, _)| twins);
                    looks.set(looks.get().saturating_sub(looked));
                    found.is_some()
                };
                let most = count.min(*left);
                let walked = self.graph.view().walk_admitting(query, ef, self.graph.node_of(query), most, admit);
                if !walked.exhausted && looks.get() > 0 {
                    walked.found.into_iter().for_each(|(node, cosine)| self.offer(node, cosine, allowed, top));
                    return spend(left, walked.compared);
                }
                // what matches lies far from the query: no walk ends before all of it has been compared
                let within = spend(left, walked.compared.saturating_add(count));
                if within {
                    self.gather(query, allowed, places, |row, cosine| top.offer(row, cosine));
                }
                within
            }
            Plan::Gather { count } => {
                let within = spend(left, count);
                if within {
                    self.gather(query, allowed, places, |row, cosine| top.offer(row, cosine));
                }
                within
            }
        }
    }

    /// Offers the allowed rows with the code of a walked node: as many as may be kept.
    fn offer(&self, node: u32, cosine: f32, allowed: &RowSet, top: &mut TopK) {
        let room = if cosine < top.floor() { 0 } else { top.capacity() };
        self.rows_of(node)
            .filter(|row| allowed.contains(*row) || mutant!("deleted_row_of_a_graph"))
            .take(room)
            .for_each(|row| top.offer(row, cosine));
    }

    /// Compares every allowed row.
    fn gather(&self, query: &Code, allowed: &RowSet, places: &[Place], mut offer: impl FnMut(u32, f32)) {
        let codes = self.graph.codes();
        let mut nodes = Vec::with_capacity(GATHER);
        let mut products = [0; GATHER];
        let mut flush = |nodes: &mut Vec<u32>| {
            codes.gather(&query.values, nodes, &mut products[..nodes.len()]);
            for (node, product) in nodes.iter().zip(&products) {
                offer(self.rows[*node as usize], *product as f32 * codes.scales[*node as usize] * query.scale);
            }
            nodes.clear();
        };
        let allowed = if mutant!("deleted_row_of_a_graph") { &self.present } else { allowed };
        for row in self.present.both(allowed) {
            nodes.push(places[row as usize].node);
            prefetch_line(codes.scales, places[row as usize].node as usize);
            if nodes.len() == GATHER {
                flush(&mut nodes);
            }
        }
        flush(&mut nodes);
    }
}

impl VectorIndex for LayeredIndex {
    fn insert(&mut self, row: u32, unit: &[f32]) {
        if self.dims == 0 {
            self.dims = unit.len();
            self.head = ExactScan::new(self.dims);
        }
        let Place { graph, node } = self.place(row);
        if let Some(slot) = self.slots.iter_mut().find(|s| s.graph.number() == graph) {
            slot.rows[node as usize] = NONE;
            slot.present.remove(row);
            slot.walked.remove(row);
            self.places[row as usize] = NOWHERE;
        }
        self.head.insert(row, unit);
    }

    fn forget(&mut self, rows: &RowSet) {
        self.head.forget(rows);
        for slot in &mut self.slots {
            for row in slot.present.both(rows) {
                slot.rows[self.places[row as usize].node as usize] = NONE;
                self.places[row as usize] = NOWHERE;
            }
            slot.present.and_not(rows);
            slot.walked.and_not(rows);
        }
    }

    fn len(&self) -> usize {
        self.head.len() + self.slots.iter().map(|s| s.present.len()).sum::<usize>()
    }

    fn search(
        &self,
        query: &[f32],
        k: usize,
        allowed: &RowSet,
        effort: Effort,
        source: &dyn VectorSource,
    ) -> Result<Vec<(u32, f32)>> {
        Ok(self.search_within(query, k, allowed, effort, source, usize::MAX)?.unwrap_or_default())
    }

    fn bytes(&self) -> usize {
        let slots: usize = self.slots.iter().map(|s| s.rows.capacity() * 4 + s.present.bytes() + s.walked.bytes()).sum();
        self.head.bytes() + slots + self.places.capacity() * size_of::<Place>()
    }
}
