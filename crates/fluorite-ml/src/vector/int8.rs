//! `i8` vectors: a quarter of the memory, and the products of a search.

use super::simd;

/// Writes `values` as integers between -127 and 127 and returns the scale: `values[i]` is about `out[i] * scale`. So
/// `dot_i8(a, b) as f32 * scale_a * scale_b` stands for the dot product of the originals (for unit vectors of 384 values
/// to within .005). Values that are not finite count as 0; zeros give scale 0. Writes the shorter of the two lengths;
/// the rest of `out` becomes 0. Some 70 ns for 384 values with AVX2 or AVX-512.
pub fn quantize(values: &[f32], out: &mut [i8]) -> f32 {
    simd::kernels().quantize(values, out)
}

/// The dot product, exact, over the shorter of the two lengths. Exact for any values up to 131,071 dimensions; beyond,
/// the sum wraps.
#[must_use]
pub fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    simd::kernels().dot_i8(a, b)
}

/// The dot products of `query` with contiguous rows of `dims` values: `out[i]` is that of row `i`. Does as many rows as
/// both `rows` and `out` hold whole, and returns that number; if the query is not of `dims` values, none. The hot loop of
/// exact search: 5 ns per row of 384 with AVX-512 VNNI
/// and 11 ns with AVX2 while the rows are in the cache, 14 ns from memory.
pub fn scan_i8(query: &[i8], rows: &[i8], dims: usize, out: &mut [i32]) -> usize {
    if query.len() != dims {
        return 0;
    }
    simd::kernels().scan_i8(query, rows, out)
}

/// The dot products of `query` with rows picked by number: `out[i]` is that of row `ids[i]`, where `dims = query.len()` and
/// row `r` is `rows[r * dims..][..dims]`. An id beyond the whole rows gives `i32::MIN`, which no row of fewer than 131,072
/// values can. Does as many as both `ids` and `out` hold. The hot loop of a walk over a graph: with AVX-512 VNNI, 32 random
/// rows of 384 a call, 6 ns per row from the cache and some 30 ns from memory (`examples/kernels.rs`).
pub fn gather_i8(query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
    simd::kernels().gather_i8(query, rows, ids, out);
}

/// The portable body of [`dot_i8`].
#[inline(always)]
pub(super) fn dot_plain(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).fold(0_i32, |sum, (x, y)| sum.wrapping_add(i32::from(*x) * i32::from(*y)))
}

/// The definition of [`quantize`].
pub(super) fn quantize_plain(values: &[f32], out: &mut [i8]) -> f32 {
    let scale = scale_of(largest_plain(values)).unwrap_or(0.0);
    quantize_each(if scale > 0.0 { values } else { &[] }, out, scale);
    scale
}

/// The largest size of a finite value.
#[inline(always)]
pub(super) fn largest_plain(values: &[f32]) -> f32 {
    values.iter().fold(0.0_f32, |max, v| max.max(finite(*v).abs()))
}

/// None if all values count as zeros: they are, or dividing by so small a scale would not be exact enough.
pub(super) fn scale_of(largest: f32) -> Option<f32> {
    Some(largest / 127.0).filter(|scale| *scale >= f32::MIN_POSITIVE)
}

/// Zeros where `out` is the longer.
#[inline(always)]
pub(super) fn quantize_each(values: &[f32], out: &mut [i8], scale: f32) {
    let both = values.len().min(out.len());
    out[both..].fill(0);
    // The cast saturates, so rounding can give no more than 127 either way; the clamp keeps -128 out.
    out.iter_mut().zip(values).for_each(|(q, v)| *q = (finite(*v) / scale).round_ties_even().clamp(-127.0, 127.0) as i8);
}

