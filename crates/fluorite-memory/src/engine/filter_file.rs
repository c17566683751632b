//! `index/filters`: filter entries of the sealed segments' live rows, so that an open need not read their chunks.
//!
//! Known by sequence numbers, not by rows: a version's attributes never change, so an old file is as true as a new one, and
//! rows it does not cover are read from the log. Written where the id table is, at shutdown and compaction.

use std::sync::atomic::Ordering;

use super::commit::Writer;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::index::{FilterIndex, RowSet};
use crate::log::varint::{Reader, put};
use crate::vfs::{read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOFLT1";
/// Raise it with every change of what keys are made of.
const VERSION: u32 = 1;
/// File name.
pub const NAME: &str = "filters";

/// The sequence numbers the entries are of, ascending. `None`: they make no sense, or are of another store.
fn sequences(r: &mut Reader<'_>, store_id: u128, most: usize) -> Option<Vec<u64>> {
    if u128::from_le_bytes(r.array()?) != store_id {
        return None;
    }
    let count = usize::try_from(r.varint()?).ok().filter(|n| *n <= most)?;
    let mut sequence = 0u64;
    (0..count)
        .map(|_| {
            sequence = sequence.checked_add(r.varint()?)?;
            Some(sequence)
        })
        .collect()
}

/// The saved entries, to be compared with the log: the file's body, and the sequence numbers it covers. `None`: no such file.
pub fn read_filters(shared: &Shared) -> Result<Option<(Vec<u8>, Vec<u64>)>> {
    let Some(body) = read_checked(&*shared.vfs, &shared.index_dir(), NAME, MAGIC, VERSION)? else { return Ok(None) };
    let Some(covered) = sequences(&mut Reader(&body), shared.store_id, body.len()) else {
        let (path, what) = (shared.index_dir().join(NAME), "the sequence numbers do not parse, or are another store's".into());
        return Err(Error::Corrupt { path, offset: 20, what });
    };
    Ok(Some((body, covered)))
}

/// The entries of a body that [`read_filters`] gave, by rank. `rows`: as for [`FilterIndex::load`].
pub fn load_filters(body: &[u8], store_id: u128, rows: &[Option<(u32, i64)>]) -> Option<FilterIndex> {
    let mut r = Reader(body);
    sequences(&mut r, store_id, body.len())?;
    FilterIndex::load(&mut r, rows)
}

impl Shared {
    /// Saves the entries of live rows in sealed segments: those are durable. Failing to is no error: the next open reads chunks.
    /// False: an older file may still be there.
    pub fn save_filters(&self, w: &Writer) -> bool {
        let queue = self.unloaded.filters.lock();
        if self.unloaded.saved_filters.load(Ordering::Acquire) {
            return false; // the file was not read: it is as true as before
        }
        let missing: RowSet = queue.iter().copied().collect();
        let live = w.live.segment().number();
        let mut body = self.store_id.to_le_bytes().to_vec();
        {
            let state = self.state.read();
            let sealed = |row: u32| Some((state.row(row).filter(|r| r.at.segment != live)?.sequence, row));
            let rows = state.live.iter().filter(|row| !missing.contains(*row));
            let mut rows: Vec<(u64, u32)> = rows.filter_map(sealed).collect();
            rows.sort_unstable();
            put(&mut body, rows.len() as u64);
            let mut last = 0;
            for (sequence, _) in &rows {
                put(&mut body, sequence - last);
                last = *sequence;
            }
            let rows: Vec<u32> = rows.into_iter().map(|(_, row)| row).collect();
            state.filter.save(&rows, &mut body);
        }
        drop(queue);
        replace(&*self.vfs, &self.index_dir(), NAME, MAGIC, VERSION, &body).is_ok()
    }

    /// Takes in the saved entries; the rows they cover. Missing, damaged or of another store: `None`. The caller holds the
    /// queue of rows without entries, so that no row number is given to another chunk meanwhile (compaction waits for it).
    pub fn load_filter_file(&self) -> Option<RowSet> {
        let body = read_checked(&*self.vfs, &self.index_dir(), NAME, MAGIC, VERSION).ok().flatten()?;
        let mut r = Reader(&body);
        if u128::from_le_bytes(r.array()?) != self.store_id {
            return None;
        }
        let count = usize::try_from(r.varint()?).ok().filter(|n| *n <= body.len())?;
        let mut rows = Vec::with_capacity(count);
        {
            let state = self.state.read();
            let (mut sequence, mut row) = (0u64, 0);
            for _ in 0..count {
                sequence = sequence.checked_add(r.varint()?)?;
                // rows are in the order of their sequence numbers until the first compaction
                while state.rows.get(row).is_some_and(|r| r.sequence < sequence) {
                    row += 1;
                }
                let found = state.rows.get(row).filter(|r| r.sequence == sequence && state.live.contains(row as u32));
                rows.push(found.map(|r| (row as u32, r.created_at)));
            }
        }
        let loaded = FilterIndex::load(&mut r, &rows)?;
        self.state.write().filter.put_under(loaded);
        Some(rows.into_iter().flatten().map(|(row, _)| row).collect())
    }
}
