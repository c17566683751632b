//! The kernels, and the choice between them.
// Vector instructions are unsafe to call on a machine that lacks them; this is the crate's only file that may.
#![allow(unsafe_code)]

use super::float::dot_lanes;
use super::int8::dot_plain;

/// `a` and `b` must be of equal length.
pub(super) fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_vnni() {
            // SAFETY: the processor has AVX-512 F, BW and VNNI (checked above).
            return unsafe { x86::dot_vnni(a, b) };
        }
        if x86::has_avx2() {
            // SAFETY: the processor has AVX2 (checked above).
            return unsafe { x86::dot_avx2(a, b) };
        }
    }
    dot_plain(a, b)
}

/// `rows` must hold `out.len()` rows of `query.len()` values.
pub(super) fn scan_i8(query: &[i8], rows: &[i8], out: &mut [i32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_vnni() {
            // SAFETY: the processor has AVX-512 F, BW and VNNI (checked above).
            return unsafe { x86::scan_vnni(query, rows, out) };
        }
        if x86::has_avx2() {
            // SAFETY: the processor has AVX2 (checked above).
            return unsafe { x86::scan_avx2(query, rows, out) };
        }
    }
    scan_plain(query, rows, out);
}

pub(super) fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if x86::has_avx2() {
        // SAFETY: the processor has AVX2 (checked above).
        return unsafe { x86::dot_f32_avx2(a, b) };
    }
    dot_lanes(a, b)
}

/// Asks the processor to bring in the cache line of `values[index]`. A hint: reads nothing, and does nothing when `index`
/// is out of range or the machine has no such instruction.
#[inline]
pub fn prefetch_line<T>(values: &[T], index: usize) {
    if index < values.len() {
        hint(values.as_ptr().wrapping_add(index).cast());
    }
}

/// Asks the processor to bring in every cache line of `bytes`. A hint, as [`prefetch_line`].
#[inline]
pub fn prefetch_bytes(bytes: &[u8]) {
    let start = bytes.as_ptr();
    for at in (0..bytes.len()).step_by(LINE) {
        hint(start.wrapping_add(at));
    }
    if let Some(last) = bytes.last() {
        hint(last);
    }
}

/// Bytes of a cache line, where we have measured.
const LINE: usize = 64;

#[inline(always)]
fn hint(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint; it reads nothing and may name any address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast())
    };
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

