//! The `i8` copies of many vectors, row after row.

use fluorite_ml::vector::{dot_i8, gather_i8, quantize, scan_i8};

/// Rows begin at a multiple of this many bytes: whole cache lines, and no tail in the kernels.
const ROW_ALIGN: usize = 64;

/// Bytes of a row of this many dimensions.
pub(crate) const fn stride_of(dims: usize) -> usize {
    dims.div_ceil(ROW_ALIGN) * ROW_ALIGN
}

/// A vector as integers; the bytes behind its dimensions are 0.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub values: Vec<i8>,
    /// What the integers are multiplied with to give (about) the vector.
    pub scale: f32,
}

impl Code {
    /// Of a unit vector.
    pub fn of(unit: &[f32]) -> Self {
        let mut values = vec![0; stride_of(unit.len())];
        let scale = quantize(unit, &mut values[..unit.len()]);
        Self { values, scale }
    }
}

/// A number that tells codes apart, but for one pair in 2^64.
pub(super) fn hash(values: &[i8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytemuck::cast_slice(values))
}

/// Codes in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Codes {
    pub stride: usize,
    pub values: Vec<i8>,
    pub scales: Vec<f32>,
}

impl Codes {
    pub fn new(dims: usize) -> Self {
        Self { stride: stride_of(dims), ..Self::default() }
    }

    /// Adds a row of at most `stride` values.
    pub fn push(&mut self, values: &[i8], scale: f32) {
        let end = self.values.len() + self.stride;
        self.values.extend_from_slice(&values[..values.len().min(self.stride)]);
        self.values.resize(end, 0);
        self.scales.push(scale);
    }

    /// Adds a copy of a row with another scale.
    pub fn repeat(&mut self, row: u32, scale: f32) {
        let first = row as usize * self.stride;
        self.values.extend_from_within(first..first + self.stride);
        self.scales.push(scale);
    }

    pub fn view(&self) -> CodesRef<'_> {
        CodesRef { stride: self.stride, values: &self.values, scales: &self.scales }
    }
}

/// Codes wherever they lie. `values` holds `scales.len()` rows of `stride` bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodesRef<'a> {
    pub stride: usize,
    pub values: &'a [i8],
    pub scales: &'a [f32],
}

impl<'a> CodesRef<'a> {
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    pub fn row(&self, at: u32) -> &'a [i8] {
        &self.values[at as usize * self.stride..][..self.stride]
    }

    /// The first so many rows.
    pub fn first(&self, rows: usize) -> Self {
        Self { stride: self.stride, values: &self.values[..rows * self.stride], scales: &self.scales[..rows] }
    }

    pub fn hash(&self, at: u32) -> u64 {
        hash(self.row(at))
    }

    pub fn code(&self, at: u32) -> Code {
        Code { values: self.row(at).to_vec(), scale: self.scales[at as usize] }
    }

    /// About the cosine of two rows.
    pub fn cosine(&self, a: u32, b: u32) -> f32 {
        dot_i8(self.row(a), self.row(b)) as f32 * (self.scales[a as usize] * self.scales[b as usize])
    }

    /// The products of a query with the rows of `ids`.
    #[inline]
    pub fn gather(&self, query: &[i8], ids: &[u32], out: &mut [i32]) {
        gather_i8(query, self.values, ids, out);
    }

    /// The products of a query with the first `out.len()` rows.
    pub fn scan(&self, query: &[i8], out: &mut [i32]) {
        scan_i8(query, self.values, self.stride, out);
    }
}
