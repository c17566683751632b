//! Rows of numbers.

use fluorite_ml::vector::dot_f32;

/// Rows of equal length, one after the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matrix {
    /// Values of a row; at least 1 when there are rows.
    pub dimensions: usize,
    /// All values.
    pub values: Vec<f32>,
}

impl Matrix {
    /// Rows of zeros.
    #[must_use]
    pub fn zeros(rows: usize, dimensions: usize) -> Self {
        Self { dimensions, values: vec![0.0; rows * dimensions] }
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.dimensions).unwrap_or(0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// A row.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dimensions..(i + 1) * self.dimensions]
    }

    /// The first rows.
    #[must_use]
    pub fn first(&self, rows: usize) -> Self {
        let end = rows.min(self.len()) * self.dimensions;
        Self { dimensions: self.dimensions, values: self.values[..end].to_vec() }
    }

    /// The product of two rows.
    #[must_use]
    pub fn dot(&self, a: usize, b: usize) -> f32 {
        dot_f32(self.row(a), self.row(b))
    }

    /// Makes every row one of length 1; zeros stay.
    pub fn normalise(&mut self) {
        self.values.chunks_exact_mut(self.dimensions.max(1)).for_each(normalise);
    }
}

/// Makes a row one of length 1; zeros stay.
pub fn normalise(row: &mut [f32]) {
    let length = row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    if length > 0.0 {
        #[allow(clippy::cast_possible_truncation)] // back to what it came from
        row.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
    }
}
