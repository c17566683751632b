//! `f32` vectors.

use super::simd;

/// Partial sums of a dot product. Fixed, whatever the machine's vector width: the order of additions is the result.
pub(super) const LANES: usize = 32;

/// Scales to length 1. Returns `false`, and leaves the values as they are, when there is no direction to keep: all
/// zeros (or too small to tell), or a value that is not finite.
pub fn normalize(values: &mut [f32]) -> bool {
    // In f64, no f32 value's square overflows or vanishes.
    let squares: f64 = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum();
    let norm = squares.sqrt();
    if !norm.is_finite() || norm < f64::from(f32::MIN_POSITIVE) {
        return false;
    }
    values.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
    true
}

/// The dot product, over the shorter of the two lengths. Some 20 ns for 384 values with AVX2. The sum runs in 32 lanes
/// that are then added pairwise, without fused multiply-add, so all machines agree to the bit.
#[must_use]
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    simd::kernels().dot_f32(a, b)
}

/// [`dot_f32`] of `a` with the values that `bytes` holds as little-endian `f32`, at any alignment, over the shorter of the
/// two lengths. The same bits as of the decoded values.
#[must_use]
pub fn dot_f32_le(a: &[f32], bytes: &[u8]) -> f32 {
    simd::kernels().dot_f32_le(a, bytes.as_chunks().0)
}

/// The portable body, and the definition of the order. `value` reads one of `b`.
#[inline(always)]
pub(super) fn dot_lanes<T>(a: &[f32], b: &[T], value: impl Fn(&T) -> f32) -> f32 {
    let length = a.len().min(b.len());
    let (blocks_a, tail_a) = a[..length].as_chunks::<LANES>();
    let (blocks_b, tail_b) = b[..length].as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for (x, y) in blocks_a.iter().zip(blocks_b) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * value(&y[lane]);
        }
    }
    finish(lanes, tail_a, tail_b, value)
}

/// Adds what does not fill all lanes, then the lanes, upper half to lower half.
#[inline(always)]
pub(super) fn finish<T>(mut lanes: [f32; LANES], tail_a: &[f32], tail_b: &[T], value: impl Fn(&T) -> f32) -> f32 {
    for (lane, (x, y)) in lanes.iter_mut().zip(tail_a.iter().zip(tail_b)) {
        *lane += x * value(y);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn normalize_refuses_what_has_no_direction_and_leaves_it() {
        for bad in [vec![], vec![0.0; 4], vec![1.0, f32::NAN], vec![f32::INFINITY, 1.0], vec![1e-45, 0.0]] {
            let mut values = bad.clone();
            assert!(!normalize(&mut values), "{bad:?}");
            assert_eq!(format!("{values:?}"), format!("{bad:?}"));
        }
        for good in [vec![3.0, 4.0], vec![1e38, 1e38], vec![1e-30, 1e-30], vec![f32::MAX; 384]] {
            let mut values = good.clone();
            assert!(normalize(&mut values), "{good:?}");
            assert!((dot_f32(&values, &values) - 1.0).abs() < 1e-5, "{values:?}");
        }
        let mut values = vec![3.0, -4.0];
        assert!(normalize(&mut values));
        assert_eq!(values, [0.6, -0.8]);
    }

    #[test]
    fn dot_counts_every_lane_and_the_shorter_length() {
        for length in 0..100_usize {
            let ones = vec![1.0; length];
            let ramp: Vec<f32> = (0..length).map(|i| i as f32).collect();
            assert_eq!(dot_f32(&ones, &ramp), (length * length.saturating_sub(1) / 2) as f32, "length {length}");
            assert_eq!(dot_f32(&ones, &[2.0; 50]), 2.0 * length.min(50) as f32);
        }
    }

    #[test]
    fn dot_of_bytes_leaves_out_half_values() {
        let bytes = [2.0_f32.to_le_bytes(), 3.0_f32.to_le_bytes()].concat();
        assert_eq!(dot_f32_le(&[1.0; 3], &bytes), 5.0);
        assert_eq!(dot_f32_le(&[1.0; 3], &bytes[..7]), 2.0);
        assert_eq!(dot_f32_le(&[1.0], &bytes), 2.0);
    }

    proptest! {
        #[test]
        fn dot_is_the_same_on_all_paths(pairs in proptest::collection::vec((-1e3_f32..1e3, -1e3_f32..1e3), 0..900), shift in 0_usize..4) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let plain = dot_lanes(&a, &b, |v| *v);
            let mut bytes = vec![9_u8; shift];
            bytes.extend(b.iter().flat_map(|v| v.to_le_bytes()));
            for path in simd::available() {
                prop_assert_eq!(path.dot_f32(&a, &b).to_bits(), plain.to_bits(), "{}", path.name());
                let read = path.dot_f32_le(&a, bytes[shift..].as_chunks().0);
                prop_assert_eq!(read.to_bits(), plain.to_bits(), "{} from bytes", path.name());
            }
            prop_assert_eq!(dot_f32(&a, &b).to_bits(), plain.to_bits());
            prop_assert_eq!(dot_f32_le(&a, &bytes[shift..]).to_bits(), plain.to_bits());
            let exact: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            let size: f64 = a.iter().zip(&b).map(|(x, y)| (f64::from(*x) * f64::from(*y)).abs()).sum();
            prop_assert!((f64::from(plain) - exact).abs() <= size * 1e-5, "{plain} against {exact}");
        }
    }
}
