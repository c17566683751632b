//! What the engine knows in memory: one row per kept version, and the tables over rows.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use parking_lot::Mutex;

use super::doomed::Doomed;
use super::heads::Heads;
use super::read::Unreadable;
use crate::index::{FilterIndex, LayeredIndex, RowSet, VectorIndex};
use crate::log::{Location, Segment};

/// No row.
pub const NONE: u32 = u32::MAX;

/// One version of a chunk, or a tombstone.
#[derive(Debug)]
pub struct Row {
    pub key: u128,
    pub sequence: u64,
    pub at: Location,
    pub vector: Location,
    /// The version before it, or `NONE`.
    pub previous: u32,
    pub created_at: i64,
    pub updated_at: i64,
    pub expires_at: Option<i64>,
    pub version: u32,
    pub raw_len: u32,
    pub dictionary: u32,
    pub tombstone: bool,
    /// A tombstone that dooms everything before it.
    pub purge: bool,
    pub truncated: bool,
    pub usage: AtomicU32,
    /// Segment of the last USAGE record with this row's counter; 0 when there is none, or not known.
    pub counted: u32,
    pub accessed_at: AtomicI64,
}

impl Row {
    /// Counts a read.
    pub fn touch(&self, now: i64) {
        self.usage.fetch_add(1, Ordering::Relaxed);
        self.accessed_at.fetch_max(now, Ordering::Relaxed);
    }
}

/// Keys are hashes already.
#[derive(Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
    }
    fn write_u128(&mut self, v: u128) {
        self.0 = v as u64;
    }
    fn write_u32(&mut self, v: u32) {
        // numbers count up from 0 or 1: spread them over the table's high bits too
        self.0 = u64::from(v).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A table by row or segment number.
pub type NumberMap<T> = HashMap<u32, T, BuildHasherDefault<KeyHasher>>;

/// Bytes of an entry in a USAGE record, about: key, reads, moment.
const COUNTER_BYTES: u64 = 24;

/// Bytes of a segment and how many of them are still wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SegmentUse {
    pub total: u64,
    pub live: u64,
    /// What compaction had to keep beside live chunks (headers, tombstones): rewriting it again gains nothing.
    pub kept: u64,
}

impl SegmentUse {
    /// Under half of it is wanted.
    pub fn is_sparse(&self) -> bool {
        (self.live + self.kept) * 2 < self.total
    }
}

/// Everything a reader needs, under one lock.
#[derive(Default)]
pub struct State {
    pub rows: Vec<Row>,
    pub free: Vec<u32>,
    pub heads: Heads,
    /// Rows that can be found: newest of their key, not deleted, not expired.
    pub live: RowSet,
    /// Live rows with a vector (in `vectors`, or still to be loaded from the log).
    pub embedded: RowSet,
    pub filter: FilterIndex,
    /// Made with the first vector, which names the dimensions.
    pub vectors: Option<LayeredIndex>,
    pub dimensions: usize,
    /// f32 values of rows whose vector lies in the live segment.
    pub fresh: NumberMap<Arc<[f32]>>,
    pub segments: NumberMap<Segment>,
    /// Vectors a search found damaged.
    pub unreadable: Mutex<Unreadable>,
    pub usage: NumberMap<SegmentUse>,
    /// Monotonic deadline -> row.
    pub expiry: BTreeMap<(i64, u32), ()>,
    pub raw_bytes: u64,
    pub truncated: u64,
    pub versions: u64,
    pub doomed: Doomed,
}

impl State {
    /// The newest row of a key, which may be a tombstone or expired.
    pub fn newest(&self, key: u128) -> Option<u32> {
        self.heads.get(&self.rows, key)
    }

    /// Makes a row that is in `rows` the newest of its key.
    pub fn set_newest(&mut self, row: u32) {
        self.heads.insert(&self.rows, row);
    }

    /// The row that answers for a key: live only.
    pub fn find(&self, key: u128) -> Option<(u32, &Row)> {
        let row = self.newest(key)?;
        if !self.live.contains(row) {
            return None;
        }
        Some((row, self.rows.get(row as usize)?))
    }

    /// The row a number stands for.
    pub fn row(&self, row: u32) -> Option<&Row> {
        self.rows.get(row as usize)
    }

