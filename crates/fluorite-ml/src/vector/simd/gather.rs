//! The walk over rows at random places, that all gathers share.

use super::prefetch::lines;

/// Rows asked for ahead of their turn. Rows come from memory, some 100 ns away, and some 24 lines can be under way;
/// from 8 to 16 it measured the same, with 2 slower.
const ROWS_AHEAD: usize = 8;

/// Gives `four` the rows of `ids`, four by four, and `out` what it finds. Inlined into its caller, so that `four` is
/// compiled with the caller's instructions.
///
/// # Safety
///
/// Every id is that of a whole row of `dims` values; `ids` is as long as `out`.
#[inline(always)]
pub(super) unsafe fn walk(dims: usize, rows: &[i8], ids: &[u32], out: &mut [i32], four: impl Fn([&[i8]; 4]) -> [i32; 4]) {
    // SAFETY: the caller says that the row is inside.
    let row = |id: u32| unsafe { rows.get_unchecked(id as usize * dims..(id as usize + 1) * dims) };
    let ask = |ids: &[u32]| ids.iter().for_each(|id| lines(row(*id).as_ptr().cast(), dims));
    let (first, ahead) = ids.split_at(ids.len().min(ROWS_AHEAD));
    ask(first);
    let mut ahead = ahead.chunks(4);
    let (quads, last) = ids.as_chunks::<4>();
    let (found, rest) = out.as_chunks_mut::<4>();
    for (ids, found) in quads.iter().zip(found) {
        ask(ahead.next().unwrap_or(&[]));
        *found = four(ids.map(row));
    }
    if let Some(filler) = last.last() {
        // One to three are four with the last one repeated.
        let at = |at: usize| row(*last.get(at).unwrap_or(filler));
        let found = four([at(0), at(1), at(2), at(3)]);
        rest.iter_mut().zip(found).for_each(|(out, found)| *out = found);
    }
}
