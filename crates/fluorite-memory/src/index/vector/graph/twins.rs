//! Rows with equal codes: one of them is walked, the others (its twins) are found with it.
//!
//! A text stored a thousand times would else fill the links and the pools of walks with copies of itself, and no walk would
//! get past it.

use std::ops::Range;

use super::codes::CodesRef;
use super::freeze::Frozen;
use super::make::Source;
use super::walk::END;

/// A walked node and the first of its twins; they end where the next ones begin.
pub(crate) type Crowd = [u32; 2];

/// Which of the rows of some sources are walked. Rows are named by their number among those that live on.
#[derive(Debug, Default)]
pub(super) struct Twins {
    /// The row that is walked for each: itself, or one with the same code.
    walked: Vec<u32>,
    scales: Vec<f32>,
}

impl Twins {
    /// Compares all rows. Cost: a hash and 32 bytes a row.
    pub fn of(sources: &[Source]) -> Self {
        let mut out = Self::default();
        let mut places: Vec<(u32, u32)> = Vec::new();
        let mut hashes: Vec<(u64, u32, u32)> = Vec::new();
        for (s, source) in sources.iter().enumerate() {
            let (codes, live) = parts(source);
            // what a large graph has linked already stays as it is; what is in no graph must be linked anyway
            let rank = live.map_or(u32::MAX, |live| u32::MAX - 1 - live.len() as u32);
            for row in (0..codes.len() as u32).filter(|row| live.is_none_or(|live| live[*row as usize])) {
                let number = places.len() as u32;
                hashes.push((codes.hash(row), rank, number));
                places.push((s as u32, row));
                out.scales.push(codes.scales[row as usize]);
                out.walked.push(number);
            }
        }
        hashes.sort_unstable();
        let code = |number: u32| {
            let (source, row) = places[number as usize];
            parts(&sources[source as usize]).0.row(row)
        };
        for same in hashes.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            let first = same[0].2;
            for (_, _, number) in &same[1..] {
                if code(*number) == code(first) {
                    out.walked[*number as usize] = first;
                }
            }
        }
        out
    }

    /// Whether this row is walked.
    pub fn is_walked(&self, number: u32) -> bool {
        self.walked[number as usize] == number
    }

    /// Rows that are walked.
    pub fn walked(&self) -> usize {
        self.walked.iter().zip(0..).filter(|(walked, number)| **walked == *number).count()
    }

    /// Adds the twins behind the nodes of a graph that holds all that are walked.
    pub fn attach(&self, frozen: &mut Frozen) {
        let mut nodes = vec![END; self.walked.len()];
        for (node, number) in frozen.origin.iter().enumerate() {
            nodes[*number as usize] = node as u32;
            frozen.codes.scales[node] = self.scales[*number as usize]; // it may stand in for a dead one
        }
        let pairs = self.walked.iter().zip(0..).filter(|(walked, number)| **walked != *number);
        let mut twins: Vec<(u32, u32)> = pairs.map(|(walked, number)| (nodes[*walked as usize], number)).collect();
        twins.sort_unstable();
        for (node, number) in twins {
            if frozen.crowds.last().is_none_or(|crowd| crowd[0] != node) {
                frozen.crowds.push([node, frozen.origin.len() as u32]);
            }
            frozen.codes.repeat(node, self.scales[number as usize]);
            frozen.origin.push(number);
        }
    }
}

/// The codes of a source, and which of them live on when not all do.
fn parts(source: &Source) -> (CodesRef<'_>, Option<&[bool]>) {
    match source {
        Source::Codes(codes) => (codes.view(), None),
        Source::Graph(graph, live) => (graph.codes(), Some(live)),
    }
}

/// The twins of a node.
pub(super) fn twins_of(crowds: &[Crowd], nodes: u32, node: u32) -> Range<u32> {
    let Ok(at) = crowds.binary_search_by_key(&node, |crowd| crowd[0]) else { return 0..0 };
    crowds[at][1]..crowds.get(at + 1).map_or(nodes, |next| next[1])
}

/// The node that is walked for this one.
pub(super) fn walked_for(crowds: &[Crowd], node: u32) -> u32 {
    match crowds.partition_point(|crowd| crowd[1] <= node).checked_sub(1) {
        Some(at) => crowds[at][0],
        None => node,
    }
}

/// Whether these are the twins of a graph of so many nodes of which the first `walked` are walked.
pub(super) fn fit(crowds: &[Crowd], nodes: u32, walked: u32) -> bool {
    let first = crowds.first().map_or(nodes, |crowd| crowd[1]);
    first == walked
        && crowds.iter().all(|crowd| crowd[0] < walked && crowd[1] < nodes)
        && crowds.windows(2).all(|two| two[0][0] < two[1][0] && two[0][1] < two[1][1])
}
