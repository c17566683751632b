//! Which row is the newest of each key.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::state::Row;

/// Key -> newest row (which may be a tombstone or expired).
///
/// Five bytes an entry: keys are read from the rows. An open puts every row in here, and with the keys in the table most of
/// that time went into fetching its pages.
#[derive(Debug, Default)]
pub struct Heads(HashTable<u32>);

/// Keys are hashes already.
fn hash(key: u128) -> u64 {
    key as u64
}

fn key(rows: &[Row], row: u32) -> Option<u128> {
    rows.get(row as usize).map(|r| r.key)
}

impl Heads {
    /// Makes room for so many keys in all.
    pub fn reserve(&mut self, count: usize, rows: &[Row]) {
        let more = count.saturating_sub(self.0.len());
        self.0.reserve(more, |row| key(rows, *row).map_or(0, hash));
    }

    /// The newest row of a key.
    pub fn get(&self, rows: &[Row], wanted: u128) -> Option<u32> {
        self.0.find(hash(wanted), |row| key(rows, *row) == Some(wanted)).copied()
    }

    /// `row`, which is in `rows`, is the newest of its key; gives the one before.
    pub fn insert(&mut self, rows: &[Row], row: u32) -> Option<u32> {
        let new = key(rows, row)?;
        match self.0.entry(hash(new), |row| key(rows, *row) == Some(new), |row| key(rows, *row).map_or(0, hash)) {
            Entry::Occupied(mut found) => Some(std::mem::replace(found.get_mut(), row)),
            Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        }
    }

    /// Forgets a key.
    pub fn remove(&mut self, rows: &[Row], gone: u128) {
        if let Ok(found) = self.0.find_entry(hash(gone), |row| key(rows, *row) == Some(gone)) {
            found.remove();
        }
    }

    /// Heap bytes.
    pub fn bytes(&self) -> usize {
        self.0.allocation_size()
    }
}
