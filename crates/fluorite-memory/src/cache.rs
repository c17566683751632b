//! The LRU cache of decompressed chunks, bounded in bytes.
//!
//! Owns: which chunks stay in memory. Must not know: where they come from. In and out: sequence number -> chunk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lru::LruCache;
use parking_lot::Mutex;

use crate::chunk::Chunk;
use crate::report::CacheStats;

#[derive(Debug)]
struct Held {
    map: LruCache<u64, Arc<Chunk>>,
    bytes: usize,
}

/// Chunks by the sequence number of their version.
#[derive(Debug)]
pub struct ChunkCache {
    held: Mutex<Held>,
    limit: usize,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl ChunkCache {
    /// Bounded to this many bytes (`Chunk::weight`).
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let held = Held { map: LruCache::unbounded(), bytes: 0 };
        Self { held: Mutex::new(held), limit, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// The chunk, counted as a hit or a miss.
    pub fn get(&self, sequence: u64) -> Option<Arc<Chunk>> {
        let found = self.held.lock().map.get(&sequence).cloned();
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// The chunk, if that can be told without waiting; only a hit is counted.
    pub fn try_get(&self, sequence: u64) -> Option<Arc<Chunk>> {
        let found = self.held.try_lock()?.map.get(&sequence).cloned();
        if found.is_some() {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    /// The chunk without counting or refreshing it.
    pub fn peek(&self, sequence: u64) -> Option<Arc<Chunk>> {
        self.held.lock().map.peek(&sequence).cloned()
    }

    /// Takes a chunk in, evicting the least recently used. A chunk larger than the cache is not taken in.
    pub fn put(&self, chunk: Arc<Chunk>) {
        let weight = chunk.weight();
        if weight > self.limit {
            return;
        }
        let mut evicted = Vec::new(); // dropped outside the lock
        let mut held = self.held.lock();
        if let Some(old) = held.map.put(chunk.sequence, chunk) {
            held.bytes -= old.weight();
        }
        held.bytes += weight;
        while held.bytes > self.limit {
            let Some((_, old)) = held.map.pop_lru() else { break };
            held.bytes -= old.weight();
            evicted.push(old);
        }
    }

    /// Forgets a version.
    pub fn remove(&self, sequence: u64) {
        let mut held = self.held.lock();
        if let Some(old) = held.map.pop(&sequence) {
            held.bytes -= old.weight();
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut held = self.held.lock();
        let old = std::mem::replace(&mut held.map, LruCache::unbounded());
        held.bytes = 0;
        drop(held);
        drop(old); // outside the lock
    }

    /// Figures.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a rate
    pub fn stats(&self) -> CacheStats {
        let (bytes, entries) = {
            let held = self.held.lock();
            (held.bytes as u64, held.map.len() as u64)
        };
        let (hits, misses) = (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        let asked = hits + misses;
        let hit_rate = if asked == 0 { 0.0 } else { hits as f64 / asked as f64 };
        CacheStats { bytes, limit_bytes: self.limit as u64, entries, hits, misses, hit_rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Attributes;

    fn chunk(sequence: u64, size: usize) -> Arc<Chunk> {
        Arc::new(Chunk {
            id: String::new(),
            namespace: String::new(),
            content: vec![0; size],
            attributes: Attributes::default(),
            created_at: 0,
            updated_at: 0,
            expires_at: None,
            version: 1,
            content_hash: 0,
            sequence,
        })
    }

    #[test]
    fn the_bound_holds_and_the_least_recent_goes() {
        let weight = chunk(0, 1_000).weight();
        let c = ChunkCache::new(weight * 3);
        for i in 0..3 {
            c.put(chunk(i, 1_000));
        }
        assert!(c.get(0).is_some());
        c.put(chunk(3, 1_000));
        assert!(c.get(1).is_none() && c.get(0).is_some() && c.get(3).is_some());
        assert!(c.stats().bytes <= c.stats().limit_bytes);
        assert_eq!((c.stats().hits, c.stats().misses), (3, 1));
    }

    #[test]
    fn a_chunk_larger_than_the_cache_does_not_flush_it() {
        let c = ChunkCache::new(2_000);
        c.put(chunk(1, 100));
        c.put(chunk(2, 5_000));
        assert!(c.get(1).is_some() && c.get(2).is_none());
    }
}
