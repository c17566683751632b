//! Best-first search over a frozen graph.

use fluorite_ml::vector::prefetch_line;

use super::codes::{Code, CodesRef};
use super::scratch::{Ahead, Scratch, with_scratch};

/// No further link.
pub(crate) const END: u32 = u32::MAX;
/// Links in a cache line.
const LINE: usize = 16;
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
            let mut compared = self.set_out(query, ef.max(STARTS + 1), start, s);
            let mut at = 0;
            while let Some((place, node)) = s.pool.next_open(at) {
                s.pool.close(place);
                // likely the next one; its links arrive while the vectors are compared
                if let Some((_, next)) = s.pool.next_open(place + 1) {
                    self.expect(next);
                }
                compared += self.meet(query, node, s);
                at = place + 1;
                for (node, product) in s.ids.iter().zip(&s.products) {
                    let score = *product as f32 * self.codes.scales[*node as usize];
                    if let Some(place) = s.pool.offer(*node, score) {
                        at = at.min(place);
                    }
                }
            }
            let found = s.pool.iter().take(ef).map(|(node, score)| (node, score * query.scale)).collect();
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
            let mut compared = self.set_out(query, STARTS + 1, start, s);
            s.frontier.extend(s.pool.iter().map(|(node, score)| Ahead { score, node }));
            s.pool.reset(ef);
            for seed in &s.frontier {
                if admit(seed.node) {
                    s.pool.offer(seed.node, seed.score);
                }
            }
            let mut exhausted = false;
            while let Some(Ahead { score, node }) = s.frontier.pop() {
                if score < s.pool.floor() {
                    break;
                }
                if compared >= most {
                    exhausted = true;
                    break;
                }
                if let Some(next) = s.frontier.peek() {
                    self.expect(next.node);
                }
                compared += self.meet(query, node, s);
                for (node, product) in s.ids.iter().zip(&s.products) {
                    let score = *product as f32 * self.codes.scales[*node as usize];
                    if score > s.pool.floor() {
                        s.frontier.push(Ahead { score, node: *node });
                        if admit(*node) {
                            s.pool.offer(*node, score);
                        }
                    }
                }
            }
            let found = s.pool.iter().map(|(node, score)| (node, score * query.scale)).collect();
            Walked { found, compared, exhausted }
        })
    }

    /// Fills the pool with the best entry nodes, and `start`.
    fn set_out(&self, query: &Code, cap: usize, start: Option<u32>, s: &mut Scratch) -> usize {
        let entries = self.entries.min(self.len());
        s.products.resize(entries.max(self.width), 0);
        self.codes.scan(&query.values, &mut s.products[..entries]);
        s.pool.reset(STARTS);
        for (node, product) in s.products[..entries].iter().enumerate() {
            s.pool.offer(node as u32, *product as f32 * self.codes.scales[node]);
        }
        for (node, _) in s.pool.iter() {
            s.visited.insert(node);
        }
        s.pool.resize(cap);
        if let Some(node) = start
            && s.visited.insert(node)
        {
            let mut product = [0];
            self.codes.gather(&query.values, &[node], &mut product);
            s.pool.offer(node, product[0] as f32 * self.codes.scales[node as usize]);
        }
        entries
    }

    /// Asks for a node's links ahead of their use.
    #[inline]
    fn expect(&self, node: u32) {
        let first = node as usize * self.width;
        for at in (0..self.width).step_by(LINE) {
            prefetch_line(self.links, first + at);
        }
    }

    /// Compares the query with the neighbours of `node` not met before; they are in `ids`, the products in `products`.
    #[inline]
    fn meet(&self, query: &Code, node: u32, s: &mut Scratch) -> usize {
        s.ids.clear();
        let (nodes, visited) = (self.len(), &mut s.visited);
        for &to in &self.links[node as usize * self.width..][..self.width] {
            if to as usize >= nodes {
                break;
            }
            if visited.insert(to) {
                s.ids.push(to);
            }
        }
        self.codes.gather(&query.values, &s.ids, &mut s.products);
        s.ids.len()
    }
}