fn scan_plain(query: &[i8], rows: &[i8], out: &mut [i32]) {
    for (row, found) in rows.chunks_exact(query.len()).zip(out) {
        *found = dot_plain(query, row);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::is_x86_feature_detected as has;

    use super::super::float::{LANES, finish};
    use super::dot_plain;

    /// The standard library keeps the answer, so asking costs a load and a test.
    #[inline]
    pub(super) fn has_avx2() -> bool {
        has!("avx2")
    }

    #[inline]
    pub(super) fn has_vnni() -> bool {
        has!("avx512f") && has!("avx512bw") && has!("avx512vnni")
    }

    /// The additions of [`dot_lanes`], eight lanes at once; multiplied and added apart, because fusing rounds differently.
    #[target_feature(enable = "avx2")]
    pub(super) fn dot_f32_avx2(a: &[f32], b: &[f32]) -> f32 {
        let length = a.len().min(b.len());
        let (blocks_a, tail_a) = a[..length].as_chunks::<LANES>();
        let (blocks_b, tail_b) = b[..length].as_chunks::<LANES>();
        let mut sums = [_mm256_setzero_ps(); LANES / 8];
        for (x, y) in blocks_a.iter().zip(blocks_b) {
            for (sum, (x, y)) in sums.iter_mut().zip(x.as_chunks::<8>().0.iter().zip(y.as_chunks::<8>().0)) {
                // SAFETY: each part is eight readable f32, read unaligned.
                let (x, y) = unsafe { (_mm256_loadu_ps(x.as_ptr()), _mm256_loadu_ps(y.as_ptr())) };
                *sum = _mm256_add_ps(*sum, _mm256_mul_ps(x, y));
            }
        }
        let mut lanes = [0.0; LANES];
        for (lanes, sum) in lanes.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
            // SAFETY: the part is eight writable f32, written unaligned.
            unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), sum) };
        }
        finish(lanes, tail_a, tail_b)
    }

    /// Widens to i16 and multiplies in pairs to i32: exact for all values, where the byte multiply (`maddubs`)
    /// saturates.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn dot_avx2(a: &[i8], b: &[i8]) -> i32 {
        let (blocks_a, tail_a) = a.as_chunks::<32>();
        let (blocks_b, tail_b) = b.as_chunks::<32>();
        let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (x, y) in blocks_a.iter().zip(blocks_b) {
            // SAFETY: each block is 32 readable bytes, read as two unaligned halves of 16.
            let (x0, x1, y0, y1) = unsafe {
                let (x, y) = (x.as_ptr().cast::<__m128i>(), y.as_ptr().cast::<__m128i>());
                (_mm_loadu_si128(x), _mm_loadu_si128(x.add(1)), _mm_loadu_si128(y), _mm_loadu_si128(y.add(1)))
            };
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_cvtepi8_epi16(x0), _mm256_cvtepi8_epi16(y0)));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_cvtepi8_epi16(x1), _mm256_cvtepi8_epi16(y1)));
        }
        let sum = _mm256_add_epi32(low, high);
        let half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
        let pair = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
        let one = _mm_add_epi32(pair, _mm_shuffle_epi32::<0b10_11_00_01>(pair));
        _mm_cvtsi128_si32(one).wrapping_add(dot_plain(tail_a, tail_b))
    }

    /// Four rows at a time, so that the query is loaded and widened once for four.
    #[target_feature(enable = "avx2")]
    pub(super) fn scan_avx2(query: &[i8], rows: &[i8], out: &mut [i32]) {
        let dims = query.len();
        let (blocks, tail) = query.as_chunks::<16>();
        let (quads, rest) = out.as_chunks_mut::<4>();
        for (four, found) in rows.chunks_exact(4 * dims).zip(&mut *quads) {
            ahead(four);
            let row = |at: usize| four[at * dims..(at + 1) * dims].as_chunks::<16>();
            let split = [row(0), row(1), row(2), row(3)];
            let mut sums = [_mm256_setzero_si256(); 4];
            for (at, y) in blocks.iter().enumerate() {
                let y = widen(y);
                for (sum, (row, _)) in sums.iter_mut().zip(&split) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(widen(&row[at]), y));
                }
            }
            let pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
            let sum = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256::<1>(pairs));
            // SAFETY: `found` is four i32, 16 writable bytes, written unaligned.
            unsafe { _mm_storeu_si128(found.as_mut_ptr().cast(), sum) };
            for (found, (_, end)) in found.iter_mut().zip(&split) {
                *found = found.wrapping_add(dot_plain(end, tail));
            }
        }
        let last = &rows[quads.len() * 4 * dims..];
        for (row, found) in last.chunks_exact(dims).zip(rest) {
            *found = dot_avx2(query, row);
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn widen(block: &[i8; 16]) -> __m256i {
        // SAFETY: the block is 16 readable bytes, read unaligned.
        _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(block.as_ptr().cast()) })
    }

    /// Asks for the bytes some 3 KB behind the start of these rows: the processor's own prefetcher stops at page ends.
    #[inline]
    fn ahead(rows: &[i8]) {
        for line in (0..rows.len()).step_by(64) {
            let address = rows.as_ptr().wrapping_add(AHEAD + line);
            // SAFETY: a prefetch is a hint; it reads nothing and may name any address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
        }
    }

    const AHEAD: usize = 3072;

    /// `vpdpbusd` multiplies unsigned by signed bytes and sums four products in i32, without saturation. A signed `a` is
    /// made unsigned by adding 128 (flipping the top bit); the 128 x sum(b) too much is summed beside it and taken off.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dot_vnni(a: &[i8], b: &[i8]) -> i32 {
        let flip = _mm512_set1_epi8(i8::MIN);
        let (blocks_a, tail_a) = a.as_chunks::<64>();
        let (blocks_b, tail_b) = b.as_chunks::<64>();
        let (mut sum, mut excess) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (x, y) in blocks_a.iter().zip(blocks_b) {
            // SAFETY: each block is 64 readable bytes, read unaligned.
            let (x, y) = unsafe { (_mm512_loadu_si512(x.as_ptr().cast()), _mm512_loadu_si512(y.as_ptr().cast())) };
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

    /// Fewer than 64 bytes, and zeros.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn partial(tail: &[i8]) -> __m512i {
        debug_assert!(tail.len() < 64);
        let mask = (1_u64 << tail.len()) - 1;
        // SAFETY: a masked load touches only the bytes whose mask bit is set: the first `tail.len()`.
        unsafe { _mm512_maskz_loadu_epi8(mask, tail.as_ptr()) }
    }

    /// Four rows at a time, so that the query is loaded once, and the lanes are added up together, for four.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn scan_vnni(query: &[i8], rows: &[i8], out: &mut [i32]) {
        let dims = query.len();
        let flip = _mm512_set1_epi8(i8::MIN);
        // The query is the signed side, so what is too much is the same for all rows.
        let excess = _mm_set1_epi32(query.iter().fold(0, |sum: i32, q| sum.wrapping_add(128 * i32::from(*q))));
        let (blocks, tail) = query.as_chunks::<64>();
        let tail = partial(tail);
        let (quads, rest) = out.as_chunks_mut::<4>();
        for (four, found) in rows.chunks_exact(4 * dims).zip(&mut *quads) {
            ahead(four);
            let row = |at: usize| four[at * dims..(at + 1) * dims].as_chunks::<64>();
            let split = [row(0), row(1), row(2), row(3)];
            let mut sums = [_mm512_setzero_si512(); 4];
            for (at, y) in blocks.iter().enumerate() {
                // SAFETY: the block is 64 readable bytes, read unaligned.
                let y = unsafe { _mm512_loadu_si512(y.as_ptr().cast()) };
                for (sum, (row, _)) in sums.iter_mut().zip(&split) {
                    // SAFETY: the block is 64 readable bytes, read unaligned.
                    let x = unsafe { _mm512_loadu_si512(row[at].as_ptr().cast()) };
                    *sum = _mm512_dpbusd_epi32(*sum, _mm512_xor_si512(x, flip), y);
                }
            }
            if !dims.is_multiple_of(64) {
                for (sum, (_, end)) in sums.iter_mut().zip(&split) {
                    *sum = _mm512_dpbusd_epi32(*sum, _mm512_xor_si512(partial(end), flip), tail);
                }
            }
            let [a, b, c, d] = sums;
            let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
            let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
            // Every 128-bit part now holds a share of the sums of a, b, c and d.
            let abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
            let half = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64::<1>(abcd));
            let sum = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
            // SAFETY: `found` is four i32, 16 writable bytes, written unaligned.
            unsafe { _mm_storeu_si128(found.as_mut_ptr().cast(), _mm_sub_epi32(sum, excess)) };
        }
        let last = &rows[quads.len() * 4 * dims..];
        for (row, found) in last.chunks_exact(dims).zip(rest) {
            *found = dot_vnni(row, query);
        }
    }
}

