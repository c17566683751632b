//! Which node has exactly this code: so that a chunk is always found by its own vector, however a walk would end.

use super::codes::{Code, CodesRef, hash};

/// An empty slot.
const EMPTY: u64 = u64::MAX;

/// Slots for this many nodes: at most half of them full.
pub(super) fn slots_for(nodes: usize) -> usize {
    (nodes * 2).next_power_of_two()
}

/// A slot holds the upper half of a code's hash, then the node. Of equal codes only the first node is in.
pub(super) fn fill(codes: CodesRef<'_>) -> Vec<u64> {
    let mut slots = vec![EMPTY; slots_for(codes.len())];
    for node in 0..codes.len() as u32 {
        let row = codes.row(node);
        let hash = hash(row);
        let mut at = hash as usize & (slots.len() - 1);
        while slots[at] != EMPTY {
            if slots[at] >> 32 == hash >> 32 && codes.row(slots[at] as u32) == row {
                break;
            }
            at = (at + 1) & (slots.len() - 1);
        }
        if slots[at] == EMPTY {
            slots[at] = hash >> 32 << 32 | u64::from(node);
        }
    }
    slots
}

/// The node with this code. Cost: about one cache miss. `slots.len()` is a power of two.
pub(super) fn find(slots: &[u64], codes: CodesRef<'_>, code: &Code) -> Option<u32> {
    let hash = hash(&code.values);
    let mask = slots.len().checked_sub(1)?;
    let start = hash as usize & mask;
    for step in 0..slots.len() {
        let slot = slots[(start + step) & mask];
        if slot == EMPTY {
            return None;
        }
        let node = slot as u32;
        if slot >> 32 == hash >> 32 && (node as usize) < codes.len() && codes.row(node) == code.values {
            return Some(node);
        }
    }
    None
}