    /// Puts a row into a free place, or a new one.
    pub fn place(&mut self, row: Row) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.rows[at as usize] = row;
                at
            }
            None => {
                self.rows.push(row);
                (self.rows.len() - 1) as u32
            }
        }
    }

    /// Makes a row unfindable; true when it was live.
    pub fn kill(&mut self, row: u32) -> bool {
        if !self.live.remove(row) {
            return false;
        }
        self.embedded.remove(row);
        self.fresh.remove(&row);
        if let Some(r) = self.rows.get(row as usize) {
            self.raw_bytes = self.raw_bytes.saturating_sub(u64::from(r.raw_len));
            self.truncated -= u64::from(r.truncated);
            for at in [r.at, r.vector] {
                if let Some(u) = self.usage.get_mut(&at.segment) {
                    u.live = u.live.saturating_sub(u64::from(at.length));
                }
            }
            if let Some(u) = self.usage.get_mut(&r.counted) {
                u.live = u.live.saturating_sub(COUNTER_BYTES);
            }
        }
        true
    }

    /// The counter of a row was written to this segment; its older record is of no use.
    pub fn count_in(&mut self, row: u32, segment: u32) {
        let live = self.live.contains(row);
        let Some(r) = self.rows.get_mut(row as usize) else { return };
        let old = std::mem::replace(&mut r.counted, segment);
        if live {
            if let Some(u) = self.usage.get_mut(&old) {
                u.live = u.live.saturating_sub(COUNTER_BYTES);
            }
            self.usage.entry(segment).or_default().live += COUNTER_BYTES;
        }
    }

    /// Makes a row findable.
    pub fn revive(&mut self, row: u32) {
        self.live.insert(row);
        if let Some(r) = self.rows.get(row as usize) {
            self.raw_bytes += u64::from(r.raw_len);
            self.truncated += u64::from(r.truncated);
            for at in [r.at, r.vector] {
                if !at.is_none() {
                    self.usage.entry(at.segment).or_default().live += u64::from(at.length);
                }
            }
            if let Some(u) = self.usage.get_mut(&r.counted) {
                u.live += COUNTER_BYTES;
            }
            if !r.vector.is_none() {
                self.embedded.insert(row);
            }
        }
    }

    /// Gives a live row its vector's place.
    pub fn attach_vector(&mut self, row: u32, at: Location, truncated: bool) {
        let Some(r) = self.rows.get_mut(row as usize) else { return };
        let old = std::mem::replace(&mut r.vector, at);
        if !old.is_none() {
            self.doomed.stray(r.sequence, old.segment);
        }
        self.truncated = self.truncated + u64::from(truncated) - u64::from(r.truncated);
        r.truncated = truncated;
        if let Some(u) = self.usage.get_mut(&old.segment) {
            u.live = u.live.saturating_sub(u64::from(old.length));
        }
        self.usage.entry(at.segment).or_default().live += u64::from(at.length);
        self.embedded.insert(row);
    }

    /// Takes a unit vector into the vector index.
    pub fn index_vector(&mut self, row: u32, values: &[f32]) {
        if self.dimensions != values.len() {
            self.dimensions = values.len(); // of supplied vectors: allowed once the others are gone
            self.vectors = None;
        }
        self.vectors.get_or_insert_with(|| LayeredIndex::new(values.len())).insert(row, values);
    }

    /// Takes the vectors that searches found damaged out of the index, so that none meets them again.
    pub fn drop_unreadable(&mut self) {
        let found = std::mem::take(&mut self.unreadable.get_mut().rows);
        let same = |(row, sequence): &(u32, u64)| self.row(*row).is_some_and(|r| r.sequence == *sequence);
        let rows: RowSet = found.into_iter().filter(same).map(|(row, _)| row).collect();
        if let Some(vectors) = &mut self.vectors {
            vectors.forget(&rows);
        }
    }

    /// Rows whose time is up at this monotonic moment.
    pub fn due(&self, now: i64) -> Vec<u32> {
        self.expiry.range(..=(now, NONE)).map(|((_, row), ())| *row).collect()
    }

    /// The next deadline, `i64::MAX` when there is none.
    pub fn next_deadline(&self) -> i64 {
        self.expiry.keys().next().map_or(i64::MAX, |(at, _)| *at)
    }

    /// Log bytes in all, and those of live rows.
    pub fn log_bytes(&self) -> (u64, u64) {
        self.usage.values().fold((0, 0), |(t, l), u| (t + u.total, l + u.live))
    }

    /// Estimate of the bytes all tables hold.
    pub fn bytes(&self) -> usize {
        let rows = self.rows.capacity() * std::mem::size_of::<Row>();
        let heads = self.heads.bytes();
        let fresh: usize = self.fresh.values().map(|v| v.len() * 4 + 48).sum();
        let vectors = self.vectors.as_ref().map_or(0, VectorIndex::bytes);
        rows + heads + fresh + self.filter.bytes() + vectors
    }
}
