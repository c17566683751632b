//! The kernels, and the choice between them.
//!
//! A path is a table of kernels for one set of instructions. The best the machine has is chosen once; from then on a call
//! costs a load and a branch more. All paths give the same bits, so the choice is of speed alone.
// Vector instructions are unsafe to call on a machine that lacks them; this folder alone may.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod dotprod;
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
mod gather;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod prefetch;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod vnni;

use std::sync::OnceLock;

pub use prefetch::{prefetch_bytes, prefetch_line};

/// The instructions in use: `"vnni"` (AVX-512 F, BW and VNNI) or `"avx2"` on x86, `"dotprod"` or `"neon"` on 64-bit ARM,
/// `"scalar"` elsewhere. The environment variable `FLUORITE_SIMD`, read once by the first call, names another one, for
/// tests and comparisons; a name this machine has no path for changes nothing. Results are the same on all.
#[must_use]
pub fn simd_path() -> &'static str {
    kernels().name
}

/// The kernels of one path. A value of this type is proof that the machine has the instructions: [`available`] makes no
/// other, and the fields are private to this folder.
#[derive(Clone, Copy)]
pub(super) struct Kernels {
    name: &'static str,
    /// For slices of equal length.
    dot_i8: unsafe fn(&[i8], &[i8]) -> i32,
    /// For a query that is not empty, and as many rows of its length as `out` is long.
    scan_i8: unsafe fn(&[i8], &[i8], &mut [i32]),
    /// For a query that is not empty, ids of whole rows, and as many of them as `out` is long.
    gather_i8: Gather,
    /// For slices of equal length; the second holds little-endian values.
    dot_f32: unsafe fn(&[f32], &[[u8; 4]]) -> f32,
    quantize: unsafe fn(&[f32], &mut [i8]) -> f32,
}

type Gather = unsafe fn(&[i8], &[i8], &[u32], &mut [i32]);

/// The path in use.
#[inline]
pub(super) fn kernels() -> &'static Kernels {
    static CHOSEN: OnceLock<Kernels> = OnceLock::new();
    CHOSEN.get_or_init(|| choose(std::env::var("FLUORITE_SIMD").ok().as_deref()))
}

fn choose(wanted: Option<&str>) -> Kernels {
    let all = available();
    let named = all.iter().find(|k| Some(k.name) == wanted);
    *named.or(all.last()).unwrap_or(&scalar::KERNELS)
}

/// Every path this machine has, the best last.
pub(super) fn available() -> Vec<Kernels> {
    #[cfg_attr(
        not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))),
        expect(unused_mut, reason = "no other path")
    )]
    let mut paths = vec![scalar::KERNELS];
    #[cfg(target_arch = "x86_64")]
    {
        use std::is_x86_feature_detected as has;
        if has!("avx2") {
            paths.push(avx2::KERNELS);
            if has!("avx512f") && has!("avx512bw") && has!("avx512vnni") {
                paths.push(vnni::KERNELS);
            }
        }
    }
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    {
        use std::arch::is_aarch64_feature_detected as has;
        if has!("neon") {
            paths.push(neon::KERNELS);
            if has!("dotprod") {
                paths.push(dotprod::KERNELS);
            }
        }
    }
    paths
}

/// What the public functions of the same names promise. All checks of lengths and ids are here, once per call.
impl Kernels {
    #[cfg(test)]
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn dot_i8(&self, a: &[i8], b: &[i8]) -> i32 {
        let length = a.len().min(b.len());
        // SAFETY: the machine has the instructions (see the type); equal lengths.
        unsafe { (self.dot_i8)(&a[..length], &b[..length]) }
    }

    pub(super) fn scan_i8(&self, query: &[i8], rows: &[i8], out: &mut [i32]) -> usize {
        let count = out.len().min(rows.len().checked_div(query.len()).unwrap_or(0));
        if count > 0 {
            // SAFETY: the machine has the instructions; `count` is 0 for an empty query, and rows and `out` hold `count`.
            unsafe { (self.scan_i8)(query, &rows[..count * query.len()], &mut out[..count]) };
        }
        count
    }

    pub(super) fn gather_i8(&self, query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
        let count = ids.len().min(out.len());
        let (ids, out) = (&ids[..count], &mut out[..count]);
        let whole = rows.len().checked_div(query.len()).unwrap_or(0);
        if ids.iter().fold(0, |max, id| *id.max(&max)) as usize >= whole {
            return self.gather_some(query, rows, ids, out);
        }
        // SAFETY: the machine has the instructions; every id is below `whole`, which is 0 for an empty query.
        unsafe { (self.gather_i8)(query, rows, ids, out) };
    }

    /// Some ids name no row: one by one, since such a call is a mistake of the caller's.
    #[cold]
    fn gather_some(&self, query: &[i8], rows: &[i8], ids: &[u32], out: &mut [i32]) {
        for (found, id) in out.iter_mut().zip(ids) {
            let start = (*id as usize).checked_mul(query.len());
            let row = start.and_then(|start| rows.get(start..)?.get(..query.len())).filter(|row| !row.is_empty());
            *found = row.map_or(i32::MIN, |row| self.dot_i8(query, row));
        }
    }

    pub(super) fn dot_f32(&self, a: &[f32], b: &[f32]) -> f32 {
        if cfg!(target_endian = "big") {
            return super::float::dot_lanes(a, b, |v| *v);
        }
        // SAFETY: four bytes for each f32, with no alignment to keep; their order is the machine's, little-endian.
        let bytes = unsafe { std::slice::from_raw_parts(b.as_ptr().cast::<[u8; 4]>(), b.len()) };
        self.dot_f32_le(a, bytes)
    }

    pub(super) fn dot_f32_le(&self, a: &[f32], b: &[[u8; 4]]) -> f32 {
        let length = a.len().min(b.len());
        // SAFETY: the machine has the instructions; equal lengths.
        unsafe { (self.dot_f32)(&a[..length], &b[..length]) }
    }

    pub(super) fn quantize(&self, values: &[f32], out: &mut [i8]) -> f32 {
        // SAFETY: the machine has the instructions; the kernels take any lengths.
        unsafe { (self.quantize)(values, out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_the_machine_lacks_is_not_chosen() {
        let best = available().last().unwrap().name;
        for other in [None, Some(""), Some("sse9"), Some("VNNI")] {
            assert_eq!(choose(other).name, best);
        }
        for path in ["scalar", "avx2", "vnni", "neon", "dotprod"] {
            let has = available().iter().any(|k| k.name == path);
            assert_eq!(choose(Some(path)).name, if has { path } else { best });
        }
    }

    #[test]
    fn a_path_beyond_the_portable_one_is_tested() {
        #[cfg(target_arch = "x86_64")]
        assert_eq!(available().len() > 1, std::is_x86_feature_detected!("avx2"));
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        assert!(available().len() > 1);
    }
}
