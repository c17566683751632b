//! The `i8` vectors of 4,096 neighbouring rows.

use fluorite_ml::vector::{dot_i8, quantize, scan_i8};

/// Rows per block.
pub(super) const ROWS: usize = 4_096;
pub(super) const WORDS: usize = ROWS / 64;

/// Grows to 4,096 rows and no further, so that growth never moves more than one block.
#[derive(Debug, Default)]
pub(super) struct Block {
    values: Vec<i8>,
    /// What each row's products are multiplied with to give (about) cosines: the code's length becomes 1 by it. Of all codes
    /// a vector's own is then the nearest to it; with the step of the rounding a longer one could be nearer.
    scales: Vec<f32>,
}

impl Block {
    /// `at`: the row's place in the block.
    pub(super) fn insert(&mut self, at: usize, unit: &[f32]) {
        let dims = unit.len();
        if at >= self.scales.len() {
            self.scales.resize(at + 1, 0.0);
            self.values.resize((at + 1) * dims, 0);
        }
        if let Some(row) = self.values.get_mut(at * dims..(at + 1) * dims) {
            let zero = quantize(unit, row) == 0.0;
            self.scales[at] = if zero { 0.0 } else { (dot_i8(row, row) as f32).sqrt().recip() };
        }
    }

    /// Gives the memory back.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes the products of all rows to `out`, then calls `each` with the place and score of those wanted.
    pub(super) fn scan(&self, query: &[i8], wanted: &[u64; WORDS], out: &mut [i32], each: &mut impl FnMut(usize, f32)) {
        scan_i8(query, &self.values, query.len(), out);
        for at in places(wanted) {
            if let (Some(&product), Some(&scale)) = (out.get(at), self.scales.get(at)) {
                each(at, product as f32 * scale);
            }
        }
    }

    /// Computes only the products wanted.
    pub(super) fn gather(&self, query: &[i8], wanted: &[u64; WORDS], each: &mut impl FnMut(usize, f32)) {
        let dims = query.len();
        for at in places(wanted) {
            if let (Some(row), Some(&scale)) = (self.values.get(at * dims..(at + 1) * dims), self.scales.get(at)) {
                each(at, dot_i8(query, row) as f32 * scale);
            }
        }
    }

    /// A row's values and what they are multiplied with.
    pub(super) fn code(&self, at: usize, dims: usize) -> Option<(&[i8], f32)> {
        Some((self.values.get(at * dims..(at + 1) * dims)?, *self.scales.get(at)?))
    }

    pub(super) fn scale(&self, at: usize) -> Option<f32> {
        self.scales.get(at).copied()
    }

    pub(super) fn rows(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.values.capacity() + self.scales.capacity() * 4
    }
}

fn places(wanted: &[u64; WORDS]) -> impl Iterator<Item = usize> + '_ {
    wanted.iter().enumerate().flat_map(|(i, &word)| crate::index::rows::bits(word).map(move |bit| i * 64 + bit as usize))
}
