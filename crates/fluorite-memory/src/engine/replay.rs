//! From records back to rows.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use super::doomed::Doomed;
use super::prepare::chunk_key;
use super::state::{KeyHasher, NONE, Row, State};
use crate::error::Result;
use crate::index::RowSet;
use crate::log::{ChunkRecord, Location, RecordView, ScannedRecord, UsageEntry};
use crate::mutants::mutant;

/// A VECTOR record met on the way.
#[derive(Debug, Clone, Copy)]
struct FoundVector {
    chunk: u64,
    sequence: u64,
    at: Location,
    truncated: bool,
}

/// Collects records in any order, then builds the tables.
#[derive(Debug, Default)]
pub struct Replay {
    pub rows: Vec<Row>,
    vectors: Vec<FoundVector>,
    /// With the segment of the record.
    usage: HashMap<u128, (UsageEntry, u32), BuildHasherDefault<KeyHasher>>,
    /// Vector records without use, as far as they are known.
    doomed: Doomed,
    pub next_sequence: u64,
    /// A VECTOR record was met, whoever's.
    vector_met: bool,
}

impl Replay {
    /// Whether the log holds vectors, of any model.
    pub fn met_vectors(&self) -> bool {
        self.vector_met || self.rows.iter().any(|r| !r.vector.is_none())
    }

    /// Goes on from a snapshot's rows, and the vector records without use that it knows.
    pub fn resumed(rows: Vec<Row>, doomed: Doomed, next_sequence: u64) -> Self {
        Self { rows, doomed, next_sequence, ..Self::default() }
    }

    /// Takes in one record. Vectors of another model than `model` are passed over.
    pub fn take(&mut self, seed: u64, model: u64, record: &ScannedRecord<'_>) -> Result<()> {
        self.next_sequence = self.next_sequence.max(record.sequence + 1);
        let at = record.location;
        self.vector_met |= matches!(record.view, RecordView::Vector(_));
        match &record.view {
            RecordView::Chunk(c) => self.rows.push(chunk_row(seed, record.sequence, at, c)),
            RecordView::Tombstone { deleted_at, namespace, id } => {
                self.rows.push(tombstone_row(chunk_key(seed, namespace, id), record.sequence, at, *deleted_at));
            }
            RecordView::Purge { deleted_at, key } => {
                self.rows.push(Row { purge: true, ..tombstone_row(*key, record.sequence, at, *deleted_at) });
            }
            RecordView::Vector(v) if v.model == model => {
                self.vectors.push(FoundVector { chunk: v.chunk, sequence: record.sequence, at, truncated: v.truncated })
            }
            RecordView::Vector(v) => self.doomed.stray(v.chunk, at.segment),
            RecordView::Usage(entries) => {
                for e in entries {
                    self.count(*e, at.segment);
                }
            }
        }
        Ok(())
    }

    /// Takes in a counter that lies in this segment (0 = in none). The latest counts.
    pub fn count(&mut self, e: UsageEntry, segment: u32) {
        let (known, place) = self.usage.entry(e.key).or_insert((e, segment));
        if (known.accessed_at, known.count) < (e.accessed_at, e.count) {
            (*known, *place) = (e, segment);
        }
    }

    /// Links versions, attaches vectors and counters, marks what is live at this wall time. `monotonic` is now.
    pub fn build(mut self, state: &mut State, wall: i64, monotonic: i64) {
        if !self.rows.is_sorted_by_key(|r| r.sequence) && !mutant!("older_version_revived") {
            self.rows.sort_unstable_by_key(|r| r.sequence);
        }
        self.rows.dedup_by_key(|r| r.sequence); // the same version met in a snapshot and in the log
        self.vectors.sort_unstable_by_key(|v| v.sequence);
        for v in &self.vectors {
            match self.rows.binary_search_by_key(&v.chunk, |r| r.sequence) {
                Ok(i) => {
                    let old = std::mem::replace(&mut self.rows[i].vector, v.at);
                    if !old.is_none() && old != v.at {
                        self.doomed.stray(v.chunk, old.segment);
                    }
                    self.rows[i].truncated = v.truncated;
                }
                Err(_) => _ = self.doomed.orphans.insert(v.at.segment),
            }
        }
        self.doomed.strays.retain(|chunk, segments| {
            let known = self.rows.binary_search_by_key(chunk, |r| r.sequence).is_ok();
            if !known {
                self.doomed.orphans.extend(segments.drain(..));
            }
            known
        });
        state.doomed = self.doomed;
        state.heads.reserve(self.rows.len(), &self.rows);
        let mut superseded = RowSet::new();
        for i in 0..self.rows.len() {
            let previous = state.heads.insert(&self.rows, i as u32).unwrap_or(NONE);
            self.rows[i].previous = previous;
            if previous != NONE {
                superseded.insert(previous);
            }
            // an overwritten chunk keeps its counters; one that was deleted and stored again does not
            if let (Some(old), row) = (self.rows.get(previous as usize), &self.rows[i])
                && !old.tombstone
                && old.created_at == row.created_at
            {
                row.usage.fetch_max(old.usage.load(Ordering::Relaxed), Ordering::Relaxed);
                row.accessed_at.fetch_max(old.accessed_at.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
        state.rows = self.rows;
        // in the order of rows: that of the table would be a cache miss each
        for i in 0..state.rows.len() {
            let previous = state.rows[i].previous;
            if state.rows[i].tombstone {
                if previous != NONE {
                    state.rows[i].version = state.rows[previous as usize].version;
                }
            } else {
                state.versions += 1;
            }
            if superseded.contains(i as u32) {
                continue;
            }
            let r = &mut state.rows[i];
            // a last read before the creation was a read of a chunk of that name that is gone
            if let Some((u, segment)) = self.usage.get(&r.key).filter(|(u, _)| u.accessed_at >= r.created_at) {
                r.usage.fetch_max(u.count, Ordering::Relaxed);
                r.accessed_at.fetch_max(u.accessed_at, Ordering::Relaxed);
                r.counted = *segment;
            }
            let expires_at = r.expires_at;
            if r.tombstone || expires_at.is_some_and(|e| e <= wall) {
                continue;
            }
            if let Some(e) = expires_at {
                state.expiry.insert((monotonic.saturating_add(e - wall), i as u32), ());
            }
            state.revive(i as u32);
        }
    }
}

/// The row of a version, as its record says.
pub fn chunk_row(seed: u64, sequence: u64, at: Location, c: &ChunkRecord<'_>) -> Row {
    Row {
        created_at: c.created_at,
        updated_at: c.updated_at,
        expires_at: c.expires_at,
        version: c.version,
        raw_len: c.raw_len,
        dictionary: c.dictionary,
        tombstone: false,
        accessed_at: AtomicI64::new(c.updated_at),
        ..tombstone_row(chunk_key(seed, c.namespace, c.id), sequence, at, c.created_at)
    }
}

/// The row of a tombstone.
pub fn tombstone_row(key: u128, sequence: u64, at: Location, deleted_at: i64) -> Row {
    Row {
        key,
        sequence,
        at,
        vector: Location::default(),
        previous: NONE,
        created_at: deleted_at,
        updated_at: deleted_at,
        expires_at: None,
        version: 0,
        raw_len: 0,
        dictionary: 0,
        tombstone: true,
        purge: false,
        truncated: false,
        usage: AtomicU32::new(0),
        counted: 0,
        accessed_at: AtomicI64::new(0),
    }
}
