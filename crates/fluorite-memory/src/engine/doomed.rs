//! Which versions are to leave every file: those a purge or the end of their time has doomed.
//!
//! The log is the truth: a PURGE record dooms every older version of its key, and a version whose time is up is doomed with
//! everything before it. What is kept here is found again at every open.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::state::{NONE, Row, State};
use crate::index::RowSet;

/// What compaction has to remove for good.
#[derive(Debug, Default)]
pub struct Doomed {
    /// Versions, tombstones that name their chunk, and PURGE records with nothing older left.
    pub rows: RowSet,
    /// Those of them whose dictionaries are named in the manifest: a later dictionary has none of them as a sample.
    pub judged: RowSet,
    /// Segments of vector records that are no longer (or never were) the current one of a version, by its sequence number.
    pub strays: HashMap<u64, Vec<u32>>,
    /// Segments with vector records of versions that are gone.
    pub orphans: BTreeSet<u32>,
}

impl Doomed {
    /// Notes a vector record that its version does not use.
    pub fn stray(&mut self, sequence: u64, segment: u32) {
        let known = self.strays.entry(sequence).or_default();
        if segment != 0 && !known.contains(&segment) {
            known.push(segment);
        }
    }
}

impl State {
    /// Dooms a row and everything before it. Stops at a PURGE record: what is before it is doomed already.
    pub fn doom(&mut self, mut row: u32) {
        while let Some(r) = self.rows.get(row as usize).filter(|r| !r.purge) {
            self.doomed.rows.insert(row);
            row = r.previous;
        }
    }

    /// Dooms a version whose time is up: alone when a newer one had taken its place before.
    pub fn doom_expired(&mut self, row: u32, was_live: bool) {
        if was_live {
            self.doom(row);
        } else if self.row(row).is_some_and(|r| !r.tombstone) {
            self.doomed.rows.insert(row);
        }
    }

    /// Finds everything that is doomed, after an open. True when a caller asked for some of it (a purge).
    pub fn find_doomed(&mut self, wall: i64) -> bool {
        let over = |r: &Row, moment: i64| !r.tombstone && r.expires_at.is_some_and(|e| e <= moment);
        let mut doomed = RowSet::new();
        let mut all_before = RowSet::new(); // everything before these is doomed
        let mut purged = false;
        // rows are in the order of their sequence numbers: the newest of a key comes first
        for i in (0..self.rows.len()).rev() {
            let (row, r) = (i as u32, &self.rows[i]);
            let newest = self.newest(r.key) == Some(row);
            if newest && over(r, wall) {
                doomed.insert(row);
                all_before.insert(row);
            } else if over(r, wall) {
                doomed.insert(row);
            }
            if r.purge {
                purged = true;
                all_before.insert(row);
                if r.previous == NONE {
                    doomed.insert(row);
                }
            }
            let Some(before) = self.rows.get(r.previous as usize) else { continue };
            let ended = over(before, r.updated_at); // its time was up before the next one came
            if all_before.contains(row) || ended {
                all_before.insert(r.previous);
            }
            if (all_before.contains(row) && !before.purge) || ended {
                doomed.insert(r.previous);
            }
        }
        self.doomed.rows = doomed;
        purged
    }

    /// Whether versions of this key are gone from the log that no purge saw: an ordinary compaction dropped them, and nothing
    /// tells any more which documents, vectors and samples they were. `new`: the key was stored first in the pass that asks.
    pub fn lacks_versions(&self, key: u128, new: bool) -> bool {
        let Some(row) = self.newest(key) else { return !new };
        let Some(newest) = self.row(row).filter(|r| !r.purge) else { return false }; // that one forgot them
        let (mut before, mut found) = (0, 0);
        let mut next = Some(newest);
        while let Some(r) = next {
            if r.purge {
                before = r.version;
                break;
            }
            found += u32::from(!r.tombstone);
            next = self.row(r.previous);
        }
        // a tombstone that was read from the log has its version from the one before it, which may be gone
        found < newest.version.saturating_sub(before) || (found == 0 && before == 0)
    }

    /// Segments that hold something doomed.
    pub fn doomed_segments(&self) -> HashSet<u32> {
        let mut out: HashSet<u32> = self.doomed.orphans.iter().copied().collect();
        for r in self.doomed.rows.iter().filter_map(|row| self.row(row)) {
            out.extend([r.at.segment, r.vector.segment, r.counted]);
            out.extend(self.doomed.strays.get(&r.sequence).into_iter().flatten());
        }
        out.retain(|s| self.segments.contains_key(s));
        out
    }

    /// Whether all that is older than a row is doomed, and some of it lies outside these segments.
    pub fn dooms_older(&self, row: u32, inside: &HashSet<u32>) -> bool {
        let mut outside = false;
        let mut row = self.row(row).map_or(NONE, |r| r.previous);
        while let Some(r) = self.row(row) {
            if !r.purge && !self.doomed.rows.contains(row) {
                return false;
            }
            outside |= !inside.contains(&r.at.segment);
            row = r.previous;
        }
        outside
    }

    /// Rows left the log with the records in `victims`: their vectors elsewhere have no owner any more, and PURGE records
    /// with nothing older are of no use. `unused`: places without a row.
    pub fn forget_doomed(&mut self, freed: &RowSet, victims: &[u32], unused: &HashSet<u32>) {
        let Self { rows, doomed, segments, .. } = self;
        for row in freed.both(&doomed.rows) {
            let Some(r) = rows.get(row as usize) else { continue };
            let strays = doomed.strays.remove(&r.sequence).unwrap_or_default();
            doomed.orphans.extend(strays.into_iter().chain([r.vector.segment]));
        }
        for row in freed.iter() {
            rows.get(row as usize).map(|r| doomed.strays.remove(&r.sequence));
        }
        doomed.rows.and_not(freed);
        doomed.judged.and_not(freed);
        doomed.orphans.retain(|s| !victims.contains(s) && segments.contains_key(s));
        doomed.strays.retain(|_, at| {
            at.retain(|s| !victims.contains(s));
            !at.is_empty()
        });
        let bare = rows.iter().enumerate().filter(|(_, r)| r.purge && r.previous == NONE);
        for row in bare.map(|(i, _)| i as u32) {
            if !freed.contains(row) && !unused.contains(&row) {
                doomed.rows.insert(row);
            }
        }
    }
}
