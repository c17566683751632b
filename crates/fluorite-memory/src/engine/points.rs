//! Vectors and texts of many chunks at once, for what looks at a store as a whole.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::read::LogVectors;
use super::shared::Shared;
use crate::cancel::CancelToken;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::options::SearchFilter;
use crate::report::{Point, Points};

/// Rows read under one lock: reading must not hold up writes.
const STEP: usize = 1_024;

impl Shared {
    /// The vectors of the live chunks that match; beyond `most` a sample of them chosen by `seed`.
    ///
    /// What cannot be read is left out and told in `damaged`. In the order of a hash of seed, namespace and id: the same for the same chunks in every store, and any beginning of it is a sample.
    pub fn points(&self, filter: &SearchFilter, most: usize, seed: u64, cancel: &CancelToken) -> Result<Points> {
        self.ensure_loaded()?;
        self.expire_due();
        let (found, without_vector) = {
            let state = self.state.read();
            let selected = self.select(&state, filter)?;
            let sequence = |row: u32| Some((row, state.row(row)?.sequence));
            let found: Vec<(u32, u64)> =
                selected.iter().filter(|row| state.embedded.contains(*row)).filter_map(sequence).collect();
            let without = selected.iter().filter(|row| !state.embedded.contains(*row)).count() as u64;
            (found, without)
        };
        let mut damaged = Vec::new();
        let mut rows = Vec::with_capacity(found.len());
        for part in found.chunks(STEP) {
            cancel.check()?;
            let state = self.state.read();
            for (row, sequence) in part {
                let Some(r) = state.row(*row).filter(|r| r.sequence == *sequence && state.live.contains(*row)) else { continue };
                let Some((namespace, id)) = readable(self.names(&state, r), &mut damaged)? else { continue };
                rows.push((xxh3_64_with_seed(format!("{namespace}\0{id}").as_bytes(), seed), *row, *sequence));
            }
        }
        let matching = rows.len() as u64;
        rows.sort_unstable();
        rows.truncate(most);
        let mut points = Points { matching, without_vector, ..Points::default() };
        points.items.reserve(rows.len());
        let mut vector = Vec::new();
        for part in rows.chunks(STEP) {
            cancel.check()?;
            let state = self.state.read();
            let source = LogVectors(&state);
            for (_, row, sequence) in part {
                let Some(r) = state.row(*row).filter(|r| r.sequence == *sequence && state.live.contains(*row)) else { continue };
                if readable(source.read(*row, &mut vector), &mut damaged)? != Some(true) {
                    continue;
                }
                if points.items.is_empty() {
                    points.dimensions = vector.len();
                    points.values.reserve(rows.len() * vector.len());
                }
                if vector.len() != points.dimensions {
                    continue; // supplied vectors were replaced by longer ones meanwhile
                }
                let Some(chunk) = readable(self.load_aside(&state, r), &mut damaged)? else { continue };
                points.values.extend_from_slice(&vector);
                points.items.push(Point {
                    namespace: chunk.namespace.clone(),
                    id: chunk.id.clone(),
                    chunk_type: chunk.attributes.chunk_type,
                });
            }
        }
        points.damaged = damaged;
        Ok(points)
    }

    /// Chunks by name; no read is counted, nothing is put into the cache. `None` where there is none any more, or none to be read.
    pub fn read_aside(&self, names: &[(String, String)], cancel: &CancelToken) -> Result<Vec<Option<Arc<Chunk>>>> {
        let mut out = Vec::with_capacity(names.len());
        for part in names.chunks(STEP) {
            cancel.check()?;
            let state = self.state.read();
            for (namespace, id) in part {
                let found = state.find(self.key(namespace, id));
                let read = found.map(|(_, r)| readable(self.load_aside(&state, r), &mut Vec::new())).transpose()?;
                out.push(read.flatten());
            }
        }
        Ok(out)
    }
}

/// What was read; `None` and one more of `damaged` when it cannot be.
fn readable<T>(read: Result<T>, damaged: &mut Vec<Error>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(e @ Error::Corrupt { .. }) => {
            damaged.push(e);
            Ok(None)
        }
        Err(e) => Err(e),
    }
}
