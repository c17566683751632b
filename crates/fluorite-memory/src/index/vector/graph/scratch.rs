//! What a walk needs to remember, kept from one search to the next so that none allocates.

use std::cell::RefCell;

use super::pool::Pool;

/// The nodes met, one bit each.
#[derive(Debug, Default)]
pub(super) struct Visited {
    words: Vec<u64>,
    touched: Vec<u32>,
}

impl Visited {
    /// Empties the set and makes room for `nodes`. Cost: that of the nodes met before.
    fn reset(&mut self, nodes: usize) {
        for word in self.touched.drain(..) {
            self.words[word as usize] = 0;
        }
        if self.words.len() * 64 < nodes {
            self.words.resize(nodes.div_ceil(64), 0);
        }
    }

    /// Adds a node; false when it was there.
    #[inline]
    pub fn insert(&mut self, node: u32) -> bool {
        let word = &mut self.words[node as usize / 64];
        let bit = 1 << (node % 64);
        if *word & bit != 0 {
            return false;
        }
        if *word == 0 {
            self.touched.push(node / 64);
        }
        *word |= bit;
        true
    }
}

/// Buffers of one walk.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub visited: Visited,
    pub pool: Pool,
    pub frontier: std::collections::BinaryHeap<Ahead>,
    pub ids: Vec<u32>,
    pub products: Vec<i32>,
}

/// A node of the frontier; the best one tops the heap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    pub score: f32,
    pub node: u32,
}

impl Ord for Ahead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then(other.node.cmp(&self.node))
    }
}
impl PartialOrd for Ahead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Ahead {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Ahead {}

impl Scratch {
    fn reset(&mut self, nodes: usize) {
        self.visited.reset(nodes);
        self.pool.reset(0);
        self.frontier.clear();
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs a walk with this thread's buffers.
pub(super) fn with_scratch<T>(nodes: usize, walk: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with(|cell| match cell.try_borrow_mut() {
        Ok(mut scratch) => {
            scratch.reset(nodes);
            walk(&mut scratch)
        }
        Err(_) => {
            let mut scratch = Scratch::default(); // a walk inside a walk does not happen; if it did, it has its own
            scratch.reset(nodes);
            walk(&mut scratch)
        }
    })
}
