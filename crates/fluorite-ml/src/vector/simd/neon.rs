//! NEON, which every 64-bit ARM that Rust's standard library runs on has.

use std::arch::aarch64::*;

use super::super::float::{LANES, finish};
use super::super::int8::{dot_plain, largest_plain, quantize_each, scale_of};
use super::{Kernels, gather};

pub(super) const KERNELS: Kernels = Kernels { name: "neon", dot_i8, scan_i8, gather_i8, dot_f32, quantize };

/// The additions of [`super::super::float::dot_lanes`], four lanes at once; multiplied and added apart, because fusing
/// rounds differently.
#[target_feature(enable = "neon")]
pub(super) fn dot_f32(a: &[f32], b: &[[u8; 4]]) -> f32 {
    let (blocks_a, tail_a) = a.as_chunks::<LANES>();
    let (blocks_b, tail_b) = b.as_chunks::<LANES>();
    let mut sums = [vdupq_n_f32(0.0); LANES / 4];
    for (x, y) in blocks_a.iter().zip(blocks_b) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.as_chunks::<4>().0.iter().zip(y.as_chunks::<4>().0)) {
            // SAFETY: four readable f32, and their 16 bytes, which need no alignment.
            let (x, y) = unsafe { (vld1q_f32(x.as_ptr()), vreinterpretq_f32_u8(vld1q_u8(y.as_ptr().cast()))) };
            *sum = vaddq_f32(*sum, vmulq_f32(x, y));
        }
    }
    let mut lanes = [0.0; LANES];
    for (lanes, sum) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
        // SAFETY: four writable f32.
        unsafe { vst1q_f32(lanes.as_mut_ptr(), sum) };
    }
    finish(lanes, tail_a, tail_b, |v| f32::from_le_bytes(*v))
}

/// Multiplies to i16, which holds any product of two bytes but not the sum of two, so each is added to i32 at once.
#[inline]
#[target_feature(enable = "neon")]
fn add_products(sum: int32x4_t, x: int8x16_t, y: int8x16_t) -> int32x4_t {
    let low = vmull_s8(vget_low_s8(x), vget_low_s8(y));
    vpadalq_s16(vpadalq_s16(sum, low), vmull_high_s8(x, y))
}

#[inline]
#[target_feature(enable = "neon")]
pub(super) fn load(block: &[i8; 16]) -> int8x16_t {
    // SAFETY: the block is 16 readable bytes.
    unsafe { vld1q_s8(block.as_ptr()) }
}

/// Four sums' lanes added up, and what the last `tail` values of the rows add.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn add_up(sums: [int32x4_t; 4], ends: [&[i8]; 4], tail: &[i8]) -> [i32; 4] {
    let all = vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3]));
    let mut found = [0_i32; 4];
    // SAFETY: four writable i32.
    unsafe { vst1q_s32(found.as_mut_ptr(), all) };
    if !tail.is_empty() {
        found.iter_mut().zip(ends).for_each(|(found, end)| *found = found.wrapping_add(dot_plain(end, tail)));
    }
    found
}

#[target_feature(enable = "neon")]
fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    let (blocks_a, tail_a) = a.as_chunks::<32>();
    let (blocks_b, tail_b) = b.as_chunks::<32>();
    let (mut low, mut high) = (vdupq_n_s32(0), vdupq_n_s32(0));
    for (x, y) in blocks_a.iter().zip(blocks_b) {
        let (x, y) = (x.as_chunks::<16>().0, y.as_chunks::<16>().0);
        low = add_products(low, load(&x[0]), load(&y[0]));
        high = add_products(high, load(&x[1]), load(&y[1]));
    }
    vaddvq_s32(vaddq_s32(low, high)).wrapping_add(dot_plain(tail_a, tail_b))
}

/// Four rows of the query's length, so that the query is loaded once for four.
#[inline]
#[target_feature(enable = "neon")]
fn four(query: &[i8], rows: [&[i8]; 4]) -> [i32; 4] {
    let (blocks, tail) = query.as_chunks::<16>();
    let split = rows.map(|row| row[..query.len()].as_chunks::<16>());
    let mut sums = [vdupq_n_s32(0); 4];
    for (at, y) in blocks.iter().enumerate() {
        let y = load(y);
        for (sum, (row, _)) in sums.iter_mut().zip(&split) {
            *sum = add_products(*sum, load(&row[at]), y);
        }
    }
    add_up(sums, split.map(|(_, end)| end), tail)
}

#[target_feature(enable = "neon")]
fn scan_i8(query: &[i8], rows: &[i8], out: &mut [i32]) {
    let dims = query.len();
    let (quads, rest) = out.as_chunks_mut::<4>();
    for (rows, found) in rows.chunks_exact(4 * dims).zip(&mut *quads) {
        let row = |at: usize| &rows[at * dims..(at + 1) * dims];
        *found = four(query, [row(0), row(1), row(2), row(3)]);
    }
    let last = &rows[quads.len() * 4 * dims..];
    for (row, found) in last.chunks_exact(dims).zip(rest) {
        *found = dot_i8(query, row);
    }
}

#[target_feature(enable = "neon")]
fn gather_i8(query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
    // SAFETY: the caller says that all ids are of whole rows.
    unsafe { gather::walk(query.len(), rows, ids, out, |rows| four(query, rows)) };
}

/// As [`super::super::int8::quantize_plain`]. Division, because multiplying by the reciprocal rounds differently.
#[target_feature(enable = "neon")]
pub(super) fn quantize(values: &[f32], out: &mut [i8]) -> f32 {
    let (blocks, tail) = values.as_chunks::<8>();
    let mut most = [vdupq_n_f32(0.0); 2];
    for block in blocks {
        for (most, part) in most.iter_mut().zip(block.as_chunks::<4>().0) {
            *most = vmaxq_f32(*most, vabsq_f32(finite(part)));
        }
    }
    let Some(scale) = scale_of(vmaxvq_f32(vmaxq_f32(most[0], most[1])).max(largest_plain(tail))) else {
        out.fill(0);
        return 0.0;
    };
    let by = vdupq_n_f32(scale);
    let done = values.len().min(out.len()) / 8 * 8;
    let (written, rest) = out.split_at_mut(done);
    for (block, out) in blocks.iter().zip(written.as_chunks_mut::<8>().0) {
        let parts = block.as_chunks::<4>().0;
        // Rounds ties to even. The quotient is at most 127 (1 + 2^-23): nothing to clamp.
        let low = vqmovn_s32(vcvtnq_s32_f32(vdivq_f32(finite(&parts[0]), by)));
        let high = vqmovn_s32(vcvtnq_s32_f32(vdivq_f32(finite(&parts[1]), by)));
        // SAFETY: eight writable bytes.
        unsafe { vst1_s8(out.as_mut_ptr(), vqmovn_s16(vcombine_s16(low, high))) };
    }
    quantize_each(&values[done..], rest, scale);
    scale
}

/// Four values, with 0 for those that are not finite.
#[inline]
#[target_feature(enable = "neon")]
fn finite(values: &[f32; 4]) -> float32x4_t {
    // SAFETY: four readable f32.
    let values = unsafe { vld1q_f32(values.as_ptr()) };
    let finite = vcltq_f32(vabsq_f32(values), vdupq_n_f32(f32::INFINITY));
    vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(values), finite))
}
