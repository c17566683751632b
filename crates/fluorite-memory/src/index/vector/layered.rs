//! All vectors of a store: a head that is scanned, and frozen graphs that are walked.

use std::sync::Arc;

use fluorite_ml::vector::prefetch_line;

use super::exact::{rescore, search_exact, unit_query};
use super::graph::{Code, Codes, Graph};
use super::scan;
use super::{Effort, ExactScan, VectorIndex, VectorSource};
use crate::error::{Error, Result};
use crate::index::{rows::RowSet, top::TopK};

/// No row, or no graph.
const NONE: u32 = u32::MAX;
/// What a comparison on a walk costs, in comparisons of rows picked one by one: the heap, the visited set, the links.
const WALK_COST: f32 = 1.6;
/// Candidates whose exact values are read: twice those wanted, and a few more. The codes' error moves a vector by a few places.
fn kept(k: usize) -> usize {
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
        self.slots.push(Slot { graph, rows, present });
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

    /// Rows a search of this kind compares the query with, about: what it costs.
    #[must_use]
    pub fn estimate(&self, k: usize, effort: Effort) -> usize {
        let walk = |graph: &Graph| {
            let entries = graph.entries(); // compared row after row, at a quarter of the price
            graph.compared_at(effort.width(graph, k)).saturating_sub(entries) * 2 + entries / 2
        };
        let graphs: usize = self.slots.iter().map(|s| walk(&s.graph)).sum();
        self.head.len() / 2 + graphs + kept(k) * 4
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

impl Slot {
    /// Offers the nearest of the allowed rows.
    fn search(&self, query: &Code, k: usize, allowed: &RowSet, effort: Effort, places: &[Place], top: &mut TopK) {
        let count = self.present.and_len(allowed);
        if count == 0 {
            return;
        }
        let ef = effort.width(&self.graph, k);
        let nodes = self.graph.nodes();
        let mut offer = |node: u32, cosine: f32| {
            if let Some(row) = self.rows.get(node as usize).filter(|r| **r != NONE) {
                top.offer(*row, cosine);
            }
        };
        if count == nodes && count > ef {
            self.graph.walk(query, ef).found.into_iter().for_each(|(node, cosine)| offer(node, cosine));
            return;
        }
        // the narrower the filter, the farther the walk goes for as many hits; comparing all that match is the other way
        let share = count as f32 / nodes as f32;
        // what matches may lie elsewhere than what calibration searched for: wider walks, the more so the less matches
        let ef = (ef as f32 / (share * share)).ceil() as usize;
        let walk = self.graph.compared_at(ef) as f32 / share * WALK_COST;
        if walk < count as f32 {
            let admit = |node: u32| self.rows.get(node as usize).is_some_and(|row| allowed.contains(*row));
            let walked = self.graph.view().walk_admitting(query, ef, self.graph.node_of(query), count, admit);
            if !walked.exhausted {
                walked.found.into_iter().for_each(|(node, cosine)| offer(node, cosine));
                return;
            }
            // what matches lies far from the query: no walk ends before all of it has been compared
        }
        self.gather(query, allowed, places, offer);
    }

    /// Compares every allowed row.
    fn gather(&self, query: &Code, allowed: &RowSet, places: &[Place], mut offer: impl FnMut(u32, f32)) {
        let codes = self.graph.view().codes;
        let mut nodes = Vec::with_capacity(GATHER);
        let mut products = [0; GATHER];
        let mut flush = |nodes: &mut Vec<u32>| {
            codes.gather(&query.values, nodes, &mut products[..nodes.len()]);
            for (node, product) in nodes.iter().zip(&products) {
                offer(*node, *product as f32 * codes.scales[*node as usize] * query.scale);
            }
            nodes.clear();
        };
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
        self.check(query)?;
        let unit = unit_query(query)?;
        if k == 0 || self.is_empty() {
            return Ok(Vec::new());
        }
        let keep = if self.slots.is_empty() { scan::kept(k) } else { kept(k) };
        let mut top = TopK::new(keep);
        let scale = self.head.offer_candidates(&unit, allowed, &mut top);
        if !self.slots.is_empty() {
            let code = Code::of(&unit);
            for slot in &self.slots {
                slot.search(&code, k, allowed, effort, &self.places, &mut top);
            }
        }
        rescore(&unit, k, &top.into_best_first(), scale, source)
    }

    fn bytes(&self) -> usize {
        let slots: usize = self.slots.iter().map(|s| s.rows.capacity() * 4 + s.present.bytes()).sum();
        self.head.bytes() + slots + self.places.capacity() * size_of::<Place>()
    }
}
