//! Filter entries and vectors of the rows an open found in the log: loaded behind it, or by the first call that needs them.

use super::read::LogVectors;
use super::shared::Shared;
use crate::error::Result;
use crate::index::VectorSource;

/// Rows per write lock.
const BATCH: usize = 256;

impl Shared {
    /// Returns once every opened row is in the filter and vector index.
    pub fn ensure_loaded(&self) -> Result<()> {
        let mut unloaded = self.unloaded.lock();
        while !unloaded.is_empty() {
            let from = unloaded.len().saturating_sub(BATCH);
            self.load_rows(&unloaded[from..])?;
            unloaded.truncate(from);
        }
        unloaded.shrink_to_fit();
        Ok(())
    }

    /// Loads one batch behind the calls; true when there is more.
    pub fn load_step(&self) -> Result<bool> {
        let Some(mut unloaded) = self.unloaded.try_lock() else { return Ok(false) }; // its holder loads all
        let from = unloaded.len().saturating_sub(BATCH);
        self.load_rows(&unloaded[from..])?;
        unloaded.truncate(from);
        Ok(from > 0)
    }

    fn load_rows(&self, rows: &[u32]) -> Result<()> {
        let mut loaded = Vec::with_capacity(rows.len());
        {
            let state = self.state.read();
            for row in rows {
                // rows that died since the open need no entries; the numbers are not used again before compaction,
                // and compaction waits for this queue
                let Some(r) = state.row(*row).filter(|_| state.live.contains(*row)) else { continue };
                let chunk = match self.load_aside(&state, r) {
                    Ok(chunk) => chunk,
                    Err(e) => {
                        self.index_damage.lock().get_or_insert_with(|| e.to_string());
                        continue;
                    }
                };
                let mut values = Vec::new();
                if let Err(e) = LogVectors(&state).read(*row, &mut values) {
                    self.index_damage.lock().get_or_insert_with(|| e.to_string());
                }
                loaded.push((*row, chunk, values));
            }
        }
        let mut state = self.state.write();
        for (row, chunk, values) in loaded {
            state.filter.insert(row, &chunk.namespace, &chunk.attributes, chunk.created_at);
            if !values.is_empty() && !state.vectors.as_ref().is_some_and(|v| v.has(row)) {
                state.index_vector(row, &values);
                if state.row(row).is_some_and(|r| self.is_live_segment(&state, r.vector.segment)) {
                    state.fresh.insert(row, values.into());
                }
            }
        }
        Ok(())
    }

    /// The live segment is the one that is not mapped.
    fn is_live_segment(&self, state: &super::state::State, number: u32) -> bool {
        state.segments.get(&number).is_some_and(|s| s.map().is_none())
    }
}
