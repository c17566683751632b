//! AVX2.

use std::arch::x86_64::*;

use super::super::float::{LANES, finish};
use super::super::int8::{dot_plain, largest_plain, quantize_each, scale_of};
use super::{Kernels, gather, prefetch};

pub(super) const KERNELS: Kernels = Kernels { name: "avx2", dot_i8, scan_i8, gather_i8, dot_f32, quantize };

/// The additions of [`super::super::float::dot_lanes`], eight lanes at once; multiplied and added apart, because fusing
/// rounds differently.
#[target_feature(enable = "avx2")]
pub(super) fn dot_f32(a: &[f32], b: &[[u8; 4]]) -> f32 {
    let (blocks_a, tail_a) = a.as_chunks::<LANES>();
    let (blocks_b, tail_b) = b.as_chunks::<LANES>();
    let mut sums = [_mm256_setzero_ps(); LANES / 8];
    for (x, y) in blocks_a.iter().zip(blocks_b) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.as_chunks::<8>().0.iter().zip(y.as_chunks::<8>().0)) {
            // SAFETY: each part is eight readable f32, read unaligned.
            let (x, y) = unsafe { (_mm256_loadu_ps(x.as_ptr()), _mm256_loadu_ps(y.as_ptr().cast())) };
            *sum = _mm256_add_ps(*sum, _mm256_mul_ps(x, y));
        }
    }
    let mut lanes = [0.0; LANES];
    for (lanes, sum) in lanes.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
        // SAFETY: the part is eight writable f32, written unaligned.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), sum) };
    }
    finish(lanes, tail_a, tail_b, |v| f32::from_le_bytes(*v))
}

/// Widens to i16 and multiplies in pairs to i32: exact for all values, where the byte multiply (`maddubs`) saturates.
#[inline]
#[target_feature(enable = "avx2")]
fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    let (blocks_a, tail_a) = a.as_chunks::<32>();
    let (blocks_b, tail_b) = b.as_chunks::<32>();
    let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for (x, y) in blocks_a.iter().zip(blocks_b) {
        let (x, y) = (x.as_chunks::<16>().0, y.as_chunks::<16>().0);
        low = _mm256_add_epi32(low, _mm256_madd_epi16(widen(&x[0]), widen(&y[0])));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(widen(&x[1]), widen(&y[1])));
    }
    let sum = _mm256_add_epi32(low, high);
    let half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let pair = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
    let one = _mm_add_epi32(pair, _mm_shuffle_epi32::<0b10_11_00_01>(pair));
    _mm_cvtsi128_si32(one).wrapping_add(dot_plain(tail_a, tail_b))
}

#[inline]
#[target_feature(enable = "avx2")]
fn widen(block: &[i8; 16]) -> __m256i {
    // SAFETY: the block is 16 readable bytes, read unaligned.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(block.as_ptr().cast()) })
}

/// Four rows of the query's length, so that the query is loaded and widened once for four.
#[inline]
#[target_feature(enable = "avx2")]
fn four(query: &[i8], rows: [&[i8]; 4]) -> [i32; 4] {
    let (blocks, tail) = query.as_chunks::<16>();
    let split = rows.map(|row| row[..query.len()].as_chunks::<16>());
    let mut sums = [_mm256_setzero_si256(); 4];
    for (at, y) in blocks.iter().enumerate() {
        let y = widen(y);
        for (sum, (row, _)) in sums.iter_mut().zip(&split) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(widen(&row[at]), y));
        }
    }
    let pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    let sum = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256::<1>(pairs));
    let mut found = [0_i32; 4];
    // SAFETY: `found` is four i32, 16 writable bytes, written unaligned.
    unsafe { _mm_storeu_si128(found.as_mut_ptr().cast(), sum) };
    if !tail.is_empty() {
        for (found, (_, end)) in found.iter_mut().zip(&split) {
            *found = found.wrapping_add(dot_plain(end, tail));
        }
    }
    found
}

#[target_feature(enable = "avx2")]
fn scan_i8(query: &[i8], rows: &[i8], out: &mut [i32]) {
    let dims = query.len();
    let (quads, rest) = out.as_chunks_mut::<4>();
    for (rows, found) in rows.chunks_exact(4 * dims).zip(&mut *quads) {
        prefetch::beyond(rows);
        let row = |at: usize| &rows[at * dims..(at + 1) * dims];
        *found = four(query, [row(0), row(1), row(2), row(3)]);
    }
    let last = &rows[quads.len() * 4 * dims..];
    for (row, found) in last.chunks_exact(dims).zip(rest) {
        *found = dot_i8(query, row);
    }
}

#[target_feature(enable = "avx2")]
fn gather_i8(query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
    // SAFETY: the caller says that all ids are of whole rows.
    unsafe { gather::walk(query.len(), rows, ids, out, |rows| four(query, rows)) };
}

/// As [`super::super::int8::quantize_plain`]. Division, because multiplying by the reciprocal rounds differently.
#[target_feature(enable = "avx2")]
fn quantize(values: &[f32], out: &mut [i8]) -> f32 {
    let (blocks, tail) = values.as_chunks::<32>();
    let mut most = [_mm256_setzero_ps(); 4];
    for block in blocks {
        for (most, part) in most.iter_mut().zip(block.as_chunks::<8>().0) {
            *most = _mm256_max_ps(*most, _mm256_andnot_ps(_mm256_set1_ps(-0.0), finite(part)));
        }
    }
    let most = _mm256_max_ps(_mm256_max_ps(most[0], most[1]), _mm256_max_ps(most[2], most[3]));
    let mut lanes = [0.0; 8];
    // SAFETY: eight writable f32, written unaligned.
    unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), most) };
    let Some(scale) = scale_of(largest_plain(&lanes).max(largest_plain(tail))) else {
        out.fill(0);
        return 0.0;
    };
    let by = _mm256_set1_ps(scale);
    let done = values.len().min(out.len()) / 32 * 32;
    let (written, rest) = out.split_at_mut(done);
    for (block, out) in blocks.iter().zip(written.as_chunks_mut::<32>().0) {
        let mut parts = [_mm256_setzero_si256(); 4];
        for (part, values) in parts.iter_mut().zip(block.as_chunks::<8>().0) {
            // Rounds ties to even, as every Rust thread has it. The quotient is at most 127 (1 + 2^-23): nothing to clamp.
            *part = _mm256_cvtps_epi32(_mm256_div_ps(finite(values), by));
        }
        let halves = _mm256_packs_epi16(_mm256_packs_epi32(parts[0], parts[1]), _mm256_packs_epi32(parts[2], parts[3]));
        // Packing works on each 128-bit half; this puts the fours of bytes back in order.
        let bytes = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        // SAFETY: 32 writable bytes, written unaligned.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), bytes) };
    }
    quantize_each(&values[done..], rest, scale);
    scale
}

/// Eight values, with 0 for those that are not finite.
#[inline]
#[target_feature(enable = "avx2")]
fn finite(values: &[f32; 8]) -> __m256 {
    // SAFETY: eight readable f32, read unaligned.
    let values = unsafe { _mm256_loadu_ps(values.as_ptr()) };
    let size = _mm256_andnot_ps(_mm256_set1_ps(-0.0), values);
    _mm256_and_ps(values, _mm256_cmp_ps::<_CMP_LT_OQ>(size, _mm256_set1_ps(f32::INFINITY)))
}
