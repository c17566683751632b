//! Whole texts, put together from their pieces: as they are, and as they were.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::MOST_BYTES;
use crate::chunk::Chunk;
use crate::engine::shared::Shared;
use crate::engine::state::State;
use crate::error::{Error, Result};
use crate::report::Record;
use crate::whole::{self, assemble, piece_id};

impl Shared {
    /// The whole of a text that is stored in pieces; `None` when there is none, or a piece is missing. Counts a read of each.
    pub fn whole(&self, state: &State, namespace: &str, id: &str) -> Result<Option<Record>> {
        let Some((row, r)) = state.find(self.key(namespace, &piece_id(id, 1))) else { return Ok(None) };
        let first = self.load(state, r)?;
        let Some(place) = whole::place(&first).filter(|p| p.parent == id && p.part == 1) else { return Ok(None) };
        let mut rows = vec![(row, r)];
        for part in 2..=place.parts {
            let Some(found) = state.find(self.key(namespace, &piece_id(id, part))) else { return Ok(None) };
            rows.push(found);
        }
        if rows.iter().map(|(_, r)| u64::from(r.raw_len)).sum::<u64>() > MOST_BYTES {
            return Err(Error::argument(format!("the whole of {id:?} has more than {MOST_BYTES} bytes: read its pieces")));
        }
        let pieces = rows.iter().map(|(_, r)| self.load(state, r)).collect::<Result<Vec<_>>>()?;
        let Some(chunk) = assemble(&pieces) else { return Ok(None) };
        let mut record = Record { chunk: Arc::new(chunk), usage_count: 0, accessed_at: 0 };
        for (row, r) in rows {
            self.touch(row, r);
            record.usage_count = record.usage_count.max(r.usage.load(Ordering::Relaxed));
            record.accessed_at = record.accessed_at.max(r.accessed_at.load(Ordering::Relaxed));
        }
        Ok(Some(record))
    }

    /// Could there be a whole of this id? Looks at its first piece alone.
    pub fn may_be_whole(&self, state: &State, namespace: &str, id: &str) -> bool {
        state.find(self.key(namespace, &piece_id(id, 1))).is_some()
    }

    /// All kept versions of a chunk, stored whole or in pieces, oldest first. A version in pieces is kept while all of them are.
    pub fn versions_of(&self, namespace: &str, id: &str) -> Result<Vec<Arc<Chunk>>> {
        let mut all = self.versions(self.key(namespace, id))?;
        let of_part = |part| -> Result<Vec<Arc<Chunk>>> {
            let mut versions = self.versions(self.key(namespace, &piece_id(id, part)))?;
            versions.retain(|c| whole::place(c).is_some_and(|p| p.parent == id && p.part == part));
            Ok(versions)
        };
        let mut pieces = vec![of_part(1)?];
        let most = pieces[0].iter().filter_map(|c| whole::place(c)).map(|p| p.parts).max().unwrap_or(0);
        for part in 2..=most {
            pieces.push(of_part(part)?);
        }
        let mut moments: Vec<u32> = pieces.iter().flatten().map(|c| c.version).collect();
        moments.sort_unstable();
        moments.dedup();
        for moment in moments {
            // of each piece what it was then; a piece of another number of pieces is not of that version
            let then = |versions: &Vec<Arc<Chunk>>| versions.iter().rfind(|c| c.version <= moment).cloned();
            let found: Vec<Arc<Chunk>> = pieces.iter().map_while(then).collect();
            let parts = found.first().and_then(|c| whole::place(c)).map_or(0, |p| p.parts as usize);
            if let Some(whole) = found.get(..parts).and_then(assemble) {
                all.push(Arc::new(whole));
            }
        }
        all.sort_by_key(|c| (c.version, c.sequence));
        Ok(all)
    }
}
