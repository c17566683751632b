//! The best `k` rows of a stream.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A row and its score; the greater one is the *worse* one (lower score, then higher row), so it tops the heap.
struct Hit {
    score: f32,
    row: u32,
}

impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Hit {}

/// Keeps the `k` best of what is offered, ties to the lower row. O(log k) for an offer that gets in, O(1) otherwise.
pub(super) struct TopK {
    k: usize,
    heap: BinaryHeap<Hit>,
    /// Scores below this cannot get in; NaN while anything can.
    floor: f32,
}

impl TopK {
    pub(super) fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::with_capacity(k.min(4_096)), floor: f32::NAN }
    }

    #[inline]
    pub(super) fn offer(&mut self, row: u32, score: f32) {
        if score < self.floor {
            return;
        }
        self.admit(Hit { score, row });
    }

    #[inline(never)]
    fn admit(&mut self, hit: Hit) {
        if self.heap.len() < self.k {
            self.heap.push(hit);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && hit < *worst
        {
            *worst = hit;
        }
        if self.heap.len() == self.k {
            self.floor = self.heap.peek().map_or(f32::INFINITY, |worst| worst.score);
        }
    }

    /// How many are kept.
    pub(super) fn capacity(&self) -> usize {
        self.k
    }

    /// The worst score kept, once there are `k`; below it nothing gets in. NaN before.
    pub(super) fn floor(&self) -> f32 {
        self.floor
    }

    /// The rows kept, best first.
    pub(super) fn into_best_first(self) -> Vec<(u32, f32)> {
        self.heap.into_sorted_vec().into_iter().map(|h| (h.row, h.score)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_a_full_sort(scores in proptest::collection::vec(0u8..20, 0..80), k in 0usize..20) {
            let mut all: Vec<(u32, f32)> = scores.iter().enumerate().map(|(i, &s)| (i as u32, f32::from(s))).collect();
            let mut top = TopK::new(k);
            for &(row, score) in all.iter().rev() {
                top.offer(row, score);
            }
            all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            all.truncate(k);
            prop_assert_eq!(top.into_best_first(), all);
        }
    }
}
