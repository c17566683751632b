//! Vector arithmetic: unit vectors in `f32`, and their `i8` copies that searches walk.
//!
//! Every function gives the same bits on every machine: the fastest instructions are chosen at run time, never another
//! result (`simd_path` tells which, and how to choose another). `i8` products are exact integers; `f32` sums have a fixed order.

mod float;
mod int8;
mod simd;

pub use float::{dot_f32, dot_f32_le, normalize};
pub use int8::{dot_i8, gather_i8, quantize, scan_i8};
pub use simd::{prefetch_bytes, prefetch_line, simd_path};
