//! The best nodes of a walk so far, best first.

/// A node and its score in one number that sorts as the score does: the score's bits, then the node, then whether it is still
/// to be expanded. Nodes are below 2^31.
type Key = u64;

const OPEN: Key = 1;

/// The bits of a score, made to sort as unsigned numbers.
fn sortable(score: f32) -> u32 {
    let bits = score.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

fn score_of(key: Key) -> f32 {
    let bits = (key >> 32) as u32;
    f32::from_bits(if bits >> 31 == 1 { bits & !(1 << 31) } else { !bits })
}

fn node_of(key: Key) -> u32 {
    key as u32 >> 1
}

/// At most `cap` nodes, best first.
#[derive(Debug, Default)]
pub(super) struct Pool {
    keys: Vec<Key>,
    cap: usize,
    /// What a score must exceed to get in.
    floor: f32,
}

impl Pool {
    /// Empties it.
    pub fn reset(&mut self, cap: usize) {
        self.keys.clear();
        self.cap = cap;
        self.floor = f32::NEG_INFINITY;
    }

    /// Room for another number of nodes; the worst ones go when it is smaller.
    pub fn resize(&mut self, cap: usize) {
        self.keys.truncate(cap);
        self.cap = cap;
        self.set_floor();
    }

    fn set_floor(&mut self) {
        let full = self.keys.len() == self.cap;
        self.floor = if full { self.keys.last().map_or(f32::INFINITY, |k| score_of(*k)) } else { f32::NEG_INFINITY };
    }

    /// What a score must exceed to get in.
    #[inline]
    pub fn floor(&self) -> f32 {
        self.floor
    }

    /// Puts a node at its place; the place, when it got in. A score that is no number (of a damaged file) does not.
    #[inline]
    pub fn offer(&mut self, node: u32, score: f32) -> Option<usize> {
        let better = score > self.floor;
        if !better || self.cap == 0 {
            return None;
        }
        let key = Key::from(sortable(score)) << 32 | Key::from(node) << 1 | OPEN;
        let at = self.keys.partition_point(|other| *other > key);
        if self.keys.len() == self.cap {
            self.keys.copy_within(at..self.cap - 1, at + 1);
            self.keys[at] = key;
        } else {
            self.keys.insert(at, key);
        }
        self.set_floor();
        Some(at)
    }

    /// The first node from `at` on that is still to be expanded.
    #[inline]
    pub fn next_open(&self, at: usize) -> Option<(usize, u32)> {
        let found = self.keys.get(at..)?.iter().position(|key| key & OPEN != 0)?;
        Some((at + found, node_of(self.keys[at + found])))
    }

    /// Says that a node is being expanded.
    #[inline]
    pub fn close(&mut self, at: usize) {
        self.keys[at] &= !OPEN;
    }

    /// The nodes with their scores, best first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.keys.iter().map(|key| (node_of(*key), score_of(*key)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keeps_the_best_in_order(offers in proptest::collection::vec((0u32..1_000_000, -2.0f32..2.0), 0..200), cap in 1usize..40) {
            let mut pool = Pool::default();
            pool.reset(cap);
            let mut all: Vec<(u32, f32)> = Vec::new();
            for (i, (node, score)) in offers.iter().enumerate() {
                let (node, score) = (node * 200 + i as u32, *score);
                let before = pool.floor();
                let place = pool.offer(node, score);
                prop_assert_eq!(place.is_some(), score > before);
                all.push((node, score));
            }
            all.sort_by(|a, b| b.1.total_cmp(&a.1));
            all.truncate(cap);
            let scores: Vec<f32> = pool.iter().map(|(_, s)| s).collect();
            prop_assert_eq!(scores, all.iter().map(|(_, s)| *s).collect::<Vec<_>>());
        }
    }

    #[test]
    fn scores_that_are_no_numbers_do_not_get_in() {
        let bad = [f32::NAN, -f32::NAN, f32::NEG_INFINITY];
        for cap in [1, 3] {
            let mut pool = Pool::default();
            pool.reset(cap);
            for (node, score) in [f32::INFINITY, 0.5, -1.0, f32::INFINITY].into_iter().enumerate() {
                bad.iter().for_each(|bad| assert_eq!(pool.offer(90, *bad), None));
                pool.offer(node as u32, score);
                pool.offer(node as u32, -score);
            }
            bad.iter().for_each(|bad| assert_eq!(pool.offer(90, *bad), None));
            assert_eq!(pool.iter().next(), Some((if cap == 1 { 0 } else { 3 }, f32::INFINITY)));
            assert_eq!(pool.iter().count(), cap);
        }
    }

    #[test]
    fn nodes_are_opened_once() {
        let mut pool = Pool::default();
        pool.reset(3);
        for (node, score) in [(1, -0.5), (2, 0.5), (3, 0.0), (4, 0.25)] {
            pool.offer(node, score);
        }
        assert_eq!(pool.iter().collect::<Vec<_>>(), [(2, 0.5), (4, 0.25), (3, 0.0)]);
        assert_eq!(pool.next_open(0), Some((0, 2)));
        pool.close(0);
        assert_eq!(pool.next_open(0), Some((1, 4)));
        pool.offer((1 << 31) - 1, 1.0);
        assert_eq!(pool.next_open(0), Some((0, (1 << 31) - 1)));
        pool.resize(1);
        assert_eq!((pool.iter().count(), pool.floor()), (1, 1.0));
    }
}
