//! MinHash sketches.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Numbers of a sketch.
pub(super) const WIDTH: usize = 64;
/// Tokens of a shingle.
const SHINGLE: usize = 4;

/// What a token list is like: the share of equal numbers of two sketches estimates the share of shingles they have in common
/// (Jaccard), within about .06.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sketch(pub(super) [u32; WIDTH]);

impl Sketch {
    /// Of tokens; `None` for fewer than one shingle has. Cost: one hash a token.
    pub(crate) fn of(tokens: &[String]) -> Option<Self> {
        if tokens.len() < SHINGLE {
            return None;
        }
        let hashes: Vec<u64> = tokens.iter().map(|t| xxh3_64_with_seed(t.as_bytes(), 0)).collect();
        let mut least = [u64::MAX; WIDTH];
        for window in hashes.windows(SHINGLE) {
            let mixed = window.iter().fold(0u64, |h, t| (h.rotate_left(23) ^ t).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let hash = mixed ^ (mixed >> 29);
            let bin = (hash >> 58) as usize;
            least[bin] = least[bin].min(hash);
        }
        // an empty bin borrows from one that a hash of its number chooses: short texts stay comparable
        let mut out = [0u32; WIDTH];
        for (bin, slot) in out.iter_mut().enumerate() {
            let mut from = bin;
            let mut tries = 0u64;
            while least[from] == u64::MAX {
                tries += 1;
                from = (xxh3_64_with_seed(&(bin as u64).to_le_bytes(), tries) >> 58) as usize;
            }
            #[allow(clippy::cast_possible_truncation)] // low bits are as good
            {
                *slot = (least[from] as u32).wrapping_add(tries as u32);
            }
        }
        Some(Self(out))
    }

    /// Estimated share in common.
    #[allow(clippy::cast_precision_loss)] // 64
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count() as f32 / WIDTH as f32
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    fn words(from: usize, to: usize) -> Vec<String> {
        (from..to).map(|i| format!("w{i}")).collect()
    }

    #[test]
    fn likeness_is_about_the_share_in_common() {
        let a = Sketch::of(&words(0, 400)).unwrap();
        assert!((a.likeness(&a) - 1.0).abs() < f32::EPSILON);
        for (to, share) in [(200, 0.33), (100, 0.6), (40, 0.82), (400, 0.0)] {
            let b = Sketch::of(&words(to, to + 400)).unwrap();
            assert!((a.likeness(&b) - share).abs() < 0.15, "{to}: {}", a.likeness(&b));
        }
        let short = |n| Sketch::of(&words(0, n)).unwrap();
        assert!(short(10).likeness(&short(10)) > 0.99 && short(10).likeness(&Sketch::of(&words(50, 60)).unwrap()) < 0.1);
        assert!(Sketch::of(&words(0, 3)).is_none());
    }
}
