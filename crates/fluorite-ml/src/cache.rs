//! Vectors already computed, bounded in bytes.

use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use xxhash_rust::xxh3::Xxh3Default;

use crate::Embedding;

/// What an entry costs beside its values: the key, the list and table nodes, and the allocator's rounding.
const ENTRY_OVERHEAD: usize = 160;

/// A vector held by the cache; cloning copies no values.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedEmbedding {
    /// The unit vector.
    pub values: Arc<[f32]>,
    /// As in [`Embedding::tokens`].
    pub tokens: usize,
    /// As in [`Embedding::truncated`].
    pub truncated: bool,
}

impl CachedEmbedding {
    fn cost(&self) -> usize {
        self.values.len() * size_of::<f32>() + ENTRY_OVERHEAD
    }
}

/// The cache's figures since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Look-ups that found a vector.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Vectors held.
    pub entries: usize,
    /// Bytes held, bookkeeping included (estimated at 160 per entry).
    pub bytes: usize,
    /// The bound on `bytes`.
    pub capacity: usize,
}

/// A least-recently-used cache of vectors by (model id, text). Keys are 128-bit XXH3 hashes: the texts themselves are
/// not kept. Safe to share between threads; a look-up costs the hash of the text and one short lock.
pub struct EmbeddingCache {
    inner: Mutex<Inner>,
}

struct Inner {
    entries: LruCache<u128, CachedEmbedding>,
    stats: CacheStats,
}

impl EmbeddingCache {
    /// A cache of at most `capacity` bytes; 0 holds nothing.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let stats = CacheStats { capacity, ..CacheStats::default() };
        Self { inner: Mutex::new(Inner { entries: LruCache::unbounded(), stats }) }
    }

    /// The vector of `text` under `model_id`, if held; it becomes the most recently used.
    pub fn get(&self, model_id: &str, text: &str) -> Option<CachedEmbedding> {
        let key = key(model_id, text);
        let mut inner = self.inner.lock();
        let found = inner.entries.get(&key).cloned();
        match found {
            Some(_) => inner.stats.hits += 1,
            None => inner.stats.misses += 1,
        }
        found
    }

    /// Holds a vector, dropping the least recently used ones to make room, and returns it in its shared form. A vector
    /// larger than the whole cache is returned but not held.
    pub fn insert(&self, model_id: &str, text: &str, embedding: Embedding) -> CachedEmbedding {
        let Embedding { values, tokens, truncated } = embedding;
        let cached = CachedEmbedding { values: values.into(), tokens, truncated };
        let cost = cached.cost();
        let key = key(model_id, text);
        let mut inner = self.inner.lock();
        let Inner { entries, stats } = &mut *inner;
        if cost <= stats.capacity {
            if let Some(old) = entries.put(key, cached.clone()) {
                stats.bytes -= old.cost();
            }
            stats.bytes += cost;
            while stats.bytes > stats.capacity {
                let Some((_, old)) = entries.pop_lru() else { break };
                stats.bytes -= old.cost();
            }
        }
        cached
    }

    /// Drops every vector; the counters of hits and misses stay.
    pub fn clear(&self) {
        let mut inner = self.inner.lock();
        inner.entries.clear();
        inner.stats.bytes = 0;
    }

    /// The figures of this moment.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let inner = self.inner.lock();
        CacheStats { entries: inner.entries.len(), ..inner.stats }
    }
}

/// The id's length goes in first, so that no (id, text) pair can be read as another.
fn key(model_id: &str, text: &str) -> u128 {
    let mut hasher = Xxh3Default::new();
    hasher.update(&(model_id.len() as u64).to_le_bytes());
    hasher.update(model_id.as_bytes());
    hasher.update(text.as_bytes());
    hasher.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(seed: f32) -> Embedding {
        Embedding { values: vec![seed; 384], tokens: 9, truncated: true }
    }

    const ONE: usize = 384 * 4 + ENTRY_OVERHEAD;

    #[test]
    fn returns_what_was_inserted_under_the_same_model_only() {
        let cache = EmbeddingCache::new(10 * ONE);
        cache.insert("m@1", "text", embedding(0.5));
        let found = cache.get("m@1", "text").unwrap();
        assert_eq!((found.values[383], found.tokens, found.truncated), (0.5, 9, true));
        assert_eq!(cache.get("m@2", "text"), None);
        assert_eq!(cache.get("m@1t", "ext"), None);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.entries, stats.bytes), (1, 2, 1, ONE));
    }

    #[test]
    fn drops_the_least_recently_used_beyond_its_bytes() {
        let cache = EmbeddingCache::new(3 * ONE + 1);
        for text in ["a", "b", "c"] {
            cache.insert("m", text, embedding(1.0));
        }
        assert!(cache.get("m", "a").is_some());
        cache.insert("m", "d", embedding(1.0));
        assert!(cache.get("m", "b").is_none(), "b was the oldest");
        for text in ["a", "c", "d"] {
            assert!(cache.get("m", text).is_some(), "{text} should have stayed");
        }
        assert_eq!(cache.stats().bytes, 3 * ONE);
    }

    #[test]
    fn replacing_counts_once_and_clear_frees() {
        let cache = EmbeddingCache::new(3 * ONE);
        cache.insert("m", "a", embedding(1.0));
        cache.insert("m", "a", embedding(2.0));
        assert_eq!((cache.stats().entries, cache.stats().bytes), (1, ONE));
        assert_eq!(cache.get("m", "a").unwrap().values[0], 2.0);
        cache.clear();
        assert_eq!((cache.stats().entries, cache.stats().bytes, cache.stats().hits), (0, 0, 1));
    }

    #[test]
    fn a_vector_larger_than_the_cache_is_returned_but_not_held() {
        let cache = EmbeddingCache::new(ONE - 1);
        assert_eq!(cache.insert("m", "a", embedding(3.0)).values[0], 3.0);
        assert!(cache.get("m", "a").is_none());
        assert_eq!(cache.stats().bytes, 0);
    }
}
