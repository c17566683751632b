//! The portable path, and the definition of all others' results.

use super::super::float::dot_lanes;
use super::super::int8::{dot_plain, quantize_plain};
use super::{Kernels, prefetch};

pub(super) const KERNELS: Kernels = Kernels {
    name: "scalar",
    dot_i8: dot_plain,
    scan_i8,
    gather_i8,
    dot_f32: |a, b| dot_lanes(a, b, |v| f32::from_le_bytes(*v)),
    quantize: quantize_plain,
};

fn scan_i8(query: &[i8], rows: &[i8], out: &mut [i32]) {
    for (row, found) in rows.chunks_exact(query.len()).zip(out) {
        *found = dot_plain(query, row);
    }
}

fn gather_i8(query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
    let row = |id: u32| &rows[id as usize * query.len()..][..query.len()];
    for (at, found) in out.iter_mut().enumerate() {
        if let Some(id) = ids.get(at + 2) {
            prefetch::lines(row(*id).as_ptr().cast(), query.len());
        }
        *found = dot_plain(query, row(ids[at]));
    }
}
