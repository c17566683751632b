//! NEON with the dot product instructions (ARM v8.2; Apple M1, Graviton 2 and all later): a third of the work.

use std::arch::aarch64::*;
use std::arch::asm;

use super::super::int8::dot_plain;
use super::neon::{self, add_up, load};
use super::{Kernels, gather};

pub(super) const KERNELS: Kernels =
    Kernels { name: "dotprod", dot_i8, scan_i8, gather_i8, dot_f32: neon::dot_f32, quantize: neon::quantize };

/// Sixteen products, summed by fours in i32 without saturation.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn add_products(mut sum: int32x4_t, x: int8x16_t, y: int8x16_t) -> int32x4_t {
    // As text, because the intrinsic (`vdotq_s32`) is not stable in the oldest Rust we support.
    // SAFETY: reads and writes these registers only; the function's features have the instruction.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {x:v}.16b, {y:v}.16b",
            sum = inout(vreg) sum, x = in(vreg) x, y = in(vreg) y,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

#[target_feature(enable = "neon,dotprod")]
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
#[target_feature(enable = "neon,dotprod")]
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

#[target_feature(enable = "neon,dotprod")]
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

#[target_feature(enable = "neon,dotprod")]
fn gather_i8(query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
    // SAFETY: the caller says that all ids are of whole rows.
    unsafe { gather::walk(query.len(), rows, ids, out, |rows| four(query, rows)) };
}
