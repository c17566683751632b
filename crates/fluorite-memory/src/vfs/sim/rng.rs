//! The dice: splitmix64, so that a seed names one history for ever.

#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit` inclusive.
    pub(super) fn up_to(&mut self, limit: usize) -> usize {
        let n = (limit as u64).saturating_add(1);
        usize::try_from(self.next() % n).unwrap_or(limit)
    }

    pub(super) fn coin(&mut self) -> bool {
        self.up_to(1) == 1
    }

    /// How many of `n` ordered changes survive: often none or all, else any number.
    pub(super) fn survivors(&mut self, n: usize) -> usize {
        match self.up_to(3) {
            0 => 0,
            1 => n,
            _ => self.up_to(n),
        }
    }
}
