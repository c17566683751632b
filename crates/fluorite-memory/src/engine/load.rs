//! Filter entries and vectors of the rows an open found in the log: loaded behind it, or by the first call that needs them.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::read::LogVectors;
use super::shared::Shared;
use super::state::State;
use crate::error::Result;

/// Rows per write lock.
const BATCH: usize = 256;

/// Rows opened from the log that an index has still to take in.
#[derive(Default)]
pub struct Unloaded {
    /// Whose filter entries are missing.
    pub filters: Mutex<Vec<u32>>,
    /// Entries saved earlier were not looked at yet. Changed by who holds `filters`.
    pub saved_filters: AtomicBool,
    /// Whose vectors are in no graph and not in the head.
    pub vectors: Mutex<Vec<u32>>,
}

impl Unloaded {
    /// Rows still to be loaded into either.
    pub fn len(&self) -> usize {
        self.filters.lock().len().max(self.vectors.lock().len())
    }
}

/// How a batch of rows is loaded.
type Load = fn(&Shared, &[u32]);

impl Shared {
    /// Returns once every opened row is in the filter and vector index.
    pub fn ensure_loaded(&self) -> Result<()> {
        self.ensure_vectors()?;
        self.take_saved_filters(&mut self.unloaded.filters.lock());
        drain(self, &self.unloaded.filters, Self::load_filters);
        Ok(())
    }

    /// Returns once every opened row is in the vector index: all a search without a filter needs.
    pub fn ensure_vectors(&self) -> Result<()> {
        drain(self, &self.unloaded.vectors, Self::load_vectors);
        Ok(())
    }

    /// Whether a search with or without a filter need not wait for loading.
    pub fn is_loaded(&self, filtered: bool) -> bool {
        let empty = |queue: &Mutex<Vec<u32>>| queue.try_lock().is_some_and(|q| q.is_empty());
        empty(&self.unloaded.vectors) && (!filtered || empty(&self.unloaded.filters))
    }

    /// Loads one batch behind the calls; true when there is more.
    pub fn load_step(&self) -> bool {
        if step(self, &self.unloaded.vectors, Self::load_vectors) {
            return true;
        }
        if let Some(mut queue) = self.unloaded.filters.try_lock() {
            self.take_saved_filters(&mut queue);
        }
        step(self, &self.unloaded.filters, Self::load_filters)
    }

    /// Takes in the entries saved earlier, once; what they cover leaves the queue.
    fn take_saved_filters(&self, queue: &mut Vec<u32>) {
        if self.unloaded.saved_filters.swap(false, Ordering::AcqRel)
            && let Some(covered) = self.load_filter_file()
        {
            queue.retain(|row| !covered.contains(*row));
        }
    }

    fn load_filters(&self, rows: &[u32]) {
        let mut loaded = Vec::with_capacity(rows.len());
        {
            let state = self.state.read();
            for row in rows {
                // rows that died since the open need no entries; the numbers are not used again before compaction,
                // and compaction waits for this queue
                let Some(r) = state.row(*row).filter(|_| state.live.contains(*row)) else { continue };
                match self.load_aside(&state, r) {
                    Ok(chunk) => loaded.push((*row, chunk)),
                    Err(e) => self.note_damage(&e),
                }
            }
        }
        let mut state = self.state.write();
        for (row, chunk) in loaded {
            state.filter.insert(row, &chunk.namespace, &chunk.attributes, chunk.created_at);
        }
    }

    fn load_vectors(&self, rows: &[u32]) {
        let mut loaded = Vec::with_capacity(rows.len());
        {
            let state = self.state.read();
            for row in rows.iter().filter(|row| state.embedded.contains(**row)) {
                let mut values = Vec::new();
                match LogVectors(&state).read(*row, &mut values) {
                    Ok(true) => loaded.push((*row, values)),
                    Ok(false) => {}
                    Err(e) => self.note_damage(&e),
                }
            }
        }
        let mut state = self.state.write();
        for (row, values) in loaded {
            // attached since, or killed: what is there now counts
            if state.embedded.contains(row) && !state.vectors.as_ref().is_some_and(|v| v.has(row)) {
                state.index_vector(row, &values);
                if state.row(row).is_some_and(|r| is_live_segment(&state, r.vector.segment)) {
                    state.fresh.insert(row, values.into());
                }
            }
        }
    }

    /// A damaged record is not indexed: reading it says `CORRUPT`, and health says that the index is degraded.
    pub fn note_damage(&self, e: &crate::error::Error) {
        self.index_damage.lock().get_or_insert_with(|| e.to_string());
    }
}

fn drain(shared: &Shared, queue: &Mutex<Vec<u32>>, load: Load) {
    let mut queue = queue.lock();
    while !queue.is_empty() {
        let from = queue.len().saturating_sub(BATCH);
        load(shared, &queue[from..]);
        queue.truncate(from);
    }
    queue.shrink_to_fit();
}

fn step(shared: &Shared, queue: &Mutex<Vec<u32>>, load: Load) -> bool {
    let Some(mut queue) = queue.try_lock() else { return false }; // its holder loads all
    let from = queue.len().saturating_sub(BATCH);
    load(shared, &queue[from..]);
    queue.truncate(from);
    from > 0
}

/// The live segment is the one that is not mapped.
fn is_live_segment(state: &State, number: u32) -> bool {
    state.segments.get(&number).is_some_and(|s| s.map().is_none())
}
