//! `index/ids` against the log: each row must be a record that is there, and each record of what it covers a row.

use super::{Check, REBUILD};
use crate::engine::snapshot::{Coverage, read_table};
use crate::engine::state::Row;
use crate::error::Result;
use crate::index::RowSet;
use crate::log::{ChunkRecord, Location};

const FILE: &str = "index/ids";

/// The saved rows, ascending by sequence number, and what was met of them.
#[derive(Default)]
pub(super) struct Ids {
    rows: Vec<Row>,
    coverage: Coverage,
    met: RowSet,
    vectors: RowSet,
    /// Records of covered segments that no row is of, and rows that say something else than their record.
    missing: u64,
    wrong: Option<(u64, &'static str)>,
}

impl Ids {
    /// Without the file, or of other segments than the store has (it is not used then): nothing to compare.
    pub(super) fn load(check: &mut Check<'_>) -> Result<Self> {
        let shared = check.shared;
        let table = match read_table(&*shared.vfs, &shared.index_dir()) {
            Ok(None) => return Ok(Self::default()),
            Ok(Some(table)) => table,
            Err(e) => {
                check.note(e, "nothing: the log is read at the next open instead, which takes longer", REBUILD)?;
                return Ok(Self::default());
            }
        };
        check.report.files += 1;
        let (mut rows, coverage) = table;
        let known = {
            let state = shared.state.read();
            coverage.iter().all(|(number, _)| state.segments.contains_key(number))
        };
        if !known {
            return Ok(Self::default());
        }
        rows.sort_by_key(|r| r.sequence);
        Ok(Self { rows, coverage, ..Self::default() })
    }

    fn row(&mut self, place: Location, sequence: u64) -> Option<(u32, &Row)> {
        let covered = self.coverage.iter().any(|(n, upto)| *n == place.segment && u64::from(place.offset) < *upto);
        if !covered {
            return None;
        }
        match self.rows.binary_search_by_key(&sequence, |r| r.sequence) {
            Ok(i) => {
                self.met.insert(i as u32);
                self.rows.get(i).map(|r| (i as u32, r))
            }
            Err(_) => {
                self.missing += 1;
                None
            }
        }
    }

    pub(super) fn version(&mut self, place: Location, sequence: u64, key: u128, c: &ChunkRecord<'_>) {
        let Some((_, r)) = self.row(place, sequence) else { return };
        let same = (r.key, r.at, r.tombstone) == (key, place, false)
            && (r.created_at, r.updated_at, r.expires_at) == (c.created_at, c.updated_at, c.expires_at)
            && (r.version, r.raw_len) == (c.version, c.raw_len)
            // of a text that did not become smaller the row keeps the dictionary that was tried
            && (!c.compressed || r.dictionary == c.dictionary);
        if !same {
            self.wrong.get_or_insert((sequence, "a version of a chunk"));
        }
    }

    pub(super) fn tombstone(&mut self, place: Location, sequence: u64, key: u128) {
        let Some((_, r)) = self.row(place, sequence) else { return };
        if (r.key, r.at, r.tombstone) != (key, place, true) {
            self.wrong.get_or_insert((sequence, "a delete"));
        }
    }

    pub(super) fn vector(&mut self, place: Location, chunk: u64) {
        if let Ok(i) = self.rows.binary_search_by_key(&chunk, |r| r.sequence)
            && self.rows.get(i).is_some_and(|r| r.vector == place)
        {
            self.vectors.insert(i as u32);
        }
    }

    /// What was not met. `holes`: the log is damaged, so rows may lack their records.
    pub(super) fn end(self, check: &mut Check<'_>, holes: bool) -> Result<()> {
        let lost = "nothing that is open now; at the next open chunks may be missing or older than they are";
        if let Some((sequence, of)) = self.wrong {
            let what = format!("the row of {of} (sequence number {sequence}) says something else than its record");
            check.note(check.corrupt(FILE, 0, &what), lost, REBUILD)?;
        }
        if self.missing > 0 {
            let what = format!("{} records of the segments it covers are not in it", self.missing);
            check.note(check.corrupt(FILE, 0, &what), lost, REBUILD)?;
        }
        let unmet = self.rows.len() - self.met.len();
        if unmet > 0 && !holes {
            check.note(check.corrupt(FILE, 0, &format!("{unmet} rows have no record in the log")), lost, REBUILD)?;
        }
        let pointing = self.rows.iter().filter(|r| !r.vector.is_none()).count();
        if self.vectors.len() < pointing && !holes {
            let what = format!("{} rows point to vectors that are not there", pointing - self.vectors.len());
            check.note(check.corrupt(FILE, 0, &what), "the vectors of these chunks, at the next open", REBUILD)?;
        }
        Ok(())
    }
}
