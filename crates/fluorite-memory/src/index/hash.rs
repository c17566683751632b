//! Maps keyed by 64-bit hashes of what they stand for.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map whose keys are XXH3-64 hashes already, so they are not hashed again.
///
/// The strings are not kept: among 10 million distinct keys the chance of any collision is 3 in a million.
pub(super) type ByHash<V> = HashMap<u64, V, BuildHasherDefault<AlreadyHashed>>;

/// Passes a `u64` through.
#[derive(Default)]
pub(super) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Never used with `u64` keys; kept correct for any other.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, self.0);
    }
}

/// Estimated bytes of a map's table: an entry and a control byte per slot, at 7/8 load.
pub(super) fn table_bytes<V>(map: &ByHash<V>) -> usize {
    map.capacity() * 8 / 7 * (size_of::<(u64, V)>() + 1)
}
