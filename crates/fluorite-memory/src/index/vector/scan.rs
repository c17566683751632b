//! Exact search over `i8` copies, rescored in `f32`.

use fluorite_ml::vector::quantize;

use super::{
    Effort, VectorIndex, VectorSource,
    block::{Block, ROWS, WORDS},
    exact::{Candidate, Nearest, best, search_exact, unit_query},
};
use crate::{
    error::{Error, Result},
    index::{rows::RowSet, top::TopK},
};

/// Below one row in this many wanted, a block's rows are picked one by one.
const SPARSE: usize = 4;

/// Compares the query with every allowed row: no build time, a just-inserted row is found at once.
///
/// A row of `d` dimensions costs `d + 4` bytes. A search reads the `i8` copies of the blocks that hold allowed rows (some
/// 10 to 25 ns per row of 384 dimensions), then the `f32` values of up to `max(40, 4k)` candidates;
/// where codes cannot tell the last of these from a hit (near-duplicates, one large value a vector) all again for 4 times as many.
///
/// [`new`](Self::new) says the dimensions; [`default`](Self::default) leaves them to the first vector inserted.
#[derive(Debug, Default)]
pub struct ExactScan {
    /// 0 while open.
    dims: usize,
    blocks: Vec<Block>,
    present: RowSet,
}

impl ExactScan {
    /// An empty index for vectors of this many dimensions.
    #[must_use]
    pub const fn new(dims: usize) -> Self {
        Self { dims, blocks: Vec::new(), present: RowSet::new() }
    }

    /// Whether the row has a vector.
    #[must_use]
    pub fn has(&self, row: u32) -> bool {
        self.present.contains(row)
    }

    /// The rows with a vector.
    #[must_use]
    pub const fn rows(&self) -> &RowSet {
        &self.present
    }

    /// As [`search`](VectorIndex::search), reading the exact values of every allowed row that has a vector.
    ///
    /// The same hits as `search` but for vectors nearer to each other than `i8` can tell. Cost: a read per row.
    ///
    /// # Errors
    /// Those of [`search`](VectorIndex::search).
    pub fn search_exact(&self, query: &[f32], k: usize, allowed: &RowSet, source: &dyn VectorSource) -> Result<Vec<(u32, f32)>> {
        self.check(query)?;
        let mut rows = self.present.clone();
        rows.and(allowed);
        search_exact(query, k, &rows, source)
    }

    fn check(&self, query: &[f32]) -> Result<()> {
        if query.len() == self.dims || self.dims == 0 {
            Ok(())
        } else {
            Err(Error::DimensionMismatch { expected: self.dims, found: query.len() })
        }
    }

    /// A row's code.
    pub(super) fn code(&self, row: u32) -> Option<(&[i8], f32)> {
        if !self.has(row) {
            return None;
        }
        self.blocks.get(row as usize / ROWS)?.code(row as usize % ROWS, self.dims)
    }

    /// The scale of a row's code; 0 when it has none.
    pub(super) fn scale(&self, row: u32) -> f32 {
        self.blocks.get(row as usize / ROWS).and_then(|b| b.scale(row as usize % ROWS)).unwrap_or_default()
    }

    /// Offers every allowed row with its (about) cosine.
    /// Returns the scale of the query's code.
    pub(super) fn offer_candidates(&self, unit: &[f32], allowed: &RowSet, top: &mut TopK) -> f32 {
        let mut query = vec![0; self.dims];
        let query_scale = quantize(unit, &mut query);
        let mut products = Vec::new();
        for (i, block) in self.blocks.iter().enumerate() {
            let wanted: [u64; WORDS] = std::array::from_fn(|w| self.present.word(i * WORDS + w) & allowed.word(i * WORDS + w));
            let count: usize = wanted.iter().map(|w| w.count_ones() as usize).sum();
            let first_row = (i * ROWS) as u32;
            let mut each = |at: usize, score: f32| top.offer(first_row + at as u32, score * query_scale);
            if count * SPARSE >= block.rows() && count > 0 {
                products.resize(ROWS, 0);
                block.scan(&query, &wanted, &mut products, &mut each);
            } else {
                block.gather(&query, &wanted, &mut each);
            }
        }
        query_scale
    }
}

impl VectorIndex for ExactScan {
    fn insert(&mut self, row: u32, unit: &[f32]) {
        if self.dims == 0 {
            self.dims = unit.len();
        }
        debug_assert_eq!(unit.len(), self.dims);
        debug_assert!(unit.iter().all(|v| v.is_finite()));
        if unit.len() != self.dims {
            return;
        }
        let (block, at) = (row as usize / ROWS, row as usize % ROWS);
        if block >= self.blocks.len() {
            self.blocks.resize_with(block + 1, Block::default);
        }
        self.blocks[block].insert(at, unit);
        self.present.insert(row);
    }

    fn forget(&mut self, rows: &RowSet) {
        self.present.and_not(rows);
        for (i, block) in self.blocks.iter_mut().enumerate() {
            if (0..WORDS).all(|w| self.present.word(i * WORDS + w) == 0) {
                block.clear();
            }
        }
    }

    fn len(&self) -> usize {
        self.present.len()
    }

    fn search(
        &self,
        query: &[f32],
        k: usize,
        allowed: &RowSet,
        _effort: Effort,
        source: &dyn VectorSource,
    ) -> Result<Vec<(u32, f32)>> {
        self.check(query)?;
        let unit = unit_query(query)?;
        if k == 0 || self.present.is_empty() {
            return Ok(Vec::new());
        }
        best(&unit, k, source, |keep| {
            let mut top = TopK::new(keep);
            let scale = self.offer_candidates(&unit, allowed, &mut top);
            let candidate = |(row, about)| Candidate { row, about, scale: self.scale(row) };
            let candidates: Vec<_> = top.into_best_first().into_iter().map(candidate).collect();
            Nearest { all: candidates.len() < keep, candidates, scale }
        })
    }

    fn bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>() + self.blocks.iter().map(Block::bytes).sum::<usize>() + self.present.bytes()
    }
}
