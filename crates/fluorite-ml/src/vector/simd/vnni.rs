//! AVX-512 with VNNI.
//!
//! `vpdpbusd` multiplies unsigned by signed bytes and sums four products in i32, without saturation. A signed byte is made
//! unsigned by adding 128 (flipping the top bit); the 128 x sum(other side) too much is taken off at the end.

use std::arch::x86_64::*;

use super::super::int8::{largest_plain, quantize_each, scale_of};
use super::{Kernels, avx2, gather, prefetch};

/// `f32` sums gain nothing from wider registers: the order of additions is fixed, and each waits for the one before.
pub(super) const KERNELS: Kernels = Kernels { name: "vnni", dot_i8, scan_i8, gather_i8, dot_f32: avx2::dot_f32, quantize };

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    let flip = _mm512_set1_epi8(i8::MIN);
    let (blocks_a, tail_a) = a.as_chunks::<64>();
    let (blocks_b, tail_b) = b.as_chunks::<64>();
    let (mut sum, mut excess) = (_mm512_setzero_si512(), _mm512_setzero_si512());
    for (x, y) in blocks_a.iter().zip(blocks_b) {
        let (x, y) = (whole(x), whole(y));
        sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(x, flip), y);
        excess = _mm512_dpbusd_epi32(excess, flip, y);
    }
    if !tail_a.is_empty() {
        let (x, y) = (partial(tail_a), partial(tail_b));
        // Bytes beyond the tail are 0 in y, so whatever the flip made of them in x counts nothing.
        sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(x, flip), y);
        excess = _mm512_dpbusd_epi32(excess, flip, y);
    }
    _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, excess))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn whole(block: &[i8; 64]) -> __m512i {
    // SAFETY: the block is 64 readable bytes, read unaligned.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

/// Fewer than 64 bytes, and zeros.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn partial(tail: &[i8]) -> __m512i {
    debug_assert!(tail.len() < 64);
    let mask = (1_u64 << tail.len()) - 1;
    // SAFETY: a masked load touches only the bytes whose mask bit is set: the first `tail.len()`.
    unsafe { _mm512_maskz_loadu_epi8(mask, tail.as_ptr()) }
}

/// What `vpdpbusd` counts too much. The query is the signed side, so it is the same for all rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn excess(query: &[i8]) -> __m128i {
    let (blocks, tail) = query.as_chunks::<64>();
    let flip = _mm512_set1_epi8(i8::MIN);
    let mut sum = _mm512_dpbusd_epi32(_mm512_setzero_si512(), flip, partial(tail));
    for block in blocks {
        sum = _mm512_dpbusd_epi32(sum, flip, whole(block));
    }
    _mm_set1_epi32(_mm512_reduce_add_epi32(sum))
}

/// Four rows of the query's length, so that the query is loaded once, and the lanes are added up together, for four.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn four(query: &[i8], excess: __m128i, rows: [&[i8]; 4]) -> [i32; 4] {
    let flip = _mm512_set1_epi8(i8::MIN);
    let (blocks, tail) = query.as_chunks::<64>();
    let split = rows.map(|row| row[..query.len()].as_chunks::<64>());
    let mut sums = [_mm512_setzero_si512(); 4];
    for (at, y) in blocks.iter().enumerate() {
        let y = whole(y);
        for (sum, (row, _)) in sums.iter_mut().zip(&split) {
            *sum = _mm512_dpbusd_epi32(*sum, _mm512_xor_si512(whole(&row[at]), flip), y);
        }
    }
    if !tail.is_empty() {
        let y = partial(tail);
        for (sum, (_, end)) in sums.iter_mut().zip(&split) {
            *sum = _mm512_dpbusd_epi32(*sum, _mm512_xor_si512(partial(end), flip), y);
        }
    }
    add_up(sums, excess)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn add_up([a, b, c, d]: [__m512i; 4], excess: __m128i) -> [i32; 4] {
    let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    // Every 128-bit part now holds a share of the sums of a, b, c and d.
    let abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    let half = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64::<1>(abcd));
    let sum = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
    let mut found = [0; 4];
    // SAFETY: `found` is four i32, 16 writable bytes, written unaligned.
    unsafe { _mm_storeu_si128(found.as_mut_ptr().cast(), _mm_sub_epi32(sum, excess)) };
    found
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn scan_i8(query: &[i8], rows: &[i8], out: &mut [i32]) {
    let (dims, excess) = (query.len(), excess(query));
    let (quads, rest) = out.as_chunks_mut::<4>();
    for (rows, found) in rows.chunks_exact(4 * dims).zip(&mut *quads) {
        prefetch::beyond(rows);
        let row = |at: usize| &rows[at * dims..(at + 1) * dims];
        *found = four(query, excess, [row(0), row(1), row(2), row(3)]);
    }
    let last = &rows[quads.len() * 4 * dims..];
    for (row, found) in last.chunks_exact(dims).zip(rest) {
        *found = dot_i8(row, query);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn gather_i8(query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
    let excess = excess(query);
    // SAFETY: the caller says that all ids are of whole rows.
    unsafe { gather::walk(query.len(), rows, ids, out, |rows| four(query, excess, rows)) };
}

/// As [`super::super::int8::quantize_plain`]. Division, because multiplying by the reciprocal rounds differently.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn quantize(values: &[f32], out: &mut [i8]) -> f32 {
    let (blocks, tail) = values.as_chunks::<16>();
    let mut most = _mm512_setzero_ps();
    for block in blocks {
        most = _mm512_max_ps(most, _mm512_abs_ps(finite(block)));
    }
    let Some(scale) = scale_of(_mm512_reduce_max_ps(most).max(largest_plain(tail))) else {
        out.fill(0);
        return 0.0;
    };
    let by = _mm512_set1_ps(scale);
    let done = values.len().min(out.len()) / 16 * 16;
    let (written, rest) = out.split_at_mut(done);
    for (block, out) in blocks.iter().zip(written.as_chunks_mut::<16>().0) {
        // Rounds ties to even, as every Rust thread has it. The quotient is at most 127 (1 + 2^-23): nothing to clamp.
        let bytes = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_div_ps(finite(block), by)));
        // SAFETY: 16 writable bytes, written unaligned.
        unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), bytes) };
    }
    quantize_each(&values[done..], rest, scale);
    scale
}

/// Sixteen values, with 0 for those that are not finite.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn finite(values: &[f32; 16]) -> __m512 {
    // SAFETY: sixteen readable f32, read unaligned.
    let values = unsafe { _mm512_loadu_ps(values.as_ptr()) };
    let finite = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(_mm512_abs_ps(values), _mm512_set1_ps(f32::INFINITY));
    _mm512_maskz_mov_ps(finite, values)
}
