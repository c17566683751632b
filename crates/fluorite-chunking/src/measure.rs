//! About how many tokens lie between two places, without counting each time.

use crate::size::{ChunkSize, SizeError};

/// Bytes after which a part ends at the next white space, and where it ends at the latest.
const PART: usize = 64;
const LONGEST: usize = 256;
/// Fixed point: units of a token.
const UNIT: u64 = 64;

/// Sums of the sizes of small parts. Exact where a tokenizer starts anew at white space, else near.
pub(crate) struct Measure {
    /// Where each part begins, and the end.
    places: Vec<usize>,
    /// Units before each of them.
    sums: Vec<u64>,
    /// Tokens put around every text.
    pub(crate) fixed: usize,
}

impl Measure {
    pub(crate) fn of(text: &str, size: &dyn ChunkSize) -> Result<Self, SizeError> {
        let fixed = size.size("")?;
        let (mut places, mut sums) = (vec![0], vec![0]);
        let (mut at, mut sum) = (0, 0);
        while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
            let len = part(rest);
            let tokens = size.size(rest.get(..len).unwrap_or(rest))?.saturating_sub(fixed) as u64;
            // Never flat: a counter that sees one token in a megabyte must not make one piece of it.
            sum += (tokens * UNIT).max((len as u64).div_ceil(4));
            at += len;
            places.push(at);
            sums.push(sum);
        }
        Ok(Self { places, sums, fixed })
    }

    /// Units before `at`.
    fn units(&self, at: usize) -> u64 {
        let i = self.places.partition_point(|p| *p <= at).saturating_sub(1);
        let (Some(p), Some(s)) = (self.places.get(i), self.sums.get(i)) else { return 0 };
        match (self.places.get(i + 1), self.sums.get(i + 1)) {
            (Some(next), Some(sum)) => s + (sum - s) * (at - p) as u64 / (next - p) as u64,
            _ => *s,
        }
    }

    /// Tokens between two places, rounded up, without the fixed ones.
    pub(crate) fn tokens(&self, from: usize, to: usize) -> usize {
        usize::try_from(self.units(to).saturating_sub(self.units(from)).div_ceil(UNIT)).unwrap_or(usize::MAX)
    }

    /// The place up to `tokens` after `from`.
    pub(crate) fn after(&self, from: usize, tokens: usize) -> usize {
        self.place(self.units(from) + tokens as u64 * UNIT)
    }

    /// The place up to `tokens` before `from`.
    pub(crate) fn before(&self, from: usize, tokens: usize) -> usize {
        self.place(self.units(from).saturating_sub(tokens as u64 * UNIT))
    }

    /// The last place with at most so many units before it.
    fn place(&self, units: u64) -> usize {
        let i = self.sums.partition_point(|s| *s <= units).saturating_sub(1);
        let (Some(p), Some(s)) = (self.places.get(i), self.sums.get(i)) else { return 0 };
        match (self.places.get(i + 1), self.sums.get(i + 1)) {
            (Some(next), Some(sum)) if sum > s => p + (units - s) as usize * (next - p) / (sum - s) as usize,
            _ => *p,
        }
    }
}

/// Length of the first part: it ends before white space where there is some.
fn part(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let tail = bytes.get(PART..LONGEST.min(bytes.len())).unwrap_or_default();
    match tail.iter().position(u8::is_ascii_whitespace) {
        Some(i) => PART + i, // white space is a whole character
        None => (0..=LONGEST.min(bytes.len())).rev().find(|i| rest.is_char_boundary(*i)).unwrap_or(bytes.len()),
    }
}
