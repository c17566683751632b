//! Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009), k1 1.2, b 0.75.

const K1: f32 = 1.2;
const B: f32 = 0.75;
/// The raw score that maps to one half.
const HALF: f32 = 10.0;

/// Maps a raw BM25 score to `[0, 1)`: `s / (s + 10)`, rising, 0 for 0 and below.
///
/// For showing and comparing with fixed thresholds: one rare word well matched among 100,000 chunks is about 10 to 12
/// raw, so one half. The same for every query; it does not know how good a query's best hit could be.
#[must_use]
pub fn to_unit(raw: f32) -> f32 {
    if raw <= 0.0 {
        return 0.0;
    }
    // The quotient rounds to 1 beyond 2^24 times 10.
    (raw / (raw + HALF)).min(1.0 - f32::EPSILON / 2.0)
}

/// What scoring needs to know of the whole: how many documents count, and their lengths.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Statistics {
    pub(super) documents: usize,
    /// Sum of their lengths in terms.
    pub(super) length_sum: u64,
}

impl Statistics {
    /// Of both.
    pub(super) fn plus(self, other: Self) -> Self {
        Self { documents: self.documents + other.documents, length_sum: self.length_sum + other.length_sum }
    }

    /// `ln(1 + (N - df + 0.5) / (df + 0.5))`, never negative, times `k1 + 1`.
    pub(super) fn weight(&self, document_frequency: usize) -> f32 {
        let df = document_frequency as f64;
        let absent = self.documents.saturating_sub(document_frequency) as f64;
        (1.0 + (absent + 0.5) / (df + 0.5)).ln() as f32 * (K1 + 1.0)
    }

    pub(super) fn saturation(&self) -> Saturation {
        let average = if self.documents == 0 { 1.0 } else { (self.length_sum as f64 / self.documents as f64).max(1e-9) };
        Saturation { base: K1 * (1.0 - B), per_term: K1 * B / average as f32 }
    }
}

/// `tf / (tf + k1 * (1 - b + b * length / average))`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saturation {
    base: f32,
    per_term: f32,
}

impl Saturation {
    #[inline]
    pub(super) fn of(self, frequency: u8, length: u32) -> f32 {
        let tf = f32::from(frequency);
        tf / (tf + self.base + self.per_term * length as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_scale_rises_and_stays_below_one() {
        let raws = [-1.0, 0.0, 0.1, 1.0, 10.0, 100.0, 1e6];
        assert!(raws.windows(2).all(|w| to_unit(w[0]) <= to_unit(w[1])));
        assert_eq!((to_unit(-1.0), to_unit(0.0), to_unit(10.0)), (0.0, 0.0, 0.5));
        assert!(to_unit(f32::MAX) < 1.0 && to_unit(1e9) < 1.0);
    }

    #[test]
    fn rare_words_weigh_more_and_none_weighs_less_than_nothing() {
        let all = Statistics { documents: 100, length_sum: 1_000 };
        assert!(all.weight(1) > all.weight(50) && all.weight(50) > all.weight(100));
        assert!(all.weight(100) > 0.0 && all.weight(200) > 0.0);
    }
}
