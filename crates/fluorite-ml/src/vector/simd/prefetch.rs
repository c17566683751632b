//! Hints to the processor's caches.

/// Bytes from one hint to the next: a cache line of x86 and of most ARM; where lines are longer, some hints are spare.
const LINE: usize = 64;

/// Asks the processor to bring in the cache line of `values[index]`. A hint: reads nothing, never waits, and does nothing
/// when `index` is out of range or the machine has no such instruction. About 1 ns.
#[inline]
pub fn prefetch_line<T>(values: &[T], index: usize) {
    if let Some(value) = values.get(index) {
        hint(std::ptr::from_ref(value).cast());
    }
}

/// Asks the processor to bring in every cache line of `bytes`. A hint, as [`prefetch_line`]. Some 20 lines are under way
/// at once; what is asked beyond that waits its turn, so ask for what is needed next, not for everything.
#[inline]
pub fn prefetch_bytes(bytes: &[u8]) {
    lines(bytes.as_ptr(), bytes.len());
}

/// As [`prefetch_bytes`]: `length` bytes from `start`.
#[inline(always)]
pub(super) fn lines(start: *const u8, length: usize) {
    // The first line may begin before `start`.
    let end = start.addr() % LINE + length;
    let mut at = 0;
    while at < end {
        hint(start.wrapping_add(at));
        at += LINE;
    }
}

/// Asks for the bytes some 3 KB behind the start of these rows: the processor's own prefetcher stops at page ends.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn beyond(rows: &[i8]) {
    const AHEAD: usize = 3072;
    for line in (0..rows.len()).step_by(LINE) {
        hint(rows.as_ptr().wrapping_add(AHEAD + line).cast());
    }
}

#[inline(always)]
fn hint(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint; it reads nothing and may name any address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a prefetch is a hint; it reads nothing and may name any address.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_take_any_place() {
        let values = [1_u32, 2, 3];
        for index in [0, 2, 3, usize::MAX] {
            prefetch_line(&values, index);
        }
        prefetch_line::<u64>(&[], 0);
        prefetch_line(&[(), ()], 1);
        let bytes = [7_u8; 200];
        for start in 0..bytes.len() {
            prefetch_bytes(&bytes[start..]);
        }
        prefetch_bytes(&[]);
    }
}
