//! Best-first search over a frozen graph.

use fluorite_ml::vector::prefetch_line;

use super::codes::{Code, CodesRef};
use super::scratch::{Ahead, Near, Scratch, with_scratch};

/// No further link.
pub(crate) const END: u32 = u32::MAX;
/// Nodes a walk sets out from: the best of the entry nodes.
const STARTS: usize = 4;

/// A graph wherever it lies: the first `entries` nodes are where walks set out; every node has `width` links, the rest `END`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GraphRef<'a> {
    pub codes: CodesRef<'a>,
    pub width: usize,
    pub links: &'a [u32],
    pub entries: usize,
}

/// What a walk found and what it cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walked {
    /// Nodes with their (about) cosine, best first.
    pub found: Vec<(u32, f32)>,
    /// Vectors compared.
    pub compared: usize,
    /// The walk ended because it may compare no more.
    pub exhausted: bool,
}

impl<'a> GraphRef<'a> {
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// The links of a node. A number that is no node (of a damaged file) ends them.
    #[inline]
    pub fn links_of(&self, node: u32) -> impl Iterator<Item = u32> + 'a {
        let nodes = self.len();
        self.links[node as usize * self.width..][..self.width].iter().copied().take_while(move |&to| (to as usize) < nodes)
    }

    /// The `ef` nodes a walk finds nearest. `start`: a node it sets out from beside the best entries.
    pub fn walk(&self, query: &Code, ef: usize, start: Option<u32>) -> Walked {
        with_scratch(self.len(), |s| {
            let mut compared = self.set_out(query, ef.max(STARTS), start, s);
            let mut at = 0;
            while at < s.pool.len() {
                if s.pool[at].expanded {
                    at += 1;
                    continue;
                }
                s.pool[at].expanded = true;
                let node = s.pool[at].node;
                compared += self.meet(query, node, s);
                let mut first = at + 1;
                for i in 0..s.ids.len() {
                    let node = s.ids[i];
                    let score = s.products[i] as f32 * self.codes.scales[node as usize];
                    if let Some(place) = s.offer(ef.max(STARTS), Near { score, node, expanded: false }) {
                        first = first.min(place);
                    }
                }
                at = first.min(at + 1);
                if let Some(next) = s.pool[at.min(s.pool.len())..].iter().find(|n| !n.expanded) {
                    let line = next.node as usize * self.width;
                    prefetch_line(self.links, line);
                    prefetch_line(self.links, line + 16);
                }
            }
            s.pool.truncate(ef);
            let found = s.pool.iter().map(|n| (n.node, n.score * query.scale)).collect();
            Walked { found, compared, exhausted: false }
        })
    }

    /// The `ef` nodes nearest among those admitted: the walk goes through all nodes until `ef` admitted ones are found and
    /// nothing nearer is ahead, or until it has compared `most` vectors.
    pub fn walk_admitting(
        &self,
        query: &Code,
        ef: usize,
        start: Option<u32>,
        most: usize,
        admit: impl Fn(u32) -> bool,
    ) -> Walked {
        with_scratch(self.len(), |s| {
            let mut compared = self.set_out(query, STARTS, start, s);
            let seeds: Vec<Near> = s.pool.drain(..).collect();
            for near in seeds {
                s.frontier.push(Ahead { score: near.score, node: near.node });
                if admit(near.node) {
                    s.offer(ef, near);
                }
            }
            let mut exhausted = false;
            while let Some(Ahead { score, node }) = s.frontier.pop() {
                let full = s.pool.len() == ef;
                if full && s.pool.last().is_some_and(|worst| score < worst.score) {
                    break;
                }
                if compared >= most {
                    exhausted = true;
                    break;
                }
                compared += self.meet(query, node, s);
                for i in 0..s.ids.len() {
                    let node = s.ids[i];
                    let score = s.products[i] as f32 * self.codes.scales[node as usize];
                    if s.pool.len() == ef && s.pool.last().is_some_and(|worst| score <= worst.score) {
                        continue;
                    }
                    s.frontier.push(Ahead { score, node });
                    if admit(node) {
                        s.offer(ef, Near { score, node, expanded: true });
                    }
                }
                if let Some(next) = s.frontier.peek() {
                    let line = next.node as usize * self.width;
                    prefetch_line(self.links, line);
                    prefetch_line(self.links, line + 16);
                }
            }
            let found = s.pool.iter().map(|n| (n.node, n.score * query.scale)).collect();
            Walked { found, compared, exhausted }
        })
    }

    /// Fills the pool with the best entry nodes.
    fn set_out(&self, query: &Code, cap: usize, start: Option<u32>, s: &mut Scratch) -> usize {
        let entries = self.entries.min(self.len());
        s.products.resize(entries.max(self.width), 0);
        self.codes.scan(&query.values, &mut s.products[..entries]);
        for node in 0..entries as u32 {
            let score = s.products[node as usize] as f32 * self.codes.scales[node as usize];
            s.offer(STARTS.min(cap), Near { score, node, expanded: false });
        }
        for i in 0..s.pool.len() {
            s.visited.insert(s.pool[i].node);
        }
        if let Some(node) = start
            && s.visited.insert(node)
        {
            let mut product = [0];
            self.codes.gather(&query.values, &[node], &mut product);
            let score = product[0] as f32 * self.codes.scales[node as usize];
            s.offer(cap.max(STARTS + 1), Near { score, node, expanded: false });
        }
        entries
    }

    /// Compares the query with the neighbours of `node` not met before; they are in `ids`, the products in `products`.
    #[inline]
    fn meet(&self, query: &Code, node: u32, s: &mut Scratch) -> usize {
        s.ids.clear();
        for to in self.links_of(node) {
            if s.visited.insert(to) {
                s.ids.push(to);
            }
        }
        self.codes.gather(&query.values, &s.ids, &mut s.products);
        s.ids.len()
    }
}
