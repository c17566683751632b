//! What the vector kernels cost: prints one line of JSON, medians. `FLUORITE_SIMD=scalar|avx2|vnni|neon|dotprod` picks the
//! path. `cargo run --release -p fluorite-ml --example kernels`
//!
//! Rows of 384 values, 100,000 of them (38 MB, more than a core's cache): in order, and 32 at random places at a time as
//! in a walk over a graph. `gather_near` has 500 rows, which stay in the second-level cache.
#![allow(clippy::print_stdout)] // its output is what it is for

use std::hint::black_box;
use std::time::Instant;

use fluorite_ml::vector;

const DIMS: usize = 384;
const ROWS: usize = 100_000;
const LINKS: usize = 32;

fn main() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    let rows: Vec<i8> = (0..ROWS * DIMS).map(|_| (random() % 255) as i8).collect();
    let query = &rows[..DIMS];
    let values: Vec<f32> = (0..DIMS).map(|_| random() as f32 / u32::MAX as f32 - 0.5).collect();
    let bytes: Vec<u8> = std::iter::once(0).chain(values.iter().flat_map(|v| v.to_le_bytes())).collect();
    let far: Vec<u32> = (0..ROWS).map(|_| random() % ROWS as u32).collect();
    let near: Vec<u32> = (0..ROWS).map(|_| random() % 500).collect();
    let mut out = vec![0; ROWS];
    let mut small = [0_i8; DIMS];

    let scan = median(ROWS, || {
        black_box(vector::scan_i8(query, &rows, DIMS, &mut out));
    });
    let mut gather = |ids: &[u32]| {
        median(ids.len(), || {
            for (ids, out) in ids.chunks(LINKS).zip(out.chunks_mut(LINKS)) {
                vector::gather_i8(query, &rows, black_box(ids), out);
            }
        })
    };
    let (gather_far, gather_near) = (gather(&far), gather(&near));
    let one_by_one = median(ROWS, || {
        for id in &far {
            let start = *id as usize * DIMS;
            black_box(vector::dot_i8(query, &rows[start..start + DIMS]));
        }
    });
    let quantize = repeated(|| {
        black_box(vector::quantize(black_box(&values), &mut small));
    });
    let dot = repeated(|| {
        black_box(vector::dot_f32(black_box(&values), &values));
    });
    let dot_le = repeated(|| {
        black_box(vector::dot_f32_le(black_box(&values), &bytes[1..]));
    });
    let mut unit = values.clone();
    let normalize = repeated(|| {
        black_box(vector::normalize(black_box(&mut unit)));
    });
    println!(
        "{{\"path\":\"{}\",\"dims\":{DIMS},\"rows\":{ROWS},\"scan_ns_per_row\":{scan:.1},\"gather_ns_per_row\":{gather_far:.1},\
         \"gather_near_ns_per_row\":{gather_near:.1},\"dot_i8_at_random_ns_per_row\":{one_by_one:.1},\"quantize_ns\":{quantize:.1},\
         \"dot_f32_ns\":{dot:.1},\"dot_f32_le_ns\":{dot_le:.1},\"normalize_ns\":{normalize:.1}}}",
        vector::simd_path()
    );
}

/// Nanoseconds per item, the median of 31 runs after one that is not counted.
fn median(items: usize, mut run: impl FnMut()) -> f64 {
    run();
    let mut times: Vec<f64> = (0..31)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_nanos() as f64 / items as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn repeated(mut call: impl FnMut()) -> f64 {
    const CALLS: usize = 1000;
    median(CALLS, || (0..CALLS).for_each(|_| call()))
}
