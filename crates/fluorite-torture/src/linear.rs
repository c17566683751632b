//! Was each call on a key as if it had happened at one moment between its begin and its end?
//!
//! A key is a register: puts of distinct values, deletes, reads. The search keeps every state the register may be in
//! (just-in-time linearization): when a call ends, it must have taken effect in each state that is kept.

use std::collections::{BTreeMap, HashSet};

/// What a call did, as its caller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Stored this value.
    Put(u64),
    /// Deleted; whether there was something.
    Delete(bool),
    /// Read this value, or that there is none.
    Get(Option<u64>),
    /// Looked for this value and did not find it.
    Not(u64),
}

impl What {
    /// The register after the call, when it can have happened in this state.
    fn after(self, now: Option<u64>) -> Option<Option<u64>> {
        match self {
            Self::Put(value) => Some(Some(value)),
            Self::Delete(found) => (found == now.is_some()).then_some(None),
            Self::Get(seen) => (seen == now).then_some(now),
            Self::Not(value) => (now != Some(value)).then_some(now),
        }
    }

    fn changes(self) -> bool {
        matches!(self, Self::Put(_) | Self::Delete(true))
    }
}

/// A call: moments are numbers that count up.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Before the call.
    pub begin: u64,
    /// After it.
    pub end: u64,
    /// What it did.
    pub what: What,
}

/// A state the register may be in, and the calls under way that have taken effect (a bit each).
type Possible = (Option<u64>, u128);

/// Can the calls have happened one by one, from a register that held `first`?
///
/// # Errors
/// Says which call cannot be placed.
pub fn check(first: Option<u64>, events: &[Event]) -> Result<(), String> {
    let mut moments: Vec<(u64, bool, usize)> = Vec::with_capacity(events.len() * 2);
    for (i, e) in events.iter().enumerate() {
        moments.push((e.begin, false, i));
        moments.push((e.end, true, i));
    }
    moments.sort_unstable();
    let mut slots: BTreeMap<u32, What> = BTreeMap::new();
    let mut slot_of = vec![0u32; events.len()];
    let mut possible: HashSet<Possible> = HashSet::from([(first, 0)]);
    for (_, is_end, i) in moments {
        if is_end {
            let slot = slot_of[i];
            let next = placed(&possible, slot, &slots);
            slots.remove(&slot);
            if next.is_empty() {
                let near = |e: &&Event| e.end + 200 > events[i].begin && e.begin < events[i].end + 20;
                let near: Vec<&Event> = events.iter().filter(near).collect();
                return Err(format!("{:?} cannot have happened; before it {possible:?}; around it {near:?}", events[i]));
            }
            possible = next;
        } else {
            let free = (0..128).find(|s| !slots.contains_key(s)).ok_or("more than 128 calls at once on a key")?;
            slots.insert(free, events[i].what);
            slot_of[i] = free;
            possible = possible.into_iter().map(|p| with_reads(p, &slots)).collect();
        }
    }
    Ok(())
}

/// Reads that fit take effect at once: that rules out nothing.
fn with_reads((now, mut done): Possible, slots: &BTreeMap<u32, What>) -> Possible {
    for (slot, what) in slots {
        if !what.changes() && what.after(now).is_some() {
            done |= 1 << slot;
        }
    }
    (now, done)
}

/// The states in which the call of this slot has taken effect.
fn placed(possible: &HashSet<Possible>, slot: u32, slots: &BTreeMap<u32, What>) -> HashSet<Possible> {
    let bit = 1u128 << slot;
    let mut seen: HashSet<Possible> = possible.clone();
    let mut open: Vec<Possible> = possible.iter().copied().collect();
    let mut out = HashSet::new();
    while let Some((now, done)) = open.pop() {
        if done & bit != 0 {
            out.insert((now, done & !bit));
            continue;
        }
        for (other, what) in slots.iter().filter(|(s, _)| done & (1 << **s) == 0) {
            let Some(after) = what.after(now) else { continue };
            let next = with_reads((after, done | 1 << other), slots);
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e(begin: u64, end: u64, what: What) -> Event {
        Event { begin, end, what }
    }

    #[test]
    fn one_after_the_other() {
        use What::{Delete, Get, Not, Put};
        let good = [e(0, 1, Put(1)), e(2, 3, Get(Some(1))), e(4, 5, Delete(true)), e(6, 7, Get(None)), e(8, 9, Not(1))];
        assert!(check(None, &good).is_ok());
        for bad in [Get(Some(1)), Delete(true)] {
            assert!(check(None, &[e(0, 1, Put(1)), e(2, 3, Delete(true)), e(4, 5, bad)]).is_err());
        }
        assert!(check(Some(1), &[e(0, 1, Not(1))]).is_err());
    }

    #[test]
    fn calls_at_once_may_take_either_order_but_all_the_same() {
        use What::{Get, Put};
        let writes = [e(0, 10, Put(1)), e(1, 9, Put(2))];
        let with = |reads: &[Event]| check(None, &[&writes[..], reads].concat());
        assert!(with(&[e(11, 12, Get(Some(1))), e(13, 14, Get(Some(1)))]).is_ok());
        assert!(with(&[e(11, 12, Get(Some(2))), e(13, 14, Get(Some(2)))]).is_ok());
        assert!(with(&[e(2, 3, Get(None)), e(4, 5, Get(Some(2))), e(6, 7, Get(Some(1)))]).is_ok());
        assert!(with(&[e(11, 12, Get(Some(1))), e(13, 14, Get(Some(2)))]).is_err(), "it goes back");
        assert!(with(&[e(4, 5, Get(Some(1))), e(6, 7, Get(None))]).is_err());
    }
}