/// Every path this machine has, for tests.
#[cfg(test)]
#[allow(clippy::type_complexity)]
pub(super) fn paths() -> Vec<(&'static str, fn(&[i8], &[i8]) -> i32)> {
    let mut paths: Vec<(&'static str, fn(&[i8], &[i8]) -> i32)> = vec![("portable", |a, b| dot_plain(a, b))];
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx2() {
            // SAFETY: the processor has AVX2 (checked above).
            paths.push(("avx2", |a, b| unsafe { x86::dot_avx2(a, b) }));
        }
        if x86::has_vnni() {
            // SAFETY: the processor has AVX-512 F, BW and VNNI (checked above).
            paths.push(("vnni", |a, b| unsafe { x86::dot_vnni(a, b) }));
        }
    }
    paths
}

/// As [`paths`], for scans.
#[cfg(test)]
#[allow(clippy::type_complexity)]
pub(super) fn scans() -> Vec<(&'static str, fn(&[i8], &[i8], &mut [i32]))> {
    let mut scans: Vec<(&'static str, fn(&[i8], &[i8], &mut [i32]))> = vec![("portable", scan_plain)];
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx2() {
            // SAFETY: the processor has AVX2 (checked above).
            scans.push(("avx2", |q, r, o| unsafe { x86::scan_avx2(q, r, o) }));
        }
        if x86::has_vnni() {
            // SAFETY: the processor has AVX-512 F, BW and VNNI (checked above).
            scans.push(("vnni", |q, r, o| unsafe { x86::scan_vnni(q, r, o) }));
        }
    }
    scans
}