#[inline(always)]
fn finite(v: f32) -> f32 {
    if v.is_finite() { v } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantize_uses_the_whole_symmetric_range() {
        let mut out = [9_i8; 6];
        let scale = quantize(&[1.0, -1.0, 0.5, 0.0, f32::NAN], &mut out);
        assert_eq!(out, [127, -127, 64, 0, 0, 0]);
        assert_eq!(scale, 1.0 / 127.0);
        assert_eq!(quantize(&[0.0; 6], &mut out), 0.0);
        assert_eq!(out, [0; 6]);
        assert_eq!(quantize(&[f32::INFINITY; 6], &mut out), 0.0);
        assert!(quantize(&[f32::MAX, f32::MIN], &mut out).is_finite());
        assert_eq!(out[..2], [127, -127]);
    }

    #[test]
    fn the_extremes_do_not_saturate() {
        for length in [1, 15, 16, 31, 32, 33, 63, 64, 65, 384, 4096] {
            for (x, y) in [(-128_i8, -128_i8), (-128, 127), (127, 127), (-127, -127), (127, -128)] {
                let (a, b) = (vec![x; length], vec![y; length]);
                let expected = i32::from(x) * i32::from(y) * length as i32;
                for path in simd::available() {
                    let name = path.name();
                    assert_eq!(path.dot_i8(&a, &b), expected, "{name}, {length} x ({x}, {y})");
                    let mut out = [0];
                    assert_eq!(path.scan_i8(&a, &b, &mut out), 1);
                    assert_eq!(out[0], expected, "{name} scan, {length} x ({x}, {y})");
                    let mut out = [0; 5];
                    path.gather_i8(&a, &b, &[0; 5], &mut out);
                    assert_eq!(out, [expected; 5], "{name} gather, {length} x ({x}, {y})");
                }
            }
        }
    }

    #[test]
    fn scan_does_whole_rows_only() {
        let (query, rows) = ([1_i8, 2], [1_i8, 0, 0, 1, 1, 1, 9]);
        let mut out = [0; 5];
        assert_eq!(scan_i8(&query, &rows, 2, &mut out), 3);
        assert_eq!(out, [1, 2, 3, 0, 0]);
        assert_eq!(scan_i8(&query, &rows, 2, &mut out[..1]), 1);
        assert_eq!(scan_i8(&query, &rows, 3, &mut out), 0);
        assert_eq!(scan_i8(&[], &rows, 0, &mut out), 0);
    }

    #[test]
    fn gather_takes_any_lengths() {
        let (query, rows) = ([1_i8, 2], [1_i8, 0, 0, 1, 1, 1, 9]);
        let mut out = [0; 5];
        gather_i8(&query, &rows, &[2, 0, 3, u32::MAX, 1, 1], &mut out);
        assert_eq!(out, [3, 1, i32::MIN, i32::MIN, 2]);
        gather_i8(&query, &rows, &[1, 0], &mut out);
        assert_eq!(out, [2, 1, i32::MIN, i32::MIN, 2]);
        gather_i8(&query, &rows, &[], &mut out);
        gather_i8(&[], &rows, &[0], &mut out[4..]);
        gather_i8(&query, &[], &[0], &mut out[..1]);
        assert_eq!(out, [i32::MIN, 1, i32::MIN, i32::MIN, i32::MIN]);
    }

    /// The definition as it was first written, for all paths to be held against.
    fn defined(values: &[f32], out: &mut [i8]) -> f32 {
        out.fill(0);
        let finite = |v: f32| if v.is_finite() { v } else { 0.0 };
        let largest = values.iter().fold(0.0_f32, |max, v| max.max(finite(*v).abs()));
        let scale = largest / 127.0;
        if scale < f32::MIN_POSITIVE {
            return 0.0;
        }
        out.iter_mut().zip(values).for_each(|(q, v)| *q = (finite(*v) / scale).round_ties_even().clamp(-127.0, 127.0) as i8);
        scale
    }

    proptest! {
        #[test]
        fn all_paths_agree(a in proptest::collection::vec(any::<i8>(), 0..700), seed in any::<u64>()) {
            let b: Vec<i8> = (0..a.len() as u64).map(|i| (seed.wrapping_mul(i | 1).rotate_left(17) >> 9) as i8).collect();
            let expected: i64 = a.iter().zip(&b).map(|(x, y)| i64::from(*x) * i64::from(*y)).sum();
            for path in simd::available() {
                prop_assert_eq!(i64::from(path.dot_i8(&a, &b)), expected, "{}", path.name());
            }
            prop_assert_eq!(i64::from(dot_i8(&a, &b)), expected);
        }

        #[test]
        fn scan_and_gather_agree_with_dot(
            dims in prop_oneof![1_usize..200, Just(64), Just(384), Just(768)],
            bytes in proptest::collection::vec(any::<i8>(), 0..6000),
            ids in proptest::collection::vec(any::<u32>(), 0..40),
            stray in proptest::option::of(0_usize..40),
        ) {
            let (query, rows) = bytes.split_at(dims.min(bytes.len()));
            prop_assume!(query.len() == dims);
            let whole: Vec<i32> = rows.chunks_exact(dims).map(|row| dot_plain(query, row)).collect();
            let mut ids: Vec<u32> = ids.iter().map(|id| id % whole.len().max(1) as u32).collect();
            // Most lists name rows only; some also the first that is not whole, or one far off.
            if let Some(id) = stray.and_then(|at| ids.get_mut(at)) {
                *id = if *id % 2 == 0 { whole.len() as u32 } else { u32::MAX - *id };
            }
            let picked: Vec<i32> = ids.iter().map(|id| *whole.get(*id as usize).unwrap_or(&i32::MIN)).collect();
            for path in simd::available() {
                let mut out = vec![7; whole.len() + 1];
                prop_assert_eq!(path.scan_i8(query, rows, &mut out), whole.len(), "{}", path.name());
                prop_assert_eq!(&out[..whole.len()], &whole, "{}", path.name());
                prop_assert_eq!(out[whole.len()], 7);
                let mut out = vec![7; ids.len() + 1];
                path.gather_i8(query, rows, &ids, &mut out);
                prop_assert_eq!(&out[..ids.len()], &picked, "{}", path.name());
                prop_assert_eq!(out[ids.len()], 7);
            }
        }

        #[test]
        fn quantize_is_the_same_on_all_paths(
            values in proptest::collection::vec(prop_oneof![6 => -1.0_f32..1.0, 1 => any::<f32>(), 1 => any::<u32>().prop_map(f32::from_bits)], 0..150),
            size in prop_oneof![Just(1.0_f32), Just(1e-37), Just(1e-42), Just(1e30)],
            room in 0_usize..150,
            ties in any::<bool>(),
        ) {
            let mut values: Vec<f32> = values.iter().map(|v| v * size).collect();
            if ties {
                // With a scale of 1, halves lie between two integers.
                values.iter_mut().for_each(|v| *v = (*v * 200.0).clamp(-127.0, 127.0).trunc() + 0.5_f32.copysign(*v));
                values.iter_mut().for_each(|v| *v = v.clamp(-127.0, 127.0));
                values.push(127.0);
            }
            let mut expected = vec![1; room];
            let scale = defined(&values, &mut expected);
            for path in simd::available() {
                let mut out = vec![1; room];
                prop_assert_eq!(path.quantize(&values, &mut out).to_bits(), scale.to_bits(), "{}", path.name());
                prop_assert_eq!(&out, &expected, "{}", path.name());
            }
        }

        #[test]
        fn quantized_products_stay_near(mut a in proptest::collection::vec(-1_f32..1.0, 384), mut b in proptest::collection::vec(-1_f32..1.0, 384)) {
            prop_assume!(super::super::normalize(&mut a) && super::super::normalize(&mut b));
            let (mut qa, mut qb) = ([0_i8; 384], [0_i8; 384]);
            let scale = quantize(&a, &mut qa) * quantize(&b, &mut qb);
            let error = dot_i8(&qa, &qb) as f32 * scale - super::super::dot_f32(&a, &b);
            prop_assert!(error.abs() < 0.005, "{error}");
        }
    }
}
