//! A histogram of durations that many threads add to without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::report::{LatencyBucket, LatencyStats};

/// Durations below 2^FIRST ns share the first bucket.
const FIRST: u32 = 7;
/// Durations from 2^LAST ns (18 minutes) on share the last one.
const LAST: u32 = 40;
/// Buckets for each doubling: the width of one is an eighth of its octave, at most 12.5 % of what it holds.
const STEPS: u32 = 8;
const BUCKETS: usize = ((LAST - FIRST) * STEPS) as usize + 2;
/// The report cuts at the octaves from 2^10 ns (1 us) on.
const FIRST_REPORTED: u32 = 10;
/// Last bound of the text for Prometheus: 2^36 ns, 69 s.
const LAST_SCRAPED: u32 = 36;

/// Logarithmic buckets, eight to an octave, as in HDR histograms. 2 KiB.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BUCKETS], sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }
}

/// The bounds that every scrape has, in seconds: as in the report, from the first.
#[allow(clippy::cast_precision_loss)] // seconds
pub fn reported_bounds() -> impl Iterator<Item = f64> {
    (FIRST_REPORTED..=LAST_SCRAPED).map(|octave| (1u64 << octave) as f64 / 1e9)
}

/// The bucket of a duration.
fn bucket(ns: u64) -> usize {
    let octave = ns.max(1).ilog2();
    if octave < FIRST {
        0
    } else if octave >= LAST {
        BUCKETS - 1
    } else {
        1 + ((octave - FIRST) * STEPS) as usize + ((ns >> (octave - 3)) & u64::from(STEPS - 1)) as usize
    }
}

/// The first duration that no longer belongs to a bucket; `None` for the last.
fn end(bucket: usize) -> Option<u64> {
    let before = u64::try_from(bucket).ok()?;
    let (octave, step) = (before / u64::from(STEPS), before % u64::from(STEPS));
    (bucket < BUCKETS - 1).then(|| (u64::from(STEPS) + step) << (octave + u64::from(FIRST) - 3))
}

impl Histogram {
    /// Adds a duration. Cost: two or three atomic operations.
    pub fn record(&self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.buckets.get(bucket(ns)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(ns, Ordering::Relaxed);
        if ns > self.max.load(Ordering::Relaxed) {
            self.max.fetch_max(ns, Ordering::Relaxed);
        }
    }

    /// What it holds now. Durations being added meanwhile may be counted and not yet summed.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // seconds
    pub fn stats(&self) -> LatencyStats {
        let counts: Vec<u64> = self.buckets.iter().map(|c| c.load(Ordering::Relaxed)).collect();
        let count: u64 = counts.iter().sum();
        let max = self.max.load(Ordering::Relaxed);
        let seconds = |ns: u64| ns as f64 / 1e9;
        let at = |quantile: f64| seconds(quantile_of(&counts, count, quantile).min(max));
        let mut stats = LatencyStats {
            count,
            sum_seconds: seconds(self.sum.load(Ordering::Relaxed)),
            p50_seconds: at(0.50),
            p95_seconds: at(0.95),
            p99_seconds: at(0.99),
            max_seconds: seconds(max),
            buckets: Vec::new(),
        };
        let mut seen = 0;
        let mut from = 0;
        for octave in FIRST_REPORTED..=LAST {
            if seen == count {
                break;
            }
            let until = 1 + ((octave - FIRST) * STEPS) as usize;
            seen += counts.get(from..until).map_or(0, |c| c.iter().sum());
            from = until;
            stats.buckets.push(LatencyBucket { le_seconds: seconds(1 << octave), count: seen });
        }
        stats
    }
}

/// An upper bound of the duration that this share of all do not exceed.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a rank
fn quantile_of(counts: &[u64], count: u64, quantile: f64) -> u64 {
    let rank = ((count as f64 * quantile).ceil() as u64).max(1);
    let mut seen = 0;
    for (i, n) in counts.iter().enumerate() {
        seen += n;
        if seen >= rank {
            return end(i).unwrap_or(u64::MAX);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_its_bucket() {
        let mut before = 0;
        for ns in (0..64).flat_map(|e| [0u64, 1, 3].map(|d| (1u64 << e).saturating_add(d << (e / 2)))).chain([0, u64::MAX]) {
            let b = bucket(ns);
            assert!(end(b).is_none_or(|e| ns < e), "{ns} is beyond bucket {b}");
            assert!(b == 0 || end(b - 1).is_some_and(|e| ns >= e), "{ns} is before bucket {b}");
        }
        for b in 0..BUCKETS - 1 {
            let e = end(b).unwrap();
            assert!(e > before, "bucket {b} ends at {e}, the one before at {before}");
            assert!(b == 0 || (e - before) * 8 <= before, "bucket {b} is wider than an eighth");
            before = e;
        }
    }

    #[test]
    fn figures_are_those_of_a_sorted_list() {
        let h = Histogram::default();
        let mut all: Vec<u64> = (0..10_000u64).map(|i| (i * 7_919) % 9_973 * 1_000 + 200).collect();
        all.iter().for_each(|ns| h.record(Duration::from_nanos(*ns)));
        all.sort_unstable();
        let s = h.stats();
        assert_eq!((s.count, s.max_seconds), (10_000, all[9_999] as f64 / 1e9));
        assert!((s.sum_seconds - all.iter().sum::<u64>() as f64 / 1e9).abs() < 1e-9);
        for (found, quantile) in [(s.p50_seconds, 0.50), (s.p95_seconds, 0.95), (s.p99_seconds, 0.99)] {
            let exact = all[(10_000.0 * quantile) as usize - 1] as f64 / 1e9;
            assert!(found >= exact && found <= exact * 1.126, "p{quantile}: {found}, in truth {exact}");
        }
        for b in &s.buckets {
            let below = all.iter().filter(|ns| (**ns as f64) < b.le_seconds * 1e9).count() as u64;
            assert_eq!(b.count, below, "up to {} s", b.le_seconds);
        }
        assert_eq!(s.buckets.last().unwrap().count, 10_000);
    }

    #[test]
    fn nothing_recorded_is_all_zero() {
        assert_eq!(Histogram::default().stats(), LatencyStats::default());
    }

    #[test]
    fn threads_lose_nothing() {
        let h = Histogram::default();
        std::thread::scope(|s| {
            for t in 0..4u64 {
                let h = &h;
                s.spawn(move || (0..5_000).for_each(|i| h.record(Duration::from_nanos(i * t + 1))));
            }
        });
        let s = h.stats();
        let sum: u64 = (0..4u64).map(|t| (0..5_000).map(|i| i * t + 1).sum::<u64>()).sum();
        assert_eq!((s.count, (s.sum_seconds * 1e9).round() as u64), (20_000, sum));
    }
}
